from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.decoding import _activations
from sklearn_cnmf.decoding._activations import learn_spectra, nmf_activations
from sklearn_cnmf.signals import spectrogram

SFREQ = 2000.0


@pytest.fixture(scope="module")
def heard():
    """Two seconds of noise, its frames, and spectra that overlap."""
    rng = np.random.default_rng(0)
    audio, times = rng.standard_normal(4000), np.arange(128) / 64
    magnitudes = spectrogram(audio, SFREQ, times)
    return audio, times, magnitudes, 0.2 + rng.random((4, magnitudes.shape[1]))


def updated(magnitudes, spectra, n_updates):
    """Multiplicative updates for the Kullback-Leibler divergence, from equal values."""
    found = np.ones((len(magnitudes), len(spectra)))
    for _ in range(n_updates):
        found *= magnitudes / (found @ spectra) @ spectra.T / spectra.sum(axis=1)
    return found.T


def test_activations_are_those_of_fifty_updates(heard):
    audio, times, magnitudes, spectra = heard
    found = nmf_activations(
        audio, SFREQ, times, components=spectra, components_sfreq=SFREQ
    )
    expected = updated(magnitudes, spectra, 50)
    assert_allclose(found, expected, rtol=1e-5, atol=1e-6 * expected.max())


def test_spectra_are_learned_from_all_of_long_audio(monkeypatch):
    # 350 s have 7000 frames, of which every third is kept.
    audio = np.random.default_rng(0).standard_normal(round(350 * SFREQ))
    learned_from = []

    def fit(frames):
        learned_from.append(frames)
        return SimpleNamespace(components_=frames[:4])

    monkeypatch.setattr(_activations, "_nmf", lambda n: SimpleNamespace(fit=fit))
    learn_spectra([(audio[:-100000], SFREQ), (audio[-100000:], SFREQ)], 4)
    parts = [
        spectrogram(part, SFREQ, np.arange(n) / 20)
        for part, n in ((audio[:-100000], 6000), (audio[-100000:], 1000))
    ]
    expected = np.concatenate([part / part.mean() for part in parts])[::3]
    assert_allclose(learned_from[0], expected, rtol=1e-5)
