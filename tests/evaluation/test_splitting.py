import warnings
from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_score,
    cross_validate,
)

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.evaluation import StimulusKFold


def trials_of(**stimuli):
    """Two trials of each stimulus, given the instruments that play in it."""
    return [
        Trial(
            np.zeros((1, 64)),
            64.0,
            np.zeros(8000),
            8000.0,
            instruments=tuple(names) or None,
            stimulus=stimulus,
            subject=subject,
        )
        for subject in ("s1", "s2")
        for stimulus, names in stimuli.items()
    ]


def assert_whole_and_once(trials, folds):
    tested = np.concatenate([test for _, test in folds])
    assert sorted(tested) == list(range(len(trials)))
    for train, test in folds:
        assert sorted([*train, *test]) == list(range(len(trials)))
        left_out = {trials[i].stimulus for i in test}
        assert left_out.isdisjoint(trials[i].stimulus for i in train)


@pytest.mark.parametrize("seed", range(20))
def test_every_instrument_stays_known_in_every_fold(seed):
    duos = load_example_stems(ensemble="duo")
    trials = trials_of(**{piece.name: piece.instruments for piece in duos})
    everything = {name for trial in trials for name in trial.instruments}
    for n_splits in (3, 4, 6):
        cv = StimulusKFold(n_splits, shuffle=True, random_state=seed)
        folds = list(cv.split(trials))
        assert_whole_and_once(trials, folds)
        for train, test in folds:
            assert {n for i in train for n in trials[i].instruments} == everything
            assert len(test) == len(trials) / n_splits


def test_an_exchange_is_found_where_dealing_out_fails():
    trials = trials_of(a="xy", b="xz", c="zw", d="wy", e="v", f="v")
    folds = list(StimulusKFold(2).split(trials))
    assert_whole_and_once(trials, folds)
    for train, _ in folds:
        known = {n for i in train for n in trials[i].instruments or ()}
        assert known == set("vwxyz")


@pytest.mark.parametrize("seed", range(30))
def test_no_way_to_deal_out_leaves_fewer_instruments_unknown(seed):
    rng = np.random.default_rng(seed)
    n_splits = int(rng.integers(2, 4))
    names = [f"s{i}" for i in range(int(rng.integers(n_splits, 8)))]
    stimuli = {
        name: "".join(rng.choice(list("uvwxy"), int(rng.integers(1, 4)), replace=False))
        for name in names
    }
    sizes = sorted(np.bincount(np.arange(len(names)) % n_splits))

    def n_unknown(fold_of):
        folds = {}
        for name, fold in zip(names, fold_of):
            for instrument in stimuli[name]:
                folds.setdefault(instrument, set()).add(fold)
        return sum(len(own) == 1 for own in folds.values())

    every_way = product(range(n_splits), repeat=len(names))
    best = min(n_unknown(w) for w in every_way if sorted(Counter(w).values()) == sizes)
    trials = trials_of(**stimuli)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*nothing is known of the instruments")
        folds = list(StimulusKFold(n_splits).split(trials))
    assert_whole_and_once(trials, folds)
    fold_of = [
        next(fold for fold, (_, test) in enumerate(folds) if index in test)
        for index in range(len(names))
    ]
    assert n_unknown(fold_of) == best


def test_what_can_not_stay_known_is_named():
    trials = trials_of(a="xy", b="xy", c="xz")
    with pytest.warns(UserWarning, match=r"\['z'\] play in one stimulus only"):
        folds = list(StimulusKFold(3).split(trials))
    assert_whole_and_once(trials, folds)
    # Each two of three stimuli share an instrument, so two are in one fold.
    trials = trials_of(a="xy", b="xz", c="yz", d="w", e="w", f="")
    with pytest.warns(UserWarning, match=r"all stimuli of \['.'\] are in one fold"):
        folds = list(StimulusKFold(2).split(trials))
    assert_whole_and_once(trials, folds)


