"""The decoded guide beside the truth."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator

from .._validation import check_method, check_number
from ..separation._selection import candidate_features
from ..signals import pearson_r, standardize
from ..trial import Reference, Trial, check_trials
from ._axes import BLUE, ORANGE, check_row, drawing_on, with_minus

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class GuideDisplay:
    """A guide over time, and what it should have been.

    Both are drawn as z-scores, since a decoded guide has no scale of its own.

    Parameters
    ----------
    guide : ndarray of shape (n_frames,)
        One row of a guide.
    sfreq : float
        Its rate in Hz.
    truth : ndarray of shape (n_frames,), default=None
        The same feature of the attended source, in the band of the guide.

    Attributes
    ----------
    r_ : float or None
        Pearson correlation of guide and truth; None without truth.
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import GuideDisplay
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.standard_normal(640)
    >>> display = GuideDisplay(
    ...     guide=truth + rng.standard_normal(640), sfreq=64.0, truth=truth
    ... ).plot()
    >>> display.ax_.get_title(loc="right")
    'Pearson r = 0.73'
    """

    def __init__(
        self, *, guide: np.ndarray, sfreq: float, truth: np.ndarray | None = None
    ):
        self.guide = guide
        self.sfreq = sfreq
        self.truth = truth

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        trial: Trial,
        reference: Reference | None = None,
        *,
        row: int = 0,
        tmin: float = 0.0,
        tmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "GuideDisplay":
        """Decode a trial and draw its guide.

        Parameters
        ----------
        estimator : EnvelopeDecoder or Pipeline
            Fitted on trials.
        trial : Trial
            To be decoded.
        reference : Reference, default=None
            Its sources; the attended one is drawn beside the guide.
        row : int, default=0
            Of the guide.
        tmin, tmax : float, default=0.0 and None
            What is drawn of it, in seconds; to its end if None. One column has room for
            some 10 s. The correlation is that of the whole guide.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : GuideDisplay
        """
        check_method("estimator", estimator, "transform")
        (decoded,) = estimator.transform([trial])
        return cls.from_predictions(
            decoded, reference, row=row, tmin=tmin, tmax=tmax, ax=ax
        )

    @classmethod
    def from_predictions(
        cls,
        trial: Trial,
        reference: Reference | None = None,
        *,
        row: int = 0,
        tmin: float = 0.0,
        tmax: float | None = None,
        ax: "Axes | None" = None,
    ) -> "GuideDisplay":
        """Draw the guide of a trial.

        Parameters
        ----------
        trial : Trial
            With a guide.
        reference, row, tmin, tmax, ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : GuideDisplay

        Raises
        ------
        ValueError
            If `trial` is none, its guide has no such row or fewer than two frames
            between `tmin` and `tmax`, or the reference does not fit it.
        """
        check_row(trial, row)
        if reference is not None:
            check_trials([trial], [reference])
        truth = None
        if reference is not None:
            source = reference.sources[reference.attended]
            truth = candidate_features([source], trial)[0][row]
        display = cls(guide=trial.guide[row], sfreq=trial.guide_sfreq, truth=truth)
        return display.plot(ax=ax, tmin=tmin, tmax=tmax)

    def plot(
        self,
        ax: "Axes | None" = None,
        *,
        tmin: float = 0.0,
        tmax: float | None = None,
    ) -> "GuideDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.
        tmin, tmax : float, default=0.0 and None
            What is drawn, in seconds; to the end if None.

        Returns
        -------
        display : GuideDisplay
            This one.

        Raises
        ------
        ValueError
            If there are fewer than two frames between `tmin` and `tmax`.
        """
        times = np.arange(len(self.guide)) / self.sfreq
        duration = len(self.guide) / self.sfreq
        end = duration if tmax is None else tmax
        check_number("tmin", tmin, least=0, below=duration)
        check_number("tmax", end, above=tmin, most=duration)
        shown = (times >= tmin) & (times <= end)
        if np.sum(shown) < 2:
            raise ValueError(
                "tmin, tmax: expected two frames of the guide or more between them, "
                f"got {np.sum(shown)} from {tmin:g} to {end:g} s"
            )
        self.r_ = None
        with drawing_on(ax, 1.6) as (self.figure_, self.ax_):
            if self.truth is not None:
                self.r_ = float(pearson_r(self.guide, self.truth))
                self.ax_.fill_between(
                    times[shown],
                    _scores(self.truth)[shown],
                    color=ORANGE,
                    alpha=0.7,
                    linewidth=0,
                    label="attended source",
                )
                self.ax_.set_title(
                    with_minus(f"Pearson r = {self.r_:.2f}"), loc="right"
                )
            self.ax_.plot(
                times[shown],
                _scores(self.guide)[shown],
                color=BLUE,
                linewidth=0.8,
                label="guide",
            )
            self.ax_.set(xlabel="Time (s)", ylabel="z-score", xlim=(tmin, end))
            self.ax_.spines[["top", "right"]].set_visible(False)
            # Room for the legend above the curves.
            low, high = self.ax_.get_ylim()
            self.ax_.set_ylim(low, high + 0.25 * (high - low))
            self.ax_.legend(loc="upper right", ncols=2, frameon=False)
        return self


def _scores(signal):
    """Return z-scores; zeros for a constant signal."""
    return standardize(signal) * np.sqrt(len(signal))
