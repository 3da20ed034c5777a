"""Which of very many known spectra sound in a mixture."""

import numpy as np

from .factorization import activations_for, contrastive_nmf, kl_divergence

# A search among fewer spectra saves no time.
_FEW = 200
# Of each group's magnitude, how much the spectra that are kept hold, after how many
# iterations. SI-SDR gain in dB, mean (10th percentile) of the example duos, and how
# many are kept of 2105: all 14.2 (10.1); 0.95 after 5, 10, 20 iterations 14.2 (9.9),
# 764; 14.2 (10.0), 534; 14.0 (8.8), 244; 0.98 after 20 14.2 (10.1), 374.
_KEPT, _N_ITERATIONS = 0.98, 20
# Free components that known ones are compared with, their iterations, and the least of
# their divergence from a mixture that counts, relative to its sum.
_N_FREE, _N_FREE_ITERATIONS, _LEAST = 48, 40, 0.005
# Frames of a mixture that are asked for it.
_N_ASKED = 200
# Share of a frame that its start has evenly.
_LEAST_START = 1e-3
# Bands of the search: a quarter tone, but no less than one bin.
_BANDS_PER_OCTAVE = 24


def sounding_components(
    X: np.ndarray, components: np.ndarray, sparsity: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Choose the spectra that a mixture needs, and say how loud each is when.

    A few iterations on every second frame and a coarser frequency scale tell which
    spectra sound at all; the others would cost most of the time and end near zero.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes of the mixture.
    components : ndarray of shape (n_components, n_bins)
        Spectra that sum to one.
    sparsity : ndarray of shape (n_components,)
        Weight of the magnitude of each.
    groups : ndarray of shape (n_components,) of int
        Instrument of each. Of each instrument enough is kept, however quiet it is.

    Returns
    -------
    kept : ndarray of int
        The chosen ones, in their order.
    activations : ndarray of shape (n_frames, n_kept)
        To start from.
    misfit : float
        Divergence of what all of them explain from the mixture, relative to that of
        as many free components, or of 48.
    """
    starts = _band_starts(X.shape[1])
    X_bands = np.add.reduceat(X[::2], starts, axis=1)
    bands = np.add.reduceat(components, starts, axis=1)
    activations = activations_for(X_bands, bands, _N_ITERATIONS, sparsity)
    misfit = _misfit(X_bands, activations @ bands, min(_N_FREE, len(components)))
    if len(components) <= _FEW:
        even = np.repeat(X.sum(1)[:, None] / len(components), len(components), axis=1)
        return np.arange(len(components)), even, misfit
    kept = loudest_of_each(activations, groups, _KEPT)
    start = np.repeat(activations[:, kept], 2, axis=0)[: len(X)]
    # Where only the second of two frames sounds, nothing else is known of it.
    start += X.sum(1, keepdims=True) * (_LEAST_START / len(kept))
    return kept, start, misfit


def loudest_of_each(
    activations: np.ndarray, groups: np.ndarray, share: float
) -> np.ndarray:
    """Choose the loudest components of each group that hold a share of its magnitude.

    Parameters
    ----------
    activations : ndarray of shape (n_frames, n_components)
        Of components that sum to one.
    groups : ndarray of shape (n_components,) of int
        Group of each.
    share : float
        From 0 to 1.

    Returns
    -------
    chosen : ndarray of int
        In their order.
    """
    magnitudes = activations.sum(0, dtype=np.float64)
    chosen = []
    for group in np.unique(groups):
        own = np.flatnonzero(groups == group)
        order = own[np.argsort(-magnitudes[own], kind="stable")]
        held = np.cumsum(magnitudes[order])
        chosen.append(order[: 1 + np.searchsorted(held, share * held[-1])])
    return np.sort(np.concatenate(chosen))


def _misfit(X, model, n_free):
    asked = np.unique(np.linspace(0, len(X) - 1, _N_ASKED).round().astype(int))
    X, model = X[asked], model[asked]
    total = X.sum(dtype=np.float64)
    if total == 0:
        return 0.0
    free = contrastive_nmf(
        X, n_free, delta=0.0, max_iter=_N_FREE_ITERATIONS, random_state=0
    )
    best = kl_divergence(X, free.activations @ free.components) / total
    return kl_divergence(X, model) / total / max(best, _LEAST)


def _band_starts(n_bins):
    """Return the first bin of each band."""
    widths = np.maximum(1, np.arange(n_bins) * (2 ** (1 / _BANDS_PER_OCTAVE) - 1))
    bands = np.floor(np.cumsum(1 / widths)).astype(int)
    return np.flatnonzero(np.diff(bands, prepend=-1))
