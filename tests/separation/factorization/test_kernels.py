import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.separation import kl_divergence
from sklearn_cnmf.separation.factorization import _kernels
from sklearn_cnmf.separation.factorization._kernels import Workspace


@pytest.mark.parametrize("block_bytes", [1, 1000, 1 << 20])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_sweeps_equal_dense_products(monkeypatch, block_bytes, dtype, rtol):
    monkeypatch.setattr(_kernels, "_BLOCK_BYTES", block_bytes)
    rng = np.random.default_rng(0)
    X = rng.random((23, 17)).astype(dtype)
    X[3, 4] = 0
    X[7] = 0
    A, W = rng.random((23, 3)).astype(dtype), rng.random((3, 17)).astype(dtype)
    workspace = Workspace(X, 3)
    ratio = X / (A @ W)
    expected = kl_divergence(X, A @ W) / X.sum(dtype=float)

    product, divergence = workspace.onto_activations(A, W)
    assert product.dtype == dtype
    assert_allclose(product, ratio @ W.T, rtol=rtol)
    assert_allclose(divergence, expected, rtol=10 * rtol)
    assert_allclose(workspace.onto_components(A, W), A.T @ ratio, rtol=rtol)


def test_a_model_of_zero_stays_finite():
    X = np.ones((4, 5))
    A, W = np.zeros((4, 2)), np.ones((2, 5))
    product, divergence = Workspace(X, 2).onto_activations(A, W)
    assert np.isfinite(product).all()
    assert np.isfinite(divergence)
