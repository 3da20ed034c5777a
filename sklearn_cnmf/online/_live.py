"""Streams through a separator, as they come."""

import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ._audio import Chunk
from ._separator import OnlineSeparator

# Seconds between two looks at the streams.
_PAUSE = 0.01
# Seconds without any audio after which its source is taken to be gone.
_SILENT = 60.0


class Moment(NamedTuple):
    """What is put out at a time.

    Parameters
    ----------
    attended, rest : ndarray of shape (n_out,) or (n_audio_channels, n_out)
        As from :meth:`OnlineSeparator.push_audio`.
    seconds : float
        Audio that was put out until now.
    busy : float
        Seconds that were spent on it until now.
    late : float
        Seconds between the newest sample of EEG and of audio, by their stamps.
    """

    attended: np.ndarray
    rest: np.ndarray
    seconds: float
    busy: float
    late: float


def listen(
    separator: OnlineSeparator,
    eeg: Callable[[], Chunk],
    audio: Callable[[], Chunk | None],
    *,
    seconds: float = np.inf,
) -> Iterator[Moment]:
    """Separate two streams until the audio ends.

    Parameters
    ----------
    separator : OnlineSeparator
        A new one.
    eeg, audio : callable
        Return what has come since they were asked last; audio None at its end.
    seconds : float, default=inf
        After so much audio it ends in any case.

    Yields
    ------
    moment : Moment
        As soon as it is complete, and what is left at the end.

    Raises
    ------
    ValueError
        If no audio comes for a minute, or the separator refuses what comes.
    """
    n_in = n_out = 0
    busy, newest = 0.0, {"eeg": -np.inf, "audio": -np.inf}
    heard_last = time.monotonic()
    while n_in < seconds * separator.audio_sfreq:
        (samples, times), heard = eeg(), audio()
        if heard is None:
            break
        began = time.perf_counter()
        if len(times):
            separator.push_eeg(samples, times)
            newest["eeg"] = times[-1]
        samples, times = heard
        if not len(times):
            busy += time.perf_counter() - began
            if time.monotonic() - heard_last > _SILENT:
                raise ValueError(f"audio: nothing came for {_SILENT:g} s")
            time.sleep(_PAUSE)
            continue
        heard_last = time.monotonic()
        n_in += len(times)
        newest["audio"] = times[-1]
        attended, rest = separator.push_audio(samples, times)
        busy += time.perf_counter() - began
        n_out += attended.shape[-1]
        late = newest["audio"] - newest["eeg"]
        yield Moment(attended, rest, n_out / separator.audio_sfreq, busy, late)
    if n_in:
        attended, rest = separator.finish()
        n_out += attended.shape[-1]
        late = newest["audio"] - newest["eeg"]
        yield Moment(attended, rest, n_out / separator.audio_sfreq, busy, late)
