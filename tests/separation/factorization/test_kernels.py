import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation import kl_divergence
from sklearn_cnmf.separation.factorization import _kernels
from sklearn_cnmf.separation.factorization._kernels import Workspace


def small_blocks(monkeypatch, n_frames):
    monkeypatch.setattr(_kernels, "_BLOCK_BYTES", 1)
    monkeypatch.setattr(_kernels, "_BLOCK_FRAMES", n_frames)


@pytest.mark.parametrize("block_frames", [1, 3, 10, 100])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-12), (np.float32, 2e-5)])
def test_sweeps_equal_dense_products(monkeypatch, block_frames, order, dtype, rtol):
    small_blocks(monkeypatch, block_frames)
    rng = np.random.default_rng(0)
    X = rng.random((23, 17)).astype(dtype, order=order)
    X[3, 4] = 0
    X[7] = 0
    A = rng.random((23, 3)).astype(dtype, order=order)
    W = rng.random((3, 17)).astype(dtype, order=order)
    workspace = Workspace(X, 3)
    ratio = X / (A @ W)
    expected = kl_divergence(X, A @ W) / X.sum(dtype=float)

    product, divergence = workspace.onto_activations(A, W)
    assert product.dtype == dtype
    assert_allclose(product, ratio @ W.T, rtol=rtol)
    assert_allclose(divergence, expected, rtol=10 * rtol)
    assert_allclose(workspace.onto_components(A, W), A.T @ ratio, rtol=rtol)


@pytest.mark.parametrize(("dtype", "rtol"), [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_logarithm_of_ratios_of_any_size(dtype, rtol):
    exponents = np.linspace(-15, 15, 301)[:, None]
    X = np.hstack([10**exponents, np.ones_like(exponents)]).astype(dtype)
    one = np.ones((1, 1), dtype=dtype)
    # All fractions of a power of two.
    for row, level in zip(X, np.linspace(0.5, 2.0, 301)):
        W = np.full((1, 2), level, dtype=dtype)
        _, divergence = Workspace(row[None], 1).onto_activations(one, W)
        expected = kl_divergence(row.astype(float), W[0].astype(float)) / row.sum()
        assert_allclose(divergence, expected, rtol=rtol, atol=20 * rtol)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_same_bits_for_any_number_of_threads(monkeypatch, dtype):
    small_blocks(monkeypatch, 5)
    rng = np.random.default_rng(0)
    X, A, W = (
        rng.random(shape).astype(dtype) for shape in [(103, 31), (103, 4), (4, 31)]
    )
    workspace = Workspace(X, 4)
    results = []
    for n_threads in (1, 2, 3, 7):
        with workspace.threads(n_threads):
            product, divergence = workspace.onto_activations(A, W)
            components = workspace.onto_components(A, W)
        results.append((product.copy(), divergence, components.copy()))
    for of_threads in results[1:]:
        for one, several in zip(results[0], of_threads):
            assert_array_equal(one, several)


def test_what_fails_in_a_thread_is_raised(monkeypatch):
    small_blocks(monkeypatch, 5)
    workspace = Workspace(np.ones((103, 31)), 4)
    with workspace.threads(2), pytest.raises(ValueError, match="incompatible"):
        workspace.onto_activations(np.ones((103, 4)), np.ones((3, 31)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_model_of_zero_stays_finite(dtype):
    X = np.ones((4, 5), dtype=dtype)
    A, W = np.zeros((4, 2), dtype=dtype), np.ones((2, 5), dtype=dtype)
    product, divergence = Workspace(X, 2).onto_activations(A, W)
    assert np.isfinite(product).all()
    assert np.isfinite(divergence)
