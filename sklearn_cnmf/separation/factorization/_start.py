"""Random starting factors."""

import numpy as np


def random_factors(
    X: np.ndarray, n_components: int, rng: np.random.RandomState
) -> tuple[np.ndarray, np.ndarray]:
    """Uniform random factors whose product has the sum of `X`.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes.
    n_components : int
        Number of components.
    rng : numpy.random.RandomState
        Source of the numbers.

    Returns
    -------
    activations : ndarray of shape (n_frames, n_components)
    components : ndarray of shape (n_components, n_bins)
    """
    n_frames, n_bins = X.shape
    activations = rng.uniform(0.1, 1.1, (n_frames, n_components)).astype(X.dtype)
    components = rng.uniform(0.1, 1.1, (n_components, n_bins)).astype(X.dtype)
    model = activations.sum(0, dtype=np.float64) @ components.sum(1, dtype=np.float64)
    return activations * X.dtype.type(X.sum(dtype=np.float64) / model), components
