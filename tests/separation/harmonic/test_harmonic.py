import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from threadpoolctl import threadpool_limits

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.model_io import load_model, save_model
from sklearn_cnmf.separation import HarmonicVoices, MisfitWarning
from sklearn_cnmf.separation._stft import hop_of, spectra
from sklearn_cnmf.separation.harmonic import find_voices
from sklearn_cnmf.separation.harmonic._voices import VoiceFitter

SFREQ, N_FFT = 8000.0, 1488


@pytest.fixture
def model(duet_trial):
    return ContrastiveNMF(dictionary="harmonic").fit([duet_trial])


@pytest.fixture(scope="module")
def separated(duet_trial):
    return (
        ContrastiveNMF(dictionary="harmonic")
        .fit([duet_trial])
        .separate([duet_trial])[0]
    )


def gains(stems, estimates):
    mixture = stems.sum(axis=0)
    return [
        si_sdr(stem, own) - si_sdr(stem, mixture) for stem, own in zip(stems, estimates)
    ]


def test_two_voices_come_apart_without_references(duet, separated):
    assert separated.instruments == ("higher", "lower")
    assert min(gains(duet, separated.candidates)) > 11
    assert separated.converged
    assert 0.8 < separated.explained <= 1


def voices_of(stems):
    """Voices of a mixture, and the times of the frames."""
    _, X = spectra(stems.sum(axis=0), N_FFT, hop_of(N_FFT))
    times = np.arange(len(X)) * hop_of(N_FFT) / SFREQ
    return find_voices(X, SFREQ / N_FFT, len(stems)), times


def deviations(pitches, notes, times):
    """Semitones between what was found and what is played, off the onsets."""
    found = [
        pitches[(times > start + 0.1) & (times < end - 0.1)] - pitch
        for start, end, pitch in notes
    ]
    return np.abs(np.concatenate(found))


def test_tracked_pitches_are_those_played(duet, duet_notes):
    found, times = voices_of(duet)
    assert found.heights[0] > found.heights[1]
    first, second = (deviations(*own, times) for own in zip(found.pitches, duet_notes))
    # The first voice has a vibrato of 20 cents.
    assert first.max() < 0.35
    assert second.max() < 0.1


@pytest.mark.parametrize("voices", ["crossing", "exchanged"])
def test_voices_are_followed_where_they_cross(voices, request):
    stems, notes = request.getfixturevalue(voices)
    found, times = voices_of(stems)
    orders = [found.pitches, found.pitches[::-1]]
    share = max(
        np.mean(
            np.concatenate([deviations(*own, times) for own in zip(order, notes)]) < 0.3
        )
        for order in orders
    )
    assert share > 0.95


def test_pitches_move_off_the_grid(play):
    _, X = spectra(play([(0.1, 1.9, 60.37)], 1.0, 2), N_FFT, hop_of(N_FFT))
    voices = VoiceFitter(X, SFREQ / N_FFT).fit(np.full((1, len(X)), 60.2))
    assert_allclose(voices.pitches[0, 8:-8], 60.37, atol=0.06)


def test_partials_are_those_of_what_sounds(duet):
    _, X = spectra(duet[1], N_FFT, hop_of(N_FFT))
    pitches = np.full((1, len(X)), 57.0)
    pitches[:, 10:] = np.nan
    partials = VoiceFitter(X, SFREQ / N_FFT).fit(pitches).partials
    assert partials.shape[:2] == pitches.shape
    assert np.all(partials[0, 10:] == 0)
    # The second voice has odd partials alone.
    assert partials[0, 5, 0] > 10 * partials[0, 5, 1]


def test_candidates_add_up_to_the_mixture(duet_trial, separated):
    assert_allclose(separated.candidates.sum(axis=0), duet_trial.mixture, atol=1e-6)


