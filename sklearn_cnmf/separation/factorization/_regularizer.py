"""Everything in the cost but the divergence, as a function of the activations.

The rows of the components sum to one here, so that activations A carry all of the
scale: the unit-norm activations of the stated cost are h = a / |a|_2, its
components w = |a|_2 times a row, and the magnitude of a component is a itself.
Penalties and contrast are then functions of A alone, free of any constraint.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from ..._typing import MaybeNone

# Frames of which a copy in double precision is made.
_ROWS_AT_A_TIME = 4096


class Sums(NamedTuple):
    """Sums over frames that the terms depend on; None where they don't.

    Parameters
    ----------
    ones, norms : ndarray of shape (n_components,)
        l1 and l2 norm of each column of the activations.
    projected : ndarray of shape (n_guides, n_columns)
        Scalar products of the guide and the columns that the contrast compares.
    powers : ndarray of shape (n_columns,)
        Squared l2 norms of these.
    """

    ones: np.ndarray
    norms: np.ndarray | MaybeNone
    projected: np.ndarray | MaybeNone
    powers: np.ndarray | MaybeNone


@dataclass(frozen=True)
class Regularizer:
    """Penalties less delta * contrast, relative to the sum of X.

    Parameters
    ----------
    guide : ndarray of shape (n_frames, n_guides) or None
        S_a with columns of unit norm; None turns the contrast off.
    attended : ndarray of shape (n_components,) of bool
        The attended components.
    delta, mu, beta : float
        Weights in the stated cost.
    total : float
        Sum of X; `beta` weighs W in units of it.
    contrast : {"components", "group"}
        What has to follow the guide.
    sparsity : ndarray of shape (n_components,) or None
        Weight of each component's magnitude, which is linear in A.
    """

    guide: np.ndarray | MaybeNone
    attended: np.ndarray
    delta: float
    mu: float
    beta: float
    total: float
    contrast: str
    sparsity: np.ndarray | None = None

    @property
    def active(self) -> bool:
        """Whether there is anything that the majoriser does not hold exactly."""
        return self.contrasting or self.mu > 0 or self.beta > 0

    @property
    def contrasting(self) -> bool:
        """Whether the contrast counts."""
        return self.guide is not None and self.delta > 0

    @cached_property
    def blocks(self) -> np.ndarray:
        """Which columns of A must move together for the terms to be separable."""
        if self._groups_move:
            return np.where(self.attended, 0, 1)
        return np.arange(len(self.attended))

    @property
    def n_blocks(self) -> int:
        """Number of the blocks; one may have no columns."""
        return 2 if self._groups_move else len(self.attended)

    @property
    def _groups_move(self):
        return self.contrasting and self.contrast == "group"

    def sums(self, A: np.ndarray) -> "Sums":
        """Sum over the frames of activations, (n_frames, n_components)."""
        ones = column_sums(A)
        return self._completed(ones, _norms(A) if self._need_norms else None, A)

    def scaled(self, sums: "Sums", A: np.ndarray, gains: np.ndarray) -> "Sums":
        """Scale the sums of A to those of ``A * gains``, one gain per component."""
        norms = None if sums.norms is None else sums.norms * gains
        return self._completed(sums.ones * gains, norms, A, gains)

    def values(self, sums: "Sums") -> np.ndarray:
        """Values of the terms, one per block of :attr:`blocks`."""
        values = self._penalties(sums)
        if self.contrasting:
            values += self._contrasts(sums)
        return values

    def penalty_term(self, sums: "Sums") -> float:
        """Value of the terms of the penalties, zero where none counts."""
        return float(self._penalties(sums).sum())

    def contrast_term(self, sums: "Sums") -> float:
        """Value of the term of the contrast, zero or less where it is met."""
        return float(self._contrasts(sums).sum()) if self.contrasting else 0.0

    def _penalties(self, sums):
        values = np.zeros(self.n_blocks)
        if self.mu > 0 or self.beta > 0:
            per_column = self.mu * sums.ones / sums.norms
            per_column += self.beta * sums.norms / self.total
            values += self.by_block(per_column)
        if self.sparsity is not None:
            values += self.by_block(self.sparsity * sums.ones / self.total)
        return values

    def _contrasts(self, sums):
        support = np.sum(sums.projected**2, axis=0) / sums.powers
        return -self.delta * (self._signs * support)[: self.n_blocks]

    def gradient(self, A: np.ndarray, sums: "Sums") -> tuple[np.ndarray, np.ndarray]:
        """Split the gradient into a difference of two non-negative arrays.

        Parameters
        ----------
        A : ndarray of shape (n_frames, n_components)
            Activations.
        sums : Sums
            Those of `A`.

        Returns
        -------
        falling, rising : ndarray of shape (n_frames, n_components)
            Negative and positive part, so that the gradient is
            ``rising - falling``.
        """
        if self.contrasting:
            falling, rising = self._contrast_gradient(A, sums)
        else:
            falling, rising = np.zeros_like(A), np.zeros_like(A)
        if self.mu > 0 or self.beta > 0:
            norms = sums.norms
            falling += A * _as(A, self.mu * (sums.ones / norms) / norms**2)
            rising += A * _as(A, self.beta / norms / self.total)
            rising += _as(A, self.mu / norms)
        if self.sparsity is not None:
            rising += _as(A, self.sparsity / self.total)
        return falling, rising

    def _contrast_gradient(self, A, sums):
        value = np.sum(sums.projected**2, axis=0) / sums.powers
        weight = 2 * self.delta / sums.powers
        falling = self.guide @ _as(A, sums.projected * weight)
        rising = self._compared(A) * _as(A, value * weight)
        others = self._signs < 0
        falling[:, others], rising[:, others] = rising[:, others], falling[:, others]
        if self.contrast == "group":
            falling, rising = falling @ self._groups.T, rising @ self._groups.T
        return falling, rising

    def gain_gradient(
        self, A: np.ndarray, sums: "Sums"
    ) -> tuple[np.ndarray, np.ndarray]:
        """Split the gradient by a gain of each component, where all gains are 1.

        Parameters and result are those of :meth:`gradient`, the result summed over
        frames. The contrast of components and mu do not depend on gains.
        """
        falling, rising = np.zeros(A.shape[1]), np.zeros(A.shape[1])
        if self.beta > 0:
            rising += self.beta * sums.norms / self.total
        if self.sparsity is not None:
            rising += self.sparsity * sums.ones / self.total
        if self._groups_move:
            value = np.sum(sums.projected**2, axis=0) / sums.powers
            weight = 2 * self.delta / sums.powers
            toward = (A.T @ self.guide) @ (sums.projected * weight)
            away = (A.T @ self._compared(A)) * (value * weight)
            falling += np.where(self.attended, toward[:, 0], away[:, 1])
            rising += np.where(self.attended, away[:, 0], toward[:, 1])
        return falling, rising

    def shrunk(self, ratio: np.ndarray) -> np.ndarray:
        """Multiplicative step, one column per component, that the sparsity leaves."""
        if self.sparsity is None:
            return ratio
        return ratio * _as(ratio, 1 / (1 + self.sparsity))

    @property
    def _need_norms(self):
        return self.mu > 0 or self.beta > 0 or self.contrast == "components"

    @cached_property
    def _groups(self):
        groups = np.stack([self.attended, ~self.attended], axis=1)
        return groups.astype(self.guide.dtype)

    @property
    def _signs(self):
        if self.contrast == "components":
            return np.where(self.attended, 1.0, -1.0)
        return np.array([1.0, -1.0])

    def by_block(self, per_column: np.ndarray) -> np.ndarray:
        """Sum over the columns of each block."""
        return np.bincount(self.blocks, per_column, minlength=self.n_blocks)

    def _completed(self, ones, norms, A, gains=None):
        if not self.contrasting:
            return Sums(ones, norms, None, None)
        columns = self._compared(A, gains)
        projected = (self.guide.T @ columns).astype(np.float64, copy=False)
        if self.contrast == "components" and gains is not None:
            projected *= gains
        powers = norms if self.contrast == "components" else _norms(columns)
        return Sums(ones, norms, projected, powers**2)

    def _compared(self, A, gains=None):
        """Columns that the contrast compares: components, or the sums of groups."""
        if self.contrast == "components":
            return A
        groups = _as(A, self._groups)
        return A @ (groups if gains is None else groups * _as(A, gains)[:, None])


def no_regularizer(
    n_components: int, total: float, sparsity: np.ndarray | None = None
) -> Regularizer:
    """Return the terms of a factorisation by divergence, and sparsity, alone."""
    attended = np.zeros(n_components, dtype=bool)
    return Regularizer(None, attended, 0.0, 0.0, 0.0, total, "components", sparsity)


def column_sums(A: np.ndarray) -> np.ndarray:
    """Sum over the rows in double precision; ten times as fast as ``A.sum(0)``."""
    sums = np.zeros(A.shape[1])
    for start in range(0, len(A), _ROWS_AT_A_TIME):
        rows = A[start : start + _ROWS_AT_A_TIME].astype(np.float64, copy=False)
        sums += np.ones(len(rows)) @ rows
    return sums


def _norms(A):
    squares = np.zeros(A.shape[1])
    for start in range(0, len(A), _ROWS_AT_A_TIME):
        rows = A[start : start + _ROWS_AT_A_TIME].astype(np.float64, copy=False)
        squares += np.einsum("nk,nk->k", rows, rows)
    return np.sqrt(np.maximum(squares, np.finfo(A.dtype).tiny))


def _as(A, values):
    return values.astype(A.dtype, copy=False)
