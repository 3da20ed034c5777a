import numpy as np
from numpy.testing import assert_allclose
from scipy.signal import firwin

from sklearn_cnmf.separation._selection import guide_support


def test_full_band_support_is_pearson_correlation():
    rng = np.random.default_rng(0)
    guide, envelopes = rng.standard_normal((1, 4001)), rng.random((3, 4001))
    envelopes[1] += 0.2 * guide[0]
    expected = [np.corrcoef(guide[0], e)[0, 1] for e in envelopes]
    assert_allclose(guide_support(guide, envelopes), expected, atol=0.02)


def test_drifts_outside_the_guides_band_do_not_decide():
    rng = np.random.default_rng(0)
    fast = np.convolve(
        rng.standard_normal(2000), firwin(101, [0.1, 0.3], pass_zero=False), "same"
    )
    other = np.convolve(
        rng.standard_normal(2000), firwin(101, [0.1, 0.3], pass_zero=False), "same"
    )
    drift = 5 * np.sin(np.arange(2000) / 300)
    support = guide_support(fast[None], np.stack([fast + drift, fast + other]))
    assert support[0] > 0.95
    assert 0.6 < support[1] < 0.8


def test_rows_are_averaged_and_constants_count_zero():
    rng = np.random.default_rng(0)
    envelopes = rng.random((2, 500))
    guide = np.stack([envelopes[0], np.ones(500)])
    assert_allclose(guide_support(guide, envelopes)[0], 0.5, atol=1e-6)
    assert_allclose(guide_support(np.ones((1, 500)), envelopes), 0)
    assert guide_support(guide, np.zeros((1, 500)))[0] == 0
