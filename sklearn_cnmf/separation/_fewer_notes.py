"""Instruments rather play few notes at a time."""

import numpy as np

# Weight of a component that has nothing in common with what its instrument plays in a
# frame, times the least share; the power of the cosine of two spectra that says how
# much they have in common; and the share below which a component does not pay more.
# SI-SDR gain in dB, right instrument given, mean (10th percentile), of the example duos
# / all harder duos / 15 pairs of stems of recorded songs, one half to learn from:
#
#    nothing                          14.3 (9.1) / 12.3 (5.1) / 14.75
#    weight 0.05, power 4             14.3 (9.2) / 13.0 (5.0) / 14.59
#    weight 0.03, power 4             14.2 (9.1) / 12.9 (5.1) / 14.68
#    weight 0.05, power 2             14.3 (9.1) / 13.1 (4.9) / 14.68
#    weight 0.05, power 1             14.3 (9.1) / 13.0 (4.8) / 14.75
#    weight 0.1, power 1              14.3 (9.1) / 13.2 (4.5) / 14.70
#    weight 0.05, power 1, least 0.02 14.3 (9.1) / 13.1 (4.7) / 14.74
#
# Melodic duos gain up to 3 dB, a singer who slides from note to note loses 0.2. Bands
# are as good as on all bins. Before spectra adapt it gives 0.3 on the harder duos and
# loses 0.1 on the examples; notes of each instrument as a Viterbi path, all others at a
# tenth, 0.7 and 0.
_WEIGHT, _LEAST_SHARE = 0.05, 0.05
FEW_NOTES_BANDS = 48
_N_ROUNDS, _N_ITERATIONS = 3, 5


def with_fewer_notes(
    X: np.ndarray,
    A: np.ndarray,
    W: np.ndarray,
    owner: np.ndarray,
    sparsity: np.ndarray,
) -> np.ndarray:
    r"""Activations in which each instrument rather plays few notes at a time.

    Minimises the divergence plus a concave penalty by a few multiplicative updates: a
    component weighs the more in a frame, the less of its instrument's magnitude there
    is of a similar spectrum.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes of the mixture, on bands (`FEW_NOTES_BANDS`) or all bins.
    A : ndarray of shape (n_frames, n_components)
        Activations to start from.
    W : ndarray of shape (n_components, n_bins)
        Spectra.
    owner : ndarray of shape (n_components,) of int
        Instrument of each.
    sparsity : ndarray of shape (n_components,)
        Weight of the magnitude of each.

    Returns
    -------
    activations : ndarray of shape (n_frames, n_components)
    """
    tiny = np.finfo(W.dtype).tiny
    least = max(float(X.mean()) * np.finfo(W.dtype).eps, tiny)
    of_owner = (owner[:, None] == np.unique(owner)).astype(W.dtype)
    norms = np.sqrt(np.square(W).sum(axis=1, keepdims=True))
    directions = W / np.maximum(norms, tiny)
    in_common = (directions @ directions.T) * (of_owner @ of_owner.T)
    levels = W.sum(axis=1)
    for _ in range(_N_ROUNDS):
        magnitudes = A * levels
        totals = (magnitudes @ of_owner) @ of_owner.T
        shares = np.minimum(magnitudes @ in_common / (totals + least), 1)
        weights = _WEIGHT / (shares + _LEAST_SHARE) + sparsity
        scale = np.maximum(levels * (1 + weights), tiny).astype(W.dtype, copy=False)
        for _ in range(_N_ITERATIONS):
            A = A * ((X / (A @ W + least)) @ W.T) / scale
    return A
