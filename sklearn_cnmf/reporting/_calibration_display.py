"""Probabilities of choices against how often these are right."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binomtest
from sklearn.base import BaseEstimator

from ..metrics import CalibrationTable, calibration_table
from ..metrics._calibration import probabilities_of
from ..trial import Reference, Trial
from ._axes import BLUE, GREY, drawing_panels, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEVEL = 0.95


class CalibrationDisplay:
    """How often choices are right, by the probability that was given for them.

    A dot for each bin of the largest probability, and the exact binomial 95 % interval
    of its share of right choices, which takes trials as independent. On the diagonal,
    probabilities are what they say. A second panel shows the number of trials in each
    bin.

    Parameters
    ----------
    table : CalibrationTable
        From :func:`~sklearn_cnmf.metrics.calibration_table`, or the `calibration` of
        an :class:`~sklearn_cnmf.evaluation.EvaluationSummary`.

    Attributes
    ----------
    ax_ : ndarray of matplotlib.axes.Axes
        Shares, and numbers of trials.
    figure_ : matplotlib.figure.Figure
        Their figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import CalibrationDisplay
    >>> p = [np.array([0.9, 0.1]), np.array([0.4, 0.6]), np.array([0.7, 0.3])]
    >>> display = CalibrationDisplay.from_predictions(p, [0, 1, 1])
    >>> display.table.n_trials
    array([1, 1, 1])
    >>> display.ax_[0].get_ylabel()
    'Right (%)'
    """

    def __init__(self, *, table: CalibrationTable):
        self.table = table

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        trials: list[Trial],
        references: list[Reference],
        *,
        n_bins: int = 10,
        ax: "Axes | Sequence[Axes] | None" = None,
    ) -> "CalibrationDisplay":
        """Choose in trials and draw how probabilities and choices agree.

        Parameters
        ----------
        estimator : ContrastiveNMF, EnvelopeDecoder or Pipeline
            Fitted on other trials. A decoder chooses between the sources of the
            references.
        trials, references : list of Trial, list of Reference
            Trials and their truth.
        n_bins : int, default=10
            Number of bins of equal width from 0 to 1 for the largest probability.
        ax : matplotlib.axes.Axes or sequence of them, default=None
            One that both panels are put into, or one each; a new figure if None.

        Returns
        -------
        display : CalibrationDisplay

        Raises
        ------
        ValueError
            If trials or references are not sound, or the estimator gives no
            probabilities of their sources.
        """
        probabilities = probabilities_of(estimator, trials, references)
        attended = [reference.attended for reference in references]
        return cls.from_predictions(probabilities, attended, n_bins=n_bins, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        probabilities: Sequence[np.ndarray],
        attended: Sequence[int],
        *,
        n_bins: int = 10,
        ax: "Axes | Sequence[Axes] | None" = None,
    ) -> "CalibrationDisplay":
        """Draw how probabilities and choices agree.

        Parameters
        ----------
        probabilities : sequence of ndarray of shape (n_candidates,)
            Of each trial, as from `predict_proba`.
        attended : sequence of int
            Index of the attended candidate of each trial.
        n_bins, ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : CalibrationDisplay

        Raises
        ------
        ValueError
            If numbers of trials differ, a trial's probabilities are negative or do not
            sum to one, or an index is out of range.
        """
        table = calibration_table(probabilities, attended, n_bins=n_bins)
        return cls(table=table).plot(ax=ax)

    def plot(self, ax: "Axes | Sequence[Axes] | None" = None) -> "CalibrationDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or sequence of them, default=None
            One that both panels are put into, or one each; a new figure if None.

        Returns
        -------
        display : CalibrationDisplay
            This one.

        Raises
        ------
        ValueError
            If `table` is no CalibrationTable, or another number of axes is given than
            there are panels.
        """
        table = self.table
        if not isinstance(table, CalibrationTable):
            raise ValueError(
                f"table: expected a CalibrationTable, got {type(table).__name__}"
            )
        with drawing_panels(ax, [2.0, 0.9]) as (self.figure_, self.ax_):
            shares, counts = self.ax_
            ends = [100 * table.lower.min(), 100]
            shares.plot(ends, ends, color=GREY, linestyle="--", label="calibrated")
            shares.errorbar(
                100 * table.mean_probability,
                100 * table.share_right,
                yerr=_distances(table),
                fmt="o",
                color=BLUE,
                markersize=4,
                elinewidth=0.8,
                label=f"bin, {100 * _LEVEL:g} % interval",
                clip_on=False,
            )
            shares.set(ylabel="Right (%)", ylim=(0, 100))
            legend_above(shares)
            counts.bar(
                100 * table.lower,
                table.n_trials,
                width=100 * (table.upper - table.lower),
                align="edge",
                color=GREY,
                edgecolor="white",
            )
            counts.set_xlabel(
                f"Largest probability (%), n = {table.n_trials.sum()} trials\n"
                f"calibration error {table.expected_calibration_error:.3f} "
                f"({table.calibration_error_by_chance:.3f} by chance)"
            )
            counts.set_ylabel("Trials")
            counts.yaxis.get_major_locator().set_params(integer=True, nbins=3)
            for own in self.ax_:
                own.set_xlim(*ends)
                own.spines[["top", "right"]].set_visible(False)
        return self


def _distances(table):
    """Distances of the shares from both ends of their intervals, in %."""
    ends = []
    for n, share in zip(table.n_trials, table.share_right):
        found = binomtest(round(n * share), int(n)).proportion_ci(_LEVEL)
        ends.append([share - found.low, found.high - share])
    return 100 * np.maximum(np.transpose(ends), 0)
