"""Which components of a mixture belong to what the listener attends to.

Components that are learned from a mixture alone have no owner. Those of one
instrument sound alike, and together they follow its envelope. Both are evidence
about a split of the components in two, so a weak guide decides little more than
which half is attended, and a strong one may move single components.
"""

import warnings

import numpy as np

from .._validation import check_number, check_shape
from ..signals import standardize

_MEL_BANDS = 40
# Coefficients 1 to 4 of the mel cepstrum: the coarse shape of a spectrum, which is
# the instrument's, without its level and its partials, which are the note's.
_CEPSTRUM = slice(1, 5)
# A level below the largest band at which a spectrum counts as silence.
_SILENCE = 1e-5
# Weight of the sound of all pairs that a component is part of against the guide; share
# of the independent values of the guide that count, since neither the model of the
# envelope nor that of the noise is exact. SI-SDR gain in dB, 48 components, mean of 24
# sources of sampled duets / 24 of recorded songs (python -m benchmarks.grouping):
#
#                r = 1         r = 0.5       r = 0.2
#   sound 0      5.4 / 5.5     1.8 / 3.4    -1.7 / -1.2
#         1.2    6.3 / 5.8     3.8 / 4.6     0.0 /  1.4
#         2.4    6.0 / 5.1     4.8 / 3.4     2.4 /  1.1
#         4.8    5.0 / 2.9     4.5 / 1.6     3.0 /  0.4
#         14.4   4.4 / 0.9     3.9 / 0.4     2.7 /  0.2
#   trust 0.25   5.1           4.7           2.7  (duets)
#         0.7    6.1           4.3           1.6
#         1      6.2           3.6          -0.4
#
# 3, 7 or 12 coefficients of the cepstrum, an exponent of the envelope of 0.4 or 1, 1 or
# 6 starts: from 1.3 dB less to 0.6 dB more of the duets, none more for all guides.
_SOUND, _TRUST = 2.4, 0.5
_ENVELOPE_POWER = 0.6
_LARGEST_R2 = 0.9999
_N_STARTS = 3


def split_components(
    activations: np.ndarray,
    components: np.ndarray,
    guide: np.ndarray,
    sfreq: float,
) -> np.ndarray:
    """Probability that each component of a mixture belongs to what a guide follows.

    Parameters
    ----------
    activations : ndarray of shape (n_frames, n_components)
        H or A, in any split of scale.
    components : ndarray of shape (n_components, n_bins)
        Magnitudes from 0 Hz to half the sampling rate.
    guide : ndarray of shape (n_frames, n_guides)
        Signed guide at the frames' times.
    sfreq : float
        Sampling rate of the audio in Hz.

    Returns
    -------
    probabilities : ndarray of shape (n_components,)
        From 0 to 1. Without evidence for either part, one half.

    Raises
    ------
    ValueError
        If an array is not 2-D and finite, their shapes do not fit, or `sfreq` is not
        positive.
    """
    check_number("sfreq", sfreq, above=0)
    check_shape("components", components, (None, None))
    check_shape("activations", activations, (None, len(components)))
    check_shape("guide", guide, (len(activations), None))
    affinity = sound_affinity(components, sfreq)
    return attended_probabilities(activations * components.sum(axis=1), affinity, guide)


def sound_affinity(components: np.ndarray, sfreq: float) -> np.ndarray:
    """How much more alike than average two components sound.

    Parameters
    ----------
    components : ndarray of shape (n_components, n_bins)
        Magnitudes from 0 Hz to half the sampling rate.
    sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    affinity : ndarray of shape (n_components, n_components)
        One minus the Euclidean distance between the coarse shapes of two spectra,
        relative to its mean; zero on the diagonal.
    """
    import librosa

    n_components, n_bins = components.shape
    with warnings.catch_warnings():
        # Short windows leave narrow bands without a bin; they count as silent.
        warnings.filterwarnings("ignore", "Empty filters")
        bank = librosa.filters.mel(sr=sfreq, n_fft=2 * (n_bins - 1), n_mels=_MEL_BANDS)
    bands = np.asarray(components, dtype=np.float64) @ bank.T
    floor = _SILENCE * bands.max(axis=1, keepdims=True)
    levels = np.log(np.maximum(bands + floor, np.finfo(float).tiny))
    shapes = librosa.feature.mfcc(S=levels.T, n_mfcc=_CEPSTRUM.stop)[_CEPSTRUM].T
    distances = np.linalg.norm(shapes[:, None] - shapes[None], axis=2)
    others = ~np.eye(n_components, dtype=bool)
    mean = distances[others].mean() if n_components > 1 else 0.0
    if mean == 0:
        return np.zeros_like(distances)
    return np.where(others, 1 - distances / mean, 0.0)


