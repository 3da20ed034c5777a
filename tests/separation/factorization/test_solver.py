import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation.factorization._kernels import Workspace
from sklearn_cnmf.separation.factorization._regularizer import Regularizer
from sklearn_cnmf.separation.factorization._solver import (
    _certified,
    _continued,
    _power,
)


def test_power_by_square_roots():
    ratio = np.random.default_rng(0).random((5, 4)) * 3
    kept = ratio.copy()
    exponents = np.array([1, 0.5, 0.125, 0])
    assert_allclose(_power(ratio, exponents), ratio**exponents, rtol=1e-14)
    assert_array_equal(ratio, kept)


@pytest.mark.parametrize("quarters", range(9))
def test_continued_by_quarters(quarters):
    rng = np.random.default_rng(0)
    latest, before = rng.random((2, 6, 3)) + 0.1
    expected = latest * (latest / before) ** (quarters / 4)
    assert_allclose(_continued(latest, before, quarters), expected, rtol=1e-13)


def test_continued_grows_by_no_more_than_a_limit():
    far = _continued(np.ones((1, 1)), np.full((1, 1), 1e-9), 4)
    assert_allclose(far, 1e3)


def test_a_block_that_would_rise_moves_by_less_or_not_at_all():
    X = np.ones((4, 3))
    terms = Regularizer(None, np.ones(3, dtype=bool), 0.0, 0.1, 0.0, 12.0, "components")
    A = np.ones((4, 3))
    sums = terms.sums(A)
    asked = []

    def move(exponents):
        asked.append(exponents.copy())
        moved = A.copy()
        # The first column falls, the second only up to an exponent of 1/4, the third
        # never.
        moved[:, 0] *= 0.5
        moved[:, 1] *= 0.5 if exponents[1] <= 0.25 else 2
        moved[:, 2] *= 1 + exponents[2]
        return moved, terms.sums(moved)

    moved, reached = _certified(move, sums, np.zeros(3), terms, Workspace(X, 3))
    assert_array_equal(asked[-1], [1, 0.25, 0])
    assert_array_equal(moved[0], [0.5, 0.5, 1])
    assert_array_equal(reached.ones, 4 * moved[0])
