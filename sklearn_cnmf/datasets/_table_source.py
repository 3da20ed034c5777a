"""One trial of a table: EEG of a recording, and audio files beside it."""

from dataclasses import dataclass

import numpy as np

from .._stored import FileSource
from .._typing import MaybeNone
from ..signals import n_resampled, resample
from ._recordings import audio_info, read_audio, read_eeg


@dataclass(frozen=True)
class Audio:
    """What was played in a trial, from files.

    Parameters
    ----------
    mixture : str or None
        The file; None for the sum of the sources.
    sources : tuple of str
        A file for each source.
    sfreq : float
        Rate in Hz that they are brought to.
    mono : bool
        Whether several channels become one, their mean.
    n_samples : int or None
        How much of it is taken; all that files share if None.
    gains : tuple of tuple of float or None
        Factor of each source in each channel; None leaves them as they are.
    """

    mixture: str | None
    sources: tuple[str, ...]
    sfreq: float
    mono: bool
    n_samples: int | None = None
    gains: tuple[tuple[float, ...], ...] | None = None

    def length(self, path: str) -> int:
        """Count the samples of a file at the rate that is wanted."""
        info = audio_info(path)
        return n_resampled(info.n_samples, info.sfreq, self.sfreq)

    def read_mixture(self) -> np.ndarray:
        """Read what was played."""
        if self.mixture is None:
            return self.read_sources().sum(axis=0)
        return self.read(self.mixture)[..., : self.n_samples]

    def read_sources(self, n_channels: int = 1) -> np.ndarray:
        """Read each source as it is in the mixture, which has so many channels."""
        found = [self.read(path) for path in self.sources]
        n_samples = min(one.shape[-1] for one in found)
        if self.n_samples is not None:
            n_samples = min(n_samples, self.n_samples)
        most = max(n_channels, *(len(np.atleast_2d(one)) for one in found))
        if most > 1:
            found = [_in_channels(one, most) for one in found]
        sources = np.stack([one[..., :n_samples] for one in found])
        if self.gains is None:
            return sources
        gains = np.array(self.gains, sources.dtype)
        return sources * gains.reshape(len(sources), *sources.shape[1:-1], 1)

    def read(self, path: str) -> np.ndarray:
        """Read a file at the rate and with the channels that are wanted."""
        audio, sfreq = read_audio(path)
        if self.mono and audio.ndim == 2:
            audio = audio.mean(axis=0)
        if sfreq == self.sfreq:
            return audio
        moved = resample(np.atleast_2d(audio), sfreq, self.sfreq).astype(audio.dtype)
        return moved.reshape(*audio.shape[:-1], -1)


def _in_channels(audio, n_channels):
    """Give a mono source to all channels alike."""
    if audio.ndim == 1:
        return np.repeat(audio[np.newaxis], n_channels, axis=0)
    return audio


@dataclass(frozen=True)
class TableTrial(FileSource):
    """A trial, read when it is used.

    Parameters
    ----------
    recording : str or None
        File with the EEG; None where EEG is in memory.
    ch_names : tuple of str
        Channels that are read.
    start, n_eeg : int
        First sample and number of samples of the EEG.
    eeg_sfreq : float
        Rate of the EEG in Hz.
    audio : Audio
        What was played.
    n_channels : int
        Channels of the mixture.
    """

    recording: str | MaybeNone
    ch_names: tuple[str, ...]
    start: int
    n_eeg: int
    eeg_sfreq: float
    audio: Audio
    n_channels: int

    def shape(self, field: str) -> tuple[int, ...]:
        """Shape of an array."""
        if field == "eeg":
            return len(self.ch_names), self.n_eeg
        channels = () if self.n_channels == 1 else (self.n_channels,)
        shape = (*channels, self.audio.n_samples)
        return (len(self.audio.sources), *shape) if field == "sources" else shape

    def read_field(self, field: str) -> np.ndarray:
        """Read one array."""
        if field == "eeg":
            return read_eeg(
                self.recording,
                self.ch_names,
                self.start / self.eeg_sfreq,
                self.n_eeg / self.eeg_sfreq,
            )[0]
        if field == "mixture":
            return np.ascontiguousarray(self.audio.read_mixture())
        return self.audio.read_sources(self.n_channels)
