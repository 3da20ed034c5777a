"""Who is trained on and who is tested, unit by unit, with nothing shared."""

import warnings
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV

from ..._typing import MaybeNone
from ..._validation import check_whole, trial_name
from ...trial import Trial
from .._splitting import StimulusKFold
from ._sounds import Content

# What a model has in common with the trials it is tested on.
SCHEMES = {
    "within-subject": "a model for each listener, trained on that listener's trials of "
    "other stimuli",
    "pooled": "one model for all listeners, trained on their trials of other stimuli, "
    "those of the tested listener among them",
    "across-subjects": "tested on a listener that was not trained on, all of whose "
    "stimuli are new as well",
    "across-subjects-and-stimuli": "tested on a listener that was not trained on, with "
    "folds of stimuli that were not trained on either",
}
_N_FOLDS = 5


class Unit(NamedTuple):
    """A model to fit and to test.

    Parameters
    ----------
    subject : str
        Whose trials are tested; "all" where it is everybody's.
    fold : int
        Number of the fold of this subject.
    train, test : tuple of int
        Indices of trials.
    """

    subject: str
    fold: int
    train: tuple[int, ...]
    test: tuple[int, ...]


def make_units(
    trials: list[Trial],
    contents: Sequence[Content | None],
    scheme: str,
    cv: Any,
    random_state: int,
) -> tuple[list[Unit], dict[int, str]]:
    """Divide sound trials into units of a scheme.

    Parameters
    ----------
    trials : list of Trial
        All trials.
    contents : sequence of Content or None
        Of each trial; None leaves it out.
    scheme : str
        One of `SCHEMES`.
    cv : None, int or splitter
        As in :func:`evaluate`.
    random_state : int
        Shuffles stimuli where `cv` is no splitter.

    Returns
    -------
    units : list of Unit
        By subject, then fold. Each sound trial is tested in exactly one.
    skipped : dict of int to str
        Trials of a subject that has one stimulus left, others being unsound, and why
        they are in no unit.

    Raises
    ------
    ValueError
        If training and test of a unit share a stimulus, a mixture or a source, or
        either is empty; if a trial is tested never or twice.
    """
    sound = [i for i, content in enumerate(contents) if content is not None]
    subjects = list(dict.fromkeys(trials[i].subject for i in sound))
    skipped: dict[int, str] = {}
    if scheme == "across-subjects":
        units = _one_subject_out(trials, sound, subjects, cv)
    elif scheme == "within-subject":
        units = []
        for subject in subjects:
            own = [i for i in sound if trials[i].subject == subject]
            if _lost_too_many(trials, contents, own):
                skipped |= dict.fromkeys(
                    own,
                    f"the only stimulus of subject {subject!r} that is left, so that "
                    "there is nothing to train on",
                )
                continue
            for fold, (train, test) in enumerate(
                _folds(trials, own, cv, random_state, f" of subject {subject!r}")
            ):
                units.append(Unit(subject, fold, train, test))
    else:
        units = []
        folds = list(_folds(trials, sound, cv, random_state, ""))
        for fold, (train, test) in enumerate(folds):
            if scheme == "pooled":
                units.append(Unit("all", fold, train, test))
                continue
            for subject in subjects:
                others = tuple(i for i in train if trials[i].subject != subject)
                own = tuple(i for i in test if trials[i].subject == subject)
                if own:
                    units.append(Unit(subject, fold, others, own))
        order = {subject: number for number, subject in enumerate(subjects)}
        units.sort(key=lambda u: (order.get(u.subject, 0), u.fold))
    sound = [i for i in sound if i not in skipped]
    _check_units(units, trials, contents, sound, scheme)
    return units, skipped


def check_inner_folds(
    estimator: Any,
    units: list[Unit],
    trials: list[Trial],
    contents: Sequence[Content | None],
) -> None:
    """Refuse a search whose own folds would share what those of units must not.

    Parameters
    ----------
    estimator : estimator
        A search over parameters, or any other estimator, of which nothing is known.
    units : list of Unit
        Whose training trials it will divide.
    trials : list of Trial
        All trials.
    contents : sequence of Content or None
        Of each trial.
    """
    if not isinstance(estimator, BaseSearchCV):
        return
    for unit in units:
        with warnings.catch_warnings():
            # The search will tell, and its warnings are kept with the unit.
            warnings.simplefilter("ignore", UserWarning)
            own = [trials[i] for i in unit.train]
            folds = list(check_cv(estimator.cv).split(own))
        for train, test in folds:
            inner = Unit(
                unit.subject,
                unit.fold,
                tuple(unit.train[i] for i in train),
                tuple(unit.train[i] for i in test),
            )
            shared = _shared(inner, trials, contents)
            if shared:
                raise ValueError(
                    f"estimator: its cv={estimator.cv!r} trains on {shared[0]} and "
                    f"tests {shared[1]}, which share {shared[2]}; give the search "
                    "cv=StimulusKFold(n)"
                )


