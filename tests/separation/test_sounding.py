import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation._bands import in_bands
from sklearn_cnmf.separation._sounding import sounding_components
from sklearn_cnmf.separation.factorization import (
    activations_for,
    contrastive_nmf,
    kl_divergence,
)


def many_spectra(rng, n_components=400, n_bins=1025):
    """Combs of partials that decay, at random fundamentals."""
    bins = np.arange(n_bins)[:, None]
    combs = []
    for fundamental in rng.uniform(20, 120, n_components):
        partials = fundamental * np.arange(1, 9)
        heights = rng.uniform(0.2, 1, 8)
        combs.append((heights * np.exp(-((bins - partials) ** 2) / 4)).sum(1))
    combs = np.array(combs) + 1e-6
    return combs / combs.sum(1, keepdims=True)


@pytest.fixture
def played():
    rng = np.random.default_rng(0)
    components = many_spectra(rng)
    truth = np.zeros((60, 400))
    for k in (3, 77, 200, 399):
        truth[rng.integers(0, 40) :, k] = rng.uniform(0.5, 1)
    truth[:, 399] *= 1e-3
    return truth @ components, components, np.arange(400) // 200


def test_what_sounds_is_kept_and_little_else(played):
    X, components, groups = played
    kept, activations, _ = sounding_components(X, components, np.zeros(400), groups)
    assert {3, 77, 200} <= set(kept)
    assert len(kept) < 100
    assert_array_equal(kept, np.unique(kept))
    assert activations.shape == (60, len(kept))
    assert activations.min() >= 0
    few = activations_for(X, components[kept], 50)
    assert kl_divergence(X, few @ components[kept]) < 1e-3 * X.sum()


def test_all_that_sound_alike_loud_are_kept():
    rng = np.random.default_rng(0)
    components = many_spectra(rng)
    sounding = np.arange(5, 400, 40)
    truth = np.zeros((60, 400))
    truth[:, sounding] = rng.uniform(0.5, 1, (60, 10))
    groups = np.zeros(400, dtype=int)
    kept, _, _ = sounding_components(
        truth @ components, components, groups * 0.0, groups
    )
    assert set(sounding) <= set(kept)


def test_a_quiet_instrument_is_kept(played):
    X, components, _ = played
    groups = (np.arange(400) == 399).astype(int)
    kept, _, _ = sounding_components(X, components, np.zeros(400), groups)
    assert 399 in kept


def test_what_costs_is_left_out_where_another_does_the_same():
    rng = np.random.default_rng(0)
    components = np.repeat(many_spectra(rng, 150), 2, axis=0)
    X = rng.random((20, 300)) @ components
    cost = np.tile([0.0, 1.0], 150)
    kept, _, _ = sounding_components(X, components, cost, np.zeros(300, dtype=int))
    assert np.isin(kept, np.arange(0, 300, 2)).all()


def test_few_spectra_are_all_kept():
    X = np.arange(12.0).reshape(3, 4)
    kept, activations, _ = sounding_components(
        X, np.eye(4)[:2], np.zeros(2), np.array([0, 1])
    )
    assert_array_equal(kept, [0, 1])
    assert_allclose(activations, [[3, 3], [11, 11], [19, 19]])


@pytest.mark.parametrize(("n_components", "all_kept"), [(200, True), (201, False)])
def test_two_hundred_spectra_are_few(n_components, all_kept):
    components = many_spectra(np.random.default_rng(0), n_components, 300)
    groups = np.zeros(n_components, int)
    kept, _, _ = sounding_components(
        components[:5], components, np.zeros(n_components), groups
    )
    assert (len(kept) == n_components) == all_kept


def test_misfit_is_relative_to_free_components():
    rng = np.random.default_rng(0)
    X = rng.gamma(0.3, size=(3000, 200))
    # Flat spectra explain the sum of each frame, evenly.
    _, _, misfit = sounding_components(
        X, np.full((200, 200), 1 / 200), np.zeros(200), np.zeros(200, int)
    )
    # Of every third frame, 200 are asked.
    asked = np.linspace(0, 999, 200).round().astype(int)
    heard = in_bands(X[::3][asked], 24)
    flat = in_bands(np.full((1, 200), 1 / 200), 24)
    free = contrastive_nmf(heard, 48, delta=0.0, max_iter=40, random_state=0)
    ratio = kl_divergence(heard, heard.sum(1, keepdims=True) * flat) / kl_divergence(
        heard, free.activations @ free.components
    )
    assert_allclose(misfit, ratio, rtol=1e-3)


def test_misfit_tells_spectra_of_other_sources(played):
    X, components, groups = played
    rng = np.random.default_rng(1)
    X = X + 1e-3 * rng.gamma(1.0, X.mean(), X.shape)
    _, _, own = sounding_components(X, components, np.zeros(400), groups)
    _, _, others = sounding_components(X, many_spectra(rng), np.zeros(400), groups)
    assert own < 2
    assert others > 15


def test_the_start_follows_the_mixture_over_time(played):
    X, components, groups = played
    X = X * np.linspace(0.01, 1, len(X))[:, None] ** 2
    _, start, _ = sounding_components(X, components, np.zeros(400), groups)
    assert np.corrcoef(start.sum(1), X.sum(1))[0, 1] > 0.95
    # Every third frame is asked for; another number of frames leaves none out.
    _, start, _ = sounding_components(X[:-1], components, np.zeros(400), groups)
    assert len(start) == len(X) - 1
    assert start.min() > 0
