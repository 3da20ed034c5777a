import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import Trial
from sklearn_cnmf.separation._bands import in_bands
from sklearn_cnmf.separation._channels import channel_levels
from sklearn_cnmf.separation._mixture import Factors, Mixture


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


def test_levels_are_those_of_thirty_updates():
    rng = np.random.default_rng(0)
    # Two sources so alike that more updates would still move their levels.
    first = rng.random((30, 200))
    models = np.stack([first, first + 0.3 * rng.random((30, 200))])
    channel = np.tensordot([0.9, 0.1], models, axes=1)
    parts = np.stack([in_bands(own[::3], 24) for own in models])
    X = in_bands(channel[::3], 24)
    totals = parts.sum(axis=(1, 2))
    levels = np.full(2, X.sum() / totals.sum())
    for _ in range(30):
        levels = levels * np.sum(parts * X / np.tensordot(levels, parts, 1), (1, 2))
        levels /= totals
    assert_allclose(channel_levels(channel[None], models), [levels], rtol=1e-6)
    assert levels[0] < 0.8


def test_silent_channels_and_sources_have_level_one():
    models = [np.ones((6, 50)), np.zeros((6, 50))]
    channels = np.stack([np.zeros((6, 50)), 2 * np.ones((6, 50))])
    assert_array_equal(channel_levels(channels, models), [[1, 1], [2, 1]])


def test_masks_follow_the_levels_of_each_channel():
    rng = np.random.RandomState(0)
    envelopes = np.repeat(rng.rand(2, 32), 1000, axis=1)
    left, right = envelopes * rng.randn(2, 32000)
    trial = Trial(
        np.zeros((1, 256)),
        64.0,
        np.stack([left, right]),
        8000.0,
        guide=np.zeros((1, 256)),
        guide_sfreq=64.0,
    )
    mixture = Mixture(trial, 512)
    # All that is modelled of the two is how loud they are when.
    frames = np.minimum(np.arange(len(mixture.magnitudes)) * 128, 31999)
    A = envelopes[:, frames].T.astype(np.float32)
    factors = Factors(A, np.ones((2, 257), np.float32), True)
    found = mixture.waveforms(factors, np.array([0, 1]), 2, 2.0)
    for own, source, channel in zip(found, (left, right), (0, 1)):
        assert np.mean((own[channel] - source) ** 2) < 0.1 * np.mean(source**2)
        assert np.mean(own[1 - channel] ** 2) < 0.1 * np.mean(source**2)
    assert_allclose(sum(found), trial.mixture, atol=1e-6)
