"""Arrays and channels that an estimator is given, checked and named."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from .._validation import as_signals, is_missing, refuse_masked, trial_name
from ..trial import Trial

# Whose squares are far from where float64 ends.
_SPANS = 1e-100, 1e100


def array_to_fit(
    estimator: Any, X: ArrayLike, y: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Check one training recording; note its channels on the estimator.

    Parameters
    ----------
    estimator : estimator
        Gets `n_features_in_` and, from a data frame, `feature_names_in_`.
    X : array-like of shape (n_times, n_channels)
        EEG.
    y : array-like of shape (n_times,) or (n_times, n_outputs)
        Target.

    Returns
    -------
    X : ndarray of shape (n_times, n_channels), float64 or float32
        EEG.
    y : ndarray of shape (n_times,) or (n_times, n_outputs), float64
        Target.
    """
    refuse_masked("X", X)
    refuse_masked("y", y)
    X, y = validate_data(
        estimator,
        X,
        y,
        dtype=[np.float64, np.float32],
        multi_output=True,
        y_numeric=True,
        ensure_all_finite=False,
        ensure_min_samples=2,
    )
    check_finite(X, estimator)
    if y.dtype.kind not in "fiub":
        raise ValueError(f"y: expected real numbers, got dtype {y.dtype}")
    y = y.astype(np.float64)
    if np.ptp(y, axis=0).max() == 0:
        raise ValueError("y: the target is constant; there is nothing to learn")
    return X, y


def array_to_transform(estimator: Any, X: ArrayLike) -> np.ndarray:
    """Check one recording against the channels of the training."""
    refuse_masked("X", X)
    X = validate_data(
        estimator,
        X,
        reset=False,
        dtype=[np.float64, np.float32],
        ensure_all_finite=False,
    )
    check_finite(X, estimator)
    return X


def recordings_to_fit(
    X: Sequence[np.ndarray], y: Sequence[ArrayLike], n_least: int
) -> tuple[list[np.ndarray], list[np.ndarray], bool]:
    """Check training recordings.

    Parameters
    ----------
    X : sequence of ndarray of shape (n_times, n_channels)
        EEG of each recording.
    y : sequence of array-like of shape (n_times,) or (n_times, n_outputs)
        Target of each.
    n_least : int
        Fewest samples of a recording.

    Returns
    -------
    X : list of ndarray of shape (n_times, n_channels)
        EEG, float32 if all of it is, else float64.
    y : list of ndarray of shape (n_times, n_outputs), float64
        Targets.
    one_dimensional : bool
        Whether targets came in one dimension.
    """
    X = _check_recordings(X, X[0].shape[1])
    for index, x in enumerate(X):
        if len(x) < n_least:
            raise ValueError(
                f"X[{index}]: {len(x)} samples; at least {n_least} are needed for the "
                "lags"
            )
    ys, one_dimensional = targets_of_recordings(X, y)
    if all(np.ptp(target, axis=0).max() == 0 for target in ys):
        raise ValueError("y: the target is constant; there is nothing to learn")
    return X, ys, one_dimensional


def targets_of_recordings(X: list[np.ndarray], y: Any) -> tuple[list[np.ndarray], bool]:
    """Return targets of recordings in 2-D, and whether they had one dimension."""
    if not isinstance(y, (list, tuple)) or len(y) != len(X):
        found = f"{len(y)}" if isinstance(y, (list, tuple)) else type(y).__name__
        raise ValueError(
            f"y: expected a list of {len(X)} arrays, one for each recording, got "
            f"{found}"
        )
    ys = [as_signals(f"y[{i}]", target, (1, 2)) for i, target in enumerate(y)]
    for index, (x, target) in enumerate(zip(X, ys)):
        if len(target) != len(x) or target.shape[1:] != ys[0].shape[1:]:
            raise ValueError(
                f"y[{index}]: expected shape {(len(x), *ys[0].shape[1:])}, got "
                f"{target.shape}"
            )
    targets = [t.astype(np.float64).reshape(len(t), -1) for t in ys]
    return targets, ys[0].ndim == 1


def recordings_to_transform(
    estimator: Any, X: Sequence[np.ndarray]
) -> list[np.ndarray]:
    """Check recordings against the channels of the training."""
    return _check_recordings(X, estimator.n_features_in_)


