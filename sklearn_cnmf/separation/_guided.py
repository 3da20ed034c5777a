"""The published setting: some components follow the guide from a random start."""

from dataclasses import dataclass

import numpy as np

from .._validation import check_whole
from ..trial import Trial
from ._blind import OwnSpectra
from ._mixture import Mixture, Separation, Settings


@dataclass(frozen=True, eq=False)
class GuidedStart(OwnSpectra):
    """What `fit` keeps with ``dictionary="guided"``.

    Parameters
    ----------
    n_components, audio_sfreq, n_fft, seed, parameters :
        As in :class:`OwnSpectra`.
    n_attended : int
        How many of the components are to follow the guide.
    """

    n_attended: int

    def check(self) -> None:
        """Refuse a value whose parts make no sense."""
        super().check()
        check_whole("n_attended", self.n_attended)

    def explain(  # type: ignore[override]  # is less than of OwnSpectra
        self, trial: Trial, settings: Settings
    ) -> Mixture:
        """Only transform: here the guide is part of the factorisation."""
        return Mixture(trial, self.n_fft)

    def separate(  # type: ignore[override]  # takes what its own explain gives
        self,
        trial: Trial,
        mixture: Mixture,
        settings: Settings,
        attended: None = None,
    ) -> Separation:
        """Separate one trial."""
        mixture = mixture.heard_in(trial)
        attended = np.arange(self.n_components) < self.n_attended
        A, W = mixture.random_factors(self.n_components, self.seed)
        factors = mixture.factorize(A, W, attended, settings, fixed=False)
        waveform = mixture.waveform(factors, attended, settings.mask_power)
        return Separation(waveform, None, None, None, factors.converged)
