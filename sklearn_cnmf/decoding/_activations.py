"""Activations of spectra that are learned from the attended sources."""

from collections.abc import Callable
from functools import partial

import numpy as np
from sklearn.decomposition import NMF, non_negative_factorization

from .._validation import as_signals, check_number
from ..signals import spectrogram

# Frames to learn from are this far apart in seconds; neighbours are much alike.
_SPACING = 0.05
# More frames teach little more and take time.
_MOST_FRAMES = 3000
_MAX_ITER = 100
_N_UPDATES = 50


def learn_spectra(
    sources: list[tuple[np.ndarray, float]], n_components: int
) -> Callable:
    """Learn spectra of sources by Kullback-Leibler NMF.

    Parameters
    ----------
    sources : list of (ndarray, float)
        Audio of each source and its sampling rate in Hz, none silent.
    n_components : int
        Number of spectra.

    Returns
    -------
    feature : callable
        :func:`nmf_activations` with these spectra: takes (audio, sfreq, times).

    Raises
    ------
    ValueError
        If rates differ.
    """
    rates = sorted({float(sfreq) for _, sfreq in sources})
    if len(rates) > 1:
        raise ValueError(
            f"audio_sfreq: trials have the rates {rates} Hz, but spectra for "
            "feature='activations' are learned at one"
        )
    frames = []
    for audio, sfreq in sources:
        times = np.arange(0, audio.shape[-1] / sfreq, _SPACING)
        magnitudes = spectrogram(audio, sfreq, times)
        magnitudes = magnitudes[magnitudes.any(axis=1)]
        frames.append(magnitudes / magnitudes.mean())
    frames = np.concatenate(frames)
    frames = frames[:: -(-len(frames) // _MOST_FRAMES)]
    components = _nmf(n_components).fit(frames.astype(np.float32)).components_
    components = components.astype(np.float64)
    sums = components.sum(axis=1, keepdims=True)
    components = components / np.where(sums > 0, sums, 1.0)
    return partial(nmf_activations, components=components, components_sfreq=rates[0])


def nmf_activations(
    audio: np.ndarray,
    sfreq: float,
    times: np.ndarray,
    *,
    components: np.ndarray,
    components_sfreq: float,
) -> np.ndarray:
    """Activations of given spectra over time.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Audio, its first sample at time zero.
    sfreq : float
        Sampling rate of the audio in Hz.
    times : ndarray of shape (n_frames,)
        Times of the frames in seconds.
    components : ndarray of shape (n_components, n_bins)
        Spectra.
    components_sfreq : float
        Sampling rate of the audio they were learned from, in Hz.

    Returns
    -------
    activations : ndarray of shape (n_components, n_frames)
        The activations.

    Raises
    ------
    ValueError
        If the rates differ, or an argument is not as described.
    """
    check_number("components_sfreq", components_sfreq, above=0)
    if sfreq != components_sfreq:
        raise ValueError(
            f"audio_sfreq: {sfreq:g} Hz, but the spectra for feature='activations' "
            f"were learned at {components_sfreq:g} Hz"
        )
    components = as_signals("components", components, (2,)).astype(np.float64)
    magnitudes = spectrogram(audio, sfreq, times)
    if components.min() < 0 or components.shape[1] != magnitudes.shape[1]:
        raise ValueError(
            f"components: expected non-negative spectra of {magnitudes.shape[1]} bins, "
            f"got shape {components.shape} with a minimum of {components.min():g}"
        )
    largest = magnitudes.max()
    if largest == 0:
        return np.zeros((len(components), len(times)))
    magnitudes = magnitudes / largest
    # A convex problem; this many multiplicative updates bring it close enough.
    activations, _, _ = non_negative_factorization(
        magnitudes,
        H=components,
        n_components=len(components),
        update_H=False,
        solver="mu",
        beta_loss="kullback-leibler",
        tol=0.0,
        max_iter=_N_UPDATES,
    )
    return activations.T * largest


def _nmf(n_components):
    return NMF(
        n_components,
        solver="mu",
        beta_loss="kullback-leibler",
        init="nndsvda",
        tol=0.0,
        max_iter=_MAX_ITER,
        random_state=0,
    )
