"""What a decoder keeps of a fit, and how that reconstructs."""

import warnings
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from .._validation import check_choice, check_flag, check_number, check_shape
from ..signals import PHASES
from ..trial import Trial
from .regression import BackwardModel


@dataclass(frozen=True, eq=False)
class ArrayDecoder:
    """What :class:`EnvelopeDecoder` keeps of a fit on one recording.

    Parameters
    ----------
    pooled : BackwardModel
        The backward model.
    one_dimensional : bool
        Whether the target had one dimension.
    parameters : dict
        Parameters of the decoder that decided this.
    """

    pooled: BackwardModel
    one_dimensional: bool
    parameters: dict[str, Any]
    for_trials: ClassVar[bool] = False

    def check(self) -> None:
        """Refuse a value whose parts don't fit each other."""
        self.pooled.check()
        check_flag("one_dimensional", self.one_dimensional)


@dataclass(frozen=True, eq=False)
class TrialDecoder:
    """What :class:`EnvelopeDecoder` keeps of a fit on trials.

    Parameters
    ----------
    pooled : BackwardModel
        Fitted to all trials.
    of_instruments : dict of str to BackwardModel
        Fitted to the trials in which an instrument is attended; empty unless
        `per_instrument`.
    feature : callable
        What is reconstructed: takes (audio, sfreq, times).
    sfreq : float
        Rate of EEG and feature in Hz.
    l_freq, h_freq : float or None
        Band of both in Hz.
    trained_on : dict of str to list of int
        For each training stimulus, what tells its trials apart.
    parameters : dict
        Parameters of the decoder that decided this.
    scale, clamp : str or None, float or None
        How EEG is scaled.
    output_weights : ndarray of shape (n_outputs,) or None
        Log-odds per second and unit of Fisher z.
    phase : str, default="zero"
        Of the band-pass.
    """

    pooled: BackwardModel
    of_instruments: dict[str, BackwardModel]
    feature: Callable
    sfreq: float
    l_freq: float | None
    h_freq: float | None
    trained_on: dict[str, list[int]]
    parameters: dict[str, Any]
    scale: str | None = None
    clamp: float | None = None
    output_weights: np.ndarray | None = None
    phase: str = "zero"
    for_trials: ClassVar[bool] = True

    def check(self) -> None:
        """Refuse a value whose parts don't fit each other."""
        check_number("sfreq", self.sfreq, above=0)
        check_choice("phase", self.phase, PHASES)
        for model in (self.pooled, *self.of_instruments.values()):
            model.check()
            if model.patterns.shape != self.pooled.patterns.shape:
                raise ValueError(
                    f"of_instruments: expected patterns of shape "
                    f"{self.pooled.patterns.shape}, got {model.patterns.shape}"
                )
        if self.output_weights is not None:
            n_outputs = len(self.pooled.patterns)
            check_shape("output_weights", self.output_weights, (n_outputs,))
        if not callable(self.feature):
            raise ValueError(f"feature: expected a callable, got {self.feature!r}")

    @property
    def clock(self) -> dict[str, Any]:
        """Rate and band of EEG and feature."""
        return {
            "sfreq": self.sfreq,
            "l_freq": self.l_freq,
            "h_freq": self.h_freq,
            "phase": self.phase,
        }

    @property
    def preparation(self) -> dict[str, Any]:
        """All that brings EEG to what the models take."""
        return {**self.clock, "scale": self.scale, "clamp": self.clamp}

    @property
    def weights(self) -> np.ndarray:
        """Weight of each output; all the same where none were learned."""
        if self.output_weights is None:
            n_outputs = len(self.pooled.patterns)
            return np.full(n_outputs, 1 / n_outputs)
        return self.output_weights

    def models(self, instruments: Sequence[str]) -> list[BackwardModel]:
        """Model of each instrument; the pooled one where there is no other."""
        return [self.of_instruments.get(name, self.pooled) for name in instruments]

    def reconstruct(self, x: np.ndarray, trial: Trial) -> np.ndarray:
        """Reconstruct what is attended, not knowing which instrument that is.

        Parameters
        ----------
        x : ndarray of shape (n_frames, n_channels)
            Prepared EEG of the trial.
        trial : Trial
            The trial.

        Returns
        -------
        guide : ndarray of shape (n_outputs, n_frames)
            Mean over the models of the instruments present; zero where the EEG is
            constant in all channels, which says nothing.
        """
        if not np.ptp(x, axis=0).any():
            return np.zeros((len(self.pooled.patterns), len(x)))
        if not self.of_instruments:
            return self.pooled.predict(x).T
        found = [model.predict(x) for model in self.models(trial.instruments)]
        return np.mean(found, axis=0).T

    def warn_of_unknown(self, instruments: set[str]) -> None:
        """Warn of instruments that the pooled model has to stand in for."""
        unknown = sorted(instruments - set(self.of_instruments))
        if self.of_instruments and unknown:
            warnings.warn(
                f"per_instrument: {unknown} had no training trials; the decoder of all "
                "trials is used for them",
                stacklevel=4,
            )

    def warn_of_leak(self, trials: list[Trial]) -> None:
        """Warn if trials share a stimulus with others that were trained on."""
        leaking = sorted(
            {
                trial.stimulus
                for trial in trials
                if fingerprint(trial) not in self.trained_on.get(trial.stimulus, [])
                and trial.stimulus in self.trained_on
            }
        )
        if leaking:
            warnings.warn(
                f"stimuli {leaking} are scored in trials that were not trained on, but "
                "other trials of them were: the score is too good. Split by stimulus, "
                "for instance with sklearn_cnmf.evaluation.StimulusKFold",
                stacklevel=4,
            )


def fingerprint(trial: Trial) -> int:
    """Tell a trial from others of the same stimulus, by its first EEG."""
    start = np.ascontiguousarray(trial.eeg[:, :256])
    return zlib.crc32(start.tobytes(), zlib.crc32(trial.subject.encode()))


def training_record(trials: list[Trial]) -> dict[str, list[int]]:
    """List for each named stimulus the fingerprints of its trials."""
    record: dict[str, list[int]] = {}
    for trial in trials:
        if trial.stimulus:
            record.setdefault(trial.stimulus, []).append(fingerprint(trial))
    return record
