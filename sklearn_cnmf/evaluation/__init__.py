"""Honest folds, searches and scores."""

from .._public import set_public_module
from ._alignment import Alignment, check_alignment
from ._held_out import WindowAccuracy, accuracy_by_window, cross_val_reconstruct
from ._scores import Evaluation, attended_envelope, evaluate_trial
from ._search import DeltaSearch, search_delta
from ._separability import SeparabilityAudit, audit_separability
from ._splitting import StimulusKFold

__all__ = [
    "Alignment",
    "DeltaSearch",
    "Evaluation",
    "SeparabilityAudit",
    "StimulusKFold",
    "WindowAccuracy",
    "accuracy_by_window",
    "attended_envelope",
    "audit_separability",
    "check_alignment",
    "cross_val_reconstruct",
    "evaluate_trial",
    "search_delta",
]

set_public_module(globals())
