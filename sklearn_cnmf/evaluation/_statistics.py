"""Whether selections are better than chance, and whether one method beats another."""

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binom, binomtest, wilcoxon

from .._typing import MaybeNone
from .._validation import as_signals, check_number, check_whole, is_missing

# Numbers that a block of bootstrap draws may hold: 8 MiB for each array.
_BLOCK = 2**20


@dataclass(frozen=True, eq=False)
class SelectionAccuracy:
    """Outcome of :func:`selection_accuracy`.

    Parameters
    ----------
    n_trials : int
        Number of trials.
    n_right : int
        Number of trials in which the choice was right.
    accuracy : float
        Share of them, from 0 to 1.
    chance : float
        Mean probability of being right by chance, from 0 to 1.
    level : float
        Confidence level of the intervals.
    interval : tuple of float
        Lower and upper end of the exact (Clopper-Pearson) interval of the accuracy, for
        independent trials.
    p_value : float
        Exact one-sided probability of at least `n_right` right choices by chance, for
        independent trials.
    clustered_interval : tuple of float or None
        Lower and upper end of the bootstrap interval over subjects and stimuli, see
        :func:`cluster_bootstrap`; None where neither was given.
    n_subjects, n_stimuli : int or None
        Number of different subjects and stimuli; None where not given.
    """

    n_trials: int
    n_right: int
    accuracy: float
    chance: float
    level: float
    interval: tuple[float, float]
    p_value: float
    clustered_interval: tuple[float, float] | MaybeNone
    n_subjects: int | None
    n_stimuli: int | None

    def __str__(self):
        level = f"{100 * self.level:g} %"
        lines = [
            f"right {100 * self.accuracy:.1f} % ({self.n_right} of n = {self.n_trials} "
            f"trials), chance {100 * self.chance:.1f} %, exact one-sided "
            f"p = {self.p_value:.3g}",
            f"{level} Clopper-Pearson interval, trials independent: "
            f"{_percent(self.interval)}",
        ]
        if self.clustered_interval is not None:
            known = {"subjects": self.n_subjects, "stimuli": self.n_stimuli}
            found = [f"{n} {name}" for name, n in known.items() if n and n > 1]
            over = " and ".join(found) or "one cluster"
            lines.append(
                f"{level} bootstrap interval over {over}: "
                f"{_percent(self.clustered_interval)}"
            )
        return "\n".join(lines)


