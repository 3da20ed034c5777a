"""What amplitudes the partials of each voice are expected to have."""

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
        heights = np.nan_to_num(np.round(pitches), nan=0.0).astype(np.int64)
        _, registers = np.unique(heights, return_inverse=True)
        steps = np.unique(heights)
        self._weights = np.exp(-((steps[:, None] - steps) ** 2) / (2 * _NEARBY**2))
        self.rows = registers.reshape(pitches.shape) + owner[:, None] * len(steps)
        generic = generic_envelope(n_partials)
        self.overall = np.tile(generic / generic.sum(), (n_voices, 1))
        self.nearby = np.repeat(self.overall, len(steps), axis=0)

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
        learned = found.sum(1) + _COUNTS * self.overall
        levels = np.log(learned / (expected.sum(1) + _COUNTS))
        smooth = gaussian_filter1d(levels, _SMOOTH, axis=1, mode="nearest")
        self.overall = _summing_to_one(
            np.exp(_SMOOTHED * smooth + (1 - _SMOOTHED) * levels)
        )
        found, expected = self._weights @ found, self._weights @ expected
        nearby = found + _NEARBY_COUNTS * self.overall[:, None]
        nearby = _summing_to_one(nearby / (expected + _NEARBY_COUNTS))
        self.nearby = nearby.reshape(-1, n_partials)


def _summing_to_one(envelopes):
    return envelopes / envelopes.sum(axis=-1, keepdims=True)
