"""Ridge regression on lagged EEG, its penalty chosen by cross-validation."""

import warnings
from collections.abc import Hashable, Sequence
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from ..._threads import one_thread
from ._backward_model import BackwardModel, fold, mean_of, offset, unfold
from ._lagged import (
    RecordingSums,
    contiguous_blocks,
    lagged_product,
    lagged_sums,
    moments,
)
from ._ridge import (
    covariances,
    forward_patterns,
    leave_one_group_out,
    ridge_path,
)
from ._spectral_sums import pooled_moments

# Bytes that the covariances of single recordings may take in cross-validation.
COVARIANCE_BUDGET = 2**30
# Blocks to cut an array into to choose alpha; alpha where it is too short for that.
_N_BLOCKS = 5
_ALPHA_IF_SHORT = 1.0
# Folds of groups in which recordings are reconstructed from the others.
_MOST_FOLDS = 10
# Relative gain in r from one penalty to the next below which the curve is level.
_LEVEL = 1e-3
# Penalties that are taken where others are not better by more than one standard error.
# Held-out r, change against the largest mean r (its standard error), with 3, 6 and 12
# training trials: real EEG of five listeners +0.0029 (25), +0.0004 (12) and 0; three
# simulated ones at -20 dB +0.0009 (11), +0.0001 (8), +0.0035 (22). A range of 1e-3 to
# 1e2 changed little (-0.0001 to +0.0008), the middle of all that are as good lost on
# real EEG (-0.007 to -0.0003).
_USUAL = 1e-2, 1e1


def fit_ridge(
    xs: list[np.ndarray],
    ys: list[np.ndarray],
    groups: Sequence[Hashable] | None,
    lags: np.ndarray,
    *,
    alpha: Any,
    alphas: Sequence[float],
    per_output: bool = False,
    dtype: DTypeLike = np.float64,
    budget: float = COVARIANCE_BUDGET,
    hold_out: bool = False,
) -> tuple[BackwardModel, list[np.ndarray] | None]:
    """Fit a ridge regression on lagged EEG, choosing its penalty if asked to.

    Parameters
    ----------
    xs, ys : list of ndarray of shape (n_times, n_channels), (n_times, n_outputs)
        The recordings, float64.
    groups : list of hashable or None
        Recordings of one group are held out together. None: there is one recording,
        which is cut into blocks.
    lags : ndarray of shape (n_lags,), int
        Consecutive lags in samples, none negative.
    alpha : "cv", float or sequence of float
        Penalty, of each output if a sequence.
    alphas : sequence of float
        Penalties to choose from.
    per_output : bool, default=False
        Whether "cv" chooses for each output on its own.
    dtype : dtype, default=float64
        Of the coefficients.
    budget : float, default=2**30
        Bytes that covariances of single recordings may take. What does not fit is
        computed once more when it is needed, with the same result.
    hold_out : bool, default=False
        Whether to reconstruct each recording from the others as well.

    Returns
    -------
    model : BackwardModel
        The model.
    held_out : list of ndarray of shape (n_times, n_outputs) or None
        Reconstruction of each recording by a model with the same penalty that saw
        none of its group, up to a constant; None unless asked for and there are two
        groups.
    """
    if not isinstance(alpha, str) and np.ndim(alpha) == 1:
        _check_one_per_output(alpha, ys[0].shape[1])
    mean, mean_y = mean_of(xs), mean_of(ys)
    xs, ys = [x - mean for x in xs], [y - mean_y for y in ys]
    overlaps = []
    if groups is None:
        xs, ys, overlaps = _split(xs[0], ys[0], lags, alpha)
        groups = range(len(xs))
    cv_scores, at_edge, held_out = None, "", None
    hold_out = hold_out and len(set(groups)) > 1
    with one_thread():
        if isinstance(alpha, str) and len(xs) == 1:
            alpha = _ALPHA_IF_SHORT
        choose = isinstance(alpha, str)
        if choose or hold_out:
            sums = RecordingSums(xs, ys, lags, budget)
        if choose:
            cv_scores = leave_one_group_out(ys, sums, groups, alphas)
            if not per_output:
                cv_scores = cv_scores.mean(axis=2)
            alpha, at_edge = _best_alpha(cv_scores, alphas)
        if choose or hold_out:
            total = moments(chain(sums, overlaps))
        else:
            total = pooled_moments(xs, ys, lags)
        if hold_out:
            held_out = _held_out(xs, sums, total, groups, alpha, lags)
        cov_zz, cov_zy = covariances(total)
        weights = _ridge_weights(cov_zz, cov_zy, alpha)
        patterns = forward_patterns(cov_zz, weights)
    n_channels = len(mean)
    coef = unfold(weights, n_channels).astype(dtype)
    weights = fold(coef)
    intercept = mean_y + (total.y - total.z @ weights) / total.n_valid
    model = BackwardModel(
        lags=lags,
        mean=mean,
        patterns=unfold(patterns, n_channels).astype(dtype),
        coef=coef,
        intercept=(intercept - offset(coef, mean)).astype(dtype),
        alpha=float(alpha) if np.ndim(alpha) == 0 else np.asarray(alpha, np.float64),
        cv_scores=cv_scores,
        at_edge=at_edge,
    )
    return model, held_out


