import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation._bands import in_bands


@pytest.mark.parametrize("per_octave", [24, 144])
@pytest.mark.parametrize("n_bins", [2, 5, 500, 2049])
def test_bands_hold_all_bins_and_widen_to_their_ratio(n_bins, per_octave):
    bins_of = in_bands(np.eye(n_bins), per_octave)
    assert_array_equal(bins_of.sum(axis=1), 1)
    widths = bins_of.sum(axis=0)
    starts = np.concatenate([[0], np.cumsum(widths)[:-1]])
    assert_array_equal(np.argmax(bins_of, axis=0), starts)
    assert widths.min() >= 1
    assert_array_equal(widths[:20], 1)
    if n_bins > 1000:
        last = starts[-60:]
        ratio = (last[-1] / last[0]) ** (1 / 59)
        assert_allclose(ratio, 2 ** (1 / per_octave), rtol=0.001)


def test_bands_sum_and_keep_the_precision():
    spectra = np.random.default_rng(0).random((3, 400), dtype=np.float32)
    bands = in_bands(spectra, 24)
    assert bands.dtype == np.float32
    assert bands.shape[1] < 200
    assert_allclose(bands.sum(axis=1), spectra.sum(axis=1), rtol=1e-5)
