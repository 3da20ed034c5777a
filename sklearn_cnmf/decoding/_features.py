"""What an audio signal does over time, at any times and without drift."""

from functools import partial

import numpy as np

from ._spectral import mel_bands


def audio_envelope(audio, sfreq, times, *, power=0.6):
    """Broadband envelope, compressed by a power law.

    The root mean square over a window of one frame period, centred at each time
    and cut at the ends of the audio, raised to `power`. It is read from the
    cumulative energy at the exact times of the window's ends, so that it does
    not drift, whatever the two rates.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Audio, its first sample at time zero. The power of channels is summed.
    sfreq : float
        Sampling rate of the audio in Hz.
    times : ndarray of shape (n_frames,)
        Equally spaced times of the frames in seconds, at least two.
    power : float, default=0.6
        Exponent of the root mean square; 0.6 follows perceived loudness [1]_.

    Returns
    -------
    envelope : ndarray of shape (1, n_frames)
        The compressed envelope; zero in silence and beyond the audio.

    Raises
    ------
    ValueError
        If `audio` is not 1-D or 2-D and finite, `times` not equally spaced, or
        `sfreq` or `power` not positive.

    References
    ----------
    .. [1] Biesmans, W., Das, N., Francart, T., & Bertrand, A. (2017).
       Auditory-inspired speech envelope extraction methods for improved EEG-based
       auditory attention detection in a cocktail party scenario. IEEE Transactions
       on Neural Systems and Rehabilitation Engineering, 25(5), 402-412.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding import audio_envelope
    >>> audio = np.repeat([0.0, 1.0], 500)
    >>> audio_envelope(audio, 1000.0, np.arange(4) / 4).round(2)
    array([[0.  , 0.  , 0.81, 1.  ]])
    """
    audio = np.asarray(audio)
    times = np.asarray(times, dtype=np.float64)
    _check(audio, sfreq, times, power)
    energy = np.square(np.atleast_2d(audio), dtype=np.float64).sum(axis=0)
    cumulative = np.concatenate([[0.0], np.cumsum(energy)])
    # Sample n stands for the span of one sample around n / sfreq.
    borders = (np.arange(len(cumulative)) - 0.5) / sfreq
    period = (times[-1] - times[0]) / (len(times) - 1)
    start = np.clip(times - period / 2, borders[0], borders[-1])
    stop = np.clip(times + period / 2, borders[0], borders[-1])
    gained = np.interp(stop, borders, cumulative) - np.interp(
        start, borders, cumulative
    )
    n_samples = (stop - start) * sfreq
    mean = np.maximum(gained, 0) / np.where(n_samples > 0, n_samples, 1.0)
    return mean[None] ** (power / 2)


def onsets(values):
    """How fast each feature rises, zero where it falls.

    Parameters
    ----------
    values : ndarray of shape (n_outputs, n_frames)
        Feature over time, at least two frames.

    Returns
    -------
    onsets : ndarray of shape (n_outputs, n_frames)
        Central differences, which do not delay, and their negative part cut off.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding._features import onsets
    >>> onsets(np.array([[0.0, 0.0, 2.0, 2.0, 0.0]]))
    array([[0., 1., 1., 0., 0.]])
    """
    return np.maximum(np.gradient(values, axis=1), 0.0)


def _onset(audio, sfreq, times):
    return onsets(audio_envelope(audio, sfreq, times))


def _envelope_onset(audio, sfreq, times):
    envelope = audio_envelope(audio, sfreq, times)
    return np.vstack([envelope, onsets(envelope)])


def _mel_onset(audio, sfreq, times, *, n_bands):
    return onsets(mel_bands(audio, sfreq, times, n_bands=n_bands))


# "activations" is learned, see `_activations`.
FEATURES = (
    "envelope",
    "onset",
    "envelope_onset",
    "mel",
    "mel_onset",
    "activations",
)


def feature_function(feature, n_bands):
    """Resolve the name of a feature that needs no learning.

    Parameters
    ----------
    feature : {"envelope", "onset", "envelope_onset", "mel", "mel_onset"} or callable
        Name or function.
    n_bands : int
        Number of mel bands.

    Returns
    -------
    function : callable
        Takes (audio, sfreq, times).
    """
    if callable(feature):
        return feature
    return {
        "envelope": audio_envelope,
        "onset": _onset,
        "envelope_onset": _envelope_onset,
        "mel": partial(mel_bands, n_bands=n_bands),
        "mel_onset": partial(_mel_onset, n_bands=n_bands),
    }[feature]


def cached(function, memory):
    """Cache a resolved feature, unless it is computed faster than found.

    Parameters
    ----------
    function : callable
        What `feature_function` or `learn_spectra` returned.
    memory : joblib.Memory
        Where to keep what it returns.

    Returns
    -------
    function : callable
        The same with a cache.
    """
    if not isinstance(function, partial):
        return function
    return partial(memory.cache(function.func), *function.args, **function.keywords)


def compute_feature(feature, audio, sfreq, times, where):
    """Feature of an audio signal, checked.

    Parameters
    ----------
    feature : callable
        A function of (audio, sfreq, times).
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Audio, its first sample at time zero.
    sfreq : float
        Sampling rate of the audio in Hz.
    times : ndarray of shape (n_frames,)
        Equally spaced times of the frames in seconds.
    where : str
        What to call the audio in an error.

    Returns
    -------
    values : ndarray of shape (n_outputs, n_frames), float64
        The feature.

    Raises
    ------
    ValueError
        If a function returns another shape, or something that is not finite.
    """
    values = np.asarray(feature(audio, sfreq, times))
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


def _check(audio, sfreq, times, power):
    if audio.ndim not in (1, 2) or audio.size == 0 or audio.dtype.kind not in "fiu":
        raise ValueError(
            f"audio: expected real numbers of shape (n_samples,) or (n_audio_channels, "
            f"n_samples), got {audio.dtype} of shape {audio.shape}"
        )
    if not np.isfinite(audio).all():
        raise ValueError("audio: found NaN or infinite values")
    for name, value in (("sfreq", sfreq), ("power", power)):
        if not (np.isfinite(value) and value > 0):
            raise ValueError(f"{name}: expected a positive number, got {value!r}")
    if times.ndim != 1 or len(times) < 2:
        raise ValueError(
            f"times: expected at least two in one dimension, got shape {times.shape}"
        )
    steps = np.diff(times)
    if not (steps > 0).all() or np.ptp(steps) > 1e-3 * steps[0]:
        raise ValueError("times: expected equally spaced, rising times in seconds")
