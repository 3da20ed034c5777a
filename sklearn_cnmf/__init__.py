"""Neuro-steered music source separation with contrastive NMF."""

from .decoding import EnvelopeDecoder
from .separation import ContrastiveNMF
from .trial import Reference, Trial, check_trials

__version__ = "0.1.0"

__all__ = [
    "ContrastiveNMF",
    "EnvelopeDecoder",
    "Reference",
    "Trial",
    "__version__",
    "check_trials",
]
