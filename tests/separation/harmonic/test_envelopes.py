import numpy as np
from numpy.testing import assert_allclose, assert_array_equal
from scipy.ndimage import gaussian_filter1d

from sklearn_cnmf.separation.harmonic._envelopes import Envelopes, Profile

N_PARTIALS = 6


def made():
    pitches = np.array([[50.1, 50.2, 70.0], [np.nan, 62.0, 62.0]])
    return Envelopes(pitches, np.array([0, 1]), 2, N_PARTIALS)


def test_rows_are_voices_in_registers():
    envelopes = made()
    rows = envelopes.rows
    assert rows[0, 0] == rows[0, 1] != rows[0, 2]
    assert rows[1, 1] == rows[1, 2]
    assert not set(rows[0]) & set(rows[1])
    assert envelopes.nearby.shape[0] > rows.max()
    assert_allclose(envelopes.nearby.sum(1), 1)


def test_much_that_is_found_is_learned_where_it_was():
    envelopes = made()
    low, high = np.array([8, 4, 2, 1, 1, 1.0]), np.array([1, 1, 1, 1, 4, 8.0])
    found, expected = np.zeros_like(envelopes.nearby), np.zeros_like(envelopes.nearby)
    for row, shape in ((envelopes.rows[0, 0], low), (envelopes.rows[0, 2], high)):
        found[row], expected[row] = 1e6 * shape / shape.sum(), 1e6
    envelopes.learn(found, expected)
    # Twenty semitones apart they don't mix.
    for row, shape in ((envelopes.rows[0, 0], low), (envelopes.rows[0, 2], high)):
        assert_allclose(envelopes.nearby[row], shape / shape.sum(), rtol=0.02)
    # In all, a fifth of the logarithms is smooth.
    levels = np.log((low / low.sum() + high / high.sum()) / 2)
    smooth = gaussian_filter1d(levels, 1.5, mode="nearest")
    both = np.exp(0.2 * smooth + 0.8 * levels)
    assert_allclose(envelopes.overall[0], both / both.sum(), rtol=1e-4)
    # Nothing was found of the other voice.
    assert envelopes.overall[1].argmax() == 0


def test_profile_gives_the_envelope_of_notes_nearby():
    envelopes = made()
    found, expected = np.zeros_like(envelopes.nearby), np.zeros_like(envelopes.nearby)
    row = envelopes.rows[1, 1]
    found[row], expected[row] = [0, 9e5, 0, 0, 1e5, 0], 1e6
    envelopes.learn(found, expected)
    first, second = envelopes.profiles()
    assert not first.found.any()
    (at_62,) = second.envelopes_at(np.array([62.0]))
    assert_allclose(at_62[[1, 4]], [0.9, 0.1], rtol=0.01)
    assert_array_equal(second.found.sum(1) > 0, second.heights == 62)


def test_far_from_all_notes_the_envelope_is_that_of_all():
    profile = Profile(np.array([40.0]), np.full((1, 4), 250.0), np.full((1, 4), 1e3))
    near, far = profile.envelopes_at(np.array([40.0, 90.0]))
    assert_allclose(far, near, rtol=0.05)
    assert_allclose(far, 0.25, rtol=0.05)


def test_an_envelope_weighs_three_counts_against_what_is_found():
    envelopes = made()
    before = envelopes.overall[1]
    found, expected = np.zeros_like(envelopes.nearby), np.zeros_like(envelopes.nearby)
    row = envelopes.rows[1, 1]
    found[row], expected[row] = [0, 0, 6, 0, 2, 0], 8
    envelopes.learn(found, expected)
    levels = np.log((found[row] + 3 * before) / (8 + 3))
    smooth = gaussian_filter1d(levels, 1.5, mode="nearest")
    learned = np.exp(0.2 * smooth + 0.8 * levels)
    assert_allclose(envelopes.overall[1], learned / learned.sum())
