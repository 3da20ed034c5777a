"""Honest folds, searches and scores."""

from .._public import set_public_module
from ._alignment import Alignment, check_alignment
from ._held_out import WindowAccuracy, accuracy_by_window, cross_val_reconstruct
from ._leakage import LeakageAudit, audit_leakage
from ._scores import Evaluation, attended_envelope, evaluate_trial
from ._search import DeltaSearch, search_delta
from ._separability import SeparabilityAudit, audit_separability
from ._splitting import StimulusKFold
from ._statistics import (
    PairedDifference,
    SelectionAccuracy,
    TwinTest,
    cluster_bootstrap,
    holm,
    paired_difference,
    selection_accuracy,
    twin_test,
)
from .subjects import (
    Claim,
    EvaluationPlan,
    EvaluationResult,
    EvaluationSummary,
    evaluate,
)

__all__ = [
    "Alignment",
    "Claim",
    "DeltaSearch",
    "Evaluation",
    "EvaluationPlan",
    "EvaluationResult",
    "EvaluationSummary",
    "LeakageAudit",
    "PairedDifference",
    "SelectionAccuracy",
    "SeparabilityAudit",
    "StimulusKFold",
    "TwinTest",
    "WindowAccuracy",
    "accuracy_by_window",
    "attended_envelope",
    "audit_leakage",
    "audit_separability",
    "check_alignment",
    "cluster_bootstrap",
    "cross_val_reconstruct",
    "evaluate",
    "evaluate_trial",
    "holm",
    "paired_difference",
    "search_delta",
    "selection_accuracy",
    "twin_test",
]

set_public_module(globals())
