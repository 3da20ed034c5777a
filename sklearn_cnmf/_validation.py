"""What arguments have to be: one check for each kind of mistake.

All of them raise a ValueError that names the argument, what was found and what is
expected.
"""

import math
from collections.abc import Collection, Sequence
from numbers import Integral, Real
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike

# Of what other packages say and files hold (characters).
_LONGEST = 200


def check_number(
    name: str,
    value: Any,
    *,
    least: float | None = None,
    most: float | None = None,
    above: float | None = None,
    below: float | None = None,
) -> None:
    """Refuse what is not a finite number within bounds.

    Parameters
    ----------
    name : str
        How the message calls the argument.
    value : object
        What was given.
    least, most : float, default=None
        Smallest and largest value that are allowed.
    above, below : float, default=None
        Values that it must be larger and smaller than.
    """
    bounds = [
        f"{sign} {bound:g}"
        for sign, bound in ((">=", least), ("<=", most), (">", above), ("<", below))
        if bound is not None
    ]
    number = isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
    if (
        not number
        or not _is_finite(value)
        or (least is not None and value < least)
        or (most is not None and value > most)
        or (above is not None and value <= above)
        or (below is not None and value >= below)
    ):
        expected = " ".join(["a finite number", " and ".join(bounds)]).rstrip()
        raise ValueError(f"{name}: expected {expected}, got {brief(value)}")


def _is_finite(number):
    try:
        return math.isfinite(number)
    except OverflowError:  # whole numbers that no float holds
        return False


def check_whole(name: str, value: Any, *, least: int = 1) -> None:
    """Refuse what is not a whole number of at least `least`."""
    whole = isinstance(value, Integral) and not isinstance(value, (bool, np.bool_))
    if not whole or value < least:
        raise ValueError(f"{name}: expected a whole number >= {least}, got {value!r}")


def check_flag(name: str, value: Any) -> None:
    """Refuse what is not true or false."""
    if not isinstance(value, (bool, np.bool_)):
        raise ValueError(f"{name}: expected True or False, got {value!r}")


def check_kind(name: str, value: Any, kind: type) -> None:
    """Refuse what is no instance of a class."""
    if not isinstance(value, kind):
        article = "an" if kind.__name__[0] in "AEIOU" else "a"
        raise ValueError(
            f"{name}: expected {article} {kind.__name__}, got {type(value).__name__}"
        )


def check_method(name: str, estimator: Any, method: str) -> None:
    """Refuse an estimator that can't do what is needed."""
    if not hasattr(estimator, method):
        raise ValueError(
            f"{name}: expected one with {method}, got {type(estimator).__name__}"
        )


def check_numbers(name: str, values: Any, **bounds: float) -> None:
    """Refuse what is not a sequence of at least one number within bounds."""
    try:
        flat = np.ndim(values) == 1 and len(values) > 0
    except (TypeError, ValueError):
        flat = False
    if not flat:
        kind = type(values).__name__
        raise ValueError(f"{name}: expected a sequence of numbers, got {kind}")
    for value in values:
        check_number(name, value, **bounds)


def check_choice(name: str, value: Any, known: Collection[str]) -> None:
    """Refuse what is none of the known names."""
    if not isinstance(value, str) or value not in known:
        raise ValueError(f"{name}: expected one of {list(known)}, got {value!r}")


def refuse_masked(name: str, array: Any) -> None:
    """Refuse an array with masked values, which NumPy would take as they are."""
    if isinstance(array, np.ma.MaskedArray):
        raise ValueError(
            f"{name}: got a masked array, whose masked values can't be used; fill "
            "them, or cut them out"
        )


def read_only(array: ArrayLike) -> np.ndarray:
    """View of an array that a function of the user can't write to."""
    view = np.asarray(array).view()
    view.flags.writeable = False
    return view


def check_array(name: str, array: Any, n_dims: Collection[int]) -> None:
    """Refuse what is not an array of finite real numbers with so many dimensions."""
    refuse_masked(name, array)
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{name}: expected an ndarray, got {type(array).__name__}")
    if array.ndim not in n_dims:
        expected = " or ".join(f"{n}-D" for n in n_dims)
        raise ValueError(f"{name}: expected {expected}, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{name}: the array is empty, its shape is {array.shape}")
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name}: expected real numbers, got dtype {array.dtype}")
    finite = np.isfinite(array)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{name}: found {np.size(finite) - np.count_nonzero(finite)} NaN or "
            f"infinite values, the first at {first}; finite numbers are expected"
        )


def as_signals(name: str, signals: Any, n_dims: Collection[int]) -> np.ndarray:
    """Return what can be read as an array of finite real numbers.

    Parameters
    ----------
    name : str
        How messages call the argument.
    signals : array-like
        The signals, time along the last axis.
    n_dims : collection of int
        The numbers of dimensions that are accepted.

    Returns
    -------
    signals : ndarray
        In its own dtype; a view of the input where that is possible.
    """
    if not isinstance(signals, np.ndarray):
        kind = type(signals).__name__
        try:
            signals = np.asarray(signals)
        except ValueError as error:
            raise ValueError(f"{name}: signals of one length are expected") from error
        if signals.ndim == 0 and 0 not in n_dims:
            raise ValueError(f"{name}: expected an array of numbers, got {kind}")
    check_array(name, signals, n_dims)
    return signals


