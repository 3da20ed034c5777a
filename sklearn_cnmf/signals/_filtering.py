"""Signals brought to one rate and one band, on an exact clock."""

import math
from fractions import Fraction

import numpy as np
from scipy.signal import resample_poly

from .._validation import (
    as_signals,
    check_band,
    check_choice,
    check_number,
    check_whole,
)
from ._causal import PHASES, CausalFilter

# The largest drift, in seconds, for which a ratio of rates is made simpler: rates of
# recorders differ from their nominal value by some parts per million.
_DRIFT = 2e-4


def band_pass(
    signals: np.ndarray,
    sfreq: float,
    *,
    l_freq: float | None,
    h_freq: float | None,
    phase: str = "zero",
) -> np.ndarray:
    """Band-pass, by default a FIR of zero phase as `mne.filter.filter_data` does it.

    Parameters
    ----------
    signals : ndarray of shape (n_signals, n_times)
        Signals; they are not modified.
    sfreq : float
        Their rate in Hz.
    l_freq, h_freq : float or None
        Edges in Hz; None leaves that edge alone.
    phase : {"zero", "minimum", "forward"}, default="zero"
        Whether the future takes part ("zero"), or a :class:`CausalFilter` runs along.

    Returns
    -------
    filtered : ndarray of shape (n_signals, n_times), float64
        Signals within the band. With `l_freq`, a constant one is exactly zero with
        zero phase.

    Warns
    -----
    RuntimeWarning
        From MNE, if the signals are shorter than the filter.

    Raises
    ------
    ValueError
        If `signals` is not 2-D and finite, or an argument is out of its range.
    """
    check_number("sfreq", sfreq, above=0)
    check_band(l_freq, h_freq, sfreq)
    check_choice("phase", phase, PHASES)
    if phase != "zero":
        return CausalFilter(sfreq, l_freq=l_freq, h_freq=h_freq, phase=phase)(signals)
    signals = np.array(as_signals("signals", signals, (2,)), dtype=np.float64)
    if l_freq is None and h_freq is None:
        return signals
    from mne.filter import filter_data

    if l_freq is not None:
        signals -= np.median(signals, axis=1, keepdims=True)
    # At verbose="error" MNE would drop its warning about short signals.
    return filter_data(
        signals, float(sfreq), l_freq, h_freq, copy=False, verbose="warning"
    )


def resample(signals: np.ndarray, old_sfreq: float, new_sfreq: float) -> np.ndarray:
    """Band-limited resampling whose sample k lies at k / new_sfreq seconds.

    The signal is mirrored at its ends. Rates with no simple ratio are exact to
    0.2 ms at the end.

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

    Raises
    ------
    ValueError
        If `signals` is not 2-D and finite, or a rate is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import resample
    >>> resample(np.zeros((2, 999)), 250.0, 64.0).shape
    (2, 256)
    """
    signals = np.array(as_signals("signals", signals, (2,)), dtype=np.float64)
    n_times = signals.shape[1]
    ratio = _ratio(n_times, old_sfreq, new_sfreq)
    if ratio == 1:
        return signals
    # The phases of the interpolating filter differ a little in their gain at 0 Hz,
    # by which an offset would leak into the band.
    offset = np.median(signals, axis=1, keepdims=True)
    up, down = ratio.numerator, ratio.denominator
    return resample_poly(signals - offset, up, down, axis=1, padtype="reflect") + offset


def n_resampled(n_times: int, old_sfreq: float, new_sfreq: float) -> int:
    """Count the samples that `resample` returns."""
    check_whole("n_times", n_times)
    return math.ceil(n_times * _ratio(n_times, old_sfreq, new_sfreq))


def _ratio(n_times, old_sfreq, new_sfreq):
    """Simplest ratio of the rates that keeps the drift out of sight."""
    check_number("old_sfreq", old_sfreq, above=0)
    check_number("new_sfreq", new_sfreq, above=0)
    exact = Fraction(float(new_sfreq)) / Fraction(float(old_sfreq))
    tolerance = Fraction(_DRIFT) * exact * Fraction(float(old_sfreq)) / n_times
    limit = 1
    while abs((ratio := exact.limit_denominator(limit)) - exact) > tolerance:
        limit *= 2
    return ratio
