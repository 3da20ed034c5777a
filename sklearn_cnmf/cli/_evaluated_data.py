"""Recordings of any kind for the command ``evaluate``."""

from pathlib import Path
from typing import Any, NamedTuple

from .._typing import MaybeNone
from ..datasets import (
    load_example_stems,
    load_madeeg,
    load_trials,
    save_trials,
    simulate_trials,
    trials_from_bids,
    trials_from_table,
)
from ..trial import Reference, Trial

KINDS = ("simulated", "madeeg", "bids", "trials", "table")
_N_SIMULATED = 3
# Of a table of MAD-EEG or of simulated pieces.
_CONDITIONS = ("ensemble", "genre", "spatial", "same_rhythm")


class Data(NamedTuple):
    """Trials, and what is known of them."""

    trials: list[Trial]
    references: list[Reference]
    conditions: dict[str, list] | None
    notes: list[str]
    settings: dict[str, Any]


def load(
    kind: str,
    source: str | MaybeNone,
    *,
    n_subjects: int | None,
    seed: int,
    snr_db: float,
    on_disk: Path,
) -> Data:
    """Load recordings, or simulate them.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    source : str or None
        Folder or file; None of simulated ones.
    n_subjects : int or None
        How many subjects to keep.
    seed : int
        Of the simulation.
    snr_db : float
        Of the simulation.
    on_disk : Path
        File to keep simulated trials in, so that workers read their own.

    Returns
    -------
    data : Data
    """
    if kind == "simulated":
        return _simulated(n_subjects or _N_SIMULATED, seed, snr_db, on_disk)
    if not Path(source).exists():
        raise FileNotFoundError(2, "no such file or folder", source)
    table = None
    if kind == "madeeg":
        trials, references, table = load_madeeg(source, ensembles=("duo", "trio"))
    elif kind == "bids":
        trials, references, table = trials_from_bids(source)
    elif kind == "table":
        trials, references, table = trials_from_table(source, fit_gains=True)
    else:
        trials, references = load_trials(source)
    if references is None:
        raise ValueError(
            f"--data: {source} has no references, so nothing can be scored"
        )
    conditions = {}
    if table is not None:
        conditions = {n: list(table[n]) for n in _CONDITIONS if n in table}
    data = Data(trials, references, conditions or None, [], {})
    return data if n_subjects is None else _first(data, n_subjects)


def _first(data, n_subjects):
    subjects = list(dict.fromkeys(trial.subject for trial in data.trials))
    if n_subjects > len(subjects):
        raise ValueError(
            f"--subjects: {n_subjects} are asked for, but the data hold {len(subjects)}"
        )
    kept = set(subjects[:n_subjects])
    own = [i for i, trial in enumerate(data.trials) if trial.subject in kept]
    conditions = data.conditions and {
        name: [values[i] for i in own] for name, values in data.conditions.items()
    }
    return data._replace(
        trials=[data.trials[i] for i in own],
        references=[data.references[i] for i in own],
        conditions=conditions,
    )


def _simulated(n_subjects, seed, snr_db, on_disk):
    pieces = load_example_stems(ensemble="duo")
    trials, references = simulate_trials(
        pieces, n_subjects=n_subjects, snr_db=snr_db, random_state=seed
    )
    save_trials(on_disk, trials, references)
    trials, references = load_trials(on_disk)
    of_name = {piece.name: piece for piece in pieces}
    played = [of_name[trial.stimulus] for trial in trials]
    conditions = {
        "genre": [piece.genre for piece in played],
        "same_rhythm": [piece.same_rhythm for piece in played],
    }
    notes = [
        f"The EEG is SIMULATED ({n_subjects} listeners, {snr_db:g} dB, seed {seed}). "
        "These figures say how",
        "the method works on simulated listeners, not on recordings.",
        "",
    ]
    settings = {"simulated": {"n_subjects": n_subjects, "snr_db": snr_db}}
    return Data(trials, references, conditions, notes, settings)
