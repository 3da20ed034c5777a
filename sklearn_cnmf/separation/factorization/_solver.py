"""Descent on the stated cost, and the authors' rule for comparison."""

from typing import NamedTuple

import numpy as np

from ._kernels import Workspace
from ._prior import SpectralPrior
from ._regularizer import Regularizer

_MAX_HALVINGS = 30
_STOPPING_SPAN = 10
_PUBLISHED_FLOOR = 1e-9
# Of a change on a logarithmic scale, how much again; and by how much an entry may
# grow in the change that is continued.
_MOMENTUM_START, _MOMENTUM_GROWTH, _MOMENTUM_LIMIT = 0.7, 1.2, 2.0
_LARGEST_LEAP = 1e3
# Positive entries are kept above this share of a mean frame (activations) or of a
# spectrum (components). Multiplicative steps otherwise drive them into the subnormal
# numbers, on which many processors compute several times slower. Cost after 200
# iterations, three duos, 48 components: 0.02692, 0.01780, 0.02840 without a floor,
# 0.02682, 0.01764, 0.02837 with it, 0.02701, 0.01791, 0.02841 with zero in its place,
# which no later step leaves again.
_FLOOR = 1e-18


class Descent(NamedTuple):
    """What a solver leaves behind."""

    activations: np.ndarray
    components: np.ndarray
    objective: np.ndarray
    converged: bool


def descend(
    workspace: Workspace,
    A: np.ndarray,
    W: np.ndarray,
    regularizer: Regularizer,
    *,
    fixed: np.ndarray,
    max_iter: int,
    tol: float,
    prior: SpectralPrior | None = None,
) -> Descent:
    """Multiplicative descent that never raises the stated cost.

    The divergence is majorised as for plain multiplicative updates: at A it is
    touched from above by a function that is separable over the entries of A. A
    step is the ratio of the two parts of the gradient; it is taken only if the
    majoriser plus the exact change of penalties and contrast does not rise,
    and its exponent is halved until then. Since the majoriser needs no new
    model of X, a refused step costs next to nothing. Without penalties and
    contrast this is the plain rule for the Kullback-Leibler divergence. What is known
    of the components adds to their counts, which is the exact minimum of the
    majoriser and the prior.

    Iterates are extrapolated along their last change, on a logarithmic scale, as in
    the block majorisation-minimisation with extrapolation of Hien, Leplat and Gillis
    (arXiv 2401.06646). Where that raises the cost, the descent goes on from the iterate
    itself. Where even that one has a higher cost, the fall is below the rounding of
    the arithmetic, and the descent ends with what it had before.

    Parameters
    ----------
    workspace : Workspace
        Holds X.
    A : ndarray of shape (n_frames, n_components)
        Starting activations.
    W : ndarray of shape (n_components, n_bins)
        Starting components, rows that sum to one.
    regularizer : Regularizer
        Penalties and contrast.
    fixed : ndarray of shape (n_components,) of bool
        Components that keep their spectrum.
    max_iter : int
        Largest number of iterations.
    tol : float
        The descent ends once the cost has fallen by less than `tol` per
        iteration over ten iterations.
    prior : SpectralPrior, default=None
        What is known of the components.

    Returns
    -------
    descent : Descent
        The factors, with rows of the components that still sum to one; the
        cost at the start and after each iteration; whether `tol` was reached.
    """
    free = ~fixed
    floors = (_Floor(A, _FLOOR * workspace.total / len(A)), _Floor(W, _FLOOR))
    A, W = _floored((A, W), floors)
    if not free.any():
        floors = floors[:1]
    product, cost = _cost_at(A, W, workspace, regularizer, prior)
    objective, latest, momentum = [cost], None, _MOMENTUM_START
    while True:
        converged = _has_converged(objective, tol)
        if converged or len(objective) > max_iter:
            return Descent(A, W, np.array(objective), converged)
        before = latest
        latest = _iterate(A, W, product, free, workspace, regularizer, prior)
        latest = _floored(latest, floors)
        if before is not None:
            further = _extrapolated(latest, before, momentum, free)
            further = _floored(further, floors)
            product, cost = _cost_at(*further, workspace, regularizer, prior)
            if cost <= objective[-1]:
                momentum = min(momentum * _MOMENTUM_GROWTH, _MOMENTUM_LIMIT)
                A, W = further
                objective.append(cost)
                continue
            momentum = max(momentum / 2, _MOMENTUM_START)
        product, cost = _cost_at(*latest, workspace, regularizer, prior)
        if cost > objective[-1]:
            return Descent(A, W, np.array(objective), True)
        A, W = latest
        objective.append(cost)


