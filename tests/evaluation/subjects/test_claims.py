import numpy as np
import pytest

from sklearn_cnmf.evaluation import cluster_bootstrap
from sklearn_cnmf.evaluation.subjects._claims import Claim

GAIN = "si_sdr_improvement"
JOINT, CONTRAST, DIFFICULT, AUTOMATIC, WITHOUT = range(5)


def trials_of(gains, methods=("sequential",), n_stimuli=4, **conditions):
    """Write trials of subjects and stimuli in which the estimator gains so much.

    The other methods gain 1 dB; conditions have a value for each trial.
    """
    trials = []
    for index, gain in enumerate(gains):
        values = {"estimator": 1.0 + gain} | dict.fromkeys(methods, 1.0)
        own = {name: values[index] for name, values in conditions.items()}
        trials.append(
            {
                "values": values,
                "subject": f"s{index // n_stimuli}",
                "stimulus": f"x{index % n_stimuli}",
                **own,
            }
        )
    return trials


def choices_of(right, names="ab", n_stimuli=4):
    """Write trials of choices that are right or not."""
    return [
        {
            "values": {"estimator": {GAIN: 0.0, "correct": own}},
            "subject": f"s{index // n_stimuli}",
            "stimulus": f"x{index % n_stimuli}",
            "names": names,
        }
        for index, own in enumerate(right)
    ]


def verdicts(result):
    return [claim.verdict for claim in result.claims()]


def evidence(claim):
    return " ".join(" ".join(claim.evidence).split())


UP = np.linspace(0.53, 2.11, 16)


@pytest.mark.parametrize(
    ("gains", "verdict"),
    [
        (UP, "supported"),
        (-UP, "contradicted"),
        (UP * np.tile([1, -1], 8), "undecided"),
    ],
)
@pytest.mark.parametrize(
    ("methods", "number"),
    [
        (("sequential",), JOINT),
        (("blind-guided",), JOINT),
        (("sequential", "blind-guided"), JOINT),
        (("no-contrast",), CONTRAST),
        (("mixture",), AUTOMATIC),
        (("random-choice",), AUTOMATIC),
        (("mixture", "random-choice"), AUTOMATIC),
    ],
)
def test_gains_over_others_are_judged_by_their_intervals(
    result_of, gains, verdict, methods, number
):
    result = result_of(trials_of(gains, methods))
    claim = result.claims()[number]
    assert claim.verdict == verdict
    assert len(claim.evidence) == len(methods)
    low, high = cluster_bootstrap(
        gains, np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    )
    for method, line in zip(methods, claim.evidence):
        assert line == (
            f"SI-SDR gain of the estimator minus {method}: {np.mean(gains):+.1f} dB, "
            "mean over 16 trials (95 % bootstrap interval over 4 subjects and 4 "
            f"stimuli {low:+.1f} to {high:+.1f} dB, likely too narrow)"
        )
    others = {JOINT: AUTOMATIC, AUTOMATIC: JOINT, CONTRAST: JOINT}
    assert result.claims()[others[number]].verdict == "not tested"


@pytest.mark.parametrize(
    ("others", "verdict"),
    [(0.0, "supported"), (1.2, "undecided"), (9.0, "undecided")],
)
def test_every_figure_of_a_claim_has_to_agree(result_of, others, verdict):
    trials = trials_of(UP, ("sequential", "blind-guided"))
    for trial in trials:
        trial["values"]["blind-guided"] += others
    assert verdicts(result_of(trials))[JOINT] == verdict


def test_methods_that_separate_with_eeg_do_not_test_the_joint_model(result_of):
    result = result_of(trials_of(UP, ("published", "known-choice", "hard")))
    assert verdicts(result) == ["not tested"] * 5


def test_the_estimator_alone_tests_nothing(result_of):
    claims = result_of(trials_of(UP, ())).claims()
    assert [claim.verdict for claim in claims] == ["not tested"] * 5
    assert evidence(claims[JOINT]) == (
        "it needs the estimator and sequential or blind-guided"
    )
    assert evidence(claims[AUTOMATIC]) == (
        "it needs the estimator and mixture or random-choice"
    )
    assert evidence(claims[WITHOUT]) == (
        "the estimator chose among candidates in no trial"
    )


def test_others_without_the_estimator_test_nothing(result_of):
    trials = trials_of(UP, ("sequential", "mixture"))
    for trial in trials:
        del trial["values"]["estimator"]
    assert verdicts(result_of(trials)) == ["not tested"] * 5


