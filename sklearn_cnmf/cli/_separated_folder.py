"""What a folder holds that ``demo``, ``separate`` or ``evaluate`` has written."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..reporting import ListeningTrial
from ..reporting._axes import BLUE, GREY, ORANGE
from ._printing import one_line

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

# Columns of the table of trials that are shown, and their heads.
_COLUMNS = {
    "subject": "subject",
    "stimulus": "stimulus",
    "attended": "attended",
    "chosen": "chosen",
    "right": "right",
    "p_chosen": "p of chosen",
    "guide_r": "r of guide",
    "si_sdr_gain_db": "SI-SDR gain (dB)",
    "hard_si_sdr_gain_db": "hard choice (dB)",
    "known_si_sdr_gain_db": "choice known (dB)",
    "misfit": "misfit",
}
# Folder of an evaluation with its trials to listen to.
LISTENED = "listened"
# What these heads mean.
MEANINGS = {
    "p of chosen": "probability of the chosen instrument",
    "r of guide": "Pearson correlation of the decoded and the true envelope",
    "SI-SDR gain (dB)": "of what is heard as attended, above that of the mixture",
    "hard choice (dB)": "the same if the likeliest instrument is taken alone",
    "choice known (dB)": "the same if the truth chooses",
    "misfit": "how many times worse the learned spectra explain the mixture than free "
    "components do; more than 25 is bad",
}


class SeparatedFolder(NamedTuple):
    """What was found in a folder.

    Parameters
    ----------
    trials : list of ListeningTrial
        Audio and values of each trial.
    table : pandas.DataFrame
        A row a trial.
    summary, settings : str
        For a user to read.
    """

    trials: list[ListeningTrial]
    table: "pd.DataFrame"
    summary: str
    settings: str


def load_separated(folder: Path) -> SeparatedFolder:
    """Load what `demo`, `separate` or `evaluate` has written.

    Parameters
    ----------
    folder : Path
        With ``results.csv`` or the files of one trial; or of an evaluation, whose
        trials lie in a folder inside.

    Returns
    -------
    found : SeparatedFolder

    Raises
    ------
    ValueError
        If the folder holds something else.
    OSError
        If a file can't be read.
    """
    import pandas as pd

    if not folder.is_dir():
        raise ValueError(f"{folder}: no such folder")
    results, listened = folder / "results.csv", folder / LISTENED
    if listened.is_dir() and not results.exists():
        return load_separated(listened)._replace(
            summary=_text(folder / "summary.txt"),
            settings=_text(folder / "settings.json"),
        )
    if results.exists():
        try:
            table = pd.read_csv(results, dtype={"folder": str, "subject": str})
        except (ValueError, pd.errors.ParserError) as error:
            raise ValueError(f"{results}: is no table ({one_line(error)})") from error
        if "folder" not in table:
            raise ValueError(f"{results}: has no column 'folder'")
        folders = [_inside(folder, name) for name in table["folder"]]
        settings = _text(folder / "settings.json")
    elif (folder / "attended.wav").exists():
        summary = _summary(folder / "summary.json")
        row = {
            "folder": folder.name,
            "chosen": summary.get("attended"),
            "p_chosen": max(summary.get("probabilities", {}).values(), default=np.nan),
        }
        table, folders = pd.DataFrame([row]), [folder]
        settings = _text(folder / "summary.json")
    else:
        raise ValueError(
            f"{folder}: holds neither results.csv nor attended.wav; expected what "
            "sklearn-cnmf demo, separate or evaluate has written"
        )
    if "right" not in table and {"chosen", "attended"} <= set(table):
        table["right"] = table["chosen"] == table["attended"]
    rows = table.to_dict("records")
    trials = [_trial(own, row) for own, row in zip(folders, rows)]
    return SeparatedFolder(
        trials,
        table,
        _text(folder / "summary.txt"),
        settings,
    )


def figures_of(table: "pd.DataFrame") -> "dict[str, Figure]":
    """Figures that sum the trials up, where their truth is known.

    Parameters
    ----------
    table : pandas.DataFrame
        Of :class:`SeparatedFolder`.

    Returns
    -------
    figures : dict of str to matplotlib.figure.Figure
        By title.
    """
    from matplotlib.figure import Figure

    if not {"p_chosen", "si_sdr_gain_db", "right"} <= set(table):
        return {}
    figure = Figure(figsize=(5, 3), layout="constrained")
    ax = figure.subplots()
    for right, colour, marker in ((True, BLUE, "o"), (False, ORANGE, "X")):
        own = table[table["right"] == right]
        ax.scatter(
            own["p_chosen"],
            own["si_sdr_gain_db"],
            color=colour,
            marker=marker,
            edgecolor="black",
            linewidth=0.5,
            label=f"choice {'right' if right else 'wrong'} (n = {len(own)})",
        )
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.set(xlabel="Probability of the chosen instrument", ylabel="SI-SDR gain (dB)")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(frameon=False)
    return {"Gain against certainty of the choice": figure}


def _summary(file):
    if not file.exists():
        return {}
    try:
        return json.loads(_text(file))
    except ValueError as error:
        raise ValueError(f"{file}: is no JSON ({one_line(error)})") from error


def _inside(folder, name):
    """Folder of a trial, which lies inside and nowhere else."""
    if not isinstance(name, str) or name in ("", ".", "..") or Path(name).name != name:
        raise ValueError(f"{folder / 'results.csv'}: {name!r} is no name of a folder")
    return folder / name


def _trial(folder, row):
    tracks, sfreq = {}, None
    for name in ("mixture", "attended", "rest", "reference"):
        file = folder / f"{name}.wav"
        if file.exists() or name in ("attended", "rest"):
            tracks[name.capitalize()], sfreq = _read(file, sfreq)
    if "Mixture" not in tracks:
        tracks = {"Mixture": tracks["Attended"] + tracks["Rest"], **tracks}
    values = {head: row[key] for key, head in _COLUMNS.items() if key in row}
    figure = folder / "figure.png"
    return ListeningTrial(
        folder.name, tracks, sfreq, values, figure if figure.exists() else None
    )


def _read(file, expected):
    import soundfile

    try:
        audio, sfreq = soundfile.read(file)
    except soundfile.LibsndfileError as error:
        raise OSError(f"{file}: can't be read ({one_line(error)})") from error
    if expected not in (None, float(sfreq)):
        raise ValueError(f"{file}: has {sfreq} Hz, the other tracks {expected:g} Hz")
    return audio.T, float(sfreq)


def _text(file):
    return file.read_text(encoding="utf-8") if file.exists() else ""
