from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.evaluation.subjects._sounds import Content
from sklearn_cnmf.evaluation.subjects._tasks import make_tasks
from sklearn_cnmf.evaluation.subjects._units import Unit
from sklearn_cnmf.evaluation.subjects._work import Task


def donors_of(others, methods=("estimator", "other-trial-eeg")):
    """Stimuli of the donors that the first trial gets, over many seeds.

    Its stimulus is "a", with mixture 0 of sources 1 and 2; the others are (stimulus,
    mixture, sources, changes of the trial).
    """
    first = ("a", 0, (1, 2), {})
    trials, contents = [], []
    for stimulus, mixture, sources, changes in (first, *others):
        known = {
            "eeg": np.zeros((2, 8)),
            "eeg_sfreq": 8.0,
            "mixture": np.zeros(8),
            "audio_sfreq": 8.0,
            "subject": "s1",
            "stimulus": stimulus,
            "ch_names": ("C3", "C4"),
            **changes,
        }
        trials.append(Trial(**known))
        contents.append(Content(mixture, sources))
    examined = [
        SimpleNamespace(digest=str(i), n_channels=len(t.eeg))
        for i, t in enumerate(trials)
    ]
    references = [Reference(np.zeros((2, 8)), 0)] * len(trials)
    whole = Task(None, trials, references, [], methods, ("si_sdr",), None, {})
    unit = Unit("s1", 0, tuple(range(1, len(trials))), (0,))
    found = set()
    for seed in range(30):
        ((_, task),) = make_tasks([unit], (examined, contents), whole, seed, {})
        (heard,) = task.heard
        found.add(None if heard.donor is None else heard.donor.stimulus)
    return found


FIT = ("fit", 10, (11, 12), {})


@pytest.mark.parametrize(
    "unfit",
    [
        ("a", 20, (21, 22), {}),
        ("same mixture", 0, (21, 22), {}),
        ("same source", 20, (1, 22), {}),
        ("rate", 20, (21, 22), {"eeg_sfreq": 16.0}),
        ("channels", 20, (21, 22), {"eeg": np.zeros((3, 8))}),
        ("names", 20, (21, 22), {"ch_names": ("C4", "C3")}),
    ],
)
def test_eeg_is_lent_by_those_who_heard_nothing_of_it_and_wore_the_same(unfit):
    assert donors_of([FIT, unfit]) == {"fit"}
    assert donors_of([unfit]) == {None}


def test_all_that_fit_are_drawn_from():
    other = ("other", 20, (21, 22), {})
    assert donors_of([FIT, other]) == {"fit", "other"}


def test_another_subject_lends_eeg_only_if_nobody_else_can():
    stranger = ("stranger", 20, (21, 22), {"subject": "s2"})
    assert donors_of([FIT, stranger]) == {"fit"}
    assert donors_of([stranger]) == {"stranger"}


def test_without_the_control_nobody_lends_eeg():
    assert donors_of([FIT], methods=("estimator",)) == {None}
