"""Which of several candidates a guide supports, and how likely each is."""

import numpy as np
from numpy.typing import ArrayLike

from .._validation import as_signals
from ..signals import (
    band_pass,
    choice_probabilities,
    feature_function,
    fisher_z,
    informative_seconds,
    pearson_r,
    sliding_pearson_r,
    standardize,
)
from ..trial import Trial

# Rows of a guide that follow the level of what it is a copy of, rather than its rises.
_LEVEL_ROWS = {"envelope_onset": slice(0, 1)}


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


def candidate_features(waveforms: list[np.ndarray], trial: Trial) -> list[np.ndarray]:
    """Of each candidate the feature that a trial's guide is a copy of.

    Parameters
    ----------
    waveforms : list of ndarray, shaped like the mixture
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
        values = np.asarray(feature(waveform, trial.audio_sfreq, times), np.float64)
        if trial.guide_feature is None and n_guides > 1:
            values = np.repeat(values, n_guides, axis=0)
        if values.shape != trial.guide.shape:
            raise ValueError(
                f"guide_feature: gives shape {values.shape} for a guide of shape "
                f"{trial.guide.shape}"
            )
        if trial.guide_band is not None:
            l_freq, h_freq = trial.guide_band
            values = band_pass(values, trial.guide_sfreq, l_freq=l_freq, h_freq=h_freq)
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


def probabilities_over_time(
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
    n_window = round(window * trial.guide_sfreq)
    guide = trial.guide.T
    r = [sliding_pearson_r(values.T, guide, n_window) for values in features]
    z = fisher_z(np.stack(r, axis=1))
    return choice_probabilities(z, trial.guide_weights, n_window / trial.guide_sfreq)


def support_and_probabilities(
    correlations: np.ndarray, trial: Trial
) -> tuple[np.ndarray, np.ndarray | None]:
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
    return support, choice_probabilities(z, weights, seconds)


def level_rows(trial: Trial) -> np.ndarray:
    """Rows of a trial's guide that a contrast can follow, (n_rows, n_frames)."""
    named = isinstance(trial.guide_feature, str)
    rows = _LEVEL_ROWS.get(trial.guide_feature) if named else None
    return trial.guide if rows is None else trial.guide[rows]
