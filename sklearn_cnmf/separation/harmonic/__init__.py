"""Pitched voices of a mixture, tracked by harmonic combs."""
