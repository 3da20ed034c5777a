"""Scorers for scikit-learn's searches and cross-validation over trials."""

import warnings
from collections.abc import Callable
from inspect import signature
from numbers import Real
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from .._validation import check_choice, check_flag, check_method, trial_label
from ..trial import Reference, Trial, check_trials
from ._signals import is_silent
from ._trial_scores import (
    METRICS,
    check_estimate,
    check_gain,
    closest_source,
    trial_levels,
)

CHOICES = ("decoded", "true")


def separation_scorer(
    metric: str | Callable = "si_sdr",
    *,
    choice: str = "decoded",
    improvement: bool = True,
) -> Callable:
    """Make a scorer of how well the attended source was separated.

    The scorer calls ``estimator.predict(X)``, which gives one attended waveform
    per trial, compares each with the attended source and returns the mean over
    trials. More is better.

    Parameters
    ----------
    metric : {"si_sdr", "sdr", "sir", "sar"} or callable, default="si_sdr"
        Scale-invariant SDR, or SDR, SIR or SAR of BSS Eval version 3 with all
        sources of the trial as interference. A callable takes the attended
        source and its estimate, both shaped like the mixture and not to be
        written to, and returns a number; to be used with `n_jobs` it must be
        defined at the top of a module.
    choice : {"decoded", "true"}, default="decoded"
        Whose separation is scored: "decoded" is what ``predict(X)`` gives, with
        the choice of instrument that was decoded. "true" tells the separator
        which instrument is attended, ``predict(X, attended=names)``, so that the
        score says how well it is separated, not how often it was recognised: what
        to tune `delta` and spectra on, since a few wrong choices outweigh
        whatever these change. It never says how well listeners are followed.
    improvement : bool, default=True
        Whether the metric of the unprocessed mixture is subtracted. SAR has no
        improvement, since the mixture has no artifacts.

    Returns
    -------
    scorer : callable
        (estimator, X, y) -> float, in dB unless `metric` is a callable; X is a
        list of `Trial`, y a list of `Reference`. It can be pickled and copied.

    Raises
    ------
    ValueError
        If `metric` is neither a str nor callable, or `improvement` not a bool;
        if `metric` is no known name, or "sar" with `improvement`; if there is no such
        `choice`. When called: if the trials name no instruments or the estimator can't
        be told which one is attended, with ``choice="true"``; if
        trials or references are not sound; if a prediction is missing, NaN,
        infinite, or not shaped like its mixture; if an attended source is silent;
        with `improvement`, if the mixture is silent or holds the attended source
        alone; if the metric of a trial is not finite. The message names the
        trial.

    See Also
    --------
    attention_scorer : Whether the right source was picked.
    score_trial : All metrics of one trial.

    Notes
    -----
    A silent estimate is scored, not refused: it gets the lowest figure of the
    metric, -313 dB in float64 and -138 dB in float32, and a warning names the
    trials. It is the figure of any estimate that holds nothing of the source. An
    exception would turn the fold into NaN in a search, for all its other trials
    too; and when this befalls every candidate, scikit-learn picks the first.
    This way the candidate loses against any that never falls silent, and the
    mean is so far off that it cannot be mistaken for a result. A callable
    `metric` is given the silent estimate and decides by itself.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Reference, Trial
    >>> from sklearn_cnmf.metrics import separation_scorer
    >>> class Leaky:
    ...     def predict(self, X):
    ...         return [sources[0] + 0.1 * sources[1] for trial in X]
    >>> sources = np.array([[1.0, -1.0] * 4000, [1.0, 1.0, -1.0, -1.0] * 2000])
    >>> trials = [Trial(np.zeros((4, 64)), 64.0, sources.sum(axis=0), 8000.0)]
    >>> scorer = separation_scorer("si_sdr")
    >>> scorer
    separation_scorer('si_sdr', choice='decoded', improvement=True)
    >>> round(scorer(Leaky(), trials, [Reference(sources, 0)]), 6)
    20.0
    """
    if isinstance(metric, str):
        if metric not in METRICS:
            raise ValueError(
                f"metric: expected one of {METRICS} or a callable, got {metric!r}"
            )
    elif not callable(metric):
        raise ValueError(
            f"metric: expected a str or a callable, got {type(metric).__name__}"
        )
    check_choice("choice", choice, CHOICES)
    check_flag("improvement", improvement)
    if improvement and metric == "sar":
        raise ValueError(
            "metric: 'sar' has no improvement, since the mixture has no artifacts; "
            "pass improvement=False"
        )
    return _SeparationScorer(metric, choice, bool(improvement))


