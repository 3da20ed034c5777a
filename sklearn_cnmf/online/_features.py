"""A feature of audio that arrives in chunks."""

import math
from collections.abc import Callable
from fractions import Fraction

import numpy as np

from ..signals._features import compute_feature

# Frames that are computed at a time, and how much audio around them takes part, in
# seconds and at least in frames: more than the window of any feature that has a name.
_FRAMES_AT_A_TIME = 4
_SECONDS_BEFORE, _LEAST_BEFORE = 0.1, 16
_SECONDS_AFTER, _LEAST_AFTER = 0.05, 8


class StreamedFeature:
    """The feature of several waveforms, frame by frame.

    Parameters
    ----------
    feature : callable
        Takes (audio, sfreq, times), as in :class:`~sklearn_cnmf.EnvelopeDecoder`.
    audio_sfreq, sfreq : float
        Rates of audio and feature in Hz.

    Attributes
    ----------
    n_needed : int
        Frames of audio that are needed from the first frame of a block on.
    """

    def __init__(self, feature: Callable, audio_sfreq: float, sfreq: float):
        self._feature = feature
        self._audio_sfreq, self._sfreq = float(audio_sfreq), float(sfreq)
        self._per_frame = Fraction(self._audio_sfreq) / Fraction(self._sfreq)
        self._n_before = max(_LEAST_BEFORE, math.ceil(_SECONDS_BEFORE * sfreq))
        n_after = max(_LEAST_AFTER, math.ceil(_SECONDS_AFTER * sfreq))
        self.n_needed = _FRAMES_AT_A_TIME + n_after
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
            self._sample(self._n_frames + self.n_needed) - self._first
            <= audio.shape[-1]
        ):
            found.append(self._block(audio))
            self._n_frames += _FRAMES_AT_A_TIME
        keep = self._sample(max(0, self._n_frames - self._n_before)) - self._first
        self._first += keep
        self._audio = audio[..., keep:]
        if not found:
            return np.zeros((len(audio), 0, 0))
        return np.concatenate(found, axis=-1)

    def _sample(self, frame):
        return int(frame * self._per_frame)

    def _block(self, audio):
        start = max(0, self._n_frames - self._n_before)
        first = self._sample(start)
        last = self._sample(self._n_frames + self.n_needed)
        frames = np.arange(start, self._n_frames + self.n_needed - 1)
        times = frames / self._sfreq - first / self._audio_sfreq
        part = audio[..., first - self._first : last - self._first]
        here = slice(self._n_frames - start, self._n_frames - start + _FRAMES_AT_A_TIME)
        return np.stack(
            [
                compute_feature(self._feature, own, self._audio_sfreq, times, "audio")[
                    :, here
                ]
                for own in part
            ]
        )
