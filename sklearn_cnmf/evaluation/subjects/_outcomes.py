"""What each method makes of the trials of one mixture."""

from typing import Any

import numpy as np

from ...trial import Trial
from ._baselines import add_baselines
from ._choices import Variant, add_choices, outcome_of, separated
from ._controls import guided_by, with_eeg
from ._methods import ESTIMATOR, OF_EEG, OF_GUIDES, split_steps
from ._outcome import Heard, Outcome, attempt


def outcomes_of_mixture(
    fitted: Any,
    heard: list[Heard],
    methods: tuple[str, ...],
    candidates: Any,
) -> list[tuple[dict[str, Outcome], dict[str, str]]]:
    """Let each method separate the trials of one mixture.

    Parameters
    ----------
    fitted : estimator
        The fitted estimator.
    heard : list of Heard
        Trials that share mixture and instruments.
    methods : tuple of str
        Names of methods, the estimator among them.
    candidates : object
        As in :func:`evaluate`.

    Returns
    -------
    found : list of (dict of str to Outcome, dict of str to str)
        Of each trial the outcomes of the methods, and the errors of those that failed.
    """
    steps, separator = split_steps(fitted)
    found: list[tuple[dict[str, Outcome], dict[str, str]]] = [({}, {}) for _ in heard]
    if separator is None:
        _let_predict(fitted, heard, methods, found)
        decoded: list[Trial | None] = [None] * len(heard)
    else:
        decoded = _let_separate(steps, separator, heard, methods, found)
    add_baselines(separator, heard, decoded, methods, candidates, found)
    return found


def _let_predict(fitted, heard, methods, found):
    """Outcomes of an estimator that only predicts waveforms."""

    def predict(one, method):
        (waveform,) = fitted.predict([with_eeg(one, method)])
        return Outcome(np.asarray(waveform))

    for method in (ESTIMATOR, *OF_EEG):
        if method in methods:
            for one, own in zip(heard, found):
                attempt(own, method, predict, one, method)


def _let_separate(steps, separator, heard, methods, found):
    """Outcomes of the estimator and of what changes its input, and decoded trials.

    All trials are separated at a time, so that the mixture is factorised once.
    """
    decoded = [
        attempt(own, ESTIMATOR, _decode, steps, one.trial)
        for one, own in zip(heard, found)
    ]
    variants = []
    for one, own, trial in zip(heard, found, decoded):
        if trial is None:
            continue
        variants.append(Variant(one, own, ESTIMATOR, trial))
        for method in [name for name in OF_GUIDES if name in methods]:
            guided = attempt(own, method, guided_by, trial, one, method)
            variants.append(Variant(one, own, method, guided))
        for method in [name for name in OF_EEG if name in methods]:
            changed = attempt(own, method, with_eeg, one, method)
            if changed is not None:
                changed = attempt(own, method, _decode, steps, changed)
            variants.append(Variant(one, own, method, changed))
    variants = [variant for variant in variants if variant.trial is not None]
    separations = separated(separator, variants)
    for variant, separation in zip(variants, separations):
        if separation is not None:
            attempt(variant.found, variant.method, outcome_of, separation, variant)
    is_own = [variant.method == ESTIMATOR for variant in variants]
    add_choices(
        separator,
        [variant for variant, own in zip(variants, is_own) if own],
        [separation for separation, own in zip(separations, is_own) if own],
        methods,
    )
    return decoded


def _decode(steps, trial):
    for step in steps:
        (trial,) = step.transform([trial])
    return trial
