"""Honest folds, searches and scores."""

from .._public import set_public_module
from ._scores import Evaluation, attended_envelope, evaluate_trial
from ._search import DeltaSearch, search_delta
from ._splitting import StimulusKFold

__all__ = [
    "DeltaSearch",
    "Evaluation",
    "StimulusKFold",
    "attended_envelope",
    "evaluate_trial",
    "search_delta",
]

set_public_module(globals())
