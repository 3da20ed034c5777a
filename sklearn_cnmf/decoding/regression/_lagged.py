"""Time-lagged regression without the matrix of lagged copies.

The lagged vector of time t is z(t) = [x(t + lags[0]), ..., x(t + lags[-1])], all
channels of the first lag first. With consecutive lags, its second moments follow
from collections.abc import Sequence
from collections.abc import Iterable
from their first block row and the samples at the edges, so that nothing of size
(n_times, n_lags * n_channels) is ever formed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..._typing import MaybeNone

# Samples to multiply with all weights at once, which bounds memory.
_CHUNK = 4096


def lag_samples(tmin: float, tmax: float, sfreq: float) -> np.ndarray:
    """Integer lags within a span of time.

    Parameters
    ----------
    tmin, tmax : float
        First and last lag in seconds.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    lags : ndarray of shape (n_lags,), int
        Lags in samples, from ``ceil(tmin * sfreq)`` to ``floor(tmax * sfreq)``.

    Examples
    --------
    >>> from sklearn_cnmf.decoding.regression._lagged import lag_samples
    >>> lag_samples(0.03, 0.07, 100.0)
    array([3, 4, 5, 6, 7])
    """
    # 0.07 * 100 is 7.000000000000001: a bound this close to a sample is meant as it.
    slack = 1e-6
    return np.arange(
        int(np.ceil(tmin * sfreq - slack)), int(np.floor(tmax * sfreq + slack)) + 1
    )


@dataclass(frozen=True, eq=False)
class LaggedSums:
    """Sums over the times of one recording whose lag window lies within it.

    Attributes
    ----------
    n_valid : int
        Number of such times.
    z : ndarray of shape (n_features,)
        Sum of z(t), where n_features is n_lags * n_channels.
    y : ndarray of shape (n_outputs,)
        Sum of y(t).
    zy : ndarray of shape (n_features, n_outputs)
        Sum of z(t) y(t)^T.
    first_row : ndarray of shape (n_channels, n_features)
        First block row of the sum of z(t) z(t)^T.
    head, tail : ndarray of shape (n_lags - 1, n_channels)
        The samples that only the first lags and only the last lags see.
    """

    n_valid: int
    z: np.ndarray
    y: np.ndarray
    zy: np.ndarray
    first_row: np.ndarray
    head: np.ndarray
    tail: np.ndarray


@dataclass(frozen=True, eq=False)
class Moments:
    """Sums over the valid times of any number of recordings.

    Attributes
    ----------
    n_valid, z, y, zy
        As in `LaggedSums`.
    zz : ndarray of shape (n_features, n_features)
        Sum of z(t) z(t)^T; only its upper triangle is set.
    """

    n_valid: int
    z: np.ndarray
    y: np.ndarray
    zy: np.ndarray
    zz: np.ndarray

    def __sub__(self, other):
        return Moments(
            *(
                getattr(self, name) - getattr(other, name)
                for name in ("n_valid", "z", "y", "zy", "zz")
            )
        )


def lagged_sums(x: np.ndarray, y: np.ndarray, lags: np.ndarray) -> LaggedSums:
    """Sum up what a time-lagged regression of one recording needs.

    Parameters
    ----------
    x : ndarray of shape (n_times, n_channels), float64
        Predictors.
    y : ndarray of shape (n_times, n_outputs), float64
        Targets.
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.

    Returns
    -------
    sums : LaggedSums
        Over the ``n_times - lags[-1]`` times t with ``t + lags[-1] < n_times``.
    """
    n_valid = len(x) - int(lags[-1])
    x, y = x[lags[0] :], y[:n_valid]
    n_lags, n_channels = len(lags), x.shape[1]
    both = np.hstack([x[:n_valid], y]).T
    products = np.empty((n_channels + y.shape[1], n_lags, n_channels))
    for lag in range(n_lags):
        products[:, lag] = both @ x[lag : lag + n_valid]
    # The sum over a window moves on by one sample as well.
    head, tail = x[: n_lags - 1], x[n_valid:]
    z = np.vstack([x[:n_valid].sum(axis=0)[None], tail - head]).cumsum(axis=0)
    products = products.reshape(len(products), -1)
    return LaggedSums(
        n_valid=n_valid,
        z=z.ravel(),
        y=y.sum(axis=0),
        zy=np.ascontiguousarray(products[n_channels:].T),
        first_row=products[:n_channels],
        head=head,
        tail=tail,
    )


def moments(sums: Iterable[LaggedSums]) -> Moments:
    """Moments of several recordings together.

    Parameters
    ----------
    sums : iterable of LaggedSums
        The sums of each recording. They are gone through once.

    Returns
    -------
    moments : Moments
        Every time moves on by one sample from block (i, j) of `zz` to block
        (i + 1, j + 1): the first leaves the sum, one after the last enters it.
    """
    heads, tails = [], []
    n_valid = 0
    z = y = zy = np.zeros(())
    first_row: np.ndarray | MaybeNone = None
    for s in sums:
        heads.append(s.head)
        tails.append(s.tail)
        n_valid, z, y, zy = n_valid + s.n_valid, z + s.z, y + s.y, zy + s.zy
        if first_row is None:
            first_row = s.first_row.copy()
        else:
            first_row += s.first_row
    return assemble(
        n_valid=n_valid,
        z=z,
        y=y,
        zy=zy,
        first_row=first_row,
        heads=heads,
        tails=tails,
    )


def assemble(
    *,
    n_valid: int,
    z: np.ndarray,
    y: np.ndarray,
    zy: np.ndarray,
    first_row: np.ndarray,
    heads: list[np.ndarray],
    tails: list[np.ndarray],
) -> Moments:
    """Moments from their first block row and the edges of the recordings.

    Parameters
    ----------
    n_valid, z, y, zy, first_row
        As in `LaggedSums`, summed over recordings.
    heads, tails : list of ndarray of shape (n_lags - 1, n_channels)
        As in `LaggedSums`, of each recording.

    Returns
    -------
    moments : Moments
        The moments.
    """
    heads = np.stack([head.ravel() for head in heads])
    tails = np.stack([tail.ravel() for tail in tails])
    n_channels, n_features = first_row.shape
    zz = np.zeros((n_features, n_features))
    zz[:n_channels] = first_row
    for start in range(0, n_features - n_channels, n_channels):
        stop = start + n_channels
        following = zz[stop : stop + n_channels, stop:]
        following[:] = zz[start:stop, start:-n_channels]
        following -= heads[:, start:stop].T @ heads[:, start:]
        following += tails[:, start:stop].T @ tails[:, start:]
    return Moments(n_valid=n_valid, z=z, y=y, zy=zy, zz=zz)


class RecordingSums:
    """Lagged sums of recordings: kept while they fit a budget, else made anew.

    Parameters
    ----------
    xs, ys : list of ndarray of shape (n_times, n_channels), (n_times, n_outputs)
        The recordings.
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.
    budget : float
        Bytes that kept sums may take. Those of one recording take about
        ``8 * n_lags * n_channels * (n_channels + n_outputs)``.
    """

    def __init__(
        self,
        xs: list[np.ndarray],
        ys: list[np.ndarray],
        lags: np.ndarray,
        budget: float,
    ):
        self._recordings = list(zip(xs, ys))
        self._lags = lags
        size = 8 * len(lags) * xs[0].shape[1] * (xs[0].shape[1] + ys[0].shape[1])
        self._n_kept = int(budget // size)
        self._kept: dict[int, LaggedSums] = {}

    def __len__(self):
        return len(self._recordings)

    def __getitem__(self, index):
        if index in self._kept:
            return self._kept[index]
        sums = lagged_sums(*self._recordings[index], self._lags)
        if index < self._n_kept:
            self._kept[index] = sums
        return sums

    def __iter__(self):
        return (self[index] for index in range(len(self)))


def lagged_product(x: np.ndarray, weights: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Product of every lagged vector with weights.

    Parameters
    ----------
    x : ndarray of shape (n_times, n_channels)
        Predictors.
    weights : ndarray of shape (n_lags * n_channels, n_outputs)
        Weights of z(t).
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.

    Returns
    -------
    product : ndarray of shape (n_times, n_outputs)
        ``weights.T @ z(t)``; what lies beyond the end of `x` counts as zero.
    """
    n_times, n_channels = x.shape
    n_lags = len(lags)
    blocks = weights.reshape(n_lags, n_channels, -1).transpose(1, 0, 2)
    blocks = np.ascontiguousarray(blocks).reshape(n_channels, -1)
    product = np.zeros((n_times, weights.shape[1]))
    for start in range(0, n_times, _CHUNK):
        stop = min(start + _CHUNK, n_times)
        # A sample at s counts at s - lag for each lag.
        parts = (x[start:stop] @ blocks).reshape(stop - start, n_lags, -1)
        for k, lag in enumerate(lags):
            first = max(start, lag)
            if first < stop:
                product[first - lag : stop - lag] += parts[first - start :, k]
    return product


