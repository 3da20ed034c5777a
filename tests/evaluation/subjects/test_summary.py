import json
from dataclasses import replace
from itertools import product
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_equal

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.evaluation import (
    cluster_bootstrap,
    paired_difference,
    selection_accuracy,
)
from sklearn_cnmf.evaluation.subjects._result import Done, collect
from sklearn_cnmf.evaluation.subjects._summary import condition_groups, trials_of
from sklearn_cnmf.evaluation.subjects._units import Unit
from sklearn_cnmf.metrics import calibration_table

GAIN = "si_sdr_improvement"
METRICS = (
    *("si_sdr_improvement", "sdr_improvement", "sir_improvement"),
    *("si_sdr", "sdr", "sir", "sar"),
)


def of_subjects(values, method="estimator", **more):
    """Write trials of one method, from the values of each subject."""
    return [
        {"values": {method: value}, "subject": subject, **more}
        for subject, own in values.items()
        for value in own
    ]


def chosen(right, **more):
    """Write a trial with a choice that is right or not."""
    return {"values": {"estimator": {GAIN: 0.0, "correct": right}}, **more}


def row_of(table, **wanted):
    """Find the only row with these values."""
    for name, value in wanted.items():
        table = table[table[name] == value]
    (row,) = table.to_dict("records")
    return row


def line_of(text, start):
    """Find the only line that starts so, with single spaces."""
    (line,) = [one for one in text.splitlines() if one.startswith(start)]
    return " ".join(line.split())


def test_means_are_over_trials_of_each_subject_and_then_over_subjects(result_of):
    result = result_of(of_subjects({"s1": [1, 2, 6], "s2": [7], "s3": [0, 4]}))
    summary = result.summary(level=0.9, n_bootstrap=500, random_state=3)
    row = row_of(summary.separation, method="estimator", metric=GAIN)
    assert_allclose(row["mean"], (3 + 7 + 2) / 3)
    low, high = cluster_bootstrap([3, 7, 2], level=0.9, n_bootstrap=500, random_state=3)
    assert_allclose([row["low"], row["high"]], [low, high])
    # Of 0, 1, 2, 4, 6, 7: the median is between 2 and 4, 10 % halfway from 0 to 1.
    assert_allclose([row["median"], row["p10"]], [3, 0.5])
    assert (row["n_trials"], row["n_subjects"]) == (6, 3)
    assert summary.level == 0.9
    assert "90 % bootstrap" in str(summary)
    assert "95 %" not in str(summary)


def test_one_subject_has_no_interval(result_of):
    summary = result_of(of_subjects({"s1": [1, 2, 6]})).summary()
    row = row_of(summary.separation, method="estimator")
    assert_equal([row["low"], row["high"]], [np.nan, np.nan])
    assert line_of(summary.text, "estimator") == "estimator 3.0 - 2.0 1.2 3 1"
    assert "With one subject there is no interval over subjects." in summary.text


def test_metrics_and_methods_come_in_the_order_that_was_asked_for(result_of):
    trials = [
        {"values": {"mixture": {"si_sdr": 1}}},
        {
            "values": {
                "estimator": {"sar": 2, "si_sdr": 3},
                "mixture": {"si_sdr": 1},
            }
        },
    ]
    result = result_of(
        trials, metrics=["sar", "si_sdr"], methods=["estimator", "mixture"]
    )
    summary = result.summary()
    found = summary.separation[["method", "metric", "n_trials"]].to_numpy().tolist()
    assert found == [
        ["estimator", "sar", 1],
        ["estimator", "si_sdr", 1],
        ["mixture", "si_sdr", 2],
    ]
    assert "Separation of the attended source: SAR in dB" in summary.text
    assert len(summary.differences) == 0
    lines = [" ".join(line.split()) for line in summary.text.splitlines()]
    assert "estimator 2.0 - 2.0 2.0 1 1" in lines
    assert "mixture 1.0 2" in lines


def test_choices_are_against_the_chance_of_each_trial(result_of):
    trials = [
        chosen(1, subject="s1", stimulus="x"),
        chosen(1, subject="s1", stimulus="y", names=("a", "b", "c")),
        chosen(0, subject="s2", stimulus="x"),
        chosen(1, subject="s2", stimulus="y", names=("a", "b", "c")),
    ]
    found = result_of(trials).summary(n_bootstrap=500).choices["estimator"]
    assert (found.n_right, found.n_trials) == (3, 4)
    assert (found.n_subjects, found.n_stimuli) == (2, 2)
    assert_allclose(found.chance, (1 / 2 + 1 / 3) / 2)
    # All four right by chance, or one of them wrong.
    assert_allclose(found.p_value, (1 + 1 + 1 + 2 + 2) / 36)
    expected = cluster_bootstrap(
        [1, 1, 0, 1],
        ["s1", "s1", "s2", "s2"],
        ["x", "y", "x", "y"],
        n_bootstrap=500,
    )
    assert_allclose(found.clustered_interval, expected)
    assert expected[0] < 0.75 < expected[1]


