"""Choices by a guide that knows how far to trust itself."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
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
        expected = choice_probabilities(z, trial.guide_weights, 7.0)
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
    with (
        pytest.warns(UserWarning, match="'soft' is 'hard'"),
        pytest.raises(ValueError, match=r"trials\[0\].*guide_weights is None"),
    ):
        fitted.predict_proba(trials)


def test_silent_mixtures_are_even(data, fitted):
    silent = replace(data[0][0], mixture=np.zeros(64000))
    with pytest.warns(UserWarning, match="mixture is silent"):
        (p,) = fitted.predict_proba([silent])
    assert_array_equal(p, [0.5, 0.5])


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
