"""Ridge regression from lagged sums: a path over penalties, leave-one-group-out."""

from collections.abc import Hashable, Sequence

import numpy as np
from scipy.linalg import blas, eigh_tridiagonal, lapack

from ._lagged import Moments, RecordingSums, moments

# Below this multiple of the mean eigenvalue a penalty no longer makes a singular
# covariance definite in float64.
_SMALLEST_PENALTY = 1e-10
# A prediction that varies by less than this share of its power is constant.
_CONSTANT = 1e-12


def covariances(sums: Moments) -> tuple[np.ndarray, np.ndarray]:
    """Covariances about the means, with denominator n_valid.

    Parameters
    ----------
    sums : Moments
        Sums over the times to use.

    Returns
    -------
    cov_zz : ndarray of shape (n_features, n_features)
        Covariance of the lagged predictors; only its upper triangle is set.
    cov_zy : ndarray of shape (n_features, n_outputs)
        Their covariance with the targets.
    """
    mean_z, mean_y = sums.z / sums.n_valid, sums.y / sums.n_valid
    cov_zz = sums.zz / sums.n_valid
    # The transpose of C order is Fortran order, its lower triangle what is set here.
    cov_zz = blas.dsyr(-1.0, mean_z, lower=1, a=cov_zz.T, overwrite_a=1).T
    return cov_zz, sums.zy / sums.n_valid - np.outer(mean_z, mean_y)


def ridge_path(
    cov_zz: np.ndarray, cov_zy: np.ndarray, alphas: Sequence[float]
) -> np.ndarray:
    """Ridge solutions for many penalties at the price of little more than one.

    The covariance is brought to tridiagonal form once by an orthogonal matrix;
    a multiple of the identity can then be added at no cost. A single penalty is
    cheaper to solve for directly.

    Parameters
    ----------
    cov_zz : ndarray of shape (n_features, n_features)
        Covariance of the predictors; only its upper triangle is read.
    cov_zy : ndarray of shape (n_features, n_outputs)
        Covariance of predictors and targets.
    alphas : sequence of float
        Penalties, relative to the mean eigenvalue of `cov_zz`. At zero, the
        solution of least norm.

    Returns
    -------
    weights : ndarray of shape (n_alphas, n_features, n_outputs)
        Solutions of (cov_zz + alpha trace(cov_zz) / n_features I) w = cov_zy.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding.regression._ridge import ridge_path
    >>> ridge_path(np.diag([1.0, 3.0]), np.ones((2, 1)), [0.5])[0].T
    array([[0.5 , 0.25]])
    """
    mean_eigenvalue = np.trace(cov_zz) / len(cov_zz)
    if len(alphas) == 1 and alphas[0] >= _SMALLEST_PENALTY:
        penalised = np.array(cov_zz.T, order="F")
        penalised[np.diag_indices(len(cov_zz))] += alphas[0] * mean_eigenvalue
        _, weights, info = lapack.dposv(penalised, cov_zy, lower=1, overwrite_a=1)
        if info == 0:
            return weights[None]
    diagonal, off_diagonal, rotate = _tridiagonal(cov_zz)
    rotated = rotate(cov_zy, "T")
    weights = []
    for alpha in alphas:
        solution = None
        if alpha >= _SMALLEST_PENALTY and len(off_diagonal):
            penalised = diagonal + alpha * mean_eigenvalue
            d, e, info = lapack.dpttrf(penalised, off_diagonal)
            if info == 0:
                solution, _ = lapack.dpttrs(d, e, rotated)
        if solution is None:
            solution = _least_norm(
                diagonal, off_diagonal, alpha * mean_eigenvalue, rotated
            )
        weights.append(solution)
    stacked = rotate(np.hstack(weights), "N")
    return stacked.reshape(len(cov_zz), len(weights), -1).transpose(1, 0, 2)


