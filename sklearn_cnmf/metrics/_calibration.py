"""Whether probabilities of a choice are what they say."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.stats import binom

from .._validation import as_signals, check_choice, check_whole, trial_name
from ..trial import Reference, Trial, check_trials

# Probabilities below this count as it in the log loss, so that it stays finite.
_SMALLEST = 1e-12
LOSSES = ("log_loss", "brier")


@dataclass(frozen=True, eq=False)
class CalibrationTable:
    """Outcome of :func:`calibration_table`.

    Parameters
    ----------
    lower, upper : ndarray of shape (n_rows,)
        Bounds of the largest probability of a trial, for the bins that hold any.
    n_trials : ndarray of shape (n_rows,) of int
        Number of trials in each.
    mean_probability : ndarray of shape (n_rows,)
        Mean of the largest probability.
    share_right : ndarray of shape (n_rows,)
        Share of trials in which the likeliest candidate was the attended one.
    brier : float
        Brier score: mean over trials of the summed squared differences of the
        probabilities from zero and one. 0 is perfect; 0.5 is even odds of two.
    log_loss : float
        Mean over trials of minus the natural logarithm of the probability of the
        attended candidate. 0 is perfect; 0.693 is even odds of two.
    """

    lower: np.ndarray
    upper: np.ndarray
    n_trials: np.ndarray
    mean_probability: np.ndarray
    share_right: np.ndarray
    brier: float
    log_loss: float

    @property
    def accuracy(self) -> float:
        """Share of trials in which the likeliest candidate was attended."""
        return float(self.n_trials @ self.share_right / self.n_trials.sum())

    @property
    def expected_accuracy(self) -> float:
        """Mean of the largest probabilities: accuracy as guessed without labels."""
        return float(self.n_trials @ self.mean_probability / self.n_trials.sum())

    @property
    def expected_calibration_error(self) -> float:
        """Mean over trials of the distance of a bin's probability and share right."""
        missed = np.abs(self.mean_probability - self.share_right)
        return float(self.n_trials @ missed / self.n_trials.sum())

    @property
    def calibration_error_by_chance(self) -> float:
        """What the calibration error would be on average if probabilities were exact.

        With few trials it is far from zero. It is the mean absolute deviation of a
        binomial count in each bin (de Moivre's formula), for independent trials.
        """
        n, p = self.n_trials, np.minimum(self.mean_probability, 1.0)
        most = np.minimum(np.floor(n * p) + 1, n)
        deviation = 2 * most * (1 - p) * binom.pmf(most, n, p)
        return float(deviation.sum() / n.sum())

    def __str__(self):
        rows = [
            f"{low:.2f} to {high:.2f}  {n:6d}  {100 * p:11.1f}  {100 * right:7.1f}"
            for low, high, n, p, right in zip(
                self.lower,
                self.upper,
                self.n_trials,
                self.mean_probability,
                self.share_right,
            )
        ]
        head = f"{'largest p':12s}  {'n':>6s}  {'mean p in %':>11s}  {'right %':>7s}"
        foot = (
            f"n = {self.n_trials.sum()}, right {100 * self.accuracy:.1f} %, expected "
            f"{100 * self.expected_accuracy:.1f} %, calibration error "
            f"{self.expected_calibration_error:.3f} "
            f"({self.calibration_error_by_chance:.3f} by chance), Brier "
            f"{self.brier:.3f}, log loss {self.log_loss:.3f}"
        )
        return "\n".join([head, *rows, foot])


def calibration_table(
    probabilities: Sequence[np.ndarray], attended: Sequence[int], *, n_bins: int = 10
) -> CalibrationTable:
    """Compare how sure choices are with how often they are right.

    Parameters
    ----------
    probabilities : sequence of ndarray of shape (n_candidates,)
        Of each trial, as from `predict_proba`; the numbers of candidates may differ.
    attended : sequence of int
        Index of the attended candidate of each trial, such as `Reference.attended`.
    n_bins : int, default=10
        Number of bins of equal width from 0 to 1 for the largest probability.

    Returns
    -------
    table : CalibrationTable
        Prints as a table. A tie between candidates counts for the first one.

    Raises
    ------
    ValueError
        If numbers of trials differ, a trial's probabilities are negative or do not sum
        to one, or an index is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.metrics import calibration_table
    >>> p = [np.array([0.9, 0.1]), np.array([0.4, 0.6]), np.array([0.7, 0.3])]
    >>> print(calibration_table(p, [0, 1, 1]))
    largest p          n  mean p in %  right %
    0.60 to 0.70       1         60.0    100.0
    0.70 to 0.80       1         70.0      0.0
    0.90 to 1.00       1         90.0    100.0
    n = 3, right 66.7 %, expected 73.3 %, calibration error 0.400 (0.360 by chance), \
Brier 0.440, log loss 0.607
    """
    check_whole("n_bins", n_bins)
    largest, right, brier, log_loss = [], [], [], []
    for p, own in zip(check_choices(probabilities, attended), attended):
        truth = np.arange(len(p)) == own
        largest.append(p.max())
        right.append(np.argmax(p) == own)
        brier.append(np.sum((p - truth) ** 2))
        log_loss.append(-np.log(max(p[own], _SMALLEST)))
    largest, right = np.array(largest), np.array(right)
    # A probability of one belongs to the last bin.
    bins = np.minimum((largest * n_bins + 1e-9).astype(int), n_bins - 1)
    held = np.unique(bins)
    return CalibrationTable(
        lower=held / n_bins,
        upper=(held + 1) / n_bins,
        n_trials=np.array([np.sum(bins == b) for b in held]),
        mean_probability=np.array([largest[bins == b].mean() for b in held]),
        share_right=np.array([right[bins == b].mean() for b in held]),
        brier=float(np.mean(brier)),
        log_loss=float(np.mean(log_loss)),
    )