def test_the_guide_chooses_the_voice(duet, make_trial):
    trials = [make_trial(duet, attended)[0] for attended in (0, 1)]
    model = ContrastiveNMF(dictionary="harmonic").fit(trials)
    assert model.predict_attended(trials) == ["higher", "lower"]
    first, second = model.predict_proba(trials)
    assert first[0] > 0.9
    assert second[1] > 0.9
    assert_allclose([first.sum(), second.sum()], 1)


def test_soft_weighs_the_candidates(duet_trial, separated, model):
    expected = np.tensordot(separated.probabilities, separated.candidates, axes=1)
    assert_allclose(separated.attended, expected, atol=1e-6)
    model.set_params(choice="hard")
    assert_array_equal(model.predict([duet_trial])[0], separated.candidates[0])


def test_attended_may_be_given_by_height(duet_trial, separated, model):
    (attended,) = model.predict([duet_trial], attended=["lower"])
    assert_array_equal(attended, separated.candidates[1])
    with pytest.raises(ValueError, match=r"attended\[0\]: 'violin' is none of"):
        model.predict([duet_trial], attended=["violin"])


def test_three_voices(trio, make_trial):
    trial, _ = make_trial(trio, 2, instruments=("flute", "clarinet", "cello"))
    model = ContrastiveNMF(dictionary="harmonic").fit([trial])
    (done,) = model.separate([trial])
    assert done.instruments == ("highest", "middle", "lowest")
    assert done.chosen == "lowest"
    assert min(gains(trio, done.candidates)) > 10


def test_n_components_says_how_many_voices_there_are(trio, make_trial):
    trial, _ = make_trial(trio, 0)
    model = ContrastiveNMF(3, dictionary="harmonic").fit([trial])
    assert len(model.predict_proba([trial])[0]) == 3


@pytest.mark.parametrize("n_voices", [1, 4])
def test_other_numbers_of_voices_are_refused(duet_trial, n_voices):
    names = tuple("abcd"[:n_voices])
    with pytest.raises(ValueError, match=f"n_components: .* got {n_voices}"):
        ContrastiveNMF(n_voices, dictionary="harmonic").fit([duet_trial])
    model = ContrastiveNMF(dictionary="harmonic").fit([duet_trial])
    named = replace(duet_trial, instruments=names)
    with pytest.raises(ValueError, match=rf"trials\[0\].*: has {n_voices} instr"):
        model.predict([named])


def test_published_solver_is_refused(duet_trial):
    model = ContrastiveNMF(
        dictionary="harmonic", solver="published", contrast="components"
    )
    with pytest.raises(ValueError, match="solver: 'published' updates components"):
        model.fit([duet_trial])


def test_contrast_moves_the_levels(duet, duet_trial, separated, model):
    model.set_params(delta=0.3)
    (done,) = model.separate([duet_trial])
    assert done.converged
    assert not np.array_equal(done.candidates[0], separated.candidates[0])
    assert_array_equal(done.candidates[1], separated.candidates[1])
    assert gains(duet, done.candidates)[0] > 11


def test_what_is_no_voice_is_warned_of(duet_trial, model):
    noise = np.random.default_rng(0).standard_normal(duet_trial.mixture.shape)
    noisy = replace(duet_trial, mixture=noise, subject="S1", stimulus="noise")
    expected = r"trials\[1\].*noise.*: 2 pitched voices explain \d+ % .* 1 of 2 trials"
    with pytest.warns(MisfitWarning, match=expected):
        clean, bad = model.separate([duet_trial, noisy])
    assert clean.explained > 0.8
    assert bad.explained < 0.6


def test_contrast_follows_the_guide_of_each_trial_of_a_mixture(duet, make_trial):
    trials = [make_trial(duet, 0)[0]] * 2
    trials[1] = replace(trials[1], guide=trials[1].guide ** 2)
    model = ContrastiveNMF(dictionary="harmonic", delta=0.3, choice="hard").fit(trials)
    together = model.predict(trials, attended=["higher", "higher"])
    alone = model.predict(trials[1:], attended=["higher"])
    assert_array_equal(together[1], alone[0])
    assert not np.array_equal(together[0], together[1])


