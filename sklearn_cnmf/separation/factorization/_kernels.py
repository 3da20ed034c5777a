"""The sweep over X that every step of the factorisation shares.

One sweep forms the model, the ratio X / model and, as asked, the products of
that ratio with either factor and the divergence. It works through blocks of
frames that stay in the cache, so that nothing as large as X is ever allocated.
Blocks may be shared out to threads; which block comes after which in a sum does
not depend on how many there are.
"""

import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np

from ..._threads import Share, in_turn, sharing
from ..._typing import MaybeNone

# A block has at least so many bytes, so many frames, and so many for each component.
_BLOCK_BYTES, _BLOCK_FRAMES, _FRAMES_PER_COMPONENT = 1 << 17, 64, 0.3
# The frames are split into so many parts, which threads may share.
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

    def __init__(self, X: np.ndarray, n_components: int):
        X = np.ascontiguousarray(X)
        n_frames, n_bins = X.shape
        self.X = X.view()
        self.X.flags.writeable = False
        self.total = float(np.sum(X, dtype=np.float64))
        self.floor = np.finfo(X.dtype).tiny ** X.dtype.type(0.5)
        self._n_rows = max(
            _BLOCK_BYTES // (n_bins * X.itemsize),
            _BLOCK_FRAMES,
            round(_FRAMES_PER_COMPONENT * n_components),
        )
        self._lanes = _lanes(n_frames, self._n_rows)
        self._share: Share = in_turn
        self._frames = np.empty((n_frames, n_components), dtype=X.dtype)
        self._bins: np.ndarray | MaybeNone = None

    @contextmanager
    def threads(self, n_threads: int) -> Iterator[None]:
        """Share the sweeps inside out to so many threads, as a context manager."""
        with sharing(min(n_threads, len(self._lanes))) as self._share:
            try:
                yield
            finally:
                self._share = in_turn

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
        sweep = _compiled().onto_activations
        A, W = np.ascontiguousarray(A), np.ascontiguousarray(W)

        def of_lane(lane):
            rows = self._lanes[lane]
            return sweep(
                self.X[rows], A[rows], W, self.floor, self._n_rows, self._frames[rows]
            )

        log_likelihood = sum(self._share(of_lane, range(len(self._lanes))))
        model = np.dot(A.sum(0, dtype=np.float64), W.sum(1, dtype=np.float64))
        return self._frames, (log_likelihood - self.total + float(model)) / self.total

    def onto_components(self, A: np.ndarray, W: np.ndarray) -> np.ndarray:
        """A^T (X / A W), shape (n_components, n_bins), in a buffer that is reused."""
        sweep = _compiled().onto_components
        A, W = np.ascontiguousarray(A), np.ascontiguousarray(W)
        if self._bins is None:
            self._bins = np.empty((len(self._lanes), *W.shape), dtype=W.dtype)

        def of_lane(lane):
            rows = self._lanes[lane]
            sweep(self.X[rows], A[rows], W, self.floor, self._n_rows, self._bins[lane])

        self._share(of_lane, range(len(self._lanes)))
        for sums in self._bins[1:]:
            self._bins[0] += sums
        return self._bins[0]


def _compiled():
    """Import what takes long to import where it is first needed."""
    from . import _sweep

    return _sweep


def _lanes(n_frames, n_rows):
    """Split the frames into parts that threads may share, none below a block."""
    n_lanes = max(1, min(_N_LANES, n_frames // n_rows))
    ends = np.linspace(0, n_frames, n_lanes + 1).round().astype(int).tolist()
    return [slice(a, b) for a, b in itertools.pairwise(ends)]
