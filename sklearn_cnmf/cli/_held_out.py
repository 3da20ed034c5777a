"""What is written of one trial that was held out."""

import re
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.pipeline import Pipeline

from .._writing import write_wav
from ..evaluation import evaluate_trial
from ..reporting import separation_figure
from ..separation import MisfitWarning
from ..trial import Reference, Trial
from ._printing import one_line

# Of a stimulus in the name of a folder (characters).
_LONGEST = 60


def folder_name(trial: Trial, reference: Reference) -> str:
    """Name a folder by listener, stimulus and attended instrument."""
    attended = trial.instruments[reference.attended]
    parts = (trial.subject, trial.stimulus[:_LONGEST], attended)
    return re.sub(r"[^\w.-]+", "-", "_".join(part for part in parts if part))


def finish_trial(
    model: Pipeline,
    trial: Trial,
    reference: Reference,
    folder: Path,
    *,
    kind: str = "SIMULATED EEG",
) -> tuple[dict, int, list[str]]:
    """Separate a trial, score it, and write its audio and its figure.

    Parameters
    ----------
    model : Pipeline
        Fitted decoder and separator.
    trial, reference : Trial, Reference
        The trial and its truth, which serves for the scores and the figure alone.
    folder : Path
        To make.
    kind : str
        Of the EEG, for the figure.

    Returns
    -------
    row : dict
        Of :func:`~sklearn_cnmf.evaluation.evaluate_trial`, and the name of the
        `folder`.
    n_unfinished : int
        How many factorisations were cut short.
    messages : list of str
        Other warnings.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        decoded, separation, truth, row = evaluate_trial(model, trial, reference)
    unfinished = [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    told = [w for w in caught if issubclass(w.category, MisfitWarning)]
    row["folder"] = folder.name
    folder.mkdir()
    estimate = np.stack([separation.attended, trial.mixture - separation.attended])
    tracks = {
        "mixture": trial.mixture,
        "attended": estimate[0],
        "rest": estimate[1],
        "reference": reference.sources[reference.attended],
    }
    for name, audio in tracks.items():
        write_wav(folder / f"{name}.wav", audio, trial.audio_sfreq)
    done = replace(decoded, estimate=estimate)
    _draw(done, truth, row, separation, kind).savefig(folder / "figure.png", dpi=110)
    messages = [str(w.message) for w in caught if w not in unfinished + told]
    return row, len(unfinished), messages


def write_eeg(path: Path, trial: Trial) -> None:
    """Write the EEG of a trial as a FIF file, in double precision.

    Parameters
    ----------
    path : Path
        Its name ends in ``raw.fif``, as MNE wishes.
    trial : Trial
        EEG in volts, with names of channels.

    Raises
    ------
    OSError
        If it can't be written, such as on a full disk.
    """
    import mne

    info = mne.create_info(list(trial.ch_names), trial.eeg_sfreq, "eeg")
    raw = mne.io.RawArray(trial.eeg, info, verbose="error")
    try:
        raw.save(path, fmt="double", verbose="error")
    except OSError:
        raise
    except Exception as error:  # MNE does not say what it raises on a full disk
        raise OSError(f"{path}: can't be written ({one_line(error)})") from error


def _draw(trial, truth, row, separation, kind):
    verdict = "right"
    if row["chosen"] != row["attended"]:
        verdict = f"wrong: {row['attended']} was attended"
    title = (
        f"{row['subject']} ({kind}) attends to the {row['attended']} in "
        f"{row['stimulus']}"
    )
    scores = f"SI-SDR {row['si_sdr_db']:.1f} dB, gain {row['si_sdr_gain_db']:+.1f} dB"
    r = f"Pearson r = {row['guide_r']:.2f}"
    scores = f"chosen: {row['chosen']} ({verdict})     {scores}"
    notes = (" + ".join(trial.instruments), *map(_with_minus, (r, scores)))
    return separation_figure(
        trial, truth=truth, title=title, notes=notes, separation=separation
    )


def _with_minus(text):
    """Replace hyphens before digits by signs of minus."""
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", text)