class _Floor:
    """Raise small entries of a factor to the floor; what was zero stays zero."""

    def __init__(self, factor, least):
        self.least = factor.dtype.type(least)
        zeros = factor == 0
        self.zeros = zeros if zeros.any() else None

    def __call__(self, factor):
        raised = np.maximum(factor, self.least)
        if self.zeros is not None:
            raised[self.zeros] = 0
        return raised


def _floored(factors, floors):
    raised = tuple(floor(factor) for factor, floor in zip(factors, floors))
    return raised + tuple(factors[len(floors) :])


def _cost_at(A, W, workspace, regularizer, prior):
    product, cost = workspace.onto_activations(A, W)
    cost += regularizer.values(A).sum()
    return product, cost if prior is None else cost + prior.value(W)


def _iterate(A, W, product, free, workspace, regularizer, prior):
    ratio, share = _step(A, product, regularizer, workspace)
    A = _certified_move(A, ratio, share, regularizer, workspace.total)
    if free.any():
        W = W.copy()
        W[free], gains, share = _component_step(
            A, W, free, workspace, regularizer, prior
        )
        A = _certified_move(A, gains, share, regularizer, workspace.total)
    return A, W


def _extrapolated(latest, before, momentum, free):
    (A, W), (A_before, W_before) = latest, before
    A = _continued(A, A_before, momentum)
    if free.any():
        W = W.copy()
        W[free] = _rows_to_one(
            _continued(W[free], W_before[free], momentum), latest[1][free]
        )
    return A, W


def _continued(latest, before, momentum):
    floor = np.finfo(latest.dtype).tiny
    ratio = np.maximum(latest, floor)
    ratio /= np.maximum(before, floor)
    np.minimum(ratio, _LARGEST_LEAP, out=ratio)
    # A power by way of the logarithm takes half of the time.
    np.log(ratio, out=ratio)
    ratio *= ratio.dtype.type(momentum)
    np.exp(ratio, out=ratio)
    ratio *= latest
    return ratio


def descend_published(
    workspace: Workspace,
    H: np.ndarray,
    W: np.ndarray,
    regularizer: Regularizer,
    *,
    fixed: np.ndarray,
    max_iter: int,
    tol: float,
    prior: None = None,
) -> Descent:
    """Run the rule of Cantisani, Essid and Richard (ICASSP 2021), as published.

    Plain multiplicative step on H with the contrast's gradient in its ratio
    (without the factor 2), columns of H normalised and the norms moved into W,
    then a plain step on W. It is not a descent method. Parameters and result
    are those of :func:`descend`, for H and W in the scale of X.
    """
    free = ~fixed
    number = H.dtype.type
    delta = number(regularizer.delta * workspace.total * regularizer.contrasting)
    mu, beta = number(regularizer.mu * workspace.total), number(regularizer.beta)
    attended = regularizer.attended
    H, W = _norms_into_components(H, W)
    objective = []
    while True:
        W = np.where(W > 0, np.maximum(W, np.finfo(W.dtype).tiny), 0)
        product, divergence = workspace.onto_activations(H, W)
        objective.append(divergence + regularizer.values(H * W.sum(1)).sum())
        if _has_converged(objective, tol) or len(objective) > max_iter:
            break
        rising = np.broadcast_to(W.sum(1) + mu, H.shape).copy()
        if delta > 0:
            pull = delta * (regularizer.guide @ (regularizer.guide.T @ H))
            product[:, attended] += pull[:, attended]
            rising[:, ~attended] += pull[:, ~attended]
        rising = np.maximum(rising, workspace.floor)
        H, W = _norms_into_components(
            np.maximum(H * product / rising, _PUBLISHED_FLOOR), W
        )
        if free.any():
            numerator = workspace.onto_components(H, W)[free]
            W[free] *= numerator / (H[:, free].sum(0) + beta)[:, None]
    magnitudes = W.sum(1)
    rows = _rows_to_one(W, np.full_like(W, 1 / W.shape[1]))
    return Descent(
        H * magnitudes, rows, np.array(objective), _has_converged(objective, tol)
    )


