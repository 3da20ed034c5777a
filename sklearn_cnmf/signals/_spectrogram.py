"""Spectra of audio at any times and without drift."""

import warnings
from functools import lru_cache

import numpy as np

from .._validation import check_audio, check_number, check_times, check_whole

# Seconds: long enough to part mel bands, short enough for note onsets.
WINDOW = 0.046
# Frames to transform at once, which bounds memory.
_CHUNK = 512
_HIGHEST = 8000.0


def spectrogram(
    audio: np.ndarray, sfreq: float, times: np.ndarray, *, window: float = WINDOW
) -> np.ndarray:
    """Magnitudes up to 8 kHz at given times.

    Windows are centred at the sample next to each time, so that the clock
    is exact to half an audio sample, whatever the rates.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Audio, its first sample at time zero. The power of channels is summed.
    sfreq : float
        Sampling rate of the audio in Hz.
    times : ndarray of shape (n_frames,)
        Times of the frames in seconds.
    window : float, default=0.046
        Length of the Hann windows in seconds.

    Returns
    -------
    magnitudes : ndarray of shape (n_frames, n_bins), float64
        Beyond the audio there is silence.

    Raises
    ------
    ValueError
        If `audio` is not 1-D or 2-D and finite, `times` not 1-D and finite, or
        `sfreq` or `window` not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import spectrogram
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(8000) / 8000)
    >>> magnitudes = spectrogram(tone, 8000.0, np.array([0.25, 0.5]))
    >>> magnitudes.shape, int(magnitudes[0].argmax())
    ((2, 185), 46)
    """
    channels = np.atleast_2d(check_audio(audio, sfreq))
    times = check_times(times, spaced=False)
    check_number("window", window, above=0)
    n_fft, n_bins = _sizes(sfreq, window)
    n_samples = channels.shape[1]
    starts = np.round(times * sfreq).astype(int)
    low, high = min(starts.min(), 0), max(starts.max() + 1, n_samples)
    before, after = n_fft // 2 - low, high - n_samples + n_fft
    taper = np.hanning(n_fft + 1)[:-1]
    power = np.zeros((len(starts), n_bins))
    for channel in channels:
        padded = np.pad(channel.astype(np.float64), (before, after))
        frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)
        for first in range(0, len(starts), _CHUNK):
            chosen = starts[first : first + _CHUNK] - low
            spectra = np.fft.rfft(frames[chosen] * taper)[:, :n_bins]
            power[first : first + _CHUNK] += np.abs(spectra) ** 2
    return np.sqrt(power)


def mel_bands(
    audio: np.ndarray,
    sfreq: float,
    times: np.ndarray,
    *,
    n_bands: int = 8,
    power: float = 0.6,
    window: float = WINDOW,
) -> np.ndarray:
    """Envelopes of mel bands up to 8 kHz, compressed by a power law.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Audio, its first sample at time zero. The power of channels is summed.
    sfreq : float
        Sampling rate of the audio in Hz.
    times : ndarray of shape (n_frames,)
        Times of the frames in seconds.
    n_bands : int, default=8
        Number of bands.
    power : float, default=0.6
        Exponent of the magnitude within a band.
    window : float, default=0.046
        Length of the Hann windows in seconds.

    Returns
    -------
    bands : ndarray of shape (n_bands, n_frames)
        The compressed bands, low frequencies first.

    Raises
    ------
    ValueError
        If there are too many bands for the windows, or an argument is not as
        described.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import mel_bands
    >>> audio = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    >>> bands = mel_bands(audio, 16000.0, np.arange(64) / 64, n_bands=6)
    >>> bands.shape, int(bands[:, 32].argmax())
    ((6, 64), 0)
    """
    check_whole("n_bands", n_bands)
    check_number("power", power, above=0)
    magnitudes = spectrogram(audio, sfreq, times, window=window)
    energy = magnitudes**2 @ _mel_weights(float(sfreq), n_bands, window).T
    return energy.T ** (power / 2)


def _sizes(sfreq, window):
    n_fft = 2 * max(round(window * sfreq / 2), 1)
    highest = min(_HIGHEST, sfreq / 2)
    return n_fft, int(highest / sfreq * n_fft) + 1


@lru_cache(maxsize=16)
def _mel_weights(sfreq, n_bands, window):
    import librosa

    n_fft, n_bins = _sizes(sfreq, window)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        weights = librosa.filters.mel(
            sr=sfreq,
            n_fft=n_fft,
            n_mels=n_bands,
            fmax=min(_HIGHEST, sfreq / 2),
            dtype=np.float64,
        )
    empty = np.flatnonzero(weights.max(axis=1) == 0)
    if len(empty):
        raise ValueError(
            f"n_bands: {n_bands} mel bands are too many for windows of "
            f"{1000 * window:g} ms: {len(empty)} of them, band {empty[0]} first, would "
            "be empty"
        )
    return weights[:, :n_bins] / weights.max()
