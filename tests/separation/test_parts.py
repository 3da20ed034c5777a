import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.separation._parts import fading, parts_of


@pytest.mark.parametrize("seconds", [59.0, 60.0, 61.0, 150.3, 3600.0])
def test_parts_cover_everything_and_fade_into_each_other(seconds):
    sfreq = 100.5
    n_samples = int(seconds * sfreq)
    parts = parts_of(n_samples, sfreq)
    assert len(parts) == np.ceil(n_samples / sfreq / 60)
    total = np.zeros(n_samples)
    for part in parts:
        assert part.stop - part.start <= 61.1 * sfreq
        weights = fading(part, n_samples, sfreq, np.float32)
        assert weights.dtype == np.float32
        total[part] += weights
    assert_allclose(total, 1, rtol=1e-6)


def test_audio_of_a_minute_stays_whole():
    (part,) = parts_of(6000, 100.0)
    assert part == slice(0, 6000)
    assert (fading(part, 6000, 100.0, np.float64) == 1).all()
