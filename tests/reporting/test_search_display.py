from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_equal
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import PolynomialFeatures

from sklearn_cnmf.evaluation import DeltaSearch
from sklearn_cnmf.reporting import SearchDisplay

ALPHAS = [100.0, 0.1, 10.0, 1.0]


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    X = rng.standard_normal((40, 6))
    return X, X[:, 0] + rng.standard_normal(40)


@pytest.fixture
def search(data):
    return GridSearchCV(Ridge(), {"alpha": ALPHAS}, cv=4).fit(*data)


def delta_search(deltas=(0.0, 0.01, 0.1, 1.0, 10.0), n_folds=5):
    rng = np.random.default_rng(0)
    levels = 5 - np.arange(-3, 2.0)[:, None] ** 2 / 3 + rng.normal(0, 1, n_folds)
    levels = levels + rng.normal(0, 0.4, levels.shape)
    scores = [
        {"delta": delta, "si_sdr_gain_db_by_fold": list(own)}
        for delta, own in zip(deltas, levels)
    ]
    best = deltas[int(levels.mean(axis=1).argmax())]
    return DeltaSearch(None, best, scores, 26, 0, 0, 0)


def bars_of(ax):
    (bars,) = ax.collections
    return np.stack([segment for segment in bars.get_segments()])


def test_image(check_image):
    display = SearchDisplay.from_predictions(delta_search(), splits=True)
    check_image(display.figure_, "search")


def test_bars_are_of_paired_differences_to_the_choice(search):
    display = SearchDisplay.from_estimator(search)
    order = np.argsort(ALPHAS)
    splits = [search.cv_results_[f"split{k}_test_score"][order] for k in range(4)]
    best = int(np.flatnonzero(order == search.best_index_)[0])
    expected = np.std([s - s[best] for s in splits], axis=0, ddof=1) / 2
    curve, choice = (line for line in display.ax_.lines if len(line.get_xdata()) != 3)
    assert_allclose(curve.get_xdata(), [0.1, 1, 10, 100])
    assert_allclose(curve.get_ydata(), np.mean(splits, axis=0))
    assert_allclose(display.standard_error_, expected)
    assert display.standard_error_[best] == 0
    bars = bars_of(display.ax_)
    others = np.delete(np.arange(4), best)
    assert_allclose(bars[:, 0, 0], curve.get_xdata()[others])
    assert_allclose(np.ptp(bars[:, :, 1], axis=1) / 2, expected[others])
    assert_equal(choice.get_xdata(), [search.best_params_["alpha"]])
    assert choice.get_label() == f"choice: {search.best_params_['alpha']:g}"
    assert display.ax_.get_xscale() == "log"
    assert display.ax_.get_ylabel() == "Test score,\nmean of 4 splits"


def test_other_parameters_are_at_their_best(data):
    model = make_pipeline(PolynomialFeatures(), Ridge())
    grid = {"polynomialfeatures__degree": [2, 1], "ridge__alpha": ALPHAS}
    search = GridSearchCV(model, grid, cv=4).fit(*data)
    display = SearchDisplay.from_estimator(search, "polynomialfeatures__degree")
    means = search.cv_results_["mean_test_score"].reshape(2, 4)
    assert_equal(display.values, [1, 2])
    assert_allclose(display.mean_, means.max(axis=1)[::-1])
    assert display.ax_.get_xscale() == "linear"
    known = r"\['polynomialfeatures__degree', 'ridge__alpha'\]"
    with pytest.raises(ValueError, match=f"param: expected one of {known}, which one"):
        SearchDisplay.from_estimator(search)
    with pytest.raises(ValueError, match=f"param: expected one of {known}, got 'al"):
        SearchDisplay.from_estimator(search, "al")


def test_the_choice_is_shown_even_if_another_candidate_scores_higher(data):
    grid = {"alpha": [0.1, 100.0], "fit_intercept": [True, False]}
    search = GridSearchCV(Ridge(), grid, cv=4, refit=lambda found: 3).fit(*data)
    display = SearchDisplay.from_estimator(search, "alpha")
    assert_allclose(display.mean_[1], search.cv_results_["mean_test_score"][3])
    assert display.chosen == 1


def test_several_scores(data):
    search = GridSearchCV(
        Ridge(),
        {"alpha": ALPHAS},
        cv=4,
        scoring=["r2", "neg_mean_absolute_error"],
        refit="r2",
    ).fit(*data)
    display = SearchDisplay.from_estimator(search)
    order = np.argsort(ALPHAS)
    assert_allclose(display.mean_, search.cv_results_["mean_test_r2"][order])
    display = SearchDisplay.from_estimator(search, score="neg_mean_absolute_error")
    expected = search.cv_results_["mean_test_neg_mean_absolute_error"]
    assert_allclose(display.mean_, expected[order])
    assert display.ax_.get_ylabel().startswith("neg_mean_absolute_error")
    with pytest.raises(ValueError, match=r"score: expected one of \['r2', 'neg_mean"):
        SearchDisplay.from_estimator(search, score="r")


def test_random_values_are_put_in_order(data):
    draws = {"alpha": np.random.default_rng(0).uniform(1, 2, 20).tolist()}
    search = RandomizedSearchCV(Ridge(), draws, n_iter=6, cv=3, random_state=0)
    display = SearchDisplay.from_estimator(search.fit(*data))
    assert len(display.values) == 6
    assert display.values == sorted(display.values)
    assert display.values[display.chosen] == search.best_params_["alpha"]


