import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import beta

from sklearn_cnmf.metrics import calibration_table
from sklearn_cnmf.reporting import CalibrationDisplay


def test_image(choices, check_image):
    display = CalibrationDisplay.from_predictions(*choices)
    check_image(display.figure_, "calibration")


def test_dots_and_bars_are_those_of_the_table(choices):
    display = CalibrationDisplay.from_predictions(*choices, n_bins=5)
    table = calibration_table(*choices, n_bins=5)
    shares, counts = display.ax_
    (_, dots), (_, diagonal) = [
        (line.get_label(), line.get_xydata())
        for line in (shares.lines[1], shares.lines[0])
    ]
    expected = np.stack([table.mean_probability, table.share_right], axis=1)
    assert_allclose(dots, 100 * expected)
    assert_allclose(diagonal, [[40, 40], [100, 100]])
    assert [bar.get_height() for bar in counts.patches] == table.n_trials.tolist()
    assert_allclose([bar.get_x() for bar in counts.patches], 100 * table.lower)
    assert f"n = {len(choices[1])} trials" in counts.get_xlabel()


def test_intervals_are_exact():
    # Three right of four at 75 %: Clopper and Pearson's interval.
    probabilities = [np.array([0.75, 0.25])] * 4
    display = CalibrationDisplay.from_predictions(probabilities, [0, 0, 0, 1])
    (bars,) = display.ax_[0].collections
    (low, high) = bars.get_segments()[0][:, 1]
    assert_allclose([low, high], 100 * beta.ppf([0.025, 0.975], [3, 4], [2, 1]))


def test_all_right_has_no_interval_above():
    display = CalibrationDisplay.from_predictions([np.array([1.0, 0.0])] * 3, [0] * 3)
    (bars,) = display.ax_[0].collections
    assert bars.get_segments()[0][1, 1] == 100


def test_from_estimator_asks_for_probabilities(chooser, choices):
    estimator, trials, references = chooser
    display = CalibrationDisplay.from_estimator(estimator, trials, references)
    expected = calibration_table(*choices)
    assert_allclose(display.table.share_right, expected.share_right)
    with pytest.raises(ValueError, match=r"estimator: object has no predict_proba"):
        CalibrationDisplay.from_estimator(object(), trials, references)


def test_given_axes_are_used(choices):
    _, axes = plt.subplots(2)
    display = CalibrationDisplay.from_predictions(*choices, ax=axes)
    assert list(display.ax_) == list(axes)
    assert display.figure_ is axes[0].figure


def test_what_is_no_table_is_refused():
    with pytest.raises(
        ValueError, match=r"table: expected a CalibrationTable, got dict"
    ):
        CalibrationDisplay(table={}).plot()


def test_words_say_what_is_shown(choices):
    display = CalibrationDisplay.from_predictions(*choices)
    table = calibration_table(*choices)
    shares, counts = display.ax_
    assert shares.get_ylabel() == "Right (%)"
    labels = [text.get_text() for text in shares.get_legend().get_texts()]
    assert labels == ["calibrated", "bin, 95 % interval"]
    assert counts.get_ylabel() == "Trials"
    error, by_chance = (
        table.expected_calibration_error,
        table.calibration_error_by_chance,
    )
    assert counts.get_xlabel() == (
        "Largest probability (%), n = 64 trials\n"
        f"calibration error {error:.3f} ({by_chance:.3f} by chance)"
    )


def test_from_estimator_passes_all_options_on(chooser):
    _, axes = plt.subplots(2)
    display = CalibrationDisplay.from_estimator(*chooser, n_bins=4, ax=axes)
    assert list(display.ax_) == list(axes)
    assert [bar.get_width() for bar in axes[1].patches] == pytest.approx([25, 25])
