"""Metrics of one trial: its estimate and its mixture against the true sources."""

from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._threads import one_thread
from .._validation import as_signals, read_only, trial_label
from ..trial import Reference, Trial, check_trials
from ._bss_eval import bss_eval
from ._si_sdr import si_sdr_of_pairs
from ._signals import is_silent, lowest_decibels

METRICS = ("si_sdr", "sdr", "sir", "sar")
# A mixture has no artifacts, so there is no gain of SAR.
GAINED = ("si_sdr", "sdr", "sir")


def score_trial(
    trial: Trial, reference: Reference, estimate: np.ndarray
) -> dict[str, Any]:
    """All metrics of the estimate of one trial, and what it gained.

    Parameters
    ----------
    trial : Trial
        The trial.
    reference : Reference
        Its true sources, and which of them was attended.
    estimate : ndarray, shaped like `trial.mixture`
        Estimate of the attended source.

    Returns
    -------
    scores : dict of str to float
        In dB: `si_sdr`, `sdr`, `sir`, `sar` of `estimate` against the attended
        source, the others being the interference; and `si_sdr_improvement`,
        `sdr_improvement`, `sir_improvement`, how much that is above the same
        metric of the mixture. There is no such figure for SAR: the mixture has
        no artifacts. `closest`, an int, is the source that `estimate` is closest
        to, see :func:`closest_source`.

    Raises
    ------
    ValueError
        If an argument is of another type;
        if the trial or the reference is not sound (see
        :func:`sklearn_cnmf.check_trials`); if the attended source or the mixture
        is silent, or no other source sounds, so that there is nothing to gain;
        if `estimate` is NaN, infinite or not shaped like the mixture. The
        message names the trial.

    Notes
    -----
    A silent estimate holds nothing of the attended source. It gets the lowest
    figure that each metric can take, -313 dB in float64 and -138 dB in float32,
    as an estimate orthogonal to the source does, and its `closest` is -1.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Reference, Trial
    >>> from sklearn_cnmf.metrics import score_trial
    >>> sources = np.random.default_rng(0).standard_normal((2, 8000))
    >>> trial = Trial(np.zeros((4, 64)), 64.0, sources.sum(axis=0), 8000.0)
    >>> scores = score_trial(trial, Reference(sources, 1), sources[1] + sources[0] / 10)
    >>> list(scores)
    ['si_sdr', 'sdr', 'sir', 'sar', 'si_sdr_improvement', 'sdr_improvement', \
'sir_improvement', 'closest']
    >>> round(scores["si_sdr_improvement"]), scores["closest"]
    (20, 1)
    """
    check_trials([trial], [reference])
    (scores,) = score_estimates(trial, reference, [estimate], METRICS)
    return scores


def score_estimates(
    trial: Trial,
    reference: Reference,
    estimates: Sequence[ArrayLike],
    metrics: Collection[str],
) -> list[dict[str, Any]]:
    """Metrics of several estimates of one trial, a dict for each.

    Parameters
    ----------
    trial, reference : Trial, Reference
        Sound ones; see :func:`sklearn_cnmf.check_trials`.
    estimates : list of ndarray, shaped like `trial.mixture`
        Estimates of the attended source.
    metrics : collection of str
        Names from `METRICS`; of each that can be gained, the gain is told too.
    """
    where = f"trial{trial_label(trial)}"
    estimates = [check_estimate(trial, reference, e, where) for e in estimates]
    check_gain(trial, reference, where)
    signals = [*estimates, trial.mixture]
    sources, attended = reference.sources, reference.attended
    alike = _levels_of_sources(sources, signals)
    levels = {}
    if "si_sdr" in metrics:
        levels["si_sdr"] = _decibels(alike[:, attended], sources[attended], signals)
    if not {"sdr", "sir", "sar"}.isdisjoint(metrics):
        bss = zip(("sdr", "sir", "sar"), _bss_levels(reference, signals))
        levels |= {name: own for name, own in bss if name in metrics}
    scores = []
    for index in range(len(estimates)):
        own = {name: level[index] for name, level in levels.items()}
        for name in GAINED:
            if name in levels:
                own[f"{name}_improvement"] = own[name] - levels[name][-1]
        own["closest"] = _highest(alike[index])
        scores.append(own)
    return scores


