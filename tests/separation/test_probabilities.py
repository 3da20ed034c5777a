"""Choices by a guide that knows how far to trust itself."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.separation import candidate_probabilities
from sklearn_cnmf.separation._mixture import Mixture
from sklearn_cnmf.signals import (
    band_pass,
    choice_probabilities,
    envelope_and_onsets,
    fisher_z,
    pearson_r,
)

SFREQ = 8000.0
TIMES = np.arange(512) / 64
BAND = (1.0, 8.0)


def features(audio):
    values = envelope_and_onsets(audio, SFREQ, TIMES)
    return band_pass(values, 64.0, l_freq=BAND[0], h_freq=BAND[1])


def duet(seed, attended, noise=0.0):
    rng = np.random.default_rng(seed)
    seconds = np.arange(8 * SFREQ) / SFREQ
    gates = np.repeat(rng.random((2, 32)), int(SFREQ) // 4, axis=1)
    sources = gates * np.sin(2 * np.pi * np.array([[440.0], [1200.0]]) * seconds)
    sources += 1e-3 * rng.standard_normal(sources.shape)
    guide = features(sources[attended])
    spread = guide.std(axis=1, keepdims=True)
    guide = guide + noise * spread * rng.standard_normal(guide.shape)
    trial = Trial(
        rng.standard_normal((2, 512)), 64.0, sources.sum(axis=0), SFREQ,
        instruments=("low", "high"), guide=guide, guide_sfreq=64.0,
        guide_feature="envelope_onset", guide_weights=np.array([0.4, 1.3]),
        guide_band=BAND,
    )  # fmt: skip
    return trial, Reference(sources, attended)


@pytest.fixture(scope="module")
def data():
    pairs = [duet(seed, seed % 2, noise=3.0) for seed in range(4)]
    return [t for t, _ in pairs], [r for _, r in pairs]


@pytest.fixture(scope="module")
def fitted(data):
    return ContrastiveNMF(2, tol=1e-3, random_state=0).fit(*data)


def test_each_row_is_compared_with_the_same_feature_of_each_share(data, fitted):
    trials, references = data
    for trial, reference, p, support in zip(
        trials,
        references,
        fitted.predict_proba(trials),
        fitted.decision_function(trials),
    ):
        # The shares are close to the sources, whose features are the oracle.
        r = [pearson_r(features(s).T, trial.guide.T) for s in reference.sources]
        z = fisher_z(np.array(r))
        expected = choice_probabilities(z, 0.9 * trial.guide_weights, 7.0)
        assert_allclose(p, expected, atol=0.05)
        assert_allclose(support, z @ trial.guide_weights / 1.7, atol=0.02)
        assert_allclose(p.sum(), 1)


def test_a_soft_choice_weighs_the_candidates(data, fitted):
    trials, _ = data
    hard = clone(fitted).set_params(choice="hard").fit(*data)
    for trial, soft, sure in zip(
        trials, fitted.separate(trials), hard.separate(trials)
    ):
        assert_allclose(soft.probabilities, sure.probabilities)
        best = int(np.argmax(soft.probabilities))
        assert soft.chosen == sure.chosen == trial.instruments[best]
        p = soft.probabilities[best]
        rest = trial.mixture - sure.attended
        expected = p * sure.attended + (1 - p) * rest
        assert_allclose(soft.attended, expected, atol=1e-6)


def test_a_guide_without_information_gives_half_of_the_mixture(data, fitted):
    trial = replace(data[0][0], guide=np.zeros((2, 512)))
    with pytest.warns(UserWarning, match="guide is constant"):
        (done,) = fitted.separate([trial])
    assert_allclose(done.probabilities, 0.5)
    assert_allclose(done.attended, trial.mixture / 2, atol=1e-6)


def test_without_weights_soft_is_hard_and_says_so(data, fitted):
    trials = [replace(trial, guide_weights=None) for trial in data[0]]
    with pytest.warns(
        UserWarning, match=r"'soft' is 'hard' for 4 of 4 trials"
    ) as caught:
        soft = fitted.predict(trials)
    assert len(caught) == 1
    hard = clone(fitted).set_params(choice="hard").fit(*data).predict(trials)
    for one, two in zip(soft, hard):
        assert_array_equal(one, two)
    # Refused before any mixture is factorised.
    with pytest.raises(ValueError, match=r"trials\[0\].*guide_weights is None"):
        fitted.predict_proba(trials)
    with pytest.raises(ValueError, match=r"trials\[0\].*guide_weights is None"):
        fitted.predict_attended(trials, threshold=0.5)


def test_silent_mixtures_are_even(data, fitted):
    silent = replace(data[0][0], mixture=np.zeros(64000))
    with pytest.warns(UserWarning, match="mixture is silent"):
        (p,) = fitted.predict_proba([silent])
    assert_array_equal(p, [0.5, 0.5])


def test_silent_mixtures_of_guides_without_weights_have_none(data, fitted):
    silent = replace(data[0][0], mixture=np.zeros(64000), guide_weights=None)
    hard = clone(fitted).set_params(choice="hard").fit(*data)
    with pytest.warns(UserWarning, match="mixture is silent"):
        (done,) = hard.separate([silent])
    assert done.probabilities is None
    assert_array_equal(done.support, [0.0, 0.0])


def test_a_feature_of_other_rows_than_the_guide_is_refused(data, fitted):
    trial = replace(data[0][0], guide_feature="onset")
    with pytest.raises(ValueError, match=r"guide_feature: gives shape \(1, 512\)"):
        fitted.predict([trial])

    def feature(audio, sfreq, times):
        return envelope_and_onsets(audio, sfreq, times)

    same = replace(data[0][0], guide_feature=feature)
    assert_allclose(fitted.predict_proba([same]), fitted.predict_proba(data[0][:1]))


def test_the_contrast_follows_the_envelope_alone(data):
    trial = data[0][0]
    both = Mixture(trial, 512).guide
    one = Mixture(
        replace(
            trial,
            guide=trial.guide[:1],
            guide_feature="envelope",
            guide_weights=np.ones(1),
        ),
        512,
    ).guide
    assert_array_equal(both, one)


def test_arrays_have_no_probabilities():
    model = ContrastiveNMF(2, delta=0, tol=1e-1, random_state=0)
    assert not hasattr(model.fit(np.ones((4, 3))), "predict_proba")


def test_choices_below_a_threshold_are_not_made(data, fitted):
    trials, _ = data
    largest = np.array([p.max() for p in fitted.predict_proba(trials)])
    always = fitted.predict_attended(trials)
    threshold = np.sort(largest)[2]
    found = fitted.predict_attended(trials, threshold=threshold)
    expected = [c if p >= threshold else None for c, p in zip(always, largest)]
    assert found == expected
    assert found.count(None) == 2
    assert fitted.predict_attended(trials, threshold=0.0) == always
    with pytest.raises(ValueError, match="threshold: expected a finite number >= 0"):
        fitted.predict_attended(trials, threshold=75)


def test_candidates_come_along(data, fitted):
    trials, _ = data
    hard = clone(fitted).set_params(choice="hard").fit(*data)
    for trial, soft, sure in zip(
        trials, fitted.separate(trials), hard.separate(trials)
    ):
        assert_allclose(soft.candidates.sum(axis=0), trial.mixture, atol=1e-9)
        chosen = soft.candidates[trial.instruments.index(soft.chosen)]
        assert_array_equal(sure.attended, chosen)
        mean = np.tensordot(soft.probabilities, soft.candidates, axes=1)
        assert_allclose(soft.attended, mean, atol=1e-12)


def test_who_is_attended_can_be_given(data, fitted):
    trials, _ = data
    for name in ("low", "high"):
        waveforms = fitted.predict(trials, attended=[name] * 4)
        for waveform, trial, done in zip(waveforms, trials, fitted.separate(trials)):
            index = trial.instruments.index(name)
            assert_array_equal(waveform, done.candidates[index])
    # Without weights nothing has to be chosen, so nothing is warned of.
    plain = [replace(trial, guide_weights=None) for trial in trials]
    assert_array_equal(fitted.predict(plain, attended=["high"] * 4)[0], waveforms[0])


def test_the_contrast_acts_on_the_one_that_is_given(data, fitted):
    trials, references = data
    moved = clone(fitted).set_params(delta=0.3).fit(*data)
    names = [t.instruments[r.attended] for t, r in zip(trials, references)]
    with_contrast = moved.predict(trials, attended=names)
    without = fitted.predict(trials, attended=names)
    assert all(np.abs(a - b).max() > 1e-4 for a, b in zip(with_contrast, without))


@pytest.mark.parametrize(
    ("attended", "message"),
    [
        (["low"], "expected the name of an instrument for each of 4 trials"),
        ("low", "expected the name of an instrument for each of 4 trials"),
        (["low", "high", "low", "flute"], r"attended\[3\]: 'flute' is none of"),
    ],
)
def test_names_that_are_not_there_are_refused(data, fitted, attended, message):
    with pytest.raises(ValueError, match=message):
        fitted.separate(data[0], attended=attended)


def test_only_learned_instruments_can_be_given(data):
    blind = ContrastiveNMF(2, dictionary="blind", tol=1e-3, random_state=0).fit(*data)
    with pytest.raises(ValueError, match="attended: components belong to no instr"):
        blind.predict(data[0], attended=["low"] * 4)
    arrays = ContrastiveNMF(2, delta=0.0, random_state=0).fit(np.ones((20, 5)))
    with pytest.raises(ValueError, match="attended: names instruments of trials"):
        arrays.predict(np.ones((20, 5)), attended=["low"])


def turning(trial, reference):
    """The same mixture, the other instrument from its middle on."""
    other = reference.sources[1 - reference.attended]
    guide = np.hstack([trial.guide[:, :256], features(other)[:, 256:]])
    return replace(trial, guide=guide)


def test_a_window_follows_a_listener_who_turns(data, fitted):
    trials = [turning(t, r) for t, r in zip(*data)]
    for reference, p in zip(data[1], fitted.predict_proba(trials, window=2.0)):
        assert p.shape == (512, 2)
        assert_allclose(p.sum(axis=1), 1)
        # Until a window reaches the turn, and from when it has left it.
        assert np.mean(p[:192, reference.attended] > 0.5) > 0.7
        assert np.mean(p[320:, 1 - reference.attended] > 0.5) > 0.7


def test_masks_follow_the_window(data, fitted):
    trials = [turning(t, r) for t, r in zip(*data)]
    following = clone(fitted).set_params(choice_window=2.0).fit(*data)
    courses = fitted.predict_proba(trials, window=2.0)
    for trial, done, course in zip(trials, following.separate(trials), courses):
        assert_array_equal(done.course, course)
        at = np.arange(len(trial.mixture)) / SFREQ
        shares = [np.interp(at, TIMES, share) for share in course.T]
        expected = sum(s * c for s, c in zip(shares, done.candidates))
        assert_allclose(done.attended, expected, atol=1e-9)
    hard = clone(following).set_params(choice="hard").fit(*data)
    (done, *_) = hard.separate(trials)
    likeliest = np.argmax(courses[0], axis=1)
    at = [100, 400]
    for frame in at:
        around = slice(frame * 125 + 40, frame * 125 + 60)
        if likeliest[frame] == likeliest[frame + 1]:
            chosen = done.candidates[likeliest[frame]][around]
            assert_allclose(done.attended[around], chosen, atol=1e-12)


@pytest.mark.parametrize("window", [0.5, np.nan, "5", 9.0])
def test_windows_without_evidence_are_refused(data, fitted, window):
    with pytest.raises(ValueError, match=r"window"):
        fitted.predict_proba(data[0], window=window)


def test_a_window_needs_weights(data, fitted):
    plain = [replace(data[0][0], guide_weights=None)]
    with pytest.raises(ValueError, match=r"trials\[0\].*guide_weights is None"):
        fitted.predict_proba(plain, window=2.0)


def test_only_learned_instruments_are_followed(data):
    blind = ContrastiveNMF(2, dictionary="blind", tol=1e-3, random_state=0).fit(*data)
    blind.set_params(choice_window=2.0)
    with pytest.raises(ValueError, match="choice_window: components belong to no"):
        blind.predict(data[0])


def test_a_silent_mixture_has_an_even_course(data, fitted):
    silent = replace(data[0][0], mixture=np.zeros(64000))
    with pytest.warns(UserWarning, match="mixture is silent"):
        (p,) = fitted.predict_proba([silent], window=2.0)
    assert_array_equal(p, np.full((512, 2), 0.5))


def test_candidates_of_any_separator_are_weighed(data, fitted):
    trials, _ = data
    courses = fitted.predict_proba(trials, window=2.0)
    for trial, done, course in zip(trials, fitted.separate(trials), courses):
        p = candidate_probabilities(done.candidates, trial)
        assert_allclose(p, done.probabilities)
        found = candidate_probabilities(done.candidates, trial, window=2.0)
        assert_allclose(found, course)


@pytest.mark.parametrize(
    ("change", "shape", "window", "message"),
    [
        ({}, (2, 100), None, r"candidates: expected waveforms of shape \(64000,\)"),
        ({"guide_weights": None}, (2, 64000), None, "trial: guide_weights is None"),
        ({}, (2, 64000), 9.0, "trial: lasts 8 s; it is shorter than the window"),
        ({}, (2, 64000), 0.1, "window: expected 1 to 3600 s"),
        ({"guide": None, "guide_sfreq": None}, (2, 64000), None, "guide"),
    ],
)
def test_candidates_that_can_not_be_weighed(data, change, shape, window, message):
    trial = replace(data[0][0], **change)
    with pytest.raises(ValueError, match=message):
        candidate_probabilities(np.ones(shape), trial, window=window)
