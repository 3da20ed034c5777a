"""EEG and features brought to one rate and one band, on an exact clock."""

import math
from fractions import Fraction

import numpy as np

# The largest drift, in seconds, for which a ratio of rates is made simpler: rates of
# recorders differ from their nominal value by some parts per million.
_DRIFT = 2e-4


def prepare_eeg(eeg, eeg_sfreq, *, sfreq, l_freq, h_freq):
    """EEG of one trial, filtered and then resampled.

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

    Returns
    -------
    prepared : ndarray of shape (n_channels, n_frames), float64
        Sample k is at ``k / sfreq`` seconds.
    """
    filtered = band_pass(eeg, eeg_sfreq, l_freq=l_freq, h_freq=h_freq)
    return resample(filtered, eeg_sfreq, sfreq)


def clean(eeg, sfreq, reference, notch_freqs):
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


def band_pass(signals, sfreq, *, l_freq, h_freq):
    """Zero-phase FIR band-pass, as `mne.filter.filter_data` does it.

    Parameters
    ----------
    signals : ndarray of shape (n_signals, n_times)
        Signals; they are not modified.
    sfreq : float
        Their rate in Hz.
    l_freq, h_freq : float or None
        Edges in Hz; None leaves that edge alone.

    Returns
    -------
    filtered : ndarray of shape (n_signals, n_times), float64
        Signals within the band. With `l_freq`, a constant one is exactly zero.

    Warns
    -----
    RuntimeWarning
        From MNE, if the signals are shorter than the filter.
    """
    signals = np.array(signals, dtype=np.float64)
    if l_freq is None and h_freq is None:
        return signals
    from mne.filter import filter_data

    if l_freq is not None:
        signals -= np.median(signals, axis=1, keepdims=True)
    # At verbose="error" MNE would drop its warning about short signals.
    return filter_data(
        signals, float(sfreq), l_freq, h_freq, copy=False, verbose="warning"
    )


def resample(signals, old_sfreq, new_sfreq):
    """Band-limited resampling whose sample k lies at k / new_sfreq seconds.

    MNE rounds the number of samples and stretches the signal to it, which moves
    its end by up to half a sample. Here the signal is first extended, by mirroring
    its end, to a length at which nothing needs rounding. Rates with no simple ratio
    are exact to 0.2 ms at the end.

    Parameters
    ----------
    signals : ndarray of shape (n_signals, n_times)
        Signals; they are not modified.
    old_sfreq, new_sfreq : float
        Rates in Hz.

    Returns
    -------
    resampled : ndarray of shape (n_signals, n_new_times), float64
        All samples at times before ``n_times / old_sfreq``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding._preparation import resample
    >>> resample(np.zeros((2, 999)), 250.0, 64.0).shape
    (2, 256)
    """
    signals = np.array(signals, dtype=np.float64)
    n_times = signals.shape[1]
    ratio = _ratio(n_times, old_sfreq, new_sfreq)
    if ratio == 1:
        return signals
    from mne.filter import resample as mne_resample

    # The phases of the interpolating filter differ a little in their gain at 0 Hz,
    # by which an offset would leak into the band.
    offset = np.median(signals, axis=1, keepdims=True)
    up, down = ratio.numerator, ratio.denominator
    extended = np.pad(
        signals - offset, ((0, 0), (0, -n_times % down)), mode="symmetric"
    )
    resampled = mne_resample(extended, up, down, method="polyphase", verbose="warning")
    return resampled[:, : n_resampled(n_times, old_sfreq, new_sfreq)] + offset


def n_resampled(n_times, old_sfreq, new_sfreq):
    """Count the samples that `resample` returns."""
    return math.ceil(n_times * _ratio(n_times, old_sfreq, new_sfreq))


def _ratio(n_times, old_sfreq, new_sfreq):
    """Simplest ratio of the rates that keeps the drift out of sight."""
    exact = Fraction(new_sfreq) / Fraction(old_sfreq)
    tolerance = Fraction(_DRIFT) * exact * Fraction(old_sfreq) / n_times
    limit = 1
    while abs((ratio := exact.limit_denominator(limit)) - exact) > tolerance:
        limit *= 2
    return ratio
