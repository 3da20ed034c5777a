"""A fitted backward model: its record, its arrangement of weights, prediction."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._threads import one_thread
from ..._typing import MaybeNone
from ..._validation import check_shape
from ._lagged import lagged_product


@dataclass(frozen=True, eq=False)
class BackwardModel:
    """A fitted backward model.

    Parameters
    ----------
    lags : ndarray of shape (n_lags,), int
        How many samples later than the stimulus the EEG is used.
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
    regressor : LaggedRegressor or None
        A general regressor, which predicts in place of the weights.
    at_edge : str
        What to say of a penalty at the edge of the grid, where a better one may lie
        beyond; otherwise empty.
    """

    lags: np.ndarray
    mean: np.ndarray
    patterns: np.ndarray
    coef: np.ndarray | MaybeNone = None
    intercept: np.ndarray | MaybeNone = None
    alpha: Any = None
    cv_scores: np.ndarray | None = None
    regressor: Any = None
    at_edge: str = ""

    def check(self) -> None:
        """Refuse a model whose parts don't fit each other."""
        check_shape("patterns", self.patterns, (None, None, None))
        n_outputs, n_channels, n_lags = self.patterns.shape
        check_shape("lags", self.lags, (n_lags,))
        if self.lags.dtype.kind not in "iu" or self.lags[0] < 0:
            raise ValueError(f"lags: expected whole numbers >= 0, got {self.lags}")
        if n_lags > 1 and set(np.diff(self.lags)) != {1}:
            raise ValueError(f"lags: expected consecutive ones, got {self.lags}")
        check_shape("mean", self.mean, (n_channels,))
        if self.regressor is None or self.coef is not None:
            check_shape("coef", self.coef, (n_outputs, n_channels, n_lags))
            check_shape("intercept", self.intercept, (n_outputs,))

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Reconstruct; EEG beyond the end counts as its training mean.

        Parameters
        ----------
        x : ndarray of shape (n_times, n_channels)
            EEG.

        Returns
        -------
        y : ndarray of shape (n_times, n_outputs)
            Reconstruction, in the precision of the model.
        """
        if self.regressor is not None:
            return self.regressor.predict(x).astype(self.patterns.dtype)
        at_mean = self.intercept + offset(self.coef, self.mean)
        with one_thread():
            product = lagged_product(x - self.mean, fold(self.coef), self.lags)
        return (product + at_mean).astype(self.coef.dtype)


def unfold(weights: np.ndarray, n_channels: int) -> np.ndarray:
    """(n_lags * n_channels, n_outputs) to (n_outputs, n_channels, n_lags)."""
    blocks = weights.reshape(-1, n_channels, weights.shape[1]).transpose(2, 1, 0)
    return np.ascontiguousarray(blocks)


def fold(coef: np.ndarray) -> np.ndarray:
    """(n_outputs, n_channels, n_lags) to (n_lags * n_channels, n_outputs)."""
    return coef.astype(np.float64).transpose(2, 1, 0).reshape(-1, len(coef))


def offset(coef: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Output of the weights for EEG that stays at its mean."""
    return coef.sum(axis=2, dtype=np.float64) @ mean


def mean_of(arrays: list[np.ndarray]) -> np.ndarray:
    """Mean over the rows of all arrays."""
    total = sum(array.sum(axis=0) for array in arrays)
    return total / sum(len(array) for array in arrays)
