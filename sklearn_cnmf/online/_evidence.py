"""Who is attended, as far as is known by now."""

import numpy as np

from ..separation._selection import SEPARATED
from ..signals import choice_probabilities, fisher_z, informative_seconds


class Evidence:
    r"""Probabilities of candidates from a guide that arrives frame by frame.

    The correlation of the guide with each candidate weighs what lies s seconds back by
    :math:`2^{-s / \text{half-life}}`, and so does the duration that counts as evidence.
    With an infinite half-life it is that of the whole recording.

    Parameters
    ----------
    weights : ndarray of shape (n_guides,)
        Log-odds per second and unit of Fisher z.
    n_candidates : int
        How many there are.
    sfreq : float
        Rate of the guide in Hz.
    band : tuple of (float or None, float or None)
        Of the guide in Hz.
    half_life : float
        In seconds.
    """

    def __init__(
        self,
        weights: np.ndarray,
        n_candidates: int,
        sfreq: float,
        band: tuple[float | None, float | None],
        half_life: float,
    ):
        self._weights, self._sfreq, self._band = SEPARATED * weights, sfreq, band
        self._kept = 2 ** (-1 / (half_life * sfreq))
        # Of one, guide, candidates, and their squares and products, by candidate and
        # row of the guide.
        self._sums = np.zeros((6, n_candidates, len(weights)))

    def update(self, guide: np.ndarray | None, features: np.ndarray) -> np.ndarray:
        """Take one frame.

        Parameters
        ----------
        guide : ndarray of shape (n_guides,) or None
            None where it is missing; then evidence only fades.
        features : ndarray of shape (n_candidates, n_guides)
            The same feature of each candidate.

        Returns
        -------
        probabilities : ndarray of shape (n_candidates,)
        """
        self._sums *= self._kept
        if guide is not None:
            g, f = np.broadcast_to(guide, features.shape), features
            self._sums += [np.ones_like(f), g, f, g * g, f * f, g * f]
        return choice_probabilities(
            fisher_z(self._correlations()),
            self._weights,
            informative_seconds(self._sums[0, 0, 0] / self._sfreq, self._band),
        )

    def _correlations(self):
        n, g, f, gg, ff, gf = self._sums
        n = np.maximum(n, 1e-300)
        power = (gg - g * g / n) * (ff - f * f / n)
        # What rounding leaves of a constant is no signal.
        varies = power > 1e-20 * gg * ff
        r = (gf - g * f / n) / np.sqrt(np.where(varies, power, 1.0))
        return np.where(varies, np.clip(r, -1, 1), 0.0)
