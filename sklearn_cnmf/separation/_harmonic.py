"""Pitched voices tracked through a mixture; the guide chooses."""

import warnings
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import joblib
import numpy as np

from .._memory import cached
from .._validation import check_names, check_number, check_shape, check_whole
from ..trial import Reference, Trial
from ._choosing import choose
from ._dictionary import distinct_sources
from ._mixture import Mixture, Separation, Settings
from ._stft import SHORTEST, nonnegative_guide
from .factorization import Regularizer
from .harmonic import (
    Profile,
    assign_voices,
    contrasted_levels,
    find_voices,
    learn_profile,
)

# Names of voices by their height, for as many as there are.
HEIGHTS = {
    2: ("higher", "lower"),
    3: ("highest", "middle", "lowest"),
}
_COUNTS = " or ".join(str(count) for count in HEIGHTS)


class VoiceCandidates(NamedTuple):
    """Each voice's share of a mixture, and what was found of it."""

    mixture: Mixture
    models: np.ndarray
    waveforms: np.ndarray
    names: tuple[str, ...]
    explained: float


@dataclass(frozen=True, eq=False)
class HarmonicVoices:
    """What `fit` keeps with ``dictionary="harmonic"``.

    Parameters
    ----------
    n_voices : int or None
        Voices of a mixture; as many as its instruments if None, or two where it names
        none.
    audio_sfreq : float
        Sampling rate of the mixtures in Hz.
    n_fft : int
        Window in samples.
    parameters : dict
        Parameters of the estimator that decided this.
    instruments : tuple of str, default=()
        Instruments of which references tell how they sound, in alphabetical order.
    profiles : tuple of tuple of ndarray, default=()
        Of each, how strong its partials are: heights (n_registers,) in MIDI numbers,
        and magnitudes, found and expected, (n_registers, n_partials).
    """

    n_voices: int | None
    audio_sfreq: float
    n_fft: int
    parameters: dict[str, Any]
    instruments: tuple[str, ...] = ()
    profiles: tuple[tuple[np.ndarray, np.ndarray, np.ndarray], ...] = ()
    for_trials: ClassVar[bool] = True
    needs_instruments: ClassVar[bool] = False
    has_candidates: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse a value whose parts make no sense."""
        check_number("audio_sfreq", self.audio_sfreq, above=0)
        check_whole("n_fft", self.n_fft, least=SHORTEST)
        if self.n_voices is not None:
            check_n_voices("n_voices", self.n_voices)
        if self.instruments:
            check_names("instruments", self.instruments)
        if len(self.profiles) != len(self.instruments):
            raise ValueError(
                f"profiles: expected {len(self.instruments)}, one for each instrument, "
                f"got {len(self.profiles)}"
            )
        for profile in self.profiles:
            heights, found, expected = profile
            check_shape("profiles", heights, (None,))
            check_shape("profiles", found, (len(heights), None))
            check_shape("profiles", expected, found.shape)
            if min(found.min(initial=0), expected.min(initial=0)) < 0:
                raise ValueError("profiles: found negative values")

    def candidate_names(self, trial: Trial) -> tuple[str, ...]:
        """Names of the candidates of a trial, in their order.

        Those of its instruments where at most one of them is unknown and there are as
        many as voices; by height otherwise.
        """
        if self._names(trial):
            return trial.instruments
        return HEIGHTS[self._n_voices(trial)]

    def _names(self, trial):
        names = trial.instruments
        if names is None or len(names) != self._n_voices(trial):
            return False
        return len(set(names) - set(self.instruments)) <= 1

    def check_trial(self, trial: Trial, where: str, settings: Settings) -> None:
        """Refuse a trial with another number of voices than can be tracked."""
        n_voices = self._n_voices(trial)
        if n_voices not in HEIGHTS:
            raise ValueError(
                f"{where}: has {n_voices} instruments; dictionary='harmonic' tracks "
                f"{_COUNTS} voices (n_components says how many where that is not the "
                "number of instruments)"
            )

    def _n_voices(self, trial):
        if self.n_voices is not None:
            return self.n_voices
        return 2 if trial.instruments is None else len(trial.instruments)

    def explain(self, trial: Trial, settings: Settings) -> VoiceCandidates:
        """Track the voices of a mixture."""
        mixture = Mixture(trial, self.n_fft)
        voices = cached(settings.memory, find_voices)(
            mixture.magnitudes, self.audio_sfreq / self.n_fft, self._n_voices(trial)
        )
        order = np.argsort(-voices.heights, kind="stable")
        if self._names(trial):
            known = {
                name: Profile(*own)
                for name, own in zip(self.instruments, self.profiles)
            }
            instruments = [known.get(name) for name in trial.instruments]
            order = assign_voices(voices.profiles, instruments)
        models = voices.models[order]
        waveforms = np.stack(mixture.masked(list(models), settings.mask_power))
        names = self.candidate_names(trial)
        return VoiceCandidates(mixture, models, waveforms, names, voices.explained)

    def separate(
        self,
        trial: Trial,
        found: VoiceCandidates,
        settings: Settings,
        attended: int | None = None,
    ) -> Separation:
        """Let the guide say which voice is attended."""
        return choose(
            found.waveforms,
            found.names,
            trial,
            settings,
            attended,
            lambda best: self._contrasted(trial, found, settings, best),
            converged=True,
            explained=found.explained,
        )

    def _contrasted(self, trial, found, settings, best):
        mixture = found.mixture.heard_in(trial)
        guide = nonnegative_guide(mixture.guide, np.float64)
        n_voices = len(found.models)
        solving = settings.solving
        regularizer = Regularizer(
            guide if guide.any() else None,
            np.arange(n_voices) == best,
            settings.delta,
            solving.mu,
            solving.beta,
            mixture.magnitudes.sum(dtype=np.float64),
            settings.contrast,
        )
        models, converged = contrasted_levels(
            mixture.magnitudes,
            found.models,
            regularizer,
            max_iter=solving.max_iter,
            tol=solving.tol,
        )
        return mixture.masked(list(models), settings.mask_power)[best], converged


def check_n_voices(name: str, n_voices: int) -> None:
    """Refuse a number of voices that can't be tracked."""
    if n_voices not in HEIGHTS:
        raise ValueError(f"{name}: expected {_COUNTS} voices, got {n_voices!r}")


def learn_profiles(
    trials: list[Trial],
    references: list[Reference] | None,
    *,
    audio_sfreq: float,
    n_fft: int,
    memory: str | joblib.Memory | None,
    n_jobs: int | None,
) -> dict[str, Profile]:
    """Learn how the instruments of references sound, so that voices can be named.

    Parameters
    ----------
    trials, references : list of Trial, list of Reference or None
        Trials and their sources, if there are any.
    audio_sfreq, n_fft :
        As in :class:`HarmonicVoices`.
    memory, n_jobs :
        As in :class:`ContrastiveNMF`.

    Returns
    -------
    profiles : dict of str to Profile
        Instruments in alphabetical order; empty without references or names.

    Warns
    -----
    UserWarning
        If references come without names of instruments.
    """
    if references is None:
        return {}
    if any(trial.instruments is None for trial in trials):
        warnings.warn(
            "references: of no use to dictionary='harmonic', since trials name no "
            "instruments; voices are named by their height",
            stacklevel=4,
        )
        return {}
    sources = distinct_sources(trials, references)
    heard = {name: own for name, own in sources.items() if own}
    learn = cached(memory, learn_profile)
    learned = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(learn)(own, n_fft, audio_sfreq) for own in heard.values()
    )
    return dict(zip(heard, learned))