def test_those_without_names_are_one_subject_and_stimuli_of_their_own(result_of):
    trials = [chosen(i != 1, subject="") for i in range(3)]
    summary = result_of([*trials, chosen(0, subject="s1")]).summary()
    found = summary.choices["estimator"]
    assert (found.n_subjects, found.n_stimuli) == (2, 4)
    same = selection_accuracy(
        np.array([1, 0, 1, 0]) == 1, 0.5, subjects=[0, 0, 0, 1], stimuli=[0, 1, 2, 3]
    )
    assert_allclose(found.clustered_interval, same.clustered_interval)
    assert summary.text.startswith("4 trials of 2 subjects and 4 stimuli, 2 models\n")


def test_a_single_instrument_is_no_choice(result_of):
    alone = chosen(1, names=("a",), p=(1.0,))
    summary = result_of([alone, chosen(0, p=(0.75, 0.25))]).summary()
    assert (summary.choices["estimator"].n_trials, summary.calibration.n_trials) == (
        1,
        1,
    )
    rows = summary.conditions.set_index("value")
    assert np.isnan(rows.loc["1", "accuracy"])
    assert rows.loc["2", "accuracy"] == 0
    assert line_of(summary.text, "  1 ") == "1 0.0 - 0.0 - - 1"
    summary = result_of([alone, alone]).summary()
    assert summary.choices == {}
    assert summary.calibration is None


def with_others(own, others, subject):
    return {
        "values": {"estimator": own} | {m: v for m, v in others.items()},
        "subject": subject,
    }


@pytest.fixture
def compared():
    """Seven subjects; one method is always worse, one fails in some trials."""
    trials = []
    for number in range(7):
        for repetition in range(1 + number % 2):
            others = {"mixture": -number - repetition, "hard": 5.0}
            if (number, repetition) != (1, 1):
                others["sequential"] = 13.1 if number == 1 else 9.5 - 0.1 * number
            trials.append(with_others(10.0 + 0.5 * number, others, f"s{number}"))
    return trials


def test_differences_are_the_estimator_minus_another_on_shared_trials(
    result_of, compared
):
    summary = result_of(compared).summary(n_bootstrap=500)
    assert summary.differences["method"].tolist() == ["mixture", "hard", "sequential"]
    row = row_of(summary.differences, method="mixture")
    by_hand = [10 + 1.5 * n + 0.5 * (n % 2) for n in range(7)]
    assert_allclose(row["mean"], np.mean(by_hand))
    assert_allclose(row["median"], np.median(by_hand))
    low, high = cluster_bootstrap(by_hand, n_bootstrap=500)
    assert_allclose([row["low"], row["high"]], [low, high])
    assert_allclose(row["p_value"], 2 / 2**7)
    assert (row["n_trials"], row["n_subjects"]) == (10, 7)
    row = row_of(summary.differences, method="sequential")
    by_hand = [-2.6 if n == 1 else 0.5 + 0.6 * n for n in range(7)]
    expected = paired_difference(by_hand, np.zeros(7), range(7), n_bootstrap=500)
    assert_allclose(row["mean"], expected.mean)
    assert_allclose(row["p_value"], expected.p_value)
    assert_allclose([row["low"], row["high"]], expected.interval)
    assert (row["n_trials"], row["n_subjects"]) == (9, 7)


def test_p_values_are_adjusted_for_all_methods(result_of, compared):
    table = result_of(compared).summary(n_bootstrap=100).differences
    p = table.set_index("method")["p_value"]
    adjusted = table.set_index("method")["p_holm"]
    assert_allclose(adjusted[["mixture", "hard"]], 3 / 64)
    # The one difference below zero is the fourth smallest: seven of the sets of ranks
    # sum to no more than four.
    assert_allclose([p["sequential"], adjusted["sequential"]], 7 / 64)


