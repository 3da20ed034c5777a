"""Activity that has nothing to do with the sound: 1/f, alpha, sensor noise."""

from collections.abc import Callable

import numpy as np
from scipy import fft

# Amplifiers remove what is slower than this.
_HIGHPASS = 0.3


def coloured_noise(
    spectrum: Callable[[np.ndarray], np.ndarray],
    mixing: np.ndarray,
    n_times: int,
    sfreq: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Gaussian noise with a given amplitude spectrum and spatial pattern.

    Many independent dipoles with one spectrum make Gaussian potentials of which
    only the covariance matters, so `mixing` may be any square root of it.

    Parameters
    ----------
    spectrum : callable
        Amplitude at each of an array of frequencies in Hz, in any unit.
    mixing : ndarray of shape (n_channels, n_factors)
        From independent time courses of unit variance to channels.
    n_times : int
        Length.
    sfreq : float
        Sampling rate in Hz.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    noise : ndarray of shape (n_channels, n_times)
        Its expected covariance over time is ``mixing @ mixing.T``.
    """
    # Cut from a longer period, so that the end knows nothing of the start.
    n_fft = fft.next_fast_len(n_times + int(np.ceil(4 * sfreq)), real=True)
    amplitude = _unit_variance(spectrum(fft.rfftfreq(n_fft, 1 / sfreq)), n_fft)
    shape = (mixing.shape[1], len(amplitude))
    coefficients = rng.standard_normal(shape) + 1j * rng.standard_normal(shape)
    sources = fft.irfft(coefficients * amplitude, n_fft)[:, :n_times]
    return mixing @ sources


def band_fraction(
    spectrum: Callable[[np.ndarray], np.ndarray],
    band: tuple[float, float],
    sfreq: float,
) -> float:
    """Share of the variance of `coloured_noise` that lies in a band.

    Parameters
    ----------
    spectrum : callable
        As in `coloured_noise`.
    band : tuple of float
        Lower and upper edge in Hz.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    fraction : float
        Between 0 and 1.
    """
    freqs = np.arange(0, sfreq / 2, 0.01)
    power = spectrum(freqs) ** 2
    return power[(freqs >= band[0]) & (freqs <= band[1])].sum() / power.sum()


def aperiodic_spectrum(exponent: float) -> Callable[[np.ndarray], np.ndarray]:
    """Amplitude spectrum whose power falls as 1/f**exponent above 0.3 Hz."""

    def spectrum(freqs):
        positive = np.maximum(freqs, 1e-6)
        highpass = freqs**2 / (freqs**2 + _HIGHPASS**2)
        return highpass * positive ** (-exponent / 2)

    return spectrum


def rhythm_spectrum(peak: float, width: float) -> Callable[[np.ndarray], np.ndarray]:
    """Amplitude spectrum of a rhythm, a Gaussian of `width` Hz around `peak` Hz."""

    def spectrum(freqs):
        return np.exp(-0.5 * ((freqs - peak) / width) ** 2)

    return spectrum


def white_spectrum(freqs: np.ndarray) -> np.ndarray:
    """Amplitude spectrum of white noise."""
    return np.ones_like(freqs)


def slow_gain(
    spread_db: float,
    period: float,
    n_times: int,
    sfreq: float,
    rng: np.random.Generator,
) -> np.ndarray:
    """Gain that waxes and wanes at random, of unit mean power.

    Parameters
    ----------
    spread_db : float
        Standard deviation over time, in dB.
    period : float
        Shortest period of its fluctuations, in seconds.
    n_times : int
        Length.
    sfreq : float
        Sampling rate in Hz.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    gain : ndarray of shape (n_times,)
        Positive.
    """
    (level,) = coloured_noise(
        lambda freqs: np.exp(-0.5 * (freqs * period) ** 2),
        np.ones((1, 1)),
        n_times,
        sfreq,
        rng,
    )
    spread = spread_db * np.log(10) / 20
    return np.exp(spread * level - spread**2)


def _unit_variance(amplitude, n_fft):
    """Scale an amplitude spectrum so that `irfft` gives unit variance.

    Real and imaginary part of each coefficient have unit variance. Zero and the
    Nyquist frequency are left out, since they are real.
    """
    amplitude = np.array(amplitude, dtype=np.float64)
    amplitude[0] = 0.0
    if n_fft % 2 == 0:
        amplitude[-1] = 0.0
    return amplitude * n_fft / (2 * np.linalg.norm(amplitude))
