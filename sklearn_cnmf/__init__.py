"""Neuro-steered music source separation with contrastive NMF."""

import importlib

from ._public import set_public_module
from .decoding import EnvelopeDecoder
from .separation import ContrastiveNMF
from .trial import Reference, Trial, check_trials

__version__ = "0.1.0"

_SUBPACKAGES = (
    "datasets",
    "decoding",
    "evaluation",
    "metrics",
    "model_io",
    "reporting",
    "separation",
    "signals",
)

__all__ = [
    "ContrastiveNMF",
    "EnvelopeDecoder",
    "Reference",
    "Trial",
    "__version__",
    "check_trials",
]

set_public_module(globals())


def __dir__():
    return sorted([*__all__, *_SUBPACKAGES])


def __getattr__(name):
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
