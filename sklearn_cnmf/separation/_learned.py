"""Spectra of each instrument, learned from references; the guide chooses."""

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np

from .._memory import cached
from .._validation import check_names, check_number, check_shape, check_whole
from ..trial import Trial
from ._choosing import choose
from ._explain import Explanation, explain
from ._mixture import Mixture, Separation, Settings
from ._parts import fading, parts_of
from ._stft import SHORTEST, audio_dtype


class Candidates(NamedTuple):
    """Each instrument's share of a mixture, and how it was found."""

    waveforms: np.ndarray
    misfit: float | None
    converged: bool
    # Of each part of the mixture, None where it is silent; empty without contrast.
    explanations: tuple[tuple[slice, Explanation | None], ...]


@dataclass(frozen=True, eq=False)
class LearnedSpectra:
    """What `fit` keeps with ``dictionary="learned"``.

    Parameters
    ----------
    instruments : tuple of str
        Instruments whose spectra were learned, in alphabetical order.
    components : tuple of ndarray of shape (n_components, n_bins)
        Spectra of each, as played, each summing to one.
    audio_sfreq : float
        Sampling rate of the training mixtures in Hz.
    n_fft : int
        Window in samples.
    parameters : dict
        Parameters of the estimator that decided this.
    transposition : int or None, default=None
        By how many semitones, up and down, spectra may be transposed before they
        adapt to a mixture. None takes them as they are: spectra of earlier versions
        were learned with their transpositions.
    seed : int, default=0
        Of the free components of an instrument that was never learned.
    """

    instruments: tuple[str, ...]
    components: tuple[np.ndarray, ...]
    audio_sfreq: float
    n_fft: int
    parameters: dict[str, Any]
    transposition: int | None = None
    seed: int = 0
    for_trials: ClassVar[bool] = True
    needs_instruments: ClassVar[bool] = True
    has_candidates: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse a value whose parts don't fit each other."""
        check_number("audio_sfreq", self.audio_sfreq, above=0)
        check_whole("n_fft", self.n_fft, least=SHORTEST)
        check_names("instruments", self.instruments)
        check_whole("seed", self.seed, least=0)
        if self.transposition is not None:
            check_whole("transposition", self.transposition, least=0)
        if len(self.components) != len(self.instruments):
            raise ValueError(
                f"components: expected {len(self.instruments)} arrays, one for each "
                f"instrument, got {len(self.components)}"
            )
        for spectra in self.components:
            check_shape("components", spectra, (None, self.n_fft // 2 + 1))
            if spectra.min() < 0:
                raise ValueError("components: found negative values")

    def candidate_names(self, trial: Trial) -> tuple[str, ...]:
        """Names of the candidates of a trial, in their order."""
        return trial.instruments

    def check_trial(self, trial: Trial, where: str, settings: Settings) -> None:
        """Refuse a trial with more instruments than may be unknown."""
        unknown = sorted(set(trial.instruments) - set(self.instruments))
        most = 1 if settings.n_free and len(trial.instruments) > 1 else 0
        if len(unknown) > most:
            raise ValueError(
                f"{where}: instruments {unknown} were never learned; known are "
                f"{list(self.instruments)}, and at most {most} may be unknown "
                f"(n_free={settings.n_free})"
            )

    def explain(self, trial: Trial, settings: Settings) -> Candidates:
        """Find each instrument's share of a mixture with known spectra.

        A long mixture is explained part by part, so that memory does not grow with
        the spectra of all of it.
        """
        n_candidates = len(trial.instruments)
        waveforms = _silence(n_candidates, trial)
        explanations = []
        for part in parts_of(trial.mixture.shape[-1], trial.audio_sfreq):
            explanation = None
            if trial.mixture[..., part].any():
                mixture = Mixture(trial, self.n_fft, part)
                explanation = self._explain_part(mixture, settings)
                factors, owner, _, _ = explanation
                shares = mixture.waveforms(
                    factors, owner, n_candidates, settings.mask_power
                )
                for waveform, share in zip(waveforms, shares):
                    _add(share, waveform, part, trial)
            explanations.append((part, explanation))
        sounding = [own for _, own in explanations if own is not None]
        misfits = [own.misfit for own in sounding]
        return Candidates(
            waveforms,
            None if None in misfits else float(np.mean(misfits)),
            all(own.factors.converged for own in sounding),
            tuple(explanations) if settings.delta > 0 else (),
        )

    def _explain_part(self, mixture, settings):
        known = dict(zip(self.instruments, self.components))
        return cached(settings.memory, explain)(
            mixture.magnitudes,
            [known.get(name) for name in mixture.trial.instruments],
            self.transposition,
            settings.n_free,
            self.seed,
            settings.solving,
        )

    def separate(
        self,
        trial: Trial,
        found: Candidates,
        settings: Settings,
        attended: int | None = None,
    ) -> Separation:
        """Let the guide say which instrument is attended.

        Each instrument's share of the mixture is a candidate.
        """
        return choose(
            found.waveforms,
            trial.instruments,
            trial,
            settings,
            attended,
            lambda best: self._contrasted(trial, found, settings, best),
            converged=found.converged,
            misfit=found.misfit,
        )

    def _contrasted(self, trial, found, settings, best):
        (waveform,) = _silence(1, trial)
        converged = True
        for part, explanation in found.explanations:
            if explanation is None:
                continue
            mixture = Mixture(trial, self.n_fft, part)
            factors, owner, sparsity, _ = explanation
            factors = mixture.factorize(
                factors.A,
                factors.W,
                owner == best,
                settings,
                fixed=True,
                sparsity=sparsity,
            )
            share = mixture.waveform(factors, owner == best, settings.mask_power)
            _add(share, waveform, part, trial)
            converged = converged and factors.converged
        return waveform, converged


def _silence(n_candidates, trial):
    shape = n_candidates, *trial.mixture.shape
    return np.zeros(shape, audio_dtype(trial.mixture))


def _add(share, waveform, part, trial):
    n_samples = waveform.shape[-1]
    share = share * fading(part, n_samples, trial.audio_sfreq, share.dtype)
    waveform[..., part] += share
