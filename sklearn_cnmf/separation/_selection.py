"""Which of several candidates a guide supports, and how likely each is."""

import numpy as np
from numpy.typing import ArrayLike

from .._typing import MaybeNone
from .._validation import as_signals, check_number, trial_label
from ..signals import (
    band_pass,
    choice_probabilities,
    feature_function,
    fisher_z,
    informative_seconds,
    pearson_r,
    probabilities_over_time,
    standardize,
)
from ..signals._features import compute_feature
from ..trial import Trial, check_trials

# How much of the evidence for a source that for its separated share is, which leaks.
# Mean log loss over windows of 5, 10, 20 and 30 s for 1, 0.9, 0.8, 0.7: eight simulated
# listeners 0.491 0.489 0.489 0.490; five real ones with stems of music 0.481 0.477
# 0.474 0.473, where it is much the same for the sources themselves.
SEPARATED = 0.9
# Rows of a guide that follow the level of what it is a copy of, rather than its rises.
_LEVEL_ROWS = {"envelope_onset": slice(0, 1)}
# Seconds of a window in which a choice is made.
_CHOICE_RANGE = 1.0, 3600.0


def check_choice_window(name: str, window: float) -> None:
    """Refuse a window that can't hold evidence, in seconds."""
    check_number(name, window)
    if not _CHOICE_RANGE[0] <= window <= _CHOICE_RANGE[1]:
        raise ValueError(
            f"{name}: expected {_CHOICE_RANGE[0]:g} to {_CHOICE_RANGE[1]:g} s, got "
            f"{window!r}"
        )


def check_weighted(trial: Trial, where: str) -> None:
    """Refuse a trial whose guide doesn't say how far to trust it."""
    if trial.guide_weights is None:
        raise ValueError(
            f"{where}: guide_weights is None, and without them nothing says how likely "
            "a choice is; EnvelopeDecoder.fit learns them"
        )


def check_reach(window: float, trial: Trial, where: str) -> None:
    """Refuse a trial that is shorter than a window."""
    n_frames = trial.guide.shape[1]
    if n_frames < round(window * trial.guide_sfreq):
        raise ValueError(
            f"{where}: lasts {n_frames / trial.guide_sfreq:g} s; it is shorter than "
            f"the window of {window:g} s"
        )


def guide_support(guide: ArrayLike, envelopes: ArrayLike) -> np.ndarray:
    """Pearson correlation of a guide with each candidate's envelope.

    Parameters
    ----------
    guide : array-like of shape (n_guides, n_times)
        Signed guide.
    envelopes : array-like of shape (n_candidates, n_times)
        Envelope of each candidate at the same times.

    Returns
    -------
    support : ndarray of shape (n_candidates,)
        Correlation averaged over the rows of the guide, from -1 to 1. A constant
        row or a silent candidate has zero.

    Raises
    ------
    ValueError
        If an array is not 2-D and finite, or their lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.separation import guide_support
    >>> guide_support(np.array([[0, 1, 2]]), np.array([[1, 2, 3], [2, 1, 0]]))
    array([ 1., -1.])
    """
    guide = as_signals("guide", guide, (2,))
    envelopes = as_signals("envelopes", envelopes, (2,))
    if guide.shape[1] != envelopes.shape[1]:
        raise ValueError(
            f"envelopes: expected {guide.shape[1]} times as in guide, got "
            f"{envelopes.shape[1]}"
        )
    return np.mean(standardize(guide.T).T @ standardize(envelopes.T), axis=0)


def candidate_features(
    waveforms: np.ndarray | list[np.ndarray], trial: Trial
) -> list[np.ndarray]:
    """Of each candidate the feature that a trial's guide is a copy of.

    Parameters
    ----------
    waveforms : ndarray or list of ndarray, each shaped like the mixture
        The candidates.
    trial : Trial
        Its guide says which feature it is a copy of, and in which band.

    Returns
    -------
    features : list of ndarray of shape (n_guides, n_frames)
        At the times and in the band of the guide.

    Raises
    ------
    ValueError
        If the feature has another number of rows than the guide.
    """
    n_guides, n_frames = trial.guide.shape
    times = np.arange(n_frames) / trial.guide_sfreq
    # One row is compared with whatever it is a copy of; bands are as many as rows.
    feature = feature_function(trial.guide_feature or "envelope", n_guides)
    found = []
    for waveform in waveforms:
        where = f"trial{trial_label(trial)}: guide_feature"
        values = compute_feature(feature, waveform, trial.audio_sfreq, times, where)
        if trial.guide_feature is None and n_guides > 1:
            values = np.repeat(values, n_guides, axis=0)
        if values.shape != trial.guide.shape:
            raise ValueError(
                f"{where}: gives shape {values.shape} for a guide of shape "
                f"{trial.guide.shape}"
            )
        if trial.guide_band is not None:
            l_freq, h_freq = trial.guide_band
            values = band_pass(
                values,
                trial.guide_sfreq,
                l_freq=l_freq,
                h_freq=h_freq,
                phase=trial.guide_phase,
            )
        found.append(values)
    return found


def candidate_correlations(features: list[np.ndarray], trial: Trial) -> np.ndarray:
    """Correlate each row of a trial's guide with that of candidates.

    Parameters
    ----------
    features : list of ndarray of shape (n_guides, n_frames)
        As from :func:`candidate_features`.
    trial : Trial
        With a guide.

    Returns
    -------
    r : ndarray of shape (n_candidates, n_guides)
        Pearson correlations; zero for a constant row or a silent candidate.
    """
    return np.array([pearson_r(values.T, trial.guide.T) for values in features])


