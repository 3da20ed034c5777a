import copy
import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import Pipeline

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.metrics import (
    attention_scorer,
    bss_eval,
    score_trial,
    separation_scorer,
)


def make_sources():
    """Two orthogonal sources of equal energy, and a signal orthogonal to both."""
    square = np.array([1.0, -1.0] * 2000)
    slow = np.array([1.0, 1.0, -1.0, -1.0] * 1000)
    return np.stack([square, slow]), square * slow


def make_data(n_trials=6):
    sources, _ = make_sources()
    trials = [
        Trial(
            np.zeros((2, 40)),
            80.0,
            sources.sum(axis=0),
            8000.0,
            instruments=("a", "b"),
            subject=f"{index:02d}",
            stimulus=f"mix{index // 2}",
        )
        for index in range(n_trials)
    ]
    return trials, [Reference(sources, index % 2) for index in range(n_trials)]


class Oracle(BaseEstimator):
    """Knows the sources; leaks the other one `level` dB below the attended."""

    def __init__(self, level=10.0):
        self.level = level

    def fit(self, X, y):
        self.n_trials_ = len(X)
        return self

    def predict(self, X):
        sources, _ = make_sources()
        leak = 10 ** (-self.level / 20)
        return [
            sources[i] + leak * sources[1 - i]
            for i in (int(trial.subject) % 2 for trial in X)
        ]


class Fixed:
    """Returns what it is given."""

    def __init__(self, estimates):
        self.estimates = estimates

    def predict(self, X):
        return self.estimates


def mean_square_error(reference, estimate):
    return -np.mean((reference - estimate) ** 2)


def not_a_number(reference, estimate):
    return np.nan


def an_array(reference, estimate):
    return np.ones(2)


def test_known_improvement():
    X, y = make_data()
    scorer = separation_scorer()
    assert scorer(Oracle(10.0), X, y) == pytest.approx(10.0, abs=1e-9)
    assert type(scorer(Oracle(10.0), X, y)) is float


def test_mean_over_trials_and_improvement():
    sources, _ = make_sources()
    sources[1] *= 10 ** (-6 / 20)
    trial = Trial(np.zeros((2, 40)), 80.0, sources.sum(axis=0), 8000.0)
    X, y = [trial] * 3, [Reference(sources, 0)] * 3
    leaks = [10 ** (-14 / 20), 10 ** (-24 / 20), 10 ** (-64 / 20)]
    estimator = Fixed([sources[0] + leak * sources[1] for leak in leaks])
    absolute = separation_scorer(improvement=False)(estimator, X, y)
    assert absolute == pytest.approx((20 + 30 + 70) / 3)
    assert separation_scorer()(estimator, X, y) == pytest.approx(40 - 6)


@pytest.mark.parametrize("metric", ["sdr", "sir", "sar"])
def test_bss_metrics(metric, rng):
    X, _ = make_data(1)
    sources = rng.standard_normal((2, 4000))
    X = [Trial(X[0].eeg, 80.0, sources.sum(axis=0), 8000.0)]
    y = [Reference(sources, 1)]
    estimate = sources[1] + 0.2 * sources[0] + 0.1 * rng.standard_normal(4000)
    expected = getattr(bss_eval(sources, estimate, target=1), metric)
    scorer = separation_scorer(metric, improvement=False)
    assert scorer(Fixed([estimate]), X, y) == pytest.approx(expected)
    if metric != "sar":
        expected = score_trial(X[0], y[0], estimate)[f"{metric}_improvement"]
        scorer = separation_scorer(metric)
        assert scorer(Fixed([estimate]), X, y) == pytest.approx(expected)


def test_callable_metric():
    X, y = make_data()
    leak = 10 ** (-10 / 20)
    scorer = separation_scorer(mean_square_error, improvement=False)
    assert scorer(Oracle(10.0), X, y) == pytest.approx(-(leak**2))
    scorer = separation_scorer(mean_square_error)
    assert scorer(Oracle(10.0), X, y) == pytest.approx(1 - leak**2)


def test_channels():
    sources, rest = make_sources()
    sources = np.stack([sources, sources], axis=1)
    X = [Trial(np.zeros((2, 40)), 80.0, sources.sum(axis=0), 8000.0)]
    y = [Reference(sources, 0)]
    estimate = sources[0] + 0.1 * np.stack([rest, 0 * rest])
    scorer = separation_scorer(improvement=False)
    expected = 20 + 10 * np.log10(2)
    assert scorer(Fixed([estimate]), X, y) == pytest.approx(expected)


