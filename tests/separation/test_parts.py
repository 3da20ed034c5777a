import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf import Trial
from sklearn_cnmf.separation._mixture import Mixture
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


def test_parts_fade_over_a_second():
    first, second = parts_of(12000, 100.0)
    assert first.stop - second.start == 100
    weights = fading(first, 12000, 100.0, np.float64)
    assert np.sum(weights < 1) == 100
    assert_allclose(np.diff(weights[-100:]), -0.01)


def test_audio_of_a_minute_stays_whole():
    (part,) = parts_of(6000, 100.0)
    assert part == slice(0, 6000)
    assert (fading(part, 6000, 100.0, np.float64) == 1).all()


def test_a_part_has_the_guide_of_its_time():
    rng = np.random.RandomState(0)
    trial = Trial(
        np.zeros((1, 256)),
        64.0,
        rng.randn(32000),
        8000.0,
        guide=rng.randn(1, 256),
        guide_sfreq=64.0,
    )
    whole = Mixture(trial, 512)
    part = Mixture(trial, 512, slice(128 * 50, 128 * 150))
    assert_allclose(part.guide, whole.guide[50:151])
    assert_allclose(part.heard_in(trial).guide, part.guide)
