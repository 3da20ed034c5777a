"""Each voice as a comb at its own pitch with amplitudes of its own."""

from typing import NamedTuple

import numpy as np
from scipy.ndimage import gaussian_filter

from ..._threads import Share, in_turn
from ._blocks import blocks_of
from ._combs import frequencies, lay_combs
from ._envelopes import Envelopes, Profile

# Magnitude of a frame in the mean, as a number of independent counts.
COUNTS = 300.0
_N_PARTIALS = 40
# Shape of the gamma prior of each amplitude.
_SHAPE = 5.0
# Updates before pitches are refined, and by how many semitones then.
_ROUNDS = ((8, 0.6), (8, 0.3), (20, 0.0))
_N_SHIFTS = 13
# Updates after which an envelope is learned from what was found.
_FIRST_LEARNED = 4
# A window holds the end of one note and the beginning of the next: frames before and
# after whose pitch sounds along, how far they have to lie (semitones), and the share
# of their expected level.
_BESIDE, _OTHER_NOTE, _BESIDE_TRUST = 2, 0.7, 0.5
# Background: bins over which the median is taken, and share of the largest magnitude.
_MEDIAN_BINS, _LEAST = 11, 0.01
# A voice is more than its combs: attacks, decays, vibrato and sidelobes lie beside it.
# So models are spread: share of a copy, frames and bins over which it is smeared.
# SI-SDR gain in dB at the true pitches of melodic duos, 4 examples / 10 harder ones /
# 12 pairs of voices of chorales:
#
#    no copies                              14.1 / 14.2 / 13.5
#    (0.1, 0, 4)                            16.4 / 16.7 / 15.0
#    (0.3, 1, 2)                            16.9 / 17.4 / 15.4
#    (1, 1, 2)                              17.2 / 17.7 / 15.2
#    (1, 1, 1) and (0.3, 2, 3)              17.3 / 17.7 / 15.3
#    (1, 1, 1), (0.1, 2, 6), (0.01, 4, 20)  17.3 / 17.9 / 15.3
_SPREADS = ((1.0, 1.0, 1.0), (0.3, 2.0, 3.0))


class Voices(NamedTuple):
    """What was found of the voices of a mixture.

    Parameters
    ----------
    combs : ndarray of shape (n_combs, n_frames)
        MIDI number of each comb, fractions included; NaN where there is none. Those of
        the voices' notes come first, then those of the notes before and after.
    amplitudes : ndarray of shape (n_frames, n_combs, n_partials)
        Of each partial, in counts.
    envelopes : ndarray of shape (n_voices, n_partials)
        Amplitudes of each voice's partials, summing to one.
    profiles : tuple of Profile
        How strong the partials of each voice are, by register.
    """

    combs: np.ndarray
    amplitudes: np.ndarray
    envelopes: np.ndarray
    profiles: tuple[Profile, ...]

    @property
    def pitches(self) -> np.ndarray:
        """MIDI number of each voice, (n_voices, n_frames); NaN where it is silent."""
        return self.combs[: len(self.envelopes)]

    @property
    def partials(self) -> np.ndarray:
        """Amplitudes of the notes, (n_voices, n_frames, n_partials); zero in rests."""
        notes = self.amplitudes[:, : len(self.envelopes)].transpose(1, 0, 2)
        return np.where(np.isnan(self.pitches)[..., None], 0.0, notes)


def in_counts(X: np.ndarray, counts: float) -> np.ndarray:
    """Scale magnitudes to a mean sum per frame."""
    return np.multiply(X, counts * len(X) / X.sum(dtype=np.float64), order="C")


def background_of(X: np.ndarray, share: Share = in_turn) -> np.ndarray:
    """Magnitudes between the partials, from the median of the bins around each."""
    from ._kernels import running_median

    beyond = _MEDIAN_BINS // 2
    background = np.empty_like(X)
    least = 1e-5 * X.max()

    def of_block(frames):
        own = X[frames]
        padded = np.pad(own, ((0, 0), (beyond, beyond)), mode="symmetric")
        noise = running_median(padded, _MEDIAN_BINS)
        background[frames] = noise + _LEAST * own.max(axis=1, keepdims=True) + least

    share(of_block, blocks_of(len(X)))
    return background


