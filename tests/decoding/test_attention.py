from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import softmax

from sklearn_cnmf.decoding import EnvelopeDecoder
from sklearn_cnmf.decoding._attention import candidate_z, share_right
from sklearn_cnmf.signals import audio_envelope, band_pass, onsets
from sklearn_cnmf.trial import Reference

NAMES = ("oboe", "harp")


def _named(trials):
    return [replace(trial, instruments=NAMES) for trial in trials]


def test_correlations_equal_numpy_in_each_window():
    rng = np.random.default_rng(0)
    guides = [rng.standard_normal((25, 2)) for _ in range(3)]
    features = [rng.standard_normal((25, 2)) for _ in range(3)]
    found = candidate_z(guides, features, n_window=10)
    assert found.shape == (2, 3, 2)
    for window in range(2):
        own = slice(10 * window, 10 * window + 10)
        for source in range(3):
            r = [
                np.corrcoef(guides[source][own, o], features[source][own, o])[0, 1]
                for o in range(2)
            ]
            assert_allclose(found[window, source], np.arctanh(r))


def test_a_tie_is_wrong():
    scores = np.array([[0.3, 0.1, 0.2], [0.3, 0.3, 0.1], [0.0, 0.1, 0.2]])
    assert share_right(scores, 0) == pytest.approx(1 / 3)
    assert share_right(np.zeros((2, 2)), 0) == 0.0


def test_the_attended_source_is_found(make_trials):
    trials, references = make_trials(8, noise=1.0)
    decoder = EnvelopeDecoder(alpha=0.1).fit(trials[:6], references[:6])
    found = decoder.predict_attended(trials[6:], references[6:])
    assert found == [reference.attended for reference in references[6:]]
    assert decoder.score_attended(trials[6:], references[6:]) == 1.0
    wrong = [replace(r, attended=1 - r.attended) for r in references[6:]]
    assert decoder.score_attended(trials[6:], wrong) == 0.0


def test_each_trial_that_has_names_gives_one(make_trials):
    trials, references = make_trials(6, noise=1.0)
    decoder = EnvelopeDecoder(alpha=0.1).fit(trials[:4], references[:4])
    named = [replace(trials[4], instruments=("flute", "horn")), trials[5]]
    assert decoder.predict_attended(named, references[4:]) == [
        ("flute", "horn")[references[4].attended],
        references[5].attended,
    ]


def test_scores_are_weighted_correlations_with_the_filtered_feature(make_trials):
    trials, references = make_trials(3)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    [scores] = decoder.attention_scores(trials[:1], references[:1], window=5.0)
    assert scores.shape == (2, 2)
    guide = decoder.predict(trials[:1])[0]
    weights = decoder.output_weights_
    assert weights.shape == (2,)
    assert weights.min() > 0
    times = np.arange(768) / 64
    for source in range(2):
        envelope = audio_envelope(references[0].sources[source], 4000.0, times)
        rises = np.vstack([envelope, onsets(envelope)])
        target = band_pass(rises, 64.0, l_freq=1.0, h_freq=8.0)
        for window in range(2):
            own = slice(320 * window, 320 * window + 320)
            r = [np.corrcoef(guide[o, own], target[o, own])[0, 1] for o in range(2)]
            assert_allclose(scores[window, source], weights @ np.arctanh(r), rtol=1e-9)


def test_candidates_may_be_any_waveforms(make_trials):
    trials, references = make_trials(4, noise=1.0)
    decoder = EnvelopeDecoder(alpha=0.1).fit(trials, references)
    silence = np.zeros_like(trials[0].mixture)
    candidates = [
        np.stack([silence, reference.sources[1], reference.sources[0]])
        for reference in references
    ]
    found = decoder.predict_attended(trials, candidates)
    assert found == [2 - reference.attended for reference in references]
    assert decoder.attention_scores(trials, candidates)[0][0, 0] == 0.0


