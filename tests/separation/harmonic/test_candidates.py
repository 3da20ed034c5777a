import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf.separation.harmonic._candidates import (
    candidate_pitches,
    placed,
    possible_sets,
)
from sklearn_cnmf.separation.harmonic._combs import frequencies, hann_lobe

BIN_HZ, N_BINS = 5.0, 600


def tone(pitch):
    """Spectrum of a tone with falling partials."""
    partials = np.arange(1, 13)
    centres = frequencies(pitch) / BIN_HZ * partials
    lobes = hann_lobe(np.arange(N_BINS)[:, None] - centres)
    return lobes @ (1 / partials)


def test_what_sounds_is_a_candidate():
    X = 100 * np.stack([tone(60.0), tone(48.6) + tone(71.4), tone(35.0)]) + 0.1
    found = candidate_pitches(X, np.full_like(X, 0.1), BIN_HZ, 6)
    assert found.shape == (3, 6)
    for frame, pitches in zip(found, ([60.0], [48.6, 71.4], [35.0])):
        for pitch in pitches:
            assert np.nanmin(np.abs(frame - pitch)) <= 0.21
    assert abs(found[0, 0] - 60) <= 0.21


@pytest.mark.parametrize("cents", [0, 5, 10, 15, 30, 50])
def test_candidates_lie_between_the_pitches_of_the_grid(cents):
    pitches = [60 + cents / 100, 67 + cents / 100]
    X = 100 * sum(tone(pitch) for pitch in pitches)[None] + 0.1
    found = candidate_pitches(X, np.full_like(X, 0.1), BIN_HZ, 6)[0]
    for pitch in pitches:
        assert np.nanmin(np.abs(found - pitch)) < 0.03


def test_sets_hold_candidates_from_high_to_low():
    sets = possible_sets(np.array([[50.0, 62.0, np.nan, 50.5]]), 2)[0]
    sounding = {tuple(own) for own in sets if own[0] >= 0}
    # 50 and 50.5 are one voice; the third is no candidate.
    assert sounding == {(4, 4), (0, 4), (1, 4), (3, 4), (1, 0), (1, 3)}
    assert_array_equal(sets[0], [4, 4])


def test_sets_of_three():
    sets = possible_sets(np.array([[50.0, 62.0, 70.0]]), 3)[0]
    assert len(sets) == 1 + 3 + 3 + 1
    assert [2, 1, 0] in sets.tolist()


@pytest.mark.parametrize("n_voices", [1, 2, 3])
def test_each_voice_may_sound_each_member(n_voices):
    sets = possible_sets(np.array([[50.0, 62.0, 70.0]]), n_voices)
    states = placed(sets, 3, by_height=False)[0]
    own = {tuple(state) for state in states}
    for members in sets[0]:
        assert tuple(members[::-1]) in own
        assert tuple(members) in own


def test_by_height_voices_do_not_cross():
    pitches = np.array([50.0, 62.0, 70.0])
    sets = possible_sets(pitches[None], 3)
    states = placed(sets, 3, by_height=True)[0]
    kept = {tuple(state) for state in states if state[0] >= 0}
    assert (2, 1, 0) in kept
    # One that is silent may be any of them.
    assert {(2, 0, 3), (2, 3, 0), (3, 2, 0)} <= kept
    for state in kept:
        heights = [pitches[own] for own in state if own < 3]
        assert heights == sorted(heights, reverse=True)


def test_a_state_belongs_to_its_set():
    sets = possible_sets(np.array([[50.0, 62.0]]), 2)
    states = placed(sets, 2, by_height=False)[0]
    for index, state in enumerate(states):
        assert sorted(state) == sorted(sets[0, index // 2])
