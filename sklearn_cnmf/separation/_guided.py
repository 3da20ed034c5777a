"""The published setting: some components follow the guide from a random start."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._validation import check_number, check_whole
from ..trial import Trial
from ._mixture import Mixture, Separation, Settings
from ._stft import SHORTEST


@dataclass(frozen=True, eq=False)
class GuidedStart:
    """What `fit` keeps with ``dictionary="guided"``.

    Parameters
    ----------
    n_components, n_attended : int
        Components of a mixture, and how many of them are to follow the guide.
    audio_sfreq : float
        Sampling rate of the mixtures in Hz.
    n_fft : int
        Window in samples.
    seed : int
        Of the random start.
    parameters : dict
        Parameters of the estimator that decided this.
    """

    n_components: int
    n_attended: int
    audio_sfreq: float
    n_fft: int
    seed: int
    parameters: dict[str, Any]
    for_trials: ClassVar[bool] = True
    needs_instruments: ClassVar[bool] = False

    def check(self) -> None:
        """Refuse a value whose parts make no sense."""
        check_number("audio_sfreq", self.audio_sfreq, above=0)
        check_whole("n_fft", self.n_fft, least=SHORTEST)
        check_whole("n_components", self.n_components)
        check_whole("seed", self.seed, least=0)

    def separate(self, trial: Trial, settings: Settings) -> Separation:
        """Separate one trial."""
        mixture = Mixture(trial, self.n_fft)
        attended = np.arange(self.n_components) < self.n_attended
        A, W = mixture.random_factors(self.n_components, self.seed)
        factors = mixture.factorize(A, W, attended, settings, fixed=False)
        waveform = mixture.waveform(factors, attended, settings.mask_power)
        return Separation(waveform, None, None, factors.converged)
