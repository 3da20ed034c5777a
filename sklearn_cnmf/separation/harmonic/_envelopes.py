"""What amplitudes the partials of each voice are expected to have."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter1d

# Slope of the amplitudes of a comb that stands for any instrument.
_SLOPE = 1.2
# Counts that an envelope weighs against what is found, of a voice in all and of its
# notes nearby; semitones that are nearby.
_COUNTS, _NEARBY_COUNTS, _NEARBY = 3.0, 100.0, 2.0
# Partials over which the envelope of a voice is smooth, and how much of it has to be.
_SMOOTH, _SMOOTHED = 1.5, 0.2


def generic_envelope(n_partials: int) -> np.ndarray:
    """Amplitudes of the partials of an instrument of which nothing is known."""
    return np.arange(1, n_partials + 1) ** -_SLOPE


class Profile(NamedTuple):
    """How strong the partials of a voice or an instrument are, by register.

    Parameters
    ----------
    heights : ndarray of shape (n_registers,)
        MIDI numbers, in semitones.
    found, expected : ndarray of shape (n_registers, n_partials)
        Magnitude of each partial, in counts, and what the level alone gives.
    """

    heights: np.ndarray
    found: np.ndarray
    expected: np.ndarray

    def envelopes_at(self, heights: np.ndarray) -> np.ndarray:
        """Amplitudes of the partials at some heights, (n_heights, n_partials)."""
        overall = _overall(self.found.sum(0), self.expected.sum(0))
        weights = _nearness(heights, self.heights)
        return _nearby(weights @ self.found, weights @ self.expected, overall)


def _overall(found, expected, before=None):
    """Envelope of a voice in all, partly smooth; where little is known, generic."""
    if before is None:
        before = _summing_to_one(generic_envelope(found.shape[-1]))
    levels = np.log((found + _COUNTS * before) / (expected + _COUNTS))
    smooth = gaussian_filter1d(levels, _SMOOTH, axis=-1, mode="nearest")
    return _summing_to_one(np.exp(_SMOOTHED * smooth + (1 - _SMOOTHED) * levels))


def _nearness(heights, others):
    return np.exp(-((heights[:, None] - others) ** 2) / (2 * _NEARBY**2))


def _nearby(found, expected, overall):
    """Envelopes of notes nearby; where few sounded, as in all."""
    counts = found + _NEARBY_COUNTS * overall
    return _summing_to_one(counts / (expected + _NEARBY_COUNTS))


class Envelopes:
    """Amplitudes of the partials of each voice, in all and in each register.

    Parameters
    ----------
    pitches : ndarray of shape (n_combs, n_frames)
        MIDI number of each comb; NaN where there is none.
    owner : ndarray of shape (n_combs,) of int
        Voice of each comb.
    n_voices, n_partials : int
        How many there are.

    Attributes
    ----------
    overall : ndarray of shape (n_voices, n_partials)
        Of each voice, summing to one.
    nearby : ndarray of shape (n_voices * n_registers, n_partials)
        Of each voice in each register, a semitone wide, with what is known of the
        registers around it and of the voice in all.
    rows : ndarray of shape (n_combs, n_frames) of int
        Which row of `nearby` is that of a comb in a frame.
    """

    def __init__(
        self, pitches: np.ndarray, owner: np.ndarray, n_voices: int, n_partials: int
    ):
        heights = np.nan_to_num(np.round(pitches), nan=0.0)
        self._heights, registers = np.unique(heights, return_inverse=True)
        n_registers = len(self._heights)
        self._weights = _nearness(self._heights, self._heights)
        self.rows = registers.reshape(pitches.shape) + owner[:, None] * n_registers
        generic = generic_envelope(n_partials)
        self.overall = np.tile(generic / generic.sum(), (n_voices, 1))
        self.nearby = np.repeat(self.overall, n_registers, axis=0)
        self._found = self._expected = np.zeros((n_voices, n_registers, n_partials))

    def learn(self, found: np.ndarray, expected: np.ndarray) -> None:
        """Learn from the magnitudes of partials.

        Parameters
        ----------
        found, expected : ndarray shaped like `nearby`
            What was found, and what the level of each voice alone gives.
        """
        n_voices, n_partials = self.overall.shape
        shape = n_voices, len(self._weights), n_partials
        found, expected = found.reshape(shape), expected.reshape(shape)
        self._found, self._expected = found, expected
        self.overall = _overall(found.sum(1), expected.sum(1), self.overall)
        nearby = _nearby(
            self._weights @ found, self._weights @ expected, self.overall[:, None]
        )
        self.nearby = nearby.reshape(-1, n_partials)

    def profiles(self) -> tuple[Profile, ...]:
        """Profile of each voice, from what was learned last."""
        return tuple(
            Profile(self._heights, *own) for own in zip(self._found, self._expected)
        )


def _summing_to_one(envelopes):
    return envelopes / envelopes.sum(axis=-1, keepdims=True)
