"""Evaluation over subjects x folds, beside baselines and controls."""

from ._claims import Claim
from ._evaluate import evaluate
from ._plan import EvaluationPlan
from ._result import EvaluationResult
from ._summary import EvaluationSummary
from ._units import SCHEMES

__all__ = [
    "SCHEMES",
    "Claim",
    "EvaluationPlan",
    "EvaluationResult",
    "EvaluationSummary",
    "evaluate",
]
