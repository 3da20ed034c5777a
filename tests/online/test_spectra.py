import numpy as np
from numpy.testing import assert_allclose

from sklearn_cnmf.online._spectra import FixedSpectra
from sklearn_cnmf.separation._bands import in_bands
from sklearn_cnmf.separation._dictionary import with_transpositions
from sklearn_cnmf.separation._fewer_notes import with_fewer_notes
from sklearn_cnmf.separation._stft import spectra


def updated(X, A, W, cost, n_updates):
    """Multiplicative updates, the magnitude of each component at a cost."""
    for _ in range(n_updates):
        A = A * ((X / (A @ W)) @ W.T) / (W.sum(axis=1) * (1 + cost))
    return A


def test_frames_are_explained_by_few_updates_few_spectra_and_few_notes(streams):
    learned, names = streams.pipeline[-1].model_, ("flute", "horn")
    hop = learned.n_fft // 4
    _, magnitudes = spectra(streams.trial.mixture[:16000], learned.n_fft, hop)
    magnitudes = magnitudes[40:44]
    found = FixedSpectra(learned, names).models(magnitudes)

    known = dict(zip(learned.instruments, learned.components))
    copies, semitones = zip(
        *(with_transpositions(known[name], learned.transposition) for name in names)
    )
    owner = np.repeat([0, 1], [len(own) for own in copies])
    W, cost = np.concatenate(copies), 0.05 * np.concatenate(semitones)
    bands = in_bands(W, 48)
    X = in_bands(magnitudes / magnitudes.max(axis=1, keepdims=True), 48)
    A = np.repeat(X.sum(axis=1, keepdims=True) / len(W), len(W), axis=1)
    A = updated(X, A, bands, cost, 10)
    shares = A * bands.sum(axis=1)
    kept = np.any(shares > 0.003 * shares.sum(axis=1, keepdims=True), axis=0)
    assert 5 < kept.sum() < 0.5 * len(W)
    bands, cost, owner = bands[kept], cost[kept], owner[kept]
    plain = updated(X, A[:, kept], bands, cost, 30)
    A = with_fewer_notes(X, plain, bands, owner, cost)
    expected = [A[:, owner == i] @ W[kept][owner == i] for i in (0, 1)]
    scale = np.max(expected)
    assert_allclose(found, expected, rtol=1e-3, atol=1e-4 * scale)
    without = [plain[:, owner == i] @ W[kept][owner == i] for i in (0, 1)]
    assert np.abs(np.subtract(without, expected)).max() > 0.01 * scale


def test_silence_is_explained_by_nothing(streams):
    learned = streams.pipeline[-1].model_
    n_bins = learned.n_fft // 2 + 1
    models = FixedSpectra(learned, ("flute", "horn")).models(np.zeros((4, n_bins)))
    assert_allclose(models, np.zeros((2, 4, n_bins)))
