"""Separation metrics and scorers: BSS Eval, SI-SDR, selection accuracy."""

from .._public import set_public_module
from ._bss_eval import BSSEval, bss_eval
from ._calibration import CalibrationTable, calibration_table, probability_scorer
from ._risk_coverage import RiskCoverage, expected_accuracy, risk_coverage
from ._scorers import attention_scorer, separation_scorer
from ._si_sdr import si_sdr
from ._trial_scores import closest_source, score_trial

__all__ = [
    "BSSEval",
    "CalibrationTable",
    "RiskCoverage",
    "attention_scorer",
    "bss_eval",
    "calibration_table",
    "closest_source",
    "expected_accuracy",
    "probability_scorer",
    "risk_coverage",
    "score_trial",
    "separation_scorer",
    "si_sdr",
]

set_public_module(globals())
