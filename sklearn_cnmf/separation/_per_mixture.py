"""Trials of one mixture, which is factorised once for all who listened to it."""

from dataclasses import replace
from typing import Any

import joblib
import numpy as np

from .._threads import one_thread
from ..trial import Trial
from ._mixture import Separation, Settings


def trials_by_mixture(trials: list[Trial]) -> list[list[int]]:
    """Collect the indices of trials that share mixture and instruments, in order."""
    groups: dict[tuple, list[int]] = {}
    for index, trial in enumerate(trials):
        digest = joblib.hash(np.ascontiguousarray(trial.mixture))
        key = digest, trial.audio_sfreq, trial.instruments
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def separate_mixture(
    model: Any,
    trials: list[Trial],
    given: list[int | None],
    settings: Settings,
    candidates: bool = True,
) -> list[Separation]:
    """Separate trials of one mixture.

    Parameters
    ----------
    model : LearnedSpectra, HarmonicVoices, OwnSpectra or GuidedStart
        What `fit` left behind.
    trials : list of Trial
        Trials that differ in their guides alone.
    given : list of int or None
        The attended instrument of each, where it is known.
    settings : Settings
        Parameters of the separation.
    candidates : bool, default=True
        Whether to return the candidates too, which are as many waveforms as there are
        instruments.

    Returns
    -------
    separations : list of Separation
    """
    if not trials[0].mixture.any():
        return [_silence(trial, model, settings) for trial in trials]
    with one_thread():
        explanation = model.explain(trials[0], settings)
        found = []
        for trial, attended in zip(trials, given):
            separation = model.separate(trial, explanation, settings, attended)
            if not candidates:
                separation = replace(separation, candidates=None)
            found.append(separation)
        return found


def _silence(trial, model, settings):
    silence = np.zeros_like(trial.mixture)
    if not model.has_candidates:
        return Separation(silence, None, None, None, True)
    names = model.candidate_names(trial)
    even = course = None
    if trial.guide_weights is not None:
        even = np.full(len(names), 1 / len(names))
        if settings.choice_window is not None:
            course = np.tile(even, (trial.guide.shape[1], 1))
    candidates = np.stack([silence] * len(names))
    support = np.zeros(len(names))
    return Separation(silence, names, support, even, True, candidates, course)