def explicit_lags(x: np.ndarray, lags: np.ndarray) -> np.ndarray:
    """Matrix of lagged copies, for regressors that need one.

    Parameters
    ----------
    x : ndarray of shape (n_times, n_channels)
        Predictors.
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.

    Returns
    -------
    z : ndarray of shape (n_times - lags[-1], n_lags * n_channels)
        z(t) of the times whose lag window lies within `x`, in rows.
    """
    n_valid = len(x) - int(lags[-1])
    return np.hstack([x[lag : lag + n_valid] for lag in lags])


def contiguous_blocks(
    n_times: int, n_blocks: int, lags: Sequence[int] | np.ndarray
) -> tuple[list[slice], list[slice]]:
    """Blocks of a recording to hold out in turn, and what lies across their boundaries.

    Parameters
    ----------
    n_times : int
        Length of the recording.
    n_blocks : int
        Number of blocks wanted.
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.

    Returns
    -------
    blocks : list of slice
        As many as wanted, or as there is room for blocks of two lag windows and
        16 samples at least; one if there is no room for two.
    overlaps : list of slice
        Spans whose lagged sums, added to those of the blocks, give those of the
        whole recording: the times whose lag window lies across a border.

    Examples
    --------
    >>> from sklearn_cnmf.decoding.regression._lagged import contiguous_blocks
    >>> contiguous_blocks(40, 5, range(4))
    ([slice(0, 20, None), slice(20, 40, None)], [slice(17, 23, None)])
    """
    reach = lags[-1]
    shortest = max(2 * (reach + 1), 16)
    n_blocks = max(min(n_blocks, n_times // shortest), 1)
    boundaries = [n_times * block // n_blocks for block in range(n_blocks + 1)]
    blocks = [slice(start, stop) for start, stop in pairwise(boundaries)]
    if reach == 0:
        return blocks, []
    return blocks, [slice(b - reach, b + reach) for b in boundaries[1:-1]]
