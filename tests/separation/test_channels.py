import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation._channels import channel_levels


def test_levels_of_a_mixture_are_found():
    rng = np.random.RandomState(0)
    models = [(rng.rand(60, 200) ** 8).astype(np.float32) for _ in range(3)]
    truth = np.array([[0.9, 0.1, 0.0], [0.2, 0.5, 3.0]])
    channels = np.stack([sum(a * own for a, own in zip(row, models)) for row in truth])
    levels = channel_levels(channels, models)
    assert_allclose(levels, truth, atol=0.05)
    # The unit of the channels does not matter, nor does a phase.
    turned = channels * np.exp(2j * np.pi * rng.rand(*channels.shape)) * 1e-6
    assert_allclose(channel_levels(turned, models), 1e-6 * levels, rtol=1e-3, atol=1e-9)


def test_silent_channels_and_sources_have_level_one():
    models = [np.ones((6, 50)), np.zeros((6, 50))]
    channels = np.stack([np.zeros((6, 50)), 2 * np.ones((6, 50))])
    assert_array_equal(channel_levels(channels, models), [[1, 1], [2, 1]])
