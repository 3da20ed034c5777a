"""Folders that hold all results of a command or none, and what goes into them."""

import errno
import json
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .._writing import FULL
from ._signals import undisturbed

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # stands for a module

_PREFIX = ".unfinished-sklearn-cnmf-"


@contextmanager
def new_folder(path: str | Path) -> Iterator[Path]:
    """Write into a folder that is filled once all is written.

    Parameters
    ----------
    path : str or path-like
        The folder; it is made if it does not exist and must be empty if it does. What
        a command that was killed left in it is deleted, with a warning.

    Yields
    ------
    unfinished : Path
        A folder inside it to write into. When the block ends, its entries move up.
        If the block raises, they are deleted, and the folder too if it is new.

    Raises
    ------
    ValueError
        If there are files already, or another command is writing there; if a file
        with the name of a result appeared meanwhile. It is not overwritten: all
        results stay in a folder beside it, which the message names.
    OSError
        If the folder can't be made or written to.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path}: a folder is needed, but this is a file")
    is_new = _make(path)
    with _lock(path) as is_locked:
        _check_empty(path, is_locked)
        unfinished = None
        try:
            unfinished = Path(tempfile.mkdtemp(dir=path, prefix=_PREFIX))
            yield unfinished
            with undisturbed("all results are written"):
                _move_up(unfinished, path)
        except BaseException as error:
            if unfinished is not None:
                shutil.rmtree(unfinished, ignore_errors=True)
            if is_new:
                with suppress(OSError):  # not empty, or deleted meanwhile
                    path.rmdir()
            if isinstance(error, OSError):
                raise _named(error, path) from error
            raise


def _make(path):
    """Make a folder; whether it was this command that made it."""
    for parent in path.parents:
        if parent.exists() and not parent.is_dir():
            raise ValueError(f"{path}: a folder is needed, but {parent} is a file")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        path.mkdir()
    except FileExistsError:
        return False
    return True


def _named(error, path):
    """Have an error of writing name the folder that was asked for."""
    place = Path(error.filename) if isinstance(error.filename, str) else path
    if place.is_relative_to(path):
        place = path
    if error.errno in FULL:
        return OSError(
            f"{place}: can't be written ({os.strerror(error.errno)}); nothing was "
            "kept, make room or name another folder with --out"
        )
    if error.filename is not None and place == path:
        return OSError(error.errno, error.strerror, str(path))
    return error


@contextmanager
def _lock(path):
    """Keep other commands out of a folder; whether this system can do so."""
    if fcntl is None:
        yield False
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            is_locked = True
        except BlockingIOError as error:
            raise ValueError(
                f"{path}: another command is writing into the folder; name another "
                "one with --out"
            ) from error
        except OSError:  # file systems without locks
            is_locked = False
        yield is_locked
    finally:
        os.close(descriptor)


def _check_empty(path, is_locked):
    """Refuse a folder with files, and delete what killed commands left in it."""
    entries = list(path.iterdir())
    if not all(map(_is_left_over, entries)):
        raise ValueError(
            f"{path}: the folder is not empty, and nothing is overwritten; name a new "
            "one with --out"
        )
    for entry in entries:
        if not is_locked:
            raise ValueError(
                f"{entry}: left by another command; delete it if none is running, or "
                "name a new folder with --out"
            )
        shutil.rmtree(entry)
        warnings.warn(
            f"{entry}: deleted, the rest of a command that did not end", stacklevel=4
        )


def _is_left_over(entry):
    name = re.fullmatch(re.escape(_PREFIX) + "[a-z0-9_]{8}", entry.name)
    return bool(name) and entry.is_dir() and not entry.is_symlink()


def _move_up(unfinished, path):
    """Move all results or none, and never over what is there."""
    moved = []
    try:
        for entry in sorted(unfinished.iterdir()):
            _move(entry, path / entry.name)
            moved.append(entry.name)
        unfinished.rmdir()
    except BaseException as error:
        for name in moved:
            os.rename(path / name, unfinished / name)
        if not isinstance(error, OSError):
            raise
        kept = path / unfinished.name.replace(_PREFIX, "results-")
        os.rename(unfinished, kept)
        reason = f"{path}: results can't be moved there ({error.strerror})"
        if isinstance(error, FileExistsError):
            reason = f"{error.filename2}: appeared meanwhile and is not overwritten"
        raise ValueError(f"{reason}; all results are in {kept}") from error


def _move(source, target):
    """Rename, with a FileExistsError if the target exists."""
    if os.path.lexists(target):
        raise FileExistsError(
            errno.EEXIST, "exists already", str(source), None, str(target)
        )
    if source.is_dir():  # a rename replaces no folder that holds something
        os.rename(source, target)
        return
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:  # file systems without hard links
        os.rename(source, target)
    else:
        source.unlink()


def write_json(path: Path, content: Any) -> None:
    """Write an object that JSON can express, indented."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


@contextmanager
def deaths_as_errors() -> Iterator[None]:
    """Have a worker process that died be an error that the user is told."""
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    try:
        yield
    except RuntimeError as error:
        if not isinstance(error.__cause__, TerminatedWorkerError):
            raise
        raise OSError(str(error)) from error