def test_ceilings_and_controls_are_not_counted_as_tests(result_of):
    trials = [
        {
            "subject": f"s{i}",
            "values": {
                "estimator": 1.0 + i,
                "sequential": 0.0,
                "known-choice": 1.0,
                "true-guide": 2.0,
            },
        }
        for i in range(6)
    ]
    table = result_of(trials).summary(n_bootstrap=100).differences.set_index("method")
    p, adjusted = table["p_value"], table["p_holm"]
    assert adjusted["sequential"] == p["sequential"] == 1 / 32
    assert np.isnan(adjusted[["known-choice", "true-guide"]]).all()
    assert np.isfinite(p).all()


def twins_of(result_of, *trials):
    return result_of(list(trials)).summary(n_bootstrap=10).twins


def test_twins_differ_in_the_attended_instrument_alone(result_of):
    one = {"stimulus": "x", "subject": "s1"}
    twin = chosen(1, attended=1, **one)
    found = twins_of(result_of, chosen(1, **one), twin)
    assert (found.n_pairs, found.both_right) == (1, 1)
    for other in (
        {"subject": "s2"},
        {"stimulus": "y"},
        {"names": ("a", "b", "c")},
        {"attended": 1},
    ):
        assert twins_of(result_of, chosen(1, **{**one, **other}), twin) is None
    unnamed = {"subject": "s1", "stimulus": ""}
    assert (
        twins_of(result_of, chosen(1, **unnamed), chosen(1, attended=1, **unnamed))
        is None
    )


def test_repeated_twins_are_paired_in_order(result_of):
    one = {"stimulus": "x", "subject": "s1"}
    first, second = {**one, "attended": 0}, {**one, "attended": 1}
    found = twins_of(
        result_of,
        chosen(1, **first),
        chosen(0, **first),
        chosen(1, **second),
        chosen(0, **second),
    )
    assert (found.n_pairs, found.both_right, found.both_wrong) == (2, 1, 1)
    # The third repetition, which is wrong, has no twin, however the table is sorted.
    result = result_of(
        [
            *(chosen(right, **first) for right in (1, 1, 0)),
            *(chosen(right, **second) for right in (1, 0)),
        ]
    )
    for table in (result.table, result.table[::-1]):
        found = replace(result, table=table).summary(n_bootstrap=10).twins
        assert (found.n_pairs, found.both_right, found.one_right) == (2, 1, 1)


def test_trios_with_every_part_attended_have_no_twins(result_of):
    trio = {"names": ("a", "b", "c"), "stimulus": "x"}
    trials = [chosen(1, attended=i, **trio) for i in range(3)]
    assert twins_of(result_of, *trials) is None
    assert twins_of(result_of, *trials[:2]).n_pairs == 1


def test_calibration_is_that_of_the_probabilities(result_of):
    names = ("bass drum", "drum", "bass")
    p = [(0.1, 0.7, 0.2), (0.1, 0.7, 0.2), (0.35, 0.25, 0.4), (1 / 3, 2 / 3)]
    attended = [1, 2, 0, 1]
    trials = [
        chosen(1, p=own, attended=index, names=names[: len(own)])
        for own, index in zip(p, attended)
    ]
    summary = result_of(trials).summary()
    expected = calibration_table([np.array(own) for own in p], attended)
    for name, value in vars(expected).items():
        assert_allclose(vars(summary.calibration)[name], value)
    assert summary.calibration.accuracy == 0.5
    assert "n = 4, right 50.0 %" in summary.text


@pytest.mark.parametrize("names", [("bass drum", "drum"), None])
def test_the_table_tells_the_place_of_the_attended_source(names):
    sources = np.eye(2, 8)
    trial = Trial(
        np.zeros((1, 8)), 8.0, sources.sum(axis=0), 8.0, instruments=names, subject="s1"
    )
    values = {GAIN: 1.0, "correct": 1.0, "p_attended": 0.75}
    outcome = {"chosen": "", "probabilities": [0.25, 0.75], "values": values}
    of_trial = {"errors": {}, "alike": 0.5, "outcomes": {"estimator": outcome}}
    content = {"trials": [of_trial], "parameters": "", "warnings": []}
    result = collect(
        [trial],
        [Reference(sources, 1)],
        ([SimpleNamespace(error="")], {}),
        [Unit("s1", 0, (), (0,))],
        [Done(content, "computed", "", 0)],
        {},
        {"scheme": "pooled"},
    )
    assert set(result.table["attended_index"]) == {1}
    assert set(result.table["attended"]) == {"1" if names is None else "drum"}
    summary = result.summary()
    assert_allclose(summary.calibration.log_loss, -np.log(0.75))


