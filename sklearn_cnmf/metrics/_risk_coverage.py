"""What abstaining from unsure choices gains, and accuracy without labels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .._validation import check_number
from ._calibration import check_choices, check_probabilities

# Shares of trials that a printed curve shows.
_SHOWN = (1.0, 0.9, 0.75, 0.5, 0.25)


@dataclass(frozen=True, eq=False)
class RiskCoverage:
    """Outcome of :func:`risk_coverage`.

    Parameters
    ----------
    threshold : ndarray of shape (n_thresholds,)
        Smallest probability of a choice to be made, from the least to the largest that
        occurs.
    coverage : ndarray of shape (n_thresholds,)
        Share of trials in which a choice is then made.
    share_right : ndarray of shape (n_thresholds,)
        Share of these in which it is right.
    n_trials : int
        Number of trials.
    """

    threshold: np.ndarray
    coverage: np.ndarray
    share_right: np.ndarray
    n_trials: int

    @property
    def mean_risk(self) -> float:
        """Mean share of wrong choices over all coverages; smaller is better.

        The area under the curve of risk against coverage, each number of the surest
        trials counting the same; trials that are equally sure count together.
        """
        covered = np.round(self.coverage * self.n_trials).astype(int)
        risk = np.empty(self.n_trials)
        for n, right in zip(covered, self.share_right):
            risk[:n] = 1 - right
        return float(risk.mean())

    def at(self, coverage: float) -> tuple[float, float, float]:
        """Threshold, coverage and share right of at least so many trials."""
        check_number("coverage", coverage, least=0, most=1)
        enough = np.flatnonzero(self.coverage >= coverage - 1e-9)[-1]
        return (
            float(self.threshold[enough]),
            float(self.coverage[enough]),
            float(self.share_right[enough]),
        )

    def __str__(self):
        rows = [self.at(share) for share in _SHOWN]
        lines = [
            f"{threshold:9.2f}  {100 * covered:11.1f}  {100 * right:7.1f}"
            for threshold, covered, right in rows
        ]
        head = f"{'threshold':>9s}  {'decided in %':>11s}  {'right %':>7s}"
        return "\n".join(
            [head, *lines, f"n = {self.n_trials}, mean risk {self.mean_risk:.3f}"]
        )


def risk_coverage(
    probabilities: Sequence[np.ndarray], attended: Sequence[int]
) -> RiskCoverage:
    """How often choices are right, if only the surest are made.

    Parameters
    ----------
    probabilities : sequence of ndarray of shape (n_candidates,)
        Of each trial, as from `predict_proba`.
    attended : sequence of int
        Index of the attended candidate of each trial, such as `Reference.attended`.

    Returns
    -------
    curve : RiskCoverage
        One point for each threshold that can be told apart; what
        ``predict_attended(..., threshold=)`` does. Prints as a table. A tie between
        candidates counts for the first one.

    Raises
    ------
    ValueError
        If numbers of trials differ, a trial's probabilities are negative or do not sum
        to one, or an index is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.metrics import risk_coverage
    >>> p = [np.array([q, 1 - q]) for q in (0.9, 0.8, 0.7, 0.6)]
    >>> print(risk_coverage(p, [0, 0, 1, 0]))
    threshold  decided in %  right %
         0.60        100.0     75.0
         0.60        100.0     75.0
         0.70         75.0     66.7
         0.80         50.0    100.0
         0.90         25.0    100.0
    n = 4, mean risk 0.146
    """
    given = check_choices(probabilities, attended)
    largest = np.array([p.max() for p in given])
    right = np.array([np.argmax(p) == own for p, own in zip(given, attended)])
    thresholds = np.unique(largest)
    decided = largest >= thresholds[:, None]
    return RiskCoverage(
        threshold=thresholds,
        coverage=decided.mean(axis=1),
        share_right=(decided & right).sum(axis=1) / decided.sum(axis=1),
        n_trials=len(given),
    )


def expected_accuracy(probabilities: Sequence[np.ndarray]) -> float:
    """How often choices should be right, as guessed without labels.

    Parameters
    ----------
    probabilities : sequence of ndarray of shape (n_candidates,)
        Of each trial, as from `predict_proba`.

    Returns
    -------
    accuracy : float
        Mean of the largest probability. As good as the probabilities are calibrated,
        see :func:`calibration_table`.

    Raises
    ------
    ValueError
        If there are no trials, or a trial's probabilities are negative or do not sum to
        one.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.metrics import expected_accuracy
    >>> expected_accuracy([np.array([0.75, 0.25]), np.array([0.25, 0.75])])
    0.75
    """
    return float(np.mean([p.max() for p in check_probabilities(probabilities)]))
