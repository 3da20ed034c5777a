"""MATLAB files of version 5, element by element.

scipy reads them too, but a damaged file can end the interpreter there, and it reads
all fields of a struct. Layout: "MAT-File Format", The MathWorks.
"""

import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np

from ._matlab_values import Odd, make_cell

_COMPRESSED, _MATRIX = 15, 14
_NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8",
    12: "i8", 13: "u8",
}  # fmt: skip
_TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16"}
_CELL, _STRUCT, _CHAR = 1, 2, 4
_CLASSES = {
    6: "f8", 7: "f4", 8: "i1", 9: "u1", 10: "i2", 11: "u2", 12: "i4", 13: "u4",
    14: "i8", 15: "u8",
}  # fmt: skip
_ODD = {3: "object", 5: "sparse matrix", 16: "function handle", 17: "object"}
_COMPLEX = 0x0800
# Bytes of the largest variable; a crafted file may unpack to any size.
_LARGEST = 2**31


def variables(path: str | Path, fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Go through the variables of a file.

    Parameters
    ----------
    path : str or path-like
        The file.
    fields : dict
        Which fields of structs to read, as in `read_struct`.

    Yields
    ------
    name : str
        Name of a variable.
    read : callable
        Returns its value.
    """
    content = memoryview(Path(path).read_bytes())
    order = {b"IM": "<", b"MI": ">"}.get(bytes(content[126:128]))
    if order is None or int.from_bytes(content[124:126], _ORDERS[order]) != 0x0100:
        raise ValueError("there is no header of a MATLAB file of version 5 or 7.3")
    reader = _Reader(order)
    for kind, element in reader.elements(content[128:], padded=False):
        if kind == _COMPRESSED:
            [(kind, element)] = reader.elements(_decompressed(element))
        if kind == _MATRIX:
            matrix = _Matrix(reader, element)
            if matrix.name:
                yield matrix.name, lambda matrix=matrix: matrix.value(fields)


def _decompressed(element):
    content = zlib.decompressobj().decompress(element, _LARGEST + 1)
    if len(content) > _LARGEST:
        raise ValueError(f"a variable takes more than {_LARGEST} bytes")
    return memoryview(content)


_ORDERS: dict[str, Literal["little", "big"]] = {"<": "little", ">": "big"}


class _Reader:
    """Elements of a file in either order of bytes."""

    def __init__(self, order):
        self.order = order

    def integer(self, content):
        return int.from_bytes(content, _ORDERS[self.order])

    def elements(self, content, *, padded=True):
        """Type and content of each element."""
        at = 0
        while at < len(content):
            if len(content) - at < 8:
                raise ValueError("the file is cut short")
            kind, size = (self.integer(content[i : i + 4]) for i in (at, at + 4))
            start = at + 8
            if kind >> 16:  # Up to four bytes stand in the tag itself.
                kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
                if size > 4:
                    raise ValueError(f"an element of {size} bytes stands in its tag")
            stop = start + size
            if stop > len(content):
                raise ValueError("the file is cut short")
            yield kind, content[start:stop]
            at = at + 8 if start < at + 8 else stop
            at += -at % 8 if padded else 0

    def numbers(self, kind, content):
        if kind not in _NUMBERS:
            raise ValueError(f"numbers of unknown type {kind}")
        return np.frombuffer(content, self.order + _NUMBERS[kind])


class _Matrix:
    """An array of any class, whose content is read when it is asked for."""

    def __init__(self, reader, content):
        self.reader = reader
        self._parts = reader.elements(content)
        self.empty = len(content) == 0
        self.name = ""
        if self.empty:
            return
        flags = reader.numbers(*self._next())
        if flags.size != 2:
            raise ValueError("an array without flags")
        self.kind, self.flags = int(flags[0]) & 0xFF, int(flags[0])
        if self.kind == 17:
            # An object has a name instead of a shape.
            self.shape, self.name = (), bytes(self._next()[1]).decode("latin-1")
            return
        self.shape = tuple(int(n) for n in reader.numbers(*self._next()))
        if len(self.shape) < 2 or min(self.shape) < 0:
            raise ValueError(f"an array of shape {self.shape}")
        self.name = bytes(self._next()[1]).decode("latin-1")

    def _next(self):
        part = next(self._parts, None)
        if part is None:
            raise ValueError("an array is cut short")
        return part

    def _matrix(self):
        kind, content = self._next()
        if kind != _MATRIX:
            raise ValueError(f"an element of type {kind} instead of an array")
        return content

    def value(self, fields):
        """All of it, but of structs no fields but those wanted."""
        if not self.empty and self.kind == _STRUCT:
            return Odd("struct") if fields is None else self._struct(fields)
        if not self.empty and self.kind == _CELL:
            contents = [self._matrix() for _ in range(math.prod(self.shape))]
            return make_cell(
                [_Matrix(self.reader, one).leaf() for one in contents], self.shape
            )
        return self.leaf()

    def leaf(self):
        """Text or numbers."""
        if self.empty:
            return np.empty((0, 0))
        if self.kind == _CHAR:
            return self._text()
        if self.kind not in _CLASSES:
            odd = {**_ODD, _CELL: "cell", _STRUCT: "struct"}
            return Odd(odd.get(self.kind, f"value of unknown class {self.kind}"))
        if self.flags & _COMPLEX:
            return Odd("complex array")
        numbers = self.reader.numbers(*self._next())
        if numbers.size != math.prod(self.shape):
            raise ValueError(f"{numbers.size} numbers in an array {self.shape}")
        return numbers.astype(_CLASSES[self.kind]).reshape(self.shape, order="F")

    def _text(self):
        if math.prod(self.shape) == 0:
            return ""
        if self.shape[0] != 1:
            return Odd(f"char array of {self.shape[0]} rows")
        kind, content = self._next()
        if kind not in _TEXTS:
            raise ValueError(f"text of unknown type {kind}")
        suffix = {"<": "-le", ">": "-be"}[self.reader.order]
        code = _TEXTS[kind] + (suffix if _TEXTS[kind] == "utf-16" else "")
        return bytes(content).decode(code)

    def _struct(self, fields):
        [width] = self.reader.numbers(*self._next())
        packed = bytes(self._next()[1])
        if width <= 0 or len(packed) % width:
            raise ValueError("the names of the fields of a struct are damaged")
        names = [
            packed[at : at + width].split(b"\0")[0].decode("latin-1")
            for at in range(0, len(packed), int(width))
        ]
        if not names:
            return [{}] * (math.prod(self.shape) == 1)
        made = []
        for _ in range(math.prod(self.shape)):
            contents = {name: self._matrix() for name in names}
            made.append(
                {
                    name: _Matrix(self.reader, content).value(fields[name])
                    for name, content in contents.items()
                    if name in fields
                }
            )
        return made