def conditions_of(result_of, trials):
    table = result_of(trials).summary(n_bootstrap=10).conditions
    return {
        name: rows.set_index("value")
        for name, rows in table.groupby("condition", sort=False)
    }


def test_conditions_are_summed_up_like_all_trials(result_of):
    spec = [("s1", 2, 1), ("s1", 4, 0), ("s2", 8, 1), ("s2", 1, 1), ("s2", 3, 0)]
    trials = [
        {
            "values": {"estimator": {GAIN: gain, "correct": right}, "mixture": 0},
            "subject": subject,
            "names": names,
        }
        for (subject, gain, right), names in zip(spec, ["ab", "ab", "ab", "abc", "abc"])
    ]
    summary = result_of(trials).summary(n_bootstrap=500)
    row = row_of(summary.conditions, condition="number of instruments", value="2")
    assert_allclose([row["mean"], row["median"], row["p10"]], [5.5, 4, 2.4])
    low, high = cluster_bootstrap([3, 8], n_bootstrap=500)
    assert_allclose([row["low"], row["high"]], [low, high])
    assert (row["n_trials"], row["n_subjects"]) == (3, 2)
    assert_allclose(row["accuracy"], 2 / 3)
    exact = selection_accuracy([True, False, True], 0.5).interval
    assert_allclose([row["accuracy_low"], row["accuracy_high"]], exact)
    row = row_of(summary.conditions, condition="number of instruments", value="3")
    assert_allclose([row["mean"], row["accuracy"]], [2, 0.5])


def test_trials_are_told_apart_by_how_alike_their_sources_are(result_of):
    alike = [0.1, 0.4, np.nan, 0.2, 0.3, np.nan]
    trials = [
        {"values": {"estimator": gain}, "alike": r} for gain, r in enumerate(alike)
    ]
    (rows,) = conditions_of(result_of, trials).values()
    assert rows["n_trials"].to_dict() == {"up to the median": 2, "above the median": 2}
    assert_allclose(rows["mean"], [1.5, 2.5])
    same = [{"values": {"estimator": 1}, "alike": r} for r in (0.5, 0.5, np.nan)]
    assert conditions_of(result_of, same) == {}


def test_values_of_conditions_are_told_apart(result_of):
    given = {
        "blind": [True, False, None, True],
        "level": [10, None, 9, 9.5],
        "level as str": ["b", "a", np.nan, "c"],
        "mixed": ["b", 1, 1.0, True],
        "same": [1, 1, 1, 1],
    }
    trials = [
        {
            "values": {"estimator": index},
            **{name: values[index] for name, values in given.items()},
        }
        for index in range(4)
    ]
    found = conditions_of(result_of, trials)
    counts = {name: rows["n_trials"].to_dict() for name, rows in found.items()}
    assert {name: list(n.items()) for name, n in counts.items()} == {
        "blind": [("False", 1), ("True", 2), ("not given", 1)],
        "level": [("9", 1), ("9.5", 1), ("10", 1), ("not given", 1)],
        "level as str": [("a", 1), ("b", 1), ("c", 1), ("not given", 1)],
        "mixed": [("1", 2), ("True", 1), ("b", 1)],
    }
    assert_allclose(found["blind"].loc["True", "mean"], 1.5)


@pytest.mark.parametrize(("n_values", "told"), [(12, True), (13, False)])
def test_conditions_of_many_values_are_left_out_and_named(result_of, n_values, told):
    trials = [{"values": {"estimator": i}, "age": 20 + i} for i in range(n_values)]
    result = result_of(trials)
    rows = trials_of(result.table, "estimator", GAIN)
    groups, left_out = condition_groups(rows)
    assert ("age" in groups, left_out) == (told, [] if told else ["age"])
    summary = result.summary(n_bootstrap=10)
    assert len(summary.conditions) == (12 if told else 0)
    said = "Of more than 12 values and not told apart: age."
    assert (said in summary.text) != told


