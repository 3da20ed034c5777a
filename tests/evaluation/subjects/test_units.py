import numpy as np
import pytest
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    LeaveOneOut,
    ShuffleSplit,
)

from sklearn_cnmf import EnvelopeDecoder, Trial
from sklearn_cnmf.evaluation import StimulusKFold
from sklearn_cnmf.evaluation.subjects import _units
from sklearn_cnmf.evaluation.subjects._sounds import Content
from sklearn_cnmf.evaluation.subjects._units import check_inner_folds


def trials_of(*subjects_and_stimuli):
    return [
        Trial(np.zeros((1, 64)), 64.0, np.zeros(800), 800.0, subject=s, stimulus=m)
        for s, m in subjects_and_stimuli
    ]


def contents_of(trials):
    """Each trial is a mixture of its own, of a source of its own."""
    return [Content(2 * i, (2 * i + 1,)) for i in range(len(trials))]


def make_units(*arguments):
    units, skipped = _units.make_units(*arguments)
    assert skipped == {}
    return units


EVERYBODY = [(s, m) for s in ("s1", "s2", "s3") for m in "abcd" for _ in range(2)]


@pytest.mark.parametrize(
    ("scheme", "n_units"),
    [("within-subject", 6), ("pooled", 2), ("across-subjects-and-stimuli", 6)],
)
def test_no_stimulus_is_on_both_sides_and_all_are_tested_once(scheme, n_units):
    trials = trials_of(*EVERYBODY)
    units = make_units(trials, contents_of(trials), scheme, 2, 0)
    assert len(units) == n_units
    assert sorted(i for unit in units for i in unit.test) == list(range(24))
    for unit in units:
        stimuli = [
            {trials[i].stimulus for i in part} for part in (unit.train, unit.test)
        ]
        assert not stimuli[0] & stimuli[1]
        trained, tested = (
            {trials[i].subject for i in part} for part in (unit.train, unit.test)
        )
        if scheme == "within-subject":
            assert trained == tested == {unit.subject}
        elif scheme == "pooled":
            assert trained == tested == {"s1", "s2", "s3"}
            assert unit.subject == "all"
        else:
            assert tested == {unit.subject}
            assert trained == {"s1", "s2", "s3"} - tested


def test_one_subject_after_another_is_left_out_where_stimuli_differ():
    trials = trials_of(("s1", "a"), ("s2", "b"), ("s1", "c"), ("s2", "d"))
    units = make_units(trials, contents_of(trials), "across-subjects", None, 0)
    assert [(u.subject, u.train, u.test) for u in units] == [
        ("s1", (1, 3), (0, 2)),
        ("s2", (0, 2), (1, 3)),
    ]


def test_leaving_out_a_subject_who_heard_what_others_did_is_refused():
    trials = trials_of(("s1", "a"), ("s1", "b"), ("s2", "b"), ("s2", "c"))
    message = (
        r"fold 0 of subject 's1' trains on trials\[2\] \(subject 's2', stimulus 'b'\) "
        r"and tests trials\[1\] .* which share the stimulus 'b'.*"
        "scheme='across-subjects-and-stimuli'"
    )
    with pytest.raises(ValueError, match=message):
        make_units(trials, contents_of(trials), "across-subjects", None, 0)


@pytest.mark.parametrize("cv", [KFold(2, shuffle=True, random_state=1)])
def test_a_splitter_that_separates_repetitions_is_refused(cv):
    trials = trials_of(*EVERYBODY)
    with pytest.raises(ValueError, match=r"cv: fold 0 .* which share the stimulus"):
        make_units(trials, contents_of(trials), "within-subject", cv, 0)


@pytest.mark.parametrize("what", ["mixture", "source"])
def test_trials_that_share_samples_are_kept_together_whatever_their_names(what):
    trials = trials_of(("s", "a"), ("s", "b"), ("s", "c"))
    contents = contents_of(trials)
    if what == "mixture":
        contents[2] = contents[2]._replace(mixture=contents[0].mixture)
    else:
        contents[2] = contents[2]._replace(sources=(99, *contents[0].sources))
    message = rf"which share a {what}, up to its gain; a model that has seen it"
    with pytest.raises(ValueError, match=message):
        make_units(trials, contents, "within-subject", StimulusKFold(3), 0)


