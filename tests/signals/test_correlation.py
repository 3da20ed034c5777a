import numpy as np
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.signals import pearson_r, standardize


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
