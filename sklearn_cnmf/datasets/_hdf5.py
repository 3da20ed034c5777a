"""HDF5 files of others: nothing outside the file, any kind of float."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import brief

# Bytes of the largest array that is read; a crafted file may claim any size.
_LARGEST = 2**32
# Soft links that are followed one after another.
_DEEPEST = 16


@contextmanager
def open_hdf5(path: str | Path) -> Iterator[Any]:
    """Open an HDF5 file to read, as a context manager.

    Parameters
    ----------
    path : str or path-like
        The file.

    Yields
    ------
    file : h5py.File

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If it is no HDF5, or damaged: whatever is raised inside for that reason says so,
        with the size of the file.
    """
    import h5py

    if not Path(path).exists():
        raise FileNotFoundError(2, "no such file", str(path))
    try:
        with h5py.File(path, "r") as file:
            yield file
    except FileNotFoundError:
        raise
    except (OSError, RuntimeError, KeyError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(
            f"{path}: damaged or incomplete HDF5 file of "
            f"{Path(path).stat().st_size / 1e6:.1f} MB ({said}); it may have to be "
            "downloaded again"
        ) from error


def inside(group: Any, name: str) -> Any:
    """Follow a path within a file, and refuse links that leave it.

    Parameters
    ----------
    group : h5py.Group
        Where the path begins.
    name : str
        The path, with slashes.

    Returns
    -------
    object : h5py.Group or h5py.Dataset

    Raises
    ------
    ValueError
        If there is no such object, or it lies outside the file.
    """
    return _inside(group, name, 0)


def _inside(group, name, depth):
    import h5py

    where = f"{group.file.filename}: {group.name.rstrip('/')}/{name.strip('/')}"
    if depth > _DEEPEST:
        raise ValueError(f"{where}: links lead in a circle")
    found = group.file if name.startswith("/") else group
    for part in name.strip("/").split("/"):
        link = None
        if isinstance(found, h5py.Group):
            link = found.get(part, getlink=True)
        if link is None:
            raise ValueError(f"{where}: not found")
        if isinstance(link, h5py.ExternalLink):
            raise ValueError(
                f"{where}: is a link to another file, {brief(link.filename)}"
            )
        if isinstance(link, h5py.SoftLink):
            found = _inside(found, link.path, depth + 1)
        else:
            found = found[part]
    return found


def array_shape(dataset: Any) -> tuple[int, ...]:
    """Shape of a dataset of numbers; refuse what is not one, or lies elsewhere."""
    import h5py

    where = f"{dataset.file.filename}: {dataset.name}"
    if not isinstance(dataset, h5py.Dataset):
        raise ValueError(f"{where}: expected an array, found a group")
    kinds = (h5py.h5t.FLOAT, h5py.h5t.INTEGER)
    if dataset.id.get_type().get_class() not in kinds:
        raise ValueError(f"{where}: expected an array of real numbers")
    creation = dataset.id.get_create_plist()
    virtual = creation.get_layout() == h5py.h5d.VIRTUAL
    if virtual or creation.get_external_count():
        raise ValueError(f"{where}: its data lie in another file")
    shape = tuple(dataset.shape or ())
    if np.prod(shape, dtype=np.float64) * 8 > _LARGEST:
        raise ValueError(
            f"{where}: has shape {shape}; at most {_LARGEST // 8} numbers are read"
        )
    return shape


def read_array(dataset: Any, columns: slice = slice(None)) -> np.ndarray:
    """Read a dataset of numbers, or some of its last axis.

    Parameters
    ----------
    dataset : h5py.Dataset
        Its numbers may be of any kind, also of one that h5py knows no dtype for.
    columns : slice, default=slice(None)
        What to read of the last axis.

    Returns
    -------
    array : ndarray
        float32, integers and float64 as they are, in the machine's byte order; all
        other floats as float64.
    """
    import h5py

    shape = array_shape(dataset)
    try:
        dtype = dataset.dtype.newbyteorder("=")
    except (TypeError, ValueError):
        # Insufficient precision of a long double.
        dtype = np.dtype(np.float64)
    if dtype.kind == "f" and dtype.itemsize != 4:
        dtype = np.dtype(np.float64)
    if not shape:
        found, selected = np.empty((), dtype), h5py.h5s.ALL
    else:
        first, last, _ = columns.indices(shape[-1])
        count = (*shape[:-1], max(last - first, 0))
        found = np.empty(count, dtype)
        if not found.size:
            return found
        selected = dataset.id.get_space()
        selected.select_hyperslab((0,) * (len(shape) - 1) + (first,), count)
    whole = h5py.h5s.ALL if not shape else h5py.h5s.create_simple(found.shape)
    dataset.id.read(whole, selected, found, mtype=h5py.h5t.py_create(dtype))
    return found
