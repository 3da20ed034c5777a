"""Figures of what was decoded and separated."""

from ._separation_figure import separation_figure

__all__ = ["separation_figure"]
