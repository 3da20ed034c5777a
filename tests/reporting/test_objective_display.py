import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.reporting import ObjectiveDisplay
from sklearn_cnmf.separation import contrastive_nmf


@pytest.fixture
def result():
    rng = np.random.default_rng(0)
    X, guide = rng.random((40, 30)), rng.random(40)
    return contrastive_nmf(X, 4, guide=guide, max_iter=50, random_state=0)


def test_image(result, check_image):
    check_image(ObjectiveDisplay.from_predictions(result).figure_, "objective")


def test_terms_that_are_there_are_drawn(result):
    lines = ObjectiveDisplay.from_predictions(result).ax_.lines
    assert [line.get_label() for line in lines] == ["cost", "divergence", "contrast"]
    assert_allclose(lines[0].get_ydata(), result.objective)
    terms = lines[1].get_ydata() + lines[2].get_ydata()
    assert_allclose(terms, result.objective)


def test_from_estimator():
    rng = np.random.default_rng(0)
    model = ContrastiveNMF(4, delta=0, mu=0.1, max_iter=500, tol=1e-3, random_state=0)
    model.fit(rng.random((40, 30)))
    display = ObjectiveDisplay.from_estimator(model)
    labels = [line.get_label() for line in display.ax_.lines]
    assert labels == ["cost", "divergence", "penalties"]
    assert len(display.objective) == model.n_iter_ + 1


def test_fits_on_trials_are_refused(separated):
    model = ContrastiveNMF(dictionary="harmonic").fit([separated[0]])
    with pytest.raises(ValueError, match="estimator: expected one that was fitted on"):
        ObjectiveDisplay.from_estimator(model)


def test_words_say_what_is_shown(result):
    ax = ObjectiveDisplay.from_predictions(result).ax_
    assert ax.get_xlabel() == "Iteration"
    assert ax.get_ylabel() == "Cost\n(share of magnitude)"


def test_given_axes_are_used(result):
    _, ax = plt.subplots()
    assert ObjectiveDisplay.from_predictions(result, ax=ax).ax_ is ax
    X = np.random.default_rng(0).random((20, 10))
    model = ContrastiveNMF(2, delta=0, max_iter=500, tol=1e-2, random_state=0).fit(X)
    assert ObjectiveDisplay.from_estimator(model, ax=ax).ax_ is ax