def attention_scorer() -> Callable:
    """Make a scorer of how often the attended source was picked.

    The scorer calls ``estimator.predict(X)``, which gives one attended waveform
    per trial, and returns the share of trials whose waveform is closer, in
    SI-SDR, to the attended source than to every other source.

    Returns
    -------
    scorer : callable
        (estimator, X, y) -> float from 0 to 1; X is a list of `Trial`, y a list
        of `Reference`. It can be pickled and copied.

    Raises
    ------
    ValueError
        When called: if trials or references are not sound; if a prediction is
        missing, NaN, infinite, or not shaped like its mixture; if an attended
        source is silent. The message names the trial.

    See Also
    --------
    closest_source : The choice in one trial.
    separation_scorer : How well the source was separated.

    Notes
    -----
    A silent estimate, and one exactly as close to another source as to the
    attended one, count as wrong. Silent sources can't be picked, so the guessing
    level of a trial is one over the number of sources that sound; a trial where
    only the attended one does is right for every estimate that is not silent.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Reference, Trial
    >>> from sklearn_cnmf.metrics import attention_scorer
    >>> class Unprocessed:
    ...     def predict(self, X):
    ...         return [trial.mixture for trial in X]
    >>> sources = np.random.default_rng(0).standard_normal((2, 8000))
    >>> sources[0] *= 2
    >>> trials = [Trial(np.zeros((4, 64)), 64.0, sources.sum(axis=0), 8000.0)] * 2
    >>> references = [Reference(sources, 0), Reference(sources, 1)]
    >>> attention_scorer()(Unprocessed(), trials, references)
    0.5
    """
    return _AttentionScorer()


class _SeparationScorer:
    """What :func:`separation_scorer` returns."""

    def __init__(self, metric, choice, improvement):
        self.metric = metric
        self.choice = choice
        self.improvement = improvement

    def __repr__(self):
        return (
            f"separation_scorer({self._name}, choice={self.choice!r}, "
            f"improvement={self.improvement})"
        )

    @property
    def _name(self):
        return getattr(self.metric, "__qualname__", repr(self.metric))

    def __call__(self, estimator, X, y):
        predictions = _predictions(estimator, X, y, self.choice)
        levels, silent = [], []
        for trial, reference, estimate, where in predictions:
            if is_silent(estimate) and not callable(self.metric):
                silent.append(where)
            levels.append(self._level(trial, reference, estimate, where))
        if silent:
            warnings.warn(
                f"{len(silent)} of {len(levels)} estimates are silent and get the "
                f"lowest possible score: {', '.join(silent)}",
                stacklevel=2,
            )
        return float(np.mean(levels))

    def _level(self, trial, reference, estimate, where):
        signals = [estimate]
        if self.improvement:
            check_gain(trial, reference, where)
            signals.append(trial.mixture)
        levels = trial_levels(self.metric, reference, signals)
        for what, level in zip(("estimate", "mixture"), levels):
            if not isinstance(level, Real):
                raise ValueError(
                    f"{where}: {self._name} of the {what} is {level!r}; a single "
                    "number is expected"
                )
            if not np.isfinite(level):
                raise ValueError(
                    f"{where}: {self._name} of the {what} is {level}; a finite "
                    "number is expected"
                )
        return levels[0] - levels[1] if self.improvement else levels[0]


class _AttentionScorer:
    """What :func:`attention_scorer` returns."""

    def __repr__(self):
        return "attention_scorer()"

    def __call__(self, estimator, X, y):
        right = [
            closest_source(reference.sources, estimate) == reference.attended
            for _, reference, estimate, _ in _predictions(estimator, X, y)
        ]
        return float(np.mean(right))


def _predictions(estimator, X, y, choice="decoded"):
    """Return (trial, reference, estimate, name of the trial) of each trial."""
    check_trials(X, y)
    if y is None:
        raise ValueError("y: expected a list of Reference, got None")
    check_method("estimator", estimator, "predict")
    if choice == "decoded":
        estimates = estimator.predict(X)
    else:
        estimates = _predict_true(estimator, X, y)
    if not isinstance(estimates, (list, tuple, np.ndarray)):
        raise ValueError(
            f"predict returned {type(estimates).__name__}; a list of waveforms is "
            "expected"
        )
    if len(estimates) != len(X):
        raise ValueError(
            f"predict returned {len(estimates)} waveforms for {len(X)} trials; one "
            "per trial is expected"
        )
    predictions = []
    for index, (trial, reference, estimate) in enumerate(zip(X, y, estimates)):
        where = f"trials[{index}]{trial_label(trial)}"
        estimate = check_estimate(trial, reference, estimate, where)
        predictions.append((trial, reference, estimate, where))
    return predictions


def _predict_true(estimator: Any, X: list[Trial], y: list[Reference]) -> Any:
    """Separate the instruments that are attended, as the references tell."""
    estimator = getattr(estimator, "best_estimator_", estimator)
    if isinstance(estimator, Pipeline):
        for _, step in estimator.steps[:-1]:
            if step is not None and step != "passthrough":
                X = step.transform(X)
        estimator = estimator[-1]
    if "attended" not in signature(estimator.predict).parameters:
        raise ValueError(
            f"choice: {type(estimator).__name__}.predict can't be told which "
            "instrument is attended; choice='decoded' is all it offers"
        )
    check_trials(X, y, require_instruments=True)
    names = [trial.instruments[truth.attended] for trial, truth in zip(X, y)]
    return estimator.predict(X, attended=names)
