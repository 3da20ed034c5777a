import numpy as np
from numpy.testing import assert_allclose

from sklearn_cnmf.separation.harmonic._combs import (
    LOBE_BINS,
    frequencies,
    hann_lobe,
    lay_combs,
)


def test_frequencies_of_midi_numbers():
    assert_allclose(frequencies([57, 69, 81]), [220, 440, 880])


def test_lobe_is_the_spectrum_of_a_windowed_sinusoid():
    n, position = 512, 40.3
    times = np.arange(n)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * times / n)
    wave = np.cos(2 * np.pi * position / n * times)
    spectrum = np.abs(np.fft.rfft(window * wave)) / (n / 4)
    bins = np.arange(38, 43)
    assert_allclose(hann_lobe(bins - position), spectrum[bins], atol=0.03)


def test_lobe_at_its_exact_points():
    assert_allclose(hann_lobe(np.array([0, 1, -1, 2, -2, 7.5])), [1, 0.5, 0.5, 0, 0, 0])


def test_partials_lie_on_multiples_of_the_fundamental():
    first, weights = lay_combs(np.array([10.25]), 64, 8)
    comb = np.zeros(64)
    for start, lobe in zip(first[0], weights[0]):
        comb[start : start + LOBE_BINS] += lobe
    centres = 10.25 * np.arange(1, 7)
    expected = sum(hann_lobe(np.arange(64) - centre) for centre in centres)
    assert_allclose(comb, expected)
    # The seventh partial would reach out of 64 bins.
    assert not weights[0, 6:].any()
    assert weights[0, :6].any(axis=1).all()


def test_nothing_is_laid_for_a_voice_that_is_silent():
    first, weights = lay_combs(np.array([[0.0, 12.0], [12.0, 0.0]]), 100, 4)
    assert first.shape == (2, 2, 4)
    assert first.dtype == np.int32
    assert not weights[0, 0].any()
    assert not weights[1, 1].any()
    assert_allclose(weights[0, 1], weights[1, 0])
