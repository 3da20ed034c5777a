import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.decoding._eeg import prepare_eeg
from sklearn_cnmf.signals import band_pass, n_resampled, resample

RATES = [64.0, 128.0, 250.0, 256.0, 500.0, 1000.0, 5000.0, 512.0003, 44100.0, 50.0]


@pytest.mark.parametrize("sfreq", RATES)
@pytest.mark.parametrize("new_sfreq", [64.0, 100.0])
def test_resampled_sine_keeps_its_time_up_to_the_end(sfreq, new_sfreq):
    n_times = int(24.0 * sfreq) + 7
    signal = np.sin(2 * np.pi * 5 * np.arange(n_times) / sfreq)
    found = resample(signal[None], sfreq, new_sfreq)[0]
    times = np.arange(len(found)) / new_sfreq
    assert len(found) == n_resampled(n_times, sfreq, new_sfreq)
    assert times[-1] < n_times / sfreq <= times[-1] + 1.0001 / new_sfreq
    last = (times > 21) & (times < 23.5)
    # regression on sine and cosine: their ratio is the shift in phase
    basis = np.exp(2j * np.pi * 5 * times[last])
    shift = np.angle(np.sum(found[last] * basis.conj()) * 1j) / (2 * np.pi * 5)
    assert abs(shift) < (2.1e-4 if sfreq == 512.0003 else 1e-5)
    assert_allclose(found[last], np.sin(2 * np.pi * 5 * times[last]), atol=5e-3)


@pytest.mark.parametrize("sfreq", [250.0, 256.0, 5000.0])
def test_prepared_impulse_stays_where_it_was(sfreq):
    eeg = np.zeros((2, int(24 * sfreq)))
    sample = round(20.5 * sfreq)
    eeg[1, sample] = 1.0
    found = prepare_eeg(eeg, sfreq, sfreq=64.0, l_freq=1.0, h_freq=8.0)
    assert found.shape == (2, 24 * 64)
    assert_array_equal(found[0], 0)
    power = found[1] ** 2
    centre = np.sum(power * np.arange(len(power)) / 64) / np.sum(power)
    assert abs(centre - sample / sfreq) < 2e-4


def test_an_offset_leaks_into_nothing():
    signal = np.sin(2 * np.pi * 5 * np.arange(2500) / 250)[None]
    kwargs = {"sfreq": 64.0, "l_freq": 1.0, "h_freq": 8.0}
    without = prepare_eeg(signal, 250.0, **kwargs)
    assert_allclose(prepare_eeg(signal + 1e6, 250.0, **kwargs), without, atol=1e-6)
    raised = resample(signal + 1e6, 250.0, 64.0)
    assert_allclose(raised - 1e6, resample(signal, 250.0, 64.0), atol=1e-6)


def test_band_is_kept_and_the_rest_removed():
    times = np.arange(64 * 40) / 64
    tones = np.array([np.sin(2 * np.pi * f * times) for f in (0.2, 4, 20)])
    found = band_pass(tones, 64.0, l_freq=1.0, h_freq=8.0)[:, 640:-640]
    assert_allclose(np.abs(found[[0, 2]]).max(), 0, atol=0.1)
    assert_allclose(found[1], tones[1, 640:-640], atol=0.01)
    low = band_pass(tones, 64.0, l_freq=None, h_freq=8.0)[:, 640:-640]
    assert_allclose(low[:2], tones[:2, 640:-640], atol=0.01)
    high = band_pass(tones, 64.0, l_freq=1.0, h_freq=None)[:, 640:-640]
    assert_allclose(high[1:], tones[1:, 640:-640], atol=0.01)


def test_no_edges_mean_no_filter_and_no_rate_change_no_resampling():
    signal = np.random.default_rng(0).standard_normal((2, 100))
    same = prepare_eeg(signal, 64.0, sfreq=64.0, l_freq=None, h_freq=None)
    assert_array_equal(same, signal)
    assert same is not signal


def test_a_constant_signal_is_zero_within_the_band():
    signals = np.full((1, 640), 1 / 3)
    assert_array_equal(band_pass(signals, 64.0, l_freq=1.0, h_freq=None), 0)


def test_input_may_be_read_only_integers():
    signal = np.arange(2000, dtype=np.int16).reshape(2, 1000)
    signal.flags.writeable = False
    found = prepare_eeg(signal, 250.0, sfreq=64.0, l_freq=1.0, h_freq=8.0)
    assert found.dtype == np.float64


def test_the_warning_about_short_signals_comes_through():
    with pytest.warns(RuntimeWarning, match="longer than the signal"):
        band_pass(np.random.default_rng(0).random((1, 64)), 64.0, l_freq=1, h_freq=8)
