# ruff: noqa: E501
"""Metrics of what can't be measured."""

import numpy as np
import pytest

from sklearn_cnmf.metrics import (
    attention_scorer,
    bss_eval,
    calibration_table,
    closest_source,
    expected_accuracy,
    probability_scorer,
    risk_coverage,
    score_trial,
    separation_scorer,
    si_sdr,
)

S = np.random.default_rng(0).standard_normal((2, 500))
P = [np.array([0.7, 0.3]), np.array([0.4, 0.6])]


def score(estimate, **fields):
    return lambda w: score_trial(
        w.but(w.trials, 0, **fields)[0], w.references[0], estimate(w.trials[0].mixture)
    )


ROWS = [
    ("si_sdr lengths", lambda w: si_sdr(S, S[:, 1:]), ValueError, "estimate has shape (2, 499), but reference has shape (2, 500)"),
    ("si_sdr NaN", lambda w: si_sdr(S, np.where(S[1, 3] == S, np.nan, S)), ValueError, "estimate: found 1 NaN or infinite values, the first at (1, 3)"),
    ("si_sdr number", lambda w: si_sdr(1.0, 1.0), ValueError, "reference: expected"),
    ("si_sdr str", lambda w: si_sdr(S, "S"), ValueError, "estimate: expected"),
    ("si_sdr None", lambda w: si_sdr(None, S), ValueError, "reference: expected"),
    ("si_sdr complex", lambda w: si_sdr(S, S * 1j), ValueError, "estimate: expected real numbers"),
    ("si_sdr masked", lambda w: si_sdr(S, np.ma.masked_less(S, 0)), ValueError, "estimate: got a masked array"),
    ("si_sdr empty", lambda w: si_sdr(S[:, :0], S[:, :0]), ValueError, "reference: the array is empty"),
    ("si_sdr silent reference", lambda w: si_sdr(0 * S, S), ValueError, "reference ... silent"),
    ("si_sdr silent estimate", lambda w: si_sdr(S, 0 * S), ValueError, "estimate ... silent"),
    ("bss_eval 1-D", lambda w: bss_eval(S[0], S[0]), ValueError, "reference: expected 2-D or 3-D"),
    ("bss_eval transposed", lambda w: bss_eval(S.T, S.T), ValueError, "reference"),
    ("bss_eval estimate of one", lambda w: bss_eval(S, S[0]), ValueError, "estimate has shape (500,), but shape (2, 500) is expected"),
    ("bss_eval target out of range", lambda w: bss_eval(S, S[0], target=2), ValueError, "target: expected 0 to 1, got 2"),
    ("bss_eval target name", lambda w: bss_eval(S, S[0], target="flute"), ValueError, "target: expected an integer, got 'flute'"),
    ("bss_eval target bool", lambda w: bss_eval(S, S[0], target=True), ValueError, "target: expected an integer, got True"),
    ("bss_eval targets ragged", lambda w: bss_eval(S, S, target=[[0], [0, 1]]), ValueError, "target"),
    ("bss_eval targets none", lambda w: bss_eval(S, S, target=[]), ValueError, "target: at least one index"),
    ("bss_eval filter_length zero", lambda w: bss_eval(S, S, filter_length=0), ValueError, "filter_length: expected at least 1, got 0"),
    ("bss_eval filter_length float", lambda w: bss_eval(S, S, filter_length=512.0), ValueError, "filter_length: expected an integer"),
    ("bss_eval silent source", lambda w: bss_eval(np.stack([S[0], 0 * S[0]]), S), ValueError, "reference[1] is silent"),
    ("closest other length", lambda w: closest_source(S, S[0, 1:]), ValueError, "499"),
    ("closest NaN", lambda w: closest_source(S, S[0] * np.nan), ValueError, "estimate: found 500 NaN"),
    ("closest reference 1-D", lambda w: closest_source(S[0], S[0]), ValueError, "reference: expected 2-D"),
    ("score shorter", score(lambda m: m[1:]), ValueError, "estimate has shape (7999,)"),
    ("score NaN", score(lambda m: m * np.nan), ValueError, "estimate: found 8000 NaN"),
    ("score str", score(lambda m: "a.wav"), ValueError, "estimate: expected an array of numbers, got str"),
    ("score no trial", lambda w: score_trial(w.references[0], w.trials[0], S[0]), ValueError, "trials[0]: expected Trial, got Reference"),
    ("score no reference", lambda w: score_trial(w.trials[0], None, w.trials[0].mixture), ValueError, "references[0]: expected Reference, got NoneType"),
    ("score other reference", lambda w: score_trial(w.trials[0], w.references[2], w.trials[0].mixture), ValueError, "sum of sources misses the mixture"),
    ("scorer metric unknown", lambda w: separation_scorer("sdr_max"), ValueError, "metric: expected one of ... 'sdr_max'"),
    ("scorer metric None", lambda w: separation_scorer(None), ValueError, "metric: expected a str or a callable, got NoneType"),
    ("scorer choice unknown", lambda w: separation_scorer(choice="guessed"), ValueError, "choice: expected one of"),
    ("scorer improvement int", lambda w: separation_scorer(improvement=1), ValueError, "improvement: expected True or False"),
    ("scorer loss unknown", lambda w: probability_scorer("hinge"), ValueError, "loss: expected one of"),
    ("scorer loss None", lambda w: probability_scorer(None), ValueError, "loss: expected one of"),
    ("scorer of an array", lambda w: separation_scorer()(w.separator, w.X, w.references), ValueError, "trials: expected a list of Trial, got ndarray"),
    ("scorer without references", lambda w: separation_scorer()(w.separator, w.guided, None), ValueError, "y"),
    ("scorer of no separator", lambda w: separation_scorer()(None, w.guided, w.references), ValueError, "estimator"),
    ("scorer references fewer", lambda w: attention_scorer()(w.separator, w.guided, w.references[1:]), ValueError, "references has 5 entries for 6 trials"),
    ("attention of a decoder", lambda w: attention_scorer()(w.decoder, w.trials, w.references), ValueError, "trials[0] ... estimate has shape (1, 64), but the mixture"),
    ("attention of a str", lambda w: attention_scorer()("model", w.guided, w.references), ValueError, "estimator"),
    ("probability of a str", lambda w: probability_scorer()("model", w.guided, w.references), ValueError, "estimator"),
    ("table sums to two", lambda w: calibration_table([P[0], 2 * P[1]], [0, 1]), ValueError, "probabilities[1]: ... sum"),
    ("table negative", lambda w: calibration_table([P[0], np.array([-0.5, 1.5])], [0, 1]), ValueError, "probabilities[1]: expected numbers >= 0"),
    ("table NaN", lambda w: calibration_table([P[0], P[1] * np.nan], [0, 1]), ValueError, "probabilities[1]: found 2 NaN"),
    ("table of numbers", lambda w: calibration_table([0.7, 0.6], [0, 1]), ValueError, "probabilities[0]: expected an array of numbers, got float"),
    ("table of one number", lambda w: calibration_table(0.7, 0), ValueError, "probabilities: expected"),
    ("table empty", lambda w: calibration_table([], []), ValueError, "probabilities"),
    ("table attended fewer", lambda w: calibration_table(P, [0]), ValueError, "attended"),
    ("table attended None", lambda w: calibration_table(P, None), ValueError, "attended"),
    ("table attended out of range", lambda w: calibration_table(P, [0, 2]), ValueError, "attended[1]: expected an index"),
    ("table attended names", lambda w: calibration_table(P, ["flute", "horn"]), ValueError, "attended[0]: expected an index"),
    ("table n_bins zero", lambda w: calibration_table(P, [0, 1], n_bins=0), ValueError, "n_bins: expected a whole number >= 1"),
    ("coverage attended bools", lambda w: risk_coverage(P, [True, False]), ValueError, "attended[0]: expected an index"),
    ("coverage sums to half", lambda w: risk_coverage([P[0] / 2], [0]), ValueError, "probabilities[0]: ... sum"),
    ("coverage at two", lambda w: risk_coverage(P, [0, 1]).at(2.0), ValueError, "coverage: expected"),
    ("coverage at a str", lambda w: risk_coverage(P, [0, 1]).at("half"), ValueError, "coverage: expected"),
    ("expected of str", lambda w: expected_accuracy("0.5"), ValueError, "probabilities"),
    ("expected of None", lambda w: expected_accuracy(None), ValueError, "probabilities"),
    ("expected of two rows", lambda w: expected_accuracy([np.ones((2, 2)) / 2]), ValueError, "probabilities[0]: expected 1-D"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse):
    refuse(row)
