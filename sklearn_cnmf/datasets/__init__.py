"""Recordings, simulated trials and example stems."""

from .._public import set_public_module
from ._bids import trials_from_bids
from ._cnd import load_cnd
from ._cnd_recording import CndRecording
from ._madeeg import load_madeeg
from ._recordings import make_trials, read_audio, read_eeg
from ._saved import load_trials, save_trials
from ._stems import Piece, load_example_stems
from ._tables import trials_from_table
from .simulation import simulate_eeg, simulate_madeeg, simulate_trials

__all__ = [
    "CndRecording",
    "Piece",
    "load_cnd",
    "load_example_stems",
    "load_madeeg",
    "load_trials",
    "make_trials",
    "read_audio",
    "read_eeg",
    "save_trials",
    "simulate_eeg",
    "simulate_madeeg",
    "simulate_trials",
    "trials_from_bids",
    "trials_from_table",
]

set_public_module(globals())
