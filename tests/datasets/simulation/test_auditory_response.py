import numpy as np
import pytest

from sklearn_cnmf.datasets.simulation._auditory_response import (
    AMPLITUDES,
    LATENCIES,
    auditory_drive,
    band_power,
    respond,
    response_kernel,
)

EEG_SFREQ = 256.0


def test_kernel_peaks_at_the_latencies_with_alternating_sign():
    kernel = response_kernel(LATENCIES, AMPLITUDES, 2000.0)
    lags = np.arange(len(kernel)) / 2000.0
    p1 = lags[np.argmax(np.where(lags < 0.075, kernel, 0))]
    n1 = lags[np.argmin(kernel)]
    p2 = lags[np.argmax(np.where(lags > 0.15, kernel, 0))]
    np.testing.assert_allclose([p1, n1, p2], [0.05, 0.1, 0.2], atol=0.005)
    assert kernel.min() < -0.8
    assert abs(kernel[0]) < 1e-3
    assert abs(kernel[-1]) < 1e-3


def test_respond_is_a_causal_convolution():
    rng = np.random.default_rng(0)
    drive, kernels = rng.standard_normal(50), rng.standard_normal((2, 7))
    expected = np.zeros((2, 50))
    for time in range(50):
        for lag in range(min(7, time + 1)):
            expected[:, time] += kernels[:, lag] * drive[time - lag]
    np.testing.assert_allclose(respond(drive, kernels), expected, atol=1e-12)


def test_steady_noise_drives_by_its_compressed_level():
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((1, 40_000))
    times = np.arange(512, 2048) / EEG_SFREQ
    quiet = auditory_drive(noise, 4000.0, times)
    loud = auditory_drive(2 * noise, 4000.0, times)
    np.testing.assert_allclose(loud, 2**0.6 * quiet)


def test_drive_is_envelope_plus_rise():
    rng = np.random.default_rng(0)
    # 100 samples from frame to frame; 25 ms are 640, with half a sample at each end.
    audio = rng.standard_normal((1, 52001)) * np.linspace(0, 1, 52001)
    times = np.arange(512) / EEG_SFREQ
    weights = np.ones(641)
    weights[[0, -1]] = 0.5
    envelope = np.zeros(512)
    for index in range(512):
        inside = np.arange(100 * index - 320, 100 * index + 321)
        # The audio starts half a sample before the first one.
        kept = np.where(inside > 0, weights, np.where(inside == 0, 1.0, 0.0))
        kept = np.where(inside < len(audio[0]), kept, 0.0)
        kept[0] = min(kept[0], 0.5)
        window = audio[0, np.clip(inside, 0, 52000)]
        envelope[index] = (np.sum(kept * window**2) / kept.sum()) ** 0.3
    expected = envelope.copy()
    expected[0] += 0.1 * envelope[0] * EEG_SFREQ
    for index in range(1, 512):
        rise = envelope[index] - envelope[index - 1]
        expected[index] += 0.1 * max(rise, 0) * EEG_SFREQ
    (drive,) = auditory_drive(audio, 25600.0, times)
    np.testing.assert_allclose(drive, expected)


def test_drive_of_a_click_is_centred_on_it():
    audio = np.zeros((2, 44_100), dtype=np.float32)
    audio[1, 22_050] = 1
    times = np.arange(256) / EEG_SFREQ
    silent, drive = auditory_drive(audio, 44_100.0, times)
    assert np.all(silent == 0)
    assert np.all(drive[np.abs(times - 0.5) > 0.0125 + 1 / 256] == 0)
    assert drive.max() > 0


def test_channels_add_their_power():
    rng = np.random.default_rng(0)
    mono = rng.standard_normal((2, 8000))
    stereo = np.stack([0.6 * mono, 0.8 * mono], axis=1)
    times = np.arange(256) / EEG_SFREQ
    np.testing.assert_allclose(
        auditory_drive(stereo, 8000.0, times), auditory_drive(mono, 8000.0, times)
    )


def test_band_power_of_a_sine():
    times = np.arange(1024) / EEG_SFREQ
    inside = 3 * np.sin(2 * np.pi * 5 * times)
    outside = 3 * np.sin(2 * np.pi * 12 * times)
    assert band_power(np.stack([inside]), (1, 8), EEG_SFREQ) == pytest.approx(4.5)
    assert band_power(np.stack([inside + outside, outside]), (1, 8), EEG_SFREQ) == (
        pytest.approx(2.25)
    )
