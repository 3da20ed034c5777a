"""Pitched voices of a mixture, tracked by harmonic combs."""

from ._contrast import contrasted_levels
from ._find import Found, find_voices

__all__ = ["Found", "contrasted_levels", "find_voices"]
