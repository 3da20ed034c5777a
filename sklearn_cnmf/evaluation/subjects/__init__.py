"""Evaluation over subjects x folds, beside baselines and controls."""

from ._claims import Claim
from ._evaluate import evaluate
from ._result import EvaluationResult
from ._summary import EvaluationSummary

__all__ = ["Claim", "EvaluationResult", "EvaluationSummary", "evaluate"]
