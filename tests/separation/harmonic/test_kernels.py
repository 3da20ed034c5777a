import itertools

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation.harmonic import _kernels
from sklearn_cnmf.separation.harmonic._combs import (
    LOBE_BINS,
    hann_lobe,
    lay_combs,
)

N_BINS, N_PARTIALS = 200, 6


def dense(first, weights):
    """Combs as full spectra, (..., n_partials, n_bins)."""
    spectra = np.zeros((*first.shape, N_BINS))
    for index in np.ndindex(first.shape):
        start = first[index]
        spectra[index][start : start + LOBE_BINS] = weights[index]
    return spectra


@pytest.fixture
def frames():
    rng = np.random.default_rng(0)
    positions = np.array([11.2, 17.6, 23.3])
    first, weights = lay_combs(positions, N_BINS, N_PARTIALS)
    level = np.array([[3.0, 0, 2], [0, 4, 1], [1, 1, 1], [5, 0, 0]])
    X = level @ (dense(first, weights) * 0.7 ** np.arange(6)[:, None]).sum(1)
    X = X + 0.01 * rng.random(X.shape)
    return X, first, weights


def test_activations_are_those_of_plain_updates(frames):
    X, first, weights = frames
    weights = weights / weights.sum((1, 2), keepdims=True)
    background = np.full_like(X, 1e-9)
    found = _kernels.pitch_activations(X, background, first, weights, 15)
    start = np.repeat(X.sum(1, keepdims=True) / 3, 3, axis=1)
    W = dense(first, weights).sum(1)
    A = start
    for _ in range(15):
        A = A * ((X / (A @ W + 1e-9)) @ W.T)
    assert_allclose(found, A, rtol=1e-8)


def test_models_add_the_combs_of_each_voice(frames):
    _, first, weights = frames
    first, weights = np.stack([first] * 2), np.stack([weights] * 2)
    amplitudes = np.random.default_rng(1).random((2, 3, N_PARTIALS))
    owner = np.array([0, 1, 0])
    models = _kernels.comb_models(first, weights, amplitudes, owner, 2, N_BINS)
    each = (dense(first, weights) * amplitudes[..., None]).sum(2)
    assert_allclose(models, [each[:, 0] + each[:, 2], each[:, 1]])
    owner = np.array([0, -1, 0])
    (model,) = _kernels.comb_models(first, weights, amplitudes, owner, 1, N_BINS)
    assert_allclose(model, models[0])


def test_evidence_is_largest_for_what_sounds(frames):
    X, first, weights = frames
    X = X * 200 / X.sum(1, keepdims=True)
    first = np.repeat(first[None], len(X), axis=0)
    weights = np.repeat(weights[None], len(X), axis=0)
    states = [(0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3), (3, 3)]
    states = np.repeat(np.array(states)[None], len(X), axis=0)
    envelopes = np.tile(0.7 ** np.arange(N_PARTIALS), (2, 1))
    evidence = _kernels.state_evidence(
        X, np.full_like(X, 0.05), first, weights, states, envelopes, 5.0, 10
    )
    assert_array_equal(evidence.argmax(1)[[0, 1, 3]], [1, 2, 3])
    assert_allclose(evidence[:, -1], 0)


def test_evidence_of_one_partial_is_the_likelihood_and_the_prior():
    first, weights = lay_combs(np.array([[80.0]]), N_BINS, 1)
    X = np.full((1, N_BINS), 0.1)
    X[0, 79:82] += [2.0, 4.0, 2.0]
    background = np.full_like(X, 0.1)
    states = np.array([[[0], [-1]]])
    found = _kernels.state_evidence(
        X, background, first, weights, states, np.ones((1, 1)), 3.0, 200
    )
    spectrum = dense(first, weights)[0, 0, 0]
    # With one partial the level is the amplitude, and the prior says nothing.
    model = 0.1 + 4.0 * spectrum
    expected = np.sum(X[0] * np.log(model / 0.1) - 4.0 * spectrum)
    assert_allclose(found[0, 0], expected, rtol=1e-6)
    assert found[0, 1] == -np.inf


def test_envelope_tells_who_sounds():
    first, weights = lay_combs(np.array([[20.0]]), N_BINS, N_PARTIALS)
    envelopes = np.array([np.ones(6), 0.4 ** np.arange(6)])
    X = 40 * (dense(first, weights)[0, 0] * envelopes[1][:, None]).sum(0)[None] + 0.01
    states = np.array([[[0, 1], [1, 0]]])
    evidence = _kernels.state_evidence(
        X, np.full_like(X, 0.01), first, weights, states, envelopes, 5.0, 20
    )
    assert evidence[0, 1] > evidence[0, 0] + 5


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("spread", [2, 5, 20])
def test_path_is_the_best_of_all_paths(seed, spread):
    rng = np.random.default_rng(seed)
    evidence = rng.random((5, 4)) * 4
    evidence[2, 1] = -np.inf
    pitches = 60 + spread * rng.standard_normal((5, 4, 2))
    pitches[1, 2, 0] = pitches[3, 0, 1] = np.nan

    def score_of(path):
        total = sum(evidence[n, s] for n, s in enumerate(path))
        for n in range(1, 5):
            for v in range(2):
                a, b = pitches[n - 1, path[n - 1], v], pitches[n, path[n], v]
                if np.isnan(a) != np.isnan(b):
                    total -= 0.9
                elif not np.isnan(a):
                    total -= min(0.3 * max(abs(a - b) - 0.5, 0), 2.0)
        return total

    path, score = _kernels.best_path(evidence, pitches, 0.5, 0.3, 2.0, 0.9)
    best = max(itertools.product(range(4), repeat=5), key=score_of)
    assert tuple(path) == best
    assert score == pytest.approx(score_of(best))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("switch", [0.1, 0.5, 5.0])