def selection_accuracy(
    right: ArrayLike,
    chance: float | ArrayLike,
    *,
    subjects: Sequence[Any] | None = None,
    stimuli: Sequence[Any] | None = None,
    level: float = 0.95,
    n_bootstrap: int = 10000,
    random_state: int | np.random.Generator | np.random.RandomState | None = 0,
) -> SelectionAccuracy:
    """Compare the share of right choices with chance.

    Parameters
    ----------
    right : array-like of shape (n_trials,) of bool
        Whether the choice was right in each trial.
    chance : float or array-like of shape (n_trials,)
        Probability of being right by chance, between 0 and 1: one over the number of
        instruments that are present.
    subjects, stimuli : sequence of shape (n_trials,), default=None
        Label of the subject and of the stimulus of each trial. The clustered interval
        is over those that are given.
    level : float, default=0.95
        Confidence level of the intervals, between 0 and 1.
    n_bootstrap : int, default=10000
        Number of bootstrap draws.
    random_state : int, Generator, RandomState or None, default=0
        Draws the bootstrap samples.

    Returns
    -------
    accuracy : SelectionAccuracy
        Prints with its intervals.

    Raises
    ------
    ValueError
        If `right` is not of bool, `chance` is not between 0 and 1, lengths differ, a
        label is missing or a parameter is out of its range.

    Notes
    -----
    The p value is that of independent choices, each right with the chance of its trial:
    the number right then has a Poisson-binomial distribution. It and the exact interval
    take trials as independent. Trials of one subject or one stimulus seldom are, and
    the clustered interval accounts for it.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.evaluation import selection_accuracy
    >>> right = np.array([1, 1, 1, 0, 1, 1, 0, 1, 1, 1, 1, 0], dtype=bool)
    >>> subjects = np.repeat(["s1", "s2", "s3", "s4"], 3)
    >>> print(selection_accuracy(right, 0.5, subjects=subjects))
    right 75.0 % (9 of n = 12 trials), chance 50.0 %, exact one-sided p = 0.073
    95 % Clopper-Pearson interval, trials independent: 42.8 to 94.5 %
    95 % bootstrap interval over 4 subjects: 66.7 to 91.7 %
    """
    right = _checked_right(right)
    n_trials, n_right = len(right), int(np.count_nonzero(right))
    chance = _checked_chance(chance, n_trials)
    _check_bootstrap(level, n_bootstrap)
    given = {"subjects": subjects, "stimuli": stimuli}
    labels = {name: one for name, one in given.items() if one is not None}
    counts = {name: _codes(name, labels[name], n_trials).max() + 1 for name in labels}
    clustered = None
    if labels:
        clustered = cluster_bootstrap(
            right,
            *labels.values(),
            level=level,
            n_bootstrap=n_bootstrap,
            random_state=random_state,
        )
    exact = binomtest(n_right, n_trials).proportion_ci(level, method="exact")
    return SelectionAccuracy(
        n_trials=n_trials,
        n_right=n_right,
        accuracy=n_right / n_trials,
        chance=float(chance.mean()),
        level=float(level),
        interval=(float(exact.low), float(exact.high)),
        p_value=_at_least(n_right, chance),
        clustered_interval=clustered,
        n_subjects=int(counts["subjects"]) if "subjects" in counts else None,
        n_stimuli=int(counts["stimuli"]) if "stimuli" in counts else None,
    )


