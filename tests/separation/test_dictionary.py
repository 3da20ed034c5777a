from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.separation._dictionary import (
    distinct_sources,
    played_spectra,
    transpose,
    with_transpositions,
)

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


def test_learned_spectra_are_those_that_were_played():
    notes = [np.concatenate([tone(500), tone(1000)]), 100 * tone(2000)]
    spectra = played_spectra(notes, 1000, n_fft=512)
    assert_allclose(spectra.sum(1), 1)
    assert set(spectra.argmax(1)) == {32, 64, 128}
    # A frame every half window, the last one at the very end.
    assert len(spectra) == 16000 // 256 + 1 + 8000 // 256 + 1


def test_of_long_recordings_the_frames_that_lie_farthest_apart_are_taken():
    long, short = 40960, 1024
    notes = np.concatenate([tone(500, long), tone(1000, short), tone(1500, short)])
    spectra = played_spectra([notes.astype(np.float32)], 3, n_fft=512)
    assert spectra.dtype == np.float32
    assert list(spectra.argmax(1)) == [32, 64, 96]


def test_quiet_frames_are_left_out():
    fading = np.concatenate([tone(500), 0.01 * tone(1000), np.zeros(8000)])
    spectra = played_spectra([fading], 1000, n_fft=512)
    assert set(spectra.argmax(1)) == {32}


def test_transposed_copies_know_how_far_they_are_from_what_was_played():
    played = played_spectra([tone(1000)], 1, n_fft=512)
    copies, semitones = with_transpositions(played, 2)
    assert_array_equal(semitones, [2, 1, 0, 1, 2])
    assert_allclose(copies.sum(1), 1)
    assert_allclose(copies[2], played[0], rtol=1e-12)
    expected = 64 * 2 ** (np.arange(-2, 3) / 12)
    assert_allclose(copies.argmax(1), expected, atol=1)
    assert_allclose(with_transpositions(played, 0)[0], played, rtol=1e-12)


def test_no_frame_is_taken_twice():
    played = played_spectra([tone(1000)], 20, n_fft=512)
    assert len(np.unique(played, axis=0)) == 20


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


def test_up_to_300_spectra_of_an_instrument_are_learned_by_default():
    rng = np.random.default_rng(0)
    sources = rng.standard_normal((2, 60000))
    trial = Trial(np.zeros((1, 1920)), 64.0, sources.sum(axis=0), 2000.0)
    trial = replace(trial, instruments=("flute", "horn"))
    model = ContrastiveNMF(random_state=0).fit([trial], [Reference(sources, 0)])
    assert [len(own) for own in model.model_.components] == [300, 300]
