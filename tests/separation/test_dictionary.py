import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.separation._dictionary import (
    distinct_sources,
    learn_dictionary,
    transpose,
)

SFREQ = 8000
LEARNING = {"n_fft": 512, "max_iter": 200, "tol": 1e-6, "seed": 0}


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
    spectra = learn_dictionary(notes, 3, transposition=0, **LEARNING)
    assert spectra.shape == (3, 257)
    assert_allclose(spectra.sum(1), 1)
    assert sorted(spectra.argmax(1)) == [32, 64, 128]


def test_notes_that_were_never_played_are_known_by_transposition():
    recording = [np.concatenate([tone(1000), tone(2000)]).astype(np.float32)]
    spectra = learn_dictionary(recording, 20, transposition=2, **LEARNING)
    assert spectra.shape == (20, 257)
    assert spectra.dtype == np.float32
    assert_allclose(spectra.sum(1), 1, rtol=1e-5)
    peaks = set(spectra.argmax(1))
    expected = {round(f * 2 ** (s / 12) * 512 / SFREQ) for f in (1000, 2000)
                for s in (-2, 0, 2)}  # fmt: skip
    assert all(min(abs(peak - e) for peak in peaks) <= 1 for e in expected)


@pytest.mark.parametrize(("semitones", "peak"), [(0, 60), (12, 120), (-12, 30)])
def test_transposed_partials_move_by_their_ratio(semitones, peak):
    bins = np.arange(200)
    spectra = np.maximum(0, 1 - np.abs(bins - 60) / 4)[None]
    moved = transpose(spectra, semitones)
    assert moved.argmax() == peak
    if semitones == 0:
        assert_array_equal(moved, spectra)


def test_nothing_is_known_above_the_last_bin():
    moved = transpose(np.ones((1, 100)), -12)
    assert_array_equal(moved[0, :50], 1)
    assert_array_equal(moved[0, 50:], 0)
