from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.stats import t

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.evaluation import WindowAccuracy
from sklearn_cnmf.reporting import WindowLengthDisplay


def accuracy_of(right, error, n_recordings=(8, 8, 8, 6)):
    return WindowAccuracy(
        seconds=np.array([1.0, 5.0, 10.0, 30.0]),
        n_windows=np.array([480, 96, 48, 12]),
        accuracy=np.array(right),
        standard_error=np.array(error),
        n_recordings=np.array(n_recordings),
    )


@pytest.fixture
def accuracy():
    return accuracy_of([0.55, 0.68, 0.78, 0.97], [0.02, 0.04, 0.05, 0.02])


def test_image(accuracy, check_image):
    other = accuracy_of([0.52, 0.56, 0.61, 0.74], [0.02, 0.03, 0.04, 0.06])
    display = WindowLengthDisplay.from_predictions(
        {"per instrument": accuracy, "pooled": other}, chance=0.5
    )
    check_image(display.figure_, "window_length")


def test_intervals_are_of_students_t_within_0_and_1(accuracy):
    display = WindowLengthDisplay.from_predictions(accuracy, chance=0.5)
    (bars,) = display.ax_.collections
    ends = np.stack([segment[:, 1] for segment in bars.get_segments()])
    reach = t.ppf(0.975, [7, 7, 7, 5]) * accuracy.standard_error
    expected = np.stack([accuracy.accuracy - reach, accuracy.accuracy + reach], axis=1)
    expected[3, 1] = 1
    assert expected[2, 1] < 1
    assert_allclose(ends, 100 * expected)
    chance, curve = display.ax_.lines
    assert_allclose(chance.get_ydata(), 50)
    assert_allclose(curve.get_xdata(), accuracy.seconds)
    said = "mean and 95 % interval over n = 6 to 8 recordings"
    assert said in display.ax_.get_xlabel()


def test_a_single_recording_has_no_interval():
    nothing = [np.nan] * 4
    one = accuracy_of([0.5, 0.6, 0.7, 0.8], nothing, [1] * 4)
    ax = WindowLengthDisplay.from_predictions(one, chance=0.5).ax_
    assert not any(len(path) for path in ax.collections[0].get_segments())
    assert_allclose(ax.lines[1].get_ydata(), [50, 60, 70, 80])


def test_from_estimator_scores_windows():
    rng = np.random.default_rng(0)
    trials, references = [], []
    for number in range(4):
        levels = np.repeat(rng.random((2, 40)), 100, axis=1)
        sources = rng.standard_normal((2, 4000)) * levels
        eeg = rng.standard_normal((2, 640)) + 4 * np.repeat(levels[0, ::100], 16)
        trials.append(
            Trial(eeg, 64.0, sources.sum(axis=0), 400.0, stimulus=f"{number}")
        )
        references.append(Reference(sources, 0))
    decoder = EnvelopeDecoder(feature="envelope", alpha=1.0)
    decoder.fit(trials[:2], references[:2])
    display = WindowLengthDisplay.from_estimator(
        decoder, trials[2:], references[2:], windows=(1.0, 4.0)
    )
    found = display.accuracies["decoder"]
    expected = [
        decoder.score_attended(trials[2:], references[2:], window=seconds)
        for seconds in (1.0, 4.0)
    ]
    assert_allclose(found.accuracy, expected)
    assert found.n_windows.tolist() == [20, 4]
    assert found.n_recordings.tolist() == [2, 2]
    assert display.chance == 0.5
    with pytest.raises(ValueError, match="windows: expected a finite number > 0"):
        WindowLengthDisplay.from_estimator(decoder, trials, references, windows=(0,))


def test_given_axes_are_used(accuracy):
    _, ax = plt.subplots()
    display = WindowLengthDisplay.from_predictions(accuracy, chance=0.5, ax=ax)
    assert display.ax_ is ax


def test_what_can_not_be_drawn_is_refused(accuracy):
    draw = WindowLengthDisplay.from_predictions
    with pytest.raises(ValueError, match=r"accuracy\['decoder'\]: expected a WindowAc"):
        draw([accuracy], chance=0.5)
    with pytest.raises(ValueError, match="accuracy: expected one to 4 curves, got 5"):
        draw(dict.fromkeys("abcde", accuracy), chance=0.5)
    with pytest.raises(ValueError, match="chance: expected a finite number > 0"):
        draw(accuracy, chance=0)
    with pytest.raises(ValueError, match="estimator: expected an EnvelopeDecoder"):
        WindowLengthDisplay.from_estimator(object(), [], [])


def test_words_name_curves_and_units(accuracy):
    curves = {"per instrument": accuracy, "pooled": accuracy}
    ax = WindowLengthDisplay.from_predictions(curves, chance=0.5).ax_
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["chance", "per instrument", "pooled"]
    assert ax.get_ylabel() == "Right (% of windows)"
    assert ax.get_xlabel().startswith("Window (s)")


@pytest.mark.parametrize(("longest", "scale"), [(4.9, "linear"), (5.0, "log")])
def test_scale_is_logarithmic_over_a_factor_of_five(accuracy, longest, scale):
    accuracy = replace(accuracy, seconds=np.array([1, 2, 3, longest]))
    ax = WindowLengthDisplay.from_predictions(accuracy, chance=0.5).ax_
    assert ax.get_xscale() == scale


def test_chance_is_the_mean_over_trials(accuracy, monkeypatch):
    monkeypatch.setattr(
        "sklearn_cnmf.reporting._window_length_display.accuracy_in_trials",
        lambda *_: accuracy,
    )
    references = [Reference(np.zeros((n, 8)), 0) for n in (2, 2, 3)]
    _, ax = plt.subplots()
    display = WindowLengthDisplay.from_estimator(None, [], references, ax=ax)
    assert display.ax_ is ax
    assert display.chance == pytest.approx((1 / 2 + 1 / 2 + 1 / 3) / 3)
