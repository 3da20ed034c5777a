"""The command ``separate``: a fitted model on a recording of one's own."""

from pathlib import Path
from typing import Any

from .. import Trial
from .._validation import check_number
from ..datasets import read_audio, read_eeg
from ..model_io import read_model_info
from ._arguments import path
from ._output import new_folder
from ._separate_table import separate_table
from ._separation import (
    load_pipeline,
    present_instruments,
    resampled,
    separate_trial,
    write_found,
)


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser(
        "separate",
        help="separate the attended instrument of a recording with a fitted model",
        description="Decode from EEG what a listener attended to in a mixture, and "
        "separate it. Writes attended.wav, rest.wav, guide.csv and summary.json into "
        "a new folder.",
    )
    add = parser.add_argument
    for name, kind, needed, help_ in (
        ("--model", "FILE", True, "model.skops, as demo writes it"),
        ("--out", "DIR", True, "folder to make"),
        ("--eeg", "FILE", False, "EEG in any format that MNE reads"),
        ("--mixture", "WAV", False, "the audio that was played"),
        (
            "--table",
            "CSV",
            False,
            "many trials instead: a row for each, with columns eeg, onset, mixture, "
            "instruments, subject and more, as trials_from_table has them",
        ),
    ):
        add(name, type=path, required=needed, metavar=kind, help=help_)
    add(
        "--onset",
        type=float,
        metavar="SECONDS",
        help="when the audio began, after the start of the EEG (default: 0)",
    )
    add(
        "--instruments",
        metavar="A,B",
        help="instruments present in the mixture; without, all that the model knows "
        "compete",
    )
    add("--figure", action="store_true", help="also write figure.png")
    parser.set_defaults(run=_run)


def _run(arguments):
    _check_together(arguments)
    if arguments.table is not None:
        with new_folder(arguments.out) as folder:
            lines = separate_table(
                folder, arguments.model, arguments.table, figure=arguments.figure
            )
        return "\n".join([*lines, f"Written to {Path(arguments.out)}"])
    with new_folder(arguments.out) as folder:
        lines = separate(
            folder,
            model=arguments.model,
            eeg=arguments.eeg,
            mixture=arguments.mixture,
            onset=arguments.onset or 0.0,
            instruments=arguments.instruments,
            figure=arguments.figure,
        )
        written = ", ".join(sorted(entry.name for entry in folder.iterdir()))
    return "\n".join([*lines, f"Written to {Path(arguments.out)}: {written}"])


def _check_together(arguments):
    """Refuse one trial and a table at a time, and neither."""
    of_one = ("eeg", "mixture", "onset", "instruments")
    given = [name for name in of_one if getattr(arguments, name) is not None]
    if arguments.table is not None and given:
        raise ValueError(
            f"--{given[0]}: is in the columns of --table; give one of them"
        )
    missing = [name for name in of_one[:2] if name not in given]
    if arguments.table is None and missing:
        raise ValueError(f"--{missing[0]}: is needed, or --table for many trials")


def separate(
    folder: Path,
    *,
    model: str,
    eeg: str,
    mixture: str,
    onset: float,
    instruments: str | None,
    figure: bool,
) -> list[str]:
    """Separate one recording and write the result.

    Parameters
    ----------
    folder : Path
        An empty folder to write into.
    model, eeg, mixture : str
        Files to read.
    onset : float
        When the mixture began, in seconds after the start of the EEG.
    instruments : str or None
        Names of the instruments present, separated by commas.
    figure : bool
        Whether to draw.

    Returns
    -------
    lines : list of str
        What was found, for the user to read.

    Raises
    ------
    ValueError
        If a file, or what it holds, does not fit the model.
    """
    check_number("onset", onset, least=0)
    decoder, separator = load_pipeline(model)
    info = read_model_info(model)
    lines = [f"Model: {info['description'] or 'no description'}"]

    audio, played_sfreq = read_audio(mixture)
    sfreq = float(separator.audio_sfreq_)
    data, eeg_sfreq, bad = read_eeg(
        eeg, decoder.feature_names_in_, onset, audio.shape[-1] / played_sfreq
    )
    if played_sfreq != sfreq:
        audio = resampled(mixture, audio, played_sfreq, sfreq)
        lines.append(
            f"Audio: resampled from {played_sfreq:g} to {sfreq:g} Hz, the rate of the "
            "model and of what is written"
        )
    if bad:
        lines.append(f"EEG: used although marked as bad: {', '.join(bad)}")

    present = present_instruments(instruments, separator)
    if instruments is None and present is not None:
        lines.append(
            f"Instruments: all {len(present)} that the model knows compete; the choice "
            "is better if you name those present with --instruments"
        )
    trial = Trial(
        data,
        eeg_sfreq,
        audio,
        sfreq,
        instruments=present,
        ch_names=tuple(decoder.feature_names_in_),
    )
    found = separate_trial(trial, decoder, separator)
    write_found(folder, found, info, onset, figure=figure)
    return lines + found.lines
