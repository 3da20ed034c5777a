"""Arrays and channels that an estimator is given, checked and named."""

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import validate_data

from .._validation import trial_name
from ..trial import Trial


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
    y = y.astype(np.float64)
    if np.ptp(y, axis=0).max() == 0:
        raise ValueError("y: the target is constant; there is nothing to learn")
    return X, y


def array_to_transform(estimator: Any, X: ArrayLike) -> np.ndarray:
    """Check one recording against the channels of the training."""
    X = validate_data(
        estimator,
        X,
        reset=False,
        dtype=[np.float64, np.float32],
        ensure_all_finite=False,
    )
    check_finite(X, estimator)
    return X


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


def require_references(references: Any) -> None:
    """Refuse to learn or score without the truth."""
    if references is None:
        raise ValueError(
            "y: requires y to be passed, but the target y is None; pass the "
            "references of the trials"
        )


def channel_names(estimator: Any) -> list[Any]:
    """Names of the channels of the training, or their numbers."""
    numbers = range(estimator.n_features_in_)
    return list(getattr(estimator, "feature_names_in_", numbers))


def _chosen(names, chosen):
    return [names[int(channel)] for channel in np.flatnonzero(chosen)]
