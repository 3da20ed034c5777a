"""What every metric asks of its signals, and ratios of energies in dB."""

from typing import Any

import numpy as np

# Powers of two up to this one are normal numbers, and quicker to multiply with than
# ldexp is.
_LARGEST_EXPONENT = 1000


def is_silent(signal: np.ndarray) -> bool:
    """Whether every sample of `signal` is zero."""
    return not np.any(signal)


def scaled_to_unit_peak(signals: np.ndarray) -> np.ndarray:
    """Bring the peak of each row into [0.5, 1) by a power of two.

    This rounds nothing, and the energy of very quiet or loud signals neither
    vanishes nor overflows. The result is float64.

    Parameters
    ----------
    signals : ndarray of shape (..., n_samples)
        Signals; silent ones stay silent.

    Returns
    -------
    scaled : ndarray of shape (..., n_samples)
        A new float64 array.
    """
    signals = np.asarray(signals, dtype=np.float64)
    highest = signals.max(axis=-1, keepdims=True)
    lowest = signals.min(axis=-1, keepdims=True)
    exponents = -np.frexp(np.maximum(highest, -lowest))[1]
    if np.abs(exponents).max(initial=0) > _LARGEST_EXPONENT:
        return np.ldexp(signals, exponents)
    return signals * np.ldexp(1.0, exponents)


def rounding_unit(*signals: np.ndarray) -> float:
    """Return the eps of the coarsest float dtype among `signals`.

    Integers, and floats finer than float64, count as float64.
    """
    dtypes = [s.dtype for s in signals if s.dtype.kind == "f"]
    return max([np.finfo(d).eps for d in dtypes] + [np.finfo(np.float64).eps])


def lowest_decibels(*signals: np.ndarray) -> float:
    """Return the least figure that a metric of `signals` can take, in dB.

    Parameters
    ----------
    *signals : ndarray
        The signals of the metric.

    Returns
    -------
    lowest : float
        20 log10(eps): -313.1 dB for float64, -138.5 dB for float32.
    """
    return 20.0 * float(np.log10(rounding_unit(*signals)))


def decibels(numerator: Any, denominator: Any, floor: Any) -> Any:
    """Return a ratio of energies in dB, where energies below `floor` count as it.

    Parameters
    ----------
    numerator, denominator : float or ndarray
        Energies, at least zero.
    floor : float or ndarray
        The least energy that tells from zero, positive.

    Returns
    -------
    level : float or ndarray
        Finite; 0 dB where neither energy tells from zero.
    """
    ratio = np.maximum(numerator, floor) / np.maximum(denominator, floor)
    return 10.0 * np.log10(ratio)