def test_only_trials_of_both_methods_count(result_of):
    trials = trials_of(UP)
    for trial in trials[:4]:
        trial["values"]["estimator"] = -50.0
        del trial["values"]["sequential"]
    del trials[4]["values"]["estimator"]
    claim = result_of(trials).claims()[JOINT]
    assert claim.verdict == "supported"
    assert f"{np.mean(UP[5:]):+.1f} dB, mean over 11 trials" in evidence(claim)
    assert "3 subjects and 4 stimuli" in evidence(claim)


@pytest.mark.parametrize("gains", [[2.0], [2.0, 3.0], [-2.0, -3.0]])
def test_one_subject_and_stimulus_decide_nothing(result_of, gains):
    trials = trials_of(gains, ("sequential", "mixture"), same_rhythm=[True, False])
    for trial in trials:
        trial["stimulus"] = "x"
        values = trial["values"]
        values["estimator"] = {GAIN: values["estimator"], "correct": 1}
    claims = result_of(trials).claims()
    judged = [claim for claim in claims if claim.verdict != "not tested"]
    assert len(judged) == (4 if len(gains) == 2 else 3)
    for claim in judged:
        assert claim.verdict == "undecided"
        assert "no interval over 1 subject and 1 stimulus" in evidence(claim)
        assert "nan" not in evidence(claim)


def test_an_interval_without_width_decides_nothing(result_of):
    # Each subject has one kind of trials, so that all draws with both are the same.
    trials = trials_of(
        [3, 3, 1, 1], n_stimuli=2, same_rhythm=[True, True, False, False]
    )
    for trial in trials:
        trial["stimulus"] = "x"
    assert verdicts(result_of(trials))[DIFFICULT] == "undecided"


@pytest.mark.parametrize(
    ("sign", "verdict"), [(1, "supported"), (-1, "contradicted"), (0, "undecided")]
)
@pytest.mark.parametrize(
    ("conditions", "what"),
    [
        ({"same_rhythm": [True, False]}, "same_rhythm True"),
        ({"same_rhythm": ["True", "False"]}, "same_rhythm True"),
        ({"same_rhythm": [1, 0]}, "same_rhythm True"),
        ({"same_rhythm": [1.0, np.nan, 0.0, np.nan]}, "same_rhythm True"),
        ({"rhythm": ["same", "different"]}, "rhythm same"),
        ({"rhythm": ["same", None, "different", None]}, "rhythm same"),
        (
            {"rhythm": ["different", "same"], "same_rhythm": [True, False]},
            "same_rhythm True",
        ),
        ({"alike": [0.9, 0.2]}, "envelopes more alike than the median"),
        ({"alike": [0.9, np.nan, 0.2]}, "envelopes more alike than the median"),
        (
            {"alike": [0.2, 0.9], "same_rhythm": [True, False]},
            "same_rhythm True",
        ),
    ],
)
def test_difficult_cases_are_those_that_a_condition_tells(
    result_of, sign, verdict, conditions, what
):
    n = 24
    conditions = {name: np.resize(v, n) for name, v in conditions.items()}
    conditions = {
        name: [v.item() if hasattr(v, "item") else v for v in values]
        for name, values in conditions.items()
    }
    decisive = conditions[what.split()[0].replace("envelopes", "alike")]
    difficult = np.array([v in (True, "True", "same", 0.9) for v in decisive])
    easy = np.array([v in (False, "False", "different", 0.2) for v in decisive])
    noise = 0.1 * np.cos(np.arange(n))
    gains = 1 + 2.0 * sign * difficult + noise
    # What is not known must not matter.
    gains[~difficult & ~easy] = 100 * (-1) ** np.arange(n)[~difficult & ~easy]
    result = result_of(trials_of(gains, n_stimuli=4, **conditions))
    claim = result.claims()[DIFFICULT]
    mean = gains[difficult].mean() - gains[easy].mean()
    said = (
        f"SI-SDR gain of the estimator minus sequential, mean over {difficult.sum()} "
        f"trials with {what} minus mean over {easy.sum()} others: {mean:+.1f} dB (95 % "
        "bootstrap interval over"
    )
    assert evidence(claim).startswith(said)
    assert claim.verdict == verdict


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([True] * 8, "8 of 8 trials with same_rhythm True"),
        ([False] * 8, "0 of 8 trials with same_rhythm True"),
        ([None] * 7 + [True], "1 of 1 trial with same_rhythm True"),
    ],
)
def test_trials_of_one_kind_alone_tell_nothing_of_difficult_cases(
    result_of, values, said
):
    result = result_of(trials_of(UP[:8], same_rhythm=values, alike=np.arange(8.0)))
    claim = result.claims()[DIFFICULT]
    assert (claim.verdict, claim.evidence) == ("not tested", (said,))


