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
    value = contrast_value(H, W, S, attended, contrast="components")
    assert_allclose(value, expected, rtol=1e-12)


def test_contrast_of_groups_compares_envelopes():
    rng = np.random.default_rng(0)
    H, W, S = rng.random((20, 3)), rng.random((3, 9)), rng.random((20, 1))
    attended = np.array([True, False, True])
    envelopes = [(H[:, mask] @ W[mask]).sum(1) for mask in (attended, ~attended)]
    cosines = [e @ S[:, 0] / np.linalg.norm(e) / np.linalg.norm(S) for e in envelopes]
    value = contrast_value(H, W, S, attended, contrast="group")
    assert_allclose(value, cosines[0] ** 2 - cosines[1] ** 2, rtol=1e-12)


@pytest.mark.parametrize("contrast", ["components", "group"])
def test_contrast_is_free_of_scale_and_silent_columns_count_nothing(contrast):
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


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": -np.ones((20, 9))}, "X: found negative values"),
        ({"X": np.full((20, 9), np.nan)}, "X: found 180 NaN"),
        ({"X": np.ones((19, 9))}, r"X: expected shape \(20, 9\)"),
        ({"X": np.zeros((20, 9))}, "X: all of its entries are zero"),
        ({"components": np.ones((3, 9))}, "components: expected 4 rows"),
        ({"attended": [1, 0, 0, 0]}, "attended: expected 4 booleans"),
        ({"attended": None}, "attended: None, but delta=0.3 needs it"),
        ({"guide": None}, "guide: None, but delta=0.3 needs it"),
        ({"guide": np.ones((19, 1))}, "guide: expected 20 frames, got 19"),
        ({"delta": -1}, "delta: expected a finite number >= 0"),
        ({"contrast": "both"}, "contrast: expected one of"),
    ],
)
def test_bad_input_is_named(change, message):
    rng = np.random.default_rng(0)
    arguments = {
        "X": rng.random((20, 9)),
        "activations": rng.random((20, 4)),
        "components": rng.random((4, 9)),
        "guide": rng.random((20, 1)),
        "attended": np.arange(4) < 1,
        "delta": 0.3,
    }
    with pytest.raises(ValueError, match=message):
        contrastive_cost(**{**arguments, **change})


def test_divergence_of_unequal_or_negative_arrays_is_refused():
    with pytest.raises(ValueError, match=r"V: expected shape \(2, 3\)"):
        kl_divergence(np.ones((2, 3)), np.ones((3, 2)))
    with pytest.raises(ValueError, match="V: found negative values"):
        kl_divergence([1.0], [-1.0])
