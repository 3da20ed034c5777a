import numpy as np
from numpy.testing import assert_allclose

from sklearn_cnmf.separation.factorization import random_factors


def test_random_factors_have_the_sum_of_X():
    X = np.random.default_rng(0).random((30, 20)).astype(np.float32) * 1e3
    A, W = random_factors(X, 4, np.random.RandomState(0))
    assert_allclose((A @ W).sum(), X.sum(), rtol=1e-4)
    assert min(A.min(), W.min()) > 0
    assert A.dtype == W.dtype == np.float32
