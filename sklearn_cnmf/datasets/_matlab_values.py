"""Values of MATLAB files as plain Python values.

A struct array becomes a list of dicts, a cell array an object array, text a str and
numbers an array, all in the shape that MATLAB shows. What is none of these, such as a
function handle, becomes an `Odd`, so that it does no harm where nobody asks for it.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np


class Odd(NamedTuple):
    """A value of a kind that is not read."""

    kind: str


def make_cell(values: Sequence[Any], shape: tuple[int, ...]) -> np.ndarray:
    """Make a cell array of values, the first index running fastest."""
    cell = np.empty(len(values), dtype=object)
    for index, value in enumerate(values):
        cell[index] = value
    return cell.reshape(shape, order="F")


def describe(value: Any) -> str:
    """Tell in a message what a value is."""
    if value is None:
        return "nothing"
    if isinstance(value, Odd):
        return f"a {value.kind}"
    if isinstance(value, str):
        return f"the text {value[:40]!r}"
    if isinstance(value, list):
        return f"a struct array of {len(value)}"
    kind = "a cell array" if value.dtype == object else "numbers"
    return f"{kind} of shape {value.shape}"
