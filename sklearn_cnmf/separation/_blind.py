"""Components of the mixture alone, split by how they sound and by the guide."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._memory import cached
from .._validation import check_number, check_whole
from ..trial import Trial
from ._grouping import split_components
from ._mixture import Factors, Mixture, Separation, Settings, factorize
from ._stft import SHORTEST


@dataclass(frozen=True, eq=False)
class OwnSpectra:
    """What `fit` keeps with ``dictionary="blind"``.

    Parameters
    ----------
    n_components : int
        Components of a mixture.
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
    audio_sfreq: float
    n_fft: int
    seed: int
    parameters: dict[str, Any]
    for_trials: ClassVar[bool] = True
    needs_instruments: ClassVar[bool] = False
    has_candidates: ClassVar[bool] = False

    def check(self) -> None:
        """Refuse a value whose parts make no sense."""
        check_number("audio_sfreq", self.audio_sfreq, above=0)
        check_whole("n_fft", self.n_fft, least=SHORTEST)
        check_whole("n_components", self.n_components)
        check_whole("seed", self.seed, least=0)

    def check_trial(self, trial: Trial, where: str, settings: Settings) -> None:
        """Refuse nothing: components of their own explain any mixture."""

    def explain(self, trial: Trial, settings: Settings) -> tuple[Mixture, Factors]:
        """Factorise a mixture without contrast."""
        mixture = Mixture(trial, self.n_fft)
        A, W = mixture.random_factors(self.n_components, self.seed)
        fixed = np.zeros(len(W), dtype=bool)
        factors = cached(settings.memory, factorize)(
            mixture.magnitudes, A, W, settings.solving, fixed=fixed
        )
        return mixture, factors

    def separate(
        self,
        trial: Trial,
        explanation: tuple[Mixture, Factors],
        settings: Settings,
        attended: None = None,
    ) -> Separation:
        """Split the components of a mixture by sound and by the guide.

        Where it stays open which part one belongs to, it is shared between both in
        proportion to the probabilities, so that a guide without information gives half
        of the mixture rather than the wrong instrument. With a positive `delta` the
        contrast then acts between the likelier halves.
        """
        mixture, factors = explanation
        mixture = mixture.heard_in(trial)
        attended = split_components(
            factors.A, factors.W, mixture.guide, trial.audio_sfreq
        )
        if settings.delta > 0:
            factors = mixture.factorize(
                factors.A, factors.W, attended > 0.5, settings, fixed=False
            )
        waveform = mixture.waveform(factors, attended, settings.mask_power)
        return Separation(waveform, None, None, None, factors.converged)
