import numpy as np
import pytest
from scipy import signal

from sklearn_cnmf.datasets.simulation._background import (
    aperiodic_spectrum,
    band_fraction,
    coloured_noise,
    rhythm_spectrum,
    slow_gain,
    white_spectrum,
)

SFREQ = 256.0


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    "spectrum", [white_spectrum, aperiodic_spectrum(1.0), rhythm_spectrum(10.0, 0.6)]
)
def test_covariance_is_that_of_the_mixing(spectrum, rng):
    mixing = np.array([[1.0, 0.0], [0.5, 2.0], [-1.0, 1.0]])
    noise = coloured_noise(spectrum, mixing, 300_000, SFREQ, rng)
    assert noise.shape == (3, 300_000)
    covariance = noise @ noise.T / noise.shape[1]
    np.testing.assert_allclose(covariance, mixing @ mixing.T, atol=0.15)


@pytest.mark.parametrize("exponent", [0.5, 1.0, 1.5])
def test_power_falls_with_the_exponent(exponent, rng):
    (noise,) = coloured_noise(
        aperiodic_spectrum(exponent), np.eye(1), 200_000, SFREQ, rng
    )
    freqs, power = signal.welch(noise, SFREQ, nperseg=2048)
    band = (freqs >= 2) & (freqs <= 60)
    slope, _ = np.polyfit(np.log(freqs[band]), np.log(power[band]), 1)
    assert slope == pytest.approx(-exponent, abs=0.05)


def test_start_and_end_are_unrelated(rng):
    spectrum = aperiodic_spectrum(1.0)
    noise = coloured_noise(spectrum, np.eye(2000), 512, SFREQ, rng)
    neighbours = np.corrcoef(noise[:, 0], noise[:, 1])[0, 1]
    ends = np.corrcoef(noise[:, 0], noise[:, -1])[0, 1]
    assert neighbours > 0.5
    assert abs(ends) < 0.15


@pytest.mark.parametrize("n_times", [255, 256, 7001])
def test_any_length(n_times, rng):
    noise = coloured_noise(white_spectrum, np.eye(3), n_times, SFREQ, rng)
    assert noise.shape == (3, n_times)
    assert noise.std() == pytest.approx(1, abs=0.1)


def test_band_fraction_of_white_noise_is_the_share_of_the_band():
    assert band_fraction(white_spectrum, (1, 8), SFREQ) == pytest.approx(
        7 / 128, rel=0.01
    )


def test_band_fraction_of_a_rhythm_is_a_normal_probability():
    # Power is a Gaussian of width 2 / sqrt(2).
    fraction = band_fraction(rhythm_spectrum(10, 2), (10, 10 + np.sqrt(2)), SFREQ)
    assert fraction == pytest.approx(0.3413, abs=0.003)


def test_band_fraction_matches_the_noise(rng):
    spectrum = aperiodic_spectrum(1.2)
    (noise,) = coloured_noise(spectrum, np.eye(1), 400_000, SFREQ, rng)
    freqs, power = signal.welch(noise, SFREQ, nperseg=8192, detrend=False)
    inside = power[(freqs >= 1) & (freqs <= 8)].sum() / power.sum()
    assert band_fraction(spectrum, (1, 8), SFREQ) == pytest.approx(inside, rel=0.05)


def test_slow_gain_has_unit_power_the_spread_asked_for_and_is_slow(rng):
    gains = [slow_gain(3.0, 2.0, 8000, SFREQ, rng) for _ in range(60)]
    assert np.min(gains) > 0
    assert np.mean(np.square(gains)) == pytest.approx(1, abs=0.1)
    assert np.std(20 * np.log10(gains)) == pytest.approx(3, abs=0.3)
    freqs, power = signal.periodogram(np.log(gains), SFREQ, window="hann")
    assert power[:, freqs > 2.0].sum() < 1e-3 * power.sum()


def test_same_generator_same_noise():
    first, second = (
        coloured_noise(white_spectrum, np.eye(2), 300, SFREQ, np.random.default_rng(3))
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)
