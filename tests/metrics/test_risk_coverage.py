import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.metrics import (
    calibration_table,
    expected_accuracy,
    risk_coverage,
)


def drawn(n, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.dirichlet([1.0, 1.0, 1.0], size=n)
    return list(p), [int(rng.choice(3, p=row)) for row in p]


def test_each_threshold_is_counted():
    p, attended = drawn(200)
    curve = risk_coverage(p, attended)
    assert len(curve.threshold) == 200
    for threshold, covered, right in zip(
        curve.threshold, curve.coverage, curve.share_right
    ):
        made = [(q, own) for q, own in zip(p, attended) if q.max() >= threshold]
        assert_allclose(covered, len(made) / 200)
        assert_allclose(right, np.mean([np.argmax(q) == own for q, own in made]))
    # The surer, the better, since the truths were drawn by these probabilities.
    surest = curve.at(0.25)[2]
    assert surest > curve.share_right[0] + 0.1


def test_mean_risk_is_the_area_under_the_curve():
    p, attended = drawn(50, seed=1)
    order = np.argsort([-q.max() for q in p])
    wrong = np.array([np.argmax(p[i]) != attended[i] for i in order])
    expected = np.mean(np.cumsum(wrong) / np.arange(1, 51))
    assert_allclose(risk_coverage(p, attended).mean_risk, expected)


def test_equally_sure_trials_are_decided_together():
    p = [np.array([0.8, 0.2])] * 3 + [np.array([0.6, 0.4])]
    curve = risk_coverage(p, [0, 0, 1, 0])
    assert_array_equal(curve.threshold, [0.6, 0.8])
    assert_allclose(curve.coverage, [1, 0.75])
    assert_allclose(curve.share_right, [0.75, 2 / 3])
    assert curve.at(0.2) == (0.8, 0.75, pytest.approx(2 / 3))
    assert_allclose(curve.mean_risk, (3 / 3 + 1 / 4) / 4)


def test_accuracy_is_guessed_without_labels():
    p, attended = drawn(4000)
    table = calibration_table(p, attended)
    assert expected_accuracy(p) == pytest.approx(table.expected_accuracy)
    assert abs(expected_accuracy(p) - table.accuracy) < 0.03


def test_bad_input_is_named():
    with pytest.raises(ValueError, match=r"probabilities: expected those of one"):
        expected_accuracy([])
    with pytest.raises(ValueError, match=r"probabilities\[1\]: expected numbers >= 0"):
        expected_accuracy([np.array([0.5, 0.5]), np.array([0.5, 0.6])])
    with pytest.raises(ValueError, match=r"attended: 2 entries for 1 trials"):
        risk_coverage([np.array([0.5, 0.5])], [0, 1])
    with pytest.raises(ValueError, match=r"attended\[0\]: expected an index"):
        risk_coverage([np.array([0.5, 0.5])], [2])
