"""Contrastive NMF of one magnitude spectrogram, as a function."""

import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils import check_array, check_random_state

from ..._threads import one_thread
from ..._validation import (
    as_signals,
    check_choice,
    check_number,
    check_shape,
    check_whole,
    refuse_masked,
)
from ._cost import CONTRASTS, unit_columns
from ._kernels import Workspace
from ._prior import SpectralPrior
from ._regularizer import Regularizer, no_regularizer
from ._solver import Descent, descend, descend_published
from ._start import random_factors

SOLVERS: dict[str, Callable[..., Descent]] = {
    "mu": descend,
    "published": descend_published,
}
# Where half of the components follow the guide from a random start, the contrast
# separates. SI-SDR gain in dB, mean of 12 sources of sampled duets / 12 of recorded
# songs (python -m benchmarks.contrast), without contrast -5.1 / -6.6:
#
#          delta =   0.02         0.1           0.3           1
#   "group"
#   r = 1            0.2 /  2.7    2.4 /   3.6    1.9 /   3.2   1.9 /  3.5
#   r = 0.5         -2.7 / -1.0   -0.7 /   0.0    0.4 /   0.4   0.6 /  0.4
#   r = 0.2         -3.2 / -4.0   -1.7 /  -1.5   -1.0 /  -0.9  -0.8 / -1.0
#   r = 0.1         -3.5 / -4.5   -1.9 /  -2.1   -1.6 /  -1.6  -1.3 / -1.4
#   "components"
#   r = 1            1.8 /  4.0   -0.8 /   4.7    0.2 /   4.3   1.9 /  4.2
#   r = 0.5         -2.9 / -0.6  -14.6 /  -5.8  -11.4 /  -3.4  -2.8 /  0.1
#   r = 0.2         -7.4 / -5.3  -21.8 / -21.7  -16.9 / -14.7  -8.1 / -4.5
#
# Where components are fitted without contrast first and then split ("learned",
# "blind"), it cost 0 to 4 dB in the same run, so that its default there is zero.
DEFAULT_DELTA = {"group": 0.3, "components": 0.02}
# Exponents of two of the largest magnitude, between which products of factors stay
# clear of the ends of float32. What lies outside is brought near one.
_SAFE = (-20, 40)


@dataclass(frozen=True, eq=False)
class Factorization:
    """Result of :func:`contrastive_nmf`.

    Parameters
    ----------
    activations : ndarray of shape (n_frames, n_components)
        H, columns of unit l2 norm.
    components : ndarray of shape (n_components, n_bins)
        W, in the scale of X.
    objective : ndarray of shape (n_iter + 1,)
        The cost at the start and after each iteration.
    terms : ndarray of shape (n_iter + 1, 3)
        Divergence, penalties (with what `prior` adds) and contrast with its weight and
        sign, which add up to the cost.
    n_iter : int
        Number of iterations.
    converged : bool
        Whether the cost had come to rest.
    """

    activations: np.ndarray
    components: np.ndarray
    objective: np.ndarray
    terms: np.ndarray
    n_iter: int
    converged: bool


