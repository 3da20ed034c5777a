"""Neuro-steered music source separation with contrastive NMF."""

from .trial import Reference, Trial, check_trials

__version__ = "0.1.0"

__all__ = ["Reference", "Trial", "__version__", "check_trials"]
