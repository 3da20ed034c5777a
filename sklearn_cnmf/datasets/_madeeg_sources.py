"""One trial of MAD-EEG, read when it is used."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._stored import FileSource
from ..signals import n_resampled, resample
from ..trial import SUM_TOLERANCE_DB, missed_db
from ._gains import fitted_gains
from ._hdf5 import inside, open_hdf5, read_array
from ._madeeg_files import AUDIO_SFREQ
from ._recordings import read_audio


@dataclass(frozen=True)
class _MadEegSource(FileSource, ABC):
    """What both kinds of recordings have in common.

    Parameters
    ----------
    subject, key : str
        The trial.
    n_sources : int
        How many play.
    sfreq : float
        Rate in Hz that audio is brought to.
    stereo : bool
        Whether audio keeps its two channels, rather than their sum.
    n_channels : int
        EEG channels.
    n_eeg, n_audio : int
        Samples of EEG and audio as they are read.
    """

    subject: str
    key: str
    n_sources: int
    sfreq: float
    stereo: bool
    n_channels: int
    n_eeg: int
    n_audio: int

    @property
    def path(self) -> str:
        """HDF5 file."""
        return self.stamps[0][0]

    @property
    def where(self) -> str:
        """Tell the trial in a message."""
        return f"{self.path}: subject {self.subject}, trial {self.key}"

    def shape(self, field: str) -> tuple[int, ...]:
        """Shape of an array."""
        if field == "eeg":
            return self.n_channels, self.n_eeg
        n_samples = n_resampled(self.n_audio, AUDIO_SFREQ, self.sfreq)
        shape = (2, n_samples) if self.stereo else (n_samples,)
        return (self.n_sources, *shape) if field == "sources" else shape

    @abstractmethod
    def read_eeg(self) -> np.ndarray:
        """Read the EEG."""

    @abstractmethod
    def read_mixture(self) -> np.ndarray:
        """Read the mixture."""

    @abstractmethod
    def read_sources(self, mixture: np.ndarray) -> np.ndarray:
        """Read the sources of a mixture."""

    def read_field(self, field: str) -> np.ndarray:
        """Read one array; audio in single precision."""
        if field == "eeg":
            return self.read_eeg()
        mixture = self.read_mixture()
        if field == "mixture":
            return self._at_rate(mixture)
        sources = self.read_sources(mixture)
        self._check_sum(sources, mixture)
        return self._at_rate(sources)

    def _at_rate(self, audio):
        flat = audio.reshape(-1, audio.shape[-1])
        moved = resample(flat, AUDIO_SFREQ, self.sfreq).astype(np.float32)
        return moved.reshape(*audio.shape[:-1], -1)

    def _check_sum(self, sources, mixture):
        if not (np.isfinite(sources).all() and np.isfinite(mixture).all()):
            raise ValueError(
                f"{self.where}: its mixture or its sources hold NaN or infinite values"
            )
        missed = missed_db(sources, mixture)
        if missed <= SUM_TOLERANCE_DB:
            return
        gains = fitted_gains(sources, mixture).reshape(len(sources), -1)
        raise ValueError(
            f"{self.where}: its sources, with the gains and panning that are stated, "
            f"miss the mixture by {missed:.1f} dB (at most {SUM_TOLERANCE_DB:.0f} dB "
            f"is expected); by least squares each should be {gains.round(3).tolist()} "
            "times as loud in each channel"
        )


@dataclass(frozen=True)
class PreprocessedTrial(_MadEegSource):
    """A trial of the preprocessed file.

    Parameters
    ----------
    levels : tuple of tuple of float
        Gain of each source in the left and right channel.
    n_averaged : int
        How many repetitions of the excerpt are averaged; 1 keeps them in a row.
    """

    levels: tuple[tuple[float, float], ...] = ()
    n_averaged: int = 1

    def read_eeg(self) -> np.ndarray:
        """Read EEG, in the unit of the file."""
        n_read = self.n_eeg * self.n_averaged
        eeg = self._read("response", n_read).astype(np.float64, copy=False)
        if self.n_averaged == 1:
            return eeg
        return eeg.reshape(len(eeg), self.n_averaged, -1).mean(axis=1)

    def read_mixture(self) -> np.ndarray:
        """Read what was played, or the sum of its channels."""
        mixture = self._read("stimulus", self.n_audio)
        return mixture if self.stereo else mixture.sum(axis=0)

    def read_sources(self, mixture: np.ndarray) -> np.ndarray:
        """Read each source as it is in the mixture, without the zeros of duos."""
        sources = self._read("soli", self.n_audio)[: self.n_sources]
        levels = np.array(self.levels)
        if self.stereo:
            return levels[:, :, np.newaxis] * sources[:, np.newaxis]
        return levels.sum(axis=1, keepdims=True) * sources

    def _read(self, name, n_samples):
        with open_hdf5(self.path) as file:
            dataset = inside(file, f"{self.subject}/{self.key}/{name}")
            return read_array(dataset, slice(0, n_samples))


@dataclass(frozen=True)
class RawTrial(_MadEegSource):
    """A trial that is cut from the raw recording.

    Parameters
    ----------
    rows : tuple of int
        Rows of the EEG channels.
    segments : tuple of (int, int, int)
        First sample and length of the EEG of each repetition, and length of its audio.
    folder : str
        Where wavs lie.
    wavs : tuple of str
        What was played in each repetition.
    solos : tuple of tuple of str
        Each instrument alone, in each repetition; empty for a solo.
    averaged : bool
        Whether repetitions are averaged, rather than kept in a row.
    """

    rows: tuple[int, ...] = ()
    segments: tuple[tuple[int, int, int], ...] = ()
    folder: str = ""
    wavs: tuple[str, ...] = ()
    solos: tuple[tuple[str, ...], ...] = ()
    averaged: bool = False

    def read_eeg(self) -> np.ndarray:
        """Read EEG, in the unit of the file."""
        with open_hdf5(self.path) as file:
            dataset = inside(file, self.subject)
            found = [
                read_array(dataset, slice(first, first + length))[list(self.rows)]
                for first, length, _ in self.segments
            ]
        if self.averaged:
            return np.mean([one[:, : self.n_eeg] for one in found], axis=0)
        eeg = np.concatenate(found, axis=1).astype(np.float64, copy=False)
        return np.ascontiguousarray(eeg[:, : self.n_eeg])

    def read_mixture(self) -> np.ndarray:
        """Read what was played, or the sum of its channels."""
        return self._audio(self.wavs)

    def read_sources(self, mixture: np.ndarray) -> np.ndarray:
        """Read each instrument alone, and make it as loud as in the mixture."""
        if not self.solos:
            return mixture[np.newaxis]
        solos = np.stack([self._audio(wavs) for wavs in self.solos])
        return fitted_gains(solos, mixture) * solos

    def _audio(self, wavs):
        """Read wavs in a row, each as long as its repetition."""
        n_played = 1 if self.averaged else len(wavs)
        parts = []
        for name, (_, _, n_samples) in list(zip(wavs, self.segments))[:n_played]:
            part = self._channels(name)
            if part.shape[-1] < n_samples:
                raise ValueError(
                    f"{self.where}: {name} is {n_samples - part.shape[-1]} samples "
                    "shorter than the mixture"
                )
            parts.append(part[..., :n_samples])
        return np.concatenate(parts, axis=-1)[..., : self.n_audio]

    def _channels(self, name):
        audio, sfreq = read_audio(Path(self.folder, name))
        if sfreq != AUDIO_SFREQ:
            raise ValueError(
                f"{self.folder}/{name}: expected {AUDIO_SFREQ:g} Hz, got {sfreq:g} Hz"
            )
        audio = np.atleast_2d(audio.astype(np.float64))
        if self.stereo:
            return audio if len(audio) == 2 else np.repeat(audio, 2, axis=0)
        return audio.sum(axis=0)
