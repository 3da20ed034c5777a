"""Why an instrument was chosen: candidates, their support and probabilities."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator

from .._validation import check_kind, check_method
from ..separation import Separation
from ..separation._selection import candidate_features
from ..signals import standardize
from ..trial import Trial
from ._axes import BLUE, GREY, check_row, drawing_panels, legend_above, with_minus

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

# Standard deviations from one candidate's line to the next.
_STEP = 6.0
_STYLES = ("-", "--", ":", "-.")


class CandidatesDisplay:
    """How well the guide supports each candidate, and how likely each is.

    A line for each candidate: the feature of its waveform that the guide is a copy of,
    in the band of the guide. The chosen one is blue. Where the probabilities were
    followed over time (`choice_window`), a second panel shows them.

    Parameters
    ----------
    names : sequence of str
        Of the candidates.
    features : ndarray of shape (n_candidates, n_frames)
        Of their waveforms, in any unit.
    sfreq : float
        Frames per second.
    support : ndarray of shape (n_candidates,)
        Correlation of the guide with each.
    probabilities : ndarray of shape (n_candidates,), default=None
        How likely each is the attended one.
    course : ndarray of shape (n_frames, n_candidates), default=None
        The same at each frame.

    Attributes
    ----------
    ax_ : ndarray of matplotlib.axes.Axes
        One, or two with `course`.
    figure_ : matplotlib.figure.Figure
        Their figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import CandidatesDisplay
    >>> rng = np.random.default_rng(0)
    >>> display = CandidatesDisplay(
    ...     names=("flute", "cello"), features=rng.standard_normal((2, 640)),
    ...     sfreq=64.0, support=np.array([0.02, 0.13]),
    ...     probabilities=np.array([0.2, 0.8]),
    ... ).plot()
    >>> [label.get_text() for label in display.ax_[0].get_yticklabels()]
    ['flute', 'cello']
    """

    def __init__(
        self,
        *,
        names: "Sequence[str]",
        features: np.ndarray,
        sfreq: float,
        support: np.ndarray,
        probabilities: np.ndarray | None = None,
        course: np.ndarray | None = None,
    ):
        self.names = names
        self.features = features
        self.sfreq = sfreq
        self.support = support
        self.probabilities = probabilities
        self.course = course

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        trial: Trial,
        *,
        row: int = 0,
        ax: "Axes | Sequence[Axes] | None" = None,
    ) -> "CandidatesDisplay":
        """Separate a trial and draw its candidates.

        Parameters
        ----------
        estimator : ContrastiveNMF
            Fitted on trials, with a dictionary that has candidates.
        trial : Trial
            With a guide.
        row : int, default=0
            Of the guide.
        ax : matplotlib.axes.Axes or sequence of them, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : CandidatesDisplay
        """
        check_method("estimator", estimator, "separate")
        (separation,) = estimator.separate([trial])
        return cls.from_predictions(trial, separation, row=row, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        trial: Trial,
        separation: Separation,
        *,
        row: int = 0,
        ax: "Axes | Sequence[Axes] | None" = None,
    ) -> "CandidatesDisplay":
        """Draw the candidates of a trial.

        Parameters
        ----------
        trial : Trial
            With a guide.
        separation : Separation
            What was found in it.
        row, ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : CandidatesDisplay

        Raises
        ------
        ValueError
            If an argument is of another kind, the guide has no such row, or the
            separation no candidates.
        """
        check_row(trial, row)
        check_kind("separation", separation, Separation)
        if separation.candidates is None:
            raise ValueError(
                "separation: has no candidates; they come from dictionary='learned' or "
                "'harmonic'"
            )
        features = candidate_features(list(separation.candidates), trial)
        display = cls(
            names=separation.instruments,
            features=np.stack([own[row] for own in features]),
            sfreq=trial.guide_sfreq,
            support=separation.support,
            probabilities=separation.probabilities,
            course=separation.course,
        )
        return display.plot(ax=ax)

    def plot(self, ax: "Axes | Sequence[Axes] | None" = None) -> "CandidatesDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or sequence of them, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : CandidatesDisplay
            This one.

        Raises
        ------
        ValueError
            If another number of axes is given than there are panels.
        """
        n_candidates = len(self.names)
        heights = [0.3 + 0.45 * n_candidates]
        if self.course is not None:
            heights.append(1.1)
        chosen = int(np.argmax(self.support))
        with drawing_panels(ax, heights) as (self.figure_, self.ax_):
            self._plot_features(self.ax_[0], chosen)
            if self.course is not None:
                self._plot_course(self.ax_[1], chosen)
            self.ax_[-1].set_xlabel("Time (s)")
        return self

    def _plot_features(self, ax, chosen):
        n_frames = self.features.shape[1]
        times = np.arange(n_frames) / self.sfreq
        levels = -_STEP * np.arange(len(self.names))
        for index, (own, level) in enumerate(zip(self.features, levels)):
            line = standardize(own) * np.sqrt(n_frames)
            colour = BLUE if index == chosen else GREY
            ax.plot(times, level + line, color=colour, linewidth=1.0)
            words = f"support {self.support[index]:+.3f}"
            if self.probabilities is not None:
                words += f"\np = {self.probabilities[index]:.2f}"
            ax.annotate(
                with_minus(words),
                (1.0, level),
                xycoords=("axes fraction", "data"),
                xytext=(4, 0),
                textcoords="offset points",
                va="center",
                color=colour if index == chosen else "0.3",
                fontweight="bold" if index == chosen else "normal",
            )
        ax.set_yticks(levels, self.names)
        ax.set_ylim(levels[-1] - 0.6 * _STEP, 0.75 * _STEP)
        ax.set_xlim(0, times[-1])
        ax.spines[["top", "right"]].set_visible(False)

    def _plot_course(self, ax, chosen):
        times = np.arange(len(self.course)) / self.sfreq
        styles = iter(_STYLES)
        for index, name in enumerate(self.names):
            ax.plot(
                times,
                self.course[:, index],
                color=BLUE if index == chosen else GREY,
                linestyle="-" if index == chosen else next(styles),
                label=name,
            )
        ax.set(ylabel="Probability", ylim=(-0.02, 1.02))
        ax.spines[["top", "right"]].set_visible(False)
        legend_above(ax)