def test_attention():
    X, y = make_data(4)
    sources, rest = make_sources()
    right = sources[0] + 0.9 * sources[1]
    estimator = Fixed([right, right, sources[0] + sources[1], rest * 0])
    scorer = attention_scorer()
    # The last two, a tie and silence, are wrong whoever is attended.
    assert scorer(estimator, X, y) == 0.25
    assert scorer(Oracle(), X, y) == 1.0
    assert scorer(Oracle(-3.0), X, y) == 0.0
    assert type(scorer(Oracle(), X, y)) is float


@pytest.mark.parametrize("metric", ["si_sdr", "sdr", "sir"])
def test_silent_estimate_is_lowest_and_warned_about(metric):
    X, y = make_data(2)
    sources, _ = make_sources()
    estimator = Fixed([np.zeros(4000), sources[1]])
    scorer = separation_scorer(metric, improvement=False)
    with pytest.warns(UserWarning, match=r"1 of 2 .* trials\[0\] \(subject '00'"):
        level = scorer(estimator, X[:2], y)
    best = scorer(Fixed([sources[1]]), X[1:], y[1:])
    assert level == pytest.approx((20 * np.log10(np.finfo(float).eps) + best) / 2)


def test_silent_estimate_goes_to_the_callable():
    X, y = make_data(1)
    scorer = separation_scorer(mean_square_error, improvement=False)
    assert scorer(Fixed([np.zeros(4000)]), X, y) == pytest.approx(-1.0)


SCORERS = [
    separation_scorer(),
    separation_scorer("sir", improvement=False),
    separation_scorer(mean_square_error),
    attention_scorer(),
]


@pytest.mark.parametrize("scorer", SCORERS, ids=repr)
def test_copies_score_alike(scorer):
    X, y = make_data(2)
    expected = scorer(Oracle(), X, y)
    copies = [pickle.loads(pickle.dumps(scorer)), copy.deepcopy(scorer)]
    search = GridSearchCV(Oracle(), {"level": [1.0]}, scoring=scorer)
    copies.append(clone(search).scoring)
    for duplicate in copies:
        assert repr(duplicate) == repr(scorer)
        assert duplicate(Oracle(), X, y) == expected


def test_repr():
    scorer = separation_scorer("sdr")
    assert repr(scorer) == (
        "separation_scorer('sdr', choice='decoded', improvement=True)"
    )
    scorer = separation_scorer(mean_square_error, improvement=False)
    assert repr(scorer) == (
        "separation_scorer(mean_square_error, choice='decoded', improvement=False)"
    )
    assert repr(attention_scorer()) == "attention_scorer()"


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_grid_search(n_jobs):
    X, y = make_data()
    search = GridSearchCV(
        Oracle(),
        {"level": [0.0, 12.0, 5.0]},
        scoring={"si_sdr": separation_scorer(), "attention": attention_scorer()},
        refit="si_sdr",
        cv=GroupKFold(3),
        n_jobs=n_jobs,
        error_score="raise",
    )
    search.fit(X, y, groups=[trial.stimulus for trial in X])
    assert search.best_params_ == {"level": 12.0}
    np.testing.assert_allclose(
        search.cv_results_["mean_test_si_sdr"], [0.0, 12.0, 5.0], atol=1e-9
    )
    np.testing.assert_array_equal(search.cv_results_["mean_test_attention"], [0, 1, 1])
    assert search.score(X, y) == pytest.approx(12.0)


def test_cross_validate():
    X, y = make_data()
    groups = [trial.stimulus for trial in X]
    scores = cross_validate(
        Oracle(7.0), X, y, groups=groups, cv=GroupKFold(3), scoring=separation_scorer()
    )
    np.testing.assert_allclose(scores["test_score"], 7.0)


@pytest.mark.parametrize("scorer", SCORERS, ids=repr)
def test_refused_predictions_name_the_trial(scorer):
    X, y = make_data(2)
    good = X[0].mixture
    name = r"trials\[1\] \(subject '01', stimulus 'mix0'\)"
    for bad, message in (
        (good[:-1], r"estimate has shape \(3999,\)"),
        (good[np.newaxis], r"estimate has shape \(1, 4000\)"),
        (np.append(good[:-1], np.nan), "estimate: found 1 NaN or infinite"),
        (np.append(good[:-1], np.inf), "estimate: found 1 NaN or infinite"),
    ):
        with pytest.raises(ValueError, match=f"{name}: {message}"):
            scorer(Fixed([good, bad]), X, y)
    with pytest.raises(ValueError, match="predict returned 1 waveforms for 2 trials"):
        scorer(Fixed([good]), X, y)
    with pytest.raises(ValueError, match="predict returned NoneType"):
        scorer(Fixed(None), X, y)
    with pytest.raises(ValueError, match="y: expected a list of Reference, got None"):
        scorer(Oracle(), X, None)
    with pytest.raises(ValueError, match="references has 1 entries for 2 trials"):
        scorer(Oracle(), X, y[:1])


