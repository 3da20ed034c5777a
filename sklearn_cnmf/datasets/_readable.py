"""What goes wrong in readers of other packages."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .._validation import said_by


@contextmanager
def readable(path: str | Path, complaint: str) -> Iterator[None]:
    """Turn what goes wrong in a reader into a ValueError that names the file.

    Readers of other packages do not say what they raise: MNE's raise errors of many
    kinds, AssertionError, IndexError and TypeError among them, where a file is not
    what its name says, and soundfile's raise TypeError and MemoryError.
    """
    try:
        yield
    except Exception as error:
        raise ValueError(f"{path}: {complaint} ({said_by(error)})") from error
