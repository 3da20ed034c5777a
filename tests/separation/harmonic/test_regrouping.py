import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

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


def noisy(seed, n_frames, n_voices, n_partials, shape=1.0, heard=1.0):
    """Amplitudes of voices much alike that exchange their notes."""
    # The stream of a RandomState is the same in all versions.
    rng = np.random.RandomState(seed)
    envelopes = rng.dirichlet(np.full(n_partials, 0.7), n_voices)
    envelopes = envelopes.mean(axis=0) + 0.2 * (envelopes - envelopes.mean(axis=0))
    orders = np.argsort(rng.random_sample((n_voices, -(-n_frames // 5))), axis=0)
    sizes = n_voices, n_frames, n_partials
    partials = envelopes[np.repeat(orders, 5, axis=1)[:, :n_frames]]
    partials *= rng.uniform(0.3, 2, (n_voices, n_frames, 1))
    partials *= rng.gamma(shape, 1 / shape, sizes)
    return partials * (rng.random_sample(sizes) < heard)


def cost_of(partials, orders):
    """What regrouping makes small, for orders like those that it returns."""
    partials = partials[..., :16]
    levels = partials.sum(axis=2)
    shares = partials + 1e-3 * levels.mean() / 16
    shares /= shares.sum(axis=2, keepdims=True)
    weights = 20 * np.sqrt(levels / levels.mean())
    cost = 3.0 * np.count_nonzero(np.any(np.diff(orders, axis=0), axis=1))
    frames = np.arange(len(orders))
    for order in orders.T:
        own, weight = shares[order, frames], weights[order, frames, None]
        envelope = np.average(own, axis=0, weights=weight[:, 0])
        cost += np.sum(weight * own * np.log(own / envelope))
    return cost


def test_no_other_orders_cost_less():
    paths = np.array([(0, *rest) for rest in itertools.product([0, 1], repeat=8)])
    for seed in range(12):
        partials = noisy(seed, 9, 2, 20, shape=3.0)
        costs = [cost_of(partials, np.stack([path, 1 - path], 1)) for path in paths]
        found = cost_of(partials, regroup(partials))
        assert_allclose(found, min(costs), rtol=1e-6)


# What a search with more starts, stretches or rounds would lower.
@pytest.mark.parametrize(
    ("n_frames", "shape", "heard", "stored"),
    [(60, 1.0, 0.3, 50325.65824), (200, 0.3, 1.0, 113401.41739)],
)
def test_costs_are_those_that_were_stored(n_frames, shape, heard, stored):
    cost = 0.0
    for seed in range(12):
        partials = noisy(seed, n_frames, 3, 16, shape, heard)
        cost += cost_of(partials, regroup(partials))
    assert_allclose(cost, stored, rtol=1e-5)
