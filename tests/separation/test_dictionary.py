import numpy as np
from numpy.testing import assert_allclose

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.separation._dictionary import distinct_sources, learn_dictionary

SFREQ = 8000


def tone(frequency, n_samples=8000):
    return np.sin(2 * np.pi * frequency * np.arange(n_samples) / SFREQ)


def test_each_recording_teaches_once():
    a, b, silence = tone(200), tone(300), np.zeros(8000)
    trials, references = [], []
    for sources in ((a, b), (a, b), (b, silence)):
        sources = np.stack(sources)
        trials.append(
            Trial(np.ones((1, 64)), 64.0, sources.sum(0), SFREQ, instruments=("x", "w"))
        )
        references.append(Reference(sources, 0))
    sources = distinct_sources(trials, references)
    assert list(sources) == ["w", "x"]
    assert [len(s) for s in sources.values()] == [1, 2]
    assert_allclose(sources["x"][1], b)


def test_learned_spectra_are_those_of_the_notes():
    notes = [np.concatenate([tone(500), tone(1000)]), 100 * tone(2000)]
    spectra = learn_dictionary(
        notes,
        3,
        n_fft=512,
        hop_length=128,
        init="random",
        max_iter=200,
        tol=1e-6,
        seed=0,
    )
    assert spectra.shape == (3, 257)
    assert_allclose(spectra.sum(1), 1)
    assert sorted(spectra.argmax(1)) == [32, 64, 128]