def cluster_bootstrap(
    values: ArrayLike,
    *clusters: Sequence[Any],
    part: ArrayLike | None = None,
    level: float = 0.95,
    n_bootstrap: int = 10000,
    random_state: int | np.random.Generator | np.random.RandomState | None = 0,
) -> tuple[float, float]:
    """Bootstrap the mean of trials that share subjects, stimuli or other factors.

    The labels of each factor are drawn with replacement, independently of those of the
    other factors, and a trial weighs as the product of how often its labels were drawn:
    the pigeonhole bootstrap [1]_. Factors may be crossed, and not every combination
    needs to occur.

    Parameters
    ----------
    values : array-like of shape (n_trials,)
        What is averaged: finite numbers, or bool.
    *clusters : sequence of shape (n_trials,)
        Label of each trial, for each factor: a str, an int or another hashable. Trials
        themselves are drawn if there are none.
    part : array-like of shape (n_trials,) of bool, default=None
        If given, the interval is that of the mean of these trials minus the mean of all
        others, such as of difficult and easy cases.
    level : float, default=0.95
        Confidence level, between 0 and 1.
    n_bootstrap : int, default=10000
        Number of draws. One in which no trial, or none of the part or of the others,
        has weight is drawn again.
    random_state : int, Generator, RandomState or None, default=0
        Draws the samples. The order of trials makes no difference.

    Returns
    -------
    low, high : float
        Percentile interval of the mean or difference, in the unit of `values`. A factor
        with a single label can't be resampled and is ignored; both are NaN if no other
        is left, or if there is a single trial.

    Raises
    ------
    ValueError
        If values are not finite, lengths differ, a label is missing, `part` holds all
        trials or none, or a parameter is out of its range.

    Notes
    -----
    The interval is approximate. With fewer than about ten labels in a factor it tends
    to be too narrow.

    References
    ----------
    .. [1] A. B. Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 1(2),
       386-411, 2007.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.evaluation import cluster_bootstrap
    >>> subjects, stimuli = np.repeat(np.arange(6), 5), np.tile(np.arange(5), 6)
    >>> si_sdr = 8.0 + subjects + 0.5 * stimuli
    >>> low, high = cluster_bootstrap(si_sdr, subjects, stimuli)
    >>> print(f"{si_sdr.mean():.1f} dB, from {low:.1f} to {high:.1f} dB")
    11.5 dB, from 10.0 to 13.0 dB
    """
    values = _checked_values("values", values)
    _check_bootstrap(level, n_bootstrap)
    rng = _generator(random_state)
    factors = [
        _codes(f"clusters[{number}]", labels, len(values))
        for number, labels in enumerate(clusters)
    ]
    groups = [np.ones(len(values), dtype=bool)]
    if part is not None:
        groups = _checked_part(part, len(values))
    order = np.argsort(values, kind="stable")
    if not clusters:
        factors = [np.argsort(order)]
    factors = [codes for codes in factors if codes.max() > 0]
    if not factors:
        return np.nan, np.nan
    cells, cell = np.unique(np.stack(factors), axis=1, return_inverse=True)
    cell = cell.ravel()
    # Summed by size, so that rounding does not depend on the order of trials.
    counted = [np.bincount(cell, group) for group in groups]
    summed = [np.bincount(cell[order], (values * group)[order]) for group in groups]
    means = _resampled_means(
        cells, np.array(summed), np.array(counted), n_bootstrap, rng
    )
    found = means[:, 0] if part is None else means[:, 0] - means[:, 1]
    low, high = np.quantile(found, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


@dataclass(frozen=True, eq=False)
class TwinTest:
    """Outcome of :func:`twin_test`.

    Parameters
    ----------
    n_pairs : int
        Number of pairs of twins.
    both_right, both_wrong, one_right : int
        Number of pairs in which both, neither and one of the choices were right.
    p_value : float
        Exact one-sided binomial probability of at least `both_right` among the pairs
        with both right or both wrong, at odds of one to one; 1 if there are no such
        pairs.
    """

    n_pairs: int
    both_right: int
    both_wrong: int
    one_right: int
    p_value: float

    def __str__(self):
        return (
            f"n = {self.n_pairs} pairs: both right {self.both_right}, both wrong "
            f"{self.both_wrong}, one right {self.one_right}; exact one-sided binomial "
            f"p = {self.p_value:.3g}"
        )


def twin_test(right: ArrayLike, pairs: Sequence[tuple[int, int]]) -> TwinTest:
    """Test whether choices follow attention rather than a preferred instrument.

    Twins are two trials of one listener and one mixture with different attended
    instruments. A decoder that ignores attention and prefers one instrument is right in
    at most one of them. So only pairs with both right or both wrong tell.

    Parameters
    ----------
    right : array-like of shape (n_trials,) of bool
        Whether the choice was right in each trial.
    pairs : sequence of (int, int)
        Indices of the trials of each pair. A trial is in one pair at most; those in
        none are not used.

    Returns
    -------
    test : TwinTest
        Counts and p value.

    Raises
    ------
    ValueError
        If `right` is not of bool, or an entry of `pairs` is not two different indices
        in range, or repeats one.

    Notes
    -----
    If choices do not depend on attention, those of twins may be swapped. Where both
    are right, both would then be wrong, so that both right is no more likely than both
    wrong. This holds for any number of instruments; with more than two the test is
    conservative. Pairs are taken as independent.

    Examples
    --------
    >>> from sklearn_cnmf.evaluation import twin_test
    >>> right = [True, True, True, True, True, False, True, True]
    >>> print(twin_test(right, [(0, 1), (2, 3), (4, 5), (6, 7)]))
    n = 4 pairs: both right 3, both wrong 0, one right 1; exact one-sided binomial \
p = 0.125
    """
    right = _checked_right(right)
    first, second = _checked_pairs(pairs, len(right))
    n_right = right[first].astype(int) + right[second]
    both_wrong, one_right, both_right = np.bincount(n_right, minlength=3).tolist()
    p_value = 1.0
    if both_right + both_wrong:
        alone = binomtest(both_right, both_right + both_wrong, alternative="greater")
        p_value = float(alone.pvalue)
    return TwinTest(len(n_right), both_right, both_wrong, one_right, p_value)


@dataclass(frozen=True, eq=False)
class PairedDifference:
    """Outcome of :func:`paired_difference`.

    Parameters
    ----------
    mean : float
        Mean over subjects of their mean difference, in the unit of the values.
    median : float
        Median over subjects of their mean difference.
    level : float
        Confidence level of the interval.
    interval : tuple of float
        Lower and upper end of the bootstrap interval of the mean over subjects; NaN
        with one subject.
    p_value : float
        Two-sided, of Wilcoxon's signed-rank test over subjects; NaN with one subject.
    n_subjects, n_trials : int
        Number of subjects and of trials.
    """

    mean: float
    median: float
    level: float
    interval: tuple[float, float]
    p_value: float
    n_subjects: int
    n_trials: int

    def __str__(self):
        low, high = self.interval
        return (
            f"mean difference {self.mean:.3g}, median {self.median:.3g} (n = "
            f"{self.n_subjects} subjects, {self.n_trials} trials)\n"
            f"{100 * self.level:g} % bootstrap interval of the mean over subjects: "
            f"{low:.3g} to {high:.3g}; Wilcoxon signed-rank two-sided "
            f"p = {self.p_value:.3g}"
        )


def paired_difference(
    values: ArrayLike,
    others: ArrayLike,
    subjects: Sequence[Any],
    *,
    level: float = 0.95,
    n_bootstrap: int = 10000,
    random_state: int | np.random.Generator | np.random.RandomState | None = 0,
) -> PairedDifference:
    """Compare two methods on the same trials, with subjects as the unit.

    Parameters
    ----------
    values, others : array-like of shape (n_trials,)
        A score of each trial by the one and by the other method, such as SI-SDR in dB.
        Differences are `values` minus `others`.
    subjects : sequence of shape (n_trials,)
        Label of the subject of each trial.
    level : float, default=0.95
        Confidence level of the interval, between 0 and 1.
    n_bootstrap : int, default=10000
        Number of bootstrap draws of subjects.
    random_state : int, Generator, RandomState or None, default=0
        Draws them.

    Returns
    -------
    difference : PairedDifference
        Each subject counts the same, whatever their number of trials.

    Raises
    ------
    ValueError
        If values are not finite, lengths differ, a label is missing or a parameter is
        out of its range.

    Notes
    -----
    The p value is that of :func:`scipy.stats.wilcoxon` for the subjects' mean
    differences, without those that are zero; it is 1 if all are. Fewer than six
    subjects can't give one below 0.05.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.evaluation import paired_difference
    >>> subjects = np.repeat(np.arange(6), 2)
    >>> values = 8.0 + np.arange(12)
    >>> others = values - 1.0 - 0.1 * subjects
    >>> print(paired_difference(values, others, subjects))
    mean difference 1.25, median 1.25 (n = 6 subjects, 12 trials)
    95 % bootstrap interval of the mean over subjects: 1.12 to 1.38; Wilcoxon \
signed-rank two-sided p = 0.0312
    """
    values = _checked_values("values", values)
    others = _checked_values("others", others)
    if len(values) != len(others):
        raise ValueError(
            f"others: expected {len(values)} numbers, one for each of values, got "
            f"{len(others)}"
        )
    codes = _codes("subjects", subjects, len(values))
    differences = values - others
    order = np.argsort(differences, kind="stable")
    means = np.bincount(codes[order], differences[order]) / np.bincount(codes)
    interval = cluster_bootstrap(
        means, level=level, n_bootstrap=n_bootstrap, random_state=random_state
    )
    return PairedDifference(
        mean=float(means.mean()),
        median=float(np.median(means)),
        level=float(level),
        interval=interval,
        p_value=_signed_rank(means),
        n_subjects=len(means),
        n_trials=len(values),
    )


def holm(p_values: ArrayLike) -> np.ndarray:
    """Adjust p values for the number of tests, by Holm's step-down method.

    Parameters
    ----------
    p_values : array-like of shape (n_tests,)
        From 0 to 1, or NaN for a test that could not be made, which is not counted.

    Returns
    -------
    adjusted : ndarray of shape (n_tests,)
        In the given order; NaN stay NaN. Rejecting where these are at most alpha keeps
        the probability of any false rejection at alpha, whatever the dependence of the
        tests.

    Raises
    ------
    ValueError
        If there are none, or one is below 0 or above 1.

    References
    ----------
    .. [1] S. Holm, "A simple sequentially rejective multiple test procedure",
       Scandinavian Journal of Statistics 6(2), 65-70, 1979.

    Examples
    --------
    >>> from sklearn_cnmf.evaluation import holm
    >>> print(holm([0.01, 0.04, float("nan"), 0.03]))
    [0.03 0.06  nan 0.06]
    """
    p_values = _as_array("p_values", p_values)
    known = np.ones(p_values.shape, dtype=bool)
    if p_values.dtype.kind == "f":
        known = ~np.isnan(p_values)
    as_signals(
        "p_values", p_values if known.all() else np.where(known, p_values, 0), (1,)
    )
    wrong = np.flatnonzero(known & ~((p_values >= 0) & (p_values <= 1)))
    if len(wrong):
        raise ValueError(
            f"p_values[{wrong[0]}]: expected a number from 0 to 1, or NaN, got "
            f"{p_values[wrong[0]]}"
        )
    adjusted = p_values.astype(np.float64)
    order = np.argsort(adjusted, kind="stable")[: np.count_nonzero(~np.isnan(adjusted))]
    scaled = adjusted[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(scaled), 1.0)
    return adjusted


def _percent(interval):
    return f"{100 * interval[0]:.1f} to {100 * interval[1]:.1f} %"


def _at_least(n_right, chance):
    """Probability of at least so many right, of independent choices."""
    mass = np.ones(1)
    for p, n in zip(*np.unique(chance, return_counts=True)):
        mass = np.convolve(mass, binom.pmf(np.arange(n + 1), n, p))
    return float(min(mass[n_right:].sum(), 1.0))


def _resampled_means(cells, sums, counts, n_bootstrap, rng):
    """Means of groups of resampled trials, given by sum and number in each cell."""
    n_cells = sums.shape[1]
    n_block = max(1, _BLOCK // n_cells)
    means, left = [], n_bootstrap
    while left > 0:
        n_draws = min(left, n_block)
        weights = np.ones((n_draws, n_cells))
        for codes in cells:
            weights *= _times_drawn(codes.max() + 1, n_draws, rng)[:, codes]
        total = weights @ counts.T
        held = (total > 0).all(axis=1)
        means.append((weights @ sums.T)[held] / total[held])
        left -= np.count_nonzero(held)
    return np.concatenate(means)


def _times_drawn(n_labels, n_draws, rng):
    """How often each label occurs, in draws of as many as there are."""
    drawn = rng.integers(n_labels, size=(n_draws, n_labels))
    drawn += n_labels * np.arange(n_draws)[:, None]
    times = np.bincount(drawn.ravel(), minlength=n_draws * n_labels)
    return times.reshape(n_draws, n_labels)


def _signed_rank(differences):
    if len(differences) < 2:
        return np.nan
    nonzero = differences[differences != 0]
    return float(wilcoxon(nonzero).pvalue) if len(nonzero) else 1.0


def _as_array(name, given):
    if isinstance(given, np.ma.MaskedArray):
        raise ValueError(f"{name}: got a masked array; leave out what is masked")
    try:
        return np.asarray(given)
    except ValueError as error:
        raise ValueError(
            f"{name}: expected one number for each, got a ragged sequence"
        ) from error


def _checked_values(name, values):
    values = _as_array(name, values)
    if values.dtype == bool:
        values = values.astype(np.float64)
    return as_signals(name, values, (1,)).astype(np.float64, copy=False)


def _checked_part(part, n_trials):
    """Return which trials are in the part and which are not; neither is empty."""
    part = _as_array("part", part)
    if part.dtype != bool or part.shape != (n_trials,):
        raise ValueError(
            f"part: expected {n_trials} of True or False, got {part.dtype} of shape "
            f"{part.shape}"
        )
    if part.all() or not part.any():
        raise ValueError(f"part: all {n_trials} trials are {bool(part[0])}")
    return [part, ~part]


def _checked_right(right):
    right = _as_array("right", right)
    if right.ndim != 1 or right.size == 0:
        raise ValueError(
            f"right: expected shape (n_trials,) with one trial at least, got shape "
            f"{right.shape}"
        )
    if right.dtype != bool:
        raise ValueError(
            f"right: expected True or False for each trial, got dtype {right.dtype}"
        )
    return right


def _checked_chance(chance, n_trials):
    chance = _as_array("chance", chance)
    if chance.ndim == 0:
        chance = np.full(n_trials, chance)
    chance = as_signals("chance", chance, (1,)).astype(np.float64)
    if len(chance) != n_trials:
        raise ValueError(
            f"chance: expected one number, or {n_trials}, one for each trial, got "
            f"{len(chance)}"
        )
    wrong = np.flatnonzero((chance <= 0) | (chance >= 1))
    if len(wrong):
        raise ValueError(
            f"chance: expected numbers > 0 and < 1, got {chance[wrong[0]]:g} in trial "
            f"{wrong[0]}"
        )
    return chance


def _checked_pairs(pairs, n_trials):
    """Return indices of the first and of the second twins."""
    if not isinstance(pairs, (Sequence, np.ndarray)):
        raise ValueError(
            f"pairs: expected a sequence of two indices each, got {pairs!r}"
        )
    seen = {}
    for number, pair in enumerate(pairs):
        if not isinstance(pair, (Sequence, np.ndarray)) or len(pair) != 2:
            raise ValueError(f"pairs[{number}]: expected two indices, got {pair!r}")
        for index in pair:
            whole = isinstance(index, Integral) and not isinstance(index, bool)
            if not whole or not 0 <= index < n_trials:
                raise ValueError(
                    f"pairs[{number}]: expected indices from 0 to {n_trials - 1}, got "
                    f"{index!r}"
                )
            if index in seen:
                raise ValueError(
                    f"pairs[{number}]: trial {index} is in pairs[{seen[index]}] "
                    "already; each index is expected once"
                )
            seen[int(index)] = number
    return np.array(list(seen), dtype=int).reshape(-1, 2).T


def _check_bootstrap(level, n_bootstrap):
    check_number("level", level, above=0, below=1)
    check_whole("n_bootstrap", n_bootstrap)


def _generator(random_state):
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**31 - 1))
    if random_state is not None and not isinstance(random_state, np.random.Generator):
        check_whole("random_state", random_state, least=0)
    return np.random.default_rng(random_state)


def _codes(name, labels, n_trials):
    """Return numbers from 0 for labels, whatever the order of trials."""
    if isinstance(labels, str) or not hasattr(labels, "__len__"):
        raise ValueError(f"{name}: expected a sequence of labels, got {labels!r}")
    if len(labels) != n_trials:
        raise ValueError(
            f"{name}: expected {n_trials} labels, one for each trial, got {len(labels)}"
        )
    labels = list(labels)
    for index, label in enumerate(labels):
        if is_missing(label):
            raise ValueError(
                f"{name}[{index}]: expected a label, got {label!r}; leave trials "
                "without one out"
            )
    try:
        distinct = sorted(set(labels), key=str)
    except TypeError as error:
        raise ValueError(f"{name}: expected labels such as str or int") from error
    number = {label: n for n, label in enumerate(distinct)}
    return np.array([number[label] for label in labels])
