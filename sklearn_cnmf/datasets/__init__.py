"""Recordings, simulated trials and example stems."""

from ._stems import Piece, load_example_stems
from .simulation import simulate_eeg, simulate_trials

__all__ = ["Piece", "load_example_stems", "simulate_eeg", "simulate_trials"]
