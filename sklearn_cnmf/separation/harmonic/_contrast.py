"""The contrast of the stated cost, acting on the levels of voices."""

import numpy as np
from scipy.optimize import minimize

from ..factorization import Regularizer

_LEAST = 1e-12


def contrasted_levels(
    X: np.ndarray,
    models: np.ndarray,
    regularizer: Regularizer,
    *,
    max_iter: int,
    tol: float,
) -> tuple[np.ndarray, bool]:
    r"""Scale each voice in each frame so that the stated cost becomes small.

    The spectrum of a voice in a frame is fixed and only its magnitude there is free, so
    that the activations H have a column for each voice:

    .. math::

        C = D(X | \textstyle\sum_v h_v(n) w_v(n)) + \mu |H|_1 - \delta (\ldots)

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes of the mixture.
    models : ndarray of shape (n_voices, n_frames, n_bins)
        Modelled magnitudes of each voice.
    regularizer : Regularizer
        Penalties and contrast, a component a voice.
    max_iter : int
        Largest number of iterations.
    tol : float
        Relative fall of the cost at which it has come to rest.

    Returns
    -------
    scaled : ndarray of shape (n_voices, n_frames, n_bins)
        The models with the magnitudes that were found. The cost is never above that of
        `models`.
    converged : bool
    """
    total = X.sum(dtype=np.float64)
    levels = models.sum(axis=2, dtype=np.float64).T
    free = levels > _LEAST * total
    least = _LEAST * X.max()

    def cost(logarithms):
        gains = np.zeros_like(levels)
        gains[free] = np.exp(logarithms)
        A = levels * gains
        model = np.einsum("vnk,nv->nk", models, gains) + least
        sums = regularizer.sums(A)
        divergence = np.sum(model - X * np.log(model)) / total
        falling, rising = regularizer.gradient(A, sums)
        slope = np.einsum("nk,vnk->nv", 1 - X / model, models) * gains / total
        slope += A * (rising - falling)
        return divergence + regularizer.values(sums).sum(), slope[free]

    start = np.zeros(free.sum())
    found = minimize(
        cost,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=[(-20, 20)] * len(start),
        options={"maxiter": max_iter, "ftol": tol},
    )
    gains = np.zeros_like(levels)
    gains[free] = np.exp(found.x)
    return models * gains.T[..., None], bool(found.success)
