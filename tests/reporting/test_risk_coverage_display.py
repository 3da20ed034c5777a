import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.metrics import risk_coverage
from sklearn_cnmf.reporting import RiskCoverageDisplay


def test_image(choices, check_image):
    display = RiskCoverageDisplay.from_predictions(*choices)
    check_image(display.figure_, "risk_coverage")


def test_curve_is_of_errors_and_its_area_the_mean_risk(choices):
    display = RiskCoverageDisplay.from_predictions(*choices)
    full, curve = display.ax_.lines
    coverage, risk = curve.get_data()
    table = risk_coverage(*choices)
    assert_allclose(coverage[1:], 100 * table.coverage[::-1])
    assert_allclose(risk[1:], 100 - 100 * table.share_right[::-1])
    # Steps that hold the value of their right end.
    assert curve.get_drawstyle() == "steps-pre"
    area = np.sum(np.diff(coverage) * risk[1:]) / 100
    assert_allclose(area, 100 * table.mean_risk)
    wrong = np.mean([p.argmax() != own for p, own in zip(*choices)])
    assert_allclose(full.get_ydata(), 100 * wrong)
    assert full.get_label() == f"all decided: {100 * wrong:.1f} % wrong"


def test_no_errors_are_a_line_at_zero():
    probabilities = [np.array([q, 1 - q]) for q in (0.6, 0.9)]
    ax = RiskCoverageDisplay.from_predictions(probabilities, [0, 0]).ax_
    assert not ax.lines[1].get_ydata().any()
    assert ax.get_ylim()[0] < 0 < ax.get_ylim()[1]


def test_from_estimator_asks_for_probabilities(chooser, choices):
    display = RiskCoverageDisplay.from_estimator(*chooser)
    assert_allclose(display.curve.share_right, risk_coverage(*choices).share_right)


def test_words_say_what_is_shown():
    # Surest first, these are right, right, wrong, right.
    probabilities = [np.array([q, 1 - q]) for q in (0.9, 0.8, 0.7, 0.6)]
    ax = RiskCoverageDisplay.from_predictions(probabilities, [0, 0, 1, 0]).ax_
    mean = 100 * np.mean([0, 0, 1 / 3, 1 / 4])
    assert ax.get_xlabel() == (
        f"Decided (% of trials)\nn = 4 trials, mean risk {mean:.1f} %"
    )
    assert ax.get_ylabel() == "Wrong (% of decided)"


def test_given_axes_are_used(choices, chooser):
    _, ax = plt.subplots()
    assert RiskCoverageDisplay.from_estimator(*chooser, ax=ax).ax_ is ax
    assert RiskCoverageDisplay.from_predictions(*choices, ax=ax).ax_ is ax


def test_what_is_no_curve_is_refused():
    with pytest.raises(ValueError, match=r"curve: expected a RiskCoverage, got list"):
        RiskCoverageDisplay(curve=[]).plot()
