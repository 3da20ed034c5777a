"""Which pieces to hold out, so that all of their instruments can be learned."""

from collections import Counter
from itertools import combinations

import numpy as np

from ..datasets import Piece


def draw_split(
    pieces: list[Piece], n_held_out: int, seed: int
) -> tuple[list[Piece], list[Piece]]:
    """Draw pieces to hold out from all choices that leave something to learn from.

    A dictionary can separate only instruments that it was fitted with. So every
    instrument must be in two training pieces, so that one can be left out. Pieces in
    which all parts share one rhythm, the hard ones, are held out in proportion.

    Parameters
    ----------
    pieces : list of Piece
        All pieces.
    n_held_out : int
        How many pieces to hold out.
    seed : int
        Decides between equally good choices.

    Returns
    -------
    training, held_out : list of Piece
        In the order of `pieces`.

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
    if not choices:
        raise ValueError(
            f"no {n_held_out} of the {len(pieces)} pieces can be held out so that each "
            "instrument still plays in two others"
        )
    held_out = choices[np.random.default_rng(seed).integers(len(choices))]
    return _others(pieces, held_out), [pieces[i] for i in held_out]


def _all_twice(training, instruments):
    """Whether each instrument plays in two pieces, so that one may be left out."""
    counts = Counter(name for piece in training for name in piece.instruments)
    return all(counts[name] >= 2 for name in instruments)


def _others(pieces, held_out):
    return [piece for i, piece in enumerate(pieces) if i not in held_out]


def _instruments(pieces):
    return {instrument for piece in pieces for instrument in piece.instruments}
