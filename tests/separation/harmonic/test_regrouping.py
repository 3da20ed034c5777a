import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf.separation.harmonic._regrouping import regroup


def partials_of(orders, rng):
    """Amplitudes of voices whose notes have been exchanged as `orders` says."""
    n_frames, n_voices = orders.shape
    envelopes = rng.dirichlet(np.ones(12), n_voices)
    levels = rng.uniform(0.5, 2, (n_voices, n_frames, 1))
    noise = rng.gamma(20, 1 / 20, (n_voices, n_frames, 12))
    # The instrument whose notes each tracked voice has.
    return envelopes[np.argsort(orders, axis=1).T] * levels * noise


def is_found(orders, partials):
    found = regroup(partials)
    # What the groups are called is open.
    renamed = np.take_along_axis(np.argsort(orders, axis=1), found, axis=1)
    return np.all(renamed == renamed[0])


@pytest.mark.parametrize("n_voices", [2, 3])
def test_exchanged_notes_are_found(n_voices):
    rng = np.random.default_rng(0)
    order = np.arange(n_voices)
    orders = np.repeat([order, order[::-1], np.roll(order, 1), order], 40, axis=0)
    partials = partials_of(orders, rng)
    assert is_found(orders, partials)
    partials[0, 10:20] = 0
    assert is_found(orders, partials)


def test_voices_that_keep_their_notes_are_left_as_they_are():
    orders = np.tile([0, 1], (100, 1))
    found = regroup(partials_of(orders, np.random.default_rng(1)))
    assert np.all(found == found[0])


def test_silent_voices_are_left_as_they_are():
    assert_array_equal(regroup(np.zeros((2, 3, 20))), [[0, 1]] * 3)