def test_refused_trials_are_named():
    X, y = make_data(2)
    sources, _ = make_sources()
    alone = sources * [[1.0], [0.0]]
    X[1] = Trial(X[1].eeg, 80.0, alone.sum(axis=0), 8000.0, subject="9")
    estimator = Fixed([sources[0], sources[0] + 0.1 * sources[1]])
    name = r"trials\[1\] \(subject '9'\)"
    references = [y[0], Reference(alone, 0)]
    with pytest.raises(ValueError, match=f"{name}: no source sounds but"):
        separation_scorer()(estimator, X, references)
    absolute = separation_scorer(improvement=False)
    assert np.isfinite(absolute(estimator, X, references))
    references = [y[0], Reference(alone, 1)]
    for scorer in (absolute, attention_scorer()):
        with pytest.raises(ValueError, match=rf"{name}: .* sources\[1\], is silent"):
            scorer(estimator, X, references)


def test_callable_outcomes_are_checked():
    X, y = make_data(2)
    with pytest.raises(ValueError, match=r"trials\[0\] .* of the estimate is nan"):
        separation_scorer(not_a_number)(Oracle(), X, y)
    with pytest.raises(ValueError, match=r"trials\[0\] .* a single number is expected"):
        separation_scorer(an_array)(Oracle(), X, y)


@pytest.mark.parametrize(
    ("metric", "options", "error", "message"),
    [
        ("SDR", {}, ValueError, "metric: expected one of .*got 'SDR'"),
        ("sar", {}, ValueError, "'sar' has no improvement"),
        (3, {}, ValueError, "metric: expected a str or a callable, got int"),
        ("sdr", {"improvement": "no"}, ValueError, "improvement: expected True or"),
    ],
)
def test_refused_options(metric, options, error, message):
    with pytest.raises(error, match=message):
        separation_scorer(metric, **options)


class Told(Oracle):
    """Separates what it is told to, `level` dB above the other; else the first."""

    def predict(self, X, *, attended=None):
        sources, _ = make_sources()
        leak = 10 ** (-self.level / 20)
        names = ["a"] * len(X) if attended is None else attended
        own = [trial.instruments.index(name) for trial, name in zip(X, names)]
        return [sources[i] + leak * sources[1 - i] for i in own]


class Passing(BaseEstimator):
    def fit(self, X, y):
        return self

    def transform(self, X):
        return X


def test_the_true_choice_scores_separation_alone():
    trials, references = make_data()
    told = Told(20.0)
    assert separation_scorer()(told, trials, references) == pytest.approx(0)
    scorer = separation_scorer(choice="true")
    assert scorer(told, trials, references) == pytest.approx(20)
    pipeline = Pipeline([("none", "passthrough"), ("one", Passing()), ("two", told)])
    assert scorer(pipeline, trials, references) == pytest.approx(20)
    alone = Pipeline([("two", told)])
    assert scorer(alone, trials, references) == pytest.approx(20)
    search = GridSearchCV(
        pipeline,
        {"two__level": [5.0, 10.0]},
        scoring=scorer,
        cv=GroupKFold(3),
    ).fit(trials, references, groups=[t.stimulus for t in trials])
    assert search.cv_results_["mean_test_score"] == pytest.approx([5, 10])
    assert scorer(search, trials, references) == pytest.approx(10)


def test_the_true_choice_needs_names_and_someone_to_tell():
    trials, references = make_data()
    scorer = separation_scorer(choice="true")
    with pytest.raises(ValueError, match=r"choice: Oracle.predict can't be told"):
        scorer(Oracle(), trials, references)
    unnamed = [replace(trial, instruments=None) for trial in trials]
    with pytest.raises(ValueError, match="instruments"):
        scorer(Told(), unnamed, references)
    with pytest.raises(ValueError, match="choice: expected one of"):
        separation_scorer(choice="best")
