"""The stated cost: generalised Kullback-Leibler divergence, penalties, contrast."""

from typing import cast

import numpy as np
from numpy.typing import ArrayLike

from ..._validation import as_signals, check_choice, check_number, check_shape

CONTRASTS = ("group", "components")


def kl_divergence(X: ArrayLike, V: ArrayLike) -> float:
    """Generalised Kullback-Leibler divergence D(X | V).

    Parameters
    ----------
    X, V : array-like of the same shape
        Non-negative. Where `X` is zero only `V` counts; where `V` is zero and
        `X` is not, the divergence is infinite.

    Returns
    -------
    divergence : float
        Sum over the entries of ``X log(X / V) - X + V``.

    Raises
    ------
    ValueError
        If the shapes differ, or an entry is negative, NaN or infinite.

    Examples
    --------
    >>> import numpy as np
    >>> kl_divergence(np.array([2.0, 0.0]), np.array([1.0, 0.5]))
    0.886...
    """
    X, V = (_magnitudes(*given, n_dims=(1, 2)) for given in (("X", X), ("V", V)))
    if X.shape != V.shape:
        raise ValueError(f"V: expected shape {X.shape} as X has, got {V.shape}")
    positive = X > 0
    with np.errstate(divide="ignore"):
        log_ratio = np.log(X[positive] / V[positive])
    return float(np.sum(X[positive] * log_ratio) - X.sum() + V.sum())


