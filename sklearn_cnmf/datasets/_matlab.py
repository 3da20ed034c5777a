"""Structs in MATLAB files of version 5 and 7.3."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from . import _matlab5, _matlab7
from ._matlab_values import describe
from ._readable import readable

_HDF5 = b"\x89HDF\r\n\x1a\n"
# Where the signature stands: after the header that MATLAB writes, or without one.
_HDF5_OFFSETS = (512, 0)


def read_struct(
    path: str | Path, variables: Sequence[str], fields: dict[str, Any]
) -> tuple[str, dict[str, Any]]:
    """Read some fields of a struct.

    Parameters
    ----------
    path : str or path-like
        A MATLAB file of version 5, 6, 7 or 7.3.
    variables : sequence of str
        Names that the struct may have; the first that is there is read.
    fields : dict
        Which fields to read: None for text, numbers or a cell array of such, or again
        a dict for a struct array. Fields that the file lacks are left out.

    Returns
    -------
    name : str
        The name that was found.
    struct : dict
        The fields.

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If it can't be read, holds no such variable, or that is no struct; or if an
        HDF5 file has links or data that lie outside of it.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(2, "no such file", str(path))
    with readable(path, "can't be read as a MATLAB file"):
        found, known = {}, []
        read = _matlab7.variables if _is_hdf5(path) else _matlab5.variables
        for name, value in read(path, fields):
            known.append(name)
            if name in variables:
                found[name] = value()
    if not found:
        raise ValueError(
            f"{path}: expected a variable {' or '.join(map(repr, variables))}, found "
            f"{known or 'none at all'}"
        )
    name = next(name for name in variables if name in found)
    struct = found[name]
    if not isinstance(struct, list) or len(struct) != 1:
        raise ValueError(f"{path}: {name}: expected a struct, found {describe(struct)}")
    return name, struct[0]


def _is_hdf5(path):
    with open(path, "rb") as file:
        start = file.read(max(_HDF5_OFFSETS) + len(_HDF5))
    return any(start[at : at + len(_HDF5)] == _HDF5 for at in _HDF5_OFFSETS)
