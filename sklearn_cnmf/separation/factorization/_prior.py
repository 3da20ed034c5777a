"""What is known of spectra before a mixture is heard."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class SpectralPrior:
    """Divergence of spectra from what they are expected to be.

    Its value is the sum over k of ``weights[k] * KL(expected[k] || W[k])`` for rows of
    W that sum to one: up to a constant the logarithm of a Dirichlet prior, whose
    pseudo-counts add to what a mixture says of a spectrum.

    Parameters
    ----------
    expected : ndarray of shape (n_components, n_bins)
        Spectra that sum to one.
    weights : ndarray of shape (n_components,)
        Of each, relative to the sum of X; zero leaves a component free.
    """

    expected: np.ndarray
    weights: np.ndarray

    def value(self, W: np.ndarray) -> float:
        """Value of the term for rows that sum to one."""
        tiny = np.finfo(W.dtype).tiny
        ratio = np.maximum(self.expected, tiny) / np.maximum(W, tiny)
        logs = np.log(ratio, out=ratio)
        divergences = np.einsum("kf,kf->k", self.expected, logs, dtype=np.float64)
        return float(self.weights @ divergences)

    def pseudo_counts(self, total: float) -> np.ndarray:
        """Return what is added to the counts of each bin, (n_components, n_bins)."""
        return (
            self.expected * (self.weights * total).astype(self.expected.dtype)[:, None]
        )
