"""One magnitude array, factorised."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._threads import one_thread
from .._validation import check_shape
from .factorization import activations_for


@dataclass(frozen=True, eq=False)
class ArrayFactorization:
    """What `fit` keeps of an array.

    Parameters
    ----------
    components : ndarray of shape (n_components, n_bins)
        Spectra.
    attended : ndarray of shape (n_components,) of bool
        Which of them are attended.
    parameters : dict
        Parameters of the estimator that decided this.
    """

    components: np.ndarray
    attended: np.ndarray
    parameters: dict[str, Any]
    for_trials: ClassVar[bool] = False

    def check(self) -> None:
        """Refuse a value whose parts don't fit each other."""
        check_shape("components", self.components, (None, None))
        if self.attended.dtype != bool or len(self.attended) != len(self.components):
            raise ValueError(
                f"attended: expected {len(self.components)} booleans, got "
                f"{self.attended!r}"
            )

    def activations(self, X: np.ndarray, max_iter: int) -> np.ndarray:
        """Activations that model X, (n_frames, n_components)."""
        return activations_for(X, self.components, max_iter)

    def magnitudes(self, activations: np.ndarray) -> np.ndarray:
        """Magnitudes that activations model, (n_frames, n_bins)."""
        with one_thread():
            return activations @ self.components

    def attended_part(self, X: np.ndarray, max_iter: int) -> np.ndarray:
        """Part of X that the attended components model, (n_frames, n_bins)."""
        return self.magnitudes(self.activations(X, max_iter) * self.attended)
