"""Spectra of audio that arrives in chunks, and audio of such spectra."""

import numpy as np
from scipy.signal import get_window

from ..separation._stft import hop_of


class StreamedSpectra:
    """Frames of audio that arrives in chunks.

    They are those of :func:`librosa.stft`: frame m is centred at sample m * hop, and
    silence lies before the audio.

    Parameters
    ----------
    n_fft : int
        Window in samples; the hop is a quarter of it.
    n_channels : int
        Number of audio channels.
    dtype : dtype
        Of the audio.
    """

    def __init__(self, n_fft: int, n_channels: int, dtype: np.dtype):
        self.n_fft, self.hop_length = n_fft, hop_of(n_fft)
        self._window = get_window("hann", n_fft).astype(dtype)
        self._waiting = np.zeros((n_channels, n_fft // 2), dtype)

    def push(self, audio: np.ndarray, n_least: int = 1) -> np.ndarray:
        """Take what follows.

        Parameters
        ----------
        audio : ndarray of shape (n_channels, n_samples)
            The next samples, any number of them.
        n_least : int, default=1
            How many frames are returned at a time.

        Returns
        -------
        stft : ndarray of shape (n_channels, n_frames, n_bins)
            Frames that are complete, a multiple of `n_least` of them.
        """
        self._waiting = np.concatenate([self._waiting, audio], axis=1)
        n_complete = 1 + (self._waiting.shape[1] - self.n_fft) // self.hop_length
        n_frames = max(0, n_complete) // n_least * n_least
        starts = np.arange(n_frames) * self.hop_length
        frames = self._waiting[:, starts[:, None] + np.arange(self.n_fft)]
        self._waiting = self._waiting[:, n_frames * self.hop_length :]
        return np.fft.rfft(frames * self._window).astype(
            np.result_type(self._window.dtype, np.complex64), copy=False
        )


class StreamedAudio:
    """Audio of spectra that arrive frame by frame, overlapped and added.

    Parameters
    ----------
    n_fft : int
        Window in samples.
    shape : tuple of int
        How many sources and channels there are.
    dtype : dtype
        Of the audio.
    """

    def __init__(self, n_fft: int, shape: tuple[int, ...], dtype: np.dtype):
        self.n_fft, self.hop_length = n_fft, hop_of(n_fft)
        self._window = get_window("hann", n_fft).astype(dtype)
        self._sum = np.zeros((*shape, n_fft), dtype)
        self._weight = np.zeros(n_fft, dtype)
        # The first half of the first window lies before the audio.
        self._n_before = n_fft // 2

    def push(self, stft: np.ndarray) -> np.ndarray:
        """Add frames.

        Parameters
        ----------
        stft : ndarray of shape (..., n_frames, n_bins)
            The next frames.

        Returns
        -------
        audio : ndarray of shape (..., n_samples)
            What no later frame changes.
        """
        complete = [self._sum[..., :0]]
        for frame in np.moveaxis(np.fft.irfft(stft, n=self.n_fft), -2, 0):
            self._sum += frame * self._window
            self._weight += self._window**2
            inside = slice(min(self._n_before, self.hop_length), self.hop_length)
            complete.append(self._sum[..., inside] / self._weight[inside])
            self._n_before = max(0, self._n_before - self.hop_length)
            self._sum = _moved(self._sum, self.hop_length)
            self._weight = _moved(self._weight, self.hop_length)
        return np.concatenate(complete, axis=-1)


def _moved(array, n_samples):
    moved = np.zeros_like(array)
    moved[..., :-n_samples] = array[..., n_samples:]
    return moved
