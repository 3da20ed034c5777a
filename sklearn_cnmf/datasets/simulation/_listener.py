"""One simulated listener: head, auditory response and background activity."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ._auditory_response import (
    AMPLITUDES,
    LATENCIES,
    band_power,
    respond,
    response_kernel,
)
from ._background import (
    aperiodic_spectrum,
    band_fraction,
    coloured_noise,
    rhythm_spectrum,
    slow_gain,
    white_spectrum,
)
from ._head_model import AUDITORY_ORIENTATION, CH_NAMES, head_model

EEG_SFREQ = 256.0
# Where `snr_db` compares evoked and background activity, in Hz.
SNR_BAND = (1.0, 8.0)

_ALPHA_CENTRE = np.array([0.0, -0.050, 0.075])
_ALPHA_REACH = 0.030
_ALPHA_WIDTH = 0.6
_ALPHA_WAXING_DB = 4.0
_ALPHA_WAXING_PERIOD = 2.0
_GAIN_SPREAD_DB = 1.5
_GAIN_PERIOD = 3.0


@dataclass(frozen=True, eq=False)
class Noise:
    """One kind of background activity.

    Parameters
    ----------
    spectrum : callable
        Amplitude spectrum, see `coloured_noise`.
    mixing : ndarray of shape (n_channels, n_channels)
        Square root of the covariance of the channels, in volts.
    """

    spectrum: Callable[[np.ndarray], np.ndarray]
    mixing: np.ndarray

    def expected_band_power(self, band: tuple[float, float], sfreq: float) -> float:
        """Compute the expected power within a band, mean over channels, in V**2."""
        power = np.sum(self.mixing**2) / len(self.mixing)
        return power * band_fraction(self.spectrum, band, sfreq)


@dataclass(frozen=True, eq=False)
class Listener:
    """What is particular to one listener.

    Parameters
    ----------
    topographies : ndarray of shape (n_channels, 2)
        Potentials of the left and right auditory cortex, in V/(A m).
    kernels : ndarray of shape (2, n_lags)
        Their responses to a unit impulse of the drive.
    gain_db : float
        Strength of the evoked activity relative to other listeners.
    aperiodic, alpha, sensor : Noise
        Background activity.
    """

    topographies: np.ndarray
    kernels: np.ndarray
    gain_db: float
    aperiodic: Noise
    alpha: Noise
    sensor: Noise


def draw_listener(rng: np.random.Generator) -> Listener:
    """Draw a listener at random.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    listener : Listener
        Channels are `CH_NAMES`.
    """
    model = head_model()
    topographies = np.empty((len(CH_NAMES), 2))
    kernels = []
    latencies = LATENCIES + [0.004, 0.006, 0.012] * rng.standard_normal(3)
    amplitudes = AMPLITUDES * np.exp(0.2 * rng.standard_normal(3))
    for side in range(2):
        candidate = rng.integers(model.auditory.shape[2])
        orientation = AUDITORY_ORIENTATION + 0.2 * rng.standard_normal(3)
        orientation /= np.linalg.norm(orientation)
        topographies[:, side] = model.auditory[:, side, candidate] @ orientation
        strength = np.exp(0.15 * rng.standard_normal())
        kernels.append(strength * response_kernel(latencies, amplitudes, EEG_SFREQ))
    gain_db = 1.5 * rng.standard_normal()

    n_dipoles = len(model.cortex_positions)
    orientations = rng.standard_normal((n_dipoles, 3))
    orientations /= np.linalg.norm(orientations, axis=1, keepdims=True)
    field = np.einsum("cdx,dx->cd", model.cortex, orientations)
    strengths = np.exp(0.5 * rng.standard_normal(n_dipoles))
    level = 11e-6 * np.exp(0.15 * rng.standard_normal())
    aperiodic = Noise(
        aperiodic_spectrum(rng.uniform(0.9, 1.4)), _mixing(field * strengths, level)
    )
    distance = np.linalg.norm(model.cortex_positions - _ALPHA_CENTRE, axis=1)
    nearness = np.exp(-0.5 * (distance / _ALPHA_REACH) ** 2)
    strengths = nearness * np.exp(0.5 * rng.standard_normal(n_dipoles))
    level = 7e-6 * np.exp(0.3 * rng.standard_normal())
    alpha = Noise(
        rhythm_spectrum(rng.uniform(9.0, 11.5), _ALPHA_WIDTH),
        _mixing(field * strengths, level),
    )
    n_channels = len(CH_NAMES)
    # Each electrode has noise of its own, and so have both mastoids.
    electrodes = np.hstack([np.eye(n_channels), np.full((n_channels, 2), 0.5)])
    sensor = Noise(white_spectrum, _mixing(electrodes, 1e-6))
    return Listener(
        topographies,
        kernels=np.stack(kernels),
        gain_db=gain_db,
        aperiodic=aperiodic,
        alpha=alpha,
        sensor=sensor,
    )


def background(
    listener: Listener, n_times: int, rng: np.random.Generator
) -> np.ndarray:
    """Draw the background activity of one trial.

    Parameters
    ----------
    listener : Listener
        Who.
    n_times : int
        Length, at 256 Hz.
    rng : numpy.random.Generator
        Where the numbers come from.

    Returns
    -------
    potentials : ndarray of shape (n_channels, n_times)
        In volts.
    """
    aperiodic, alpha, sensor = (
        coloured_noise(noise.spectrum, noise.mixing, n_times, EEG_SFREQ, rng)
        for noise in (listener.aperiodic, listener.alpha, listener.sensor)
    )
    waxing = slow_gain(_ALPHA_WAXING_DB, _ALPHA_WAXING_PERIOD, n_times, EEG_SFREQ, rng)
    return aperiodic + waxing * alpha + sensor


def evoked(
    listener: Listener,
    drives: np.ndarray,
    weights: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Draw the evoked activity of one trial.

    The drive of each source is first brought to a common evoked power in
    `SNR_BAND`, since the cortex adapts to the level of its input.

    Parameters
    ----------
    listener : Listener
        Who.
    drives : ndarray of shape (n_sources, n_times)
        What drives the auditory cortex, at 256 Hz.
    weights : ndarray of shape (n_sources,)
        Root mean square over channels and time of what each source evokes in
        `SNR_BAND`, in volts, when the gain is at its median.
    rng : numpy.random.Generator
        Where the variation of the gain over time comes from.

    Returns
    -------
    potentials : ndarray of shape (n_channels, n_times)
        In volts. Nothing for a source without drive.
    """
    n_times = drives.shape[1]
    response = np.zeros((2, n_times))
    for drive, weight in zip(drives, weights):
        gain = 10 ** (_GAIN_SPREAD_DB * rng.standard_normal() / 20) * slow_gain(
            _GAIN_SPREAD_DB, _GAIN_PERIOD, n_times, EEG_SFREQ, rng
        )
        steady = listener.topographies @ respond(drive, listener.kernels)
        power = band_power(steady, SNR_BAND, EEG_SFREQ)
        if power > 0:
            scaled = drive * gain * (weight / np.sqrt(power))
            response += respond(scaled, listener.kernels)
    return listener.topographies @ response


def background_power(listener: Listener) -> float:
    """Compute the expected power in `SNR_BAND`, mean over channels, in V**2."""
    return sum(
        noise.expected_band_power(SNR_BAND, EEG_SFREQ)
        for noise in (listener.aperiodic, listener.alpha, listener.sensor)
    )


def _mixing(field, level):
    """Square root of the covariance of channels, scaled to a root mean square."""
    mixing = np.linalg.qr(field.T, mode="r").T
    return mixing * (level * np.sqrt(len(mixing)) / np.linalg.norm(mixing))
