"""Starting factors."""

import numpy as np
from sklearn.utils.extmath import randomized_svd


def random_factors(X, n_components, rng):
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


def nndsvda_factors(X, n_components, rng):
    """Non-negative double singular value decomposition, zeros at the mean of `X`.

    Deterministic but for the randomised singular value decomposition.

    Parameters
    ----------
    X, n_components, rng :
        As in :func:`random_factors`; ``n_components <= min(X.shape)``.

    Returns
    -------
    activations : ndarray of shape (n_frames, n_components)
    components : ndarray of shape (n_components, n_bins)

    References
    ----------
    C. Boutsidis, E. Gallopoulos, "SVD based initialization: A head start for
    nonnegative matrix factorization", Pattern Recognition, 2008.
    """
    U, s, Vt = randomized_svd(X, n_components, random_state=rng)
    activations = np.empty((X.shape[0], n_components), dtype=X.dtype)
    components = np.empty((n_components, X.shape[1]), dtype=X.dtype)
    for k in range(n_components):
        pairs = [
            (np.maximum(sign * U[:, k], 0), np.maximum(sign * Vt[k], 0))
            for sign in (1, -1)
        ]
        norms = [np.linalg.norm(u) * np.linalg.norm(v) for u, v in pairs]
        best = int(np.argmax(norms))
        u, v = pairs[best]
        scale = np.sqrt(s[k] * norms[best])
        activations[:, k] = scale * u / max(np.linalg.norm(u), np.finfo(X.dtype).tiny)
        components[k] = scale * v / max(np.linalg.norm(v), np.finfo(X.dtype).tiny)
    fill = X.mean()
    activations[activations == 0] = fill
    components[components == 0] = fill
    return activations, components


INITIALIZATIONS = {"random": random_factors, "nndsvda": nndsvda_factors}
