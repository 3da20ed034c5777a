import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.special import expit

from sklearn_cnmf.signals import choice_probabilities, fisher_z, informative_seconds


def moderated(log_odds):
    return log_odds / np.sqrt(1 + np.pi / 8 * (0.3 * log_odds) ** 2)


def test_two_candidates_are_a_logistic_of_the_difference():
    z = np.array([[0.2, 0.1], [0.05, -0.1]])
    weights = np.array([0.4, 1.3])
    p = choice_probabilities(z, weights, 20.0)
    assert_allclose(p[0], expit(moderated(20 * weights @ (z[0] - z[1]))))
    assert_allclose(p.sum(), 1)


def test_moderated_odds_average_over_slopes():
    rng = np.random.default_rng(0)
    for log_odds in (0.5, 2.0, 4.0):
        slopes = 1 + 0.3 * rng.standard_normal(200_000)
        averaged = np.mean(expit(slopes * log_odds))
        found = choice_probabilities([[log_odds], [0.0]], [1.0], 1.0)[0]
        assert_allclose(found, averaged, atol=0.01)


def test_three_candidates_are_mixed_with_the_uniform():
    z = np.array([[3.0], [0.0], [0.0]])
    p = choice_probabilities(z, [1.0], 100.0)
    odds = np.exp([0.0, *moderated(np.array([-300.0, -300.0]))])
    assert_allclose(p, 0.95 * odds / odds.sum() + 0.05 / 3)


def test_no_evidence_is_even_and_a_lot_of_it_is_finite():
    for n in (1, 2, 5):
        p = choice_probabilities(np.zeros((n, 2)), [1.0, 1.0], 10.0)
        assert_allclose(p, 1 / n)
    p = choice_probabilities([[20.0], [-20.0]], [3.0], 3600.0)
    assert 0.99 < p[0] < 0.996


def test_order_of_candidates_and_a_common_shift_do_not_matter():
    z = np.random.default_rng(0).standard_normal((4, 2)) / 5
    p = choice_probabilities(z, [1.0, 0.5], 10.0)
    assert_allclose(choice_probabilities(z[::-1], [1.0, 0.5], 10.0), p[::-1])
    assert_allclose(choice_probabilities(z + 1, [1.0, 0.5], 10.0), p)


def test_fisher_z_is_finite_at_one():
    assert np.isfinite(fisher_z([1.0, -1.0, 0.0])).all()
    assert_allclose(fisher_z(0.5), np.arctanh(0.5))


@pytest.mark.parametrize(
    ("band", "expected"),
    [(None, 10.0), ((None, None), 10.0), ((1.0, 8.0), 9.0), ((None, 8.0), 9.0)],
)
def test_filters_cost_a_second(band, expected):
    assert informative_seconds(10.0, band) == expected
    assert informative_seconds(0.5, (1.0, 8.0)) == 0


@pytest.mark.parametrize(
    ("z", "weights", "seconds", "message"),
    [
        ([0.1], [1.0], 1.0, "z: expected 2-D"),
        ([[0.1]], [1.0, 2.0], 1.0, "weights: expected shape"),
        ([[np.nan]], [1.0], 1.0, "z: found 1 NaN"),
        ([[0.1]], [1.0], -1.0, "seconds: expected a finite number >= 0"),
    ],
)
def test_bad_input_is_named(z, weights, seconds, message):
    with pytest.raises(ValueError, match=message):
        choice_probabilities(z, weights, seconds)


def test_each_time_is_on_its_own():
    z = np.random.default_rng(0).standard_normal((5, 3, 2)) / 5
    p = choice_probabilities(z, [1.0, 0.5], 10.0)
    expected = [choice_probabilities(one, [1.0, 0.5], 10.0) for one in z]
    assert_allclose(p, expected)
