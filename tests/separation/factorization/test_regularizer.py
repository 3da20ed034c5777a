from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.separation import contrast_value
from sklearn_cnmf.separation.factorization._cost import unit_columns
from sklearn_cnmf.separation.factorization._regularizer import (
    Regularizer,
    no_regularizer,
)

ATTENDED = np.array([True, True, False])
TOTAL = 7.0


def regularizer(guide, contrast, delta=0.3, mu=0.1, beta=0.2):
    return Regularizer(unit_columns(guide), ATTENDED, delta, mu, beta, TOTAL, contrast)


@pytest.mark.parametrize("contrast", ["components", "group"])
@pytest.mark.parametrize("sparsity", [None, np.array([0.0, 0.3, 2.0])])
def test_values_and_gradient(contrast, sparsity):
    rng = np.random.default_rng(0)
    A, guide = rng.random((15, 3)) + 0.1, rng.random((15, 2))
    terms = replace(regularizer(guide, contrast), sparsity=sparsity)
    W = unit_columns(rng.random((4, 3))).T
    W /= W.sum(1, keepdims=True)
    norms = np.linalg.norm(A, axis=0)
    expected = 0.1 * np.sum(A / norms) + 0.2 * norms.sum() / TOTAL
    expected -= 0.3 * contrast_value(A, W, guide, ATTENDED, contrast=contrast)
    if sparsity is not None:
        expected += sparsity @ A.sum(axis=0) / TOTAL
    assert_allclose(terms.values(terms.sums(A)).sum(), expected, rtol=1e-12)
    assert len(terms.values(terms.sums(A))) == terms.n_blocks
    gains = np.array([0.5, 2.0, 3.0])
    for found, direct in zip(
        terms.scaled(terms.sums(A), A, gains), terms.sums(A * gains)
    ):
        assert_allclose(found, direct, rtol=1e-12)

    falling, rising = terms.gradient(A, terms.sums(A))
    assert falling.min() >= 0
    assert rising.min() >= 0
    for n, k in [(0, 0), (3, 1), (14, 2)]:
        step = np.zeros_like(A)
        step[n, k] = 1e-6
        slope = (
            terms.values(terms.sums(A + step)).sum()
            - terms.values(terms.sums(A - step)).sum()
        ) / 2e-6
        assert_allclose((rising - falling)[n, k], slope, rtol=1e-6, atol=1e-9)

    falling, rising = terms.gain_gradient(A, terms.sums(A))
    assert falling.min() >= 0
    assert rising.min() >= 0
    for k, gains in enumerate(1e-6 * np.eye(3)):
        above, below = terms.sums(A * (1 + gains)), terms.sums(A * (1 - gains))
        slope = (terms.values(above) - terms.values(below)).sum() / 2e-6
        assert_allclose((rising - falling)[k], slope, rtol=1e-6, atol=1e-9)


def test_blocks_separate_the_terms():
    rng = np.random.default_rng(0)
    A, guide = rng.random((15, 3)), rng.random((15, 2))
    changed = A.copy()
    changed[:, 0] = rng.random(15)
    for contrast, touched in (("components", [0]), ("group", [0])):
        terms = regularizer(guide, contrast)
        moved = terms.values(terms.sums(changed)) - terms.values(terms.sums(A))
        assert np.flatnonzero(np.abs(moved) > 1e-12).tolist() == touched


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("contrast", ["components", "group"])
def test_silent_columns_have_finite_gradients(dtype, contrast):
    rng = np.random.default_rng(0)
    A = np.zeros((15, 3), dtype=dtype)
    terms = regularizer(rng.random((15, 2)).astype(dtype), contrast)
    falling, rising = terms.gradient(A, terms.sums(A))
    assert np.isfinite(terms.values(terms.sums(A))).all()
    assert np.isfinite(falling).all()
    assert np.isfinite(rising).all()
    assert falling.dtype == rising.dtype == dtype


def test_nothing_to_regularize():
    terms = no_regularizer(3, TOTAL)
    assert not terms.active
    assert terms.values(terms.sums(np.ones((5, 3)))).sum() == 0


@pytest.mark.parametrize("weights", [{"mu": 0.5}, {"beta": 0.5}, {"delta": 0.5}])
def test_each_term_alone_is_active(weights):
    guide = unit_columns(np.ones((5, 1)))
    alone = {"delta": 0.0, "mu": 0.0, "beta": 0.0, **weights}
    assert regularizer(guide, "group", **alone).active
