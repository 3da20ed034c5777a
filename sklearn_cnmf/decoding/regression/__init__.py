"""Time-lagged regression: sums, ridge path, the fitted backward model."""

from ._backward_model import BackwardModel
from ._fitting import fit_ridge
from ._lagged import lag_samples
from ._regressor import LaggedRegressor, fit_regressor

__all__ = [
    "BackwardModel",
    "LaggedRegressor",
    "fit_regressor",
    "fit_ridge",
    "lag_samples",
]
