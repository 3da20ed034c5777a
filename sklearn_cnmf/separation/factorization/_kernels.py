"""The sweep over X that every step of the factorisation shares.

One sweep forms the model, the ratio X / model and, as asked, the products of
that ratio with either factor and the divergence. It works through blocks of
frames that stay in the cache, so that nothing as large as X is ever allocated.
"""

import numpy as np

_BLOCK_BYTES = 1 << 20


class Workspace:
    """Preallocated buffers for the sweeps over one `X`.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Non-negative magnitudes. Kept by reference, never written to.
    n_components : int
        Number of components.
    """

    def __init__(self, X, n_components):
        n_frames, n_bins = X.shape
        step = max(1, min(n_frames, _BLOCK_BYTES // (n_bins * X.itemsize)))
        self.X = X
        self.total = float(np.sum(X, dtype=np.float64))
        self.floor = np.finfo(X.dtype).tiny ** 0.5
        self._ratio = np.empty((step, n_bins), dtype=X.dtype)
        self._log = np.empty((step, n_bins), dtype=X.dtype)
        self._frames = np.empty((n_frames, n_components), dtype=X.dtype)
        self._bins = np.empty((n_components, n_bins), dtype=X.dtype)
        self._partial = np.empty((n_components, n_bins), dtype=X.dtype)

    def onto_activations(
        self, A: np.ndarray, W: np.ndarray
    ) -> tuple[np.ndarray, float]:
        """(X / A W) W^T and D(X | A W) / sum(X).

        Parameters
        ----------
        A : ndarray of shape (n_frames, n_components)
            Activations.
        W : ndarray of shape (n_components, n_bins)
            Components.

        Returns
        -------
        product : ndarray of shape (n_frames, n_components)
            A buffer that the next call overwrites.
        divergence : float
        """
        log_likelihood = 0.0
        for rows, X, ratio in self._ratios(A, W):
            np.matmul(ratio, W.T, out=self._frames[rows])
            log_likelihood += self._log_likelihood(X, ratio)
        model = np.dot(A.sum(0, dtype=np.float64), W.sum(1, dtype=np.float64))
        return self._frames, (log_likelihood - self.total + float(model)) / self.total

    def onto_components(self, A: np.ndarray, W: np.ndarray) -> np.ndarray:
        """A^T (X / A W), shape (n_components, n_bins), in a buffer that is reused."""
        self._bins[...] = 0
        for rows, _, ratio in self._ratios(A, W):
            np.matmul(A[rows].T, ratio, out=self._partial)
            self._bins += self._partial
        return self._bins

    def _ratios(self, A, W):
        n_frames, step = len(self.X), len(self._ratio)
        for start in range(0, n_frames, step):
            rows = slice(start, min(start + step, n_frames))
            X = self.X[rows]
            ratio = self._ratio[: len(X)]
            np.matmul(A[rows], W, out=ratio)
            np.maximum(ratio, self.floor, out=ratio)
            np.divide(X, ratio, out=ratio)
            yield rows, X, ratio

    def _log_likelihood(self, X, ratio):
        logs = self._log[: len(X)]
        np.maximum(ratio, self.floor, out=logs)
        np.log(logs, out=logs)
        # Sums of rows in their own precision, over rows in double precision.
        return float(np.sum(np.einsum("nf,nf->n", X, logs), dtype=np.float64))
