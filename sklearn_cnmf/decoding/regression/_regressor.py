"""Any scikit-learn regressor on the explicit matrix of lagged EEG."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike
from sklearn.base import clone

from ._backward_model import BackwardModel, mean_of, offset, unfold
from ._lagged import explicit_lags


@dataclass(frozen=True, eq=False)
class LaggedRegressor:
    """A scikit-learn regressor on lagged EEG, with the scales it was fitted in."""

    estimator: Any
    mean: np.ndarray
    mean_y: np.ndarray
    scale: float
    scale_y: np.ndarray
    lags: np.ndarray

    def predict(self, x: np.ndarray) -> np.ndarray:
        """Reconstruct; EEG beyond the end counts as its training mean."""
        padded = np.vstack(
            [(x - self.mean) / self.scale, np.zeros((self.lags[-1], x.shape[1]))]
        )
        predicted = self.estimator.predict(explicit_lags(padded, self.lags))
        return predicted.reshape(len(x), -1) * self.scale_y + self.mean_y


def fit_regressor(
    xs: list[np.ndarray],
    ys: list[np.ndarray],
    lags: np.ndarray,
    estimator: Any,
    *,
    dtype: DTypeLike = np.float64,
) -> BackwardModel:
    """Fit any scikit-learn regressor on lagged EEG.

    The EEG is divided by one number, its root mean square, and each output by its
    standard deviation, so that penalties mean the same in any unit.

    Parameters
    ----------
    xs, ys : list of ndarray of shape (n_times, n_channels), (n_times, n_outputs)
        The recordings, float64.
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.
    estimator : estimator
        A regressor; it is cloned.
    dtype : dtype, default=float64
        Of coefficients and patterns.

    Returns
    -------
    fit : BackwardModel
        The model. Its patterns are those of the reconstruction, whether or not the
        regressor is linear.

    Raises
    ------
    ValueError
        If there are too few samples for the lags.
    """
    n_times = max(len(x) for x in xs)
    if n_times < lags[-1] + 2:
        raise ValueError(
            f"X: {n_times} samples are too few for lags of up to {lags[-1]}; at least "
            f"{lags[-1] + 2} are needed"
        )
    mean, mean_y = mean_of(xs), mean_of(ys)
    scale = np.sqrt(np.mean(mean_of([(x - mean) ** 2 for x in xs])))
    spread = np.sqrt(mean_of([(y - mean_y) ** 2 for y in ys]))
    scale_y = np.where(spread > 0, spread, 1.0)
    reach = lags[-1]
    z = np.vstack([explicit_lags((x - mean) / scale, lags) for x in xs])
    y = np.vstack([(y[: len(y) - reach] - mean_y) / scale_y for y in ys])
    one = y.shape[1] == 1
    fitted = clone(estimator).fit(z, y[:, 0] if one else y)
    predicted = np.asarray(fitted.predict(z)).reshape(len(z), -1)
    regressor = LaggedRegressor(fitted, mean, mean_y, scale, scale_y, lags)

    spread_zy = (z - z.mean(axis=0)).T @ (predicted - predicted.mean(axis=0)) / len(z)
    cov = np.atleast_2d(np.cov(predicted.T, bias=True))
    patterns = spread_zy @ np.linalg.pinv(cov, hermitian=True) * scale / scale_y
    coef = intercept = None
    if hasattr(fitted, "coef_"):
        weights = np.asarray(fitted.coef_, np.float64).reshape(len(scale_y), -1).T
        coef = unfold(weights * scale_y / scale, len(mean)).astype(dtype)
        at_mean = mean_y + scale_y * np.ravel(fitted.intercept_)
        intercept = (at_mean - offset(coef, mean)).astype(dtype)
    return BackwardModel(
        lags=lags,
        mean=mean,
        patterns=unfold(patterns, len(mean)).astype(dtype),
        coef=coef,
        intercept=intercept,
        regressor=regressor,
    )