def course_of_candidates(
    features: list[np.ndarray], trial: Trial, window: float
) -> np.ndarray:
    """Probability of each candidate around each time.

    Parameters
    ----------
    features : list of ndarray of shape (n_guides, n_frames)
        As from :func:`candidate_features`.
    trial : Trial
        With a guide and its weights.
    window : float
        Length of the sliding window in seconds.

    Returns
    -------
    probabilities : ndarray of shape (n_frames, n_candidates)
        At the times of the guide, from the window around each, which is moved inside
        at the ends.
    """
    return probabilities_over_time(
        [trial.guide.T] * len(features),
        [values.T for values in features],
        SEPARATED * trial.guide_weights,
        n_window=round(window * trial.guide_sfreq),
        sfreq=trial.guide_sfreq,
    )


def support_and_probabilities(
    correlations: np.ndarray, trial: Trial
) -> tuple[np.ndarray, np.ndarray | MaybeNone]:
    """Sum up the rows of a guide.

    Parameters
    ----------
    correlations : ndarray of shape (n_candidates, n_guides)
        As from :func:`candidate_correlations`.
    trial : Trial
        With the weights of its guide, if they are known.

    Returns
    -------
    support : ndarray of shape (n_candidates,)
        Mean over the rows of Fisher's z, weighted like the probabilities; without
        weights, mean of the correlations.
    probabilities : ndarray of shape (n_candidates,) or None
        None without weights.
    """
    if trial.guide_weights is None:
        return correlations.mean(axis=1), None
    weights, z = trial.guide_weights, fisher_z(correlations)
    support = z @ weights / max(np.abs(weights).sum(), np.finfo(float).tiny)
    seconds = informative_seconds(
        trial.guide.shape[1] / trial.guide_sfreq, trial.guide_band
    )
    return support, choice_probabilities(z, SEPARATED * weights, seconds)


def weigh_candidates(
    candidates: np.ndarray | list[np.ndarray], probabilities: np.ndarray
) -> np.ndarray:
    """Mean of candidates by how likely each is, the soft choice.

    Parameters
    ----------
    candidates : ndarray or list of ndarray of shape (n_candidates, ...)
        Waveforms of one dtype, which is kept.
    probabilities : ndarray of shape (n_candidates,)
        They sum to one.

    Returns
    -------
    waveform : ndarray shaped like a candidate
    """
    shares = probabilities.astype(candidates[0].dtype)
    # Without products as long as the audio.
    return np.einsum("i,i...->...", shares, candidates)


def candidate_probabilities(
    candidates: ArrayLike, trial: Trial, *, window: float | None = None
) -> np.ndarray:
    """Probability of each of given separated sources to be the attended one.

    What :meth:`~sklearn_cnmf.ContrastiveNMF.predict_proba` says of its own candidates,
    for those of any other separator.

    Parameters
    ----------
    candidates : array-like of shape (n_candidates, ...)
        Separated waveforms, each shaped like the mixture.
    trial : Trial
        With a guide and its weights, as from
        :meth:`~sklearn_cnmf.EnvelopeDecoder.transform`.
    window : float, default=None
        Length in seconds of a sliding window; the whole trial if None.

    Returns
    -------
    probabilities : ndarray of shape ([n_frames,] n_candidates)
        They sum to one. With a window, at each frame of the guide. See
        :func:`~sklearn_cnmf.signals.choice_probabilities`; of the evidence nine tenths
        count, since separated sources leak.

    Raises
    ------
    ValueError
        If a candidate is not shaped like the mixture or not finite, the trial has no
        guide or no weights, or is shorter than the window.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Trial
    >>> from sklearn_cnmf.separation import candidate_probabilities
    >>> rng = np.random.default_rng(0)
    >>> sources = np.repeat(rng.random((2, 80)), 800, axis=1)
    >>> sources *= rng.standard_normal(sources.shape)
    >>> trial = Trial(np.zeros((1, 512)), 64.0, sources.sum(axis=0), 8000.0,
    ...               guide=np.repeat(sources[:1, ::800] ** 2, 6, axis=1)[:, :480],
    ...               guide_sfreq=60.0, guide_weights=np.array([1.0]))
    >>> candidate_probabilities(sources, trial).round(1)
    array([0.9, 0.1])
    """
    check_trials([trial], require_guide=True)
    check_weighted(trial, "trial")
    candidates = as_signals("candidates", candidates, (2, 3))
    if candidates.shape[1:] != trial.mixture.shape:
        raise ValueError(
            f"candidates: expected waveforms of shape {trial.mixture.shape} as the "
            f"mixture, got {candidates.shape[1:]}"
        )
    features = candidate_features(candidates, trial)
    if window is not None:
        check_choice_window("window", window)
        check_reach(window, trial, "trial")
        return course_of_candidates(features, trial, window)
    correlations = candidate_correlations(features, trial)
    return support_and_probabilities(correlations, trial)[1]


def level_rows(trial: Trial) -> np.ndarray:
    """Rows of a trial's guide that a contrast can follow, (n_rows, n_frames)."""
    feature = trial.guide_feature
    rows = _LEVEL_ROWS.get(feature) if isinstance(feature, str) else None
    return trial.guide if rows is None else trial.guide[rows]
