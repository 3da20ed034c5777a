"""Constructor parameters of the decoder, checked."""

from typing import Any

import numpy as np
from sklearn.base import is_regressor
from sklearn.utils.validation import check_memory

from .._validation import (
    check_band,
    check_callable,
    check_choice,
    check_flag,
    check_number,
    check_numbers,
    check_whole,
)
from ..signals import PHASES
from ._eeg import SCALES
from ._targets import FEATURES
from .regression import lag_samples

# Nobody's cortex answers later; what is larger was meant in milliseconds (seconds).
_LATEST = 5.0


def check_decoder_parameters(decoder: Any) -> np.ndarray:
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
    check_choice("phase", decoder.phase, PHASES)
    check_alphas(decoder.alpha, decoder.alphas)
    check_callable("feature", decoder.feature, FEATURES)
    check_whole("n_bands", decoder.n_bands)
    check_flag("alpha_per_output", decoder.alpha_per_output)
    check_flag("per_instrument", decoder.per_instrument)
    if decoder.estimator is not None:
        check_regressor(decoder.estimator)
    check_memory(decoder.memory)
    if decoder.scale is not None:
        check_choice("scale", decoder.scale, SCALES)
    if decoder.clamp is not None:
        check_number("clamp", decoder.clamp, above=0)
    return lags


def check_preparation_parameters(preparation: Any) -> None:
    """Raise an error that names the first parameter out of its range.

    Parameters
    ----------
    preparation : EEGPreparation
        The step.
    """
    sfreq = preparation.sfreq
    if sfreq is not None:
        check_number("sfreq", sfreq, above=0)
    check_band(
        preparation.l_freq, preparation.h_freq, np.inf if sfreq is None else sfreq
    )
    check_choice("phase", preparation.phase, PHASES)
    if preparation.phase != "zero" and np.size(preparation.notch_freqs):
        raise ValueError(
            f"notch_freqs: phase={preparation.phase!r} has no notch filter, expected "
            f"(), got {preparation.notch_freqs!r}"
        )
    if np.ndim(preparation.notch_freqs) != 1:
        raise ValueError(
            "notch_freqs: expected a sequence of frequencies in Hz, got "
            f"{preparation.notch_freqs!r}"
        )
    for value in preparation.notch_freqs:
        check_number("notch_freqs", value, above=0)
    reference = preparation.reference
    named = isinstance(reference, (list, tuple, np.ndarray)) and len(reference) > 0
    if reference is not None and not named and reference != "average":
        raise ValueError(
            "reference: expected None, 'average' or names of channels, got "
            f"{reference!r}"
        )
    check_flag("standardize", preparation.standardize)
    if preparation.clamp is not None:
        check_number("clamp", preparation.clamp, above=0)


def check_window(window: float, sfreq: float) -> int:
    """Refuse a window with less than two frames; return its number of frames."""
    check_number("window", window)
    n_window = round(window * sfreq)
    if n_window < 2:
        raise ValueError(
            f"window: expected at least {2 / sfreq:g} s, two frames at "
            f"{sfreq:g} Hz, got {window!r}"
        )
    return n_window


def check_lags(tmin: float, tmax: float, sfreq: float) -> np.ndarray:
    """Refuse a span of time that no lag lies in; return the lags in samples."""
    check_number("tmin", tmin)
    check_number("tmax", tmax)
    check_number("sfreq", sfreq, above=0)
    if not 0 <= tmin < tmax:
        raise ValueError(
            f"tmin, tmax: 0 <= tmin < tmax is expected, got tmin={tmin!r} and "
            f"tmax={tmax!r}"
        )
    if tmax > _LATEST:
        raise ValueError(
            f"tmax: expected at most {_LATEST:g} s, got {tmax!r}; is it in "
            f"milliseconds? Then pass {tmax / 1000:g}"
        )
    lags = lag_samples(tmin, tmax, sfreq)
    if len(lags) == 0:
        raise ValueError(
            f"tmin, tmax: no sample lies between {tmin!r} and {tmax!r} s at "
            f"sfreq={sfreq:g} Hz"
        )
    return lags


def check_alphas(alpha: Any, alphas: Any) -> None:
    """Refuse penalties that are negative, or a grid that is not positive."""
    if isinstance(alpha, str):
        if alpha != "cv":
            raise ValueError(f"alpha: expected 'cv' or a number, got {alpha!r}")
    else:
        if _n_dims(alpha) > 1 or np.size(alpha) == 0:
            raise ValueError(
                f"alpha: expected 'cv', a number or one per output, got {alpha!r}"
            )
        for value in [alpha] if np.ndim(alpha) == 0 else alpha:
            check_number("alpha", value, least=0)
    check_numbers("alphas", alphas, above=0)


def _n_dims(numbers):
    """Count dimensions; of a ragged sequence two."""
    try:
        return np.ndim(numbers)
    except ValueError:
        return 2


def check_regressor(estimator: Any) -> None:
    """Refuse what is not a scikit-learn regressor, such as a class or a classifier."""
    instance = hasattr(estimator, "__sklearn_tags__") and not isinstance(
        estimator, type
    )
    if not instance or not is_regressor(estimator):
        raise ValueError(
            "estimator: expected None or an instance of a scikit-learn regressor, got "
            f"{estimator!r}"
        )
