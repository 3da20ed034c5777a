# ruff: noqa: E501
"""Evaluations that would mean nothing."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import GroupKFold, KFold
from sklearn.pipeline import make_pipeline

from sklearn_cnmf.evaluation import (
    StimulusKFold,
    accuracy_by_window,
    attended_envelope,
    audit_leakage,
    audit_separability,
    check_alignment,
    cluster_bootstrap,
    cross_val_reconstruct,
    evaluate,
    evaluate_trial,
    holm,
    paired_difference,
    search_delta,
    selection_accuracy,
    twin_test,
)

RIGHT = [True, False, True, True]
SERIES = np.random.default_rng(0).standard_normal((64, 1))


def pipeline(w):
    return make_pipeline(w.decoder, w.separator)


def run(**arguments):
    def call(w):
        given = {"estimator": pipeline(w), "trials": w.trials}
        given |= {"references": w.references, **arguments}
        return evaluate(**given)

    return call


def search(**arguments):
    def call(w):
        given = {"decoder": w.decoder, "separator": w.separator, "trials": w.trials}
        given |= {"references": w.references, "deltas": [0.0], "cv": StimulusKFold(3)}
        return search_delta(**{**given, **arguments})

    return call


def leak(**arguments):
    def call(w):
        given = {"estimator": w.decoder, "trials": w.trials, "cv": StimulusKFold(3)}
        given |= {"references": w.references, "n_draws": 2}
        return audit_leakage(**{**given, **arguments})

    return call


def windows(**arguments):
    given = {"reconstructions": [SERIES], "candidates": [[SERIES, -SERIES]]}
    given |= {"attended": [0], "sfreq": 32.0, "windows": [1.0]}
    return lambda w: accuracy_by_window(**{**given, **arguments})


def held_out(**arguments):
    def call(w):
        given = {"decoder": w.decoder, "X": w.trials, "y": w.references}
        return cross_val_reconstruct(**{**given, **arguments})

    return call


ROWS = [
    # evaluate.
    ("estimator a separator", run(estimator=Ridge()), ValueError, "estimator: "),
    ("estimator None", run(estimator=None), ValueError, "estimator: "),
    ("estimator class", run(estimator=Ridge), ValueError, "estimator: "),
    ("trials one", lambda w: evaluate(pipeline(w), w.trials[0], w.references), ValueError, "trials: expected a list of Trial, got Trial"),
    ("references None", run(references=None), ValueError, "references: expected a list of Reference, got NoneType"),
    ("references fewer", lambda w: evaluate(pipeline(w), w.trials, w.references[1:]), ValueError, "references: 5 for 6 trials"),
    ("no subject", lambda w: evaluate(pipeline(w), w.but(w.trials, 3, subject=""), w.references), UserWarning, "trials: 1 of 6 name no subject"),
    ("scheme unknown", run(scheme="loso"), ValueError, "scheme: expected one of"),
    ("scheme None", run(scheme=None), ValueError, "scheme: expected one of"),
    ("cv more folds than stimuli", run(cv=7), ValueError, "7 ... 3 stimuli"),
    ("cv one fold", run(cv=1), ValueError, "1"),
    ("cv str", run(cv="5"), ValueError, "cv"),
    ("metrics unknown", run(metrics=["stoi"]), ValueError, "metrics ... 'stoi'"),
    ("metrics str", run(metrics="sar"), ValueError, "metrics: "),
    ("metrics none", run(metrics=[]), ValueError, "metrics: "),
    ("baselines unknown", run(baselines=["oracle mask"]), ValueError, "baselines ... 'oracle mask'"),
    ("baselines str", run(baselines="mixture"), ValueError, "baselines: "),
    ("controls unknown", run(controls=["placebo"]), ValueError, "controls ... 'placebo'"),
    ("controls int", run(controls=3), ValueError, "controls: "),
    ("candidates str", run(candidates="folder"), ValueError, "candidates: "),
    ("conditions str", run(conditions="level"), ValueError, "conditions"),
    ("conditions fewer", run(conditions={"level": [1, 2]}), ValueError, "conditions ... 'level' ... 6"),
    ("conditions named as a column", run(conditions={"subject": list("abcdef")}), ValueError, "conditions ... 'subject'"),
    ("n_jobs str", run(n_jobs="all"), ValueError, "n_jobs"),
    ("store int", run(store=3), TypeError, "os.PathLike object, not int"),
    ("random_state str", run(random_state="seed"), ValueError, "random_state"),
    ("progress int", run(progress=3), ValueError, "progress: expected True or False, got 3"),
    # Splitting.
    ("folds zero", lambda w: list(StimulusKFold(0).split(w.trials)), ValueError, "n_splits: expected a whole number >= 2, got 0"),
    ("folds float", lambda w: list(StimulusKFold(2.0).split(w.trials)), ValueError, "n_splits: expected a whole number >= 2"),
    ("folds too many", lambda w: list(StimulusKFold(4).split(w.trials)), ValueError, "n_splits: 4 folds, but only 3 stimuli"),
    ("folds shuffle str", lambda w: list(StimulusKFold(3, shuffle="yes").split(w.trials)), ValueError, "shuffle: expected True or False"),
    ("folds state without shuffle", lambda w: list(StimulusKFold(3, random_state=0).split(w.trials)), ValueError, "random_state"),
    ("folds of groups", lambda w: list(StimulusKFold(3).split(w.trials, groups=[0] * 6)), ValueError, "groups: expected None"),
    ("folds of an array", lambda w: list(StimulusKFold(3).split(w.x)), ValueError, "X: expected a list of Trial, got ndarray"),
    # Search.
    ("deltas none", search(deltas=[]), ValueError, "deltas: "),
    ("deltas number", search(deltas=1.0), ValueError, "deltas: "),
    ("deltas negative", search(deltas=[-1.0]), ValueError, "deltas: expected a finite number >= 0"),
    ("deltas str", search(deltas=["1"]), ValueError, "deltas: expected a finite number >= 0"),
    ("search decoder swapped", lambda w: search(decoder=w.separator, separator=w.decoder)(w), ValueError, "decoder: expected an EnvelopeDecoder, got ContrastiveNMF"),
    ("search cv None", search(cv=None), ValueError, "cv: "),
    ("search cv str", search(cv="three"), ValueError, "cv"),
    ("search cv leaks", search(cv=KFold(3, shuffle=True, random_state=0)), ValueError, "cv: fold 0 trains on and tests the stimulus 'piece"),
    ("search cv out of range", search(cv=[([0], [9])]), ValueError, "cv: "),
    ("search cv of names", search(cv=[("train", "test")]), ValueError, "cv: "),
    # Reconstruction.
    ("reconstruct no decoder", held_out(decoder=Ridge()), ValueError, "decoder: expected an EnvelopeDecoder, got Ridge"),
    ("reconstruct references None", held_out(y=None), ValueError, "y: requires y"),
    ("reconstruct groups of trials", held_out(groups=[0] * 6), ValueError, "groups: "),
    ("reconstruct one trial", lambda w: cross_val_reconstruct(w.decoder, w.trials[0], w.references[0]), ValueError, "pass [trial]"),
    ("reconstruct one array", lambda w: cross_val_reconstruct(w.array_decoder, w.x, w.y), ValueError, "X: "),
    ("reconstruct cv of groups", held_out(cv=GroupKFold(9)), ValueError, "9"),
    ("envelope of no decoder", lambda w: attended_envelope(Ridge(), w.trials[0], w.references[0]), ValueError, "decoder: "),
    ("envelope of references", lambda w: attended_envelope(w.decoder, w.references[0], w.trials[0]), ValueError, "trials[0]: expected Trial, got Reference"),
    ("envelope of lists", lambda w: attended_envelope(w.decoder, w.trials, w.references), ValueError, "expected Trial, got list"),
    ("trial of no model", lambda w: evaluate_trial(None, w.trials[0], w.references[0]), ValueError, "model: "),
    ("trial without reference", lambda w: evaluate_trial(pipeline(w), w.trials[0], None), ValueError, "expected Reference, got NoneType"),
    # Accuracy by window.
    ("windows of other counts", windows(attended=[0, 1]), ValueError, "attended"),
    ("windows candidates flat", windows(candidates=[SERIES, SERIES]), ValueError, "candidates"),
    ("windows candidate shorter", windows(candidates=[[SERIES, SERIES[1:]]]), ValueError, "candidates[0]"),
    ("windows one candidate", windows(candidates=[[SERIES]]), ValueError, "candidates[0]"),
    ("windows NaN", windows(reconstructions=[SERIES * np.nan]), ValueError, "reconstructions[0]: found 64 NaN"),
    ("windows attended 2", windows(attended=[2]), ValueError, "attended[0]: expected an index"),
    ("windows too long", windows(windows=[60.0]), ValueError, "windows"),
    ("windows str", windows(windows="5"), ValueError, "windows: expected"),
    ("windows number", windows(windows=5.0), ValueError, "windows: expected"),
    ("windows rate zero", windows(sfreq=0.0), ValueError, "sfreq: expected"),
    ("windows weights", windows(output_weights=[1.0, 1.0]), ValueError, "output_weights: expected shape (1,)"),
    # Audits.
    ("leak draws zero", leak(n_draws=1), ValueError, "n_draws: expected a whole number >= 2"),
    ("leak cv number", leak(cv=3), ValueError, "cv"),
    ("leak no estimator", leak(estimator=None), ValueError, "estimator: "),
    ("leak recordings fewer", leak(recordings=[0]), ValueError, "recordings: expected one label for each of 6 trials, got 1"),
    ("leak references fewer", lambda w: audit_leakage(w.decoder, w.trials, StimulusKFold(3), references=w.references[1:]), ValueError, "references has 5 entries for 6 trials"),
    ("separability draws", lambda w: audit_separability(w.trials, w.references, n_draws=0), ValueError, "n_draws: expected a whole number >= 1"),
    ("separability r of 2", lambda w: audit_separability(w.trials, w.references, guide_r=[2.0]), ValueError, "guide_r: expected"),
    ("separability r number", lambda w: audit_separability(w.trials, w.references, guide_r=0.1), ValueError, "guide_r: expected"),
    ("separability no decoder", lambda w: audit_separability(w.trials, w.references, decoder=Ridge()), ValueError, "decoder: expected an EnvelopeDecoder"),
    ("separability one reference", lambda w: audit_separability(w.trials, w.references[0]), ValueError, "references: expected a list"),
    ("alignment no guide", lambda w: check_alignment(w.trials[0], max_lag=0.1), ValueError, "sound: got None, and the trial has no guide"),
    ("alignment of a list", lambda w: check_alignment(w.guided), ValueError, "expected Trial, got list"),
    ("alignment lag zero", lambda w: check_alignment(w.guided[0], max_lag=0), ValueError, "max_lag: expected"),
    ("alignment lag longer", lambda w: check_alignment(w.guided[0], max_lag=60.0), ValueError, "max_lag"),
    ("alignment sound at the rate of the eeg", lambda w: check_alignment(w.guided[0], sound=np.ones(8000), max_lag=0.1), ValueError, "sound: lasts 250.0"),
    ("alignment sound NaN", lambda w: check_alignment(w.guided[0], sound=np.full(8000, np.nan), sound_sfreq=4000.0, max_lag=0.1), ValueError, "sound: found 8000 NaN"),
    ("alignment sound of a path", lambda w: check_alignment(w.guided[0], sound="a.wav", sound_sfreq=4000.0, max_lag=0.1), ValueError, "sound: expected"),
    # Statistics.
    ("right numbers", lambda w: selection_accuracy([1, 0], 0.5), ValueError, "right: expected True or False for each trial, got dtype int64"),
    ("right none", lambda w: selection_accuracy([], 0.5), ValueError, "right: expected shape (n_trials,) with one trial at least"),
    ("right None", lambda w: selection_accuracy(None, 0.5), ValueError, "right: expected shape (n_trials,)"),
    ("chance percent", lambda w: selection_accuracy(RIGHT, 50), ValueError, "chance: expected numbers > 0 and < 1, got 50 in trial 0"),
    ("chance str", lambda w: selection_accuracy(RIGHT, "half"), ValueError, "chance: expected real numbers"),
    ("chance fewer", lambda w: selection_accuracy(RIGHT, [0.5, 0.5]), ValueError, "chance: expected one number, or 4"),
    ("subjects fewer", lambda w: selection_accuracy(RIGHT, 0.5, subjects=["a"]), ValueError, "subjects: expected 4 labels"),
    ("subjects None in it", lambda w: selection_accuracy(RIGHT, 0.5, subjects=["a", None, "b", "b"]), ValueError, "subjects[1]: expected a label, got None"),
    ("subjects lists", lambda w: selection_accuracy(RIGHT, 0.5, subjects=[["a"]] * 4), ValueError, "subjects: expected labels such as str or int"),
    ("level percent", lambda w: selection_accuracy(RIGHT, 0.5, level=95), ValueError, "level: expected a finite number > 0 and < 1, got 95"),
    ("bootstrap zero", lambda w: selection_accuracy(RIGHT, 0.5, n_bootstrap=0), ValueError, "n_bootstrap: expected a whole number >= 1"),
    ("bootstrap seed str", lambda w: cluster_bootstrap([1.0, 2.0], random_state="0"), ValueError, "random_state: expected a whole number"),
    ("bootstrap NaN", lambda w: cluster_bootstrap([1.0, np.nan]), ValueError, "values: found 1 NaN"),
    ("bootstrap part all", lambda w: cluster_bootstrap([1.0, 2.0], part=[True, True]), ValueError, "part: all 2 trials are True"),
    ("bootstrap clusters of other length", lambda w: cluster_bootstrap([1.0, 2.0], ["a"]), ValueError, "expected 2 labels"),
    ("difference lengths", lambda w: paired_difference([1.0, 2.0], [1.0], ["a", "b"]), ValueError, "others: expected 2 numbers"),
    ("difference subjects None", lambda w: paired_difference([1.0], [2.0], None), ValueError, "subjects: expected a sequence of labels, got None"),
    ("holm two", lambda w: holm([0.5, 2.0]), ValueError, "p_values[1]: expected a number from 0 to 1"),
    ("holm none", lambda w: holm([]), ValueError, "p_values: the array is empty"),
    ("holm str", lambda w: holm(["0.5"]), ValueError, "p_values: expected real numbers"),
    ("twins of oneself", lambda w: twin_test(RIGHT, [(0, 0)]), ValueError, "pairs[0]: trial 0"),
    ("twins of three", lambda w: twin_test(RIGHT, [(0, 1, 2)]), ValueError, "pairs[0]: expected two indices"),
    ("twins out of range", lambda w: twin_test(RIGHT, [(0, 1), (2, 4)]), ValueError, "pairs[1]: expected indices from 0 to 3, got 4"),
    ("twins None", lambda w: twin_test(RIGHT, None), ValueError, "pairs: expected"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse):
    refuse(row)
