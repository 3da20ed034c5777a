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

import numpy as np

from ._printing import one_line

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  # stands for a module

_PREFIX = ".unfinished-sklearn-cnmf-"
_DISK_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


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
    is_new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    with _lock(path) as is_locked:
        _check_empty(path, is_locked)
        unfinished = None
        try:
            unfinished = Path(tempfile.mkdtemp(dir=path, prefix=_PREFIX))
            yield unfinished
            _move_up(unfinished, path)
        except BaseException as error:
            if unfinished is not None:
                shutil.rmtree(unfinished, ignore_errors=True)
            if is_new:
                with suppress(OSError):  # not empty, or deleted meanwhile
                    path.rmdir()
            if isinstance(error, OSError) and error.errno in _DISK_FULL:
                raise OSError(
                    f"{path}: can't be written ({os.strerror(error.errno)}); nothing "
                    "was kept"
                ) from error
            raise


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


def write_audio(path: Path, audio: np.ndarray, sfreq: float) -> None:
    """Write a WAV file of 32-bit floats, which neither clips nor rounds float32.

    Parameters
    ----------
    path : Path
        The file.
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Waveform.
    sfreq : float
        Sampling rate in Hz; WAV files have whole ones.

    Raises
    ------
    OSError
        If it can't be written, such as on a full disk.
    """
    import soundfile

    try:
        soundfile.write(path, audio.T, round(sfreq), subtype="FLOAT", format="WAV")
    except Exception as error:  # on a full disk: LibsndfileError or AssertionError
        raise OSError(f"{path}: can't be written ({one_line(error)})") from error


def write_json(path: Path, content: Any) -> None:
    """Write an object that JSON can express, indented."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def listeners(number: int) -> str:
    """Count listeners in words: "1 listener", "2 listeners"."""
    return f"{number} listener{'' if number == 1 else 's'}"
