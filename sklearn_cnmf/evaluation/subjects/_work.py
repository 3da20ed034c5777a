"""One unit of an evaluation: a model is fitted and tested on trials left out."""

import json
import time
import warnings
from typing import Any, NamedTuple

import joblib
import numpy as np
import sklearn
from sklearn.base import clone
from threadpoolctl import threadpool_limits

from ..._threads import one_thread
from ..._validation import trial_label
from ...metrics._trial_scores import METRICS, check_estimate, score_estimates
from ...separation._per_mixture import trials_by_mixture
from ...signals import audio_envelope, band_pass, pearson_r
from ...trial import Reference, Trial
from ._methods import WITHOUT_ARTIFACTS
from ._outcome import Heard, Outcome, attempt
from ._outcomes import outcomes_of_mixture

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]  # stands for a module

# What tells how alike sources are: envelopes at this rate and in this band, in Hz.
_ENVELOPE_SFREQ, _ENVELOPE_BAND = 64.0, (1.0, 8.0)
# Trials of a mixture that are separated at a time: each brings its candidates, for the
# estimator and for each control.
_MOST_AT_ONCE = 8
# Name under which an error is noted that leaves nothing of a trial.
WHOLE_TRIAL = ""


class UnitFailed(Exception):
    """A unit could not be worked on, for reasons that may pass."""


class Task(NamedTuple):
    """All that a worker gets."""

    estimator: Any
    train: list[Trial]
    train_references: list[Reference]
    heard: list[Heard]
    methods: tuple[str, ...]
    metrics: tuple[str, ...]
    candidates: Any
    config: dict[str, Any]


def work(task: Task) -> dict[str, Any]:
    """Fit a model, let all methods separate what was left out, and score them.

    Parameters
    ----------
    task : Task
        What to do.

    Returns
    -------
    content : dict
        Can be written as JSON. "trials" has for each trial its "outcomes" by method
        (`chosen` and values by metric), its "errors" by method, and "alike", how well
        the envelopes of the attended source and of the most similar other one
        correlate; "parameters" are those that a search chose, "warnings" a list of
        kind, message and count; "n_train", "seconds" and "peak_mib" (of the process).

    Raises
    ------
    UnitFailed
        If files can't be read or memory is short: what then fails is not the trial's
        fault, and may go well another time.
    """
    try:
        return _work(task)
    except (MemoryError, OSError) as error:
        raise UnitFailed(f"{type(error).__name__}: {error}") from error


def _work(task):
    start = time.monotonic()
    results = [{"outcomes": {}, "errors": {}, "alike": np.nan} for _ in task.heard]
    with (
        warnings.catch_warnings(record=True) as caught,
        sklearn.config_context(**task.config),
        joblib.parallel_config(backend="sequential"),
        threadpool_limits(1, user_api="openmp"),
        one_thread(),
    ):
        warnings.simplefilter("always")
        parameters, fit_seconds = "", 0.0
        try:
            fitted = clone(task.estimator).fit(task.train, task.train_references)
            _check_search(fitted)
        except (MemoryError, OSError):
            raise
        except Exception as error:
            message = f"fit: {type(error).__name__}: {error}"
            for result in results:
                result["errors"][WHOLE_TRIAL] = message
        else:
            parameters = _chosen_parameters(fitted)
            fit_seconds = time.monotonic() - start
            for group in _by_mixture(task.heard):
                own = [task.heard[i] for i in group]
                found = outcomes_of_mixture(fitted, own, task.methods, task.candidates)
                for index, one, (outcomes, errors) in zip(group, own, found):
                    _note_missing(task.methods, outcomes, errors)
                    outcomes = {m: outcomes[m] for m in task.methods if m in outcomes}
                    results[index] = _scored(one, outcomes, errors, task.metrics)
    return {
        "trials": results,
        "parameters": parameters,
        "warnings": _counted(caught),
        "n_train": len(task.train),
        "fit_seconds": fit_seconds,
        "seconds": time.monotonic() - start,
        "peak_mib": _peak(),
    }


