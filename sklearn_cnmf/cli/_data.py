"""The command ``data``: what recordings hold, and what is wrong with them."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import trial_name
from .._words import number_of
from ..datasets import load_madeeg, load_trials, trials_from_bids, trials_from_table
from ..datasets._madeeg_files import Files
from ..evaluation import audit_separability
from ..trial import Reference, Trial, check_trials
from ._arguments import path
from ._printing import one_line

# Problems of one kind that are printed.
_MOST = 10


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser(
        "data",
        help="tell what recordings hold: trials, rates, problems, separability",
        description="Tell what recordings hold: subjects, trials, durations, rates, "
        "what is wrong with them, and how well attention could be decoded at most, by "
        "how alike the sources are. Nothing is written.",
    )
    parser.add_argument(
        "data",
        type=path,
        metavar="PATH",
        help="a folder of MAD-EEG or BIDS, a table of trials (CSV or TSV, as "
        "trials_from_table has it), or a file that save_trials wrote",
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="only list trials; read neither EEG nor audio of those that stay on disk",
    )
    parser.add_argument(
        "--fit-gains",
        action="store_true",
        help="of a table: find how loud each source is in the mixture",
    )
    parser.set_defaults(run=_run)


def _run(arguments):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", UserWarning)
        kind, trials, references = load(arguments.data, fit_gains=arguments.fit_gains)
    said = [one_line(str(warning.message)) for warning in caught]
    lines = [f"{kind}: {arguments.data}", *describe(trials, references)]
    if arguments.quick:
        return "\n".join([*lines, *_problems(said, " by names and lengths alone")])
    problems, sound = check(trials, references)
    lines += _problems([*said, *problems])
    return "\n".join(lines + _separability(trials, references, sound))


def load(
    data: str, *, fit_gains: bool = False
) -> tuple[str, list[Trial], list[Reference] | None]:
    """Load recordings of any kind that the package knows.

    Parameters
    ----------
    data : str
        Path of a folder or file.
    fit_gains : bool, default=False
        As in :func:`~sklearn_cnmf.datasets.trials_from_table`.

    Returns
    -------
    kind : str
        What it is.
    trials : list of Trial
    references : list of Reference or None
    """
    found = Path(data)
    if not found.exists():
        raise FileNotFoundError(2, "no such file or folder", data)
    if found.suffix.lower() in (".csv", ".tsv", ".tab"):
        trials, references, _ = trials_from_table(found, fit_gains=fit_gains)
        return "Table of trials", trials, references
    if fit_gains:
        raise ValueError("--fit-gains: is meant for a table of trials")
    if found.is_file():
        return "Saved trials", *load_trials(found)
    if (found / "dataset_description.json").exists():
        trials, references, _ = trials_from_bids(found)
        return "BIDS", trials, references
    return "MAD-EEG", *_whole_madeeg(found)


def _whole_madeeg(folder):
    """All that a folder of MAD-EEG holds: prepared duos and trios, and raw solos."""
    raw = Files(folder).has("madeeg_raw.hdf5", "raw")
    trials, references, _ = load_madeeg(
        folder, ensembles=("duo", "trio"), include_solos=raw
    )
    return trials, references


def describe(trials: list[Trial], references: list[Reference] | None) -> list[str]:
    """Tell in lines what trials are, without reading their arrays."""
    subjects = sorted({trial.subject for trial in trials})
    stimuli = {trial.stimulus for trial in trials}
    n_subjects = number_of(len(subjects), "subject")
    n_stimuli = number_of(len(stimuli), "stimulus", "stimuli")
    named = ", ".join(subjects) if any(subjects) else "without names"
    seconds = np.array([t.shape_of("mixture")[-1] / t.audio_sfreq for t in trials])
    rates = sorted({trial.audio_sfreq for trial in trials})
    eeg = sorted({(t.shape_of("eeg")[0], t.eeg_sfreq) for t in trials})
    channels = {_channels(trial.shape_of("mixture")) for trial in trials}
    lines = [
        f"Trials: {len(trials)} of {n_subjects} ({named}), {n_stimuli}",
        f"Duration: {seconds.mean():.1f} s in the mean ({seconds.min():.1f} to "
        f"{seconds.max():.1f} s), {seconds.sum() / 60:.1f} min in all",
        f"EEG: {'; '.join(f'{n} channels at {rate:g} Hz' for n, rate in eeg)}",
        f"Audio: {' and '.join(sorted(channels))} at "
        f"{', '.join(f'{rate:g}' for rate in rates)} Hz",
    ]
    counts: dict[int, dict[str, Any]] = {}
    for index, trial in enumerate(trials):
        n_sources = 0 if trial.instruments is None else len(trial.instruments)
        row = counts.setdefault(n_sources, {"n": 0, "attended": {}})
        row["n"] += 1
        if references is not None and n_sources:
            name = trial.instruments[references[index].attended]
            row["attended"][name] = row["attended"].get(name, 0) + 1
    for n_sources, row in sorted(counts.items()):
        attended = ", ".join(f"{k} {v}" for k, v in sorted(row["attended"].items()))
        what = number_of(n_sources, "source")
        what = what if n_sources else "without names of sources"
        lines.append(
            f"  {what}: {number_of(row['n'], 'trial')}"
            + (f"; attended: {attended}" if attended else "")
        )
    if references is None:
        lines.append("References: none, so that nothing can be trained or scored")
    return lines


def _channels(shape):
    return "mono" if len(shape) == 1 else f"{shape[0]} channels"


def check(
    trials: list[Trial], references: list[Reference] | None
) -> tuple[list[str], list[int]]:
    """Read every trial and tell what is wrong; return those that are sound."""
    problems, sound = [], []
    for index, trial in enumerate(trials):
        where = trial_name(index, trial)
        reference = None if references is None else [references[index]]
        try:
            check_trials([trial], reference)
        except ValueError as error:
            problems.append(one_line(str(error).replace("trials[0]", where, 1)))
            continue
        sound.append(index)
        still = np.flatnonzero(np.ptp(trial.eeg, axis=1) == 0)
        if len(still):
            names = trial.ch_names or range(len(trial.eeg))
            said = ", ".join(str(names[channel]) for channel in still)
            problems.append(f"{where}: constant EEG channels: {said}")
        peak = float(np.abs(trial.mixture).max())
        clipped = np.mean(np.abs(trial.mixture) >= 0.999 * peak) if peak else 0.0
        if peak == 0:
            problems.append(f"{where}: the mixture is silent")
        elif clipped > 1e-3:
            problems.append(f"{where}: {100 * clipped:.1f} % of the mixture is clipped")
    return problems, sound


def _problems(problems, how=""):
    if not problems:
        return [f"Problems: none found{how}"]
    shown = [f"  {problem}" for problem in problems[:_MOST]]
    more = len(problems) - len(shown)
    if more:
        shown.append(f"  and {more} more")
    return [f"Problems: {len(problems)}", *shown]


def _separability(trials, references, sound):
    """Audit each mixture once for each attended source, whoever listened."""
    if references is None:
        return []
    chosen = {}
    for index in sound:
        trial, reference = trials[index], references[index]
        if trial.instruments is not None and len(trial.instruments) > 1:
            key = trial.stimulus or index, trial.instruments, reference.attended
            chosen.setdefault(key, index)
    if not chosen:
        return []
    audit = audit_separability(
        [trials[i] for i in chosen.values()],
        [references[i] for i in chosen.values()],
        random_state=0,
    )
    return [
        "How alike sources are, of each mixture and attended source once, by the audio "
        "alone:",
        *str(audit).splitlines(),
    ]
