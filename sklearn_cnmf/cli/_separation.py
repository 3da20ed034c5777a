"""What a fitted model finds in one trial, and how it is written."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline

from .. import ContrastiveNMF, EnvelopeDecoder, Trial
from .._validation import check_array
from .._writing import write_wav
from ..model_io import load_model
from ..reporting import separation_figure
from ..separation import Separation
from ._output import write_json

# Below this probability a choice is called uncertain.
_SURE = 0.75


class Found(NamedTuple):
    """What was found in a trial.

    Parameters
    ----------
    trial : Trial
        With its guide and estimate.
    separation : Separation
        Of the trial.
    chosen : str or None
        The instrument that is taken to be attended.
    support, probabilities : dict of str to float
        Of each instrument, the largest first; empty where there are none.
    lines : list of str
        For the user to read.
    """

    trial: Trial
    separation: Separation
    chosen: str | None
    support: dict[str, float]
    probabilities: dict[str, float]
    lines: list[str]


def load_pipeline(path: str) -> tuple[EnvelopeDecoder, ContrastiveNMF]:
    """Load the decoder and the separator of a file; refuse all other models."""
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


def present_instruments(
    instruments: str | None, separator: ContrastiveNMF
) -> tuple[str, ...] | None:
    """Read which instruments compete.

    Parameters
    ----------
    instruments : str or None
        Their names, separated by commas; None for all that the model knows.
    separator : ContrastiveNMF
        Fitted.

    Returns
    -------
    names : tuple of str or None
        None if the model knows no names.

    Raises
    ------
    ValueError
        If the model does not know them, or they are fewer than two.
    """
    known = getattr(separator, "instruments_", ())
    if not known:
        if instruments is not None:
            raise ValueError(
                f"instruments: the model was fitted with "
                f"dictionary={separator.dictionary!r} and knows no instruments"
            )
        return None
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


def resampled(path: str, audio: np.ndarray, old: float, new: float) -> np.ndarray:
    """Resample audio of a file from one rate to another, in Hz.

    Raises
    ------
    ValueError
        If that can't be done; it names the file.
    """
    import librosa

    check_array(str(path), audio, (1, 2))
    try:
        return librosa.resample(audio, orig_sr=old, target_sr=new)
    except librosa.ParameterError as error:
        raise ValueError(
            f"{path}: can't be resampled from {old:g} to {new:g} Hz ({error})"
        ) from error


def separate_trial(
    trial: Trial, decoder: EnvelopeDecoder, separator: ContrastiveNMF
) -> Found:
    """Decode one trial and separate it."""
    (decoded,) = decoder.transform([trial])
    (found,) = separator.separate([decoded])
    audio = trial.mixture
    done = replace(decoded, estimate=np.stack([found.attended, audio - found.attended]))
    support = _by_name(found, found.support)
    probabilities = _by_name(found, found.probabilities)
    silent = not audio.any()
    chosen = None if silent else next(iter(support), None)
    lines = _choice(support, probabilities, silent)
    return Found(done, found, chosen, support, probabilities, lines)


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
        if max(probabilities.values()) < _SURE:
            lines = [f"{lines[0]}, but that is uncertain"]
        values = ", ".join(f"{name} {p:.3f}" for name, p in probabilities.items())
        return [*lines, f"Probability of each instrument: {values}"]
    values = ", ".join(f"{name} {value:+.3f}" for name, value in support.items())
    return [*lines, f"Support, Pearson r of the guide with each candidate: {values}"]


def write_found(
    folder: Path, found: Found, info: dict, onset: float | None, *, figure: bool
) -> None:
    """Write what was found in a trial.

    Parameters
    ----------
    folder : Path
        An empty folder to write into.
    found : Found
        From :func:`separate_trial`.
    info : dict
        What the file of the model says of it.
    onset : float or None
        When the mixture began, in seconds.
    figure : bool
        Whether to draw.
    """
    trial = found.trial
    for name, audio in zip(("attended", "rest"), trial.estimate):
        write_wav(folder / f"{name}.wav", audio, trial.audio_sfreq)
    write_json(
        folder / "summary.json",
        {
            "attended": found.chosen,
            "support": found.support,
            "probabilities": found.probabilities,
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
    if not figure:
        return
    title = "Separated by EEG" if found.chosen is None else found.lines[0]
    drawn = separation_figure(trial, title=title, separation=found.separation)
    drawn.savefig(folder / "figure.png", dpi=110)
