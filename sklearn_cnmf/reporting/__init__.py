"""Figures of what was decoded and separated, and of how well."""

from .._public import set_public_module
from ._activations_display import ActivationsDisplay
from ._calibration_display import CalibrationDisplay
from ._candidates_display import CandidatesDisplay
from ._decoder_display import DecoderDisplay
from ._evaluation_display import EvaluationDisplay
from ._guide_display import GuideDisplay
from ._objective_display import ObjectiveDisplay
from ._risk_coverage_display import RiskCoverageDisplay
from ._search_display import SearchDisplay
from ._separation_display import SeparationDisplay
from ._separation_figure import separation_figure
from ._window_length_display import WindowLengthDisplay
from .listening import ListeningTrial, listening_page

__all__ = [
    "ActivationsDisplay",
    "CalibrationDisplay",
    "CandidatesDisplay",
    "DecoderDisplay",
    "EvaluationDisplay",
    "GuideDisplay",
    "ListeningTrial",
    "ObjectiveDisplay",
    "RiskCoverageDisplay",
    "SearchDisplay",
    "SeparationDisplay",
    "WindowLengthDisplay",
    "listening_page",
    "separation_figure",
]

set_public_module(globals())
