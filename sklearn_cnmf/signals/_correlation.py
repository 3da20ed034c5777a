"""Pearson's correlation, wherever it is needed."""

import numpy as np
from numpy.typing import ArrayLike

from .._validation import as_signals, check_whole

# A column that varies by less than this many units of rounding is constant.
_ROUNDING = 8 * np.finfo(np.float64).eps
# A window that varies by less than this share of all of its column is constant.
_STILL = 1e-12


def standardize(columns: ArrayLike) -> np.ndarray:
    """Bring columns to mean zero and unit l2 norm.

    The inner product of two such columns is their Pearson correlation.

    Parameters
    ----------
    columns : array-like of shape (n_times, ...)
        Real numbers, time along the first axis.

    Returns
    -------
    standardized : ndarray of the same shape, float64
        A constant column becomes zero.

    Raises
    ------
    ValueError
        If `columns` does not hold finite real numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import standardize
    >>> standardize(np.array([[1.0, 2.0], [3.0, 2.0]])).round(3)
    array([[-0.707,  0.   ],
           [ 0.707,  0.   ]])
    """
    columns = as_signals("columns", columns, range(1, 5)).astype(np.float64, copy=False)
    largest = np.max(np.abs(columns), axis=0)
    centred = columns - columns.mean(axis=0)
    spread = np.max(np.abs(centred), axis=0)
    constant = spread <= _ROUNDING * largest
    centred /= np.where(constant, 1.0, spread)
    norm = np.linalg.norm(centred, axis=0)
    return np.where(constant, 0.0, centred / np.where(constant, 1.0, norm))


def pearson_r(a: ArrayLike, b: ArrayLike) -> np.ndarray:
    """Pearson correlation of columns; zero where either column is constant.

    Parameters
    ----------
    a, b : array-like of shape (n_times, n_columns)
        The columns to compare.

    Returns
    -------
    r : ndarray of shape (n_columns,)
        Correlations from -1 to 1.

    Raises
    ------
    ValueError
        If `a` and `b` are not finite real numbers of one shape.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import pearson_r
    >>> a = np.arange(4.0)[:, None]
    >>> pearson_r(np.hstack([a, a]), np.hstack([-a, np.ones((4, 1))]))
    array([-1.,  0.])
    """
    a, b = _pair(a, b, (1, 2))
    return np.clip(np.sum(standardize(a) * standardize(b), axis=0), -1.0, 1.0)


def sliding_pearson_r(a: ArrayLike, b: ArrayLike, n_window: int) -> np.ndarray:
    """Pearson correlation of columns around each time.

    Parameters
    ----------
    a, b : array-like of shape (n_times, n_columns)
        The columns to compare.
    n_window : int
        Length of the window in frames, from 2 to n_times. It is centred at each time
        and moved inside at the ends.

    Returns
    -------
    r : ndarray of shape (n_times, n_columns)
        Correlations from -1 to 1; zero where either column is constant in the window,
        which is where it holds less than 1e-12 of the column's sum of squares.

    Raises
    ------
    ValueError
        If `a` and `b` are not finite real numbers of one shape, or `n_window` is no
        whole number in its range.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import sliding_pearson_r
    >>> a = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 1.0])
    >>> b = np.array([0.0, 1.0, 0.0, 0.0, 1.0, 0.0])
    >>> sliding_pearson_r(a[:, None], b[:, None], 2)[:, 0]
    array([ 1.,  1.,  1.,  0., -1., -1.])
    """
    a, b = _pair(a, b, (2,))
    check_whole("n_window", n_window, least=2)
    if n_window > len(a):
        raise ValueError(
            f"n_window: expected at most the {len(a)} frames there are, got {n_window}"
        )
    a, b = standardize(a), standardize(b)
    centre = np.arange(len(a)) - n_window // 2
    start = np.clip(centre, 0, len(a) - n_window)

    def summed(values):
        before = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, 0)])
        return before[start + n_window] - before[start]

    total_a, total_b = summed(a), summed(b)
    square_a = summed(a * a) - total_a**2 / n_window
    square_b = summed(b * b) - total_b**2 / n_window
    shared = summed(a * b) - total_a * total_b / n_window
    still = (square_a <= _STILL) | (square_b <= _STILL)
    norm = np.sqrt(np.where(still, 1.0, square_a) * np.where(still, 1.0, square_b))
    return np.where(still, 0.0, np.clip(shared / norm, -1.0, 1.0))


def _pair(a, b, n_dims):
    """Return two arrays of one shape."""
    a, b = as_signals("a", a, n_dims), as_signals("b", b, n_dims)
    if a.shape != b.shape:
        raise ValueError(f"b: expected shape {a.shape} as a has, got {b.shape}")
    return a, b
