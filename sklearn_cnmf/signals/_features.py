"""Features of audio by name."""

from collections.abc import Callable
from functools import partial
from typing import Any

from .._validation import check_callable
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
