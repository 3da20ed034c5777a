import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import kl_div

from sklearn_cnmf.separation import contrast_value, contrastive_cost, kl_divergence


def test_kl_divergence_equals_scipy():
    rng = np.random.default_rng(0)
    X, V = rng.random((5, 7)), rng.random((5, 7))
    X[0, 0] = 0
    assert_allclose(kl_divergence(X, V), kl_div(X, V).sum(), rtol=1e-12)
    V[1, 1] = 0
    assert kl_divergence(X, V) == np.inf


def test_contrast_of_components_is_a_sum_of_squared_cosines():
    rng = np.random.default_rng(0)
    H, W, S = rng.random((20, 5)), rng.random((5, 9)), rng.random((20, 3))
    attended = np.array([True, False, True, True, False])
    expected = 0.0
    for k in range(5):
        for j in range(3):
            cosine = H[:, k] @ S[:, j]
            cosine /= np.linalg.norm(H[:, k]) * np.linalg.norm(S[:, j])
            expected += (1 if attended[k] else -1) * cosine**2
    assert_allclose(contrast_value(H, W, S, attended), expected, rtol=1e-12)


def test_contrast_of_groups_compares_envelopes():
    rng = np.random.default_rng(0)
    H, W, S = rng.random((20, 3)), rng.random((3, 9)), rng.random((20, 1))
    attended = np.array([True, False, True])
    envelopes = [(H[:, mask] @ W[mask]).sum(1) for mask in (attended, ~attended)]
    cosines = [e @ S[:, 0] / np.linalg.norm(e) / np.linalg.norm(S) for e in envelopes]
    value = contrast_value(H, W, S, attended, contrast="group")
    assert_allclose(value, cosines[0] ** 2 - cosines[1] ** 2, rtol=1e-12)


@pytest.mark.parametrize("contrast", ["components", "group"])
def test_contrast_is_free_of_scale_and_silent_tracks_count_nothing(contrast):
    rng = np.random.default_rng(0)
    H, W, S = rng.random((20, 4)), rng.random((4, 9)), rng.random((20, 2))
    attended = np.array([True, True, False, False])
    gains = np.array([1.0, 10.0, 0.1, 3.0])
    value = contrast_value(H, W, S, attended, contrast=contrast)
    scaled = contrast_value(
        H * gains, W / gains[:, None], 7 * S, attended, contrast=contrast
    )
    assert_allclose(scaled, value, rtol=1e-12)
    H[:, 2:] = 0
    assert contrast_value(H, W, S, attended, contrast=contrast) > 0
    assert contrast_value(H, W, 0 * S, attended, contrast=contrast) == 0


def test_cost_is_the_stated_sum():
    rng = np.random.default_rng(0)
    X, H, W = rng.random((20, 9)), rng.random((20, 4)), rng.random((4, 9))
    guide, attended = rng.random((20, 2)), np.arange(4) < 1
    norms = np.linalg.norm(H, axis=0)
    scaled, V = X / X.sum(), H @ W / X.sum()
    expected = np.sum(scaled * np.log(scaled / V) - scaled + V)
    expected += 0.1 * np.sum(H / norms) + 0.2 * np.sum(W * norms[:, None]) / X.sum()
    expected -= 0.3 * contrast_value(H, W, guide, attended)
    cost = contrastive_cost(
        X, H, W, guide=guide, attended=attended, delta=0.3, mu=0.1, beta=0.2
    )
    assert_allclose(cost, expected, rtol=1e-12)
