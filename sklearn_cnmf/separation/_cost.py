"""The stated cost: generalised Kullback-Leibler divergence, penalties, contrast."""

import numpy as np


def kl_divergence(X, V):
    """Generalised Kullback-Leibler divergence D(X | V).

    Parameters
    ----------
    X, V : ndarray of the same shape
        Non-negative. Where `X` is zero only `V` counts; where `V` is zero and
        `X` is not, the divergence is infinite.

    Returns
    -------
    divergence : float
        Sum over the entries of ``X log(X / V) - X + V``.

    Examples
    --------
    >>> import numpy as np
    >>> kl_divergence(np.array([2.0, 0.0]), np.array([1.0, 0.5]))
    0.886...
    """
    X = np.asarray(X, dtype=np.float64)
    V = np.asarray(V, dtype=np.float64)
    positive = X > 0
    with np.errstate(divide="ignore"):
        log_ratio = np.log(X[positive] / V[positive])
    return float(np.sum(X[positive] * log_ratio) - X.sum() + V.sum())


def contrast_value(activations, components, guide, attended, *, contrast="components"):
    """How much more the attended components follow the guide than the others.

    Parameters
    ----------
    activations : ndarray of shape (n_frames, n_components)
        H, in any scale.
    components : ndarray of shape (n_components, n_bins)
        W, in the scale that makes ``H @ W`` the model.
    guide : ndarray of shape (n_frames, n_guides)
        S_a, non-negative, in any scale; a column of zeros counts for nothing.
    attended : ndarray of shape (n_components,) of bool
        The attended components.
    contrast : {"components", "group"}, default="components"
        "components": ``|H_a^T S_a|_F^2 - |H_u^T S_a|_F^2`` with unit-norm
        columns of H and S_a [1]_. "group": the same of the two groups'
        envelopes, each the sum of its components' magnitudes over bins.

    Returns
    -------
    value : float
        At most ``n_attended * n_guides`` ("components") or ``n_guides`` ("group").

    References
    ----------
    .. [1] G. Cantisani, S. Essid, G. Richard, "Neuro-steered music source
       separation with EEG-based auditory attention decoding and
       contrastive-NMF", ICASSP 2021.
    """
    attended = np.asarray(attended, dtype=bool)
    guide = unit_columns(np.asarray(guide, dtype=np.float64))
    tracks = np.asarray(activations, dtype=np.float64)
    if contrast == "group":
        magnitudes = tracks * np.sum(components, axis=1)
        tracks = np.stack(
            [magnitudes[:, attended].sum(1), magnitudes[:, ~attended].sum(1)], axis=1
        )
        attended = np.array([True, False])
    support = np.sum((guide.T @ unit_columns(tracks)) ** 2, axis=0)
    return float(support[attended].sum() - support[~attended].sum())


def contrastive_cost(
    X,
    activations,
    components,
    *,
    guide=None,
    attended=None,
    delta=0.0,
    mu=0.0,
    beta=0.0,
    contrast="components",
):
    """Evaluate the cost that :func:`contrastive_nmf` descends.

    With X divided by its sum, H of unit-norm columns and W scaled so that
    H W is the model of it, ::

        D(X | H W) + mu |H|_1 + beta |W|_1 - delta * contrast.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes, in any scale.
    activations, components : ndarray
        H (n_frames, n_components) and W (n_components, n_bins), in the scale
        of `X`; how the scale of a component is split between them is immaterial.
    guide, attended, contrast :
        As in :func:`contrast_value`; needed when `delta` is positive.
    delta, mu, beta : float
        Weights of the contrast, of the l1 norm of H and of that of W.

    Returns
    -------
    cost : float
        Free of unit.
    """
    total = np.sum(X, dtype=np.float64)
    norms = np.linalg.norm(np.asarray(activations, dtype=np.float64), axis=0)
    H = unit_columns(np.asarray(activations, dtype=np.float64))
    W = np.asarray(components, dtype=np.float64) * norms[:, None] / total
    cost = kl_divergence(np.asarray(X, dtype=np.float64) / total, H @ W)
    cost += mu * H.sum() + beta * W.sum()
    if delta > 0:
        cost -= delta * contrast_value(H, W, guide, attended, contrast=contrast)
    return cost


def unit_columns(array):
    """Columns divided by their l2 norm; a column of zeros stays as it is."""
    norms = np.linalg.norm(array, axis=0)
    return array / np.where(norms > 0, norms, 1)
