"""Simulated EEG of listeners who attend to one instrument."""

from ._head_model import CH_NAMES
from ._madeeg import simulate_madeeg
from ._trials import simulate_eeg, simulate_trials

__all__ = ["CH_NAMES", "simulate_eeg", "simulate_madeeg", "simulate_trials"]