def test_loudness_does_not_matter(duet_trial, separated, model):
    for factor in (1e-6, 1e6):
        louder = replace(duet_trial, mixture=duet_trial.mixture * factor)
        (done,) = model.separate([louder])
        scale = np.abs(separated.candidates).max()
        assert_allclose(
            done.candidates / factor, separated.candidates, atol=1e-4 * scale
        )


def test_single_precision_stays(duet_trial, model):
    single = replace(duet_trial, mixture=duet_trial.mixture.astype(np.float32))
    assert model.predict([single])[0].dtype == np.float32


def test_stereo_has_a_level_for_each_channel(duet, make_trial):
    panned = np.stack([duet * [[0.9], [0.2]], duet * [[0.1], [0.8]]], axis=1)
    trial, _ = make_trial(duet, 0)
    trial = replace(trial, mixture=panned.sum(axis=0))
    (done,) = ContrastiveNMF(dictionary="harmonic").fit([trial]).separate([trial])
    assert done.candidates.shape == (2, *trial.mixture.shape)
    for source, found in zip(panned, done.candidates):
        assert si_sdr(source.ravel(), found.ravel()) > 11


def test_silence_is_silent(duet_trial, model):
    silent = replace(duet_trial, mixture=np.zeros_like(duet_trial.mixture))
    with pytest.warns(UserWarning, match="mixture is silent"):
        (done,) = model.separate([silent])
    assert done.instruments == ("higher", "lower")
    assert not done.attended.any()
    assert_allclose(done.probabilities, 0.5)


def test_same_result_for_any_n_jobs_and_after_saving(duet_trial, model, tmp_path):
    expected = model.predict([duet_trial])[0]
    model.set_params(n_jobs=2)
    for found in model.predict([duet_trial, duet_trial]):
        assert_array_equal(found, expected)
    save_model(model, tmp_path / "voices.skops")
    loaded = load_model(tmp_path / "voices.skops")
    assert_array_equal(loaded.predict([duet_trial])[0], expected)


def test_tracked_voices_may_be_cached(duet_trial, separated, tmp_path):
    model = ContrastiveNMF(dictionary="harmonic", memory=str(tmp_path))
    model.fit([duet_trial])
    for _ in range(2):
        (done,) = model.separate([duet_trial])
        assert_array_equal(done.candidates, separated.candidates)


def test_value_refuses_what_makes_no_sense():
    value = HarmonicVoices(5, 8000.0, 1024, {})
    with pytest.raises(ValueError, match="n_voices: expected 2 or 3 voices, got 5"):
        value.check()


def test_same_bits_for_any_number_of_threads(duet):
    _, X = spectra(duet.sum(axis=0), N_FFT, hop_of(N_FFT))
    results = []
    for n_threads in (1, 2, 3):
        with threadpool_limits(n_threads, user_api="blas"):
            results.append(find_voices(X, SFREQ / N_FFT, 2))
    for found in results[1:]:
        assert_array_equal(found.models, results[0].models)
        assert_array_equal(found.pitches, results[0].pitches)


def test_memory_is_linear_in_frames(duet):
    _, X = spectra(duet.sum(axis=0), N_FFT, hop_of(N_FFT))
    find_voices(X, SFREQ / N_FFT, 2)
    peaks = []
    for n_copies in (4, 8):
        mixture = np.tile(X, (n_copies, 1))
        tracemalloc.start()
        find_voices(mixture, SFREQ / N_FFT, 2)
        peaks.append(tracemalloc.get_traced_memory()[1] / mixture.size / 8)
        tracemalloc.stop()
    assert peaks[1] < 1.05 * peaks[0]
    assert peaks[1] < 14
