"""Figures of what was decoded and separated."""

from .._public import set_public_module
from ._candidates_display import CandidatesDisplay
from ._guide_display import GuideDisplay
from ._separation_display import SeparationDisplay
from ._separation_figure import separation_figure
from .listening import ListeningTrial, listening_page

__all__ = [
    "CandidatesDisplay",
    "GuideDisplay",
    "ListeningTrial",
    "SeparationDisplay",
    "listening_page",
    "separation_figure",
]

set_public_module(globals())
