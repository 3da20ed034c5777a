"""Descent on the stated cost, and the authors' rule for comparison."""

from typing import NamedTuple

import numpy as np

from ._kernels import Workspace
from ._prior import SpectralPrior
from ._regularizer import Regularizer, Sums, column_sums

_MAX_HALVINGS = 30
_STOPPING_SPAN = 10
_PUBLISHED_FLOOR = 1e-9
# Of a change on a logarithmic scale, how much again, in quarters, so that square roots
# do for a power; how many less after it failed; and by how much an entry may grow in
# the change that is continued.
_LEAST_QUARTERS, _MOST_QUARTERS, _FEWER_QUARTERS = 3, 8, 2
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
    terms: np.ndarray
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
    A, W = _floored((A.copy(), W.copy()), floors)
    if not free.any():
        floors = floors[:1]
    point = _Point.at((A, W), workspace, regularizer, prior)
    del A, W
    objective, terms = [point.cost], [point.terms]
    latest, quarters = None, _LEAST_QUARTERS
    while True:
        converged = _has_converged(objective, tol)
        if converged or len(objective) > max_iter:
            break
        before = latest
        latest = _iterate(point, free, workspace, regularizer, prior)
        latest = _floored(latest, floors)
        if before is not None:
            further = _extrapolated(latest, before, quarters, free)
            del before
            further = _floored(further, floors)
            there = _Point.at(further, workspace, regularizer, prior)
            if there.cost <= point.cost:
                quarters = min(quarters + 1, _MOST_QUARTERS)
                point = there
                objective.append(point.cost)
                terms.append(point.terms)
                continue
            quarters = max(quarters - _FEWER_QUARTERS, _LEAST_QUARTERS)
        there = _Point.at(latest, workspace, regularizer, prior)
        if there.cost > point.cost:
            converged = True
            break
        point = there
        objective.append(point.cost)
        terms.append(point.terms)
    return Descent(point.A, point.W, np.array(objective), np.array(terms), converged)


class _Floor:
    """Raise small entries of a factor, in place; what was zero at first stays zero."""

    def __init__(self, factor, least):
        self.least = factor.dtype.type(least)
        zeros = factor == 0
        self.zeros = zeros if zeros.any() else None

    def __call__(self, factor):
        np.maximum(factor, self.least, out=factor)
        if self.zeros is not None:
            factor[self.zeros] = 0
        return factor


def _floored(factors, floors):
    raised = tuple(floor(factor) for factor, floor in zip(factors, floors))
    return raised + tuple(factors[len(floors) :])


class _Point(NamedTuple):
    """Factors, and what a sweep over X and the sums over frames say of them."""

    A: np.ndarray
    W: np.ndarray
    product: np.ndarray
    sums: Sums
    cost: float
    terms: list[float]

    @classmethod
    def at(cls, factors, workspace, regularizer, prior):
        A, W = factors
        product, divergence = workspace.onto_activations(A, W)
        sums = regularizer.sums(A)
        terms = _terms(divergence, regularizer, sums)
        if prior is not None:
            terms[1] += float(prior.value(W))
        return cls(A, W, product, sums, sum(terms), terms)


def _terms(divergence, regularizer, sums):
    """Divergence, penalties and contrast, which add up to the cost."""
    return [
        float(divergence),
        regularizer.penalty_term(sums),
        regularizer.contrast_term(sums),
    ]


def _iterate(point, free, workspace, regularizer, prior):
    A, sums = _activation_step(point, regularizer, workspace)
    W = point.W
    if free.any():
        W = W.copy()
        W[free], gains = _component_step(
            A, W, sums, free, workspace, regularizer, prior
        )
        A = A * gains.astype(A.dtype)
    return A, W


def _extrapolated(latest, before, quarters, free):
    (A, W), (A_before, W_before) = latest, before
    A = _continued(A, A_before, quarters)
    if free.any():
        W = W.copy()
        W[free] = _rows_to_one(
            _continued(W[free], W_before[free], quarters), latest[1][free]
        )
    return A, W


