"""Which pitch each voice has in each frame."""

import math

import numpy as np

from ..._threads import Share, in_turn
from ._blocks import blocks_of
from ._candidates import candidate_pitches, placed, possible_sets
from ._combs import frequencies, lay_combs
from ._envelopes import generic_envelope
from ._voices import background_of, fit_voices, in_counts

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
# Passes in which each voice has an envelope of its own.
_N_PASSES = 3
# Semitones without cost, cost of each beyond, the most that a jump costs, and the cost
# of a rest on either side.
_REACH, _JUMP, _CAP, _SILENT = 0.5, 2.0, 14.0, 7.0


def track_voices(
    X: np.ndarray, bin_hz: float, n_voices: int, share: Share = in_turn
) -> np.ndarray:
    """Track the pitches of voices through a mixture.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes.
    bin_hz : float
        Distance of two bins in Hz.
    n_voices : int
        How many there are.
    share : callable, optional
        Shares blocks of frames out to threads.

    Returns
    -------
    pitches : ndarray of shape (n_voices, n_frames)
        MIDI numbers; NaN where a voice is silent.
    """
    from ._kernels import state_evidence

    whole, X = X, X[:, : round(_HIGHEST_HZ / bin_hz)]
    X = in_counts(X, _COUNTS)
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
    pitches = _path(evidence, states, candidates)
    states = placed(sets, _N_CANDIDATES, by_height=False)
    for _ in range(_N_PASSES):
        envelopes = fit_voices(whole, pitches, bin_hz, share).envelopes[:, :_N_PARTIALS]
        pitches = _path(evidence_of(states, envelopes, _SHAPE), states, candidates)
    return pitches


def _path(evidence, states, candidates):
    from ._kernels import best_path

    n_frames = len(candidates)
    silence = np.full((n_frames, 1), np.nan)
    pitches = np.concatenate([candidates, silence], axis=1)
    frames = np.arange(n_frames)[:, None, None]
    pitches = pitches[frames, states]
    path = best_path(evidence, pitches, _REACH, _JUMP, _CAP, _SILENT)
    return pitches[np.arange(n_frames), path].T
