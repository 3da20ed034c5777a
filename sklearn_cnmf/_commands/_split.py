"""Which pieces to hold out, so that all of their instruments can be learned."""

from collections import Counter
from itertools import combinations, product

import numpy as np
from sklearn.model_selection import GroupKFold

# Ways to make folds that are tried for each choice.
_N_FOLD_SEEDS = 50


def draw_split(pieces, n_held_out, n_folds, seed):
    """Draw pieces to hold out from all choices that leave something to learn from.

    A dictionary can separate only instruments that it was fitted with. So every
    instrument must be in the training pieces, and in those of every fold. Pieces in
    which all parts share one rhythm, the hard ones, are held out in proportion.

    Parameters
    ----------
    pieces : list of Piece
        All pieces.
    n_held_out, n_folds : int
        How many pieces to hold out, and folds of the others.
    seed : int
        Decides between equally good choices. The folds are the first of a list of
        random ones that suits.

    Returns
    -------
    training, held_out : list of Piece
        In the order of `pieces`.
    cv : GroupKFold
        Folds of the training pieces, by name.

    Raises
    ------
    ValueError
        If there is no such choice.
    """
    choices = [
        held_out
        for held_out in combinations(range(len(pieces)), n_held_out)
        if _all_twice(_others(pieces, held_out), _instruments(pieces))
    ]
    expected = sum(piece.same_rhythm for piece in pieces) * n_held_out / len(pieces)
    missed = [
        abs(sum(pieces[i].same_rhythm for i in held_out) - expected)
        for held_out in choices
    ]
    choices = [c for c, miss in zip(choices, missed) if miss == min(missed)]
    choices = np.random.default_rng(seed).permutation(choices)
    for held_out, fold_seed in product(choices, range(_N_FOLD_SEEDS)):
        training = _others(pieces, held_out)
        cv = GroupKFold(n_folds, shuffle=True, random_state=fold_seed)
        if _learnable(training, cv):
            return training, [pieces[i] for i in held_out], cv
    raise ValueError(
        f"no {n_held_out} of the {len(pieces)} pieces can be held out so that all "
        f"instruments remain in each of {n_folds} folds of the others"
    )


def _all_twice(training, instruments):
    """Whether each instrument plays in two pieces, so that one may be left out."""
    counts = Counter(name for piece in training for name in piece.instruments)
    return all(counts[name] >= 2 for name in instruments)


def _learnable(training, cv):
    """Whether each fold can learn all instruments from what it keeps."""
    if len(training) < cv.n_splits:
        return False
    names = [piece.name for piece in training]
    return all(
        _instruments([training[i] for i in kept]) == _instruments(training)
        for kept, _ in cv.split(names, groups=names)
    )


def _others(pieces, held_out):
    return [piece for i, piece in enumerate(pieces) if i not in held_out]


def _instruments(pieces):
    return {instrument for piece in pieces for instrument in piece.instruments}