def _check_search(fitted):
    """Refuse a search that had nothing to choose by."""
    best = getattr(fitted, "best_score_", None)
    if best is not None and not np.isfinite(best):
        raise ValueError(
            f"the search chose {fitted.best_params_} by a score of {best}, since its "
            "scorer failed; error_score='raise' tells why"
        )


def _by_mixture(heard):
    """Collect the indices of trials that share a mixture, a few at a time."""
    return [
        group[start : start + _MOST_AT_ONCE]
        for group in trials_by_mixture([one.trial for one in heard])
        for start in range(0, len(group), _MOST_AT_ONCE)
    ]


def _note_missing(methods, outcomes, errors):
    """Note each method that has neither an outcome nor an error of its own."""
    reason = f"needs what failed: {', '.join(sorted(errors))}"
    for method in methods:
        if method not in outcomes and method not in errors:
            errors[method] = reason


def _scored(one, outcomes, errors, metrics):
    where = f"trial{trial_label(one.trial)}"
    checked = {}
    for method, outcome in outcomes.items():
        estimate = attempt(
            ({}, errors),
            method,
            check_estimate,
            one.trial,
            one.reference,
            outcome.waveform,
            where,
        )
        if estimate is not None:
            checked[method] = estimate
    wanted = {name.removesuffix("_improvement") for name in metrics} & set(METRICS)
    scores = attempt(
        ({}, errors),
        WHOLE_TRIAL,
        score_estimates,
        one.trial,
        one.reference,
        list(checked.values()),
        wanted,
    )
    found = {}
    for (method, _), levels in zip(checked.items(), scores or ()):
        outcome = outcomes[method]
        values = {
            name: float(levels[name])
            for name in metrics
            if not (name == "sar" and method in WITHOUT_ARTIFACTS)
        }
        values["closest"] = float(levels["closest"] == one.reference.attended)
        values |= _values_of_choice(outcome)
        found[method] = {
            "chosen": outcome.chosen,
            "probabilities": list(outcome.probabilities),
            "values": values,
        }
    alike = attempt(({}, errors), "alike", _alike, one)
    return {
        "outcomes": found,
        "errors": errors,
        "alike": np.nan if alike is None else alike,
    }


def _values_of_choice(outcome: Outcome) -> dict[str, float]:
    values = {
        "chance": outcome.chance,
        "p_chosen": outcome.p_chosen,
        "p_attended": outcome.p_attended,
        "guide_r": outcome.guide_r,
    }
    values = {name: float(v) for name, v in values.items() if not np.isnan(v)}
    if outcome.right is not None:
        values["correct"] = float(outcome.right)
    return values


def _alike(one):
    """Correlation of the attended source's envelope with the most similar other."""
    trial, sources = one.trial, one.reference.sources
    duration = trial.mixture.shape[-1] / trial.audio_sfreq
    times = np.arange(max(2, round(duration * _ENVELOPE_SFREQ))) / _ENVELOPE_SFREQ
    l_freq, h_freq = _ENVELOPE_BAND
    envelopes = [
        band_pass(
            audio_envelope(source, trial.audio_sfreq, times),
            _ENVELOPE_SFREQ,
            l_freq=l_freq,
            h_freq=h_freq,
        )
        for source in sources
    ]
    attended = one.reference.attended
    others = [e for i, e in enumerate(envelopes) if i != attended]
    if not others:
        return np.nan
    return max(float(pearson_r(o.T, envelopes[attended].T)[0]) for o in others)


def _chosen_parameters(fitted):
    """Tell what a search chose, as JSON; empty of another estimator."""
    chosen = getattr(fitted, "best_params_", None)
    if chosen is None:
        return ""
    return json.dumps(chosen, sort_keys=True, default=_told)


def _told(value):
    return value.item() if isinstance(value, np.generic) else repr(value)


def _counted(caught):
    """Warnings by kind and message, with how often each was given."""
    counts = {}
    for warning in caught:
        key = warning.category.__name__, " ".join(str(warning.message).split())
        counts[key] = counts.get(key, 0) + 1
    return [
        {"kind": kind, "message": message, "count": count}
        for (kind, message), count in counts.items()
    ]


def _peak():
    """Largest memory of this process until now in MiB, NaN where it can't be told."""
    if resource is None:
        return np.nan
    import sys

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
