"""Features of audio by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from .._validation import check_callable, read_only, refuse_masked
from ._envelope import audio_envelope, audio_onsets, envelope_and_onsets, mel_onsets
from ._spectrogram import mel_bands

# Those that need no learning.
FEATURES = ("envelope", "onset", "envelope_onset", "mel", "mel_onset")


def feature_function(feature: str | Callable, n_bands: int = 8) -> Callable:
    """Resolve the name of a feature.

    Parameters
    ----------
    feature : {"envelope", "onset", "envelope_onset", "mel", "mel_onset"} or callable
        Name or function.
    n_bands : int, default=8
        Number of mel bands.

    Returns
    -------
    function : callable
        Takes (audio, sfreq, times) and returns (n_outputs, n_frames).

    Raises
    ------
    ValueError
        If there is no such feature.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import feature_function
    >>> feature_function("envelope_onset")(np.ones(800), 800.0, np.arange(8) / 8).shape
    (2, 8)
    """
    check_callable("feature", feature, FEATURES)
    if callable(feature):
        return feature
    functions: dict[str, Callable[..., Any]] = {
        "envelope": audio_envelope,
        "onset": audio_onsets,
        "envelope_onset": envelope_and_onsets,
        "mel": partial(mel_bands, n_bands=n_bands),
        "mel_onset": partial(mel_onsets, n_bands=n_bands),
    }
    return functions[feature]


def compute_feature(
    feature: Callable,
    audio: np.ndarray,
    sfreq: float,
    times: np.ndarray,
    where: str,
) -> np.ndarray:
    """Feature of an audio signal, checked.

    Parameters
    ----------
    feature : callable
        A function of (audio, sfreq, times). It gets arrays that it can't write to.
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Audio, its first sample at time zero.
    sfreq : float
        Sampling rate of the audio in Hz.
    times : ndarray of shape (n_frames,)
        Equally spaced times of the frames in seconds.
    where : str
        What to call the audio, or its feature, in an error.

    Returns
    -------
    values : ndarray of shape (n_outputs, n_frames), float64
        The feature.

    Raises
    ------
    ValueError
        If a function returns another shape, or something that is not finite, or is
        masked.
    """
    found = feature(read_only(audio), sfreq, read_only(times))
    refuse_masked(f"{where}: feature returned", found)
    values = np.asarray(found)
    if values.ndim != 2 or values.shape[0] == 0 or values.shape[1] != len(times):
        raise ValueError(
            f"{where}: feature returned shape {values.shape}; (n_outputs, n_frames) "
            f"with n_frames={len(times)} is expected"
        )
    if values.dtype.kind not in "fiub" or not np.isfinite(values).all():
        raise ValueError(
            f"{where}: feature returned {values.dtype} with NaN or infinite values; "
            "finite real numbers are expected"
            if values.dtype.kind == "f"
            else f"{where}: feature returned {values.dtype}; real numbers are expected"
        )
    return values.astype(np.float64)