def groups_of_recordings(groups: Sequence[Any] | None, n_recordings: int) -> list[Any]:
    """Return what to hold out together; each recording alone if nothing is said."""
    if groups is None:
        return list(range(n_recordings))
    several = hasattr(groups, "__len__") and not isinstance(groups, str)
    if not several or len(groups) != n_recordings:
        found = len(groups) if several else repr(groups)
        raise ValueError(
            f"groups: expected one for each of {n_recordings} recordings, got {found}"
        )
    groups = list(groups)
    for index, group in enumerate(groups):
        if is_missing(group):
            raise ValueError(f"groups[{index}]: expected a label, got {group!r}")
    return groups


def _check_recordings(X, n_channels):
    checked = []
    for index, x in enumerate(X):
        x = as_signals(f"X[{index}]", x, (2,))
        if x.shape[1] != n_channels:
            raise ValueError(
                f"X[{index}]: expected {n_channels} channels, got {x.shape[1]}; rows "
                "are time"
            )
        checked.append(x)
    single = all(x.dtype == np.float32 for x in checked)
    dtype = np.float32 if single else np.float64
    return [x.astype(dtype, copy=False) for x in checked]


def set_channels(estimator: Any, trials: list[Trial]) -> None:
    """Note number and names of the channels of training trials."""
    estimator.n_features_in_ = trials[0].eeg.shape[0]
    named = [trial.ch_names for trial in trials if trial.ch_names is not None]
    if len(named) == len(trials):
        estimator.feature_names_in_ = np.asarray(named[0], dtype=object)


def check_channels(estimator: Any, trials: list[Trial]) -> None:
    """Refuse trials with other channels than the training had."""
    for index, trial in enumerate(trials):
        if trial.eeg.shape[0] != estimator.n_features_in_:
            raise ValueError(
                f"{trial_name(index, trial)}: eeg has {trial.eeg.shape[0]} channels, "
                f"but {type(estimator).__name__} is expecting "
                f"{estimator.n_features_in_} features as input"
            )
    check_ch_names(trials, getattr(estimator, "feature_names_in_", None))


def check_ch_names(trials: list[Trial], expected: Sequence[str] | None) -> None:
    """Refuse trials whose channels are known not to be the expected ones."""
    if expected is None:
        return
    for index, trial in enumerate(trials):
        if trial.ch_names is None:
            continue
        for channel, (found, other) in enumerate(zip(trial.ch_names, expected)):
            if found != other:
                raise ValueError(
                    f"{trial_name(index, trial)}: ch_names[{channel}] is {found!r}, "
                    f"but in training it was {other!r}; the same channels in the "
                    "same order are needed"
                )


def check_finite(X: np.ndarray, estimator: Any) -> None:
    """Refuse NaN and infinity, naming the channels."""
    finite = np.isfinite(X).all(axis=0)
    if not finite.all():
        raise ValueError(
            f"X: found NaN or infinity (inf) in channels "
            f"{_chosen(channel_names(estimator), ~finite)}; finite numbers are expected"
        )


def check_varying(varying: np.ndarray, names: Sequence[Any]) -> None:
    """Warn of channels that are constant, refuse if all are."""
    if not varying.any():
        raise ValueError("X: all channels of the EEG are constant")
    if not varying.all():
        warnings.warn(
            f"X: channels {_chosen(names, ~varying)} of the EEG are constant; "
            "they get zero weights",
            stacklevel=4,
        )


def check_span(name: str, recordings: list[np.ndarray]) -> None:
    """Refuse values whose squares and sums of squares float64 does not hold."""
    span = max(float(np.ptp(values, axis=0).max()) for values in recordings)
    if span > 0 and not _SPANS[0] <= span <= _SPANS[1]:
        raise ValueError(
            f"{name}: values span {span:.3g}, but {_SPANS[0]:g} to {_SPANS[1]:g} is "
            "expected, since beyond it their squares lose precision; take another unit"
        )


def require_target(y: Any) -> Any:
    """Refuse to learn or score without the truth, and return it."""
    if y is None:
        raise ValueError(
            "y: requires y to be passed, but the target y is None; pass the target of "
            "arrays, the references of trials"
        )
    return y


def channel_names(estimator: Any) -> list[Any]:
    """Names of the channels of the training, or their numbers."""
    numbers = range(estimator.n_features_in_)
    return list(getattr(estimator, "feature_names_in_", numbers))


def _chosen(names, chosen):
    return [names[int(channel)] for channel in np.flatnonzero(chosen)]
