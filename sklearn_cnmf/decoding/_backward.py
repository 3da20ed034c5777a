"""A fitted backward model: its record, its arrangement of weights, prediction."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._threads import one_thread
from ._lagged import lagged_product


@dataclass(frozen=True, eq=False)
class BackwardFit:
    """A fitted backward model.

    Attributes
    ----------
    mean : ndarray of shape (n_channels,)
        Mean of the training EEG.
    patterns : ndarray of shape (n_outputs, n_channels, n_lags)
        Forward patterns.
    coef : ndarray of shape (n_outputs, n_channels, n_lags) or None
        Weights, where the model has any.
    intercept : ndarray of shape (n_outputs,) or None
        Intercepts, where the model has weights.
    alpha : float or ndarray of shape (n_outputs,) or None
        Penalty of the ridge.
    cv_scores : ndarray or None
        Held-out correlations by penalty and recording (and output).
    regressor : object or None
        What a general regressor needs to predict.
    """

    mean: np.ndarray
    patterns: np.ndarray
    coef: np.ndarray | None = None
    intercept: np.ndarray | None = None
    alpha: Any = None
    cv_scores: np.ndarray | None = None
    regressor: Any = None


def predict_linear(x, coef, intercept, mean, lags):
    """Reconstruct with weights; EEG beyond the end counts as its training mean.

    Parameters
    ----------
    x : ndarray of shape (n_times, n_channels)
        EEG.
    coef : ndarray of shape (n_outputs, n_channels, n_lags)
        Weights.
    intercept : ndarray of shape (n_outputs,)
        Intercepts.
    mean : ndarray of shape (n_channels,)
        Mean of the training EEG.
    lags : ndarray of shape (n_lags,), int
        Lags in samples.

    Returns
    -------
    y : ndarray of shape (n_times, n_outputs)
        Reconstruction, in the precision of `coef`.
    """
    at_mean = intercept + offset(coef, mean)
    with one_thread():
        product = lagged_product(x - mean, fold(coef), lags)
    return (product + at_mean).astype(coef.dtype)


def unfold(weights, n_channels):
    """(n_lags * n_channels, n_outputs) to (n_outputs, n_channels, n_lags)."""
    return weights.reshape(-1, n_channels, weights.shape[1]).transpose(2, 1, 0)


def fold(coef):
    """(n_outputs, n_channels, n_lags) to (n_lags * n_channels, n_outputs)."""
    return coef.astype(np.float64).transpose(2, 1, 0).reshape(-1, len(coef))


def offset(coef, mean):
    """Output of the weights for EEG that stays at its mean."""
    return coef.sum(axis=2, dtype=np.float64) @ mean


def mean_of(arrays):
    """Mean over the rows of all arrays."""
    total = sum(array.sum(axis=0) for array in arrays)
    return total / sum(len(array) for array in arrays)
