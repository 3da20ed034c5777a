"""Evaluation over subjects x folds, beside baselines and controls."""

from ._evaluate import evaluate
from ._result import EvaluationResult

__all__ = ["EvaluationResult", "evaluate"]
