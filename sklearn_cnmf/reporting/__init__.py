"""Figures of what was decoded and separated."""

from .._public import set_public_module
from ._separation_figure import separation_figure

__all__ = ["separation_figure"]

set_public_module(globals())
