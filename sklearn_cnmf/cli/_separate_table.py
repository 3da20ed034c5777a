"""The command ``separate`` for a table of trials."""

from pathlib import Path

import numpy as np

from ..datasets import trials_from_table
from ..metrics import si_sdr
from ..model_io import read_model_info
from ._separation import load_pipeline, separate_trial, write_found


def separate_table(folder: Path, model: str, table: str, *, figure: bool) -> list[str]:
    """Separate each trial of a table, and write a folder of each.

    Parameters
    ----------
    folder : Path
        An empty folder to write into.
    model, table : str
        Files to read.
    figure : bool
        Whether to draw.

    Returns
    -------
    lines : list of str
        What was found, for the user to read.

    Raises
    ------
    ValueError
        If a file, or what it holds, does not fit the model; nothing is left then.
    """
    import pandas as pd

    decoder, separator = load_pipeline(model)
    info = read_model_info(model)
    trials, references, report = trials_from_table(
        table,
        audio_sfreq=float(separator.audio_sfreq_),
        ch_names=tuple(decoder.feature_names_in_),
        fit_gains=True,
    )
    rows = []
    for index, trial in enumerate(trials):
        found = separate_trial(trial, decoder, separator)
        name = f"{index:04d}"
        (folder / name).mkdir()
        write_found(folder / name, found, info, report["onset_s"][index], figure=figure)
        row = {
            "folder": name,
            "subject": trial.subject,
            "stimulus": trial.stimulus,
            "chosen": found.chosen,
            "p_chosen": max(found.probabilities.values(), default=np.nan),
        }
        if references is not None:
            row |= _scores(trial, references[index], found)
        rows.append(row)
    results = pd.DataFrame(rows)
    results.to_csv(folder / "results.csv", index=False)
    return [f"Model: {info['description'] or 'no description'}", *_summary(results)]


def _scores(trial, reference, found):
    """How well it went, by the truth; NaN where the attended source is silent."""
    source, gain = reference.sources[reference.attended], np.nan
    if source.any():
        estimate, mixture = found.trial.estimate[0], trial.mixture
        gain = si_sdr(source, estimate) - si_sdr(source, mixture)
    attended = trial.instruments[reference.attended]
    return {
        "attended": attended,
        "right": found.chosen == attended,
        "si_sdr_gain_db": gain,
    }


def _summary(results):
    lines = [f"Trials: {len(results)}, listed in results.csv"]
    if "right" in results:
        gains = results["si_sdr_gain_db"]
        lines += [
            f"Attended instrument chosen right: {results['right'].sum()} of "
            f"{len(results)}",
            f"Gain in SI-SDR over the mixture: mean {gains.mean():+.1f} dB, median "
            f"{gains.median():+.1f} dB, n = {gains.count()}",
        ]
    return lines
