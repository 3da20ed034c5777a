"""Where audio comes from, and where it is played."""

from collections import deque
from collections.abc import Callable
from types import ModuleType

import numpy as np

# Stamped samples that have come: (n_channels, n_times) and (n_times,).
Chunk = tuple[np.ndarray, np.ndarray]
# Seconds that are taken at a time.
_BLOCK = 0.02
# Share of a difference between the clock and the count of samples that is taken over
# with each block: half of it in three seconds.
_FOLLOWED = 0.005


class PacedAudio:
    """Audio of a file, as fast as it would be heard.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        The waveform.
    sfreq : float
        Its rate in Hz.
    clock : callable
        Seconds now.
    begin : float or None
        When its first sample is heard; None for when it is asked for first.
    """

    def __init__(
        self,
        audio: np.ndarray,
        sfreq: float,
        clock: Callable[[], float],
        begin: float | None = None,
    ):
        self._audio, self._sfreq, self._clock = audio, sfreq, clock
        self._begin, self._n_out = begin, 0

    def __call__(self) -> Chunk | None:
        """Return what has been heard since, in whole blocks; None at the end."""
        now = self._clock()
        if self._begin is None:
            self._begin = now
        n_samples = self._audio.shape[-1]
        if self._n_out == n_samples:
            return None
        block = max(1, round(_BLOCK * self._sfreq))
        n_heard = min(int((now - self._begin) * self._sfreq), n_samples)
        if n_heard < n_samples:
            n_heard -= n_heard % block
        n_heard = max(n_heard, self._n_out)
        part = slice(self._n_out, n_heard)
        self._n_out = n_heard
        times = self._begin + np.arange(part.start, part.stop) / self._sfreq
        return self._audio[..., part], times


class DeviceAudio:
    """Audio that a sound card records.

    Parameters
    ----------
    device : str or None
        Its name, or a part of it that no other has; None for that of the system.
    sfreq : float
        Rate in Hz.
    clock : callable
        Seconds now.

    Raises
    ------
    ImportError
        If sounddevice is absent.
    ValueError
        If there is no such device, or it has not this rate.
    """

    def __init__(self, device: str | None, sfreq: float, clock: Callable[[], float]):
        self._chunks: deque[Chunk] = deque()
        self._sfreq, self._clock = sfreq, clock
        self._end: float | None = None  # of what was recorded
        self._stream = _started(
            "audio: can't record from",
            sound_devices().InputStream,
            device,
            sfreq,
            channels=1,
            blocksize=round(_BLOCK * sfreq),
            callback=self._take,
        )

    def _take(self, block, n_samples, when, status):
        now = self._clock()
        begin = now - n_samples / self._sfreq
        if self._end is not None and not status.input_overflow:
            # A call that comes late is no loss; a clock that runs apart is followed.
            begin = self._end + _FOLLOWED * (begin - self._end)
        self._end = begin + n_samples / self._sfreq
        times = begin + np.arange(n_samples) / self._sfreq
        self._chunks.append((block.T.copy(), times))

    def __call__(self) -> Chunk:
        """Return what was recorded since."""
        chunks = [self._chunks.popleft() for _ in range(len(self._chunks))]
        if not chunks:
            return np.zeros((1, 0), np.float32), np.zeros(0)
        samples, times = zip(*chunks)
        return np.concatenate(samples, axis=1), np.concatenate(times)

    def close(self) -> None:
        """Stop recording."""
        self._stream.close()


class Loudspeaker:
    """Play what is put out.

    Parameters
    ----------
    device : str or None
        As for :class:`DeviceAudio`.
    sfreq : float
        Rate in Hz.
    n_channels : int
        Of the audio.

    Raises
    ------
    ImportError
        If sounddevice is absent.
    ValueError
        If there is no such device, or it has not this rate.
    """

    def __init__(self, device: str | None, sfreq: float, n_channels: int):
        sounddevice = sound_devices()
        self._error = sounddevice.PortAudioError
        self._stream = _started(
            "play: can't play on",
            sounddevice.OutputStream,
            device,
            sfreq,
            channels=n_channels,
        )

    def __call__(self, audio: np.ndarray) -> None:
        """Play what follows, (n_samples,) or (n_audio_channels, n_samples).

        Raises
        ------
        ValueError
            If the device is gone.
        """
        block = np.atleast_2d(audio).T.astype(np.float32, order="C")
        try:
            self._stream.write(block)
        except self._error as error:
            raise ValueError(f"play: the card plays no longer: {error}") from error

    def close(self) -> None:
        """Stop playing."""
        self._stream.close()


def _started(failure, kind, device, sfreq, **options):
    """Open and start a stream of a sound card."""
    try:
        stream = kind(samplerate=sfreq, device=device, dtype="float32", **options)
        stream.start()
    except (sound_devices().PortAudioError, ValueError) as error:
        where = device or "the default device"
        raise ValueError(f"{failure} {where} at {sfreq:g} Hz: {error}") from error
    return stream


def sound_devices() -> ModuleType:
    """Import sounddevice.

    Raises
    ------
    ImportError
        With what to install.
    """
    try:
        import sounddevice
    except (ImportError, OSError) as error:  # OSError: no PortAudio
        raise ImportError(
            "sound cards need sounddevice (pip install sounddevice) and the "
            f"PortAudio library: {error}"
        ) from error
    return sounddevice
