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
    pitches : ndarray of shape (n_voices, n_frames)
        MIDI number of each voice, fractions included; NaN where it is silent.
    envelopes : ndarray of shape (n_voices, n_partials)
        Amplitudes of each voice's partials, summing to one.
    profiles : tuple of Profile
        How strong the partials of each voice are, by register.
    models : ndarray of shape (n_voices, n_frames, n_bins)
        Modelled magnitudes.
    partials : ndarray of shape (n_voices, n_frames, n_partials)
        Amplitudes of each voice's comb; zero where it is silent.
    """

    pitches: np.ndarray
    envelopes: np.ndarray
    profiles: tuple[Profile, ...]
    models: np.ndarray
    partials: np.ndarray


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


def fit_voices(
    X: np.ndarray, pitches: np.ndarray, bin_hz: float, share: Share = in_turn
) -> Voices:
    """Fit amplitudes, envelopes and exact pitches to tracked voices.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes.
    pitches : ndarray of shape (n_voices, n_frames)
        MIDI numbers; NaN where a voice is silent.
    bin_hz : float
        Distance of two bins in Hz.
    share : callable, optional
        Shares blocks of frames out to threads.

    Returns
    -------
    voices : Voices
    """
    from ._kernels import comb_models, update_amplitudes

    n_voices, n_bins = len(pitches), X.shape[1]
    blocks = blocks_of(len(X))
    total = X.sum(dtype=np.float64)
    X = in_counts(X, COUNTS)
    background = background_of(X, share)
    combs, owner, trust = _combs_of(pitches)
    first, weights = lay_combs(_bins(combs.T, bin_hz), n_bins, _N_PARTIALS)
    envelopes = Envelopes(combs, owner, n_voices, _N_PARTIALS)
    rows = np.ascontiguousarray(envelopes.rows.T)
    amplitudes = envelopes.overall[owner] * (X.sum(1) / len(owner))[:, None, None]
    models = np.empty((n_voices, *X.shape))

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
                bin_hz,
            )

    def model(frames):
        models[:, frames] = comb_models(
            first[frames], weights[frames], amplitudes[frames], owner, n_voices, n_bins
        )

    for n_updates, range_ in _ROUNDS:
        for number in range(n_updates):
            found, expected = map(sum, zip(*share(update, blocks)))
            if number >= _FIRST_LEARNED:
                envelopes.learn(found, expected)
        if range_:
            share(refine, blocks)
    share(model, blocks)
    models *= total / (COUNTS * len(X))
    pitches = combs[:n_voices]
    partials = amplitudes[:, :n_voices].transpose(1, 0, 2)
    return Voices(
        pitches,
        envelopes.overall,
        envelopes.profiles(),
        models,
        np.where(np.isnan(pitches)[..., None], 0.0, partials),
    )


def _combs_of(pitches):
    """Combs of each voice's note, and of the notes before and after beside it."""
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
    owner = np.tile(np.arange(n_voices), 3)
    trust = np.repeat([1.0, _BESIDE_TRUST], [n_voices, 2 * n_voices])
    return np.array(notes + before + after), owner, trust


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
