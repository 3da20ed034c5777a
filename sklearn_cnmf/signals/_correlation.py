"""Pearson's correlation, wherever it is needed."""

import numpy as np
from numpy.typing import ArrayLike

# A column that varies by less than this many units of rounding is constant.
_ROUNDING = 8 * np.finfo(np.float64).eps


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

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import standardize
    >>> standardize(np.array([[1.0, 2.0], [3.0, 2.0]])).round(3)
    array([[-0.707,  0.   ],
           [ 0.707,  0.   ]])
    """
    columns = np.asarray(columns, dtype=np.float64)
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

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import pearson_r
    >>> a = np.arange(4.0)[:, None]
    >>> pearson_r(np.hstack([a, a]), np.hstack([-a, np.ones((4, 1))]))
    array([-1.,  0.])
    """
    return np.clip(np.sum(standardize(a) * standardize(b), axis=0), -1.0, 1.0)
