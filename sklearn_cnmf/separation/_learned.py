"""Spectra of each instrument, learned from references; the guide chooses."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._validation import check_names, check_number, check_shape, check_whole
from ..trial import Trial
from ._mixture import Factors, Mixture, Separation, Settings
from ._selection import candidate_correlations, support_and_probabilities
from ._stft import SHORTEST


@dataclass(frozen=True, eq=False)
class LearnedSpectra:
    """What `fit` keeps with ``dictionary="learned"``.

    Parameters
    ----------
    instruments : tuple of str
        Instruments whose spectra were learned, in alphabetical order.
    components : ndarray of shape (n_instruments, n_components, n_bins)
        Their spectra, each summing to one.
    audio_sfreq : float
        Sampling rate of the training mixtures in Hz.
    n_fft : int
        Window in samples.
    parameters : dict
        Parameters of the estimator that decided this.
    """

    instruments: tuple[str, ...]
    components: np.ndarray
    audio_sfreq: float
    n_fft: int
    parameters: dict[str, Any]
    for_trials: ClassVar[bool] = True
    needs_instruments: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse a value whose parts don't fit each other."""
        check_number("audio_sfreq", self.audio_sfreq, above=0)
        check_whole("n_fft", self.n_fft, least=SHORTEST)
        check_names("instruments", self.instruments)
        shape = (len(self.instruments), None, self.n_fft // 2 + 1)
        check_shape("components", self.components, shape)
        if self.components.min() < 0:
            raise ValueError("components: found negative values")

    def separate(self, trial: Trial, settings: Settings) -> Separation:
        """Factorise with known spectra; the guide says which instrument is attended.

        The spectra are first fitted to the mixture without contrast. Each
        instrument's share is then a candidate. With a positive `delta` the contrast
        then moves activations between the likeliest one and the others. A soft choice
        weighs the candidates by their probabilities, a hard one takes the likeliest.
        """
        mixture = Mixture(trial, self.n_fft)
        factors, owner = self._factorize(mixture, settings)
        candidates = [
            mixture.waveform(factors, owner == i, settings.mask_power)
            for i in range(len(trial.instruments))
        ]
        correlations = candidate_correlations(candidates, trial)
        support, probabilities = support_and_probabilities(correlations, trial)
        best = int(np.argmax(support))
        if settings.delta > 0:
            factors = mixture.factorize(
                factors.A, factors.W, owner == best, settings, fixed=True
            )
            candidates[best] = mixture.waveform(
                factors, owner == best, settings.mask_power
            )
        attended = candidates[best]
        if settings.choice == "soft" and probabilities is not None:
            shares = probabilities.astype(attended.dtype)
            attended = sum(p * waveform for p, waveform in zip(shares, candidates))
        return Separation(
            attended, trial.instruments, support, probabilities, factors.converged
        )

    def _factorize(self, mixture: Mixture, settings: Settings) -> tuple[Factors, Any]:
        spectra = [
            self.components[self.instruments.index(name)]
            for name in mixture.trial.instruments
        ]
        owner = np.repeat(np.arange(len(spectra)), [len(own) for own in spectra])
        return mixture.factorize_without_contrast(spectra, settings), owner
