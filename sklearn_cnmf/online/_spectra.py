"""Each instrument's share of a mixture, frame by frame, with fixed spectra."""

from collections.abc import Sequence

import numpy as np

from ..separation import LearnedSpectra
from ..separation._bands import in_bands
from ..separation._dictionary import with_transpositions
from ..separation._explain import COST_OF_A_SEMITONE
from ..separation._stft import masks_of

# SI-SDR gain in dB, right instrument given, mean of 6 sources of three example duos;
# whole mixtures, to which spectra adapt, 12.7:
#
#    24 bands per octave, 20 iterations    11.2
#    48                   20               12.2
#    48                   40               12.9
_BANDS_PER_OCTAVE = 48
_N_ITERATIONS = 40


class FixedSpectra:
    """Masks for the frames of a mixture, each frame on its own.

    Activations are found by multiplicative updates on bands, from even ones; spectra
    stay as they were learned. So no frame needs another one, before or after it.

    Parameters
    ----------
    learned : LearnedSpectra
        Spectra of each instrument.
    instruments : sequence of str
        Those that are present.
    mask_power : float
        As in :class:`~sklearn_cnmf.ContrastiveNMF`.
    """

    def __init__(
        self, learned: LearnedSpectra, instruments: Sequence[str], mask_power: float
    ):
        known = dict(zip(learned.instruments, learned.components))
        copies, semitones = zip(
            *(
                with_transpositions(known[name], learned.transposition or 0)
                for name in instruments
            )
        )
        self._spectra = [own.astype(np.float32) for own in copies]
        self._ends = np.cumsum([len(own) for own in copies])[:-1]
        self._bands = in_bands(np.concatenate(self._spectra), _BANDS_PER_OCTAVE)
        self._to_components = np.ascontiguousarray(self._bands.T)
        scale = 1 + COST_OF_A_SEMITONE * np.concatenate(semitones)
        scale = self._bands.sum(axis=1) * scale
        tiny = np.finfo(np.float32).tiny
        self._scale = np.maximum(scale, tiny).astype(np.float32)
        self._mask_power = mask_power

    def masks(self, magnitudes: np.ndarray) -> np.ndarray:
        """Explain frames.

        Parameters
        ----------
        magnitudes : ndarray of shape (n_frames, n_bins)
            Of the mixture. The last digits depend on how many frames come at a time.

        Returns
        -------
        masks : ndarray of shape (n_instruments, n_frames, n_bins)
            From 0 to 1; all the same in silence.
        """
        peaks = magnitudes.max(axis=1, keepdims=True)
        X = magnitudes / np.where(peaks > 0, peaks, 1)
        X = in_bands(X.astype(np.float32), _BANDS_PER_OCTAVE)
        activations = np.repeat(X.sum(1)[:, None], len(self._scale), axis=1)
        activations /= len(self._scale)
        least = np.finfo(np.float32).eps
        for _ in range(_N_ITERATIONS):
            ratio = X / (activations @ self._bands + least)
            activations *= (ratio @ self._to_components) / self._scale
        models = [
            own @ spectra
            for own, spectra in zip(
                np.split(activations, self._ends, axis=1), self._spectra
            )
        ]
        return np.stack(list(masks_of(models, self._mask_power)))
