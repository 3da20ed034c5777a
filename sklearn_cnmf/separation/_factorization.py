"""Contrastive NMF of one magnitude spectrogram, as a function."""

import warnings
from functools import partial
from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array, check_random_state

from .._threads import one_thread
from ._cost import unit_columns
from ._initialization import INITIALIZATIONS
from ._kernels import Workspace
from ._parameters import check_count, check_factorization_parameters
from ._regularizer import Regularizer, no_regularizer
from ._solver import descend, descend_published

SOLVERS = {
    "mu": descend,
    "plain": partial(descend, extrapolate=False),
    "published": descend_published,
}


class Factorization(NamedTuple):
    """Result of :func:`contrastive_nmf`."""

    activations: np.ndarray
    components: np.ndarray
    objective: np.ndarray
    n_iter: int
    converged: bool


def contrastive_nmf(
    X,
    n_components=None,
    *,
    guide=None,
    attended=None,
    activations=None,
    components=None,
    fixed=None,
    delta=0.02,
    contrast="components",
    mu=0.0,
    beta=0.0,
    solver="mu",
    init="random",
    max_iter=200,
    tol=1e-5,
    random_state=None,
):
    """Factorise magnitudes so that some components follow a guide, others not.

    Minimises, over H and W with unit-norm columns of H, ::

        D(X | H W) + mu |H|_1 + beta |W|_1
        - delta (|H_a^T S_a|_F^2 - |H_u^T S_a|_F^2)

    for X divided by its sum, D the generalised Kullback-Leibler divergence and
    S_a the guide with unit-norm columns. So `delta`, `mu` and `beta` mean the
    same for loud and quiet, short and long recordings; the value delta' of the
    published code on a raw X is ``delta = delta' / X.sum()``, `mu` likewise.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_bins)
        Non-negative magnitudes. Never written to.
    n_components : int, default=None
        Number of components; may be left out where starting factors tell it.
    guide : array-like of shape (n_frames, n_guides), default=None
        What the attended source does over time, non-negative, in any scale.
        None, or ``delta=0``, turns the contrast off. Columns of zeros count for
        nothing; if all are zero the contrast is off, with a warning.
    attended : array-like of shape (n_components,) of bool, default=None
        The components that should follow the guide; the first half if None.
    activations : array-like of shape (n_frames, n_components), default=None
        Starting H, in the scale of `X`; drawn by `init` if None.
    components : array-like of shape (n_components, n_bins), default=None
        Starting W, in the scale of `X`; drawn by `init` if None.
    fixed : array-like of shape (n_components,) of bool, default=None
        Components that keep the spectrum they start with, up to its gain; needs
        `components`.
    delta : float, default=0.02
        Weight of the contrast.
    contrast : {"components", "group"}, default="components"
        Whether each component is to follow or to avoid the guide, as published,
        or only the sum of each group's components (see :func:`contrast_value`).
    mu, beta : float, default=0.0
        Weights of the l1 norms of H and W.
    solver : {"mu", "plain", "published"}, default="mu"
        "mu" never raises the cost, and extrapolates its iterates. "plain" does not
        extrapolate: the same steps one by one, and without contrast and penalties
        those of scikit-learn. "published" is the rule of [1]_, kept for comparison;
        it does raise the cost, and knows only ``contrast="components"``.
    init : {"random", "nndsvda"}, default="random"
        How starting factors that are not given are drawn.
    max_iter : int, default=200
        Largest number of iterations.
    tol : float, default=1e-5
        The solver stops once the cost, which is free of unit, has fallen by
        less than this per iteration over ten iterations. 0 never stops early.
    random_state : int, RandomState instance or None, default=None
        Determines the random starting factors.

    Returns
    -------
    result : Factorization
        With fields `activations` (n_frames, n_components), columns of unit l2
        norm; `components` (n_components, n_bins), so that ``activations @
        components`` approximates `X`; `objective`, the cost at the start and
        after each iteration; `n_iter`; `converged`. A component that died is
        zero in both factors. Frames of zeros have zero activations. If `X` is
        all zero, so is the result, with a warning.

    Raises
    ------
    ValueError
        If `X`, `guide` or a starting factor is negative, NaN, infinite or of
        the wrong shape, or a parameter is out of its range.

    References
    ----------
    .. [1] G. Cantisani, S. Essid, G. Richard, "Neuro-steered music source
       separation with EEG-based auditory attention decoding and
       contrastive-NMF", ICASSP 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.separation import contrastive_nmf
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((200, 4)) @ rng.random((4, 30))
    >>> guide = X[:, :1]
    >>> result = contrastive_nmf(X, 4, guide=guide, random_state=0)
    >>> bool(np.diff(result.objective).max() <= 0)
    True
    """
    check_factorization_parameters(
        delta=delta, contrast=contrast, mu=mu, beta=beta, solver=solver, init=init,
        max_iter=max_iter, tol=tol,
    )  # fmt: skip
    X = check_array(
        X,
        dtype=[np.float64, np.float32],
        ensure_non_negative=True,
        input_name="X",
    )
    n_components = _count_components(n_components, activations, components)
    attended = _check_mask("attended", attended, n_components, n_components // 2)
    if fixed is not None and components is None:
        raise ValueError("fixed: components to keep are needed, but components is None")
    fixed = _check_mask("fixed", fixed, n_components, 0)
    guide = _check_guide(guide, X, delta)

    A, W = _start(X, n_components, activations, components, init, random_state)
    workspace = Workspace(X, n_components)
    if workspace.total == 0:
        warnings.warn(
            "X is silent: all of its entries are zero, and so is the result",
            stacklevel=2,
        )
        return Factorization(np.zeros_like(A), np.zeros_like(W), np.zeros(1), 0, True)
    regularizer = Regularizer(
        guide, attended, delta, mu, beta, workspace.total, contrast
    )
    descent = solve(
        workspace, A, W, regularizer,
        fixed=fixed, solver=solver, max_iter=max_iter, tol=tol,
    )  # fmt: skip
    norms = np.linalg.norm(descent.activations, axis=0)
    return Factorization(
        unit_columns(descent.activations),
        descent.components * norms[:, None],
        descent.objective,
        len(descent.objective) - 1,
        descent.converged,
    )


def solve(workspace, A, W, regularizer, *, fixed, solver, max_iter, tol):
    """Run a solver from starting factors in any split of their scale.

    Returns
    -------
    descent : Descent
        With rows of the components that sum to one.
    """
    A = np.where(workspace.X.any(1)[:, None], A, 0)
    if solver != "published":
        sums = W.sum(1)
        A, W = A * sums, W / np.where(sums > 0, sums, 1)[:, None]
    with one_thread():
        return SOLVERS[solver](
            workspace, A, W, regularizer, fixed=fixed, max_iter=max_iter, tol=tol
        )


def activations_for(X, components, max_iter):
    """Activations that minimise the divergence for given components.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Non-negative magnitudes.
    components : ndarray of shape (n_components, n_bins)
        W, in any scale.
    max_iter : int
        Number of iterations, all of which are done: so a frame's activations do
        not depend on the other frames.

    Returns
    -------
    activations : ndarray of shape (n_frames, n_components)
        In the scale in which ``activations @ components`` approximates `X`.
    """
    W = components.astype(X.dtype, copy=False)
    n_components = len(W)
    if not X.any():
        return np.zeros((len(X), n_components), dtype=X.dtype)
    sums = np.where(W.any(1), W.sum(1), 1)
    start = np.repeat(X.sum(1)[:, None] / n_components, n_components, axis=1) / sums
    workspace = Workspace(X, n_components)
    descent = solve(
        workspace,
        start,
        W,
        no_regularizer(n_components, workspace.total),
        fixed=np.ones(n_components, dtype=bool),
        solver="mu",
        max_iter=max_iter,
        tol=0.0,
    )
    return descent.activations / sums


def _count_components(n_components, activations, components):
    stated = {
        "n_components": n_components,
        "columns of activations": None if activations is None
        else np.shape(activations)[-1],
        "rows of components": None if components is None else len(components),
    }  # fmt: skip
    found = {name: count for name, count in stated.items() if count is not None}
    if not found:
        raise ValueError(
            "n_components: a number is needed where no starting factors are given"
        )
    for name, count in found.items():
        check_count(name, count)
    if len(set(found.values())) > 1:
        raise ValueError(f"n_components: found numbers that disagree: {found}")
    return next(iter(found.values()))


def _check_mask(name, mask, n_components, n_first):
    if mask is None:
        return np.arange(n_components) < n_first
    mask = np.asarray(mask)
    if mask.dtype != bool or mask.shape != (n_components,):
        raise ValueError(
            f"{name}: expected {n_components} booleans, one per component, got dtype "
            f"{mask.dtype} and shape {mask.shape}"
        )
    return mask


def _check_guide(guide, X, delta):
    if guide is None:
        return None
    guide = check_array(
        guide, dtype=X.dtype, ensure_non_negative=True, input_name="guide"
    )
    if len(guide) != len(X):
        raise ValueError(f"guide: expected {len(X)} frames as in X, got {len(guide)}")
    if delta > 0 and not guide.any():
        warnings.warn("guide is zero throughout; the contrast is off", stacklevel=3)
        return None
    return unit_columns(guide)


def _start(X, n_components, activations, components, init, random_state):
    A, W = activations, components
    if A is None or W is None:
        if init == "nndsvda" and n_components > min(X.shape):
            raise ValueError(
                f"init: 'nndsvda' draws at most {min(X.shape)} components from X of "
                f"shape {X.shape}, got n_components={n_components}"
            )
        rng = check_random_state(random_state)
        drawn_A, drawn_W = INITIALIZATIONS[init](X, n_components, rng)
        A = drawn_A if A is None else A
        W = drawn_W if W is None else W
    A = _check_factor("activations", A, (len(X), n_components), X.dtype)
    W = _check_factor("components", W, (n_components, X.shape[1]), X.dtype)
    return A, W


def _check_factor(name, factor, shape, dtype):
    factor = check_array(factor, dtype=dtype, ensure_non_negative=True, input_name=name)
    if factor.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {factor.shape}")
    return factor