def attended_probabilities(
    activations: np.ndarray, affinity: np.ndarray, guide: np.ndarray
) -> np.ndarray:
    """Probability that each component is part of what the guide follows.

    The log-odds of a split in two are the sum of the affinities within each part
    minus those across, each weighted with the root of both magnitudes and divided
    by the number of components, and the
    log-likelihood of the guide as a noisy copy of the attended part's envelope. It
    grows with the squared correlation and with the number of independent values
    in the guide, so that a weak guide has little say. Splits are improved by
    moving one component at a time, from cuts by sound alone; the probabilities
    are sums over all splits that were visited.

    Parameters
    ----------
    activations : ndarray of shape (n_frames, n_components)
        Magnitude of each component.
    affinity : ndarray of shape (n_components, n_components)
        As from :func:`sound_affinity`.
    guide : ndarray of shape (n_frames, n_guides)
        Signed guide at the frames' times.

    Returns
    -------
    probabilities : ndarray of shape (n_components,)
        From 0 to 1. Without evidence for either part, one half.
    """
    loudness = activations.sum(axis=0, dtype=np.float64)
    weight = np.sqrt(loudness / max(loudness.mean(), np.finfo(float).tiny))
    pairs = _SOUND / len(loudness) / 4 * affinity * weight * weight[:, None]
    evidence = _GuideEvidence(np.asarray(activations, dtype=np.float64), guide)

    def log_odds(splits):
        signs = np.where(splits, 1.0, -1.0)
        return np.einsum("zi,ij,zj->z", signs, pairs, signs) + evidence(splits)

    visited: dict[bytes, float] = {}
    for start in _cuts(pairs):
        _hill_climb(start, log_odds, visited)
    splits = np.array([np.frombuffer(key, dtype=bool) for key in visited])
    values = np.array(list(visited.values()))
    weights = np.exp(values - values.max())
    return weights @ splits / weights.sum()


class _GuideEvidence:
    """Log-likelihood of a guide, for splits (n_splits, n_components)."""

    def __init__(self, activations, guide):
        self.activations = activations
        self.guide = standardize(np.asarray(guide, dtype=np.float64))
        envelope = standardize(activations.sum(1, keepdims=True) ** _ENVELOPE_POWER)
        self.n_independent = np.array(
            [independent_values(row, envelope[:, 0]) for row in self.guide.T]
        )

    def __call__(self, splits):
        envelopes = (self.activations @ splits.T) ** _ENVELOPE_POWER
        r = self.guide.T @ standardize(envelopes)
        r2 = np.clip(r, 0, None) ** 2
        gain = -0.5 * _TRUST * np.log1p(-np.minimum(r2, _LARGEST_R2))
        return (self.n_independent[:, None] * gain).mean(axis=0)


def independent_values(x: np.ndarray, y: np.ndarray) -> float:
    """Effective number of values in a correlation of two series (Bartlett).

    Parameters
    ----------
    x, y : ndarray of shape (n_times,)
        Series without mean.

    Returns
    -------
    n : float
        From 0, for a series of zeros, to n_times.
    """
    n_times = len(x)
    product = _autocorrelation(x) * _autocorrelation(y)
    if product[0] == 0:
        return 0.0
    lags = np.arange(1, n_times)
    spread = 1 + 2 * np.sum((1 - lags / n_times) * product[1:])
    return n_times / max(spread, 1.0)


def _autocorrelation(x):
    spectrum = np.fft.rfft(x, 2 * len(x))
    values = np.fft.irfft(np.abs(spectrum) ** 2)[: len(x)]
    return values / values[0] if values[0] > 0 else np.zeros(len(x))


def _cuts(pairs):
    """Both ways round, splits by the sign of the leading eigenvectors."""
    leading = np.linalg.eigh(pairs)[1][:, ::-1][:, :_N_STARTS].T > 0
    return np.concatenate([leading, ~leading])


def _hill_climb(split, log_odds, visited):
    flips = np.eye(len(split), dtype=bool)
    for _ in range(3 * len(split)):
        neighbours = np.concatenate([split[None], split ^ flips])
        values = log_odds(neighbours)
        visited.update(zip((row.tobytes() for row in neighbours), values))
        best = int(np.argmax(values))
        if best == 0:
            return
        split = neighbours[best]
