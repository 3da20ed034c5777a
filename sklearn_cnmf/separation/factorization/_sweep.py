"""One pass over some frames: model, ratio, logarithm and products, compiled.

In blocks that stay in the cache, and without a return to the interpreter: NumPy takes
eight calls for each block, six passes over it, and two to four times as long. Threads
that run it do not wait for each other.
"""

import numpy as np

# numba calls the matrix product that comes with this.
import scipy.linalg  # noqa: F401
from numba import types
from numba.extending import overload

from ..._compiled import OPTIONS, compiled

_ROOT_32 = np.sqrt(np.float32(0.5)).view(np.int32)
_ROOT_64 = np.sqrt(np.float64(0.5)).view(np.int64)
_ONE_32, _LOG_2_32 = np.float32(1), np.float32(np.log(2))
_C0, _C1, _C2, _C3, _C4 = (np.float32(2 / (2 * term + 1)) for term in range(5))
_LOG_2_64 = np.log(2)
_D0, _D1, _D2, _D3, _D4, _D5, _D6, _D7, _D8, _D9, _D10 = (
    2 / (2 * term + 1) for term in range(11)
)


@compiled
def _divide(X, A, W, floor, ratio):
    """Write X / A W to `ratio`."""
    np.dot(A, W, out=ratio)
    for row in range(X.shape[0]):
        x, m = X[row], ratio[row]
        for i in range(x.size):
            m[i] = x[i] / max(m[i], floor)


@compiled
def onto_activations(X, A, W, floor, n_rows, product):
    """Write (X / A W) W^T to `product`; return the sum of X log(X / A W).

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes.
    A, W : ndarray of shape (n_frames, n_components), (n_components, n_bins)
        Factors, of the dtype of `X`, as all that follows.
    floor : float
        Least value of the model, and of the ratio in the logarithm.
    n_rows : int
        Frames of a block.
    product : ndarray of shape (n_frames, n_components)
        Overwritten.
    """
    ratio = np.empty((n_rows, X.shape[1]), X.dtype)
    numbers, exponents = np.empty_like(X[0]), np.empty_like(X[0])
    log_likelihood = 0.0
    for start in range(0, X.shape[0], n_rows):
        stop = min(start + n_rows, X.shape[0])
        block = ratio[: stop - start]
        _divide(X[start:stop], A[start:stop], W, floor, block)
        for row in range(stop - start):
            for i in range(numbers.size):
                numbers[i] = max(block[row, i], floor)
            log_likelihood += _log_sum(X[start + row], numbers, exponents)
        np.dot(block, W.T, out=product[start:stop])
    return log_likelihood


@compiled
def onto_components(X, A, W, floor, n_rows, product):
    """Write A^T (X / A W), (n_components, n_bins), to `product`; else as above."""
    ratio = np.empty((n_rows, X.shape[1]), X.dtype)
    of_block = np.empty_like(product)
    product[:] = 0
    for start in range(0, X.shape[0], n_rows):
        stop = min(start + n_rows, X.shape[0])
        block = ratio[: stop - start]
        _divide(X[start:stop], A[start:stop], W, floor, block)
        np.dot(A[start:stop].T, block, out=of_block)
        for row in range(product.shape[0]):
            for i in range(product.shape[1]):
                product[row, i] += of_block[row, i]


def _log_sum(x, numbers, exponents):
    """Sum of x log(numbers), for positive normal numbers, which are overwritten.

    A number is 2^e (1 + s) / (1 - s) with the fraction between sqrt(1/2) and sqrt(2),
    so that s^2 < 0.03; its logarithm is e log(2) + 2 (s + s^3 / 3 + s^5 / 5 + ...).
    Written out for each precision, this is what a compiler turns into vector
    instructions, which it does not do with a call of a logarithm.
    """
    raise NotImplementedError("compiled code only")


@overload(_log_sum, jit_options=OPTIONS)
def _log_sum_of(x, numbers, exponents):
    return _log_sum_32 if x.dtype == types.float32 else _log_sum_64


def _log_sum_32(x, numbers, exponents):
    bits = numbers.view(np.int32)
    for i in range(x.size):
        exponent = (bits[i] - _ROOT_32) >> np.int32(23)
        bits[i] -= exponent << np.int32(23)
        exponents[i] = np.float32(exponent)
    total = np.float32(0)
    for i in range(x.size):
        s = (numbers[i] - _ONE_32) / (numbers[i] + _ONE_32)
        z = s * s
        series = s * (_C0 + z * (_C1 + z * (_C2 + z * (_C3 + z * _C4))))
        total += x[i] * (series + exponents[i] * _LOG_2_32)
    return total


def _log_sum_64(x, numbers, exponents):
    bits = numbers.view(np.int64)
    for i in range(x.size):
        exponent = (bits[i] - _ROOT_64) >> 52
        bits[i] -= exponent << 52
        exponents[i] = np.float64(np.int32(exponent))
    total = 0.0
    for i in range(x.size):
        s = (numbers[i] - 1.0) / (numbers[i] + 1.0)
        z = s * s
        series = _D6 + z * (_D7 + z * (_D8 + z * (_D9 + z * _D10)))
        series = _D2 + z * (_D3 + z * (_D4 + z * (_D5 + z * series)))
        series = s * (_D0 + z * (_D1 + z * series))
        total += x[i] * (series + exponents[i] * _LOG_2_64)
    return total