def test_failed_trials_are_told_first_and_loudly(result_of):
    trials = of_subjects({"s1": [1, 2], "s2": [3]})
    errors = [
        *(("s3", index, "", "ValueError: a long\nreason " * 5) for index in (3, 4)),
        ("s1", 0, "sequential", "ValueError: no guide"),
        ("s1", 0, "hard", "ValueError: no guide"),
        *(("s1", 1, "hard", f"ValueError: {index}") for index in range(4)),
    ]
    lines = result_of(trials, errors).summary(n_bootstrap=10).text.splitlines()
    assert lines[0] == "!" * 88
    assert lines[1] == (
        "FAILED: 2 of 5 trials, in no figure below; nothing is left of 1 subject."
    )
    assert lines[2].startswith("FAILED: single methods in 2 of 5 trials, which")
    assert lines[3].startswith("2 x ValueError: a long reason ValueError: a long")
    end = lines.index("!" * 88, 1)
    assert "1 x sequential: ValueError: no guide" in lines[:end]
    assert lines[end - 1] == "and 2 other kinds, see errors of the result"
    assert lines[end + 2] == "3 trials of 2 subjects and 3 stimuli, 2 models"
    assert max(map(len, lines)) <= 88


def test_nothing_is_said_of_failures_where_there_are_none(result_of):
    text = result_of(of_subjects({"s1": [1, 2]})).summary().text
    assert "FAILED" not in text
    assert "!" not in text


def test_an_estimator_that_always_fails_leaves_the_others(result_of):
    errors = [("s1", 0, "estimator", "ValueError: no"), ("s2", 1, "estimator", "no")]
    trials = of_subjects({"s1": [1], "s2": [3]}, "mixture", alike=0.5, genre="pop")
    summary = result_of(trials, errors).summary()
    assert summary.separation["method"].tolist() == ["mixture"]
    assert len(summary.differences) == len(summary.conditions) == 0
    assert (summary.choices, summary.twins, summary.calibration) == ({}, None, None)
    assert "single methods in 2 of 2 trials" in summary.text


@pytest.fixture
def full():
    """Trials with all that a summary tells, silent estimates among them."""
    rng = np.random.default_rng(0)
    trials = []
    for subject, stimulus, attended in product(range(7), range(3), range(2)):
        p = float(rng.uniform(0.05, 0.95))
        gains = {
            name: dict(zip(METRICS, rng.normal(3, 4, len(METRICS))))
            for name in ("estimator", "mixture", "phase-randomised-eeg")
        }
        del gains["mixture"]["sar"]
        gains["phase-randomised-eeg"] |= dict.fromkeys(METRICS, -313.07)
        gains["estimator"]["correct"] = (p > 0.5) == (attended == 0)
        trials.append(
            {
                "values": gains,
                "subject": f"s{subject}",
                "stimulus": f"x{stimulus}",
                "attended": attended,
                "p": (p, 1 - p),
                "alike": float(rng.uniform()),
                "rhythm": ["same", "other"][stimulus % 2],
            }
        )
    return trials


def test_every_block_tells_metric_unit_aggregation_and_number(result_of, full):
    warnings = [("UserWarning", "a", 1), ("Other", "b", 2), ("Other", "c", 3)]
    result = result_of(full, warnings=warnings, metrics=list(METRICS))
    summary = result.summary(n_bootstrap=100)
    blocks = summary.text.split("\n\n")
    (task, first, others, choices, differences, twins, calibration, conditions, end) = (
        " ".join(block.split()) for block in blocks
    )
    assert task.startswith("42 trials of 7 subjects and 3 stimuli, 2 models within-")
    aggregated = "mean over the trials of each subject, then over subjects"
    interval = "95 % bootstrap interval of this mean over subjects"
    for block in (first, differences, conditions):
        assert "SI-SDR gain in dB" in block
        assert aggregated in block
        assert interval in block
        assert " trials" in block
    assert "median and 10 % quantile over trials" in first
    assert "BSS Eval v3 with filters of 512 taps" in first
    assert "Gains are over the mixture as it is." in first
    assert "mean interval median 10 % trials subjects estimator" in first
    assert "in dB, means over the trials of each subject, then over" in others
    assert "SDR gain SIR gain SI-SDR SDR SIR trials" in others
    assert "SAR trials" in others
    assert "in % of trials" in choices
    assert "exact binomial 95 % interval" in choices
    assert f"{summary.choices['estimator'].n_right} of 42" in choices
    assert "Wilcoxon's signed-rank test over subjects (two-sided)" in differences
    assert "Holm for 1 comparison with baselines that know nothing" in differences
    assert "n = 21 pairs" in twins
    assert "n = 42, right" in calibration
    assert "exact 95 % interval" in conditions
    assert end.endswith("of the result): UserWarning 1 time, Other 5 times")


