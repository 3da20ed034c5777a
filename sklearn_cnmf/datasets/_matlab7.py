"""MATLAB files of version 7.3, which are HDF5 files."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import brief
from ._matlab_values import Odd, make_cell


def variables(path: str | Path, fields: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Go through the variables of a file, as that of version 5 does.

    A value is read as long as this goes on.
    """
    import h5py

    with h5py.File(path, "r") as file:
        for name in file:
            if not name.startswith("#"):
                yield name, lambda name=name: _from_hdf5(_member(file, name), fields)


def _member(group, name):
    import h5py

    link = group.get(name, getlink=True)
    if not isinstance(link, h5py.HardLink):
        raise ValueError(
            f"{brief(name)} is a link to another place or file, which is not followed"
        )
    return group[name]


def _from_hdf5(item, fields):
    import h5py

    kind = _matlab_class(item)
    if isinstance(item, h5py.Group):
        if kind != "struct" or "MATLAB_sparse" in item.attrs:
            return Odd(kind or "group without a class")
        return Odd("struct") if fields is None else _struct_from_hdf5(item, fields)
    if isinstance(item, h5py.Dataset) and kind in ("cell", "struct"):
        _check_inside(item)
        if _is_empty(item):
            return [] if kind == "struct" else np.empty((0, 0), dtype=object)
        if kind == "cell" and _holds_references(item):
            references = item[()].T
            values = [
                _leaf_from_hdf5(item.file[reference])
                for reference in references.ravel(order="F")
            ]
            return make_cell(values, references.shape)
    return _leaf_from_hdf5(item)


def _struct_from_hdf5(group, fields):
    import h5py

    members = {name: _member(group, name) for name in group if name in fields}
    # The fields of a struct array hold references, and no class of their own.
    columns = {
        name: item
        for name, item in members.items()
        if isinstance(item, h5py.Dataset)
        and _holds_references(item)
        and not _matlab_class(item)
    }
    if not columns:
        return [
            {name: _from_hdf5(item, fields[name]) for name, item in members.items()}
        ]
    if len(columns) < len(members) or len({c.size for c in columns.values()}) > 1:
        raise ValueError("the fields of a struct array differ in length")
    for item in columns.values():
        _check_inside(item)
    return [
        {
            name: _from_hdf5(group.file[reference], fields[name])
            for name, reference in zip(columns, row)
        }
        for row in zip(*(item[()].ravel() for item in columns.values()))
    ]


def _leaf_from_hdf5(item):
    import h5py

    kind = _matlab_class(item)
    if not isinstance(item, h5py.Dataset) or kind in ("cell", "struct"):
        return Odd(kind or type(item).__name__)
    _check_inside(item)
    # Of objects there are numbers only, which say where their content is.
    if "MATLAB_object_decode" in item.attrs or kind == "function_handle":
        return Odd(f"{kind} object")
    if item.dtype.kind not in "fiub":
        return Odd(f"{item.dtype.name} array")
    if _is_empty(item):
        return "" if kind == "char" else np.empty((0, 0))
    values = np.asarray(item[()]).T
    if kind != "char":
        return values
    if values.ndim == 2 and len(values) > 1:
        return Odd(f"char array of {len(values)} rows")
    return values.ravel().astype("<u2").tobytes().decode("utf-16-le")


def _matlab_class(item):
    kind = item.attrs.get("MATLAB_class", b"")
    return kind.decode("ascii", "replace") if isinstance(kind, bytes) else str(kind)


def _is_empty(item):
    return bool(item.attrs.get("MATLAB_empty", 0)) or not item.size


def _holds_references(item):
    import h5py

    return h5py.check_ref_dtype(item.dtype) is h5py.Reference


def _check_inside(item):
    if item.external or item.is_virtual:
        raise ValueError(f"the data of {brief(item.name)} lie in another file")