class VoiceFitter:
    """Fits amplitudes, envelopes and exact pitches to voices tracked in a mixture.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes of the mixture.
    bin_hz : float
        Distance of two bins in Hz.
    share : callable, optional
        Shares blocks of frames out to threads.
    """

    def __init__(self, X: np.ndarray, bin_hz: float, share: Share = in_turn):
        self._bin_hz, self._share = bin_hz, share
        self._blocks = blocks_of(len(X))
        self._count = X.sum(dtype=np.float64) / (COUNTS * len(X))
        self._X = in_counts(X, COUNTS)
        self._background = background_of(self._X, share)

    def fit(self, pitches: np.ndarray) -> Voices:
        """Fit voices.

        Parameters
        ----------
        pitches : ndarray of shape (n_voices, n_frames)
            MIDI numbers; NaN where a voice is silent.

        Returns
        -------
        voices : Voices
        """
        from ._kernels import update_amplitudes

        X, background = self._X, self._background
        n_voices = len(pitches)
        combs, trust = _combs_of(pitches)
        owner = _owners(combs, n_voices)
        first, weights = self._laid(combs)
        envelopes = Envelopes(combs, owner, n_voices, _N_PARTIALS)
        rows = np.ascontiguousarray(envelopes.rows.T)
        amplitudes = envelopes.overall[owner] * (X.sum(1) / len(owner))[:, None, None]

        def update(frames):
            return update_amplitudes(
                X[frames],
                background[frames],
                first[frames],
                weights[frames],
                amplitudes[frames],
                rows[frames],
                envelopes.nearby,
                trust,
                _SHAPE,
            )

        def refine(frames):
            for c in range(len(owner)):
                _refine(
                    X[frames],
                    background[frames],
                    c,
                    combs[:, frames],
                    first[frames],
                    weights[frames],
                    amplitudes[frames],
                    range_,
                    self._bin_hz,
                )

        for n_updates, range_ in _ROUNDS:
            for number in range(n_updates):
                sums = zip(*self._share(update, self._blocks))
                found, expected = (sum(of_blocks) for of_blocks in sums)
                if number >= _FIRST_LEARNED:
                    envelopes.learn(found, expected)
            if range_:
                self._share(refine, self._blocks)
        return Voices(combs, amplitudes, envelopes.overall, envelopes.profiles())

    def models(self, voices: Voices) -> np.ndarray:
        """Modelled magnitudes of each voice.

        Parameters
        ----------
        voices : Voices
            From :meth:`fit`.

        Returns
        -------
        models : ndarray of shape (n_voices, n_frames, n_bins)
        """
        from ._kernels import comb_models

        n_voices, n_bins = len(voices.envelopes), self._X.shape[1]
        owner = _owners(voices.combs, n_voices)
        first, weights = self._laid(voices.combs)
        models = np.empty((n_voices, *self._X.shape))

        def model(frames):
            models[:, frames] = comb_models(
                first[frames],
                weights[frames],
                voices.amplitudes[frames],
                owner,
                n_voices,
                n_bins,
            )

        self._share(model, self._blocks)
        models *= self._count
        return models

    def _laid(self, combs):
        bins = _bins(combs.T, self._bin_hz)
        return lay_combs(bins, self._X.shape[1], _N_PARTIALS)


def _owners(combs, n_voices):
    """Voice of each comb."""
    return np.arange(len(combs)) % n_voices


def _combs_of(pitches):
    """Combs of each voice's note and of those before and after, and their trust."""
    notes, before, after = [], [], []
    for own in pitches:
        last, following = _held(own), _held(own[::-1])[::-1]
        silent = np.isnan(own)
        a = np.where(silent, last, _shifted(last, _BESIDE))
        b = np.where(silent, following, _shifted(following[::-1], _BESIDE)[::-1])
        a, b = (np.where(_same(other, own), np.nan, other) for other in (a, b))
        notes.append(own)
        before.append(a)
        after.append(np.where(_same(a, b), np.nan, b))
    n_voices = len(pitches)
    trust = np.repeat([1.0, _BESIDE_TRUST], [n_voices, 2 * n_voices])
    return np.array(notes + before + after), trust


def _same(a, b):
    with np.errstate(invalid="ignore"):
        return np.abs(a - b) < _OTHER_NOTE


def _held(pitches):
    """Pitch of the last sounding frame."""
    index = np.where(np.isnan(pitches), -1, np.arange(len(pitches)))
    index = np.maximum.accumulate(index)
    return np.where(index >= 0, pitches[np.maximum(index, 0)], np.nan)


def _shifted(pitches, n_frames):
    shifted = np.full_like(pitches, np.nan)
    shifted[n_frames:] = pitches[:-n_frames]
    return shifted


def _bins(pitches, bin_hz):
    return np.nan_to_num(frequencies(pitches) / bin_hz, nan=0.0)


def spread(model: np.ndarray) -> np.ndarray:
    """Smear the model of a voice over the frames and bins beside its combs.

    Parameters
    ----------
    model : ndarray of shape (n_frames, n_bins)
        Modelled magnitudes.

    Returns
    -------
    spread : ndarray of shape (n_frames, n_bins)
        The model and its smeared copies.
    """
    return model + sum(
        share * gaussian_filter(model, (n_frames, n_bins))
        for share, n_frames, n_bins in _SPREADS
    )


def _refine(X, background, c, combs, first, weights, amplitudes, range_, bin_hz):
    """Move the pitch of one comb to where it explains most, in place."""
    from ._kernels import best_shifts, comb_models

    n_bins = X.shape[1]
    others = np.where(np.arange(len(combs)) == c, -1, 0)
    (rest,) = comb_models(first, weights, amplitudes, others, 1, n_bins)
    rest += background
    tried = combs[c] + np.linspace(-range_, range_, _N_SHIFTS)[:, None]
    best = best_shifts(X, rest, _bins(tried, bin_hz), amplitudes[:, c].copy())
    combs[c] = tried[best, np.arange(len(X))]
    laid = lay_combs(_bins(combs[c], bin_hz), n_bins, _N_PARTIALS)
    first[:, c], weights[:, c] = laid
