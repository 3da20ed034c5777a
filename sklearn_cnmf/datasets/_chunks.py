"""Whether a file of audio holds all that its header announces."""

import struct
from pathlib import Path
from typing import BinaryIO

# Of the container: the sign of byte order, and the chunk that holds the audio.
_CONTAINERS = {
    b"RIFF": ("<", b"data"),
    b"RF64": ("<", b"data"),
    b"BW64": ("<", b"data"),
    b"RIFX": (">", b"data"),
    b"FORM": (">", b"SSND"),
}
# As size of a chunk: not known when the header was written, or in the chunk "ds64".
_UNKNOWN = 2**32 - 1


def check_chunks(path: str | Path) -> None:
    """Refuse WAV and AIFF files that end before their audio does.

    libsndfile takes the part that is there for the whole.

    Parameters
    ----------
    path : str or path-like
        A file that libsndfile reads. Formats without chunks are not looked into.

    Raises
    ------
    ValueError
        If the audio is cut short.
    """
    with open(path, "rb") as file:
        announced = _announced(file)
        if announced is None:
            return
        start = file.tell()
        found = file.seek(0, 2) - start
    if found < announced:
        raise ValueError(
            f"{path}: the audio is cut short: expected {announced} bytes by its "
            f"header, found {found}"
        )


def _announced(file: BinaryIO) -> int | None:
    """Size of the audio in bytes, if known; the file is left where it begins."""
    kind = file.read(12)[:4]
    if kind not in _CONTAINERS:
        return None
    order, wanted = _CONTAINERS[kind]
    long_size = None
    while len(head := file.read(8)) == 8:
        name, size = struct.unpack(f"{order}4sI", head)
        if name == wanted:
            return long_size if size == _UNKNOWN else size
        skipped = size + size % 2
        if name == b"ds64" and size >= 16:
            long_size = struct.unpack("<8xQ", file.read(16).ljust(16, b"\0"))[0]
            skipped -= 16
        file.seek(skipped, 1)
    return None