def leave_one_group_out(
    ys: list[np.ndarray],
    sums: RecordingSums,
    groups: Sequence[Hashable],
    alphas: Sequence[float],
) -> np.ndarray:
    """Correlations of held-out recordings with their predictions.

    Parameters
    ----------
    ys : list of ndarray of shape (n_times, n_outputs)
        Targets of the recordings.
    sums : sequence of LaggedSums
        The sums of each recording.
    groups : list of hashable
        Recordings of one group are held out together.
    alphas : sequence of float
        Penalties, relative to the mean eigenvalue of the training covariance.

    Returns
    -------
    scores : ndarray of shape (n_alphas, n_recordings, n_outputs)
        Pearson correlation over the times with a full lag window.
    """
    total = moments(sums)
    scores = np.empty((len(alphas), len(ys), ys[0].shape[1]))
    for group in dict.fromkeys(groups):
        held_out = [i for i, other in enumerate(groups) if other == group]
        together = moments(sums[i] for i in held_out)
        weights = ridge_path(*covariances(total - together), alphas)
        for i in held_out:
            own = together if len(held_out) == 1 else moments([sums[i]])
            scores[:, i] = _correlations(own, ys[i][: own.n_valid], weights)
    return scores


def _correlations(sums, y, weights):
    """Correlate targets with predictions from the moments of a recording.

    The predictions themselves are never made, which is what takes long for many
    penalties and outputs.
    """
    n_alphas, n_features, n_outputs = weights.shape
    flat = np.asfortranarray(weights.transpose(1, 0, 2).reshape(n_features, -1))
    cov_zz, cov_zy = covariances(sums)
    variance = np.sum(flat * blas.dsymm(1.0, cov_zz.T, flat, lower=1), axis=0)
    offset = sums.z / sums.n_valid @ flat
    variance = np.where(variance > _CONSTANT * (variance + offset**2), variance, 0.0)
    common = np.einsum("afo,fo->ao", weights, cov_zy)
    norm = np.sqrt(variance).reshape(n_alphas, n_outputs) * _deviation(y)
    r = np.divide(common, norm, out=np.zeros_like(common), where=norm > 0)
    return np.clip(r, -1.0, 1.0)


def _deviation(y):
    """Compute the standard deviation of columns, zero for constant ones."""
    constant = np.ptp(y, axis=0) <= 8 * np.finfo(np.float64).eps * np.abs(y).max(axis=0)
    return np.where(constant, 0.0, y.std(axis=0))


def forward_patterns(cov_zz: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """How what the weights extract appears in the predictors.

    Parameters
    ----------
    cov_zz : ndarray of shape (n_features, n_features)
        Covariance of the predictors; only its upper triangle is read.
    weights : ndarray of shape (n_features, n_outputs)
        Backward model.

    Returns
    -------
    patterns : ndarray of shape (n_features, n_outputs)
        ``cov_zz @ weights @ pinv(weights.T @ cov_zz @ weights)``, Eq. 6 of Haufe et
        al. (2014), with the covariance of the extracted signals.
    """
    spread = blas.dsymm(1.0, cov_zz.T, weights, lower=1)
    return spread @ np.linalg.pinv(weights.T @ spread, hermitian=True)


def _tridiagonal(matrix):
    """Diagonal and off-diagonal of Q^T matrix Q, and multiplication by Q or Q^T."""
    if len(matrix) == 1:
        return np.diag(matrix).copy(), np.empty(0), lambda b, side: b
    lwork = int(lapack.dsytrd_lwork(len(matrix), lower=1)[0])
    # The transpose of C order is Fortran order: the upper triangle, not copied.
    reflectors, diagonal, off_diagonal, tau, _ = lapack.dsytrd(
        matrix.T, lower=1, lwork=lwork
    )
    reflectors = np.asfortranarray(reflectors[1:, :-1])

    def rotate(b, side):
        rotated = np.array(b, order="F")
        n_columns = b.shape[1]
        rotated[1:], _, _ = lapack.dormqr(
            "L", side, reflectors, tau, rotated[1:], 64 * (n_columns + 65)
        )
        return rotated

    return diagonal, off_diagonal, rotate


def _least_norm(diagonal, off_diagonal, penalty, b):
    """Solve a tridiagonal system that may be singular."""
    if len(diagonal) == 1:
        eigenvalues, vectors = diagonal, np.ones((1, 1))
    else:
        eigenvalues, vectors = eigh_tridiagonal(diagonal, off_diagonal)
    cutoff = len(diagonal) * np.finfo(np.float64).eps * np.max(np.abs(eigenvalues))
    inverse = np.zeros_like(eigenvalues)
    kept = eigenvalues > cutoff
    inverse[kept] = 1 / (eigenvalues[kept] + penalty)
    return vectors @ (inverse[:, None] * (vectors.T @ b))
