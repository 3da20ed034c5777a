"""Accuracy of attention by the length of the window."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import t
from sklearn.base import BaseEstimator

from .._validation import check_number
from ..evaluation import WindowAccuracy
from ..evaluation._held_out import accuracy_in_trials
from ..trial import Reference, Trial
from ._axes import BLUE, GREEN, GREY, ORANGE, PINK, drawing_on, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (BLUE, ORANGE, GREEN, PINK)
_MARKERS = "osD^"
_LEVEL = 0.95


class WindowLengthDisplay:
    """How often attention is decoded right, by the seconds that are listened to.

    Accuracies are means over recordings. Bars are their 95 % intervals by
    Student's t over recordings, cut at 0 and 100 %, and taken as if recordings were
    independent; a single recording has none.

    Parameters
    ----------
    accuracies : dict of str to WindowAccuracy
        Up to four, by the name of what was decoded with.
    chance : float
        Share that is right by chance: one over the number of candidates.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.evaluation import accuracy_by_window
    >>> from sklearn_cnmf.reporting import WindowLengthDisplay
    >>> rng = np.random.default_rng(0)
    >>> stimuli = rng.standard_normal((4, 2, 1200))
    >>> found = [s[0] + 5 * rng.standard_normal(1200) for s in stimuli]
    >>> accuracy = accuracy_by_window(found, list(stimuli), [0] * 4, sfreq=20.0)
    >>> display = WindowLengthDisplay.from_predictions(accuracy, chance=0.5)
    >>> display.ax_.get_xscale()
    'log'
    """

    def __init__(self, *, accuracies: Mapping[str, WindowAccuracy], chance: float):
        self.accuracies = accuracies
        self.chance = chance

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        trials: list[Trial],
        references: list[Reference],
        *,
        windows: Sequence[float] = (5.0, 10.0, 20.0, 30.0),
        ax: "Axes | None" = None,
    ) -> "WindowLengthDisplay":
        """Decode trials in windows and draw how often that is right.

        Parameters
        ----------
        estimator : EnvelopeDecoder
            Fitted on trials of other stimuli.
        trials, references : list of Trial, list of Reference
            Trials and their truth. Chance is the mean of one over their sources.
        windows : sequence of float, default=(5.0, 10.0, 20.0, 30.0)
            Lengths in seconds, none longer than the shortest trial.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : WindowLengthDisplay

        Raises
        ------
        ValueError
            If the estimator is no decoder fitted to trials, trials or references are
            not sound, or a trial is shorter than a window.
        """
        accuracy = accuracy_in_trials(estimator, trials, references, windows)
        chance = float(np.mean([1 / len(one.sources) for one in references]))
        return cls.from_predictions(accuracy, chance=chance, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        accuracy: WindowAccuracy | Mapping[str, WindowAccuracy],
        *,
        chance: float,
        ax: "Axes | None" = None,
    ) -> "WindowLengthDisplay":
        """Draw accuracies.

        Parameters
        ----------
        accuracy : WindowAccuracy or dict of str to WindowAccuracy
            From :func:`~sklearn_cnmf.evaluation.accuracy_by_window`; up to four by the
            name of what was decoded with.
        chance : float
            Share that is right by chance: one over the number of candidates.
        ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : WindowLengthDisplay

        Raises
        ------
        ValueError
            If there is none or more than four, or `chance` is not between 0 and 1.
        """
        if not isinstance(accuracy, Mapping):
            accuracy = {"decoder": accuracy}
        return cls(accuracies=accuracy, chance=chance).plot(ax=ax)

    def plot(self, ax: "Axes | None" = None) -> "WindowLengthDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : WindowLengthDisplay
            This one; errors are those of :meth:`from_predictions`.
        """
        curves = self.accuracies
        check_number("chance", self.chance, above=0, below=1)
        if not 1 <= len(curves) <= 4:
            raise ValueError(f"accuracy: expected one to 4 curves, got {len(curves)}")
        for name, one in curves.items():
            if not isinstance(one, WindowAccuracy):
                expected = f"expected a WindowAccuracy, got {type(one).__name__}"
                raise ValueError(f"accuracy[{name!r}]: {expected}")
        with drawing_on(ax, 2.2) as (self.figure_, self.ax_):
            chance = 100 * self.chance
            self.ax_.axhline(chance, color=GREY, linestyle="--", label="chance")
            for place, (name, one) in enumerate(curves.items()):
                # Side by side, so that bars of one length stay apart.
                self.ax_.errorbar(
                    one.seconds * (1 + 0.03 * (place - (len(curves) - 1) / 2)),
                    100 * one.accuracy,
                    yerr=_distances(one),
                    color=_COLOURS[place],
                    marker=_MARKERS[place],
                    markersize=4,
                    elinewidth=0.8,
                    label=name,
                )
            self._label(curves)
        return self

    def _label(self, curves):
        ax = self.ax_
        seconds = np.concatenate([one.seconds for one in curves.values()])
        if seconds.max() >= 5 * seconds.min():
            ax.set_xscale("log")
            ax.xaxis.get_major_locator().set_params(subs=(1, 2, 5))
            ax.xaxis.set_major_formatter("{x:g}")
            ax.minorticks_off()
        numbers = np.concatenate([one.n_recordings for one in curves.values()])
        said = " to ".join(map(str, sorted({numbers.min(), numbers.max()})))
        ax.set(
            xlabel=f"Window (s)\nmean and {100 * _LEVEL:g} % interval over n = {said} "
            "recordings",
            ylabel="Right (% of windows)",
        )
        low, high = ax.get_ylim()
        ax.set_ylim(max(low, -2), min(high, 102))
        ax.spines[["top", "right"]].set_visible(False)
        legend_above(ax)


def _distances(accuracy):
    """Distances of accuracies from both ends of their intervals, in %."""
    quantile = t.ppf((1 + _LEVEL) / 2, np.maximum(accuracy.n_recordings - 1, 1))
    ends = np.stack([accuracy.accuracy, 1 - accuracy.accuracy])
    return 100 * np.minimum(quantile * accuracy.standard_error, ends)
