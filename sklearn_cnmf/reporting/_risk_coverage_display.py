"""What abstaining from unsure choices gains."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator

from ..metrics import RiskCoverage, risk_coverage
from ..metrics._calibration import probabilities_of
from ..trial import Reference, Trial
from ._axes import BLUE, GREY, drawing_on, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class RiskCoverageDisplay:
    """How often choices are wrong, if only the surest are made.

    Probabilities that tell sure choices from unsure ones make a curve that rises from
    the left. Its area is the mean risk; its right end, which a line marks, is the share
    of wrong choices if all are made. Trials that are equally sure are decided together.

    Parameters
    ----------
    curve : RiskCoverage
        From :func:`~sklearn_cnmf.metrics.risk_coverage`.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import RiskCoverageDisplay
    >>> p = [np.array([q, 1 - q]) for q in (0.9, 0.8, 0.7, 0.6)]
    >>> display = RiskCoverageDisplay.from_predictions(p, [0, 0, 1, 0])
    >>> print(display.ax_.get_xlabel())
    Decided (% of trials)
    n = 4 trials, mean risk 14.6 %
    """

    def __init__(self, *, curve: RiskCoverage):
        self.curve = curve

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        trials: list[Trial],
        references: list[Reference],
        *,
        ax: "Axes | None" = None,
    ) -> "RiskCoverageDisplay":
        """Choose in trials and draw the risk of it.

        Parameters
        ----------
        estimator : ContrastiveNMF, EnvelopeDecoder or Pipeline
            Fitted on other trials. A decoder chooses between the sources of the
            references.
        trials, references : list of Trial, list of Reference
            Trials and their truth.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : RiskCoverageDisplay

        Raises
        ------
        ValueError
            If trials or references are not sound, or the estimator gives no
            probabilities of their sources.
        """
        probabilities = probabilities_of(estimator, trials, references)
        attended = [reference.attended for reference in references]
        return cls.from_predictions(probabilities, attended, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        probabilities: Sequence[np.ndarray],
        attended: Sequence[int],
        *,
        ax: "Axes | None" = None,
    ) -> "RiskCoverageDisplay":
        """Draw the risk of choices.

        Parameters
        ----------
        probabilities : sequence of ndarray of shape (n_candidates,)
            Of each trial, as from `predict_proba`.
        attended : sequence of int
            Index of the attended candidate of each trial.
        ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : RiskCoverageDisplay

        Raises
        ------
        ValueError
            If numbers of trials differ, a trial's probabilities are negative or do not
            sum to one, or an index is out of range.
        """
        return cls(curve=risk_coverage(probabilities, attended)).plot(ax=ax)

    def plot(self, ax: "Axes | None" = None) -> "RiskCoverageDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : RiskCoverageDisplay
            This one.

        Raises
        ------
        ValueError
            If `curve` is no RiskCoverage.
        """
        curve = self.curve
        if not isinstance(curve, RiskCoverage):
            raise ValueError(
                f"curve: expected a RiskCoverage, got {type(curve).__name__}"
            )
        coverage = 100 * curve.coverage[::-1]
        risk = 100 * (1 - curve.share_right[::-1])
        with drawing_on(ax, 2.2) as (self.figure_, self.ax_):
            self.ax_.axhline(
                risk[-1],
                color=GREY,
                linestyle="--",
                label=f"all decided: {risk[-1]:.1f} % wrong",
            )
            self.ax_.plot(
                np.concatenate([[0], coverage]),
                np.concatenate([risk[:1], risk]),
                color=BLUE,
                drawstyle="steps-pre",
                label="surest decided",
            )
            # An axis of shares that holds a curve of zeros, too.
            top = max(1.0, 1.05 * risk.max())
            self.ax_.set(
                xlabel=(
                    f"Decided (% of trials)\nn = {curve.n_trials} trials, mean risk "
                    f"{100 * curve.mean_risk:.1f} %"
                ),
                ylabel="Wrong (% of decided)",
                xlim=(0, 100),
                ylim=(-0.03 * top, top),
            )
            self.ax_.spines[["top", "right"]].set_visible(False)
            legend_above(self.ax_)
        return self
