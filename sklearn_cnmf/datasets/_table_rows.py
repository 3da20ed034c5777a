"""Rows of a table of trials, taken apart and checked."""

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._validation import brief, check_number, cut, said_by
from ._readable import readable

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = (
    *("eeg", "onset", "duration", "mixture", "sources", "instruments", "attended"),
    *("subject", "stimulus"),
)


class Row(NamedTuple):
    """A row of the table, its cells as they are needed."""

    where: str
    recording: Any
    onset: Any
    duration: float | None
    mixture: str | None
    sources: tuple[str, ...]
    instruments: tuple[str, ...] | None
    attended: str | None
    subject: str
    stimulus: str


def read_table(
    table: "pd.DataFrame | str | Path", folder: str | Path | None
) -> tuple["pd.DataFrame", Path]:
    """Read a table; tell what its names of files are relative to."""
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        frame, own = table, Path()
    else:
        if not isinstance(table, (str, PathLike)):
            raise ValueError(
                "table: expected a DataFrame or the path of a table, got "
                f"{type(table).__name__}"
            )
        path = Path(table)
        if not path.exists():
            raise FileNotFoundError(2, "no such table", str(path))
        separator = "\t" if path.suffix.lower() in (".tsv", ".tab") else ","
        with readable(path, "can't be read as a table"):
            frame = pd.read_csv(path, sep=separator, dtype={"subject": str})
        own = path.parent
    if len(frame) == 0:
        raise ValueError("table: has no rows")
    repeated = frame.columns[frame.columns.duplicated()]
    if len(repeated):
        raise ValueError(
            f"table: the column {brief(repeated[0])} occurs more than once"
        )
    return frame, own if folder is None else Path(folder)


def read_row(
    frame: "pd.DataFrame", index: int, folder: Path, needed: Sequence[str]
) -> Row:
    """Take one row apart, and refuse what is not as described."""
    import pandas as pd

    where = f"table: row {frame.index[index]}"
    cells: dict[str, Any] = {}
    for name in _COLUMNS:
        value: Any = frame[name].iloc[index] if name in frame.columns else None
        empty = np.ndim(value) == 0 and (pd.isna(value) or value == "")
        cells[name] = None if empty else value
    for name in needed:
        if name not in frame.columns:
            known = cut(", ".join(map(str, frame.columns)))
            raise ValueError(f"table: lacks the column {name!r}; there are {known}")
        if cells[name] is None:
            raise ValueError(f"{where}: {name} is empty")
    if cells["mixture"] is None and cells["sources"] is None:
        if not {"mixture", "sources"} & set(frame.columns):
            raise ValueError(
                "table: lacks the columns 'mixture' and 'sources', one of which is "
                f"needed; there are {cut(', '.join(map(str, frame.columns)))}"
            )
        raise ValueError(f"{where}: mixture and sources are both empty")
    sources = _names(cells["sources"], f"{where}: sources")
    paths = tuple(file_in(name, folder, f"{where}: sources") for name in sources or ())
    mixture = cells["mixture"]
    if mixture is not None:
        mixture = file_in(mixture, folder, f"{where}: mixture")
    instruments = _names(cells["instruments"], f"{where}: instruments")
    if instruments is None and paths:
        instruments = tuple(Path(path).stem for path in paths)
    if paths and len(instruments) != len(paths):
        raise ValueError(
            f"{where}: {len(instruments)} instruments for {len(paths)} sources"
        )
    attended = cells["attended"]
    known = instruments is not None
    if known and attended is not None and attended not in instruments:
        raise ValueError(
            f"{where}: attended: {brief(attended)} is not among the instruments "
            f"{brief(list(instruments))}"
        )
    duration = cells["duration"]
    if duration is not None:
        check_number(f"{where}: duration", duration, above=0)
    played = [mixture] if mixture is not None else paths
    stimulus = cells["stimulus"]
    if stimulus is None:
        stimulus = ";".join(Path(path).stem for path in played)
    recording = cells["eeg"]
    if recording is not None and "eeg" in needed:
        recording = file_in(recording, folder, f"{where}: eeg")
    return Row(
        where,
        recording,
        cells["onset"],
        duration,
        mixture,
        paths,
        instruments,
        attended,
        "" if cells["subject"] is None else str(cells["subject"]),
        str(stimulus),
    )


def _names(cell, what):
    """Names in a cell, separated by semicolons, or in a list."""
    if cell is None:
        return None
    if isinstance(cell, str):
        cell = cell.split(";")
    if not isinstance(cell, (list, tuple, np.ndarray)):
        raise ValueError(f"{what}: expected names with semicolons, got {brief(cell)}")
    names = tuple(str(name).strip() for name in cell)
    if not all(names) or len(set(names)) < len(names):
        raise ValueError(f"{what}: expected different names, got {brief(list(names))}")
    return names


def file_in(name: Any, folder: Path, what: str) -> str:
    """Return the path of a file that there is."""
    path = folder / str(name)
    try:
        found = path.is_file()
    except OSError as error:  # such as a name that is too long
        raise ValueError(f"{what}: no name of a file ({said_by(error)})") from error
    if not found:
        raise FileNotFoundError(2, f"{what}: no such file", str(path))
    return str(path.absolute())
