import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation._stft import hop_of, spectra
from sklearn_cnmf.separation.harmonic import _tracking
from sklearn_cnmf.separation.harmonic._tracking import (
    _path,
    _within_ranges,
    track_voices,
)
from sklearn_cnmf.separation.harmonic._voices import VoiceFitter

SFREQ, N_FFT = 8000.0, 1488


def test_notes_score_by_their_distance_from_the_mean_of_their_voice():
    tracked = np.array([[66.0, 78.0, np.nan, 72.0], [np.nan] * 4])
    spread = np.std([66, 78, 72])
    pitches = np.array([[[72.0, 50.0], [72 + spread, 50.0], [np.nan, 50.0]]])
    score = _within_ranges(pitches, tracked)[0]
    # A voice that never sounds has no range.
    assert_allclose(score[0], 0.15)
    assert_allclose(score[1:], 0, atol=1e-12)
    further = np.array([[[72 + 2 * spread, np.nan]]])
    assert_allclose(_within_ranges(further, tracked), -3 * score[0])


def test_a_voice_on_one_note_may_play_others():
    tracked = np.full((1, 5), 60.0)
    score = _within_ranges(np.array([[[61.0], [63.0]]]), tracked)[0]
    assert_array_equal(score > 0, [True, False])
    assert score[1] == 0


def test_what_steps_jumps_and_rests_cost():
    pitches = [60.0, 60.5, 61.5, 54.0, 69.0, np.nan, np.nan, 40.0]
    costs = [0, 1, 14, 20, 7, 0, 7]
    for n_frames in range(1, len(pitches) + 1):
        # The second voice stays on its note, or silent.
        for other in (50.0, np.nan):
            one_way = np.array([[[own, other]] for own in pitches[:n_frames]])
            found, score = _path(np.ones((n_frames, 1)), one_way)
            assert_array_equal(found, one_way[:, 0].T)
            assert_allclose(score, n_frames - sum(costs[: n_frames - 1]))


@pytest.mark.parametrize(("rise", "n_passes"), [(0.003, 10), (0.0005, 2)])
def test_passes_end_where_little_is_gained(duet, monkeypatch, rise, n_passes):
    _, X = spectra(duet.sum(axis=0)[:4000], N_FFT, hop_of(N_FFT))
    fitter = VoiceFitter(X, SFREQ / N_FFT)
    silent = np.full((2, len(X)), np.nan)
    score = 100.0

    def path(evidence, pitches):
        nonlocal score
        score *= 1 + rise
        return silent, score

    fits = []

    def fit(pitches):
        fits.append(pitches)
        return fitted(pitches)

    fitted = fitter.fit
    monkeypatch.setattr(_tracking, "_path", path)
    monkeypatch.setattr(fitter, "fit", fit)
    track_voices(X, SFREQ / N_FFT, 2, fitter)
    # What was found last is fitted once more.
    assert len(fits) == n_passes + 1


def test_evidence_is_that_which_was_stored(duet, monkeypatch):
    _, X = spectra(duet.sum(axis=0)[:12000], N_FFT, hop_of(N_FFT))
    evidences = []

    def path(evidence, pitches):
        evidences.append(evidence)
        return _path(evidence, pitches)

    monkeypatch.setattr(_tracking, "_path", path)
    track_voices(X, SFREQ / N_FFT, 2, VoiceFitter(X, SFREQ / N_FFT))
    # Of the envelope that stands for any instrument, and of those of the voices.
    found = [np.mean(e[np.isfinite(e)]) for e in evidences[:2]]
    assert_allclose(found, [99.48683, 62.53745], rtol=3e-4)
