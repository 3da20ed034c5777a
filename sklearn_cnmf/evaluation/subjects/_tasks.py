"""What each worker gets, and the key under which its result is kept."""

from typing import Any, NamedTuple

import numpy as np

from .._keys import describe, digest
from ._examined import Examined
from ._methods import NEEDS_DONOR
from ._outcome import Heard
from ._separators import describe_candidates, offered_to
from ._sounds import Content
from ._units import Unit, marks
from ._work import Task


class Keyed(NamedTuple):
    """A task and the key of its result."""

    key: str
    task: Task


def make_tasks(
    units: list[Unit],
    known: tuple[list[Examined], list[Content | None]],
    whole: Task,
    random_state: int,
    settings: dict[str, Any],
) -> list[Keyed]:
    """Give each unit its trials.

    Parameters
    ----------
    units : list of Unit
        Indices of trials.
    known : tuple of (list of Examined, list of Content or None)
        What is known of all trials.
    whole : Task
        With all trials and references in place of those trained on, and nothing heard.
    random_state : int
        Of what is drawn for trials.
    settings : dict
        What decides about results beside trials and candidates, for JSON.

    Returns
    -------
    tasks : list of Keyed
        One for each unit.
    """
    examined, contents = known
    seeds = [_seed(random_state, found) for found in examined]
    donors = [None] * len(examined)
    if NEEDS_DONOR in whole.methods:
        donors = _donors(whole.train, examined, contents, seeds)
    return [_keyed(unit, examined, whole, donors, seeds, settings) for unit in units]


def _keyed(unit, examined, whole, donors, seeds, settings):
    trials, references = whole.train, whole.train_references
    heard = [
        Heard(
            trials[i],
            references[i],
            None if donors[i] is None else trials[donors[i]],
            seeds[i],
        )
        for i in unit.test
    ]
    offered = [describe_candidates(whole.candidates, one.trial) for one in heard]
    lent = [donors[i] for i in unit.test]
    key = digest(
        {
            **settings,
            "candidates": [describe(one, "candidates") for one in offered],
            "train": [examined[i].digest for i in unit.train],
            "test": [examined[i].digest for i in unit.test],
            "donors": ["" if i is None else examined[i].digest for i in lent],
            "seeds": [one.seed for one in heard],
        }
    )
    task = whole._replace(
        candidates=offered_to(whole.candidates, {one.trial.stimulus for one in heard}),
        train=[trials[i] for i in unit.train],
        train_references=[references[i] for i in unit.train],
        heard=heard,
    )
    return Keyed(key, task)


def _seed(random_state, found):
    return int(digest([random_state, found.digest])[:15], 16)


def _donors(trials, examined, contents, seeds):
    """Draw for each trial one of another stimulus, whose EEG it may get.

    It is of the same subject where there is one.
    """
    of_subjects, everybody = {}, []
    for index, content in enumerate(contents):
        if content is not None:
            of_subjects.setdefault(trials[index].subject, []).append(index)
            everybody.append(index)
    donors = []
    for index, trial in enumerate(trials):
        donor = None
        for pool in (of_subjects.get(trial.subject, []), everybody):
            others = [
                i for i in pool if _may_give(trials, examined, contents, i, index)
            ]
            if others:
                others.sort(key=lambda i: examined[i].digest)
                rng = np.random.default_rng(seeds[index])
                donor = others[rng.integers(len(others))]
                break
        donors.append(donor)
    return donors


def _may_give(trials, examined, contents, other, index):
    """Tell whether EEG fits, and nobody heard in it what is tested."""
    one, two = trials[other], trials[index]
    if contents[other] is None or contents[index] is None:
        return False
    heard, tested = (set(marks(i, trials, contents)) for i in (other, index))
    return (
        heard.isdisjoint(tested)
        and one.eeg_sfreq == two.eeg_sfreq
        and one.ch_names == two.ch_names
        and examined[other].n_channels == examined[index].n_channels
    )
