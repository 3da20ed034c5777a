"""Honest folds, searches and scores."""

from .._public import set_public_module
from ._scores import Evaluation, attended_envelope, evaluate_trial
from ._search import DeltaSearch, search_delta
from ._separability import SeparabilityAudit, audit_separability
from ._splitting import StimulusKFold

__all__ = [
    "DeltaSearch",
    "Evaluation",
    "SeparabilityAudit",
    "StimulusKFold",
    "attended_envelope",
    "audit_separability",
    "evaluate_trial",
    "search_delta",
]

set_public_module(globals())