def contrastive_nmf(
    X: ArrayLike,
    n_components: int | None = None,
    *,
    guide: ArrayLike | None = None,
    attended: ArrayLike | None = None,
    activations: ArrayLike | None = None,
    components: ArrayLike | None = None,
    fixed: ArrayLike | None = None,
    delta: float | None = None,
    contrast: str = "group",
    mu: float = 0.0,
    beta: float = 0.0,
    sparsity: ArrayLike | None = None,
    prior: ArrayLike | None = None,
    solver: str = "mu",
    max_iter: int = 200,
    tol: float = 1e-5,
    random_state: int | np.random.RandomState | None = None,
) -> Factorization:
    r"""Factorise magnitudes so that some components follow a guide, others not.

    Minimises, over H and W with unit-norm columns of H,

    .. math::

        D(X | H W) + \mu |H|_1 + \beta |W|_1
        + \sum_k \lambda_k |h_k|_1 |w_k|_1
        + \sum_k \rho_k D(\bar w^0_k | \bar w_k) - \delta \, C

    for X divided by its sum, D the generalised Kullback-Leibler divergence. With the
    guide's columns s_j of unit norm, the contrast is by default that of the two
    groups of components, attended (a) and not (u),

    .. math::

        C = \sum_j \cos^2(e_a, s_j) - \cos^2(e_u, s_j)

    of their envelopes :math:`e_g = \sum_{k \in g} |w_k|_1 h_k`, and with
    ``contrast="components"`` that of [1]_, which asks it of each component,
    :math:`C = |H_a^T S_a|_F^2 - |H_u^T S_a|_F^2`. So `delta`, `mu` and `beta` mean the
    same for loud and quiet, short and long recordings; the value delta' of the
    published code on a raw X is ``delta = delta' / X.sum()``, `mu` likewise.

    Parameters
    ----------
    X : array-like of shape (n_frames, n_bins)
        Non-negative magnitudes. Never written to.
    n_components : int, default=None
        Number of components; may be left out where starting factors tell it.
    guide : array-like of shape (n_frames, n_guides) or (n_frames,), default=None
        What the attended source does over time, non-negative, in any scale.
        None, or ``delta=0``, turns the contrast off. Columns of zeros count for
        nothing; if all are zero the contrast is off, with a warning.
    attended : array-like of shape (n_components,) of bool, default=None
        The components that should follow the guide; the first half if None.
    activations : array-like of shape (n_frames, n_components), default=None
        Starting H, in the scale of `X`; random if None.
    components : array-like of shape (n_components, n_bins), default=None
        Starting W, in the scale of `X`; random if None.
    fixed : array-like of shape (n_components,) of bool, default=None
        Components that keep the spectrum they start with, up to its gain; needs
        `components`.
    delta : float, default=None
        Weight of the contrast; None is 0.3 for ``contrast="group"`` and 0.02 for
        "components".
    contrast : {"group", "components"}, default="group"
        Whether only the sum of each group's components is to follow or to avoid the
        guide, or each component, as published (see :func:`contrast_value`).
    mu, beta : float, default=0.0
        Weights of the l1 norms of H and W.
    sparsity : array-like of shape (n_components,), default=None
        Weight lambda_k of the magnitude of each component, which is its share of the
        sum of the model: what one component has to pay where another could explain the
        same. A number that all components share does next to nothing. Solver "mu".
    prior : array-like of shape (n_components,), default=None
        Weight rho_k of what is known of each spectrum: of the divergence
        KL(w0_k || w_k) from what it starts as, both summing to one. Zero leaves a
        component free; the larger, the more it takes of `X` to change it. Needs
        `components`; nothing for those that are `fixed`. Solver "mu".
    solver : {"mu", "published"}, default="mu"
        "mu" never raises the cost. "published" is the rule of [1]_, kept for
        comparison; it does raise the cost, and knows only ``contrast="components"``.
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
        delta=delta, contrast=contrast, mu=mu, beta=beta, solver=solver,
        max_iter=max_iter, tol=tol,
    )  # fmt: skip
    delta = DEFAULT_DELTA[contrast] if delta is None else delta
    refuse_masked("X", X)
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
    sparsity = _check_weights("sparsity", sparsity, n_components, solver)
    prior = _check_weights("prior", prior, n_components, solver)
    if prior is not None and components is None:
        raise ValueError("prior: components to start from are needed, but got None")
    guide = _check_guide(guide, X, delta)
    shift = _shift(X)
    X = np.ldexp(X, -shift) if shift else X

    A, W = _start(X, n_components, activations, components, shift, random_state)
    workspace = Workspace(X, n_components)
    if workspace.total == 0:
        warnings.warn(
            "X is silent: all of its entries are zero, and so is the result",
            stacklevel=2,
        )
        silent = np.zeros_like(A), np.zeros_like(W)
        return Factorization(*silent, np.zeros(1), np.zeros((1, 3)), 0, True)
    regularizer = Regularizer(
        guide, attended, delta, mu, beta, workspace.total, contrast, sparsity
    )
    descent = solve(
        workspace, A, W, regularizer,
        fixed=fixed, solver=solver, max_iter=max_iter, tol=tol, prior=prior,
    )  # fmt: skip
    norms = np.linalg.norm(descent.activations, axis=0)
    return Factorization(
        unit_columns(descent.activations),
        np.ldexp(descent.components * norms[:, None], shift),
        descent.objective,
        descent.terms,
        len(descent.objective) - 1,
        descent.converged,
    )


def solve(
    workspace: Workspace,
    A: np.ndarray,
    W: np.ndarray,
    regularizer: Regularizer,
    *,
    fixed: np.ndarray,
    solver: str,
    max_iter: int,
    tol: float,
    prior: np.ndarray | None = None,
) -> Descent:
    """Run a solver from starting factors in any split of their scale.

    `prior` weighs the divergence of each component from what it starts as.

    Returns
    -------
    descent : Descent
        With rows of the components that sum to one.
    """
    A = np.where(workspace.X.any(axis=1, keepdims=True), A, 0)
    if solver != "published":
        sums = W.sum(1)
        A, W = A * sums, W / np.where(sums > 0, sums, 1)[:, None]
    expected = None
    if prior is not None:
        expected = SpectralPrior(W, np.where(fixed, 0.0, prior))
    with one_thread() as n_threads, workspace.threads(n_threads):
        return SOLVERS[solver](
            workspace, A, W, regularizer,
            fixed=fixed, max_iter=max_iter, tol=tol, prior=expected,
        )  # fmt: skip


def activations_for(
    X: np.ndarray,
    components: np.ndarray,
    max_iter: int,
    sparsity: np.ndarray | None = None,
) -> np.ndarray:
    """Activations that minimise the divergence for given components.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Non-negative magnitudes.
    components : ndarray of shape (n_components, n_bins)
        W, in any scale.
    max_iter : int
        Number of iterations; they end early only where the cost can't fall further.
    sparsity : ndarray of shape (n_components,), default=None
        As in :func:`contrastive_nmf`.

    Returns
    -------
    activations : ndarray of shape (n_frames, n_components)
        In the scale in which ``activations @ components`` approximates `X`.
    """
    n_components = len(components)
    if not X.any():
        return np.zeros((len(X), n_components), dtype=X.dtype)
    shift = _shift(X)
    X = np.ldexp(X, -shift) if shift else X
    peaks = components.max(axis=1).astype(np.float64)
    peaks[peaks == 0] = 1
    W = (components / peaks[:, None]).astype(X.dtype)
    sums = np.where(W.any(1), W.sum(1), 1)
    start = np.repeat(X.sum(1)[:, None] / n_components, n_components, axis=1) / sums
    workspace = Workspace(X, n_components)
    descent = solve(
        workspace,
        start,
        W,
        no_regularizer(n_components, workspace.total, sparsity),
        fixed=np.ones(n_components, dtype=bool),
        solver="mu",
        max_iter=max_iter,
        tol=0.0,
    )
    # The quotient of a denormal peak would overflow before the shift brings it back.
    peaks, exponents = np.frexp(peaks)
    activations = descent.activations / sums / peaks
    return np.ldexp(activations, shift - exponents).astype(X.dtype)


def check_factorization_parameters(
    *,
    delta: float | None,
    contrast: str,
    mu: float,
    beta: float,
    solver: str,
    max_iter: int,
    tol: float,
) -> None:
    """Raise a ValueError that names the first parameter out of its range."""
    if delta is not None:
        check_number("delta", delta, least=0)
    for name, value in (("mu", mu), ("beta", beta), ("tol", tol)):
        check_number(name, value, least=0)
    check_whole("max_iter", max_iter)
    check_choice("contrast", contrast, CONTRASTS)
    check_choice("solver", solver, SOLVERS)
    if solver == "published" and contrast != "components":
        raise ValueError(
            f"contrast: solver='published' knows only 'components', got {contrast!r}"
        )


def _check_weights(name, weights, n_components, solver):
    """Return a weight of each component as an array; None if there are none."""
    if weights is None:
        return None
    weights = as_signals(name, weights, (1,)).astype(np.float64)
    check_shape(name, weights, (n_components,))
    if weights.min() < 0:
        raise ValueError(f"{name}: found negative weights")
    if not weights.any():
        return None
    if solver == "published":
        raise ValueError(f"{name}: solver='published' does not know it; use 'mu'")
    return weights


def _shift(X):
    """Power of two to divide very small or large magnitudes by; 0 for all others."""
    peak = float(X.max())
    exponent = np.log2(peak) if peak > 0 else 0.0
    return 0 if _SAFE[0] < exponent < _SAFE[1] else round(exponent)


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
        check_whole(name, count)
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
    guide = as_signals("guide", guide, (1, 2))
    guide = check_array(
        guide[:, np.newaxis] if guide.ndim == 1 else guide,
        dtype=X.dtype,
        ensure_non_negative=True,
        input_name="guide",
    )
    if len(guide) != len(X):
        raise ValueError(f"guide: expected {len(X)} frames as in X, got {len(guide)}")
    if delta > 0 and not guide.any():
        warnings.warn("guide is zero throughout; the contrast is off", stacklevel=3)
        return None
    return unit_columns(guide)


def _start(X, n_components, activations, components, shift, random_state):
    """Choose starting factors, and divide the scale of given ones by 2**shift."""
    A, W = activations, components
    if A is None or W is None:
        rng = check_random_state(random_state)
        drawn_A, drawn_W = random_factors(X, n_components, rng)
        A = drawn_A if A is None else A
        W = drawn_W if W is None else W
    A = _check_factor("activations", A, (len(X), n_components), X.dtype)
    W = _check_factor("components", W, (n_components, X.shape[1]), X.dtype)
    if components is not None:
        W = np.ldexp(W, -shift)
    elif activations is not None:
        A = np.ldexp(A, -shift)
    return A, W


def _check_factor(name, factor, shape, dtype):
    refuse_masked(name, factor)
    factor = check_array(factor, dtype=dtype, ensure_non_negative=True, input_name=name)
    if factor.shape != shape:
        raise ValueError(f"{name}: expected shape {shape}, got {factor.shape}")
    return factor
