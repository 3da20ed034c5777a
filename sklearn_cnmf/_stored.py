"""Arrays of a record that stay on disk until they are used."""

import threading
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Hashable
from typing import Any, ClassVar
from weakref import WeakValueDictionary

import numpy as np

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

    def shape_of(self, field: str) -> tuple[int, ...] | None:
        """Tell the shape of an array without reading it, None where there is none."""
        if field in self.__dict__:
            value = self.__dict__[field]
            return None if value is None else np.shape(value)
        return self.source.shape(field)


class _Recent:
    """Arrays that were read last, and all that somebody still holds."""

    def __init__(self):
        self._lock = threading.Lock()
        self._kept = OrderedDict()
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
            self._kept[key] = array
            self._kept.move_to_end(key)
            size = sum(kept.nbytes for kept in self._kept.values())
            while size > _KEPT:
                size -= self._kept.popitem(last=False)[1].nbytes
        return array


_recent = _Recent()
