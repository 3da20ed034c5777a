"""What a separation with candidates gives back: the guide says which is attended."""

from collections.abc import Callable

import numpy as np

from ..trial import Trial
from ._mixture import Separation, Settings
from ._selection import (
    candidate_correlations,
    candidate_features,
    course_of_candidates,
    support_and_probabilities,
    weigh_candidates,
)


def choose(
    candidates: np.ndarray,
    names: tuple[str, ...],
    trial: Trial,
    settings: Settings,
    attended: int | None,
    contrasted: Callable[[int], tuple[np.ndarray, bool]],
    *,
    converged: bool,
    misfit: float | None = None,
    explained: float | None = None,
) -> Separation:
    """Let the guide say which candidate is attended.

    With a positive `delta` the contrast moves activations between the likeliest one and
    the others. A soft choice weighs the candidates by their probabilities, a hard one
    takes the likeliest; `attended` says which it is.

    Parameters
    ----------
    candidates : ndarray of shape (n_candidates, ...)
        Waveforms, each shaped like the mixture.
    names : tuple of str
        Of the candidates.
    trial : Trial
        With a guide.
    settings : Settings
        Parameters of the separation.
    attended : int or None
        The attended candidate, where it is known.
    contrasted : callable
        Takes the candidate that is to follow the guide, and returns its waveform with
        contrast and whether the factorisation had come to rest.
    converged, misfit, explained :
        As in :class:`Separation`.

    Returns
    -------
    separation : Separation
    """
    features = candidate_features(candidates, trial)
    correlations = candidate_correlations(features, trial)
    support, probabilities = support_and_probabilities(correlations, trial)
    best = int(np.argmax(support)) if attended is None else attended
    if settings.delta > 0:
        candidates = candidates.copy()
        candidates[best], converged = contrasted(best)
    course = None
    if settings.choice_window is not None:
        course = course_of_candidates(features, trial, settings.choice_window)
    waveform = candidates[best]
    soft = attended is None and settings.choice == "soft"
    if attended is None and course is not None:
        waveform = _follow(candidates, course, trial, settings.choice)
    elif soft and probabilities is not None:
        waveform = weigh_candidates(candidates, probabilities)
    return Separation(
        waveform,
        names,
        support,
        probabilities,
        converged,
        candidates,
        course,
        misfit,
        explained,
    )


def _follow(candidates, course, trial, choice):
    """Weigh candidates anew at each sample."""
    if choice == "hard":
        course = np.eye(course.shape[1])[np.argmax(course, axis=1)]
    frames = np.arange(len(course)) / trial.guide_sfreq
    samples = np.arange(candidates.shape[-1]) / trial.audio_sfreq
    waveform = np.zeros_like(candidates[0])
    for share, candidate in zip(course.T, candidates):
        waveform += candidate * np.interp(samples, frames, share).astype(waveform.dtype)
    return waveform