def _step(A, product, regularizer, workspace):
    if not regularizer.active:
        return regularizer.shrunk(product), None
    total = A.dtype.type(workspace.total)
    falling, rising = regularizer.gradient(A)
    ratio = (product + total * falling) / (1 + total * rising)
    log_ratio = np.log(np.maximum(ratio, workspace.floor))
    share = np.einsum("nk,nk,nk->k", A, product, log_ratio, dtype=np.float64)
    return ratio, share


def _component_step(A, W, free, workspace, regularizer, prior):
    counts = W[free] * workspace.onto_components(A, W)[free]
    sums = counts.sum(1, dtype=np.float64)
    before = A[:, free].sum(0, dtype=np.float64)
    gains = np.ones(len(W))
    gains[free] = np.where(before > 0, sums / np.where(before > 0, before, 1), 1)
    gains[free] = regularizer.shrunk(gains)[free]
    share = np.zeros(len(W))
    share[free] = sums * np.log(np.maximum(gains[free], workspace.floor))
    if prior is not None:
        counts += prior.pseudo_counts(workspace.total)[free]
    return _rows_to_one(counts, W[free]), gains.astype(A.dtype), share


def _certified_move(A, ratio, share, regularizer, total):
    """Move to A * ratio**e, e per block the first of 1, 1/2, 1/4, ... that descends.

    It descends if the majoriser plus the change of the regulariser falls.
    `share` is the part of the majoriser, per component, that is linear in e.
    """
    candidate = A * ratio
    if not regularizer.active:
        return candidate
    ratio = np.broadcast_to(ratio, A.shape)
    blocks = regularizer.blocks
    before = regularizer.values(A)
    slack = np.finfo(A.dtype).eps
    exponents = np.ones(A.shape[1], dtype=A.dtype)
    for _ in range(_MAX_HALVINGS):
        moved = np.sum(candidate - A, axis=0, dtype=np.float64)
        bound = np.bincount(blocks, weights=(moved - exponents * share) / total)
        bound += regularizer.values(candidate) - before
        refused = ~(bound <= slack)[blocks]
        if not refused.any():
            return candidate
        exponents[refused] /= 2
        candidate[:, refused] = A[:, refused] * ratio[:, refused] ** exponents[refused]
    candidate[:, refused] = A[:, refused]
    return candidate


def _has_converged(objective, tol):
    if len(objective) <= _STOPPING_SPAN:
        return False
    fall = objective[-1 - _STOPPING_SPAN] - objective[-1]
    return bool(abs(fall) < tol * _STOPPING_SPAN)


def _rows_to_one(rows, fallback):
    sums = rows.sum(1, keepdims=True)
    return np.where(sums > 0, rows / np.where(sums > 0, sums, 1), fallback)


def _norms_into_components(H, W):
    norms = np.linalg.norm(H, axis=0)
    norms[norms == 0] = 1
    return H / norms, W * norms[:, None]