def test_longer_windows_are_decoded_better(make_trials):
    trials, references = make_trials(12, noise=12.0, duration=20.0)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials[:8], references[:8])
    accuracy = [
        decoder.score_attended(trials[8:], references[8:], window=window)
        for window in (1.0, 20.0)
    ]
    assert 0.5 < accuracy[0] < accuracy[1]


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda c: c[:1], ValueError, "candidates: 1 entries for 2 trials"),
        (lambda c: c[0], ValueError, "candidates: expected a list"),
        (
            lambda c: [c[0], c[1].sources[:, :9]],
            ValueError,
            r"trials\[1\] .*candidates: expected shape \(n_candidates, 48000\)",
        ),
        (
            lambda c: [c[0], c[1].sources * np.nan],
            ValueError,
            r"trials\[1\] .*candidates: expected finite real numbers",
        ),
    ],
)
def test_bad_candidates_are_refused(make_trials, change, error, message):
    trials, references = make_trials(2)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    with pytest.raises(error, match=message):
        decoder.predict_attended(trials, change(references))


def test_bad_windows_and_arrays_are_refused(make_trials):
    trials, references = make_trials(2)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    for window, error, message in (
        (12.5, ValueError, r"trials\[0\].* lasts 12 s; it is shorter than window=12.5"),
        (0.01, ValueError, "window: expected at least 0.03125 s"),
        ("5", ValueError, "window: expected a finite number"),
    ):
        with pytest.raises(error, match=message):
            decoder.attention_scores(trials, references, window=window)
    two_frames = decoder.attention_scores(trials, references, window=0.03125)
    assert np.isfinite(two_frames[0]).all()
    with pytest.raises(ValueError, match="trials: expected a list of Trial"):
        decoder.predict_attended(np.ones((99, 6)), references)


def _two_instruments(make_trials, n_trials=8):
    """Trials whose EEG follows the oboe in channel 2 and the harp in channel 0."""
    trials, references = make_trials(n_trials, noise=1.0)
    swapped = [
        replace(t, eeg=t.eeg[[2, 1, 0, 3, 4, 5]] if r.attended else t.eeg)
        for t, r in zip(trials, references)
    ]
    return _named(swapped), references


def test_each_instrument_has_its_decoder(make_trials):
    trials, references = _two_instruments(make_trials)
    decoder = EnvelopeDecoder(alpha=0.1, per_instrument=True).fit(trials, references)
    assert list(decoder.decoders_) == ["harp", "oboe"]
    for name, channel in (("oboe", 2), ("harp", 0)):
        chosen = [i for i, r in enumerate(references) if NAMES[r.attended] == name]
        own_trials = [trials[i] for i in chosen]
        alone = EnvelopeDecoder(alpha=0.1).fit(
            own_trials, [references[i] for i in chosen]
        )
        assert_allclose(decoder.decoders_[name].coef, alone.coef_, atol=1e-12)
        assert np.abs(alone.patterns_[0]).max(axis=1).argmax() == channel
    pooled = EnvelopeDecoder(alpha=0.1).fit(trials, references)
    assert_array_equal(decoder.coef_, pooled.coef_)
    assert decoder.score(trials, references) > pooled.score(trials, references)


def test_decoders_of_instruments_score_their_own_candidates(make_trials):
    trials, references = _two_instruments(make_trials)
    decoder = EnvelopeDecoder(alpha=0.1, per_instrument=True).fit(trials, references)
    [scores] = decoder.attention_scores(trials[:1], references[:1])
    attended = np.array([r.attended for r in references])
    both = []
    for source in range(2):
        own = np.flatnonzero(attended == source)
        alone = EnvelopeDecoder(alpha=0.1)
        alone.fit([trials[i] for i in own], [references[i] for i in own])
        expected = alone.attention_scores(trials[:1], references[:1])
        assert_allclose(scores[0, source], expected[0][0, source])
        both.append(alone.predict(trials[:1])[0])
    [guide] = decoder.predict(trials[:1])
    assert_allclose(guide, np.mean(both, axis=0))
    assert decoder.transform(trials)[0].guide.shape == (2, 768)
    with pytest.raises(
        ValueError, match="2 instruments; per_instrument=True needs one"
    ):
        decoder.predict_attended(trials[:1], [references[0].sources[:1]])


