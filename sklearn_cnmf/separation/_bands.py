"""Spectra on a coarser frequency scale."""

import numpy as np


def in_bands(spectra: np.ndarray, per_octave: int) -> np.ndarray:
    """Sum spectra over bands of equal ratio, none narrower than a bin.

    Parameters
    ----------
    spectra : ndarray of shape (n_spectra, n_bins)
        Magnitudes.
    per_octave : int
        Number of bands of an octave.

    Returns
    -------
    bands : ndarray of shape (n_spectra, n_bands)
    """
    n_bins = spectra.shape[1]
    widths = np.maximum(1, np.arange(n_bins) * (2 ** (1 / per_octave) - 1))
    numbers = np.floor(np.cumsum(1 / widths)).astype(int)
    starts = np.flatnonzero(np.diff(numbers, prepend=-1))
    return np.add.reduceat(spectra, starts, axis=1)
