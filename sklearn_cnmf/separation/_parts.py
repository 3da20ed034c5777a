"""Long audio in parts that overlap, for want of memory."""

from itertools import pairwise

import numpy as np

# Seconds of the longest part and of what is faded from each to the next. Each part is
# explained on its own. SI-SDR gain in dB, right instrument given, mean of 12 example
# duos of 8 s / of every second harder duo of 7 to 10 s: whole 14.3 / 13.3, in parts of
# up to 4 s 13.8 / 13.2 (two pieces lose 4 and 2, where a note is heard in one part
# only), of up to 8 s (six harder ones) 12.8 as whole.
_LONGEST, _FADING = 60.0, 1.0


def parts_of(n_samples: int, sfreq: float) -> list[slice]:
    """Cut audio into parts of one length, of a minute at most, beside the overlap.

    Parameters
    ----------
    n_samples : int
        Length of the audio.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    parts : list of slice
        In their order. Each reaches half a second over its borders.
    """
    n_parts = max(1, int(np.ceil(n_samples / (_LONGEST * sfreq))))
    half = _half(sfreq)
    borders = [n_samples * i // n_parts for i in range(n_parts + 1)]
    return [
        slice(max(0, start - half), min(n_samples, stop + half))
        for start, stop in pairwise(borders)
    ]


def fading(part: slice, n_samples: int, sfreq: float, dtype: np.dtype) -> np.ndarray:
    """Weights of a part, which add up to one with those of its neighbours.

    Parameters
    ----------
    part : slice
        As from :func:`parts_of`.
    n_samples, sfreq :
        As in :func:`parts_of`.
    dtype : dtype
        Of the weights.

    Returns
    -------
    weights : ndarray of shape (n_samples_of_part,)
    """
    weights = np.ones(part.stop - part.start, dtype)
    n_fading = 2 * _half(sfreq)
    rising = (np.arange(n_fading, dtype=dtype) + 0.5) / n_fading
    if part.start > 0:
        weights[:n_fading] = rising
    if part.stop < n_samples:
        weights[-n_fading:] = rising[::-1]
    return weights


def _half(sfreq):
    return int(_FADING / 2 * sfreq)
