"""Files that are written whole or not at all."""

import errno
import io
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def whole_file(path: str | Path, suffix: str = "") -> Iterator[Path]:
    """Write a file beside its place, and move it there once it is complete.

    Parameters
    ----------
    path : str or path-like
        The file; one that exists is replaced.
    suffix : str, default=""
        How the name of the unfinished file has to end.

    Yields
    ------
    unfinished : Path
        File to write. It is deleted if the block raises.

    Raises
    ------
    OSError
        If the file can't be written. It names `path`, which is as it was before.
    """
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, "is a folder; expected the name of a file", str(path)
        )
    # The longest names that are allowed leave no room for an addition.
    unfinished = path.with_name(f".{path.name[:40]}.{uuid.uuid4().hex}.unfinished")
    unfinished = unfinished.with_name(unfinished.name + suffix)
    try:
        with named_errors(path, unfinished):
            yield unfinished
            _sync(unfinished)
            os.replace(unfinished, path)
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)


@contextmanager
def named_errors(path: Path, unfinished: Path) -> Iterator[None]:
    """Have errors of writing name the file that the user knows.

    Parameters
    ----------
    path : Path
        That file.
    unfinished : Path
        The file that is written to, or the folder.

    Raises
    ------
    OSError
        With an errno, what it means, and `path`, for an error of writing; others, such
        as of a file that is read meanwhile, stay what they are.
    """
    try:
        yield
    except (OSError, RuntimeError) as error:
        code = _errno(error, unfinished)
        if code is None:
            raise
        reason = os.strerror(code)
        if code in FULL:
            reason += "; nothing was written, make room or write elsewhere"
        elif code in (errno.ENOENT, errno.ENOTDIR) and not path.parent.is_dir():
            reason = f"{path.parent} is not a folder that exists"
        raise OSError(code, reason, str(path)) from error


def write_wav(path: Path, audio: np.ndarray, sfreq: float) -> None:
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
        If it can't be written, with an errno.
    """
    import soundfile

    # soundfile does not say why it can't write, such as on a full disk.
    encoded = io.BytesIO()
    soundfile.write(encoded, audio.T, round(sfreq), subtype="FLOAT", format="WAV")
    with named_errors(path, path):
        path.write_bytes(encoded.getbuffer())


def _errno(error, unfinished):
    """Return the number of an error of writing, None of all others."""
    if isinstance(error, OSError):
        is_other = error.filename is not None and not _is_in(error.filename, unfinished)
        return None if is_other else error.errno
    # HDF5 that can't write its last bytes as it closes a file.
    found = re.search(r"errno = (\d+)", str(error))
    return found and int(found.group(1))


def _is_in(name, path):
    return Path(os.fsdecode(name)).is_relative_to(path)


def _sync(path):
    """Have the content outlast a power cut; a disk may be found full only now."""
    descriptor = os.open(path, os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