def _lost_too_many(trials, contents, own):
    """Tell whether one stimulus is left of a subject's because others are unsound."""
    subject = trials[own[0]].subject
    everything = [i for i, trial in enumerate(trials) if trial.subject == subject]
    n_stimuli = [len({trials[i].stimulus or i for i in of}) for of in (own, everything)]
    return n_stimuli[0] < 2 <= n_stimuli[1]


def _folds(trials, own, cv, random_state, whose):
    stimuli = {trials[i].stimulus or i for i in own}
    if len(stimuli) < 2:
        raise ValueError(
            f"trials: all trials{whose} are of the stimulus "
            f"{trials[own[0]].stimulus!r}; with it left out, nothing is left to train "
            "on"
        )
    if isinstance(cv, str) or not hasattr(cv, "split"):
        n_folds = min(_N_FOLDS, len(stimuli))
        if cv is not None:
            check_whole("cv", cv, least=2)
            n_folds = int(cv)
        cv = StimulusKFold(n_folds, shuffle=True, random_state=random_state)
    for train, test in cv.split([trials[i] for i in own]):
        yield tuple(own[i] for i in train), tuple(own[i] for i in test)


def _one_subject_out(trials, sound, subjects, cv):
    if cv is not None:
        raise ValueError(
            "cv: scheme='across-subjects' leaves out one listener after another, so "
            f"None is expected, got {cv!r}"
        )
    if len(subjects) < 2:
        raise ValueError(
            f"trials: scheme='across-subjects' needs two subjects, found {subjects}"
        )
    return [
        Unit(
            subject,
            0,
            tuple(i for i in sound if trials[i].subject != subject),
            tuple(i for i in sound if trials[i].subject == subject),
        )
        for subject in subjects
    ]


def _check_units(units, trials, contents, sound, scheme):
    times = np.bincount([i for unit in units for i in unit.test], minlength=len(trials))
    for index in sound:
        if times[index] != 1:
            raise ValueError(
                f"cv: {trial_name(index, trials[index])} is tested {times[index]} "
                "times; once is expected"
            )
    for unit in units:
        where = f"fold {unit.fold} of subject {unit.subject!r}"
        if not unit.train or not unit.test:
            raise ValueError(
                f"cv: {where} has {len(unit.train)} trials to train on and "
                f"{len(unit.test)} to test; at least one of each is expected"
            )
        shared = _shared(unit, trials, contents)
        if shared:
            hint = ""
            if scheme == "across-subjects":
                hint = (
                    "; where listeners heard the same stimuli, use "
                    "scheme='across-subjects-and-stimuli'"
                )
            raise ValueError(
                f"cv: {where} trains on {shared[0]} and tests "
                f"{shared[1]}, which share {shared[2]}; a model that has seen it "
                f"can't be tested on it{hint}"
            )


def _shared(unit, trials, contents):
    """Two trials on either side of a unit that share what they must not, and what."""
    seen = {}
    for index in unit.train:
        for mark in marks(index, trials, contents):
            seen.setdefault(mark, index)
    for index in unit.test:
        for mark in marks(index, trials, contents):
            if mark in seen:
                other = seen[mark]
                what = mark[0]
                if what == "the stimulus":
                    what = f"the stimulus {mark[1]!r}"
                names = (trial_name(i, trials[i]) for i in (other, index))
                return *names, what
    return None


def marks(
    index: int, trials: list[Trial], contents: Sequence[Content | MaybeNone]
) -> Iterator[tuple[str, Any]]:
    """Tell what no other side may share with a trial: what it is, and which."""
    if trials[index].stimulus:
        yield "the stimulus", trials[index].stimulus
    yield "a mixture, up to its gain", contents[index].mixture
    for source in contents[index].sources:
        yield "a source, up to its gain", source
