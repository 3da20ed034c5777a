"""Recordings, simulated trials and example stems."""

from ._simulation import simulate_eeg, simulate_trials
from ._stems import Piece, load_example_stems

__all__ = ["Piece", "load_example_stems", "simulate_eeg", "simulate_trials"]
