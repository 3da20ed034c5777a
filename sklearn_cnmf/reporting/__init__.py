"""Figures of what was decoded and separated."""

from .._public import set_public_module
from ._candidates_display import CandidatesDisplay
from ._guide_display import GuideDisplay
from ._separation_display import SeparationDisplay
from ._separation_figure import separation_figure

__all__ = [
    "CandidatesDisplay",
    "GuideDisplay",
    "SeparationDisplay",
    "separation_figure",
]

set_public_module(globals())
