"""Between waveforms and the magnitudes that are factorised."""

import numpy as np
from scipy.fft import next_fast_len

from ._cost import unit_columns

# Long windows resolve the partials of neighbouring notes. In seconds, so that the
# result does not hang on the sampling rate.
WINDOW_SECONDS = 4096 / 22050
_OVERLAP = 4


def stft_sizes(audio_sfreq, n_fft=None, hop_length=None):
    """Window and hop in samples.

    Parameters
    ----------
    audio_sfreq : float
        Sampling rate in Hz.
    n_fft : int, default=None
        Window length; 186 ms if None.
    hop_length : int, default=None
        Hop; a quarter of the window if None.

    Returns
    -------
    n_fft, hop_length : int
    """
    if n_fft is None:
        quarter = WINDOW_SECONDS * audio_sfreq / _OVERLAP
        n_fft = _OVERLAP * next_fast_len(max(1, round(quarter)))
    if hop_length is None:
        hop_length = max(1, n_fft // _OVERLAP)
    return int(n_fft), int(hop_length)


def spectra(audio, n_fft, hop_length):
    """Short-time Fourier transform and the magnitudes to factorise.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Waveform.
    n_fft, hop_length : int
        Window and hop in samples. Frame m is centred at sample m * hop_length.

    Returns
    -------
    stft : ndarray of shape (n_frames, n_bins) or (n_audio_channels, n_frames, n_bins)
        Complex spectra.
    magnitudes : ndarray of shape (n_frames, n_bins)
        Root of the power summed over audio channels.
    """
    import librosa

    if audio.dtype.kind != "f":
        audio = audio.astype(np.float64)
    stft = librosa.stft(audio, n_fft=n_fft, hop_length=hop_length)
    stft = np.ascontiguousarray(np.swapaxes(stft, -1, -2))
    if stft.ndim == 2:
        return stft, np.abs(stft)
    return stft, np.sqrt(np.sum(np.abs(stft) ** 2, axis=0))


def mask_waveform(stft, mask, hop_length, n_samples):
    """Waveform of masked spectra, one mask for all audio channels.

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
        np.swapaxes(stft * mask, -1, -2), hop_length=hop_length, length=n_samples
    )


def attended_mask(attended, rest, power):
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


def guide_at_frames(guide, guide_sfreq, n_frames, hop_seconds):
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

    Returns
    -------
    guide : ndarray of shape (n_frames, n_guides)
        Linear interpolation; frames after the guide's end hold its last value.
    """
    times = np.arange(guide.shape[1]) / guide_sfreq
    frames = np.arange(n_frames) * hop_seconds
    return np.stack([np.interp(frames, times, row) for row in guide], axis=1)


def nonnegative_guide(guide, dtype):
    """Shift each column to a minimum of zero and scale it to unit norm.

    Parameters
    ----------
    guide : ndarray of shape (n_frames, n_guides)
        Signed. A constant column becomes zero.
    dtype : dtype
        Of the result.
    """
    return unit_columns(guide - guide.min(axis=0)).astype(dtype, copy=False)