def test_an_instrument_never_trained_gets_the_pooled_decoder(make_trials):
    trials, references = _two_instruments(make_trials)
    oboe = [i for i, r in enumerate(references) if r.attended == 0]
    decoder = EnvelopeDecoder(alpha=0.1, per_instrument=True)
    decoder.fit([trials[i] for i in oboe], [references[i] for i in oboe])
    assert list(decoder.decoders_) == ["oboe"]
    with pytest.warns(UserWarning, match=r"\['harp'\] had no training trials"):
        found = decoder.score(trials[1:2], references[1:2])
    pooled = EnvelopeDecoder(alpha=0.1)
    pooled.fit([trials[i] for i in oboe], [references[i] for i in oboe])
    assert found == pooled.score(trials[1:2], references[1:2])


def test_an_instrument_of_one_stimulus_takes_the_penalty_of_all(make_trials):
    trials, references = _two_instruments(make_trials)
    harp = [i for i, r in enumerate(references) if r.attended == 1]
    trials = [
        replace(t, stimulus="same") if i in harp else t for i, t in enumerate(trials)
    ]
    decoder = EnvelopeDecoder(per_instrument=True).fit(trials, references)
    assert decoder.decoders_["harp"].alpha == decoder.alpha_
    assert decoder.decoders_["harp"].cv_scores is None
    assert decoder.decoders_["oboe"].cv_scores is not None


def test_instruments_must_be_named(make_trials):
    trials, references = make_trials(2)
    decoder = EnvelopeDecoder(alpha=0.1, per_instrument=True)
    with pytest.raises(ValueError, match=r"trials\[0\].*instruments is None"):
        decoder.fit(trials, references)
    decoder.fit(_named(trials), references)
    with pytest.raises(ValueError, match=r"trials\[0\].*instruments is None"):
        decoder.predict(trials)


@pytest.mark.parametrize(
    "feature", ["onset", "envelope_onset", "mel", "mel_onset", "activations"]
)
def test_features_are_decoded(make_trials, feature):
    trials, references = make_trials(6, noise=0.5)
    decoder = EnvelopeDecoder(feature=feature, n_bands=3, alpha=0.1)
    decoder.fit(trials[:4], references[:4])
    n_outputs = {"onset": 1, "envelope_onset": 2}.get(feature, 3)
    assert decoder.coef_.shape == (n_outputs, 6, 17)
    assert decoder.predict(trials[4:])[0].shape == (n_outputs, 768)
    assert decoder.score(trials[4:], references[4:]) > 0.2
    assert decoder.score_attended(trials[4:], references[4:]) == 1.0
    assert isinstance(references[0], Reference)


def test_a_window_follows_a_listener_who_turns(make_trials):
    trials, references = make_trials(8, noise=0.5)
    decoder = EnvelopeDecoder(alpha=0.1).fit(trials[:6], references[:6])
    # The first half of one trial, then the second half of one with the other attended.
    eeg = np.hstack([trials[6].eeg[:, :768], trials[7].eeg[:, 768:]])
    sources = [
        np.hstack([references[6].sources[i, :24000], references[7].sources[i, 24000:]])
        for i in range(2)
    ]
    trial = replace(trials[6], eeg=eeg, mixture=np.sum(sources, axis=0))
    (p,) = decoder.predict_proba([trial], [np.array(sources)], window=3.0)
    assert p.shape == (768, 2)
    assert_allclose(p.sum(axis=1), 1)
    assert np.mean(p[:288, 0] > 0.5) > 0.9
    assert np.mean(p[480:, 1] > 0.5) > 0.9
    assert decoder.predict_proba([trial], [np.array(sources)])[0].shape == (2,)


def test_a_sliding_window_holds_the_evidence_of_its_seconds(make_trials):
    trials, references = make_trials(3)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    (p,) = decoder.predict_proba(trials[:1], references[:1], window=5.0)
    (scores,) = decoder.attention_scores(trials[:1], references[:1], window=5.0)
    for window, centre in enumerate((160, 480)):
        log_odds = 5.0 * (scores[window] - scores[window].max())
        log_odds /= np.sqrt(1 + np.pi / 8 * (0.3 * log_odds) ** 2)
        assert_allclose(p[centre], softmax(log_odds), atol=1e-9)
    with pytest.raises(ValueError, match=r"lasts 12 s; it is shorter than window=13"):
        decoder.predict_proba(trials[:1], references[:1], window=13.0)
