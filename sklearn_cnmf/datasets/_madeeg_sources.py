"""One trial of MAD-EEG, read when it is used."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._stored import Source
from ..signals import n_resampled, resample
from ._hdf5 import inside, open_hdf5, read_array
from ._madeeg_files import AUDIO_SFREQ
from ._recordings import read_audio

# By how much sources may miss a mixture (dB below it).
_MOST_MISSED = -40.0


@dataclass(frozen=True)
class _MadEegSource(Source):
    """What both kinds of recordings have in common.

    Parameters
    ----------
    path : str
        HDF5 file.
    stamp : tuple of int
        Size and time of the file when it was listed.
    subject, key : str
        The trial.
    n_sources : int
        How many play.
    sfreq : float
        Rate in Hz that audio is brought to.
    stereo : bool
        Whether audio keeps its two channels, rather than their sum.
    n_eeg, n_audio : int
        Samples of EEG and audio as they are read.
    """

    path: str
    stamp: tuple[int, int]
    subject: str
    key: str
    n_sources: int
    sfreq: float
    stereo: bool
    n_channels: int
    n_eeg: int
    n_audio: int

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

    def read(self, field: str) -> np.ndarray:
        """Read one array; audio in single precision."""
        if stamp(self.path) != self.stamp:
            raise ValueError(f"{self.where}: the file has changed since it was listed")
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
        missed = np.sum(np.square(sources.sum(axis=0) - mixture))
        power = np.sum(np.square(mixture))
        if missed <= power * 10 ** (_MOST_MISSED / 10):
            return
        level = 10 * np.log10(missed / power) if power > 0 else np.inf
        flat = sources.reshape(len(sources), -1)
        best = np.linalg.lstsq(flat.T, mixture.ravel(), rcond=None)[0]
        raise ValueError(
            f"{self.where}: its sources, with the gains and panning that are stated, "
            f"miss the mixture by {level:.1f} dB (at most {_MOST_MISSED:.0f} dB is "
            f"expected); by least squares each should be {np.round(best, 3).tolist()} "
            "times as loud"
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
    segments : tuple of (int, int)
        First sample and length of the EEG of each repetition.
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
    segments: tuple[tuple[int, int], ...] = ()
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
                for first, length in self.segments
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
        if not self.stereo:
            return self._fitted(solos, mixture)
        channels = [self._fitted(solos[:, i], mixture[i]) for i in range(2)]
        return np.stack(channels, axis=1)

    def _fitted(self, solos, mixture):
        gains = np.linalg.lstsq(solos.T, mixture, rcond=None)[0]
        return gains[:, np.newaxis] * solos

    def _audio(self, wavs):
        if self.averaged:
            wavs = wavs[:1]
        parts = [self._channels(name) for name in wavs]
        audio = np.concatenate(parts, axis=-1)[..., : self.n_audio]
        missing = self.n_audio - audio.shape[-1]
        if missing > 0:
            raise ValueError(
                f"{self.where}: {wavs[0]} and its like are {missing} samples shorter "
                "than the mixture"
            )
        return audio

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


def stamp(path: str | Path) -> tuple[int, int]:
    """Tell whether a file is still the same."""
    state = os.stat(path)
    return state.st_size, state.st_mtime_ns
