"""Everything in the cost but the divergence, as a function of the activations.

The rows of the components sum to one here, so that activations A carry all of the
scale: the unit-norm activations of the stated cost are h = a / |a|_2, its
components w = |a|_2 times a row, and the magnitude of a component is a itself.
Penalties and contrast are then functions of A alone, free of any constraint.
"""

from dataclasses import dataclass

import numpy as np


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

    guide: np.ndarray | None
    attended: np.ndarray
    delta: float
    mu: float
    beta: float
    total: float
    contrast: str
    sparsity: np.ndarray | None = None

    @property
    def active(self):
        """Whether there is anything that the majoriser does not hold exactly."""
        return self.contrasting or self.mu > 0 or self.beta > 0

    @property
    def contrasting(self):
        """Whether the contrast counts."""
        return self.guide is not None and self.delta > 0

    @property
    def blocks(self):
        """Which columns of A must move together for the terms to be separable."""
        if self.contrasting and self.contrast == "group":
            return np.where(self.attended, 0, 1)
        return np.arange(len(self.attended))

    def values(self, A):
        """Value of the terms, one per block of :attr:`blocks`.

        Parameters
        ----------
        A : ndarray of shape (n_frames, n_components)
            Activations.
        """
        norms = _norms(A)
        ones = A.sum(0, dtype=np.float64)
        per_column = self.mu * ones / norms + self.beta * norms / self.total
        if self.sparsity is not None:
            per_column += self.sparsity * ones / self.total
        values = np.bincount(self.blocks, weights=per_column)
        if self.contrasting:
            columns, signs = self._compared(A)
            support = np.sum(_project(self.guide, columns) ** 2, axis=0)
            values -= (
                self.delta * (signs * support / _norms(columns) ** 2)[: len(values)]
            )
        return values

    def gradient(self, A):
        """Split the gradient into a difference of two non-negative arrays.

        Returns
        -------
        falling, rising : ndarray of shape (n_frames, n_components) or (n_components,)
            Negative and positive part, so that the gradient is
            ``rising - falling``.
        """
        norms = _norms(A)
        ones = A.sum(0, dtype=np.float64)
        falling = A * _as(A, self.mu * (ones / norms) / norms**2)
        rising = A * _as(A, self.beta / norms / self.total) + _as(A, self.mu / norms)
        if self.sparsity is not None:
            rising += _as(A, self.sparsity / self.total)
        if self.contrasting:
            columns, signs = self._compared(A)
            projected = _project(self.guide, columns)
            power = _norms(columns) ** 2
            value = np.sum(projected**2, axis=0) / power
            weight = 2 * self.delta / power
            toward = self.guide @ _as(A, projected * weight)
            away = columns * _as(A, value * weight)
            follow = np.where(signs > 0, toward, away)
            avoid = np.where(signs > 0, away, toward)
            if self.contrast == "group":
                follow, avoid = follow[:, self.blocks], avoid[:, self.blocks]
            falling += follow
            rising += avoid
        return falling, rising

    def shrunk(self, ratio):
        """Multiplicative step, one column per component, that the sparsity leaves."""
        if self.sparsity is None:
            return ratio
        return ratio * _as(ratio, 1 / (1 + self.sparsity))

    def _compared(self, A):
        if self.contrast == "components":
            return A, np.where(self.attended, 1.0, -1.0)
        groups = np.stack(
            [A[:, self.attended].sum(1), A[:, ~self.attended].sum(1)], axis=1
        )
        return groups, np.array([1.0, -1.0])


def no_regularizer(n_components, total, sparsity=None):
    """Return the terms of a factorisation by divergence, and sparsity, alone."""
    attended = np.zeros(n_components, dtype=bool)
    return Regularizer(None, attended, 0.0, 0.0, 0.0, total, "components", sparsity)


def _project(guide, columns):
    return (guide.T @ columns).astype(np.float64, copy=False)


def _norms(A):
    squares = np.einsum("nk,nk->k", A, A, dtype=np.float64)
    return np.sqrt(np.maximum(squares, np.finfo(A.dtype).tiny))


def _as(A, values):
    return values.astype(A.dtype, copy=False)
