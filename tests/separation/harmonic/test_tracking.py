import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation.harmonic._tracking import _path, _within_ranges


def test_notes_score_by_their_distance_from_the_mean_of_their_voice():
    tracked = np.array([[66.0, 78.0, np.nan, 72.0], [np.nan] * 4])
    spread = np.std([66, 78, 72])
    pitches = np.array([[[72.0, 50.0], [72 + spread, 50.0], [np.nan, 50.0]]])
    score = _within_ranges(pitches, tracked)[0]
    # A voice that never sounds has no range.
    assert_allclose(score[0], 0.15)
    assert_allclose(score[1:], 0, atol=1e-12)
    further = np.array([[[72 + 2 * spread, np.nan]]])
    assert_allclose(_within_ranges(further, tracked), -3 * score[0])


def test_a_voice_on_one_note_may_play_others():
    tracked = np.full((1, 5), 60.0)
    score = _within_ranges(np.array([[[61.0], [63.0]]]), tracked)[0]
    assert_array_equal(score > 0, [True, False])
    assert score[1] == 0


def test_what_steps_jumps_and_rests_cost():
    pitches = [60.0, 60.5, 61.5, 54.0, 69.0, np.nan, np.nan, 40.0]
    costs = [0, 1, 14, 20, 7, 0, 7]
    for n_frames in range(1, len(pitches) + 1):
        # The second voice stays on its note, or silent.
        for other in (50.0, np.nan):
            one_way = np.array([[[own, other]] for own in pitches[:n_frames]])
            found, score = _path(np.ones((n_frames, 1)), one_way)
            assert_array_equal(found, one_way[:, 0].T)
            assert_allclose(score, n_frames - sum(costs[: n_frames - 1]))