@pytest.mark.parametrize(
    ("right", "names", "verdict"),
    [
        (np.arange(40) % 10 > 0, "ab", "supported"),
        (np.arange(40) % 10 == 0, "ab", "contradicted"),
        (np.arange(40) % 2 == 0, "ab", "undecided"),
        (np.arange(40) % 10 < 6, "abcd", "supported"),
        (np.arange(40) % 10 < 6, "ab", "undecided"),
    ],
)
def test_choices_are_judged_against_chance(result_of, right, names, verdict):
    claim = result_of(choices_of(right, names)).claims()[WITHOUT]
    assert claim.verdict == verdict
    said = evidence(claim)
    assert f"{right.sum()} of 40 trials, {100 * right.mean():.1f} % (95 %" in said
    assert f"chance {100 / len(names):.1f} %" in said
    low, high = cluster_bootstrap(
        right, np.repeat(np.arange(10), 4), np.tile(np.arange(4), 10)
    )
    assert f"over 10 subjects and 4 stimuli {100 * low:.1f} to {100 * high:.1f} %" in (
        said
    )


def test_few_right_choices_alone_support_nothing(result_of):
    # All of them are right, so that no bootstrap draw holds a wrong one.
    five, six = (result_of(choices_of([1] * n)).claims()[WITHOUT] for n in (5, 6))
    assert "100.0 to 100.0 %" in evidence(five)
    assert "exact one-sided p = 0.031" in evidence(five)
    assert (five.verdict, six.verdict) == ("undecided", "supported")


def test_clustered_choices_support_nothing(result_of):
    # As if from one mixture of many trials: trials are independent for the exact
    # interval, whose lower end is above chance, but two stimuli of six are all wrong.
    right = np.tile([1, 1, 1, 1, 0, 0], 12)
    claim = result_of(choices_of(right, n_stimuli=6)).claims()[WITHOUT]
    assert claim.verdict == "undecided"
    assert "exact one-sided p = 0.003" in evidence(claim)


def test_a_single_instrument_is_no_choice_and_no_evidence(result_of):
    assert verdicts(result_of(choices_of([1] * 20, "a")))[WITHOUT] == "not tested"


def test_the_metric_is_the_gain_in_si_sdr_or_the_first(result_of):
    trials = trials_of(UP)
    for trial in trials:
        trial["values"] = {
            method: {"sdr": -10.0 * value, GAIN: value}
            for method, value in trial["values"].items()
        }
    asked = ["sir", "sdr", GAIN]
    assert verdicts(result_of(trials, metrics=asked))[JOINT] == "supported"
    for trial in trials:
        for values in trial["values"].values():
            del values[GAIN]
            values["sar"] = values["sdr"] * -1
    claim = result_of(trials, metrics=["sar", "sdr"]).claims()[JOINT]
    assert claim.verdict == "supported"
    assert claim.evidence[0].startswith("SAR of the estimator minus sequential: +")
    assert verdicts(result_of(trials, metrics=["sdr", "sar"]))[JOINT] == "contradicted"


def test_enough_subjects_and_stimuli_are_not_called_few(result_of):
    gains = 1 + np.cos(np.arange(100)) / 2
    claim = result_of(trials_of(gains, n_stimuli=10)).claims()[JOINT]
    assert "over 10 subjects and 10 stimuli" in evidence(claim)
    assert "narrow" not in evidence(claim)


def test_seeds_draw_the_intervals(result_of):
    result = result_of(trials_of(UP))
    one, same = (result.claims(random_state=1)[JOINT] for _ in range(2))
    assert one == same
    trials = trials_of(1000 * np.random.default_rng(0).standard_normal(16))
    found = {result_of(trials).claims(random_state=s)[JOINT] for s in range(3)}
    assert len(found) > 1


def test_claims_print_their_verdict_and_figures_in_short_lines(result_of):
    values = trials_of(UP, ("sequential", "blind-guided"), alike=np.arange(16.0))
    lines = "\n".join(map(str, result_of(values).claims())).splitlines()
    assert max(map(len, lines)) <= 88
    assert lines[0] == (
        "SUPPORTED: the model improves on separating first and choosing by EEG"
    )
    assert lines[1].startswith("  SI-SDR gain of the estimator minus sequential: +1.3")
    assert lines[2].startswith("    ")
    claim = Claim("it is so", "not tested", ("nobody looked",))
    assert str(claim) == "NOT TESTED: it is so\n  nobody looked"
