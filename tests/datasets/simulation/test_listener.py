import numpy as np
import pytest
from scipy import signal

from sklearn_cnmf.datasets.simulation._auditory_response import band_power
from sklearn_cnmf.datasets.simulation._head_model import CH_NAMES
from sklearn_cnmf.datasets.simulation._listener import (
    EEG_SFREQ,
    SNR_BAND,
    background,
    background_power,
    draw_listener,
    evoked,
)

FRONT = [CH_NAMES.index(name) for name in ("Fz", "F1", "F2", "Cz", "C1", "C2")]
BACK = [CH_NAMES.index(name) for name in ("POz", "O1", "Oz", "O2")]


def spectra(seed, n_times=120_000):
    rng = np.random.default_rng(seed)
    listener = draw_listener(rng)
    eeg = background(listener, n_times, rng)
    return listener, eeg, *signal.welch(eeg, EEG_SFREQ, nperseg=2048)


def distance(one, other):
    return np.linalg.norm(one - other) / np.linalg.norm(one)


@pytest.mark.parametrize("seed", range(4))
def test_background_looks_like_eeg(seed):
    _, eeg, freqs, power = spectra(seed)
    assert 6e-6 < np.sqrt(np.mean(eeg**2)) < 25e-6

    mean = power.mean(axis=0)
    steep = ((freqs >= 1.5) & (freqs <= 6)) | ((freqs >= 15) & (freqs <= 30))
    slope, intercept = np.polyfit(np.log(freqs[steep]), np.log(mean[steep]), 1)
    assert -1.6 < slope < -0.7

    back = power[BACK].mean(axis=0)
    excess = back / np.exp(intercept + slope * np.log(np.maximum(freqs, 0.1)))
    search = (freqs >= 6) & (freqs <= 14)
    assert 8.5 <= freqs[search][np.argmax(excess[search])] <= 12
    assert excess[search].max() > 4


@pytest.mark.parametrize("seed", range(4))
def test_alpha_is_posterior_and_waxes_and_wanes(seed):
    listener, eeg, freqs, power = spectra(seed)
    peak = freqs[np.argmax(listener.alpha.spectrum(freqs))]
    band = np.abs(freqs - peak) < 1
    frontal = power[: CH_NAMES.index("C3")][:, band].mean()
    assert power[BACK][:, band].mean() > 3 * frontal

    sos = signal.butter(2, [peak - 1.5, peak + 1.5], "band", fs=EEG_SFREQ, output="sos")
    amplitude = np.abs(signal.hilbert(signal.sosfiltfilt(sos, eeg[BACK[2]])))
    # Stationary Gaussian noise in a narrow band has a Rayleigh amplitude.
    rayleigh = np.sqrt(4 / np.pi - 1)
    assert amplitude.std() / amplitude.mean() > 1.15 * rayleigh


def test_background_power_is_what_is_drawn():
    rng = np.random.default_rng(5)
    listener = draw_listener(rng)
    drawn = band_power(background(listener, 200_000, rng), SNR_BAND, EEG_SFREQ)
    assert background_power(listener) == pytest.approx(drawn, rel=0.1)


def test_listeners_differ_in_everything():
    first, second = (draw_listener(np.random.default_rng(seed)) for seed in (0, 1))
    assert distance(first.topographies, second.topographies) > 0.05
    assert distance(first.kernels, second.kernels) > 0.05
    freqs = np.linspace(8, 12, 500)
    assert first.gain_db != second.gain_db
    for noise in ("aperiodic", "alpha"):
        one, other = getattr(first, noise), getattr(second, noise)
        assert distance(one.mixing @ one.mixing.T, other.mixing @ other.mixing.T) > 0.1
        assert distance(one.spectrum(freqs), other.spectrum(freqs)) > 0.05


@pytest.mark.parametrize("seed", range(5))
def test_click_evokes_p1_n1_p2_over_the_vertex(seed):
    rng = np.random.default_rng(seed)
    listener = draw_listener(rng)
    drive = np.zeros((1, 512))
    drive[0, 128] = 1.0
    potentials = evoked(listener, drive, np.ones(1), rng)
    times = (np.arange(512) - 128) / EEG_SFREQ
    vertex = potentials[FRONT].mean(axis=0)
    assert np.abs(vertex[times < 0.01]).max() < 0.02 * np.abs(vertex).max()
    n1 = times[np.argmin(vertex)]
    p1 = times[np.argmax(np.where((times > 0) & (times < n1), vertex, -np.inf))]
    p2 = times[np.argmax(np.where(times > n1, vertex, -np.inf))]
    assert p1 == pytest.approx(0.05, abs=0.015)
    assert n1 == pytest.approx(0.1, abs=0.02)
    assert p2 == pytest.approx(0.2, abs=0.04)
    assert vertex[times == n1] < 0 < vertex[times == p1] < vertex.max() * 1.001

    at_n1 = potentials[:, times == n1].ravel()
    assert np.abs(at_n1[FRONT]).mean() > 1.5 * np.abs(at_n1[BACK]).mean()


def test_evoked_power_is_the_weight_squared_whatever_the_level():
    ratios = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        listener = draw_listener(rng)
        drive = 100 * np.maximum(rng.standard_normal((1, 4000)), 0)
        potentials = evoked(listener, drive, np.array([2.0]), rng)
        ratios.append(band_power(potentials, SNR_BAND, EEG_SFREQ) / 4)
    level = 10 * np.log10(ratios)
    assert np.median(level) == pytest.approx(0, abs=0.6)
    assert 0.8 < level.std() < 2.5


def test_sources_without_drive_evoke_nothing():
    rng = np.random.default_rng(0)
    listener = draw_listener(rng)
    assert np.all(evoked(listener, np.zeros((2, 600)), np.ones(2), rng) == 0)


def test_gain_varies_within_a_trial():
    rng = np.random.default_rng(0)
    listener = draw_listener(rng)
    drive = np.zeros((1, 8192))
    drive[0, ::256] = 1.0
    potentials = evoked(listener, drive, np.ones(1), rng)
    peaks = -potentials[FRONT].mean(axis=0).reshape(32, 256).min(axis=1)
    assert np.std(20 * np.log10(peaks)) > 0.5
