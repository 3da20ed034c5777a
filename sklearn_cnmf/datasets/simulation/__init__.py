"""Simulated EEG of listeners who attend to one instrument."""

from ._trials import simulate_eeg, simulate_trials

__all__ = ["simulate_eeg", "simulate_trials"]
