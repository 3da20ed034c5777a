import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.decoding.regression._lagged import (
    contiguous_blocks,
    lag_samples,
    lagged_product,
    lagged_sums,
    moments,
)

FIELDS = ("n_valid", "z", "y", "zy", "zz")


@pytest.mark.parametrize(
    ("tmin", "tmax", "sfreq", "first", "last"),
    [
        (0.0, 0.25, 64.0, 0, 16),
        (0.0, 0.3, 64.0, 0, 19),
        (0.15, 0.3, 100.0, 15, 30),
        (0.07, 0.29, 100.0, 7, 29),
        (0.01, 0.02, 64.0, 1, 1),
    ],
)
def test_lags_are_the_samples_within_the_span(tmin, tmax, sfreq, first, last):
    assert_array_equal(lag_samples(tmin, tmax, sfreq), np.arange(first, last + 1))


@pytest.mark.parametrize("n_channels", [1, 4])
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("lags", [range(6), range(2, 7), range(1), range(3, 4)])
def test_moments_equal_those_of_the_explicit_matrix(
    n_channels, n_outputs, lags, explicit_lags
):
    rng = np.random.default_rng(0)
    lengths = (30, 11, 8)
    xs = [rng.standard_normal((n, n_channels)) for n in lengths]
    ys = [rng.standard_normal((n, n_outputs)) for n in lengths]
    lags = np.array(lags)
    found = moments([lagged_sums(x, y, lags) for x, y in zip(xs, ys)])
    z = np.vstack([explicit_lags(x, lags) for x in xs])
    y = np.vstack([y[: len(y) - lags[-1]] for y in ys])
    assert found.n_valid == len(z)
    assert_allclose(found.z, z.sum(axis=0), atol=1e-12)
    assert_allclose(found.y, y.sum(axis=0), atol=1e-12)
    assert_allclose(found.zy, z.T @ y, atol=1e-12)
    assert_allclose(np.triu(found.zz), np.triu(z.T @ z), atol=1e-12)


def test_total_minus_group_equals_the_others():
    rng = np.random.default_rng(1)
    lags = np.arange(5)
    sums = [
        lagged_sums(rng.standard_normal((n, 3)), rng.standard_normal((n, 2)), lags)
        for n in (20, 9, 14)
    ]
    found, expected = moments(sums) - moments(sums[1:2]), moments([sums[0], sums[2]])
    for name in FIELDS:
        assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-12)


def test_blocks_and_joints_make_up_the_recording():
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((107, 3)), rng.standard_normal((107, 2))
    lags = np.arange(1, 8)
    blocks, joints = contiguous_blocks(107, 5, lags)
    assert len(blocks) == 5
    assert_array_equal(np.concatenate([np.arange(107)[b] for b in blocks]), range(107))
    found = moments([lagged_sums(x[s], y[s], lags) for s in blocks + joints])
    expected = moments([lagged_sums(x, y, lags)])
    for name in FIELDS:
        a, b = getattr(found, name), getattr(expected, name)
        assert_allclose(a, b, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(
    ("n_times", "last_lag", "n_blocks"),
    [(20, 16, 1), (67, 16, 1), (68, 16, 2), (169, 16, 4), (170, 16, 5), (31, 0, 1)],
)
def test_blocks_have_room_for_two_lag_windows(n_times, last_lag, n_blocks):
    blocks, joints = contiguous_blocks(n_times, 5, np.arange(last_lag + 1))
    assert len(blocks) == n_blocks
    assert len(joints) == (n_blocks - 1 if last_lag else 0)


@pytest.mark.parametrize("n_times", [20, 3, 4096, 4097, 9000])
def test_product_takes_what_is_beyond_the_end_as_zero(n_times, explicit_lags):
    rng = np.random.default_rng(3)
    x, weights = rng.standard_normal((n_times, 2)), rng.standard_normal((10, 3))
    lags = np.arange(1, 6)
    padded = np.vstack([x, np.zeros((5, 2))])
    expected = explicit_lags(padded, lags) @ weights
    assert_allclose(lagged_product(x, weights, lags), expected, atol=1e-13)
