"""EEG files as MNE opens them, and none that it would read forever."""

import gzip
import re
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from ._readable import readable

if TYPE_CHECKING:
    import mne

# Of a FIF tag: kind, type, size, position of the next.
_TAG = struct.Struct(">iIii")
# Kinds of the tags that tell in which file a recording goes on.
_ROLE, _NUMBER, _NAME = 115, 117, 118
_IS_NEXT, _LONGEST_NAME = 2, 4096


def open_raw(path: str | Path) -> "mne.io.BaseRaw":
    """Open a recording; its samples are read later.

    Parameters
    ----------
    path : str or path-like
        Any file that :func:`mne.io.read_raw` reads.

    Returns
    -------
    raw : mne.io.Raw

    Raises
    ------
    ValueError
        If MNE can't read it.
    """
    import mne

    with readable(path, "MNE can't read it as EEG"):
        if Path(path).name.endswith((".fif", ".fif.gz")):
            _check_parts(path)
        return mne.io.read_raw(path, preload=False, verbose="error")


def _check_parts(path: str | Path) -> None:
    """Refuse a FIF that MNE would read for ever: tags or parts that go in circles."""
    met: list[Path] = []
    following: Path | None = Path(path)
    while following is not None and following.is_file():
        if following in met:
            raise ValueError(f"damaged: {met[-1].name} is followed by {following.name}")
        met.append(following)
        following = _next_part(following)


def _next_part(path):
    """Follow the tags of a FIF to its end; return the file in which it goes on."""
    opened = gzip.open if path.name.endswith(".gz") else open
    position, met = 0, set()
    role = name = number = None
    with opened(path, "rb") as file:
        while position not in met:
            met.add(position)
            file.seek(position)
            header = file.read(_TAG.size)
            if len(header) < _TAG.size:
                break
            kind, _, size, following = _TAG.unpack(header)
            if kind in (_ROLE, _NUMBER, _NAME) and 0 <= size <= _LONGEST_NAME:
                content = file.read(size)
                if kind == _ROLE:
                    role = int.from_bytes(content)
                elif role == _IS_NEXT and kind == _NAME:
                    name = content.decode("latin-1")
                elif role == _IS_NEXT:
                    number = int.from_bytes(content)
            if following < 0:
                break
            position = following or position + _TAG.size + size
        else:
            raise ValueError(f"damaged: a tag leads back to byte {position}")
    if name is None and number is not None:
        stem, _, suffix = path.name.partition(".")
        name = f"{re.sub(r'-[0-9]+$', '', stem)}-{number}.{suffix}"
    return None if name is None or "\0" in name else path.parent / name
