"""EEG of trials: cleaned, filtered, resampled."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._validation import trial_name
from ..signals import CausalResampler, band_pass, n_resampled, resample
from ..trial import Trial

SCALES = ("robust",)
# Standard deviations of a normal distribution in its median absolute deviation.
_NORMAL = 1.4826


def prepare_eeg(
    eeg: np.ndarray,
    eeg_sfreq: float,
    *,
    sfreq: float,
    l_freq: float | None,
    h_freq: float | None,
    scale: str | None = None,
    clamp: float | None = None,
    phase: str = "zero",
) -> np.ndarray:
    """EEG of one trial, scaled, filtered and then resampled.

    Parameters
    ----------
    eeg : ndarray of shape (n_channels, n_times)
        EEG; it is not modified.
    eeg_sfreq : float
        Its rate in Hz.
    sfreq : float
        Rate to bring it to, in Hz.
    l_freq, h_freq : float or None
        Edges of the band in Hz; None leaves that edge alone.
    scale, clamp, phase : str or None, float or None, str
        As in :class:`EnvelopeDecoder`. With a causal phase, resampling
        interpolates.

    Returns
    -------
    prepared : ndarray of shape (n_channels, n_frames), float64
        Sample k is at ``k / sfreq`` seconds.
    """
    if scale is not None:
        eeg = scale_channels(eeg, clamp)
    filtered = band_pass(eeg, eeg_sfreq, l_freq=l_freq, h_freq=h_freq, phase=phase)
    if phase == "zero":
        return resample(filtered, eeg_sfreq, sfreq)
    n_frames = n_resampled(eeg.shape[1], eeg_sfreq, sfreq)
    # The last frame may lie after the last sample, which then lasts.
    lasting = np.pad(filtered, [(0, 0), (0, 2)], mode="edge")
    return CausalResampler(eeg_sfreq, sfreq)(lasting)[:, :n_frames]


def scale_channels(eeg: np.ndarray, clamp: float | None) -> np.ndarray:
    """Bring every channel to unit spread, and cut off what lies far out.

    Parameters
    ----------
    eeg : ndarray of shape (n_channels, n_times)
        EEG; it is not modified.
    clamp : float or None
        Largest deviation from a channel's median, in its spreads.

    Returns
    -------
    scaled : ndarray of shape (n_channels, n_times), float64
        Deviations from the median divided by the median absolute deviation, which for
        a normal distribution counts as one standard deviation. Where that is zero the
        standard deviation takes its place. A constant channel becomes zero.
    """
    centred = eeg - np.median(eeg, axis=1, keepdims=True)
    centred = centred.astype(np.float64, copy=False)
    spread = _NORMAL * np.median(np.abs(centred), axis=1, keepdims=True)
    still = spread[:, 0] == 0
    spread[still] = centred[still].std(axis=1, keepdims=True)
    scaled = centred / np.where(spread > 0, spread, 1.0)
    return scaled if clamp is None else np.clip(scaled, -clamp, clamp)


def clean(
    eeg: np.ndarray,
    sfreq: float,
    reference: list[int] | None,
    notch_freqs: Sequence[float],
) -> np.ndarray:
    """Subtract a reference and remove line noise.

    Parameters
    ----------
    eeg : ndarray of shape (n_channels, n_times)
        EEG; it is not modified.
    sfreq : float
        Its rate in Hz.
    reference : list of int or None
        Channels whose mean is subtracted from all.
    notch_freqs : sequence of float
        Frequencies to remove in Hz.

    Returns
    -------
    cleaned : ndarray of shape (n_channels, n_times), float64
        EEG without them.
    """
    cleaned = np.array(eeg, dtype=np.float64)
    if reference is not None:
        cleaned -= cleaned[reference].mean(axis=0)
    if len(notch_freqs) == 0:
        return cleaned
    from mne.filter import notch_filter

    return notch_filter(
        cleaned, float(sfreq), list(notch_freqs), copy=False, verbose="warning"
    )


def eeg_of_trials(
    trials: list[Trial],
    *,
    sfreq: float,
    l_freq: float | None,
    h_freq: float | None,
    prepare: Callable = prepare_eeg,
    **scaling: Any,
) -> list[np.ndarray]:
    """EEG of each trial, filtered and resampled.

    Parameters
    ----------
    trials : list of Trial
        The trials, checked before.
    sfreq : float
        Rate to bring the EEG to, in Hz.
    l_freq, h_freq : float or None
        Edges of the band in Hz.
    prepare : callable, default=prepare_eeg
        The function to prepare one trial, possibly with a cache.

    Returns
    -------
    xs : list of ndarray of shape (n_frames, n_channels), float64
        Frame k is at ``k / sfreq`` seconds.

    Raises
    ------
    ValueError
        If the band reaches up to half the rate of a trial's EEG.
    """
    xs = []
    for index, trial in enumerate(trials):
        check_nyquist("h_freq", h_freq, trial.eeg_sfreq, trial_name(index, trial))
        eeg = prepare(
            trial.eeg,
            trial.eeg_sfreq,
            sfreq=sfreq,
            l_freq=l_freq,
            h_freq=h_freq,
            **scaling,
        )
        xs.append(np.ascontiguousarray(eeg.T))
    return xs


def check_nyquist(
    parameter: str, frequency: float | None, eeg_sfreq: float, where: str
) -> None:
    """Refuse a frequency that the EEG of a trial is too slow for."""
    if frequency is not None and frequency >= eeg_sfreq / 2:
        raise ValueError(
            f"{where}: {parameter}={frequency:g} Hz is not below half of "
            f"eeg_sfreq={eeg_sfreq:g} Hz"
        )
