"""What an audio signal does over time, at any times and without drift."""

import numpy as np

from .._validation import as_signals, check_audio, check_number, check_times
from ._spectrogram import mel_bands

# Samples whose energy is summed at a time.
_BLOCK = 2**18


def audio_envelope(
    audio: np.ndarray,
    sfreq: float,
    times: np.ndarray,
    *,
    power: float = 0.6,
    window: float | None = None,
) -> np.ndarray:
    """Broadband envelope, compressed by a power law.

    The root mean square over a window that is centred at each time and cut at the
    ends of the audio, raised to `power`. It is read from the
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
    window : float, default=None
        Length of the window in seconds; the time between two frames if None.

    Returns
    -------
    envelope : ndarray of shape (1, n_frames)
        The compressed envelope; zero in silence and beyond the audio.

    Raises
    ------
    ValueError
        If `audio` is not 1-D or 2-D and finite, `times` not equally spaced, or
        `sfreq`, `power` or `window` not positive.

    References
    ----------
    .. [1] Biesmans, W., Das, N., Francart, T., & Bertrand, A. (2017).
       Auditory-inspired speech envelope extraction methods for improved EEG-based
       auditory attention detection in a cocktail party scenario. IEEE Transactions
       on Neural Systems and Rehabilitation Engineering, 25(5), 402-412.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import audio_envelope
    >>> audio = np.repeat([0.0, 1.0], 500)
    >>> audio_envelope(audio, 1000.0, np.arange(4) / 4).round(2)
    array([[0.  , 0.  , 0.81, 1.  ]])
    """
    audio = check_audio(audio, sfreq)
    times = check_times(times)
    check_number("power", power, above=0)
    if window is not None:
        check_number("window", window, above=0)
    if window is None:
        window = (times[-1] - times[0]) / (len(times) - 1)
    # Sample n stands for the span of one sample around n / sfreq.
    edges = (times + np.array([[-window / 2], [window / 2]])) * sfreq + 0.5
    start, stop = np.clip(edges, 0, audio.shape[-1])
    gained = _energy_before(audio, stop) - _energy_before(audio, start)
    n_samples = stop - start
    mean = np.maximum(gained, 0) / np.where(n_samples > 0, n_samples, 1.0)
    return mean[None] ** (power / 2)


def _energy_before(audio, positions):
    """Cumulative energy at rising positions between samples, block by block."""
    energy = np.empty(len(positions))
    before = 0.0
    n_samples = audio.shape[-1]
    for first in range(0, n_samples, _BLOCK):
        block = np.atleast_2d(audio[..., first : first + _BLOCK])
        cumulative = np.zeros(block.shape[1] + 1)
        np.square(block, dtype=np.float64).sum(axis=0, out=cumulative[1:])
        cumulative[0] = before
        np.cumsum(cumulative, out=cumulative)
        last = first + block.shape[1]
        inside = slice(*np.searchsorted(positions, [first, last]))
        if last == n_samples:
            inside = slice(inside.start, None)
        whole = np.minimum(positions[inside].astype(int) - first, block.shape[1] - 1)
        part = positions[inside] - first - whole
        energy[inside] = cumulative[whole] * (1 - part) + cumulative[whole + 1] * part
        before = cumulative[-1]
    return energy


def onsets(values: np.ndarray) -> np.ndarray:
    """How fast each feature rises, zero where it falls.

    Parameters
    ----------
    values : ndarray of shape (n_outputs, n_frames)
        Feature over time, at least two frames.

    Returns
    -------
    onsets : ndarray of shape (n_outputs, n_frames)
        Central differences, which do not delay, and their negative part cut off.

    Raises
    ------
    ValueError
        If `values` is not 2-D and finite, or has one frame only.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import onsets
    >>> onsets(np.array([[0.0, 0.0, 2.0, 2.0, 0.0]]))
    array([[0., 1., 1., 0., 0.]])
    """
    values = as_signals("values", values, (2,))
    if values.shape[1] < 2:
        raise ValueError("values: expected at least two frames, got one")
    return np.maximum(np.gradient(values, axis=1), 0.0)


def audio_onsets(audio: np.ndarray, sfreq: float, times: np.ndarray) -> np.ndarray:
    """How fast the envelope rises, (1, n_frames); see :func:`audio_envelope`.

    Parameters
    ----------
    audio, sfreq, times :
        As in :func:`audio_envelope`.

    Returns
    -------
    onsets : ndarray of shape (1, n_frames)
        Its half-wave rectified derivative per frame.
    """
    return onsets(audio_envelope(audio, sfreq, times))


def envelope_and_onsets(
    audio: np.ndarray, sfreq: float, times: np.ndarray
) -> np.ndarray:
    """Envelope and, below it, how fast it rises.

    Parameters
    ----------
    audio, sfreq, times :
        As in :func:`audio_envelope`.

    Returns
    -------
    values : ndarray of shape (2, n_frames)
        Of :func:`audio_envelope` and of :func:`audio_onsets`.
    """
    envelope = audio_envelope(audio, sfreq, times)
    return np.vstack([envelope, onsets(envelope)])


def mel_onsets(
    audio: np.ndarray, sfreq: float, times: np.ndarray, *, n_bands: int = 8
) -> np.ndarray:
    """How fast each mel band rises.

    Parameters
    ----------
    audio, sfreq, times, n_bands :
        As in :func:`mel_bands`.

    Returns
    -------
    onsets : ndarray of shape (n_bands, n_frames)
        Half-wave rectified derivatives per frame.
    """
    return onsets(mel_bands(audio, sfreq, times, n_bands=n_bands))
