"""Fields of a struct in a MATLAB file, checked as they are taken."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import check_rate
from ._matlab import read_struct
from ._matlab_values import describe


class MatlabStruct:
    """A struct whose fields are checked as they are taken.

    All methods raise a ValueError that names the file and the field if it is not what
    is asked for.

    Parameters
    ----------
    path : str or path-like
        A MATLAB file.
    variables : sequence of str
        Names that the struct may have.
    fields : dict
        Which fields to read, as in :func:`read_struct`.
    """

    def __init__(
        self, path: str | Path, variables: Sequence[str], fields: dict[str, Any]
    ):
        self.path = path
        self.name, self._fields = read_struct(path, variables, fields)

    def where(self, field: str) -> str:
        """Tell a field in a message."""
        return f"{self.path}: {self.name}.{field}"

    def get(self, field: str) -> Any:
        """Return a field, or None if it is absent or empty."""
        value = self._fields.get(field)
        size = value.size if isinstance(value, np.ndarray) else len(value or ())
        return value if size else None

    def refuse(self, field: str, expected: str) -> None:
        """Raise the error for a field that is something else."""
        found = describe(self.get(field))
        raise ValueError(f"{self.where(field)}: expected {expected}, found {found}")

    def rate(self, field: str) -> float:
        """Return a field that is one rate in Hz."""
        [rate] = self._numbers(field, "one rate in Hz", 1)
        check_rate(self.where(field), rate)
        return rate

    def count(self, field: str) -> int:
        """Return a field that is one whole number, 0 if it is absent or empty."""
        if self.get(field) is None:
            return 0
        [count] = self.whole_numbers(field, "one whole number >= 0", 1, least=0)
        return count

    def whole_numbers(
        self,
        field: str,
        expected: str,
        n_expected: int,
        *,
        least: int = 1,
        most: float = np.inf,
    ) -> list[int]:
        """Return a field that is so many whole numbers from `least` to `most`."""
        numbers = self._numbers(field, expected, n_expected)
        for number in numbers:
            if not float(number).is_integer() or not least <= number <= most:
                raise ValueError(
                    f"{self.where(field)}: expected {expected}, found {number:g} among "
                    "them"
                )
        return [int(number) for number in numbers]

    def cells(self, field: str, expected: str) -> np.ndarray:
        """Return a field that is a cell array."""
        value = self.get(field)
        if not isinstance(value, np.ndarray) or value.dtype != object:
            self.refuse(field, expected)
        return value

    def texts(self, field: str, expected: str) -> list[str]:
        """Return a field that is text or a cell array of texts."""
        value = self.get(field)
        if isinstance(value, str):
            return [value]
        texts = list(self.cells(field, expected).ravel(order="F"))
        for index, text in enumerate(texts):
            if not isinstance(text, str):
                raise ValueError(
                    f"{self.where(field)}: expected {expected}, found "
                    f"{describe(text)} in cell {index + 1}"
                )
        return texts

    def _numbers(self, field, expected, n_expected):
        value = self.get(field)
        if (
            not isinstance(value, np.ndarray)
            or value.dtype == object
            or value.size != n_expected
        ):
            self.refuse(field, expected)
        return value.ravel(order="F").tolist()
