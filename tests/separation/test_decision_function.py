from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.signals import audio_envelope

SFREQ = 8000
TIMES = np.arange(256) / 64


def duet(seed, attended):
    """Two tones, each switched on and off at random; the guide is the truth."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(4 * SFREQ) / SFREQ
    gates = np.repeat(rng.integers(0, 2, (2, 16)), SFREQ // 4, axis=1)
    sources = gates * np.sin(2 * np.pi * np.array([[440.0], [1200.0]]) * seconds)
    sources += 1e-3 * rng.standard_normal(sources.shape)
    guide = audio_envelope(sources[attended], SFREQ, TIMES)
    trial = Trial(
        rng.standard_normal((2, 256)), 64.0, sources.sum(axis=0), float(SFREQ),
        instruments=("low", "high"), guide=guide, guide_sfreq=64.0,
    )  # fmt: skip
    return trial, Reference(sources, attended)


@pytest.fixture(scope="module")
def duets():
    pairs = [duet(seed, seed % 2) for seed in range(4)]
    return [trial for trial, _ in pairs], [reference for _, reference in pairs]


@pytest.fixture(scope="module")
def fitted(duets):
    model = ContrastiveNMF(20, delta=0.0, choice="hard", random_state=0)
    return model.fit(*duets)


def test_support_is_the_correlation_with_each_share(duets, fitted):
    trials, references = duets
    for trial, reference, support in zip(
        trials, references, fitted.decision_function(trials)
    ):
        assert support.shape == (2,)
        assert support[reference.attended] > 0.95
        # The shares are close to the sources, so their envelopes are an oracle.
        envelopes = [audio_envelope(s, SFREQ, TIMES)[0] for s in reference.sources]
        expected = np.corrcoef(np.vstack([trial.guide, envelopes]))[0, 1:]
        assert_allclose(support, expected, atol=0.1)


def test_support_follows_the_order_of_the_trial(duets, fitted):
    trial = duets[0][0]
    turned = replace(trial, instruments=trial.instruments[::-1])
    straight, reverse = fitted.decision_function([trial, turned])
    assert_allclose(reverse, straight[::-1], atol=1e-3)


def test_largest_support_is_the_predicted_choice(duets, fitted):
    trials = duets[0]
    chosen = [
        trial.instruments[int(np.argmax(support))]
        for trial, support in zip(trials, fitted.decision_function(trials))
    ]
    assert fitted.predict_attended(trials) == chosen


def test_support_does_not_depend_on_delta(duets, fitted):
    other = clone(fitted).set_params(delta=0.05).fit(*duets)
    for one, two in zip(
        fitted.decision_function(duets[0]), other.decision_function(duets[0])
    ):
        assert_array_equal(one, two)
    assert other.delta == 0.05


def test_silent_mixture_has_no_support(duets, fitted):
    silent = replace(duets[0][0], mixture=np.zeros(4 * SFREQ))
    with pytest.warns(UserWarning, match="mixture is silent"):
        (support,) = fitted.decision_function([silent])
    assert_array_equal(support, [0.0, 0.0])


def test_refused(duets, fitted):
    with pytest.raises(ValueError, match="X: expected a list of Trial"):
        fitted.decision_function(np.ones((4, 3)))
    blind = ContrastiveNMF(2, dictionary="blind", random_state=0).fit(duets[0])
    with pytest.raises(ValueError, match="'blind' components belong to no instrument"):
        blind.decision_function(duets[0])


def test_models_of_arrays_have_none(duets):
    model = ContrastiveNMF(2, delta=0, random_state=0, tol=0, max_iter=5)
    assert not hasattr(model.fit(np.ones((4, 3))), "decision_function")
    assert hasattr(model.fit(duets[0][:2], duets[1][:2]), "decision_function")
