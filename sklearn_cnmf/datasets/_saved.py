"""Prepared trials in one file of our own."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .._stored import FileSource, in_memory, stamp_of
from .._validation import brief, check_flag
from .._writing import whole_file
from ..trial import Reference, Trial, check_trials
from ._hdf5 import array_shape, inside, open_hdf5

_FORMAT, _VERSION = "sklearn_cnmf trials", 1
_ARRAYS = ("eeg", "mixture", "guide", "guide_weights", "estimate")
_OTHERS = (
    "eeg_sfreq",
    "audio_sfreq",
    "instruments",
    "subject",
    "stimulus",
    "ch_names",
    "guide_sfreq",
    "guide_feature",
    "guide_band",
    "guide_phase",
)
# Bytes of a digest, and of the largest index that is read.
_N_DIGEST = 32
_LONGEST = 2**28


def save_trials(
    path: str | Path,
    trials: list[Trial],
    references: list[Reference] | None = None,
    *,
    overwrite: bool = False,
) -> None:
    """Save trials, and their references, in one HDF5 file.

    An array that several trials share, such as a mixture that many heard, is stored
    once. Trials that are read from other files become independent of them.

    Parameters
    ----------
    path : str or path-like
        File to write, customarily ``.h5``.
    trials : list of Trial
        Trials, prepared or not.
    references : list of Reference, default=None
        The truth of each.
    overwrite : bool, default=False
        Whether an existing file may be replaced, once the new one is complete.

    Raises
    ------
    FileExistsError
        If the file exists and `overwrite` is False.
    OSError
        If the file can't be written; what was there stays as it was.
    ValueError
        If trials or references are not sound (see :func:`~sklearn_cnmf.check_trials`),
        or the feature of a guide is a function, which can't be saved.

    See Also
    --------
    load_trials : Load them again.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn_cnmf import Trial
    >>> from sklearn_cnmf.datasets import load_trials, save_trials
    >>> trial = Trial(np.zeros((2, 64)), 64.0, np.zeros(8000, np.float32), 8000.0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_trials(Path(folder, "trials.h5"), [trial])
    ...     (again,), _ = load_trials(Path(folder, "trials.h5"), lazy=False)
    >>> again
    Trial(subject='', stimulus='', eeg=2 x 64 at 64 Hz, mixture=8000 at 8000 Hz)
    """
    import h5py

    path = Path(path)
    check_flag("overwrite", overwrite)
    if path.exists() and not overwrite:
        raise FileExistsError(17, "file exists; pass overwrite=True", str(path))
    check_trials(trials, references)
    for index, trial in enumerate(trials):
        if callable(trial.guide_feature):
            raise ValueError(
                f"trials[{index}]: guide_feature is a function, which can't be saved; "
                "the name of a feature is expected"
            )
    with whole_file(path) as unfinished, h5py.File(unfinished, "w") as file:
        index = [_store(file, trial) for trial in trials]
        for entry, reference in zip(index, references or ()):
            entry["attended"] = int(reference.attended)
            entry["sources"] = _store_array(file, reference.sources)
        head = {"format": _FORMAT, "version": _VERSION, "trials": index}
        content = json.dumps(head, default=float).encode()
        content = hashlib.sha256(content).digest() + content
        # No text of HDF5: a damaged one ends the interpreter as it is read.
        file.create_dataset("index", data=np.frombuffer(content, np.uint8))


def load_trials(
    path: str | Path, *, lazy: bool = True
) -> tuple[list[Trial], list[Reference] | None]:
    """Load what :func:`save_trials` saved.

    Parameters
    ----------
    path : str or path-like
        The file.
    lazy : bool, default=True
        Whether EEG, mixtures and sources stay in the file until they are used, and
        trials go to workers as its name. Such trials need the file as it is.

    Returns
    -------
    trials : list of Trial
        As they were saved, to the bit.
    references : list of Reference or None
        None where none were saved.

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If it is no such file, of a later version, or damaged.
    """
    path = Path(path).absolute()
    with open_hdf5(path) as file:
        entries = _read_index(file, path)
        stamp = stamp_of(path)
        trials, references = [], []
        for number, entry in enumerate(entries):
            try:
                trial, reference = _load(file, stamp, entry)
            except (KeyError, TypeError, AttributeError) as error:
                raise ValueError(
                    f"{path}: damaged: the index of trial {number} lacks or misstates "
                    f"something ({type(error).__name__}: {error})"
                ) from error
            trials.append(trial)
            references.append(reference)
    has_references = all(reference is not None for reference in references)
    references = references if has_references else None
    if not lazy:
        trials = [in_memory(trial) for trial in trials]
        references = references and [in_memory(one) for one in references]
    return trials, references


@dataclass(frozen=True)
class _SavedArrays(FileSource):
    """Arrays of a trial, or sources of a reference, in a file."""

    # (field, name of its array, its shape) of each.
    arrays: tuple[tuple[str, str, tuple[int, ...]], ...]

    def read_field(self, field: str) -> np.ndarray:
        """Read one array."""
        name = next(name for own, name, _ in self.arrays if own == field)
        with open_hdf5(self.stamps[0][0]) as file:
            return _read(file, name)

    def shape(self, field: str) -> tuple[int, ...]:
        """Shape of an array."""
        return next(shape for own, _, shape in self.arrays if own == field)


def _store(file, trial):
    entry = {name: getattr(trial, name) for name in _OTHERS}
    for name in _ARRAYS:
        array = getattr(trial, name)
        entry[name] = None if array is None else _store_array(file, array)
    return entry


def _store_array(file, array):
    array = np.ascontiguousarray(array)
    name = _digest(array)
    if f"arrays/{name}" not in file:
        file.create_dataset(f"arrays/{name}", data=array)
    return name


def _digest(array):
    """Name an array by what it holds."""
    digest = hashlib.sha256(f"{array.shape} {array.dtype.str}".encode())
    digest.update(array.data if array.size else b"")
    return digest.hexdigest()


def _read_index(file, path):
    complaint = f"{path}: not a file of trials that sklearn_cnmf saved"
    if "index" not in file:
        raise ValueError(complaint)
    dataset = inside(file, "index")
    shape = array_shape(dataset)
    if len(shape) != 1 or shape[0] > _LONGEST or dataset.dtype != np.uint8:
        raise ValueError(complaint)
    content = dataset[()].tobytes()
    digest, content = content[:_N_DIGEST], content[_N_DIGEST:]
    if digest != hashlib.sha256(content).digest():
        raise ValueError(f"{complaint}, or its index is damaged")
    try:
        head = json.loads(content)
    except ValueError as error:
        raise ValueError(f"{complaint} ({error})") from error
    if not isinstance(head, dict) or head.get("format") != _FORMAT:
        raise ValueError(complaint)
    if head.get("version") != _VERSION:
        raise ValueError(
            f"{path}: version {brief(head.get('version'))} of the format; this release "
            f"reads version {_VERSION}"
        )
    if not isinstance(head.get("trials"), list) or not head["trials"]:
        raise ValueError(f"{path}: damaged: it lists no trials")
    return head["trials"]


def _load(file, stamp, entry):
    entry = {"guide_phase": "zero", **entry}  # what the first files did not say
    values = {name: entry[name] for name in _OTHERS}
    if values["guide_band"] is not None:
        values["guide_band"] = tuple(values["guide_band"])
    for name in ("guide", "guide_weights", "estimate"):
        stored = entry[name]
        values[name] = None
        if stored is not None:
            values[name] = _read(file, stored)
    source = _source(file, stamp, {name: entry[name] for name in _ARRAYS[:2]})
    trial = Trial(eeg=None, mixture=None, source=source, **values)
    if "sources" not in entry:
        return trial, None
    source = _source(file, stamp, {"sources": entry["sources"]})
    return trial, Reference(None, entry["attended"], source)


def _read(file, name):
    """Read an array as it was, once it is known to be one of numbers."""
    dataset = inside(file, f"arrays/{name}")
    array_shape(dataset)
    array = dataset[()]
    if _digest(array) != name:
        raise ValueError(f"{file.filename}: {dataset.name}: the array is damaged")
    return array


def _source(file, stamp, names):
    arrays = [
        (field, name, array_shape(inside(file, f"arrays/{name}")))
        for field, name in names.items()
    ]
    return _SavedArrays((stamp,), tuple(arrays))
