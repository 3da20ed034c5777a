"""Constructor parameters of the decoder, checked."""

from numbers import Real

import numpy as np

from ._features import FEATURES
from ._lagged import lag_samples


def check_lags(tmin, tmax, sfreq):
    """Refuse a span of time that no lag lies in; return the lags in samples."""
    for name, value in (("tmin", tmin), ("tmax", tmax), ("sfreq", sfreq)):
        _check_real(name, value)
    if sfreq <= 0:
        raise ValueError(f"sfreq: expected a positive rate in Hz, got {sfreq!r}")
    if not 0 <= tmin < tmax:
        raise ValueError(
            f"tmin, tmax: 0 <= tmin < tmax is expected, got tmin={tmin!r} and "
            f"tmax={tmax!r}"
        )
    lags = lag_samples(tmin, tmax, sfreq)
    if len(lags) == 0:
        raise ValueError(
            f"tmin, tmax: no sample lies between {tmin!r} and {tmax!r} s at "
            f"sfreq={sfreq:g} Hz"
        )
    return lags


def check_band(l_freq, h_freq, sfreq):
    """Refuse a band that is empty or not below half of the sampling rate."""
    for name, edge in (("l_freq", l_freq), ("h_freq", h_freq)):
        if edge is None:
            continue
        _check_real(name, edge)
        if not 0 < edge < sfreq / 2:
            raise ValueError(
                f"{name}: expected None or a frequency between 0 and half of "
                f"sfreq={sfreq:g} Hz, got {edge!r}"
            )
    if l_freq is not None and h_freq is not None and l_freq >= h_freq:
        raise ValueError(
            f"l_freq, h_freq: l_freq < h_freq is expected, got l_freq={l_freq!r} and "
            f"h_freq={h_freq!r}"
        )


def check_alphas(alpha, alphas):
    """Refuse penalties that are negative, or a grid that is not positive."""
    if isinstance(alpha, str):
        if alpha != "cv":
            raise ValueError(f"alpha: expected 'cv' or a number, got {alpha!r}")
    else:
        _check_real("alpha", alpha)
        if alpha < 0:
            raise ValueError(f"alpha: expected 'cv' or a number >= 0, got {alpha!r}")
    if np.ndim(alphas) != 1 or len(alphas) == 0:
        raise ValueError(
            f"alphas: expected a sequence of positive numbers, got {alphas!r}"
        )
    for value in alphas:
        _check_real("alphas", value)
        if value <= 0:
            raise ValueError(f"alphas: expected positive numbers, got {value!r}")


def check_feature(feature):
    """Refuse what is neither the name of a feature nor a function."""
    if callable(feature):
        return
    if not isinstance(feature, str):
        raise TypeError(
            f"feature: expected a name or a callable, got {type(feature).__name__}"
        )
    if feature not in FEATURES:
        raise ValueError(
            f"feature: expected one of {sorted(FEATURES)} or a callable, got "
            f"{feature!r}"
        )


def _check_real(name, value):
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value!r}")