@pytest.mark.parametrize(
    ("cv", "message"),
    [
        (ShuffleSplit(3, test_size=0.3, random_state=0), r"is tested \d times; once"),
        ([([0, 1], [2, 3])], "cv: expected a whole number >= 2, got"),
        (1, "cv: expected a whole number >= 2, got 1"),
        (True, "cv: expected a whole number >= 2, got True"),
        (9, "n_splits: 9 folds, but only 4 stimuli"),
        (3.0, "cv: expected"),
        ("five", "cv: expected"),
    ],
)
def test_folds_that_make_no_sense_are_refused(cv, message):
    trials = trials_of(("s", "a"), ("s", "b"), ("s", "c"), ("s", "d"))
    with pytest.raises(ValueError, match=message):
        make_units(trials, contents_of(trials), "within-subject", cv, 0)


def test_what_leaves_nothing_to_train_on_is_refused():
    trials = trials_of(("s1", "a"), ("s1", "b"), ("s2", "a"), ("s2", "a"))
    with pytest.raises(ValueError, match="all trials of subject 's2' are of the stim"):
        make_units(trials, contents_of(trials), "within-subject", None, 0)
    with pytest.raises(ValueError, match="needs two subjects, found"):
        make_units(trials[:2], contents_of(trials[:2]), "across-subjects", None, 0)
    with pytest.raises(ValueError, match="leaves out one listener after another"):
        make_units(trials, contents_of(trials), "across-subjects", 2, 0)
    with pytest.raises(ValueError, match="has 0 trials to train on"):
        make_units(
            trials[:2], contents_of(trials[:2]), "across-subjects-and-stimuli", 2, 0
        )


def test_trials_that_are_not_sound_take_no_part():
    trials = trials_of(*EVERYBODY)
    contents = contents_of(trials)
    contents[5] = None
    units = make_units(trials, contents, "within-subject", 2, 0)
    assert 5 not in [i for unit in units for i in (*unit.train, *unit.test)]
    assert sorted(i for u in units for i in u.test) == [i for i in range(24) if i != 5]


def test_a_subject_who_lost_all_stimuli_but_one_is_skipped():
    trials = trials_of(*EVERYBODY, ("s4", "a"), ("s4", "a"), ("s4", "b"))
    contents = contents_of(trials)
    contents[26] = None
    units, skipped = _units.make_units(trials, contents, "within-subject", 2, 0)
    assert set(skipped) == {24, 25}
    assert "the only stimulus of subject 's4' that is left" in skipped[24]
    assert "s4" not in {unit.subject for unit in units}
    assert sorted(i for u in units for i in u.test) == list(range(24))


def search_with(cv):
    return GridSearchCV(EnvelopeDecoder(), {"alpha": [1.0]}, cv=cv)


@pytest.mark.parametrize(
    "cv", [4, KFold(4), KFold(4, shuffle=True, random_state=1), LeaveOneOut()]
)
def test_a_search_whose_own_folds_separate_a_stimulus_is_refused(cv):
    trials = trials_of(*EVERYBODY)
    contents = contents_of(trials)
    units = make_units(trials, contents, "within-subject", 2, 0)
    message = r"estimator: its cv=.* trains on .* share the stimulus '.'; give the sea"
    with pytest.raises(ValueError, match=message):
        check_inner_folds(search_with(cv), units, trials, contents)


def test_a_search_with_folds_of_stimuli_is_fine():
    trials = trials_of(*EVERYBODY)
    contents = contents_of(trials)
    units = make_units(trials, contents, "within-subject", 2, 0)
    check_inner_folds(search_with(StimulusKFold(2)), units, trials, contents)
    check_inner_folds(EnvelopeDecoder(), units, trials, contents)
    with pytest.raises(ValueError, match="3 folds, but only 2 stimuli"):
        check_inner_folds(search_with(StimulusKFold(3)), units, trials, contents)


def test_without_a_number_there_are_up_to_five_folds_that_the_seed_shuffles():
    trials = trials_of(*((("s", name)) for name in "abcdefg"))
    contents = contents_of(trials)
    assert len(make_units(trials, contents, "within-subject", None, 0)) == 5
    units = make_units(trials[:3], contents[:3], "within-subject", None, 0)
    assert len(units) == 3
    found = {
        str(make_units(trials, contents, "within-subject", 2, seed))
        for seed in range(5)
    }
    assert len(found) > 1


def test_splitters_of_scikit_learn_that_know_groups_serve():
    class Groups(GroupKFold):
        def split(self, X, y=None, groups=None):
            return super().split(range(len(X)), groups=[t.stimulus for t in X])

    trials = trials_of(*EVERYBODY)
    assert (
        len(make_units(trials, contents_of(trials), "within-subject", Groups(4), 0))
        == 12
    )
