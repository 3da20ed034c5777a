"""EEG files as MNE opens them, and none that it would read forever."""

import gzip
import struct
from pathlib import Path
from typing import TYPE_CHECKING

from ._readable import readable

if TYPE_CHECKING:
    import mne

# Of a FIF tag: kind, type, size, position of the next.
_TAG = struct.Struct(">iIii")


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
            _check_tags(path)
        return mne.io.read_raw(path, preload=False, verbose="error")


def _check_tags(path):
    """Refuse a FIF whose tags lead back to one another: MNE would follow for ever."""
    opened = gzip.open if str(path).endswith(".gz") else open
    position, met = 0, set()
    with opened(path, "rb") as file:
        while position not in met:
            met.add(position)
            file.seek(position)
            header = file.read(_TAG.size)
            if len(header) < _TAG.size:
                return
            _, _, size, following = _TAG.unpack(header)
            if following < 0:
                return
            position = following or position + _TAG.size + size
    raise ValueError(f"damaged: a tag leads back to byte {position}")
