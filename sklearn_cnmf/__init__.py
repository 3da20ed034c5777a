"""Neuro-steered music source separation with contrastive NMF.

What is offered here is loaded when it is first asked for, so that the command line
can tell a user who interrupts it in one line, and ``--help`` does not wait.
"""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .decoding import EnvelopeDecoder
    from .separation import ContrastiveNMF
    from .trial import Reference, Trial, check_trials

__version__ = "0.1.0"

_HOMES = {
    "ContrastiveNMF": "separation",
    "EnvelopeDecoder": "decoding",
    "Reference": "trial",
    "Trial": "trial",
    "check_trials": "trial",
}
_SUBPACKAGES = (
    "datasets",
    "decoding",
    "evaluation",
    "metrics",
    "model_io",
    "online",
    "reporting",
    "separation",
    "signals",
    "trial",
)

__all__ = [
    "ContrastiveNMF",
    "EnvelopeDecoder",
    "Reference",
    "Trial",
    "__version__",
    "check_trials",
]


def __dir__():
    return sorted([*__all__, *_SUBPACKAGES])


def __getattr__(name):
    if name in _HOMES:
        return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name in _SUBPACKAGES:
        return importlib.import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
