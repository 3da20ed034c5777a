"""A folder of finished results that a killed process can't spoil."""

import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .._writing import named_errors, whole_file
from ._keys import digest

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # stands for a module

_FORMAT = 1
_KEY = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,179}")


class DamagedUnitError(ValueError):
    """A file of the store does not hold what was written."""


class UnitStore:
    """A folder with one file for each finished unit of work.

    Any number of processes may use one folder. It may be copied or moved while none
    does.

    Parameters
    ----------
    folder : str or path-like
        The folder; it is made if it does not exist.

    Raises
    ------
    ValueError
        If `folder` is a file.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder).absolute()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise ValueError(
                f"folder: {folder} is, or is within, a file; expected a folder"
            ) from error

    def __repr__(self):
        return f"UnitStore({str(self.folder)!r})"

    def read(self, key: str) -> dict[str, Any] | None:
        """Read a unit.

        Parameters
        ----------
        key : str
            Its name.

        Returns
        -------
        content : dict or None
            What was written, to the bit; None if nothing was.

        Raises
        ------
        DamagedUnitError
            If its file holds something else.
        """
        path = self._path(key, ".json")
        try:
            encoded = path.read_bytes()
        except FileNotFoundError:
            return None
        try:
            document = json.loads(encoded.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            raise DamagedUnitError(
                f"{path}: damaged: it is no JSON ({type(error).__name__}: {error})"
            ) from error
        _check_document(path, key, document)
        return document["content"]

    def write(self, key: str, content: dict[str, Any]) -> dict[str, Any]:
        """Write a unit, whole or not at all; replace what was there.

        Parameters
        ----------
        key : str
            Its name.
        content : dict
            What JSON can express. Tuples become lists.

        Returns
        -------
        content : dict
            The same as it will be read.

        Raises
        ------
        ValueError
            If `content` is something else.
        OSError
            If the unit can't be written; what was there stays as it was.
        """
        path = self._path(key, ".json")
        content = _as_read(content)
        document = {"format": _FORMAT, "key": key, "content": content}
        encoded = json.dumps({**document, "checksum": digest(content)}).encode()
        with whole_file(path) as unfinished:
            unfinished.write_bytes(encoded)
        self._sync()
        return content

    @contextmanager
    def claim(self, key: str) -> Iterator[bool]:
        """Keep a unit from being computed by others meanwhile.

        The claim ends with the block, or with the process.

        Parameters
        ----------
        key : str
            Name of the unit.

        Yields
        ------
        is_claimed : bool
            False if another process or thread has claimed it. True too where the
            system or file system has no locks: two may then compute the same unit.
        """
        path = self._path(key, ".lock")
        with named_errors(self._path(key, ".json"), path):
            descriptor = None if fcntl is None else _lock(path)
        if descriptor is None:
            yield fcntl is None
            return
        try:
            yield True
        finally:
            _unlock(descriptor, path)

    def compute(
        self, key: str, function: Callable[[], dict[str, Any]]
    ) -> tuple[dict[str, Any] | None, str]:
        """Read a unit, or compute and write it if nobody else does.

        Parameters
        ----------
        key : str
            Its name.
        function : callable
            Computes its content; called without arguments.

        Returns
        -------
        content : dict or None
            The content, the same whether it was read or computed; None if another
            process or thread computes it now.
        how : {"reused", "computed", "repaired", "busy"}
            "repaired" if it was computed in place of a damaged file.
        """
        content, _ = self._find(key)
        if content is not None:
            return content, "reused"
        with self.claim(key) as is_claimed:
            if not is_claimed:
                return None, "busy"
            content, is_damaged = self._find(key)
            if content is not None:
                return content, "reused"
            content = self.write(key, function())
        return content, "repaired" if is_damaged else "computed"

    def _find(self, key):
        """Return (content, whether the file is damaged)."""
        try:
            return self.read(key), False
        except DamagedUnitError:
            return None, True

    def _path(self, key, suffix):
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ValueError(
                f"key: expected up to 180 letters, digits, '_', '-' and '.', the first "
                f"of them no '.', got {key!r}"
            )
        return self.folder / f"{key}{suffix}"

    def _sync(self):
        """Have the name of a new file outlast a power cut, where this can be had."""
        with suppress(OSError):
            descriptor = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _check_document(path, key, document):
    expected = {"format", "key", "content", "checksum"}
    if not isinstance(document, dict) or set(document) != expected:
        raise DamagedUnitError(f"{path}: damaged: expected an object of {expected}")
    if document["format"] != _FORMAT:
        raise DamagedUnitError(
            f"{path}: format {document['format']!r}; expected {_FORMAT}"
        )
    if document["key"] != key:
        raise DamagedUnitError(
            f"{path}: holds the unit {document['key']!r}; expected {key!r}"
        )
    content = document["content"]
    if not isinstance(content, dict) or digest(content) != document["checksum"]:
        raise DamagedUnitError(f"{path}: damaged: the checksum differs")


def _as_read(content):
    """Give content the types it will have once it is read."""
    if not isinstance(content, dict):
        raise ValueError(f"content: expected a dict, got {type(content).__name__}")
    try:
        text = json.dumps(content)
    except (TypeError, ValueError, RecursionError) as error:
        raise ValueError(
            f"content: expected what JSON can express ({error})"
        ) from error
    _check_keys(content, "content")
    return json.loads(text)


def _check_keys(content, name):
    if isinstance(content, dict):
        for key, item in content.items():
            if not isinstance(key, str):
                raise ValueError(f"{name}: expected keys of type str, got {key!r}")
            _check_keys(item, f"{name}[{key!r}]")
    elif isinstance(content, (list, tuple)):
        for index, item in enumerate(content):
            _check_keys(item, f"{name}[{index}]")


def _lock(path):
    """Lock a file; None if another has, a descriptor also where none can be had."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        except OSError:  # file systems without locks
            return descriptor
        if _is_at(descriptor, path):
            return descriptor
        os.close(descriptor)  # its owner has removed it meanwhile


def _unlock(descriptor, path):
    try:
        if _is_at(descriptor, path):
            with suppress(OSError):
                path.unlink()
        with suppress(OSError):  # lest a forked child keeps it
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _is_at(descriptor, path):
    """Whether a path still leads to the file that is open."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except FileNotFoundError:
        return False
