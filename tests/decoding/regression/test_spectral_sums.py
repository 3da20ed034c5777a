import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.decoding.regression._lagged import lagged_sums, moments
from sklearn_cnmf.decoding.regression._spectral_sums import pooled_moments

FIELDS = ("n_valid", "z", "y", "zy")


@pytest.mark.parametrize("lags", [range(6), range(2, 7), range(1), range(3, 4)])
@pytest.mark.parametrize(("n_channels", "n_outputs"), [(1, 1), (4, 3)])
@pytest.mark.parametrize("lengths", [(30, 11, 8), (1500, 507, 513), (512,)])
def test_pooled_moments_equal_those_of_single_recordings(
    lags, n_channels, n_outputs, lengths
):
    rng = np.random.default_rng(0)
    lags = np.array(lags)
    xs = [rng.standard_normal((n, n_channels)) for n in lengths]
    ys = [rng.standard_normal((n, n_outputs)) for n in lengths]
    found = pooled_moments(xs, ys, lags)
    expected = moments([lagged_sums(x, y, lags) for x, y in zip(xs, ys)])
    for name in FIELDS:
        assert_allclose(getattr(found, name), getattr(expected, name), atol=1e-10)
    assert_allclose(np.triu(found.zz), np.triu(expected.zz), atol=1e-10)


def test_more_segments_than_one_batch_and_more_lags_than_a_segment():
    rng = np.random.default_rng(1)
    for n_times, n_lags in ((70 * 512, 9), (3000, 700)):
        lags = np.arange(n_lags)
        x, y = rng.standard_normal((n_times, 1)), rng.standard_normal((n_times, 1))
        found = pooled_moments([x], [y], lags)
        expected = moments([lagged_sums(x, y, lags)])
        assert_allclose(found.zy, expected.zy, atol=1e-8)
        assert_allclose(np.triu(found.zz), np.triu(expected.zz), atol=1e-8)
