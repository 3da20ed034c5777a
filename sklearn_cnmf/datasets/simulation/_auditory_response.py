"""From sound to activity of the auditory cortex: drive and response kernel."""

import numpy as np
from scipy import signal

from ...signals import audio_envelope

# Loudness grows with about this power of the amplitude.
_COMPRESSION = 0.6
_WINDOW = 0.025
# How much a rise of the envelope drives the cortex beyond the envelope itself, in
# seconds: a rise at the rate of one unit per `_ONSET_TIME` adds one unit.
_ONSET_TIME = 0.1
_KERNEL_DURATION = 0.4

# P1, N1, P2: seconds, seconds, relative to N1. The vertex is positive in P1 and P2.
LATENCIES = np.array([0.050, 0.100, 0.200])
WIDTHS = np.array([0.011, 0.017, 0.035])
AMPLITUDES = np.array([0.6, -1.0, 0.8])


def auditory_drive(
    sources: np.ndarray, audio_sfreq: float, times: np.ndarray
) -> np.ndarray:
    """Envelope of each source, with its rises emphasised.

    Parameters
    ----------
    sources : ndarray of shape (n_sources, ..., n_samples)
        Sound. Channels between the first and the last axis add their power.
    audio_sfreq : float
        Sampling rate in Hz.
    times : ndarray of shape (n_times,)
        In seconds from the first sample, equally spaced.

    Returns
    -------
    drive : ndarray of shape (n_sources, n_times)
        Zero where a source is silent.
    """
    drive = np.empty((len(sources), len(times)))
    for row, source in zip(drive, sources):
        audio = source.reshape(-1, source.shape[-1])
        (envelope,) = audio_envelope(
            audio, audio_sfreq, times, power=_COMPRESSION, window=_WINDOW
        )
        rise = np.diff(envelope, prepend=0.0) / (times[1] - times[0])
        row[:] = envelope + _ONSET_TIME * np.maximum(rise, 0.0)
    return drive


def response_kernel(
    latencies: np.ndarray, amplitudes: np.ndarray, sfreq: float
) -> np.ndarray:
    """Temporal response function: P1, N1 and P2 as Gaussians.

    Parameters
    ----------
    latencies : ndarray of shape (3,)
        Of the peaks, in seconds.
    amplitudes : ndarray of shape (3,)
        Of the peaks.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    kernel : ndarray of shape (n_lags,)
        Response to a unit impulse at lags 0, 1/sfreq, ... up to 0.4 s.
    """
    lags = np.arange(round(_KERNEL_DURATION * sfreq)) / sfreq
    distance = (lags - latencies[:, np.newaxis]) / WIDTHS[:, np.newaxis]
    return amplitudes @ np.exp(-0.5 * distance**2)


def respond(drive: np.ndarray, kernels: np.ndarray) -> np.ndarray:
    """Causal response of several cortices to one drive.

    Parameters
    ----------
    drive : ndarray of shape (n_times,)
        What drives them.
    kernels : ndarray of shape (n_cortices, n_lags)
        Their responses to a unit impulse.

    Returns
    -------
    response : ndarray of shape (n_cortices, n_times)
        At the same times as `drive`.
    """
    return signal.fftconvolve(drive[np.newaxis], kernels, axes=1)[:, : len(drive)]


def band_power(
    potentials: np.ndarray, band: tuple[float, float], sfreq: float
) -> float:
    """Mean power over channels within a band.

    Parameters
    ----------
    potentials : ndarray of shape (n_channels, n_times)
        In any unit.
    band : tuple of float
        Lower and upper edge in Hz.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    power : float
        In the unit squared.
    """
    n_times = potentials.shape[-1]
    freqs = np.fft.rfftfreq(n_times, 1 / sfreq)
    inside = (freqs >= band[0]) & (freqs <= band[1])
    spectrum = np.fft.rfft(potentials)[:, inside]
    return 2 * np.mean(np.sum(np.abs(spectrum) ** 2, axis=1)) / n_times**2
