import warnings
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import EvaluationResult
from sklearn_cnmf.reporting import EvaluationDisplay, _evaluation_display

GAIN = "si_sdr_improvement"
# Gains of methods in dB, and how often they choose rightly.
METHODS = {
    "estimator": (5.0, 0.8),
    "mixture": (0.0, None),
    "hard": (4.5, 0.7),
    "known-choice": (7.0, 1.0),
    "ratio-mask": (11.0, None),
    "other-trial-eeg": (1.0, 0.5),
}


def result_of(methods=METHODS, n_subjects=6, n_trials=8, metric=GAIN):
    """Make the table of an evaluation of duos, either part attended in turn."""
    rng = np.random.default_rng(0)
    rows = []
    for trial in range(n_subjects * n_trials):
        known = {
            "subject": f"s{trial % n_subjects}",
            "fold": 0,
            "trial": trial,
            "stimulus": f"piece{trial // n_subjects}",
            "instruments": "a b",
            "n_instruments": 2,
            "attended": "ab"[trial % 2],
            "attended_index": trial % 2,
            "alike": np.nan,
            "probabilities": "",
        }
        for method, (gain, share) in methods.items():
            level = gain + (method != "mixture") * rng.normal(0, 2)
            values = {metric: (level, "dB")}
            if share is not None:
                values["correct"] = float(rng.random() < share), ""
            rows += [
                {**known, "method": method, "metric": m, "unit": unit, "value": value}
                for m, (value, unit) in values.items()
            ]
    empty = pd.DataFrame(columns=["subject", "trial", "method", "error"])
    return EvaluationResult(
        pd.DataFrame(rows)[[*(c for c in rows[0] if c != "value"), "value"]],
        empty,
        pd.DataFrame({"how": ["computed"]}),
        pd.DataFrame(columns=["kind", "message", "count"]),
        {"scheme": "within-subject", "metrics": [metric], "methods": [*methods]},
        (),
    )


@pytest.fixture(scope="module")
def result():
    return result_of()


def ticks_of(ax):
    return [label.get_text() for label in ax.get_yticklabels()]


def lines_of(ax):
    return {
        line.get_label(): line.get_xdata()[0]
        for line in ax.lines
        if not line.get_label().startswith("_")
    }


def test_image(result, check_image):
    display = EvaluationDisplay.from_predictions(result)
    check_image(display.figure_, "evaluation")


def test_means_and_intervals_are_those_of_the_summary(result):
    summary = result.summary(level=0.9)
    display = EvaluationDisplay.from_predictions(result, summary=summary)
    table = summary.separation.set_index("method")
    assert ticks_of(display.ax_) == ["estimator", "hard", "other-trial-eeg"]
    for name, found in display.means.items():
        assert_allclose(found, table.loc[name, ["mean", "low", "high"]].astype(float))
    assert lines_of(display.ax_) == {
        "mixture": 0,
        "known choice": table["mean"]["known-choice"],
        "ideal mask": table["mean"]["ratio-mask"],
    }
    assert display.ax_.get_xlabel() == (
        "SI-SDR gain (dB), mean over trials, then subjects\n"
        "n = 6 subjects, 48 trials; dots: subjects\n"
        "bars: 90 % bootstrap interval over subjects"
    )


def test_dots_are_means_of_subjects(result):
    display = EvaluationDisplay.from_predictions(result)
    table = result.table
    rows = table[(table["method"] == "hard") & (table["metric"] == GAIN)]
    expected = [rows["value"][rows["subject"] == f"s{s}"].mean() for s in range(6)]
    # After three lines, and the estimator's dots, bar and mean.
    dots, bar, mean = display.ax_.lines[6:9]
    assert_allclose(sorted(dots.get_xdata()), sorted(expected))
    assert_allclose(mean.get_xdata(), np.mean(expected))
    assert_allclose(bar.get_xdata(), display.means["hard"][1:])


def test_choices_are_shares_of_trials_against_chance(result):
    display = EvaluationDisplay.from_predictions(result, "correct")
    choices = result.summary().choices
    assert ticks_of(display.ax_) == ["estimator", "hard", "other-trial-eeg"]
    for name, found in display.means.items():
        expected = [choices[name].accuracy, *choices[name].clustered_interval]
        assert_allclose(found, 100 * np.array(expected))
    assert lines_of(display.ax_) == {"chance": 50}
    assert len(display.subject_means["hard"]) == 6
    assert display.ax_.get_xlabel().startswith("Right choices (% of trials)\nn = 6 sub")


