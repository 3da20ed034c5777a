"""Between waveforms and the magnitudes that are factorised."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from scipy.fft import next_fast_len

from .._validation import check_number
from .factorization import unit_columns

_OVERLAP = 4
# Samples of the shortest window.
SHORTEST = 8
# Shorter windows tell no partials apart, longer ones no notes (seconds).
_RANGE = 0.005, 2.0


def check_window(window: float) -> None:
    """Refuse a window that can't be meant in seconds."""
    check_number("window", window)
    if not _RANGE[0] <= window <= _RANGE[1]:
        raise ValueError(
            f"window: expected {_RANGE[0]:g} to {_RANGE[1]:g} s, got {window!r}; it is "
            "in seconds, not in samples or milliseconds"
        )


def stft_size(window: float, audio_sfreq: float) -> int:
    """Count the samples of a window: a multiple of four that is quick to transform.

    Parameters
    ----------
    window : float
        Length in seconds.
    audio_sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    n_fft : int
        At least eight; the hop is a quarter of it.
    """
    quarter = max(SHORTEST // _OVERLAP, round(window * audio_sfreq / _OVERLAP))
    return _OVERLAP * next_fast_len(quarter)


def hop_of(n_fft: int) -> int:
    """Count the samples from one frame to the next."""
    return n_fft // _OVERLAP


def audio_dtype(audio: np.ndarray) -> type:
    """Tell the dtype of what is computed: single or half precision become single."""
    single = audio.dtype.kind == "f" and audio.dtype.itemsize <= 4
    return np.float32 if single else np.float64


def spectra(
    audio: np.ndarray, n_fft: int, hop_length: int, part: slice | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Short-time Fourier transform and the magnitudes to factorise.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Waveform; float32 stays float32, all else is taken as float64.
    n_fft, hop_length : int
        Window and hop in samples. Frame m is centred at sample m * hop_length.
    part : slice, default=None
        From which sample to which, all if None. What lies around them is in the first
        and last windows too; around the audio is silence.

    Returns
    -------
    stft : ndarray of shape (n_frames, n_bins) or (n_audio_channels, n_frames, n_bins)
        Complex spectra.
    magnitudes : ndarray of shape (n_frames, n_bins)
        Root of the power summed over audio channels.
    """
    import librosa

    n_samples = audio.shape[-1]
    start, stop = (0, n_samples) if part is None else (part.start, part.stop)
    first, last = start - n_fft // 2, stop + n_fft // 2
    audio = audio[..., max(first, 0) : last].astype(audio_dtype(audio), copy=False)
    silence = max(-first, 0), max(last - n_samples, 0)
    audio = np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [silence])
    stft = librosa.stft(audio, n_fft=n_fft, hop_length=hop_length, center=False)
    stft = np.ascontiguousarray(np.swapaxes(stft, -1, -2))
    if stft.ndim == 2:
        return stft, np.abs(stft)
    return stft, np.sqrt(np.sum(np.abs(stft) ** 2, axis=0))


def mask_waveform(
    stft: np.ndarray, mask: np.ndarray, hop_length: int, n_samples: int
) -> np.ndarray:
    """Waveform of masked spectra.

    Parameters
    ----------
    stft : ndarray of shape (..., n_frames, n_bins)
        Complex spectra of the mixture.
    mask : ndarray of shape (n_frames, n_bins)
        Between 0 and 1.
    hop_length, n_samples : int
        Hop and length of the waveform in samples.

    Returns
    -------
    audio : ndarray of shape (..., n_samples)
    """
    import librosa

    return librosa.istft(
        np.swapaxes(stft * mask, -1, -2),
        n_fft=2 * (stft.shape[-1] - 1),
        hop_length=hop_length,
        length=n_samples,
    )


def attended_mask(attended: np.ndarray, rest: np.ndarray, power: float) -> np.ndarray:
    """Share of the attended part, each part raised to `power`.

    Parameters
    ----------
    attended, rest : ndarray of shape (n_frames, n_bins)
        Modelled magnitudes.
    power : float
        1 shares magnitudes, 2 shares powers as the Wiener filter does.

    Returns
    -------
    mask : ndarray of shape (n_frames, n_bins)
        One half where both parts are zero.
    """
    largest = np.maximum(attended, rest)
    scale = np.where(largest > 0, largest, 1)
    attended, rest = (attended / scale) ** power, (rest / scale) ** power
    total = attended + rest
    return np.where(total > 0, attended / np.where(total > 0, total, 1), 0.5).astype(
        largest.dtype, copy=False
    )


def masks_of(models: list[np.ndarray], power: float) -> Iterator[np.ndarray]:
    """Yield the mask of each modelled source against the sum of the others.

    Parameters
    ----------
    models : list of ndarray of shape (n_frames, n_bins)
        Modelled magnitudes.
    power : float
        As in :func:`attended_mask`.

    Yields
    ------
    mask : ndarray of shape (n_frames, n_bins)
    """
    for index, own in enumerate(models):
        rest: Any = sum(models[:index] + models[index + 1 :])
        yield attended_mask(own, rest, power)


def guide_at_frames(
    guide: np.ndarray,
    guide_sfreq: float,
    n_frames: int,
    hop_seconds: float,
    start: float = 0.0,
) -> np.ndarray:
    """Bring a guide to the frames' times, on the exact clock.

    Parameters
    ----------
    guide : ndarray of shape (n_guides, n_times)
        Signed; its first column is at time zero.
    guide_sfreq : float
        Rate of the guide in Hz.
    n_frames : int
        Number of frames.
    hop_seconds : float
        Time between frames in seconds. Rates are never rounded.
    start : float, default=0.0
        Time of the first frame in seconds.

    Returns
    -------
    guide : ndarray of shape (n_frames, n_guides)
        Linear interpolation; frames after the guide's end hold its last value.
    """
    times = np.arange(guide.shape[1]) / guide_sfreq
    frames = start + np.arange(n_frames) * hop_seconds
    return np.stack([np.interp(frames, times, row) for row in guide], axis=1)


def nonnegative_guide(guide: np.ndarray, dtype: np.dtype) -> np.ndarray:
    """Shift each column to a minimum of zero and scale it to unit norm.

    Parameters
    ----------
    guide : ndarray of shape (n_frames, n_guides)
        Signed. A constant column becomes zero.
    dtype : dtype
        Of the result.
    """
    return unit_columns(guide - guide.min(axis=0)).astype(dtype, copy=False)
