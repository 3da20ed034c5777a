"""Constructor parameters of the decoder, checked."""

from numbers import Integral, Real

import numpy as np

from ._features import FEATURES
from ._lagged import lag_samples


def check_decoder_parameters(decoder):
    """Raise an error that names the first parameter out of its range.

    Parameters
    ----------
    decoder : EnvelopeDecoder
        The decoder.

    Returns
    -------
    lags : ndarray of shape (n_lags,), int
        Its lags in samples.
    """
    lags = check_lags(decoder.tmin, decoder.tmax, decoder.sfreq)
    check_band(decoder.l_freq, decoder.h_freq, decoder.sfreq)
    check_alphas(decoder.alpha, decoder.alphas)
    check_feature(decoder.feature)
    check_count("n_bands", decoder.n_bands)
    check_flag("alpha_per_output", decoder.alpha_per_output)
    check_flag("per_instrument", decoder.per_instrument)
    if decoder.estimator is not None:
        check_regressor(decoder.estimator)
    return lags


def check_preparation_parameters(preparation):
    """Raise an error that names the first parameter out of its range.

    Parameters
    ----------
    preparation : EEGPreparation
        The step.
    """
    sfreq = preparation.sfreq
    if sfreq is not None:
        _check_real("sfreq", sfreq)
        if sfreq <= 0:
            raise ValueError(f"sfreq: expected a positive rate in Hz, got {sfreq!r}")
    check_band(
        preparation.l_freq, preparation.h_freq, np.inf if sfreq is None else sfreq
    )
    if np.ndim(preparation.notch_freqs) != 1:
        raise ValueError(
            "notch_freqs: expected a sequence of frequencies in Hz, got "
            f"{preparation.notch_freqs!r}"
        )
    for value in preparation.notch_freqs:
        _check_real("notch_freqs", value)
        if value <= 0:
            raise ValueError(f"notch_freqs: expected positive numbers, got {value!r}")
    reference = preparation.reference
    named = isinstance(reference, (list, tuple, np.ndarray)) and len(reference) > 0
    if reference is not None and not named and reference != "average":
        raise ValueError(
            "reference: expected None, 'average' or names of channels, got "
            f"{reference!r}"
        )
    check_flag("standardize", preparation.standardize)
    if preparation.clamp is not None:
        _check_real("clamp", preparation.clamp)
        if preparation.clamp <= 0:
            raise ValueError(
                f"clamp: expected None or a positive number, got {preparation.clamp!r}"
            )


def check_window(window, sfreq):
    """Refuse a window with less than two frames; return its number of frames."""
    _check_real("window", window)
    n_window = round(window * sfreq)
    if n_window < 2:
        raise ValueError(
            f"window: expected at least {2 / sfreq:g} s, two frames at "
            f"{sfreq:g} Hz, got {window!r}"
        )
    return n_window


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
        if np.ndim(alpha) > 1 or np.size(alpha) == 0:
            raise ValueError(
                f"alpha: expected 'cv', a number or one per output, got {alpha!r}"
            )
        for value in [alpha] if np.ndim(alpha) == 0 else alpha:
            _check_real("alpha", value)
            if value < 0:
                raise ValueError(
                    f"alpha: expected 'cv' or a number >= 0, got {value!r}"
                )
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
            f"feature: expected one of {list(FEATURES)} or a callable, got {feature!r}"
        )


def check_count(name, value):
    """Refuse what is not a whole number of at least one."""
    if isinstance(value, bool) or not isinstance(value, Integral):
        raise TypeError(f"{name}: expected a whole number, got {value!r}")
    if value < 1:
        raise ValueError(f"{name}: expected a whole number >= 1, got {value!r}")


def check_flag(name, value):
    """Refuse what is not true or false."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name}: expected True or False, got {value!r}")


def check_regressor(estimator):
    """Refuse what can not be cloned, fitted and asked to predict."""
    for method in ("fit", "predict", "get_params"):
        if not hasattr(estimator, method):
            raise TypeError(
                f"estimator: expected None or a scikit-learn regressor, got "
                f"{estimator!r}, which has no {method}"
            )


def _check_real(name, value):
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{name}: expected a number, got {value!r}")
    if not np.isfinite(value):
        raise ValueError(f"{name}: expected a finite number, got {value!r}")