def _held_out(xs, sums, total, groups, alpha, lags):
    """Reconstruct recordings from those of other groups, in a few folds of groups."""
    order = list(dict.fromkeys(groups))
    part_of = {group: number % _MOST_FOLDS for number, group in enumerate(order)}
    held_out = [None] * len(xs)
    for part in range(min(_MOST_FOLDS, len(order))):
        left = [i for i, group in enumerate(groups) if part_of[group] == part]
        together = moments(sums[i] for i in left)
        weights = _ridge_weights(*covariances(total - together), alpha)
        for i in left:
            held_out[i] = lagged_product(xs[i], weights, lags)
    return held_out


def _ridge_weights(cov_zz, cov_zy, alpha):
    if np.ndim(alpha) == 0:
        return ridge_path(cov_zz, cov_zy, [alpha])[0]
    distinct, which = np.unique(alpha, return_inverse=True)
    path = ridge_path(cov_zz, cov_zy, distinct)
    return path[which, :, np.arange(len(which))].T


def _check_one_per_output(alpha, n_outputs):
    if len(alpha) != n_outputs:
        raise ValueError(
            f"alpha: {len(alpha)} penalties for {n_outputs} outputs; one number or one "
            "per output is expected"
        )


def _best_alpha(cv_scores, alphas):
    means = cv_scores.mean(axis=1)
    alphas = np.asarray(alphas, dtype=np.float64)
    chosen = _choose(cv_scores, alphas)
    best = alphas[chosen]
    beyond = _rises_beyond(means, alphas, chosen)
    if not beyond.any():
        return best, ""
    if means.ndim == 1:
        what = f"the best value, {best:g}, is"
    else:
        what = f"the best values of outputs {np.flatnonzero(beyond)} are"
        means = means[:, beyond].mean(axis=1)
    pairs = ", ".join(f"{a:g}: {r:.4f}" for a, r in zip(alphas, means))
    return best, (
        f"{what} at the edge of the grid; a better one may lie beyond. Mean r by "
        f"alpha: {pairs}"
    )


def _choose(cv_scores, alphas):
    """Index of the best penalty, or of a usual one that is as good within its error.

    The error is the standard error over recordings of the difference in r. It keeps the
    choice from an end of the grid where the curve is level or r is all noise.
    """
    best = cv_scores.mean(axis=1).argmax(axis=0)
    usual = np.flatnonzero((alphas >= _USUAL[0]) & (alphas <= _USUAL[1]))
    n_recordings = cv_scores.shape[1]
    if len(usual) == 0 or n_recordings < 2:
        return best
    within = usual[cv_scores[usual].mean(axis=1).argmax(axis=0)]
    of_best, of_usual = (
        np.take_along_axis(cv_scores, index[None, None], axis=0)[0]
        for index in (best, within)
    )
    lost = of_best - of_usual
    error = lost.std(axis=0, ddof=1) / np.sqrt(n_recordings)
    return np.where(lost.mean(axis=0) <= error, within, best)


def _rises_beyond(means, alphas, chosen):
    """Whether the chosen penalty is at the edge and better than its neighbour.

    At both ends the curve levels out, since the solution of least norm and the plain
    covariance are its limits: where it is level, nothing better lies beyond.
    """
    if len(alphas) == 1:
        return np.zeros(means.shape[1:], dtype=bool)
    order = np.argsort(alphas)
    ordered, at = means[order], np.argsort(order)[chosen]
    gain = np.where(at == 0, ordered[0] - ordered[1], ordered[-1] - ordered[-2])
    edge = (at == 0) | (at == len(alphas) - 1)
    return edge & (gain > _LEVEL * np.abs(ordered).max(axis=0))


def _split(x, y, lags, alpha):
    """Blocks of one recording and the sums over the windows across their boundaries."""
    choose = isinstance(alpha, str)
    if len(x) < 2 * (lags[-1] + 1):
        warnings.warn(
            f"X: {len(x)} samples are too few for lags of up to {lags[-1]}; missing "
            "EEG counts as its mean",
            stacklevel=6,
        )
        x = np.vstack([x, np.zeros((lags[-1], x.shape[1]))])
    blocks, overlaps = contiguous_blocks(len(y), _N_BLOCKS if choose else 1, lags)
    if choose and len(blocks) == 1:
        warnings.warn(
            f"alpha: {len(y)} samples are too few for cross-validation with lags of "
            f"up to {lags[-1]} samples; alpha={_ALPHA_IF_SHORT:g} is used",
            stacklevel=6,
        )
    if len(blocks) == 1:
        return [x], [y], []
    sums = [lagged_sums(x[span], y[span], lags) for span in overlaps]
    return [x[block] for block in blocks], [y[block] for block in blocks], sums