def probability_scorer(loss: str = "log_loss") -> Callable:
    """Make a scorer of how good the probabilities of the attended source are.

    Parameters
    ----------
    loss : {"log_loss", "brier"}, default="log_loss"
        What to measure, see :class:`CalibrationTable`. The scorer returns minus the
        mean over trials, so that more is better.

    Returns
    -------
    scorer : callable
        (estimator, X, y) -> float; X is a list of `Trial`, y a list of `Reference`. It
        asks `predict_proba` of a separator or a pipeline; a decoder chooses between
        the sources of the references.

    Raises
    ------
    ValueError
        If there is no such loss; when called, if trials or references are not sound
        or the estimator gives no probabilities.

    Examples
    --------
    >>> from sklearn_cnmf.metrics import probability_scorer
    >>> probability_scorer("brier")
    probability_scorer('brier')
    """
    check_choice("loss", loss, LOSSES)
    return _ProbabilityScorer(loss)


@dataclass(frozen=True)
class _ProbabilityScorer:
    loss: str

    def __call__(self, estimator: Any, X: list[Trial], y: list[Reference]) -> float:
        found = probabilities_of(estimator, X, y)
        table = calibration_table(found, [reference.attended for reference in y])
        return -getattr(table, self.loss)

    def __repr__(self):
        return f"probability_scorer({self.loss!r})"


def probabilities_of(
    estimator: Any, X: list[Trial], y: list[Reference]
) -> list[np.ndarray]:
    """Ask a separator, pipeline or decoder for probabilities of the sources of trials.

    Parameters
    ----------
    estimator : estimator
        With `predict_proba`. A decoder chooses between the sources of the references.
    X : list of Trial
        Trials.
    y : list of Reference
        Their sources.

    Returns
    -------
    probabilities : list of ndarray of shape (n_sources,)
        Of each trial.

    Raises
    ------
    ValueError
        If trials or references are not sound, the estimator gives no probabilities or
        not as many as there are sources.
    """
    check_trials(X, y)
    if not hasattr(estimator, "predict_proba"):
        raise ValueError(
            f"estimator: {type(estimator).__name__} has no predict_proba here"
        )
    if hasattr(estimator, "attention_scores"):
        found = estimator.predict_proba(X, y)
    else:
        found = estimator.predict_proba(X)
    for index, (trial, reference, p) in enumerate(zip(X, y, found)):
        if len(p) != len(reference.sources):
            raise ValueError(
                f"{trial_name(index, trial)}: {len(p)} probabilities for "
                f"{len(reference.sources)} sources"
            )
    return found


def check_probabilities(probabilities: Sequence[Any]) -> list[np.ndarray]:
    """Return probabilities of each trial as arrays; refuse what are none."""
    if _n_entries(probabilities) == 0:
        raise ValueError(
            "probabilities: expected those of one trial at least, got none"
        )
    checked = []
    for index, given in enumerate(probabilities):
        p = as_signals(f"probabilities[{index}]", given, (1,)).astype(np.float64)
        if p.min() < 0 or abs(p.sum() - 1) > 1e-6:
            raise ValueError(
                f"probabilities[{index}]: expected numbers >= 0 that sum to one, got "
                f"{p.min():g} as the least and {p.sum():g} as the sum"
            )
        checked.append(p)
    return checked


def check_choices(
    probabilities: Sequence[Any], attended: Sequence[Any]
) -> list[np.ndarray]:
    """Return probabilities as arrays; refuse them, or an index that does not fit."""
    checked = check_probabilities(probabilities)
    if _n_entries(attended) != len(checked):
        raise ValueError(
            f"attended: {_n_entries(attended)} entries for {len(checked)} trials; one "
            "per trial is expected"
        )
    for index, (p, own) in enumerate(zip(checked, attended)):
        whole = isinstance(own, (int, np.integer)) and not isinstance(own, bool)
        if not whole or not 0 <= own < len(p):
            raise ValueError(
                f"attended[{index}]: expected an index from 0 to {len(p) - 1}, got "
                f"{own!r}"
            )
    return checked


def _n_entries(sequence):
    """Count entries; what is no sequence, such as a number or a str, has none."""
    if isinstance(sequence, np.ndarray):
        return len(sequence) if sequence.ndim else 0
    listed = isinstance(sequence, Sequence) and not isinstance(sequence, str)
    return len(sequence) if listed else 0
