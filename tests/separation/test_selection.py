import numpy as np
from numpy.testing import assert_allclose

from sklearn_cnmf.separation._selection import guide_support


def test_support_is_pearson_correlation():
    rng = np.random.default_rng(0)
    guide, envelopes = rng.standard_normal((1, 401)), rng.random((3, 401))
    envelopes[1] += 0.2 * guide[0]
    expected = [np.corrcoef(guide[0], e)[0, 1] for e in envelopes]
    assert_allclose(guide_support(guide, envelopes), expected, atol=1e-12)


def test_sign_level_and_offset():
    rng = np.random.default_rng(0)
    guide = rng.standard_normal((1, 401))
    envelopes = np.concatenate([7 * guide + 3, 5 - guide])
    assert_allclose(guide_support(guide, envelopes), [1, -1])


def test_rows_are_averaged_and_constants_count_zero():
    rng = np.random.default_rng(0)
    envelopes = rng.random((2, 500))
    guide = np.stack([envelopes[0], np.full(500, 0.1)])
    assert_allclose(guide_support(guide, envelopes)[0], 0.5)
    assert_allclose(guide_support(np.full((1, 500), 0.1), envelopes), 0)
    assert guide_support(guide, np.zeros((1, 500)))[0] == 0
