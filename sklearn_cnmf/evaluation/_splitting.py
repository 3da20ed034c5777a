"""Folds that keep the trials of a stimulus together and every instrument known."""

import warnings
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
from sklearn.model_selection import BaseCrossValidator
from sklearn.utils import check_random_state

from .._validation import check_flag, check_whole
from ..trial import Trial, is_trials


class StimulusKFold(BaseCrossValidator):
    """Leave out whole stimuli, each of them once.

    Reads `Trial.stimulus`, so it needs no `groups`; a trial without a stimulus is on
    its own. Stimuli are dealt out so that each instrument stays known in each training
    set: not all stimuli in which it plays are left out at a time. Within that, folds
    hold equally many stimuli, give or take one.

    Parameters
    ----------
    n_splits : int, default=5
        Number of folds, at least 2.
    shuffle : bool, default=False
        Whether to deal the stimuli out in random order rather than as they appear.
    random_state : int, RandomState instance or None, default=None
        Determines the random order.

    See Also
    --------
    sklearn.model_selection.GroupKFold : Keeps groups together, but may leave out all
        that is known of an instrument.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Trial
    >>> from sklearn_cnmf.evaluation import StimulusKFold
    >>> trials = [Trial(np.zeros((1, 64)), 64.0, np.zeros(8000), 8000.0, stimulus=name)
    ...           for name in ("a", "b", "a", "c")]
    >>> [test.tolist() for _, test in StimulusKFold(3).split(trials)]
    [[0, 2], [1], [3]]
    """

    def __init__(
        self,
        n_splits: int = 5,
        *,
        shuffle: bool = False,
        random_state: int | np.random.RandomState | None = None,
    ):
        check_whole("n_splits", n_splits, least=2)
        check_flag("shuffle", shuffle)
        if random_state is not None and not shuffle:
            raise ValueError(
                f"random_state: {random_state!r} has no effect with shuffle=False; set "
                "shuffle=True or leave it at None"
            )
        self.n_splits = n_splits
        self.shuffle = shuffle
        self.random_state = random_state

    def get_n_splits(self, X: Any = None, y: Any = None, groups: Any = None) -> int:
        """Return the number of folds.

        Parameters
        ----------
        X, y, groups : object, default=None
            Ignored.

        Returns
        -------
        n_splits : int
        """
        return self.n_splits

    def split(
        self, X: list[Trial], y: Any = None, groups: Any = None
    ) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Split trials into training and test sets.

        Parameters
        ----------
        X : list of Trial
            The trials.
        y : object, default=None
            Ignored.
        groups : object, default=None
            Must be None: the stimuli decide.

        Yields
        ------
        train, test : ndarray of int
            Indices of the trials.

        Raises
        ------
        ValueError
            If there are fewer stimuli than folds, `X` is no list of trials, or
            `groups` are given.

        Warns
        -----
        UserWarning
            If an instrument is unknown in a training set, because it plays in one
            stimulus only or the folds leave no other way.
        """
        if groups is not None:
            raise ValueError(
                "groups: expected None, since Trial.stimulus decides; use "
                "sklearn.model_selection.GroupKFold for other groups"
            )
        if not is_trials(X):
            raise ValueError(f"X: expected a list of Trial, got {type(X).__name__}")
        stimuli = [trial.stimulus or index for index, trial in enumerate(X)]
        distinct = list(dict.fromkeys(stimuli))
        if len(distinct) < self.n_splits:
            raise ValueError(
                f"n_splits: {self.n_splits} folds, but only {len(distinct)} stimuli "
                f"among {len(X)} trials"
            )
        if self.shuffle:
            order = check_random_state(self.random_state).permutation(len(distinct))
            distinct = [distinct[i] for i in order]
        players: dict[Any, set[str]] = {stimulus: set() for stimulus in distinct}
        for stimulus, trial in zip(stimuli, X):
            players[stimulus].update(trial.instruments or ())
        fold_of = _deal(players, self.n_splits)
        _warn_of_unknown(players, fold_of)
        folds = np.array([fold_of[stimulus] for stimulus in stimuli])
        for fold in range(self.n_splits):
            yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)

    def _iter_test_indices(self, X=None, y=None, groups=None):
        for _, test in self.split(X, y, groups):
            yield test


def _deal(players, n_splits):
    """Deal stimuli out to folds in turn, then exchange two as long as that helps.

    In 150 random problems of up to seven stimuli that could be searched through, this
    left as few instruments unknown as any way to deal them out.
    """
    fold_of = {stimulus: index % n_splits for index, stimulus in enumerate(players)}
    while (better := _exchanged(players, fold_of)) is not None:
        fold_of = better
    return fold_of


def _exchanged(players, fold_of):
    """Folds with two stimuli exchanged, if that leaves fewer instruments unknown."""
    now = _n_unknown(players, fold_of)
    stimuli = list(fold_of)
    for i, one in enumerate(stimuli):
        for other in stimuli[:i]:
            changed = {**fold_of, one: fold_of[other], other: fold_of[one]}
            if _n_unknown(players, changed) < now:
                return changed
    return None


def _n_unknown(players, fold_of):
    return len(_unknown(players, fold_of))


def _unknown(players, fold_of):
    """Instruments of several stimuli that are all in one fold."""
    folds = _folds_of(players, fold_of)
    return sorted(n for n, own in folds.items() if len(own) > 1 and len(set(own)) == 1)


def _folds_of(players, fold_of):
    folds = {}
    for stimulus, fold in fold_of.items():
        for name in players[stimulus]:
            folds.setdefault(name, []).append(fold)
    return folds


def _warn_of_unknown(players, fold_of):
    counts = Counter(name for names in players.values() for name in names)
    alone = sorted(name for name, count in counts.items() if count == 1)
    unknown = _unknown(players, fold_of)
    reasons = []
    if alone:
        reasons.append(f"{alone} play in one stimulus only")
    if unknown:
        reasons.append(f"all stimuli of {unknown} are in one fold")
    if reasons:
        warnings.warn(
            f"{' and '.join(reasons)}: when these are left out, nothing is known of "
            "the instruments",
            stacklevel=3,
        )