def test_steady_path_is_the_cheapest_of_all_paths(seed, switch):
    costs = np.random.default_rng(seed).random((6, 3))

    def cost_of(path):
        n_switches = np.count_nonzero(np.diff(path))
        return costs[np.arange(6), list(path)].sum() + switch * n_switches

    path, cost = _kernels.steady_path(costs, switch)
    best = min(itertools.product(range(3), repeat=6), key=cost_of)
    assert tuple(path) == best
    assert cost == pytest.approx(cost_of(best))


def test_amplitudes_without_prior_are_those_of_plain_updates(frames):
    X, first, weights = frames
    first = np.stack([first] * len(X))
    weights = np.stack([weights] * len(X))
    amplitudes = np.full((len(X), 3, N_PARTIALS), 0.5)
    envelopes = np.ones((2, N_PARTIALS))
    background = np.full_like(X, 0.01)
    expected = amplitudes.copy()
    W = dense(first, weights)
    for _ in range(5):
        model = background + np.einsum("nch,nchk->nk", expected, W)
        ratio = np.einsum("nk,nchk->nch", X / model, W)
        sizes = W.sum(-1)
        expected *= ratio / np.where(sizes > 0, sizes, 1)
        found, level = _kernels.update_amplitudes(
            X,
            background,
            first,
            weights,
            amplitudes,
            np.tile([0, 1, 0], (len(X), 1)),
            envelopes,
            np.ones(3),
            1e-12,
        )
    there = weights.sum(-1) > 0
    assert_allclose(amplitudes[there], expected[there], rtol=1e-6)
    magnitudes = (expected * weights.sum(-1)).sum(0)
    assert_allclose(found, [magnitudes[0] + magnitudes[2], magnitudes[1]])
    assert_allclose(level.sum(1), found.sum(1))


def test_strong_prior_holds_amplitudes_to_the_envelope(frames):
    X, first, weights = frames
    first = np.stack([first[:1]] * len(X))
    weights = np.stack([weights[:1]] * len(X))
    amplitudes = np.ones((len(X), 1, N_PARTIALS))
    envelopes = 0.5 ** np.arange(N_PARTIALS)[None]
    for _ in range(3):
        _kernels.update_amplitudes(
            X,
            np.full_like(X, 0.01),
            first,
            weights,
            amplitudes,
            np.zeros((len(X), 1), int),
            envelopes,
            np.ones(1),
            1e9,
        )
    shares = amplitudes[:, 0] / amplitudes[:, 0].sum(1, keepdims=True)
    assert_allclose(shares, np.tile(envelopes / envelopes.sum(), (4, 1)), rtol=1e-3)


def test_shift_that_explains_most_is_found():
    positions = 20 * 2 ** (np.linspace(-1, 1, 9) / 12)
    first, weights = lay_combs(positions[:, None], N_BINS, N_PARTIALS)
    amplitudes = np.ones((1, N_PARTIALS))
    for true in (0, 3, 8):
        X = dense(first, weights)[true, 0].sum(0)[None]
        rest = np.full_like(X, 0.01)
        shifts = _kernels.best_shifts(X, rest, positions[:, None], amplitudes)
        assert_array_equal(shifts, [true])


def test_shifts_are_those_of_plain_sums():
    rng = np.random.default_rng(5)
    # The lowest comb lies partly below the first bin, one frame has none.
    positions = rng.uniform(0.5, 40, (7, 6))
    positions[:, 2] = 0
    X, rest = rng.random((6, N_BINS)) * 5, rng.random((6, N_BINS)) + 0.1
    amplitudes = rng.random((6, N_PARTIALS)) * 3
    found = _kernels.best_shifts(X, rest, positions, amplitudes)
    combs = dense(*lay_combs(positions, N_BINS, N_PARTIALS))
    parts = combs * amplitudes[:, :, None]
    gains = X[:, None] * np.log1p(parts / rest[:, None]) - parts
    assert_array_equal(found, gains.sum((2, 3)).argmax(0))


def test_lobe_is_that_of_the_combs():
    for offset in (-2.0, -1.999999999, -1.7, -1.5, -1.0, -0.2, 0.0):
        lobe = np.empty(LOBE_BINS)
        _kernels.lay_lobe(offset, lobe)
        assert_allclose(lobe, hann_lobe(offset + np.arange(LOBE_BINS)), atol=1e-8)


@pytest.mark.parametrize("size", [1, 3, 11])
def test_running_median_is_the_median_of_each_window(size):
    rng = np.random.default_rng(6)
    rows = rng.integers(0, 9, (4, 60)).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(rows, size, axis=1)
    assert_array_equal(_kernels.running_median(rows, size), np.median(windows, axis=2))
