"""The sweep over X that every step of the factorisation shares.

One sweep forms the model, the ratio X / model and, as asked, the products of
that ratio with either factor and the divergence. It works through blocks of
frames that stay in the cache, so that nothing as large as X is ever allocated.
Blocks may be shared out to threads; which block comes after which in a sum does
not depend on how many there are.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import numpy as np

# A block is as large as either of them asks.
_BLOCK_BYTES, _BLOCK_FRAMES = 1 << 18, 128
# Blocks are summed within each of these and then over them; no more threads than that.
_N_LANES = 4


class Workspace:
    """Preallocated buffers for the sweeps over one `X`.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Non-negative magnitudes. Never written to; copied where its rows are not
        contiguous.
    n_components : int
        Number of components.
    """

    def __init__(self, X, n_components):
        X = np.ascontiguousarray(X)
        n_frames, n_bins = X.shape
        self.X = X.view()
        self.X.flags.writeable = False
        self.total = float(np.sum(X, dtype=np.float64))
        self.floor = np.finfo(X.dtype).tiny ** X.dtype.type(0.5)
        self._lanes = _lanes(n_frames, n_bins * X.itemsize)
        self._n_threads, self._executor = 1, None
        self._frames = np.empty((n_frames, n_components), dtype=X.dtype)
        self._bins = None

    @contextmanager
    def threads(self, n_threads: int):
        """Share the sweeps inside out to so many threads, as a context manager."""
        self._n_threads = min(n_threads, len(self._lanes))
        if self._n_threads == 1:
            yield
            return
        with ThreadPoolExecutor(self._n_threads) as self._executor:
            try:
                yield
            finally:
                self._n_threads = 1

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
        divide_and_sum_logs = _compiled().divide_and_sum_logs

        def sweep(_, blocks, buffer):
            log_likelihood = 0.0
            for rows in blocks:
                ratio = np.matmul(A[rows], W, out=buffer[: rows.stop - rows.start])
                log_likelihood += divide_and_sum_logs(self.X[rows], ratio, self.floor)
                np.matmul(ratio, W.T, out=self._frames[rows])
            return log_likelihood

        log_likelihood = sum(self._over_lanes(sweep))
        model = np.dot(A.sum(0, dtype=np.float64), W.sum(1, dtype=np.float64))
        return self._frames, (log_likelihood - self.total + float(model)) / self.total

    def onto_components(self, A: np.ndarray, W: np.ndarray) -> np.ndarray:
        """A^T (X / A W), shape (n_components, n_bins), in a buffer that is reused."""
        divide = _compiled().divide
        if self._bins is None:
            self._bins = np.empty((len(self._lanes), *W.shape), dtype=W.dtype)

        def sweep(lane, blocks, buffer):
            sums = self._bins[lane]
            for index, rows in enumerate(blocks):
                ratio = np.matmul(A[rows], W, out=buffer[: rows.stop - rows.start])
                divide(self.X[rows], ratio, self.floor)
                if index == 0:
                    np.matmul(A[rows].T, ratio, out=sums)
                else:
                    sums += A[rows].T @ ratio

        self._over_lanes(sweep)
        for sums in self._bins[1:]:
            self._bins[0] += sums
        return self._bins[0]

    def _over_lanes(self, sweep):
        """Return what `sweep` makes of each lane, in their order."""
        results = [None] * len(self._lanes)

        def some(first):
            n_rows = max(rows.stop - rows.start for rows in self._lanes[0])
            buffer = np.empty((n_rows, self.X.shape[1]), dtype=self.X.dtype)
            for lane in range(first, len(self._lanes), self._n_threads):
                results[lane] = sweep(lane, self._lanes[lane], buffer)

        if self._n_threads == 1:
            some(0)
        else:
            list(self._executor.map(some, range(self._n_threads)))
        return results


def _compiled():
    """Import what takes long to import where it is first needed."""
    from . import _division

    return _division


def _lanes(n_frames, bytes_per_frame):
    """Blocks of about equal length, the first among the longest, as lists of slices."""
    wanted = max(_BLOCK_FRAMES, _BLOCK_BYTES // bytes_per_frame)
    n_blocks = max(1, round(n_frames / wanted))
    if n_blocks > _N_LANES:
        n_blocks = _N_LANES * round(n_blocks / _N_LANES)
    n_lanes = min(n_blocks, _N_LANES)
    ends = -(-np.arange(n_blocks + 1) * n_frames // n_blocks)
    blocks = [slice(int(a), int(b)) for a, b in zip(ends, ends[1:])]
    return [
        blocks[lane * n_blocks // n_lanes : (lane + 1) * n_blocks // n_lanes]
        for lane in range(n_lanes)
    ]