def test_without_gain_the_mixture_is_a_line_where_it_was_scored():
    methods = {"estimator": (5.0, None), "mixture": (-2.0, None)}
    display = EvaluationDisplay.from_predictions(result_of(methods, metric="si_sdr"))
    assert lines_of(display.ax_) == {"mixture": -2}
    methods = {"estimator": (5.0, None)}
    display = EvaluationDisplay.from_predictions(result_of(methods, metric="sar"))
    assert display.lines == {}
    assert display.ax_.get_legend() is None


def test_one_subject_has_no_interval():
    display = EvaluationDisplay.from_predictions(result_of(n_subjects=1))
    assert np.isnan(display.means["estimator"][1:]).all()
    assert "n = 1 subject, 8 trials" in display.label


def test_given_axes_are_used(result):
    _, ax = plt.subplots()
    assert EvaluationDisplay.from_predictions(result, ax=ax).ax_ is ax


def test_what_can_not_be_drawn_is_refused(result):
    draw = EvaluationDisplay.from_predictions
    with pytest.raises(ValueError, match="result: expected an EvaluationResult, got D"):
        draw(result.table)
    with pytest.raises(ValueError, match=r"score: expected one of \['si_sdr_impr"):
        draw(result, "guide_r")
    only = {"estimator": (5.0, None), "known-choice": (7.0, 1.0)}
    with pytest.raises(ValueError, match=r"score: expected one of .*, got 'correct'"):
        draw(result_of(only), "correct")


def test_what_can_not_be_drawn_is_refused_before_it_is_evaluated(monkeypatch):
    monkeypatch.setattr(_evaluation_display, "evaluate", None)
    draw = EvaluationDisplay.from_estimator
    for score in ("guide_r", np.array(["correct"])):
        with pytest.raises(ValueError, match=r"score: expected one of .*'correct'\]"):
            draw(None, [], [], score)
    with pytest.raises(ValueError, match="ax: expected one with figure, got int"):
        draw(None, [], [], ax=3)


def test_from_estimator_evaluates_and_keeps_the_result(tmp_path):
    trials, references = simulate_trials(
        n_subjects=1, stems=load_example_stems(ensemble="duo")[:3], n_repetitions=1,
        random_state=0,
    )  # fmt: skip
    model = make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(8, max_iter=5))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        display = EvaluationDisplay.from_estimator(
            model, trials, references, "correct", store=tmp_path
        )
        again = EvaluationDisplay.from_estimator(
            model, trials, references, store=tmp_path
        )
    assert set(display.result_.units["how"]) == {"computed"}
    assert set(again.result_.units["how"]) == {"reused"}
    assert display.label.startswith("Right choices (% of trials)\nn = 1 subject, 6 tr")
    expected = again.result_.summary().separation.set_index("method")["mean"]
    assert again.means["estimator"][0] == expected["estimator"]
    assert again.label.startswith("SI-SDR gain (dB)")


def test_numbers_that_differ_among_methods_are_a_range(result):
    table = result.table
    unscored = (table["method"] == "hard") & (table["trial"] < 3)
    fewer = replace(result, table=table[~unscored])
    label = EvaluationDisplay.from_predictions(fewer).label
    assert "n = 6 subjects, 45 to 48 trials" in label


def test_choices_of_subjects_are_shares_in_percent(result):
    display = EvaluationDisplay.from_predictions(result, "correct")
    rows = result.table[
        (result.table["method"] == "hard") & (result.table["metric"] == "correct")
    ]
    expected = [
        100 * rows["value"][rows["subject"] == f"s{s}"].mean() for s in range(6)
    ]
    assert_allclose(sorted(display.subject_means["hard"]), sorted(expected))
    assert display.label.endswith(
        "bars: 95 % bootstrap interval over\nsubjects and stimuli"
    )


@pytest.mark.parametrize(
    ("score", "metric"),
    [(None, GAIN), ("correct", GAIN), ("si_sdr", "si_sdr")],
)
def test_from_estimator_passes_all_options_on(monkeypatch, score, metric):
    asked = {}

    def evaluate(estimator, trials, references, **options):
        asked.update(options)
        return result_of(metric=metric)

    monkeypatch.setattr("sklearn_cnmf.reporting._evaluation_display.evaluate", evaluate)
    options = {
        "scheme": "across-subjects",
        "cv": 3,
        "n_jobs": 2,
        "store": "folder",
        "random_state": 5,
    }
    _, ax = plt.subplots()
    display = EvaluationDisplay.from_estimator(None, [], [], score, ax=ax, **options)
    assert asked == {**options, "metrics": [metric]}
    assert display.ax_ is ax