def contrast_value(
    activations: ArrayLike,
    components: ArrayLike,
    guide: ArrayLike,
    attended: ArrayLike,
    *,
    contrast: str = "group",
) -> float:
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
    contrast : {"group", "components"}, default="group"
        "components": ``|H_a^T S_a|_F^2 - |H_u^T S_a|_F^2`` with unit-norm
        columns of H and S_a [1]_. "group": the same of the two groups'
        envelopes, each the sum of its components' magnitudes over bins.

    Returns
    -------
    value : float
        At most ``n_attended * n_guides`` ("components") or ``n_guides`` ("group").

    Raises
    ------
    ValueError
        If shapes do not fit, or an entry is negative, NaN or infinite.

    References
    ----------
    .. [1] G. Cantisani, S. Essid, G. Richard, "Neuro-steered music source
       separation with EEG-based auditory attention decoding and
       contrastive-NMF", ICASSP 2021.
    """
    check_choice("contrast", contrast, CONTRASTS)
    columns, W = _factors(activations, components)
    attended = _mask(attended, len(W))
    guide = _guide(guide, len(columns))
    if contrast == "group":
        magnitudes = columns * W.sum(axis=1)
        columns = np.stack(
            [magnitudes[:, attended].sum(1), magnitudes[:, ~attended].sum(1)], axis=1
        )
        attended = np.array([True, False])
    support = np.sum((guide.T @ unit_columns(columns)) ** 2, axis=0)
    return float(support[attended].sum() - support[~attended].sum())


def contrastive_cost(
    X: ArrayLike,
    activations: ArrayLike,
    components: ArrayLike,
    *,
    guide: ArrayLike | None = None,
    attended: ArrayLike | None = None,
    delta: float = 0.0,
    mu: float = 0.0,
    beta: float = 0.0,
    contrast: str = "group",
    sparsity: ArrayLike | None = None,
    prior: ArrayLike | None = None,
    expected: ArrayLike | None = None,
) -> float:
    """Evaluate the cost that :func:`contrastive_nmf` descends.

    With X divided by its sum, H of unit-norm columns and W scaled so that
    H W is the model of it, ::

        D(X | H W) + mu |H|_1 + beta |W|_1 + sum_k lambda_k |h_k|_1 |w_k|_1
        + sum_k rho_k KL(expected_k || w_k) - delta * contrast.

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
    sparsity : array-like of shape (n_components,), default=None
        Weights lambda_k of the magnitudes; zero if None.
    prior : array-like of shape (n_components,), default=None
        Weights rho_k of what is known of the spectra; zero if None.
    expected : array-like of shape (n_components, n_bins), default=None
        The spectra that components are expected to have, in any scale; needed with
        `prior`.

    Returns
    -------
    cost : float
        Free of unit.

    Raises
    ------
    ValueError
        If shapes do not fit, an entry is negative, NaN or infinite, `X` is zero
        throughout, or `delta` is positive and there is no guide or no `attended`.
    """
    for name, value in (("delta", delta), ("mu", mu), ("beta", beta)):
        check_number(name, value, least=0)
    X = _magnitudes("X", X)
    H, W = _factors(activations, components)
    if X.shape != (len(H), W.shape[1]):
        raise ValueError(
            f"X: expected shape {(len(H), W.shape[1])}, that of activations @ "
            f"components, got {X.shape}"
        )
    if not X.any():
        raise ValueError("X: all of its entries are zero, so the cost is undefined")
    if delta > 0 and (guide is None or attended is None):
        missing = "guide" if guide is None else "attended"
        raise ValueError(f"{missing}: None, but delta={delta:g} needs it")
    total = X.sum()
    norms = np.linalg.norm(H, axis=0)
    H, W = unit_columns(H), W * norms[:, None] / total
    cost = kl_divergence(X / total, H @ W)
    cost += mu * H.sum() + beta * W.sum()
    if sparsity is not None:
        sparsity = as_signals("sparsity", sparsity, (1,))
        check_shape("sparsity", sparsity, (len(W),))
        cost += sparsity @ (H.sum(axis=0) * W.sum(axis=1))
    if prior is not None:
        cost += _divergence_from(expected, prior, W)
    if delta > 0:
        cost -= delta * contrast_value(
            H, W, cast(ArrayLike, guide), cast(ArrayLike, attended), contrast=contrast
        )
    return cost


def _divergence_from(expected, weights, W):
    weights = as_signals("prior", weights, (1,))
    check_shape("prior", weights, (len(W),))
    if expected is None:
        raise ValueError("expected: None, but prior needs it")
    expected = _magnitudes("expected", expected)
    check_shape("expected", expected, W.shape)
    pairs = zip(weights, _rows_to_one(expected), _rows_to_one(W))
    return sum(weight * kl_divergence(x, w) for weight, x, w in pairs if weight > 0)


def _rows_to_one(rows):
    sums = rows.sum(axis=1, keepdims=True)
    return rows / np.where(sums > 0, sums, 1)


def unit_columns(array: np.ndarray) -> np.ndarray:
    """Columns divided by their l2 norm; a column of zeros stays as it is."""
    peaks = np.max(np.abs(array), axis=0)
    array = array / np.where(peaks > 0, peaks, 1)
    norms = np.linalg.norm(array, axis=0)
    return array / np.where(norms > 0, norms, 1)


def _factors(activations, components):
    H = _magnitudes("activations", activations)
    W = _magnitudes("components", components)
    if H.shape[1] != len(W):
        raise ValueError(
            f"components: expected {H.shape[1]} rows, one per column of activations, "
            f"got {len(W)}"
        )
    return H, W


def _guide(guide, n_frames):
    guide = np.asarray(guide)
    guide = _magnitudes("guide", guide[:, None] if guide.ndim == 1 else guide)
    if len(guide) != n_frames:
        raise ValueError(f"guide: expected {n_frames} frames, got {len(guide)}")
    return unit_columns(guide)


def _mask(attended, n_components):
    attended = np.asarray(attended)
    if attended.dtype != bool or attended.shape != (n_components,):
        raise ValueError(
            f"attended: expected {n_components} booleans, one per component, got dtype "
            f"{attended.dtype} and shape {attended.shape}"
        )
    return attended


def _magnitudes(name, values, n_dims=(2,)):
    values = as_signals(name, values, n_dims).astype(np.float64)
    if values.min() < 0:
        raise ValueError(f"{name}: found negative values; magnitudes are expected")
    return values