def _continued(latest, before, quarters):
    """``latest * (latest / before) ** (quarters / 4)``."""
    floor = np.finfo(latest.dtype).tiny
    ratio = np.maximum(latest, floor)
    continued = np.maximum(before, floor)
    ratio /= continued
    np.minimum(ratio, _LARGEST_LEAP, out=ratio)
    continued[...] = latest
    for _ in range(quarters // 4):
        continued *= ratio
    if quarters % 4:
        np.sqrt(ratio, out=ratio)
        if quarters % 4 >= 2:
            continued *= ratio
        if quarters % 2:
            np.sqrt(ratio, out=ratio)
            continued *= ratio
    return continued


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
    objective, terms = [], []
    while True:
        W = np.where(W > 0, np.maximum(W, np.finfo(W.dtype).tiny), 0)
        product, divergence = workspace.onto_activations(H, W)
        sums = regularizer.sums(H * W.sum(1))
        terms.append(_terms(divergence, regularizer, sums))
        objective.append(sum(terms[-1]))
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
        H * magnitudes,
        rows,
        np.array(objective),
        np.array(terms),
        _has_converged(objective, tol),
    )


def _activation_step(point, regularizer, workspace):
    """Move to A * ratio**e, e per block the first of 1, 1/2, 1/4, ... that descends."""
    A, product, sums = point.A, point.product, point.sums
    if not regularizer.active:
        moved = A * regularizer.shrunk(product)
        return moved, regularizer.sums(moved)
    total = A.dtype.type(workspace.total)
    ratio, rising = regularizer.gradient(A, sums)
    ratio *= total
    ratio += product
    rising *= total
    rising += 1
    ratio /= rising
    del rising
    np.maximum(ratio, workspace.floor, out=ratio)
    # The part of the majoriser that is linear in the exponent.
    weighted = np.log(ratio)
    weighted *= A
    weighted *= product
    share = column_sums(weighted)
    del weighted

    def move(exponents):
        moved = _power(ratio, exponents[regularizer.blocks])
        moved *= A
        return moved, regularizer.sums(moved)

    return _certified(move, sums, share, regularizer, workspace)


def _component_step(A, W, sums, free, workspace, regularizer, prior):
    """Move the free spectra to their minimum, and the gains as activations move."""
    counts = W[free] * workspace.onto_components(A, W)[free]
    totals = np.zeros(len(W))
    totals[free] = counts.sum(1, dtype=np.float64)
    if prior is not None:
        counts += prior.pseudo_counts(workspace.total)[free]
    rows = _rows_to_one(counts, W[free])

    falling, rising = regularizer.gain_gradient(A, sums)
    total = workspace.total
    movable = free & (sums.ones > 0)
    ratio = np.ones(len(W))
    np.divide(
        totals + total * falling, sums.ones + total * rising, out=ratio, where=movable
    )
    np.maximum(ratio, workspace.floor, out=ratio)
    if not regularizer.active:
        return rows, ratio

    def move(exponents):
        gains = ratio ** exponents[regularizer.blocks]
        return gains, regularizer.scaled(sums, A, gains)

    share = totals * np.log(ratio)
    gains, _ = _certified(move, sums, share, regularizer, workspace)
    return rows, gains


def _certified(move, sums, share, regularizer, workspace):
    """Halve the exponent of each block until its move does not raise the cost.

    It does not if the majoriser plus the change of the regulariser falls.

    Parameters
    ----------
    move : callable
        Returns what moved by given exponents, one per block, and its sums over frames.
    sums, share :
        Sums before the move; the part of the majoriser of each component that is
        linear in the exponent.
    regularizer, workspace :
        Those of the solver.

    Returns
    -------
    moved, sums :
        What `move` returned.
    """
    blocks, before = regularizer.blocks, regularizer.values(sums)
    exponents = np.ones(regularizer.n_blocks)
    slack = np.finfo(workspace.X.dtype).eps
    for _ in range(_MAX_HALVINGS):
        moved, reached = move(exponents)
        change = regularizer.by_block(
            reached.ones - sums.ones - exponents[blocks] * share
        )
        change = change / workspace.total + regularizer.values(reached) - before
        refused = ~(change <= slack)
        if not refused.any():
            return moved, reached
        exponents[refused] /= 2
    exponents[refused] = 0
    return move(exponents)


def _power(ratio, exponents):
    """Columns to the power of 1, 1/2, 1/4 ... or 0, by way of square roots."""
    powers = ratio.copy()
    powers[:, exponents == 0] = 1
    n_roots = -np.log2(exponents, out=np.zeros(len(exponents)), where=exponents > 0)
    for depth in range(round(n_roots.max())):
        columns = n_roots > depth + 0.5
        powers[:, columns] = np.sqrt(powers[:, columns])
    return powers


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