def check_audio(audio: Any, sfreq: Any) -> np.ndarray:
    """Return audio as an array; refuse it, or a rate that is not positive."""
    check_number("sfreq", sfreq, above=0)
    audio = as_signals("audio", audio, (1, 2))
    check_time_last("audio", audio)
    return audio


def check_time_last(name: str, audio: np.ndarray) -> None:
    """Refuse audio with more channels than samples, which is turned round."""
    shape = audio.shape
    if len(shape) == 2 and shape[0] > shape[1]:
        raise ValueError(
            f"{name} has shape {shape}, {shape[0]} audio channels of {shape[1]} "
            "samples; (n_audio_channels, n_samples) is expected. soundfile reads "
            "(n_samples, n_audio_channels): pass audio.T"
        )


def check_times(times: Any, *, spaced: bool = True) -> np.ndarray:
    """Return times in seconds as an array; refuse them if not (equally) spaced."""
    times = as_signals("times", times, (1,)).astype(np.float64, copy=False)
    if not spaced:
        return times
    if len(times) < 2:
        raise ValueError(f"times: expected at least two, got {len(times)}")
    steps = np.diff(times)
    if not (steps > 0).all() or np.ptp(steps) > 1e-3 * steps[0]:
        raise ValueError("times: expected equally spaced, rising times in seconds")
    return times


def check_rate(name: str, rate: Any) -> None:
    """Refuse what is not a positive rate in Hz."""
    number = isinstance(rate, Real) and not isinstance(rate, (bool, np.bool_))
    if not number or not _is_finite(rate) or rate <= 0:
        raise ValueError(f"{name}: expected a positive rate in Hz, got {brief(rate)}")


def check_band(l_freq: float | None, h_freq: float | None, sfreq: float) -> None:
    """Refuse a band that is empty or not below half of the sampling rate."""
    for name, edge in (("l_freq", l_freq), ("h_freq", h_freq)):
        if edge is None:
            continue
        check_number(name, edge)
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


def trial_name(index: int, trial: Any, records: str = "trials") -> str:
    """Tell a trial in a message: by its index, subject and stimulus."""
    return f"{records}[{index}]{trial_label(trial)}"


def trial_label(trial: Any) -> str:
    """Subject and stimulus of a trial in brackets, as far as they are known."""
    known = [f"{k} {v!r}" for k in ("subject", "stimulus") if (v := getattr(trial, k))]
    return f" ({', '.join(known)})" if known else ""


def check_names(name: str, names: Any) -> None:
    """Refuse what is not a sequence of different names in a definite order."""
    ordered = isinstance(names, (Sequence, np.ndarray)) and not isinstance(names, str)
    if not ordered or not all(isinstance(one, str) for one in names):
        raise ValueError(
            f"{name}: expected a list or tuple of str, whose order is definite, got "
            f"{names!r}"
        )
    if len(names) == 0:
        raise ValueError(f"{name}: expected at least one name, got none")
    repeated = sorted({one for one in names if list(names).count(one) > 1})
    if repeated:
        raise ValueError(
            f"{name}: {repeated} occur more than once; give each a name of its own"
        )


def check_callable(name: str, value: Any, known: Collection[str]) -> None:
    """Refuse what is neither one of the known names nor a function."""
    if not callable(value):
        if not isinstance(value, str):
            raise ValueError(
                f"{name}: expected one of {list(known)} or a callable, got {value!r}"
            )
        check_choice(name, value, known)


def check_shape(name: str, array: Any, shape: tuple[int | None, ...]) -> None:
    """Refuse what is not an array of finite real numbers of a shape.

    Parameters
    ----------
    name : str
        How the message calls it.
    array : object
        What was found.
    shape : tuple of int or None
        Expected lengths; None allows any.
    """
    check_array(name, array, (len(shape),))
    if any(n is not None and n != found for n, found in zip(shape, array.shape)):
        expected = tuple("any" if n is None else n for n in shape)
        raise ValueError(f"{name}: expected shape {expected}, got {array.shape}")


def check_unchanged(fitted: dict[str, Any], estimator: Any) -> None:
    """Refuse to predict with parameters that are no longer those of the fit.

    Parameters
    ----------
    fitted : dict
        Names and values of the parameters that decide what was fitted.
    estimator : estimator
        Its parameters now.
    """
    for name, value in fitted.items():
        now = getattr(estimator, name)
        if not _is_same(now, value):
            raise ValueError(
                f"{name}: was {value!r} in fit and is {now!r} now; fit again, or set "
                "it back"
            )


def _is_same(now, value):
    if now is value:
        return True
    if isinstance(now, Real) and isinstance(value, Real):
        return now == value
    if type(now) is not type(value):
        return False
    if hasattr(now, "get_params"):
        return joblib.hash(now.get_params()) == joblib.hash(value.get_params())
    return np.array_equal(now, value)


def said_by(error: BaseException) -> str:
    """Tell what an error of another package says, on one line and not too long."""
    return cut(" ".join(str(error).split()) or type(error).__name__)


def brief(found: Any) -> str:
    """Represent what a file holds, not too long for a message."""
    return cut(repr(found))


def cut(text: str) -> str:
    """Cut what is too long for a message."""
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def is_missing(label: Any) -> bool:
    """Tell whether a label is None, NaN, NA or empty."""
    try:
        return label is None or bool(label != label) or label == ""
    except (TypeError, ValueError):  # such as pandas.NA, neither equal nor different
        return True
