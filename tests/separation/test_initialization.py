import numpy as np
from numpy.testing import assert_allclose
from sklearn.decomposition._nmf import _initialize_nmf

from sklearn_cnmf.separation._initialization import nndsvda_factors, random_factors


def test_random_factors_have_the_sum_of_X():
    X = np.random.default_rng(0).random((30, 20)).astype(np.float32) * 1e3
    A, W = random_factors(X, 4, np.random.RandomState(0))
    assert_allclose((A @ W).sum(), X.sum(), rtol=1e-4)
    assert min(A.min(), W.min()) > 0
    assert A.dtype == W.dtype == np.float32


def test_nndsvda_equals_scikit_learn():
    X = np.random.default_rng(0).random((30, 20))
    A, W = nndsvda_factors(X, 4, np.random.RandomState(0))
    expected = _initialize_nmf(X, 4, init="nndsvda", random_state=0)
    assert_allclose(A, expected[0], rtol=1e-6, atol=1e-6)
    assert_allclose(W, expected[1], rtol=1e-6, atol=1e-6)
