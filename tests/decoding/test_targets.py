from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.decoding import EnvelopeDecoder
from sklearn_cnmf.decoding._eeg import eeg_of_trials
from sklearn_cnmf.decoding._targets import candidates_of_trials, targets_of_trials
from sklearn_cnmf.signals import audio_envelope, band_pass

BAND = {"sfreq": 64.0, "l_freq": 1.0, "h_freq": 8.0}


def test_eeg_and_target_of_a_trial_share_their_clock_and_band(make_trials):
    # EEG that is the envelope itself, without delay or noise
    trials, references = make_trials(1, delay=0.0, noise=0.0, eeg_sfreq=250.0)
    [x] = eeg_of_trials(trials, **BAND)
    [y] = targets_of_trials(trials, references, feature=audio_envelope, **BAND)
    assert x.shape == (768, 6)
    assert y.shape == (768, 1)
    assert np.corrcoef(x[64:-64, 2], y[64:-64, 0])[0, 1] > 0.98
    lagged = [
        np.corrcoef(x[64 + lag : -64 + lag, 2], y[64:-64, 0])[0, 1] for lag in (-1, 1)
    ]
    assert max(lagged) < 0.98


def test_target_is_the_filtered_envelope_of_the_attended_source(make_trials):
    trials, references = make_trials(2)
    times = np.arange(768) / 64
    found = targets_of_trials(trials, references, feature=audio_envelope, **BAND)
    for y, trial, reference in zip(found, trials, references):
        audio = reference.sources[reference.attended]
        envelope = audio_envelope(audio, trial.audio_sfreq, times)
        assert_allclose(y.T, band_pass(envelope, 64.0, l_freq=1.0, h_freq=8.0))


def test_trials_that_share_sources_are_told_apart(make_trials):
    [trial], [reference] = make_trials(1)
    other = replace(reference, attended=1)
    shorter = replace(trial, eeg=trial.eeg[:, :-1])
    trials = [trial, trial, trial, shorter]
    references = [reference, other, reference, other]
    found = targets_of_trials(trials, references, feature=audio_envelope, **BAND)
    times = np.arange(768) / 64
    for y, source in zip(found[:3], (0, 1, 0)):
        envelope = audio_envelope(reference.sources[source], 4000.0, times)
        assert_allclose(y.T, band_pass(envelope, 64.0, l_freq=1.0, h_freq=8.0))
    alone = targets_of_trials([shorter], [other], feature=audio_envelope, **BAND)
    assert_array_equal(found[3], alone[0])


def test_a_function_gets_source_rate_and_times(make_trials):
    trials, references = make_trials(2)
    calls = []

    def feature(audio, sfreq, times):
        calls.append((audio, sfreq, times))
        return np.array([np.sin(times), np.ones(len(times)), np.cos(times)])

    kwargs = {"sfreq": 64.0, "l_freq": None, "h_freq": None}
    ys = targets_of_trials(trials, references, feature=feature, **kwargs)
    assert_array_equal(ys[0][:, 1], 1)
    assert ys[0].shape == (768, 3)
    audio, sfreq, times = calls[1]
    assert_array_equal(audio, references[1].sources[1])
    assert sfreq == trials[1].audio_sfreq
    assert_allclose(times, np.arange(768) / 64)


@pytest.mark.parametrize(
    ("feature", "message"),
    [
        (
            lambda a, f, t: np.ones((2, len(t))),
            r"trials\[0\] \(stimulus 's0'\): .*cons",
        ),
        (lambda a, f, t: np.ones(len(t)), r"trials\[0\].*feature returned shape \(768"),
        (
            lambda a, f, t: np.arange(len(t))[None].repeat(1 + (abs(a[5]) > 0), 0),
            r"trials\[1\] \(stimulus 's1'\): sources\[1\]: feature has 1 outputs",
        ),
    ],
)
def test_a_bad_feature_is_reported_with_its_trial(make_trials, feature, message):
    trials, references = make_trials(2)
    sources = references[1].sources.copy()
    sources[:, 5] = 0
    references[1] = replace(references[1], sources=sources)
    with pytest.raises(ValueError, match=message):
        targets_of_trials(trials, references, feature=feature, **BAND)


