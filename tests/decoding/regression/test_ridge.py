import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.decoding.regression._lagged import lagged_sums, moments
from sklearn_cnmf.decoding.regression._ridge import (
    covariances,
    forward_patterns,
    leave_one_group_out,
    ridge_path,
)


def _covariance(n_features, rank, seed=0):
    rng = np.random.default_rng(seed)
    factor = rng.standard_normal((n_features, rank))
    return factor @ factor.T


@pytest.mark.parametrize("n_features", [1, 2, 90])
@pytest.mark.parametrize("n_outputs", [1, 3])
def test_path_solves_the_penalised_normal_equations(n_features, n_outputs):
    cov = _covariance(n_features, n_features + 5)
    target = np.random.default_rng(1).standard_normal((n_features, n_outputs))
    alphas = [1e-4, 0.1, 1.0, 1e3]
    weights = ridge_path(np.triu(cov), target, alphas)
    assert weights.shape == (4, n_features, n_outputs)
    for found, alpha in zip(weights, alphas):
        penalty = alpha * np.trace(cov) / n_features
        expected = np.linalg.solve(cov + penalty * np.eye(n_features), target)
        assert_allclose(found, expected, rtol=1e-8, atol=1e-10 * abs(expected).max())


@pytest.mark.parametrize("rank", [40, 8])
def test_one_penalty_gives_what_it_gives_among_many(rank):
    cov = _covariance(30, rank)
    target = cov @ np.random.default_rng(1).standard_normal((30, 2))
    path = ridge_path(np.triu(cov), target, [1e-5, 1.0, 0.0])
    for number, alpha in enumerate((1e-5, 1.0)):
        [alone] = ridge_path(np.triu(cov), target, [alpha])
        assert_allclose(alone, path[number], atol=1e-8 * abs(path).max())


def test_no_penalty_on_a_singular_covariance_gives_the_least_norm():
    cov = _covariance(12, 5)
    target = cov @ np.random.default_rng(2).standard_normal((12, 2))
    expected = np.linalg.pinv(cov, hermitian=True) @ target
    assert_allclose(ridge_path(cov, target, [0.0])[0], expected, atol=1e-8)


def test_vanishing_predictors_get_no_weight():
    weights = ridge_path(np.zeros((3, 3)), np.zeros((3, 1)), [0.0, 1.0])
    assert_array_equal(weights, 0)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("offset", [0.0, 50.0])
def test_leaving_out_equals_refitting_without(
    n_outputs, offset, explicit_lags, explicit_ridge
):
    rng = np.random.default_rng(3)
    lags, alphas = np.arange(1, 5), [1e-3, 0.3, 10.0]
    lengths, groups = (40, 25, 33, 28), ("a", "b", "a", "c")
    xs = [rng.standard_normal((n, 3)) + offset for n in lengths]
    ys = [rng.standard_normal((n, n_outputs)) + x[:, :1] for n, x in zip(lengths, xs)]
    sums = [lagged_sums(x, y, lags) for x, y in zip(xs, ys)]
    found = leave_one_group_out(ys, sums, groups, alphas)
    for i, group in enumerate(groups):
        kept = [j for j, other in enumerate(groups) if other != group]
        for a, alpha in enumerate(alphas):
            weights, intercept = explicit_ridge(
                [xs[j] for j in kept], [ys[j] for j in kept], lags, alpha
            )
            predicted = explicit_lags(xs[i], lags) @ weights + intercept
            r = [
                np.corrcoef(p, t)[0, 1]
                for p, t in zip(predicted.T, ys[i][: len(predicted)].T)
            ]
            assert_allclose(found[a, i], r, rtol=1e-8, atol=1e-9)


def test_held_out_constants_score_zero():
    rng = np.random.default_rng(6)
    lags = np.arange(3)
    xs = [rng.standard_normal((30, 2)) for _ in range(4)]
    ys = [rng.standard_normal((30, 2)) for _ in range(4)]
    xs[1] = np.full((30, 2), 0.7)
    ys[2] = np.column_stack([np.full(30, 1 / 3), ys[2][:, 1]])
    sums = [lagged_sums(x, y, lags) for x, y in zip(xs, ys)]
    found = leave_one_group_out(ys, sums, range(4), [1e-6, 1.0])
    assert_array_equal(found[:, 1], 0)
    assert_array_equal(found[:, 2, 0], 0)
    assert np.all(found[:, 2, 1] != 0)


def test_patterns_follow_the_formula_for_correlated_channels_and_outputs(explicit_lags):
    rng = np.random.default_rng(4)
    lags = np.arange(3)
    x = rng.standard_normal((200, 4)) @ rng.standard_normal((4, 4)) + 3
    y = rng.standard_normal((200, 2))
    weights = rng.standard_normal((12, 2))
    cov, _ = covariances(moments([lagged_sums(x, y, lags)]))
    z = explicit_lags(x, lags)
    estimated = z @ weights
    full = np.cov(z.T, bias=True)
    expected = full @ weights @ np.linalg.inv(np.cov(estimated.T, bias=True))
    assert_allclose(forward_patterns(cov, weights), expected, rtol=1e-9)
