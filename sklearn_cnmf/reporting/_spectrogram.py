"""Spectrograms as they are heard and drawn: mel bands, decibels, one scale."""

from typing import TYPE_CHECKING

import numpy as np

from ..signals import mel_bands

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.image import AxesImage

# Long enough a window to tell the partials of low notes apart (seconds).
_WINDOW = 0.093
_N_BANDS = 128
_HIGHEST = 8000.0
_FREQUENCIES = (500, 1000, 2000, 4000, 8000)


def mel_power(audio: np.ndarray, sfreq: float) -> tuple[np.ndarray, float]:
    """Power in mel bands.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Waveform. The power of channels is summed.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    power : ndarray of shape (n_bands, n_frames)
        From 0 Hz to 8 kHz, or to half the sampling rate if that is less.
    highest : float
        Upper end of the last band in Hz.
    """
    times = np.arange(0, audio.shape[-1] / sfreq, _WINDOW / 4)
    power = mel_bands(audio, sfreq, times, n_bands=_N_BANDS, power=2.0, window=_WINDOW)
    return power, min(_HIGHEST, sfreq / 2)


def decibels(power: np.ndarray, reference: float, floor: float) -> np.ndarray:
    """Power relative to a reference in dB, never below a floor.

    Parameters
    ----------
    power : ndarray
        Power, may be zero.
    reference : float
        What 0 dB is; if zero, all is at the floor.
    floor : float
        Lowest level in dB.

    Returns
    -------
    level : ndarray
        In dB, at least `floor`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting._spectrogram import decibels
    >>> decibels(np.array([1.0, 0.1, 0.0]), 1.0, -60.0)
    array([  0., -10., -60.])
    """
    if reference <= 0:
        return np.full(np.shape(power), float(floor))
    return 10 * np.log10(np.maximum(power / reference, 10 ** (floor / 10)))


def draw_spectrogram(
    ax: "Axes",
    audio: np.ndarray,
    sfreq: float,
    *,
    reference: float,
    floor: float = -60.0,
) -> "AxesImage":
    """Draw mel power over time.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Waveform.
    sfreq : float
        Sampling rate in Hz.
    reference : float
        Power that is 0 dB. One for all panels of a figure makes them comparable.
    floor : float, default=-60.0
        Lowest level in dB.

    Returns
    -------
    image : matplotlib.image.AxesImage
        What a colour bar is made from.
    """
    import librosa

    power, highest = mel_power(audio, sfreq)
    mels = librosa.hz_to_mel([0.0, highest])
    image = ax.imshow(
        decibels(power, reference, floor),
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="magma",
        vmin=floor,
        vmax=0.0,
        extent=(0.0, audio.shape[-1] / sfreq, *mels),
    )
    shown = [f for f in _FREQUENCIES if f <= highest]
    ax.set_yticks(librosa.hz_to_mel(shown), [_hertz(f) for f in shown])
    ax.set_ylabel("Frequency (Hz)")
    return image


def _hertz(frequency):
    return f"{frequency // 1000}k" if frequency >= 1000 else str(frequency)
