"""Trials from the Brain Imaging Data Structure."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._validation import cut
from ..trial import Reference, Trial
from ._readable import readable
from ._tables import trials_from_table

if TYPE_CHECKING:
    import pandas as pd

# Files of EEG that BIDS allows, without what lies beside them.
_EXTENSIONS = [".vhdr", ".edf", ".bdf", ".set"]
_COLUMNS = ("sources", "instruments", "attended", "stimulus")


def trials_from_bids(
    root: str | Path,
    *,
    subjects: Sequence[str] | None = None,
    tasks: Sequence[str] | None = None,
    trial_types: Sequence[str] | None = None,
    describe: Callable[["pd.Series"], Mapping[str, Any]] | None = None,
    **options: Any,
) -> tuple[list[Trial], list[Reference] | None, "pd.DataFrame"]:
    """Make trials of the EEG of a BIDS folder.

    An event with a ``stim_file`` is a trial: the file, under ``stimuli/``, is the
    mixture, ``onset`` says when it began, and ``duration`` how much of it counts, if it
    is positive. Channels are those of type EEG that no recording marks as bad.

    Parameters
    ----------
    root : str or path-like
        The folder.
    subjects, tasks : sequence of str, default=None
        Labels, such as ``["01"]``; all if None.
    trial_types : sequence of str, default=None
        Which events to take, by their ``trial_type``; all with a stimulus if None.
    describe : callable, default=None
        Called with each event (a row of its file, with its ``subject``), returns
        what the event does not say, in columns as :func:`trials_from_table` has them:
        ``sources`` under ``stimuli/``, ``instruments``, ``attended``, ``stimulus``,
        also ``mixture``. Events may have such columns themselves.
    **options
        Parameters of :func:`trials_from_table`, such as `audio_sfreq`.

    Returns
    -------
    trials, references, report :
        As from :func:`trials_from_table`.

    Raises
    ------
    ImportError
        If mne-bids is not installed (``pip install 'mne-bids>=0.15'``).
    OSError
        If the folder or a file does not exist.
    ValueError
        If there is no such recording or no event with a stimulus, or a trial is not
        sound.
    """
    try:
        import mne_bids
    except ImportError as error:
        raise ImportError(
            "trials_from_bids needs mne-bids: pip install 'mne-bids>=0.15'"
        ) from error
    root = Path(root)
    if not root.is_dir():
        raise FileNotFoundError(2, "no such folder", str(root))
    paths = mne_bids.find_matching_paths(
        root,
        subjects=subjects,
        tasks=tasks,
        datatypes="eeg",
        suffixes="eeg",
        extensions=_EXTENSIONS,
    )
    if not paths:
        raise ValueError(
            f"{root}: holds no EEG of subjects={subjects}, tasks={tasks}; it has the "
            f"subjects {mne_bids.get_entity_vals(root, 'subject')}"
        )
    rows, names = [], []
    for path in paths:
        rows += _events(path, trial_types, describe)
        names.append(_channels(path))
    if not rows:
        raise ValueError(
            f"{root}: no event of {len(paths)} recordings has a stim_file and one of "
            f"trial_types={trial_types}"
        )
    common = [name for name in names[0] if all(name in other for other in names)]
    return trials_from_table(
        _table(rows), folder=root / "stimuli", **{"ch_names": common, **options}
    )


def _table(rows):
    import pandas as pd

    return pd.DataFrame(rows)


def _channels(path):
    """Names of the EEG channels of a recording that are not marked bad."""
    import mne
    import mne_bids

    with readable(path.fpath, "MNE-BIDS can't read it"):
        raw = mne_bids.read_raw_bids(path, verbose="error")
    return [raw.ch_names[pick] for pick in mne.pick_types(raw.info, eeg=True)]


def _events(path, trial_types, describe):
    """Rows of a table of trials, one for each event with a stimulus."""
    import pandas as pd

    file = path.copy().update(suffix="events", extension=".tsv").fpath
    if not file.exists():
        raise FileNotFoundError(2, "no events beside the recording", str(file))
    with readable(file, "can't be read as a table"):
        events = pd.read_csv(file, sep="\t", na_values="n/a")
    wanted = pd.Series(True, index=events.index)
    for column in ("onset", "stim_file"):
        if column not in events.columns:
            raise ValueError(
                f"{file}: lacks the column {column!r}; there are "
                f"{cut(', '.join(map(str, events.columns)))}"
            )
        wanted &= events[column].notna()
    if trial_types is not None:
        if "trial_type" not in events.columns:
            raise ValueError(f"{file}: lacks the column 'trial_type'")
        wanted &= events["trial_type"].isin(trial_types)
    rows = []
    for _, event in events[wanted].iterrows():
        row = {
            "eeg": str(path.fpath.absolute()),
            "onset": float(event["onset"]),
            "duration": event["duration"] if event.get("duration", 0) > 0 else None,
            "mixture": event["stim_file"],
            "subject": path.subject,
            **{name: event[name] for name in _COLUMNS if name in events.columns},
        }
        if describe is not None:
            row.update(
                describe(pd.concat([event, pd.Series({"subject": path.subject})]))
            )
        rows.append(row)
    return rows
