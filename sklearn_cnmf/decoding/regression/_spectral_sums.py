"""Moments of many recordings at once, by fast Fourier transform with exact edges."""

from itertools import pairwise

import numpy as np
from scipy.fft import rfft

from ._lagged import Moments, assemble

# Length of the transforms; recordings are cut into overlapping segments of it.
_N_FFT = 256
# Segments to transform at once, which bounds memory.
_BATCH = 128


def pooled_moments(
    xs: list[np.ndarray], ys: list[np.ndarray], lags: np.ndarray
) -> Moments:
    """Moments of recordings together, where those of single ones are not needed.

    The products of all lags come from cross-spectra that are summed over segments, so
    that only their sum is transformed back. This beats one matrix product per lag as
    soon as there are many channels and lags.

    Parameters
    ----------
    xs, ys : list of ndarray of shape (n_times, n_channels), (n_times, n_outputs)
        The recordings, float64.
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.

    Returns
    -------
    moments : Moments
        Over the times of each recording whose lag window lies within it.
    """
    reach, n_lags = int(lags[-1]), len(lags)
    n_valid = [len(x) - reach for x in xs]
    xs, ys = [x[lags[0] :] for x in xs], [y[:n] for y, n in zip(ys, n_valid)]
    step = max(_N_FFT, 4 * n_lags) - n_lags + 1
    early, late = [], []
    for x, y, n in zip(xs, ys, n_valid):
        for start in range(0, n, step):
            stop = min(start + step, n)
            early.append((x[start:stop], y[start:stop]))
            late.append((x[start : stop + n_lags - 1],))
    products = _products(early, late, n_lags, step + n_lags - 1)
    n_channels = xs[0].shape[1]
    heads = [x[: n_lags - 1] for x in xs]
    tails = [x[n:] for x, n in zip(xs, n_valid)]
    first = sum(x[:n].sum(axis=0) for x, n in zip(xs, n_valid))
    moved = sum(tail - head for head, tail in zip(heads, tails))
    return assemble(
        n_valid=sum(n_valid),
        z=np.vstack([first[None], moved]).cumsum(axis=0).ravel(),
        y=sum(y.sum(axis=0) for y in ys),
        zy=np.ascontiguousarray(products[n_channels:].T),
        first_row=products[:n_channels],
        heads=heads,
        tails=tails,
    )


def _products(early, late, n_lags, n_fft):
    """Sum over segments of early[t] late[t + lag]^T, (n_early, n_lags * n_late).

    A segment is a tuple of arrays whose columns belong beside each other. A late one is
    longer than its early one by the last lag, so that nothing wraps around and nothing
    is missing.
    """
    n_early, n_late = (sum(p.shape[1] for p in parts[0]) for parts in (early, late))
    shape = (n_fft // 2 + 1, n_early, n_late)
    spectra = np.zeros(shape, dtype=np.complex128)
    for first in range(0, len(early), _BATCH):
        a, b = (
            rfft(_padded(segments[first : first + _BATCH], n_fft), axis=0)
            for segments in (early, late)
        )
        spectra += np.matmul(np.conj(a, out=a).transpose(0, 2, 1), b)
    # The real inverse transform, at the wanted lags alone.
    weights = np.full(shape[0], 2.0)
    weights[0] = 1.0
    if n_fft % 2 == 0:
        weights[-1] = 1.0
    angles = 2 * np.pi / n_fft * np.outer(np.arange(n_lags), np.arange(shape[0]))
    waves = weights / n_fft * np.exp(1j * angles)
    parts = spectra.view(np.float64).reshape(shape[0], -1)
    # Re(w s) = Re(w) Re(s) - Im(w) Im(s); the view holds both parts side by side.
    rotated = np.vstack([waves.real, waves.imag]) @ parts
    real = rotated[:n_lags, ::2] - rotated[n_lags:, 1::2]
    products = real.reshape(n_lags, *shape[1:]).transpose(1, 0, 2)
    return np.ascontiguousarray(products).reshape(shape[1], -1)


def _padded(segments, n_fft):
    """Segments beside each other in one array (n_fft, n_segments, n_columns)."""
    boundaries = np.cumsum([0, *(part.shape[1] for part in segments[0])])
    padded = np.zeros((n_fft, len(segments), boundaries[-1]))
    for number, parts in enumerate(segments):
        for part, (start, stop) in zip(parts, pairwise(boundaries)):
            padded[: len(part), number, start:stop] = part
    return padded
