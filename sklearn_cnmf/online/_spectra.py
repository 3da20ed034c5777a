"""Each instrument's share of a mixture, frame by frame, with fixed spectra."""

from collections.abc import Sequence

import numpy as np

from ..separation import LearnedSpectra
from ..separation._bands import in_bands
from ..separation._dictionary import with_transpositions
from ..separation._explain import COST_OF_A_SEMITONE
from ..separation._fewer_notes import FEW_NOTES_BANDS, with_fewer_notes

# SI-SDR gain in dB, right instrument given, mean of 6 sources of three example duos:
#
#    24 bands per octave, 20 iterations    11.2
#    48                   20               12.2
#    48                   40               12.9
_BANDS_PER_OCTAVE = FEW_NOTES_BANDS
# Spectra with less than this share of each of four frames are given up after the first
# updates. Mean of 24 sources of all example duos / of 46 of the harder duos, and the
# share of real time that it takes on one thread:
#
#    first, share, then
#    40     -      0      12.45 / 11.01   0.074 / 0.160
#    10     0.001  30     12.48 / 11.07   0.025 / 0.043
#    10     0.003  30     12.45 / 11.26   0.021 / 0.039
#    10     0.003  50     12.46 / 11.34   0.030 / 0.043
#    10     0.01   30     12.01 / 10.28   0.026 / 0.040
#     5     0.003  35     12.42 / 11.21   0.017 / 0.024
#
# Few notes at a time (`_fewer_notes`), 12 sources of every second example duo / 16 of
# every third harder one, mean (10th percentile). Spectra that adapt by what was heard
# since the start gain in the mean, and lose where it is most needed:
#
#    10, 0.003, 50                       12.38 (10.3) / 12.39 (8.6)
#    10, 0.003, 30, few notes            12.49 (10.6) / 14.25 (10.2)
#    the same, spectra adapt, prior 0.01 12.89 (9.6)  / 14.24 (7.2)
#    the same, prior 0.002               13.11 (9.5)  / 14.63 (7.6)
_N_FIRST, _LEAST, _N_THEN = 10, 0.003, 30


class FixedSpectra:
    """Models of the frames of a mixture, each frame on its own.

    Activations are found by multiplicative updates on bands, from even ones; spectra
    stay as they were learned. So no frame needs another one, but those that come at
    the same time: spectra that none of them needs are given up. Each instrument is
    held to few notes at a time.

    Parameters
    ----------
    learned : LearnedSpectra
        Spectra of each instrument.
    instruments : sequence of str
        Those that are present.
    """

    def __init__(self, learned: LearnedSpectra, instruments: Sequence[str]):
        known = dict(zip(learned.instruments, learned.components))
        copies, semitones = zip(
            *(
                with_transpositions(known[name], learned.transposition or 0)
                for name in instruments
            )
        )
        self._n_instruments = len(copies)
        self._owner = np.repeat(np.arange(len(copies)), [len(own) for own in copies])
        self._spectra = np.concatenate(copies).astype(np.float32)
        self._bands = in_bands(self._spectra, _BANDS_PER_OCTAVE)
        self._loudness = self._bands.sum(axis=1)
        self._cost = COST_OF_A_SEMITONE * np.concatenate(semitones)
        scale = self._loudness * (1 + self._cost)
        tiny = np.finfo(np.float32).tiny
        self._scale = np.maximum(scale, tiny).astype(np.float32)
        self._to_components = np.ascontiguousarray(self._bands.T)

    def models(self, magnitudes: np.ndarray) -> list[np.ndarray]:
        """Explain frames.

        Parameters
        ----------
        magnitudes : ndarray of shape (n_frames, n_bins)
            Of the mixture. Which spectra are given up, and the last digits, depend on
            how many frames come at a time.

        Returns
        -------
        models : list of ndarray of shape (n_frames, n_bins)
            Magnitudes of each instrument, up to a scale that they share.
        """
        peaks = magnitudes.max(axis=1, keepdims=True)
        X = magnitudes / np.where(peaks > 0, peaks, 1)
        X = in_bands(X.astype(np.float32), _BANDS_PER_OCTAVE)
        A = np.repeat(X.sum(1)[:, None], len(self._scale), axis=1) / len(self._scale)
        A = _updated(
            X, A, self._bands, self._to_components, self._scale, n_updates=_N_FIRST
        )
        shares = A * self._loudness
        needed = shares > _LEAST * shares.sum(axis=1, keepdims=True)
        kept = np.flatnonzero(needed.any(axis=0))
        bands = self._bands[kept]
        A = _updated(
            X, A[:, kept], bands, bands.T, self._scale[kept], n_updates=_N_THEN
        )
        owner, spectra = self._owner[kept], self._spectra[kept]
        if len(kept):
            A = with_fewer_notes(X, A, bands, owner, self._cost[kept])
        return [
            A[:, owner == own] @ spectra[owner == own]
            for own in range(self._n_instruments)
        ]


def _updated(X, A, bands, to_components, scale, *, n_updates):
    """Activations after multiplicative updates of the generalised KL divergence."""
    least = np.finfo(np.float32).eps
    for _ in range(n_updates):
        A = A * ((X / (A @ bands + least)) @ to_components) / scale
    return A
