"""Arrays of a record that stay on disk until they are used."""

import os
import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np

from ._typing import MaybeNone

# Bytes of the arrays read last that are kept, so that one that is asked for again and
# again while a trial is worked on is read once.
_KEPT = 2**26


class Source(ABC, Hashable):
    """Where the arrays of a record are read from.

    Small, hashable and picklable: it goes to workers in place of the arrays. Two
    that are equal give the same arrays.
    """

    @abstractmethod
    def read(self, field: str) -> np.ndarray:
        """Read one array of the record."""

    @abstractmethod
    def shape(self, field: str) -> tuple[int, ...]:
        """Shape of an array, told without reading it."""


@dataclass(frozen=True)
class FileSource(Source):
    """A source of arrays in files, which must stay as they were.

    Parameters
    ----------
    stamps : tuple of (str, int, int)
        Path, size and time of each file, as :func:`stamp_of` tells them.
    """

    stamps: tuple[tuple[str, int, int], ...]

    def read(self, field: str) -> np.ndarray:
        """Read one array, if no file has changed."""
        for stamp in self.stamps:
            if stamp_of(stamp[0]) != stamp:
                raise ValueError(
                    f"{stamp[0]}: has changed since its trials were loaded; load them "
                    "anew"
                )
        return self.read_field(field)

    @abstractmethod
    def read_field(self, field: str) -> np.ndarray:
        """Read one array of files that are as they were."""


def stamp_of(path: str | Path) -> tuple[str, int, int]:
    """Tell whether a file is still the same, by its size and time."""
    state = os.stat(path)
    return str(path), state.st_size, state.st_mtime_ns


class Stored:
    """A record, a frozen dataclass, some fields of which may stay on disk.

    With a `source`, a field that was given as None is read from it whenever it is
    used. So is one that was given what had been read from the same source, as
    :func:`dataclasses.replace` does. Arrays that were read can't be written to.
    """

    _STORED: ClassVar[tuple[str, ...]] = ()

    def _leave_on_disk(self):
        """Forget what the source can give, once the record is made."""
        source = self.__dict__["source"]
        if source is None:
            return
        if not isinstance(source, Source):
            raise ValueError(
                f"source: expected what a reader of this package made, got "
                f"{type(source).__name__}"
            )
        for field in self._STORED:
            given = self.__dict__[field]
            if given is None or given is _recent.known(source, field):
                del self.__dict__[field]

    def __getattr__(self, name: str) -> Any:
        source = self.__dict__.get("source")
        if source is None or name not in self._STORED:
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}"
            )
        return _recent.read(source, name)

    def shape_of(self, field: str) -> tuple[int, ...] | MaybeNone:
        """Tell the shape of an array without reading it, None where there is none."""
        if field in self.__dict__:
            value = self.__dict__[field]
            return None if value is None else np.shape(value)
        return self.source.shape(field)


def in_memory(record: Any) -> Any:
    """Read all arrays of a record, which then needs no source."""
    arrays = {name: np.array(getattr(record, name)) for name in record._STORED}
    others = {name: value for name, value in vars(record).items() if name != "source"}
    return type(record)(**{**others, **arrays})


class _Recent:
    """Arrays that were read last, and all that somebody still holds."""

    def __init__(self):
        self._lock = threading.Lock()
        # In order of their use. No OrderedDict: one whose keys are interrupted as they
        # are compared raises a KeyError and stays defective.
        self._kept = {}
        self._alive = WeakValueDictionary()

    def known(self, source, field):
        """Return the array if it is in memory."""
        with self._lock:
            return self._alive.get((source, field))

    def read(self, source, field):
        """Return the array, from memory or from its source."""
        key = source, field
        array = self.known(source, field)
        if array is None:
            array = source.read(field)
            array.flags.writeable = False
        with self._lock:
            array = self._alive.setdefault(key, array)
            self._kept.pop(key, None)
            self._kept[key] = array
            size = sum(kept.nbytes for kept in self._kept.values())
            while size > _KEPT:
                size -= self._kept.pop(next(iter(self._kept))).nbytes
        return array


_recent = _Recent()