def closest_source(reference: ArrayLike, estimate: ArrayLike) -> int:
    """Index of the source that an estimate is closest to in SI-SDR.

    Parameters
    ----------
    reference : array-like of shape (n_sources, n_samples) or \
            (n_sources, n_channels, n_samples)
        The true sources. Silent ones are never closest.
    estimate : array-like of shape (n_samples,) or (n_channels, n_samples)
        The estimate of one of them.

    Returns
    -------
    closest : int
        Index into `reference`; -1 if there is no such source, because the
        estimate is silent, or all sources are, or several are exactly equally
        close (copies of one another, up to scale and sign).

    Raises
    ------
    ValueError
        If an argument does not hold real numbers;
        if the shapes do not fit, or a value is NaN or infinite.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.metrics import closest_source
    >>> sources = np.random.default_rng(0).standard_normal((3, 1000))
    >>> closest_source(sources, sources[2] + 0.5 * sources[0])
    2
    >>> closest_source(sources, np.zeros(1000))
    -1
    """
    reference = as_signals("reference", reference, (2, 3))
    estimate = as_signals("estimate", estimate, (1, 2))
    if estimate.shape != reference.shape[1:]:
        raise ValueError(
            f"estimate has shape {estimate.shape}, but each source of reference has "
            f"shape {reference.shape[1:]}"
        )
    return _highest(_levels_of_sources(reference, [estimate])[0])


def _levels_of_sources(sources, signals):
    """SI-SDR of signals (n_signals, n_sources); -inf where either is silent."""
    levels = np.full((len(signals), len(sources)), -np.inf)
    rows = [i for i, signal in enumerate(signals) if not is_silent(signal)]
    columns = [i for i, source in enumerate(sources) if not is_silent(source)]
    if rows and columns:
        with one_thread():
            levels[np.ix_(rows, columns)] = si_sdr_of_pairs(
                [sources[i] for i in columns], [signals[i] for i in rows]
            )
    return levels


def _highest(levels):
    """Index of the only highest level, -1 if there is none."""
    best = np.flatnonzero((levels == levels.max()) & np.isfinite(levels))
    return int(best[0]) if len(best) == 1 else -1


def trial_levels(
    metric: str | Callable[[np.ndarray, np.ndarray], float],
    reference: Reference,
    signals: Sequence[np.ndarray],
) -> Sequence[float]:
    """Metric of several estimates of the attended source of one trial.

    Parameters
    ----------
    metric : {"si_sdr", "sdr", "sir", "sar"} or callable
        The metric; a callable is (reference, estimate) -> float, and gets arrays that
        it can't write to.
    reference : Reference
        The truth.
    signals : list of ndarray
        Estimates, each shaped like the mixture.

    Returns
    -------
    levels : list of float
        One for each of `signals`; the lowest possible for silent ones, unless
        the metric is a callable.
    """
    if callable(metric):
        attended = read_only(reference.sources[reference.attended])
        return [metric(attended, read_only(signal)) for signal in signals]
    if metric == "si_sdr":
        return _si_sdr_levels(reference, signals)
    return _bss_levels(reference, signals)[METRICS.index(metric) - 1]


def check_estimate(
    trial: Trial, reference: Reference, estimate: ArrayLike, where: str
) -> np.ndarray:
    """Return `estimate` as an array; refuse it, or a silent attended source."""
    if is_silent(reference.sources[reference.attended]):
        raise ValueError(
            f"{where}: the attended source, sources[{reference.attended}], is silent "
            "(all zeros); an estimate of it cannot be scored"
        )
    estimate = as_signals(f"{where}: estimate", estimate, (1, 2))
    if estimate.shape != trial.mixture.shape:
        raise ValueError(
            f"{where}: estimate has shape {estimate.shape}, but the mixture has shape "
            f"{trial.mixture.shape}; equal shapes are expected"
        )
    return estimate


def check_gain(trial: Trial, reference: Reference, where: str) -> None:
    """Refuse a trial whose mixture leaves nothing to gain."""
    if is_silent(trial.mixture):
        raise ValueError(
            f"{where}: mixture is silent (all zeros), so nothing compares with it"
        )
    others = np.delete(np.arange(len(reference.sources)), reference.attended)
    if all(is_silent(reference.sources[i]) for i in others):
        raise ValueError(
            f"{where}: no source sounds but the attended one, so the mixture is that "
            "source already and an improvement over it is undefined"
        )


def _si_sdr_levels(reference, signals):
    source = reference.sources[reference.attended]
    levels = _levels_of_sources(source[np.newaxis], signals)[:, 0]
    return _decibels(levels, source, signals)


def _decibels(levels, source, signals):
    """Levels of one source, the lowest possible for silent signals."""
    return [
        float(level) if np.isfinite(level) else lowest_decibels(source, signal)
        for level, signal in zip(levels, signals)
    ]


def _bss_levels(reference, signals):
    """SDR, SIR and SAR, each a list with one level for each of `signals`."""
    sources, attended = reference.sources, reference.attended
    sounding = [i for i, signal in enumerate(signals) if not is_silent(signal)]
    levels = np.array([[lowest_decibels(sources, s) for s in signals]] * 3)
    if sounding:
        estimates = np.stack([signals[i] for i in sounding])
        target = [attended] * len(sounding)
        with one_thread():
            levels[:, sounding] = bss_eval(sources, estimates, target=target)
    return levels.tolist()
