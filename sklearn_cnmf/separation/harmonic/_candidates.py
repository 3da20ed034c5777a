"""Pitches that may sound in each frame, and which of them may sound together."""

import itertools

import numpy as np
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

from ..._threads import Share, in_turn
from ._blocks import blocks_of
from ._combs import HIGHEST, LOWEST, frequencies, lay_combs
from ._envelopes import generic_envelope

# Semitones between the pitches that are tried, and to the nearest other candidate.
_STEP, _APART = 0.2, 0.4
# Pitches between two of the grid, of which each candidate gets the best: the tenth
# partial of a comb that is 10 cents off lies beside what it stands for. SI-SDR gain in
# dB of candidates on the grid / between: synthetic duos tuned 0, 15, 30 and 50 cents up
# 20.7, 19.2, 11.3, 11.7 / 20.7, 20.5, 20.8, 20.6 (n 6); melodic duos, examples 15.0 /
# 15.8 (4), harder ones 12.7 / 13.1 (10), voices of chorales 12.3 / 12.6 (24).
_N_SHIFTS = 9
_N_PARTIALS, _N_ITERATIONS = 20, 20
# Two voices nearer than this (semitones) are one.
CLOSEST = 0.8


def candidate_pitches(
    X: np.ndarray,
    background: np.ndarray,
    bin_hz: float,
    n_candidates: int,
    share: Share = in_turn,
) -> np.ndarray:
    """Find the pitches that may sound in each frame.

    Parameters
    ----------
    X, background : ndarray of shape (n_frames, n_bins)
        Magnitudes, and what is there without any voice; positive.
    bin_hz : float
        Distance of two bins in Hz.
    n_candidates : int
        How many, at most.
    share : callable, optional
        Shares blocks of frames out to threads.

    Returns
    -------
    pitches : ndarray of shape (n_frames, n_candidates)
        MIDI numbers, the strongest first; NaN where there are no more.
    """
    from ._kernels import pitch_activations

    grid = np.arange(LOWEST, HIGHEST + _STEP / 2, _STEP)
    first, weights = lay_combs(frequencies(grid) / bin_hz, X.shape[1], _N_PARTIALS)
    weights *= generic_envelope(_N_PARTIALS)[:, None]
    sizes = weights.sum((1, 2))
    # Pitches above all bins have no partial there.
    sizes[sizes == 0] = 1
    weights /= sizes[:, None, None]
    reach = 1 + 2 * round(_APART / _STEP)

    def of_block(frames):
        salience = pitch_activations(
            X[frames], background[frames], first, weights, _N_ITERATIONS
        )
        salience = gaussian_filter1d(salience, 1, axis=1)
        peaks = salience == maximum_filter1d(salience, reach, axis=1)
        heights = np.where(peaks, salience, 0)
        order = np.argsort(-heights, axis=1, kind="stable")[:, :n_candidates]
        there = np.take_along_axis(heights, order, 1) > 0
        pitches = np.where(there, grid[order], np.nan)
        levels = np.take_along_axis(salience, order, 1) / sizes[order]
        return _between(pitches, levels, X[frames], background[frames], bin_hz)

    return np.concatenate(share(of_block, blocks_of(len(X))))


def _between(pitches, levels, X, background, bin_hz):
    """Pitches beside those of the grid that explain most, each for itself."""
    from ._kernels import best_shifts

    shifts = np.linspace(-_STEP / 2, _STEP / 2, _N_SHIFTS)[:, None]
    envelope = generic_envelope(_N_PARTIALS)
    exact = np.empty_like(pitches)
    for candidate, (own, level) in enumerate(zip(pitches.T, levels.T)):
        tried = own + shifts
        bins = np.nan_to_num(frequencies(tried) / bin_hz, nan=0.0)
        best = best_shifts(X, background, bins, level[:, None] * envelope)
        exact[:, candidate] = tried[best, np.arange(len(own))]
    return exact


def possible_sets(pitches: np.ndarray, n_voices: int) -> np.ndarray:
    """All sets of candidates that may sound together, by index.

    Parameters
    ----------
    pitches : ndarray of shape (n_frames, n_candidates)
        As from :func:`candidate_pitches`.
    n_voices : int
        Most that sound at a time.

    Returns
    -------
    sets : ndarray of shape (n_frames, n_sets, n_voices) of int
        Candidates from high to low, then `n_candidates` for each silent voice; -1
        where there is no such set. The first set is silence.
    """
    n_frames, n_candidates = pitches.shape
    order = np.argsort(-np.where(np.isnan(pitches), -np.inf, pitches), axis=1)
    ordered = np.take_along_axis(pitches, order, 1)
    sets = [np.full((n_frames, n_voices), n_candidates)]
    for size in range(1, n_voices + 1):
        for members in itertools.combinations(range(n_candidates), size):
            own = np.full((n_frames, n_voices), n_candidates)
            own[:, :size] = order[:, members]
            high = ordered[:, members]
            apart = np.all(-np.diff(high, axis=1) >= CLOSEST, axis=1)
            own[~(apart & ~np.isnan(high).any(1))] = -1
            sets.append(own)
    return np.stack(sets, axis=1)


def placed(sets: np.ndarray, n_candidates: int, *, by_height: bool) -> np.ndarray:
    """Let each voice sound each member of each set.

    Parameters
    ----------
    sets : ndarray of shape (n_frames, n_sets, n_voices) of int
        As from :func:`possible_sets`.
    n_candidates : int
        The index that means silence.
    by_height : bool
        Whether the first voice is the highest of those that sound, and so on.

    Returns
    -------
    states : ndarray of shape (n_frames, n_sets * n_voices!, n_voices) of int
        State s is a placement of set ``s // n_voices!``.
    """
    n_frames, n_sets, n_voices = sets.shape
    ways = np.array(list(itertools.permutations(range(n_voices))))
    states = sets[:, :, ways]
    if by_height:
        sounding = states != n_candidates
        # Sets run from high to low, so that places are heights.
        place = np.broadcast_to(ways, states.shape)
        highest = np.maximum.accumulate(np.where(sounding, place, -1), axis=-1)
        crossed = (sounding & (place < highest)).any(-1)
        states = np.where(crossed[..., None], -1, states)
    return states.reshape(n_frames, n_sets * len(ways), n_voices)
