"""From correlations with candidates to the probability of each."""

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import softmax

from .._validation import as_signals, check_number, check_shape
from ._correlation import sliding_pearson_r

# A correlation beyond this is taken as it, so that its Fisher z is finite.
_LARGEST_R = 1 - 1e-9
# Seconds of a recording that the edges of a band-pass filter cost.
EDGE_SECONDS = 1.0
# Standard deviation of a slope in units of itself: what learning from a few minutes
# leaves open, and what differs between trials. Mean log loss over windows of 5, 10, 20
# and 30 s for 0, 0.2, 0.3, 0.4, 0.5 (the windows of `benchmarks.choice`, but with the
# true sources as candidates): eight simulated listeners (1920 windows) 0.468 0.462
# 0.459 0.458 0.460; real EEG of five (432 windows) 0.467 0.458 0.454 0.453 0.455.
_SPREAD = 0.3
# Share of the uniform distribution, where there are three candidates or more.
_UNIFORM = 0.05


def fisher_z(r: ArrayLike) -> np.ndarray:
    """Fisher's z of Pearson correlations.

    Parameters
    ----------
    r : array-like
        Correlations from -1 to 1.

    Returns
    -------
    z : ndarray of the same shape
        Finite.

    Raises
    ------
    ValueError
        If a value is no number from -1 to 1.

    Examples
    --------
    >>> from sklearn_cnmf.signals import fisher_z
    >>> fisher_z([0.0, 0.5]).round(3)
    array([0.   , 0.549])
    """
    r = as_signals("r", r, range(5))
    largest = np.abs(r).max()
    if largest > 1 + 1e-9:
        raise ValueError(f"r: expected correlations from -1 to 1, got one of {largest}")
    return np.arctanh(np.clip(r, -_LARGEST_R, _LARGEST_R))


def informative_seconds(duration: float, band: tuple | None) -> float:
    """How much of a recording counts as evidence.

    Parameters
    ----------
    duration : float
        Of the recording, in seconds.
    band : tuple of (float or None) or None
        Edges of the band-pass filter in Hz, if there was one.

    Returns
    -------
    seconds : float
        The duration, less the second that the filter's edges cost.

    Raises
    ------
    ValueError
        If `duration` is negative, or `band` no pair.
    """
    check_number("duration", duration, least=0)
    if band is not None and (not isinstance(band, tuple) or len(band) != 2):
        raise ValueError(f"band: expected a pair of frequencies in Hz, got {band!r}")
    filtered = band is not None and any(edge is not None for edge in band)
    return max(duration - EDGE_SECONDS, 0.0) if filtered else duration


def choice_probabilities(
    z: ArrayLike, weights: ArrayLike, seconds: float
) -> np.ndarray:
    r"""Probability that each of several candidates is the attended one.

    .. math::

        \begin{split}
        \log p_i & = \frac{l_i}{\sqrt{1 + \pi (0.3\, l_i)^2 / 8}} + \mathrm{const}, \\
        l_i & = T \sum_r w_r (z_{ir} - z_{jr}),
        \end{split}

    with p summing to one over the candidates and j the likeliest of them. Evidence
    grows with the duration T. The root is for slopes w that are known to within 30 %,
    which matters where there is much evidence [1]_; no candidate is ever certain.
    Where there are three candidates or more, p is mixed with 5 % of the uniform
    distribution.

    Parameters
    ----------
    z : array-like of shape ([n_times,] n_candidates, n_outputs)
        Fisher z of the correlation of each row of a guide with the same feature of
        each candidate; of several times each on its own.
    weights : array-like of shape (n_outputs,)
        Log-odds per second and unit of z.
    seconds : float
        Duration of what was correlated, as from :func:`informative_seconds`.

    Returns
    -------
    probabilities : ndarray of shape ([n_times,] n_candidates)
        They sum to one.

    Raises
    ------
    ValueError
        If shapes do not fit, a value is not finite, or `seconds` is negative.

    References
    ----------
    .. [1] MacKay, D. J. C. (1992). The evidence framework applied to classification
       networks. Neural Computation, 4(5), 720-736.

    Examples
    --------
    >>> from sklearn_cnmf.signals import choice_probabilities
    >>> choice_probabilities([[0.2], [0.0]], [1.0], 10.0).round(3)
    array([0.867, 0.133])
    """
    z = as_signals("z", z, (2, 3))
    weights = as_signals("weights", weights, (1,))
    check_shape("weights", weights, (z.shape[-1],))
    check_number("seconds", seconds, least=0)
    log_odds = seconds * (z @ weights)
    log_odds = log_odds - log_odds.max(axis=-1, keepdims=True)
    log_odds /= np.sqrt(1 + np.pi / 8 * (_SPREAD * log_odds) ** 2)
    probabilities = softmax(log_odds, axis=-1)
    n_candidates = z.shape[-2]
    if n_candidates < 3:
        return probabilities
    return (1 - _UNIFORM) * probabilities + _UNIFORM / n_candidates


def probabilities_over_time(
    reconstructions: list[np.ndarray],
    features: list[np.ndarray],
    weights: ArrayLike,
    *,
    n_window: int,
    sfreq: float,
) -> np.ndarray:
    """Probability of each candidate around each time, from a sliding window.

    Parameters
    ----------
    reconstructions : list of ndarray of shape (n_times, n_outputs)
        What is compared with each candidate.
    features : list of ndarray of shape (n_times, n_outputs)
        The same feature of each candidate.
    weights : array-like of shape (n_outputs,)
        As in :func:`choice_probabilities`.
    n_window : int
        As in :func:`sliding_pearson_r`.
    sfreq : float
        Rate of both in Hz.

    Returns
    -------
    probabilities : ndarray of shape (n_times, n_candidates)
        They sum to one at each time.

    Raises
    ------
    ValueError
        If there are no candidates, shapes do not fit, a value is not finite, or
        `n_window` or `sfreq` is out of its range.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import probabilities_over_time
    >>> rng = np.random.default_rng(0)
    >>> first, second = rng.standard_normal((2, 100, 1))
    >>> heard = np.concatenate([first[:50], second[50:]])
    >>> p = probabilities_over_time(
    ...     [heard, heard], [first, second], [1.0], n_window=20, sfreq=10.0)
    >>> p[[0, 99]].round(1)
    array([[1., 0.],
           [0., 1.]])
    """
    check_number("sfreq", sfreq, above=0)
    n_candidates = len(reconstructions)
    if n_candidates == 0:
        raise ValueError("reconstructions: expected at least one")
    if len(features) != n_candidates:
        raise ValueError(f"features: expected {n_candidates}, got {len(features)}")
    pairs = zip(features, reconstructions)
    r = [sliding_pearson_r(*pair, n_window) for pair in pairs]
    return choice_probabilities(
        fisher_z(np.stack(r, axis=1)), weights, n_window / sfreq
    )