def test_lines_are_short_and_columns_apart_even_for_silent_estimates(result_of, full):
    result = result_of(full, metrics=list(METRICS))
    text = result.summary(n_bootstrap=100).text
    assert max(map(len, text.splitlines())) <= 88
    lines = [line.split() for line in text.splitlines()]
    silent = [line for line in lines if line[:1] == ["phase-randomised-eeg"]]
    interval = ["-313.1", "to", "-313.1"]
    assert silent[0][1:] == ["-313.1", *interval, "-313.1", "-313.1", "42", "7"]
    assert silent[1][1:] == [*["-313.1"] * 5, "42"]
    assert silent[2][1:] == ["-313.1", "42"]
    # Columns end where their heads do.
    rows = text.split("\n\n")[1].splitlines()
    (head,) = [row for row in rows if row.split()[:1] == ["mean"]]
    own = [row for row in rows if row.startswith(("estimator", "phase"))]
    ends = [head.index(name) + len(name) for name in head.split() if name != "10"]
    for row in own:
        assert len(row) == len(head)
        for stop in ends[:-1]:
            assert row[stop - 1] != " "
            assert row[stop] == " "
    assert (
        "Below -100 dB, as silent estimates are, which rules the means: "
        "phase-randomised-eeg 42 trials."
    ) in " ".join(text.split())


@pytest.mark.parametrize(
    ("n_subjects", "few", "test"),
    [
        (1, False, "With 1 subject there is no test over subjects."),
        (2, True, "With 2 subjects the test can't give a p below 0.05."),
        (5, True, "With 5 subjects the test can't give a p below 0.05."),
        (6, True, "With 6 subjects and 2 comparisons no p by Holm can be below 0.05."),
        (7, True, None),
        (9, True, None),
        (10, False, None),
    ],
)
def test_few_subjects_are_told(result_of, n_subjects, few, test):
    trials = [
        with_others(n + 1.0, {"mixture": 0.5, "hard": 0.25 * n}, f"s{n}")
        for n in range(n_subjects)
    ]
    summary = result_of(trials).summary(n_bootstrap=100)
    said = "Bootstrap intervals over so few subjects tend to be too narrow."
    assert (said in summary.text) == few
    told = [line for line in summary.text.splitlines() if "With " in line]
    told = [line for line in told if "test" in line or "Holm" in line]
    assert told == ([] if test is None else [test])
    if n_subjects > 1:
        smallest = summary.differences["p_value"].min()
        assert_allclose(smallest, 2.0 ** (1 - n_subjects))


def test_a_single_metric_of_the_estimator_alone_is_enough(result_of):
    summary = result_of([{"values": {"estimator": {"si_sdr": 3}}}]).summary()
    assert len(summary.separation) == 1
    assert summary.choices == {}
    assert summary.text.startswith("1 trial of 1 subject and 1 stimulus, 2 models\n")
    assert len(summary.text.split("\n\n")) == 2
    assert "BSS Eval" not in summary.text
    assert "Gains" not in summary.text


def test_figures_can_be_written_as_json(result_of, full):
    full = [*full, {"values": {"estimator": 1}, "subject": "s0", "rhythm": np.nan}]
    summary = result_of(full, metrics=list(METRICS)).summary(n_bootstrap=100)
    found = summary.to_dict()
    assert json.loads(json.dumps(found, allow_nan=False)) == json.loads(
        json.dumps(found)
    )
    assert found["separation"][0]["n_trials"] == 43
    assert found["choices"]["estimator"]["n_trials"] == 42
    assert found["twins"]["n_pairs"] == 21
    assert sum(found["calibration"]["n_trials"]) == 42
    last = found["conditions"][-1]
    assert (last["condition"], last["value"]) == ("rhythm", "not given")
    assert (last["low"], last["accuracy"], last["n_trials"]) == (None, None, 1)
    one = result_of([{"values": {"estimator": 1}}]).summary()
    one.separation["median"] = np.inf
    alone = json.loads(json.dumps(one.to_dict(), allow_nan=False))
    assert alone["separation"][0]["median"] is None
    assert alone["separation"][0]["low"] is None
    assert (alone["twins"], alone["calibration"], alone["choices"]) == (None, None, {})


def test_the_order_of_rows_makes_no_difference(result_of, full):
    result = result_of(full, metrics=list(METRICS), methods=["estimator", "mixture"])
    table = result.table.sample(frac=1, random_state=0)
    shuffled = replace(result, table=table)
    one = result.summary(n_bootstrap=50).to_dict()
    other = shuffled.summary(n_bootstrap=50).to_dict()
    for name in ("separation", "differences", "conditions"):
        pd.testing.assert_frame_equal(
            pd.DataFrame(one[name]), pd.DataFrame(other[name])
        )
    assert one["twins"] == other["twins"]
