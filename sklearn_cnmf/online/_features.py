"""A feature of audio that arrives in chunks."""

from collections.abc import Callable
from fractions import Fraction

import numpy as np

# Frames that are computed at a time, and how much audio around them, in frames of the
# feature, takes part: more than the window of any feature that has a name.
_AT_A_TIME, _BEFORE, _AFTER = 4, 16, 8
# Frames of audio that are needed from the first of a block on.
LATENCY_FRAMES = _AT_A_TIME + _AFTER


class StreamedFeature:
    """The feature of several waveforms, frame by frame.

    Parameters
    ----------
    feature : callable
        Takes (audio, sfreq, times), as in :class:`~sklearn_cnmf.EnvelopeDecoder`.
    audio_sfreq, sfreq : float
        Rates of audio and feature in Hz.
    """

    def __init__(self, feature: Callable, audio_sfreq: float, sfreq: float):
        self._feature = feature
        self._audio_sfreq, self._sfreq = float(audio_sfreq), float(sfreq)
        self._per_frame = Fraction(self._audio_sfreq) / Fraction(self._sfreq)
        self._n_frames = self._first = 0
        self._audio: np.ndarray | None = None

    def push(self, audio: np.ndarray) -> np.ndarray:
        """Take what follows.

        Parameters
        ----------
        audio : ndarray of shape (n_candidates, ..., n_samples)
            The next samples of each.

        Returns
        -------
        values : ndarray of shape (n_candidates, n_outputs, n_frames)
            What is known by now.
        """
        if self._audio is not None:
            audio = np.concatenate([self._audio, audio], axis=-1)
        found = []
        while (
            self._sample(self._n_frames + LATENCY_FRAMES) - self._first
            <= audio.shape[-1]
        ):
            found.append(self._block(audio))
            self._n_frames += _AT_A_TIME
        keep = self._sample(max(0, self._n_frames - _BEFORE)) - self._first
        self._first += keep
        self._audio = audio[..., keep:]
        if not found:
            return np.zeros((len(audio), 0, 0))
        return np.concatenate(found, axis=-1)

    def _sample(self, frame):
        return int(frame * self._per_frame)

    def _block(self, audio):
        start = max(0, self._n_frames - _BEFORE)
        first = self._sample(start)
        last = self._sample(self._n_frames + LATENCY_FRAMES)
        frames = np.arange(start, self._n_frames + LATENCY_FRAMES - 1)
        times = frames / self._sfreq - first / self._audio_sfreq
        part = audio[..., first - self._first : last - self._first]
        here = slice(self._n_frames - start, self._n_frames - start + _AT_A_TIME)
        return np.stack(
            [
                np.asarray(self._feature(own, self._audio_sfreq, times))[:, here]
                for own in part
            ]
        )
