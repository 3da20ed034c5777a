"""Scale-invariant signal-to-distortion ratio."""

import numpy as np
from numpy.typing import ArrayLike

from .._validation import as_signals
from ._signals import (
    decibels,
    is_silent,
    rounding_unit,
    scaled_to_unit_peak,
)


def si_sdr(reference: ArrayLike, estimate: ArrayLike) -> float | np.ndarray:
    r"""Scale-invariant signal-to-distortion ratio (SI-SDR).

    With :math:`s` the reference and :math:`\hat s` the estimate of a source,

    .. math::

        10 \log_{10} \frac{|\alpha s|^2}{|\hat s - \alpha s|^2},
        \quad \alpha = \frac{\langle \hat s, s \rangle}{|s|^2},

    which is equation (5) of [1]_. The mean is not removed: an offset of the
    estimate is a distortion. The sign of the estimate plays no part.

    Parameters
    ----------
    reference : array-like of one to three dimensions
        The true sources, of shape (n_samples,), (n_sources, n_samples) or
        (n_sources, n_channels, n_samples). The number of dimensions alone says
        what the axes are: two dimensions are always sources, never channels. One
        source of several channels is passed as ``reference[np.newaxis]``.
    estimate : array-like of the same shape
        The estimate of each.

    Returns
    -------
    si_sdr : float or ndarray of shape (n_sources,)
        In dB; a float where `reference` is 1-D. The channels of a source count
        as one long signal, with one scale for all.

    Raises
    ------
    ValueError
        If an argument does not hold real numbers;
        if the shapes differ or have another number of dimensions, if a value is
        NaN or infinite, or if a reference or an estimate is silent (all zeros):
        the ratio is then undefined. The message names the source.

    See Also
    --------
    bss_eval : Allows for a filter instead of a scale, and tells interference
        from artifacts.

    Notes
    -----
    Computed in float64. An energy below :math:`\epsilon^2 |\hat s|^2` counts as
    that, :math:`\epsilon` being that of the coarser of the two dtypes, so the
    figure is never outside :math:`\pm 20 \log_{10} \epsilon`, 313 dB in float64
    and 138 dB in float32: the former for a perfect estimate, the latter's
    negative for one without any of the source.

    References
    ----------
    .. [1] J. Le Roux, S. Wisdom, H. Erdogan and J. R. Hershey, "SDR -
       half-baked or well done?", ICASSP 2019.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.metrics import si_sdr
    >>> source = np.array([1.0, -1.0, 1.0, -1.0])
    >>> other = np.array([1.0, 1.0, -1.0, -1.0])
    >>> round(si_sdr(source, 7 * (source + 0.1 * other)), 6)
    20.0
    """
    reference = as_signals("reference", reference, (1, 2, 3))
    estimate = as_signals("estimate", estimate, (1, 2, 3))
    if reference.shape != estimate.shape:
        raise ValueError(
            f"estimate has shape {estimate.shape}, but reference has shape "
            f"{reference.shape}; equal shapes are expected"
        )
    single = reference.ndim == 1
    n_sources = 1 if single else reference.shape[0]
    floor = rounding_unit(reference, estimate) ** 2
    levels = np.empty(n_sources)
    for source in range(n_sources):
        pair = []
        for name, signals in (("reference", reference), ("estimate", estimate)):
            signal = signals if single else signals[source]
            if is_silent(signal):
                raise ValueError(
                    f"{name if single else f'{name}[{source}]'} is silent (all "
                    "zeros), so its SI-SDR is undefined"
                )
            pair.append(scaled_to_unit_peak(signal.reshape(-1)))
        levels[source] = _si_sdr_of_one(pair[0], pair[1], floor)
    return float(levels[0]) if single else levels


def si_sdr_of_pairs(sources: list[np.ndarray], signals: list[np.ndarray]) -> np.ndarray:
    """SI-SDR of each signal against each source, none of them silent.

    Parameters
    ----------
    sources, signals : list of ndarray, all of one shape
        References and estimates.

    Returns
    -------
    levels : ndarray of shape (n_signals, n_sources)
        In dB, as :func:`si_sdr` has it.
    """
    scaled = [scaled_to_unit_peak(source.reshape(-1)) for source in sources]
    levels = np.empty((len(signals), len(scaled)))
    for row, signal in zip(levels, signals):
        floor = rounding_unit(*sources, signal) ** 2
        signal = scaled_to_unit_peak(signal.reshape(-1))
        row[:] = [_si_sdr_of_one(source, signal, floor) for source in scaled]
    return levels


def _si_sdr_of_one(reference, estimate, floor):
    """SI-SDR of two 1-D signals, with a floor relative to the estimate's energy."""
    target = np.dot(estimate, reference) / np.dot(reference, reference) * reference
    distortion = estimate - target
    floor = floor * np.dot(estimate, estimate)
    return decibels(np.dot(target, target), np.dot(distortion, distortion), floor)