def test_what_is_no_number_is_not_joined(data):
    grid = {"solver": ["svd", "cholesky"]}
    display = SearchDisplay.from_estimator(GridSearchCV(Ridge(), grid).fit(*data))
    ticks = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert ticks == ["svd", "cholesky"]
    assert display.ax_.lines[0].get_linestyle() == "None"


def test_a_candidate_that_failed_leaves_a_gap(search):
    search.cv_results_["split0_test_score"][0] = np.nan
    display = SearchDisplay.from_estimator(search)
    assert_equal(np.isnan(display.mean_), [False, False, False, True])


def test_zero_is_beside_a_logarithmic_scale():
    search = delta_search()
    display = SearchDisplay.from_predictions(search)
    assert display.ax_.get_xscale() == "symlog"
    at = display.ax_.transData.transform([(v, 0) for v in display.values])[:, 0]
    assert (np.diff(at) > 0.1 * np.ptp(at)).all()
    assert display.values[display.chosen] == search.delta
    expected = [np.mean(row["si_sdr_gain_db_by_fold"]) for row in search.scores]
    assert_allclose(display.mean_, expected)


def test_one_split_has_no_bars():
    display = SearchDisplay.from_predictions(delta_search(n_folds=1))
    assert np.isnan(display.standard_error_).all()


def test_given_axes_are_used(search):
    _, ax = plt.subplots()
    display = SearchDisplay.from_estimator(search, splits=True, ax=ax)
    assert display.ax_ is ax
    assert len(ax.get_legend().get_texts()) == 3


def test_other_searches_are_refused(data, search):
    with pytest.raises(ValueError, match="search: expected a fitted GridSearchCV"):
        SearchDisplay.from_estimator(GridSearchCV(Ridge(), {"alpha": ALPHAS}))
    halving = HalvingGridSearchCV(Ridge(), {"alpha": ALPHAS}, cv=2, min_resources=10)
    with pytest.raises(ValueError, match=r"best_index_, got HalvingGridSearchCV"):
        SearchDisplay.from_estimator(halving.fit(*data))
    with pytest.raises(ValueError, match="search: expected a DeltaSearch, got Grid"):
        SearchDisplay.from_predictions(search)


def test_deltas_are_put_in_order():
    search = delta_search()
    backwards = replace(search, scores=search.scores[::-1])
    display = SearchDisplay.from_predictions(backwards)
    expected = SearchDisplay.from_predictions(search)
    assert_equal(display.values, expected.values)
    assert_allclose(display.scores, expected.scores)
    assert display.chosen == expected.chosen


def test_words_of_a_search_of_delta():
    _, ax = plt.subplots()
    display = SearchDisplay.from_predictions(delta_search(), splits=True, ax=ax)
    assert display.ax_ is ax
    assert ax.get_xlabel() == "delta"
    assert ax.get_ylabel() == "SI-SDR gain (dB),\nmean of 5 splits"
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    choice = f"choice: {display.values[display.chosen]:g}"
    assert labels == ["split", choice, "SE of difference to choice"]


@pytest.mark.parametrize(
    ("values", "scale"),
    [
        ([1, 2, 9], "linear"),
        ([1, 2, 10], "log"),
        ([0, 1, 9], "linear"),
        ([0, 1, 10], "symlog"),
        ([-1, 1, 10], "linear"),
        ([0, 0], "linear"),
    ],
)
def test_scale_is_logarithmic_over_a_factor_of_ten(values, scale):
    display = SearchDisplay(values=values, scores=np.ones((len(values), 2)), chosen=0)
    assert display.plot().ax_.get_xscale() == scale


def test_a_candidate_that_failed_gives_way_to_others_of_its_value(data):
    grid = {"alpha": [0.1, 100.0], "fit_intercept": [True, False]}
    search = GridSearchCV(Ridge(), grid, cv=4, refit=lambda found: 3).fit(*data)
    search.cv_results_["split0_test_score"][0] = np.nan
    display = SearchDisplay.from_estimator(search, "alpha")
    assert_allclose(display.mean_[0], search.cv_results_["mean_test_score"][1])


def test_equal_numbers_of_different_types_are_one_value(data):
    grid = [{"alpha": [1, 2.0]}, {"alpha": [1.0], "fit_intercept": [False]}]
    search = GridSearchCV(Ridge(), grid, cv=4).fit(*data)
    assert_equal(SearchDisplay.from_estimator(search, "alpha").values, [1, 2])


def test_switches_are_words(data):
    search = GridSearchCV(Ridge(), {"fit_intercept": [True, False]}, cv=4).fit(*data)
    ax = SearchDisplay.from_estimator(search).ax_
    ticks = [label.get_text() for label in ax.get_xticklabels()]
    assert ticks == ["True", "False"]


def test_candidates_without_the_parameter_are_left_out(data):
    grid = [{"alpha": [1.0, 2.0]}, {"fit_intercept": [True]}]
    search = GridSearchCV(Ridge(), grid, cv=4, refit=lambda found: 1).fit(*data)
    assert_equal(SearchDisplay.from_estimator(search, "alpha").values, [1, 2])
