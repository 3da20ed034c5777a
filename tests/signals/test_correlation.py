import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.signals import pearson_r, sliding_pearson_r, standardize


def test_correlation_equals_numpy_and_is_zero_for_constants():
    rng = np.random.default_rng(5)
    a, b = rng.standard_normal((2, 50, 3)) + 1e3
    expected = [np.corrcoef(a[:, i], b[:, i])[0, 1] for i in range(3)]
    assert_allclose(pearson_r(a, b), expected, rtol=1e-9)
    a[:, 1], b[:, 2] = 1e6 / 3, 0.0
    assert_array_equal(pearson_r(a, b)[1:], 0)
    assert_allclose(pearson_r(a[:, :1], -1e-200 * a[:, :1]), -1)


def test_standardized_columns_have_mean_zero_and_unit_norm():
    columns = np.random.default_rng(0).standard_normal((30, 2, 3)) + 5
    columns[:, 1, 2] = 7.0
    found = standardize(columns)
    assert_allclose(found.mean(axis=0), 0, atol=1e-15)
    norms = np.linalg.norm(found, axis=0)
    assert norms[1, 2] == 0
    norms[1, 2] = 1
    assert_allclose(norms, 1)


def test_sliding_correlation_equals_that_of_each_window():
    rng = np.random.default_rng(0)
    a, b = rng.standard_normal((2, 60, 3)) + 50
    a[10:30, 1] = 1 / 3
    for n_window in (2, 7, 16, 60):
        found = sliding_pearson_r(a, b, n_window)
        for time in range(60):
            start = min(max(time - n_window // 2, 0), 60 - n_window)
            part = slice(start, start + n_window)
            assert_allclose(found[time], pearson_r(a[part], b[part]), atol=1e-9)


@pytest.mark.parametrize("n_window", [1, 2.5, 61])
def test_windows_out_of_range_are_refused(n_window):
    with pytest.raises(ValueError, match="n_window: expected"):
        sliding_pearson_r(np.ones((60, 1)), np.ones((60, 1)), n_window)