def test_trials_without_stimulus_are_on_their_own_and_order_is_kept():
    trials = [replace(trial, stimulus="") for trial in trials_of(a="", b="")]
    tests = [test.tolist() for _, test in StimulusKFold(4).split(trials)]
    assert tests == [[0], [1], [2], [3]]


def test_seeds_repeat_and_differ():
    trials = trials_of(**{str(number): "xy" for number in range(12)})

    def tests(seed):
        cv = StimulusKFold(4, shuffle=True, random_state=seed)
        return [test.tolist() for _, test in cv.split(trials)]

    assert tests(0) == tests(0)
    assert tests(0) != tests(1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"n_splits": 1}, "n_splits: expected a whole number >= 2"),
        ({"n_splits": 2.0}, "n_splits: expected a whole number"),
        ({"shuffle": 1}, "shuffle: expected True or False"),
        ({"random_state": 0}, "random_state: 0 has no effect with shuffle=False"),
    ],
)
def test_options_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        StimulusKFold(**options)


def test_what_can_not_be_split_is_refused():
    trials = trials_of(a="xy", b="xy")
    with pytest.raises(
        ValueError, match="n_splits: 3 folds, but only 2 stimuli among 4"
    ):
        next(StimulusKFold(3).split(trials))
    with pytest.raises(ValueError, match="groups: expected None"):
        next(StimulusKFold(2).split(trials, groups=[0, 1, 0, 1]))
    with pytest.raises(ValueError, match="X: expected a list of Trial, got ndarray"):
        next(StimulusKFold(2).split(np.zeros((4, 2))))


@pytest.fixture(scope="module")
def recordings():
    """EEG that follows the envelope; two listeners to each of four stimuli."""
    trials, references = [], []
    for subject in ("s1", "s2"):
        for stimulus in range(4):
            rng = np.random.default_rng(stimulus)
            gates = np.repeat(rng.random((2, 24)), 1000, axis=1)
            sources = gates * rng.standard_normal((2, 24000))
            envelope = np.repeat(gates[0], 1)[:: 24000 // 768][:768]
            noise = np.random.default_rng([stimulus, ord(subject[1])])
            eeg = envelope + noise.standard_normal((3, 768))
            trials.append(
                Trial(
                    eeg, 64.0, sources.sum(axis=0), 2000.0,
                    subject=subject, stimulus=f"piece {stimulus}",
                )
            )  # fmt: skip
            references.append(Reference(sources, 0))
    return trials, references


def test_searches_and_nested_validation_take_it(recordings):
    cv = StimulusKFold(2)
    search = GridSearchCV(EnvelopeDecoder(), {"alpha": [0.1, 1.0]}, cv=cv)
    result = cross_validate(search, *recordings, cv=StimulusKFold(4), n_jobs=2)
    assert len(result["test_score"]) == 4
    assert np.isfinite(result["test_score"]).all()


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_folds_that_part_a_stimulus_warn(recordings, n_jobs):
    decoder = EnvelopeDecoder(alpha=1.0)
    if n_jobs == 1:
        with pytest.warns(UserWarning, match=r"stimuli \['piece 0'.*too good"):
            cross_val_score(decoder, *recordings, cv=KFold(2))
    groups = [trial.stimulus for trial in recordings[0]]
    for cv in (StimulusKFold(2), GroupKFold(2)):
        given = groups if isinstance(cv, GroupKFold) else None
        cross_val_score(decoder, *recordings, cv=cv, groups=given, n_jobs=n_jobs)


def test_scores_of_the_training_trials_themselves_do_not_warn(recordings):
    trials, references = recordings
    decoder = clone(EnvelopeDecoder(alpha=1.0)).fit(trials[:4], references[:4])
    decoder.score(trials[:4], references[:4])
    with pytest.warns(UserWarning, match=r"stimuli \['piece 1'\] are scored"):
        decoder.score(trials[5:6], references[5:6])
    with pytest.warns(UserWarning, match="too good"):
        decoder.score_attended(trials[4:], references[4:])