def test_a_silent_source_is_refused_in_fit_and_score(make_trials):
    trials, references = make_trials(3)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    sources = references[1].sources.copy()
    sources[1] = 0
    trials[1] = replace(trials[1], mixture=sources.sum(axis=0))
    references[1] = replace(references[1], sources=sources)
    message = r"trials\[1\] \(stimulus 's1'\): sources\[1\], the attended .* silent"
    with pytest.raises(ValueError, match=message):
        decoder.fit(trials, references)
    with pytest.raises(ValueError, match=message):
        decoder.score(trials, references)


def test_trials_shorter_than_the_lag_window_are_refused(make_trials):
    trials, references = make_trials(3, duration=1.0)
    decoder = EnvelopeDecoder(tmax=1.0, alpha=1.0)
    message = r"trials\[0\].*64 samples at 64 Hz; at least 66 are needed"
    with pytest.raises(ValueError, match=message):
        decoder.fit(trials, references)


def test_a_warning_tells_of_trials_shorter_than_the_filter(make_trials):
    trials, references = make_trials(3, duration=2.0)
    decoder = EnvelopeDecoder(alpha=1.0)
    with pytest.warns(RuntimeWarning, match="longer than the signal"):
        decoder.fit(trials, references)


def test_a_band_beyond_the_eeg_is_refused(make_trials):
    trials, references = make_trials(2, eeg_sfreq=50.0)
    decoder = EnvelopeDecoder(alpha=1.0, h_freq=26.0)
    message = r"trials\[0\].*h_freq=26 Hz is not below half of eeg_sfreq=50 Hz"
    with pytest.raises(ValueError, match=message):
        decoder.fit(trials, references)


def test_channels_must_be_those_of_the_training(make_trials):
    names = ("Fz", "Cz", "Pz", "Oz", "C3", "C4")
    trials, references = make_trials(2, ch_names=names)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    assert_array_equal(decoder.feature_names_in_, names)
    swapped = replace(trials[0], ch_names=("Fz", "Pz", "Cz", "Oz", "C3", "C4"))
    with pytest.raises(ValueError, match=r"ch_names\[1\] is 'Pz', .* it was 'Cz'"):
        decoder.predict([swapped])
    nameless = [replace(trial, ch_names=None) for trial in trials]
    assert_array_equal(decoder.predict(nameless)[0], decoder.predict(trials)[0])
    with pytest.raises(ValueError, match=r"trials\[2\].*ch_names\[1\]"):
        decoder.fit([nameless[0], swapped, trials[1]], [references[0], *references])
    fewer = [replace(trials[0], eeg=trials[0].eeg[:5], ch_names=None)]
    with pytest.raises(ValueError, match="5 channels, but EnvelopeDecoder is expecti"):
        decoder.transform(fewer)
    assert not hasattr(decoder.fit(nameless, references), "feature_names_in_")


def test_constant_channels_are_named_and_get_no_weight(make_trials):
    names = ("Fz", "Cz", "Pz", "Oz", "C3", "C4")
    trials, references = make_trials(3, ch_names=names)
    for index, trial in enumerate(trials):
        eeg = trial.eeg.copy()
        eeg[3] = 0.1 * index
        eeg[4] = eeg[4] if index else 7.0
        trials[index] = replace(trial, eeg=eeg)
    decoder = EnvelopeDecoder(alpha=1.0)
    with pytest.warns(UserWarning, match=r"channels \['Oz'\] of the EEG are constant"):
        decoder.fit(trials, references)
    assert_allclose(decoder.coef_[:, 3], 0, atol=1e-12)
    dead = [replace(trial, eeg=np.ones_like(trial.eeg)) for trial in trials]
    with pytest.raises(ValueError, match="all channels of the EEG are constant"):
        decoder.fit(dead, references)


def test_references_are_needed(make_trials):
    trials, references = make_trials(2)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    for method in (decoder.fit, decoder.score):
        with pytest.raises(ValueError, match="requires y to be passed"):
            method(trials, None)
    with pytest.raises(ValueError, match="list of Trial"):
        decoder.predict(trials[0])


def test_known_targets_are_not_computed_again(make_trials):
    trials, references = make_trials(4)
    calls = []

    def counted(audio, sfreq, times):
        calls.append(audio)
        return audio_envelope(audio, sfreq, times)

    target = {"feature": counted, **BAND}
    ys = targets_of_trials(trials, references, **target)
    known = candidates_of_trials(trials, references, targets=ys, **target)
    assert len(calls) == 8  # two sources of four trials
    every = candidates_of_trials(trials, references, **target)
    for one, two in zip(known, every):
        for a, b in zip(one, two):
            assert_array_equal(a, b)
