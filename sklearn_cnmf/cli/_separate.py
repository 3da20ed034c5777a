"""The command ``separate``: a fitted model on a recording of one's own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline

from .. import ContrastiveNMF, EnvelopeDecoder, Trial
from .._validation import check_array, check_number
from ..datasets import read_audio, read_eeg
from ..model_io import load_model, read_model_info
from ..reporting import separation_figure
from ._arguments import path
from ._output import new_folder, write_audio, write_json


def add_parser(commands):
    """Add the command to those of the program."""
    parser = commands.add_parser(
        "separate",
        help="separate the attended instrument of a recording with a fitted model",
        description="Decode from EEG what a listener attended to in a mixture, and "
        "separate it. Writes attended.wav, rest.wav, guide.csv and summary.json into "
        "a new folder.",
    )
    add = parser.add_argument
    for name, kind, help_ in (
        ("--model", "FILE", "model.skops, as demo writes it"),
        ("--eeg", "FILE", "EEG in any format that MNE reads"),
        ("--mixture", "WAV", "the audio that was played"),
        ("--out", "DIR", "folder to make"),
    ):
        add(name, type=path, required=True, metavar=kind, help=help_)
    add(
        "--onset",
        type=float,
        default=0.0,
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
    with new_folder(arguments.out) as folder:
        lines = separate(
            folder,
            model=arguments.model,
            eeg=arguments.eeg,
            mixture=arguments.mixture,
            onset=arguments.onset,
            instruments=arguments.instruments,
            figure=arguments.figure,
        )
        written = ", ".join(sorted(entry.name for entry in folder.iterdir()))
    return "\n".join([*lines, f"Written to {Path(arguments.out)}: {written}"])


def separate(folder, *, model, eeg, mixture, onset, instruments, figure):
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
    decoder, separator = _load(model)
    info = read_model_info(model)
    lines = [f"Model: {info['description'] or 'no description'}"]

    audio, played_sfreq = read_audio(mixture)
    sfreq = float(separator.audio_sfreq_)
    data, eeg_sfreq, bad = read_eeg(
        eeg, decoder.feature_names_in_, onset, audio.shape[-1] / played_sfreq
    )
    if played_sfreq != sfreq:
        audio = _resampled(mixture, audio, played_sfreq, sfreq)
        lines.append(
            f"Audio: resampled from {played_sfreq:g} to {sfreq:g} Hz, the rate of the "
            "model and of what is written"
        )
    if bad:
        lines.append(f"EEG: used although marked as bad: {', '.join(bad)}")

    present = _present(instruments, separator)
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
    (decoded,) = decoder.transform([trial])
    (found,) = separator.separate([decoded])
    done = replace(decoded, estimate=np.stack([found.attended, audio - found.attended]))
    support = _by_name(found, found.support)
    probabilities = _by_name(found, found.probabilities)
    silent = not audio.any()
    chosen = None if silent else next(iter(support), None)
    lines += _choice(support, probabilities, silent)
    found_of_each = {"support": support, "probabilities": probabilities}
    _write(folder, done, chosen, found_of_each, info, onset)
    if figure:
        _draw(folder, done, chosen, found)
    return lines


def _load(path):
    """Load the decoder and the separator of a file."""
    pipeline = load_model(path)
    steps = [s for _, s in pipeline.steps] if isinstance(pipeline, Pipeline) else []
    kinds = [type(step) for step in steps]
    if kinds != [EnvelopeDecoder, ContrastiveNMF]:
        found = [kind.__name__ for kind in kinds] or type(pipeline).__name__
        raise ValueError(
            f"{path}: expected a pipeline of EnvelopeDecoder and ContrastiveNMF, "
            f"found {found}"
        )
    decoder, separator = steps
    models = [getattr(step, "model_", None) for step in steps]
    if not all(getattr(model, "for_trials", False) for model in models):
        raise ValueError(f"{path}: the pipeline was not fitted on trials")
    if not hasattr(decoder, "feature_names_in_"):
        raise ValueError(
            f"{path}: the model does not know the names of its "
            f"{decoder.n_features_in_} channels; fit it on trials with ch_names"
        )
    return decoder, separator


def _present(instruments, separator):
    """Names of the instruments that compete; None if the model knows no names."""
    if not separator.model_.needs_instruments:
        if instruments is not None:
            raise ValueError(
                f"instruments: the model was fitted with "
                f"dictionary={separator.dictionary!r} and knows no instruments"
            )
        return None
    known = separator.instruments_
    if instruments is None:
        return known
    names = tuple(name.strip() for name in instruments.split(","))
    unknown = [name for name in names if name not in known]
    if unknown:
        raise ValueError(
            f"instruments: the model does not know {', '.join(map(repr, unknown))}; it "
            f"knows {', '.join(known)}"
        )
    if len(names) < 2 or len(set(names)) < len(names):
        raise ValueError(
            f"instruments: at least two different ones are needed, got {instruments!r}"
        )
    return names


def _resampled(path, audio, old, new):
    import librosa

    check_array(str(path), audio, (1, 2))
    try:
        return librosa.resample(audio, orig_sr=old, target_sr=new)
    except librosa.ParameterError as error:
        raise ValueError(
            f"{path}: can't be resampled from {old:g} to {new:g} Hz ({error})"
        ) from error


def _by_name(separation, values):
    """Value of each instrument, the largest first; empty where there are none."""
    if values is None:
        return {}
    pairs = zip(separation.instruments, values.tolist())
    return dict(sorted(pairs, key=lambda pair: -pair[1]))


def _choice(support, probabilities, silent):
    if silent:
        return ["The mixture is silent: no instrument in it can be attended to."]
    if not support:
        return []
    lines = [f"Attended: {next(iter(support))}"]
    if probabilities:
        values = ", ".join(f"{name} {p:.3f}" for name, p in probabilities.items())
        return [*lines, f"Probability of each instrument: {values}"]
    values = ", ".join(f"{name} {value:+.3f}" for name, value in support.items())
    return [*lines, f"Support, Pearson r of the guide with each candidate: {values}"]


def _write(folder, trial, chosen, found_of_each, info, onset):
    for name, audio in zip(("attended", "rest"), trial.estimate):
        write_audio(folder / f"{name}.wav", audio, trial.audio_sfreq)
    write_json(
        folder / "summary.json",
        {
            "attended": chosen,
            **found_of_each,
            "onset_s": onset,
            "duration_s": trial.mixture.shape[-1] / trial.audio_sfreq,
            "audio_sfreq_hz": trial.audio_sfreq,
            "guide_sfreq_hz": trial.guide_sfreq,
            "model": info,
        },
    )
    times = np.arange(trial.guide.shape[1]) / trial.guide_sfreq
    rows = np.column_stack([times, trial.guide.T])
    header = ["time_s", *(f"guide_{i}" for i in range(len(trial.guide)))]
    np.savetxt(
        folder / "guide.csv",
        rows,
        fmt="%.9g",
        delimiter=",",
        header=",".join(header),
        comments="",
    )


def _draw(folder, trial, chosen, separation):
    title = "Separated by EEG" if chosen is None else f"Attended: {chosen}"
    drawn = separation_figure(trial, title=title, separation=separation)
    drawn.savefig(folder / "figure.png", dpi=110)
