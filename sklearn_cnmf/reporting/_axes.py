"""Where displays are drawn, and how: one column wide, colours that all can tell."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

import numpy as np

from .._validation import check_kind, check_method, check_whole
from ..trial import Trial

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure, SubFigure

# Okabe and Ito's colours: told apart with any colour vision. The first two differ in
# grey, too.
BLUE, ORANGE, GREEN, PINK = "#0072B2", "#E69F00", "#009E73", "#CC79A7"
GREY = "0.45"
# Width of one column of a journal in inches, and what is legible there.
_COLUMN = 3.5
_STYLE = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.labelsize": 8,
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 7,
    "axes.linewidth": 0.6,
    "lines.linewidth": 1.0,
    "savefig.dpi": 300,
}


@contextmanager
def drawing_on(
    ax: "Axes | None", height: float
) -> Iterator[tuple["Figure | SubFigure", "Axes"]]:
    """Draw on given axes as they are, or on new ones that are one column wide.

    Parameters
    ----------
    ax : matplotlib.axes.Axes or None
        Given axes.
    height : float
        Of a new figure, in inches.

    Yields
    ------
    figure : matplotlib.figure.Figure
    ax : matplotlib.axes.Axes
    """
    if ax is not None:
        check_method("ax", ax, "figure")
    with _style(ax):
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots(figsize=(_COLUMN, height), layout="constrained")
        yield ax.figure, ax


@contextmanager
def drawing_panels(
    ax: Any, heights: Sequence[float], *, sharex: bool = True
) -> Iterator[tuple["Figure | SubFigure", np.ndarray]]:
    """Draw on given axes, on panels inside of given ones, or on new ones.

    Parameters
    ----------
    ax : matplotlib.axes.Axes, sequence of them or None
        One for each panel, or one that all panels are put into.
    heights : sequence of float
        Height of each panel in inches, from the top; relative to each other where axes
        are given.
    sharex : bool, default=True
        Whether new panels share their horizontal axis.

    Yields
    ------
    figure : matplotlib.figure.Figure
    axes : ndarray of matplotlib.axes.Axes

    Raises
    ------
    ValueError
        If another number of axes was given than there are panels.
    """
    n_panels = len(heights)
    with _style(ax):
        if ax is None:
            import matplotlib.pyplot as plt

            figure, axes = plt.subplots(
                n_panels,
                figsize=(_COLUMN, sum(heights)),
                height_ratios=heights,
                sharex=sharex,
                squeeze=False,
                layout="constrained",
            )
            yield figure, axes[:, 0]
        elif hasattr(ax, "get_subplotspec"):
            grid = ax.get_subplotspec().subgridspec(n_panels, 1, height_ratios=heights)
            ax.set_axis_off()
            axes = grid.subplots(sharex=sharex, squeeze=False)
            yield ax.figure, axes[:, 0]
        else:
            if len(ax) != n_panels:
                raise ValueError(f"ax: expected {n_panels} axes, got {len(ax)}")
            axes = np.array(ax, dtype=object)
            yield axes[0].figure, axes


def _style(ax):
    if ax is not None:
        return nullcontext()
    import matplotlib

    return matplotlib.rc_context(_STYLE)


def legend_above(ax: "Axes", side: str = "left", *, n_columns: int = 3) -> None:
    """Draw a legend above axes, where it covers nothing."""
    ax.legend(
        loc="lower left" if side == "left" else "lower right",
        bbox_to_anchor=(-0.05 if side == "left" else 1.05, 1),
        ncols=n_columns,
        frameon=False,
        columnspacing=1.0,
        handlelength=1.5,
    )


def with_minus(text: str) -> str:
    """Replace hyphens by signs of minus."""
    return text.replace("-", "\N{MINUS SIGN}")


def check_row(trial: Trial, row: int) -> None:
    """Refuse what is no trial, or a row that its guide does not have."""
    check_kind("trial", trial, Trial)
    if trial.guide is None:
        raise ValueError("trial: guide is None; transform the trial first")
    check_whole("row", row, least=0)
    if row >= len(trial.guide):
        raise ValueError(f"row: {row} of {len(trial.guide)} rows of guide is asked for")
