import copy
import pickle

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.metrics import log_loss
from sklearn.pipeline import Pipeline

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.metrics import calibration_table, probability_scorer


def drawn(n, n_candidates, seed, sharpness=1.0):
    """Probabilities, and truths drawn by them; sharper ones overstate."""
    rng = np.random.default_rng(seed)
    log_odds = 2 * rng.standard_normal((n, n_candidates))
    p = np.exp(log_odds) / np.exp(log_odds).sum(axis=1, keepdims=True)
    attended = [int(rng.choice(n_candidates, p=row)) for row in p]
    claimed = p**sharpness
    return claimed / claimed.sum(axis=1, keepdims=True), attended


@pytest.mark.parametrize("n_candidates", [2, 3])
def test_losses_equal_scikit_learn(n_candidates):
    p, attended = drawn(200, n_candidates, 0)
    table = calibration_table(list(p), attended)
    assert_allclose(table.log_loss, log_loss(attended, p))
    truth = np.eye(n_candidates)[attended]
    assert_allclose(table.brier, np.mean(np.sum((p - truth) ** 2, axis=1)))
    assert_allclose(table.accuracy, np.mean(p.argmax(axis=1) == attended))
    assert_allclose(table.expected_accuracy, p.max(axis=1).mean())


def test_honest_probabilities_are_calibrated_and_sharper_ones_not():
    honest = calibration_table(*drawn(20000, 2, 1))
    sharper = calibration_table(*drawn(20000, 2, 1, sharpness=3.0))
    assert honest.expected_calibration_error < 0.01
    assert sharper.expected_calibration_error > 0.05
    assert sharper.log_loss > honest.log_loss


def test_rows_are_bins_that_hold_trials():
    p = [np.array([1.0, 0.0]), np.array([0.5, 0.5]), np.array([0.3, 0.7])]
    table = calibration_table(p, [0, 0, 0], n_bins=10)
    assert_allclose(table.lower, [0.5, 0.7, 0.9])
    assert_allclose(table.upper, [0.6, 0.8, 1.0])
    assert table.n_trials.tolist() == [1, 1, 1]
    assert_allclose(table.share_right, [1, 0, 1])
    assert_allclose(table.expected_calibration_error, (0.5 + 0.7 + 0) / 3)
    assert np.isfinite(calibration_table([np.array([1.0, 0.0])], [1]).log_loss)


@pytest.mark.parametrize(
    ("p", "attended", "message"),
    [
        ([[0.5, 0.5]], [0, 1], "attended: 2 entries for 1 trials"),
        ([], [], "probabilities: expected those of one trial at least"),
        ([[0.5, 0.6]], [0], r"probabilities\[0\]: expected numbers >= 0 that sum"),
        ([[1.5, -0.5]], [0], r"probabilities\[0\]: expected numbers"),
        ([[0.5, np.nan]], [0], r"probabilities\[0\]: found 1 NaN"),
        ([[0.5, 0.5]], [2], r"attended\[0\]: expected an index from 0 to 1, got 2"),
        ([[0.5, 0.5]], ["a"], r"attended\[0\]: expected an index"),
    ],
)
def test_bad_input_is_named(p, attended, message):
    with pytest.raises(ValueError, match=message):
        calibration_table(p, attended)


class Fixed:
    """Separator that is sure of the first source to a known degree."""

    def __init__(self, p):
        self.p = p

    def fit(self, X, y=None):
        return self

    def predict_proba(self, X):
        return [np.array([self.p, 1 - self.p]) for _ in X]


class FixedDecoder(Fixed):
    """Decoder: it needs the candidates."""

    attention_scores = None

    def predict_proba(self, X, candidates):
        assert all(len(c.sources) == 2 for c in candidates)
        return super().predict_proba(X)


@pytest.fixture
def data():
    sources = np.random.default_rng(0).standard_normal((2, 8000))
    trial = Trial(np.zeros((1, 64)), 64.0, sources.sum(axis=0), 8000.0)
    return [trial, trial], [Reference(sources, 0), Reference(sources, 1)]


@pytest.mark.parametrize("kind", [Fixed, FixedDecoder])
def test_scorers_are_minus_the_mean_loss(data, kind):
    expected = (np.log(0.8) + np.log(0.2)) / 2
    scorer = probability_scorer()
    assert_allclose(scorer(kind(0.8), *data), expected)
    assert_allclose(probability_scorer("brier")(kind(0.8), *data), -(0.08 + 1.28) / 2)
    for same in (copy.deepcopy(scorer), pickle.loads(pickle.dumps(scorer))):
        assert repr(same) == "probability_scorer('log_loss')"
        assert_allclose(same(kind(0.8), *data), expected)


def test_what_gives_no_probabilities_is_refused(data):
    with pytest.raises(ValueError, match="loss: expected one of"):
        probability_scorer("accuracy")
    with pytest.raises(ValueError, match="Pipeline has no predict_proba"):
        probability_scorer()(Pipeline([("none", "passthrough")]), *data)

    class Three(Fixed):
        def predict_proba(self, X):
            return [np.full(3, 1 / 3) for _ in X]

    with pytest.raises(ValueError, match=r"trials\[0\]: 3 probabilities for 2 sources"):
        probability_scorer()(Three(0), *data)


def test_the_error_by_chance_is_that_of_exact_probabilities():
    rng = np.random.default_rng(0)
    p = rng.choice([0.55, 0.75, 0.97, 1.0], 60)
    found = []
    for _ in range(4000):
        attended = (rng.random(60) >= p).astype(int)
        table = calibration_table([np.array([q, 1 - q]) for q in p], attended)
        found.append(table.expected_calibration_error)
    error = np.std(found) / np.sqrt(4000)
    assert abs(table.calibration_error_by_chance - np.mean(found)) < 4 * error


@pytest.mark.parametrize(
    ("attended", "message"),
    [
        ([-1], r"attended\[0\]: expected an index from 0 to 1, got -1"),
        ([2], r"attended\[0\]: expected an index from 0 to 1, got 2"),
        (np.array(0), "attended: 0 entries for 1 trials"),
    ],
)
def test_choices_that_are_none_are_named(attended, message):
    with pytest.raises(ValueError, match=message):
        calibration_table([np.array([0.5, 0.5])], attended)
