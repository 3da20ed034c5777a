"""What each method makes of the trials of one mixture."""

from typing import Any

import numpy as np

from ...separation._selection import candidate_features
from ...signals import pearson_r
from ._baselines import add_baselines
from ._controls import guided_by, with_eeg
from ._methods import ESTIMATOR, OF_CANDIDATES, OF_EEG, OF_GUIDES, split_steps
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
    found = [({}, {}) for _ in heard]
    if separator is None:
        _let_predict(fitted, heard, methods, found)
        decoded = [None] * len(heard)
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
    """Outcomes of the estimator and of its controls, and the decoded trials.

    All of them are separated at a time, so that the mixture is factorised once.
    """
    variants = []
    decoded = []
    for one, own in zip(heard, found):
        trial = attempt(own, ESTIMATOR, _decode, steps, one.trial)
        decoded.append(trial)
        if trial is None:
            continue
        variants.append((one, own, ESTIMATOR, trial))
        for method in OF_GUIDES:
            if method in methods:
                guided = attempt(own, method, guided_by, trial, one, method)
                variants.append((one, own, method, guided))
        for method in OF_EEG:
            if method in methods:
                changed = attempt(own, method, with_eeg, one, method)
                if changed is not None:
                    changed = attempt(own, method, _decode, steps, changed)
                variants.append((one, own, method, changed))
    variants = [variant for variant in variants if variant[-1] is not None]
    for variant, separation in zip(variants, _separated(separator, variants)):
        one, own, method, trial = variant
        if separation is None:
            continue
        attempt(own, method, _outcome_of, separation, trial, one)
        if method != ESTIMATOR:
            continue
        for name in OF_CANDIDATES:
            if name in methods:
                attempt(own, name, _candidate_of, separation, one, name)
    return decoded


def _decode(steps, trial):
    for step in steps:
        (trial,) = step.transform([trial])
    return trial


def _separated(separator, variants):
    """Separate all, or one after another where that fails, None for those that do."""
    trials = [trial for *_, trial in variants]
    try:
        return separator.separate(trials) if trials else []
    except (MemoryError, OSError):
        raise
    except Exception:  # each is tried alone, and what fails then is noted
        return [
            attempt(own, method, lambda t: separator.separate([t])[0], trial)
            for _, own, method, trial in variants
        ]


def _guide_r(trial, one):
    (truth,) = candidate_features(
        [one.reference.sources[one.reference.attended]], trial
    )
    return float(pearson_r(truth[:1].T, trial.guide[:1].T)[0])


def _outcome_of(separation, trial, one):
    outcome = Outcome(separation.attended, guide_r=_guide_r(trial, one))
    if separation.support is None:
        return outcome
    return outcome._replace(
        **_choice(separation.chosen, one, separation.instruments, separation)
    )


def _choice(chosen, one, names, separation):
    p = separation.probabilities
    fields = {"chosen": chosen, "right": chosen == one.attended}
    if p is not None:
        fields["p_chosen"] = float(p[names.index(chosen)])
        fields["p_attended"] = float(p[one.reference.attended])
        fields["probabilities"] = tuple(p.tolist())
    return fields


def _candidate_of(separation, one, method):
    """One of the estimator's candidates."""
    names, attended = separation.instruments, one.reference.attended
    if method == "known-choice":
        return Outcome(separation.candidates[attended])
    if method in ("hard", "soft"):
        choice = _choice(separation.chosen, one, names, separation)
        waveform = separation.candidates[names.index(separation.chosen)]
        p = separation.probabilities
        if method == "soft" and p is not None:
            shares = p.astype(waveform.dtype)
            waveform = np.tensordot(shares, separation.candidates, axes=1)
        return Outcome(waveform, **choice)
    index = int(one.generator(method).integers(len(names)))
    even = 1 / len(names)
    return Outcome(
        separation.candidates[index],
        names[index],
        index == attended,
        even,
        even,
        (even,) * len(names),
    )
