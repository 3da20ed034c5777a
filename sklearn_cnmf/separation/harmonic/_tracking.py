"""Which pitch each voice has in each frame."""

import math

import numpy as np

from ..._threads import Share, in_turn
from ._blocks import blocks_of
from ._candidates import candidate_pitches, placed, possible_sets
from ._combs import frequencies, lay_combs
from ._envelopes import generic_envelope
from ._regrouping import regroup
from ._voices import VoiceFitter, Voices, background_of, in_counts

# Frequencies that tell pitches apart, in Hz.
_HIGHEST_HZ = 5500.0
_COUNTS = 200.0
_N_PARTIALS = 30
_N_CANDIDATES = 12
# Sets of candidates that are asked of each voice in turn.
_N_SETS = 30
# Shape of the gamma prior of amplitudes around the generic envelope, and around that of
# a voice.
_GENERIC_SHAPE, _SHAPE = 3.0, 10.0
_N_UPDATES = 10
# Most passes in which each voice has an envelope of its own; they end where the score
# of the path has risen by less than this share.
_N_PASSES, _RISE = 10, 1e-3
# Semitones without cost, cost of each beyond, the most that a jump costs, and the cost
# of a rest on either side.
_REACH, _JUMP, _CAP, _SILENT = 0.5, 2.0, 20.0, 7.0
# Weight of the distance of a note from the mean of its voice, in standard deviations of
# at least so many semitones. Without it two instruments with one timbre swap notes that
# lie two octaves apart. SI-SDR gain in dB of weights 0 / 0.1 / 0.3 / 1: melodic duos,
# examples 15.9 / 15.9 / 16.1 / 16.2 (4), harder ones 13.1 / 13.6 / 14.2 / 13.6 (10),
# voices of chorales 13.2 in all cases (24), their trios 8.8 / 8.8 / 8.8 / 8.2 (6).
_KEPT, _LEAST_RANGE = 0.3, 3.0


def track_voices(
    X: np.ndarray,
    bin_hz: float,
    n_voices: int,
    fitter: VoiceFitter,
    share: Share = in_turn,
) -> Voices:
    """Track voices through a mixture and fit combs to them.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes.
    bin_hz : float
        Distance of two bins in Hz.
    n_voices : int
        How many there are.
    fitter : VoiceFitter
        Of the same mixture.
    share : callable, optional
        Shares blocks of frames out to threads.

    Returns
    -------
    voices : Voices
    """
    from ._kernels import state_evidence

    X = in_counts(X[:, : round(_HIGHEST_HZ / bin_hz)], _COUNTS)
    background = background_of(X, share)
    candidates = candidate_pitches(X, background, bin_hz, _N_CANDIDATES, share)
    bins = np.nan_to_num(frequencies(candidates) / bin_hz, nan=0.0)

    def evidence_of(states, envelopes, shape):
        def of_block(frames):
            return state_evidence(
                X[frames],
                background[frames],
                *lay_combs(bins[frames], X.shape[1], _N_PARTIALS),
                states[frames],
                envelopes,
                shape,
                _N_UPDATES,
            )

        return np.concatenate(share(of_block, blocks_of(len(X))))

    sets = possible_sets(candidates, n_voices)
    generic = np.tile(generic_envelope(_N_PARTIALS), (n_voices, 1))
    evidence = evidence_of(sets, generic, _GENERIC_SHAPE)
    n_kept = min(_N_SETS, sets.shape[1])
    likely = np.argsort(-evidence, axis=1, kind="stable")[:, :n_kept]
    sets = np.take_along_axis(sets, likely[..., None], 1)
    evidence = np.take_along_axis(evidence, likely, 1)
    states = placed(sets, _N_CANDIDATES, by_height=True)
    evidence = np.repeat(evidence, math.factorial(n_voices), axis=1)
    evidence = np.where(states[..., 0] < 0, -np.inf, evidence)
    pitches, _ = _path(evidence, _pitches_of(states, candidates))
    states = placed(sets, _N_CANDIDATES, by_height=False)
    placements = _pitches_of(states, candidates)

    def followed(pitches):
        score = -np.inf
        for _ in range(_N_PASSES):
            voices = fitter.fit(pitches)
            evidence = evidence_of(states, voices.envelopes[:, :_N_PARTIALS], _SHAPE)
            evidence += _within_ranges(placements, voices.pitches)
            before = score
            pitches, score = _path(evidence, placements)
            if score < before + _RISE * abs(before):
                break
        return fitter.fit(pitches), score

    voices, score = followed(pitches)
    orders = regroup(voices.partials)
    if np.any(orders != orders[0]):
        others, other_score = followed(np.take_along_axis(voices.pitches, orders.T, 0))
        if other_score > score:
            return others
    return voices


def _within_ranges(pitches, tracked):
    """Score of voices that keep to where most of their notes lie.

    Parameters
    ----------
    pitches : ndarray of shape (n_frames, n_states, n_voices)
        MIDI numbers; NaN where a voice is silent, which scores nothing.
    tracked : ndarray of shape (n_voices, n_frames)
        Pitches that were found before.

    Returns
    -------
    score : ndarray of shape (n_frames, n_states)
    """
    score = np.zeros(pitches.shape[:2])
    for voice, own in enumerate(tracked):
        notes = own[~np.isnan(own)]
        if not len(notes):
            continue
        range_ = max(notes.std(), _LEAST_RANGE)
        deviations = (pitches[..., voice] - notes.mean()) / range_
        score += np.nan_to_num(_KEPT * (1 - deviations**2) / 2, nan=0.0)
    return score


def _pitches_of(states, candidates):
    silence = np.full((len(candidates), 1), np.nan)
    pitches = np.concatenate([candidates, silence], axis=1)
    return pitches[np.arange(len(candidates))[:, None, None], states]


def _path(evidence, pitches):
    from ._kernels import best_path

    path, score = best_path(evidence, pitches, _REACH, _JUMP, _CAP, _SILENT)
    return pitches[np.arange(len(path)), path].T, score
