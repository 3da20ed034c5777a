"""Which of very many known spectra sound in a mixture."""

import numpy as np

from ._bands import in_bands
from .factorization import activations_for, contrastive_nmf, kl_divergence

# A search among fewer spectra saves no time.
_FEW = 200
# The search asks every third frame. After the first iterations with all spectra, those
# that hold a share of each instrument's magnitude go on, and after the second, those
# that hold another share are kept. SI-SDR gain in dB, mean (10th percentile), of the
# example duos / every second harder duo, and how many are kept of 1967 / 2943:
#
#    every 2nd frame, 20 its.: 0.98          14.2 (9.0), 365 / 13.1 (5.1), 529
#    every 4th frame, 20 its.: 0.98          14.1 (9.1), 345 / 13.0 (5.3), 497
#    every 2nd frame, 6: 0.99, 10: 0.98      14.1 (9.0), 834 / 13.4 (5.0), 1077
#    every 2nd frame, 6: 0.99, 15: 0.98      14.2 (9.0), 529 / 13.3 (5.1), 718
#    every 3rd frame, 6: 0.99, 15: 0.98      14.2 (9.0), 506 / 13.3 (5.2), 724
#    every 3rd frame, 6: 0.99, 15: 0.96      14.3 (9.1), 364 / 13.3 (5.2), 534
#    every 4th frame, 5: 0.98, 15: 0.96      14.1 (9.0), 347 / 13.2 (5.3), 468
_EVERY = 3
_N_ITERATIONS, _GOING_ON = (6, 15), 0.99
_KEPT = 0.96
# Free components that known ones are compared with, their iterations, and the least of
# their divergence from a mixture that counts, relative to its sum.
_N_FREE, _N_FREE_ITERATIONS, _LEAST = 48, 40, 0.005
# Frames of a mixture that are asked for it.
_N_ASKED = 200
# Share of a frame that its start has evenly.
_LEAST_START = 1e-3
# Bands of the search: a quarter tone.
_BANDS_PER_OCTAVE = 24


def sounding_components(
    X: np.ndarray, components: np.ndarray, sparsity: np.ndarray, groups: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Choose the spectra that a mixture needs, and say how loud each is when.

    A few iterations on every third frame and a coarser frequency scale tell which
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
        Divergence of what those that go on explain from the mixture, relative to that
        of as many free components as there are spectra, or of 48.
    """
    X_bands = in_bands(X[::_EVERY], _BANDS_PER_OCTAVE)
    bands = in_bands(components, _BANDS_PER_OCTAVE)
    few = len(components) <= _FEW
    going_on = np.arange(len(components))
    if not few:
        activations = activations_for(X_bands, bands, _N_ITERATIONS[0], sparsity)
        going_on = loudest_of_each(activations, groups, _GOING_ON)
    bands, sparsity, groups = bands[going_on], sparsity[going_on], groups[going_on]
    activations = activations_for(X_bands, bands, _N_ITERATIONS[1], sparsity)
    misfit = _misfit(X_bands, activations @ bands, min(_N_FREE, len(components)))
    if few:
        even = np.repeat(X.sum(1)[:, None] / len(components), len(components), axis=1)
        return going_on, even, misfit
    kept = loudest_of_each(activations, groups, _KEPT)
    start = np.repeat(activations[:, kept], _EVERY, axis=0)[: len(X)]
    # Where only another of these frames sounds, nothing else is known of it.
    start += X.sum(1, keepdims=True) * (_LEAST_START / len(kept))
    return going_on[kept], start, misfit


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
