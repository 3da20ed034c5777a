"""Explain a mixture with what is known of its instruments."""

from typing import NamedTuple

import numpy as np

from ._bands import in_bands
from ._dictionary import with_transpositions
from ._fewer_notes import FEW_NOTES_BANDS, with_fewer_notes
from ._mixture import Factors, Solving, factorize
from ._sounding import loudest_of_each, sounding_components
from .factorization import random_factors

# SI-SDR gain in dB, right instrument given, mean of 24 sources of the example duos /
# 22 of duos from another sound font with vibrato and reverberation. Weight of a copy
# per semitone: 0.02, 0.05 and 0.1 differ by 0.2.
COST_OF_A_SEMITONE = 0.05
# Weight of what was played against what the mixture says of a spectrum, and for how
# many iterations it is asked:
#
#                 none          0.005          0.01           0.02           0.05
#    5 iterations 14.2 / 10.8   14.0 / 11.5    14.1 /         14.1 / 11.4
#    8                                         14.1 / 11.6
#   10                          13.9 / 11.5                   14.1 / 11.3
#   20                          13.1 / 11.3                                  14.2 / 10.6
_PRIOR, _N_ADAPTING = 0.01, 8
# Share of an instrument's magnitude that adapts; the rest is left out. 0.95 to 1 differ
# by less than 0.1 dB.
_ADAPTING = 0.95
# The activations that adapting starts from are fitted on bands, for so many iterations.
# SI-SDR gain in dB, mean (10th percentile), of the example duos / every second harder
# duo, and seconds for 24 s of audio, side by side:
#
#    all bins, until they come to rest   14.2 (9.0) / 13.1 (5.1)   2.1 / 2.6
#    all bins, 6 iterations              14.0 (8.9) / 12.7 (4.3)
#    all bins, 15 iterations             14.2 (9.0) / 13.1 (5.1)   2.0 / 2.5
#    48 bands, 15 iterations             14.0 (9.0) / 12.6 (4.1)
#    96 bands, 15 iterations             14.2 (9.0) / 13.0 (4.8)   1.6 / 2.0
#    144 bands, 15 iterations            14.2 (9.0) / 13.1 (5.1)   1.7 / 2.0
_FITTING_BANDS, _N_FITTING = 144, 15
# Weight of a free component beside known ones.
_COST_OF_BEING_FREE = 0.1


class Explanation(NamedTuple):
    """Factors of a mixture, and what each component stands for."""

    factors: Factors
    owner: np.ndarray
    sparsity: np.ndarray | None
    misfit: float | None


def explain(
    X: np.ndarray,
    spectra: list[np.ndarray | None],
    transposition: int | None,
    n_free: int,
    seed: int,
    solving: Solving,
) -> Explanation:
    """Factorise with known spectra, without contrast.

    Those that sound are found first and their activations fitted. Then they may
    adapt to the mixture, as far as it says more of a spectrum than what was played,
    and each instrument is held to few notes at a time.
    Where nothing is known of a candidate, it gets free components beside the known
    ones, which then don't adapt: they would take its place.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes of the mixture.
    spectra : list of ndarray of shape (n_components, n_bins)
        Of each candidate, as played, each summing to one; None for at most one, of
        which nothing is known.
    transposition : int or None
        By how many semitones they may be transposed. None takes them as they are,
        for spectra that were learned with their transpositions.
    n_free, seed : int
        Number of the free components, and what they start from.
    solving : Solving
        Parameters of the solver. Where all spectra are known and may be transposed,
        its `max_iter` and `tol` do not count.

    Returns
    -------
    explanation : Explanation
        Factors; the candidate of each component; the weight of each one's magnitude,
        None for the published rule, which knows no such thing; and how much worse the
        known spectra explain the mixture than free ones, None where nobody asked.
    """
    known = [index for index, own in enumerate(spectra) if own is not None]
    copies, semitones = zip(
        *(
            with_transpositions(own, transposition or 0)
            for own in spectra
            if own is not None
        )
    )
    owner = np.repeat(known, [len(own) for own in copies])
    W = np.concatenate(copies).astype(X.dtype, copy=False)
    sparsity = COST_OF_A_SEMITONE * np.concatenate(semitones)
    kept, A, misfit = sounding_components(X, W, sparsity, owner)
    W, owner, sparsity = W[kept], owner[kept], sparsity[kept]
    if len(known) < len(spectra):
        (unknown,) = set(range(len(spectra))).difference(known)
        free_A, W_free = random_factors(X, n_free, np.random.RandomState(seed))
        A = np.concatenate([A / 2, free_A / 2], axis=1)
        fixed = np.arange(len(W) + n_free) < len(W)
        W = np.concatenate([W, W_free])
        owner = np.append(owner, np.full(n_free, unknown))
        sparsity = np.append(sparsity, np.full(n_free, _COST_OF_BEING_FREE))
        misfit = None
    else:
        fixed = np.ones(len(W), dtype=bool)
    if solving.solver == "published":
        factors = factorize(X, A, W, solving, fixed=fixed)
        return Explanation(factors, owner, None, misfit)
    if transposition is None:
        misfit = None
    if transposition is None or not fixed.all():
        factors = factorize(X, A, W, solving, fixed=fixed, sparsity=sparsity)
        return Explanation(factors, owner, sparsity, misfit)
    A, _, _ = factorize(
        in_bands(X, _FITTING_BANDS),
        A,
        in_bands(W, _FITTING_BANDS),
        solving._replace(max_iter=_N_FITTING, tol=0.0),
        fixed=fixed,
        sparsity=sparsity,
    )
    kept = loudest_of_each(A, owner, _ADAPTING)
    A, W, owner, sparsity = A[:, kept], W[kept], owner[kept], sparsity[kept]
    adapted = factorize(
        X,
        A,
        W,
        solving._replace(max_iter=_N_ADAPTING, tol=0.0),
        fixed=np.zeros(len(W), dtype=bool),
        sparsity=sparsity,
        prior=np.full(len(W), _PRIOR),
    )
    X, W = in_bands(X, FEW_NOTES_BANDS), in_bands(adapted.W, FEW_NOTES_BANDS)
    A = with_fewer_notes(X, adapted.A, W, owner, sparsity)
    factors = adapted._replace(A=A, converged=True)
    return Explanation(factors, owner, sparsity, misfit)
