"""What is made of one trial that was held out: estimate, scores, files."""

import re
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from ..decoding import audio_envelope
from ..decoding._preparation import band_pass
from ..metrics import score_trial
from ..reporting import separation_figure
from ._output import write_audio

_SCORES = {
    "sdr_db": "sdr",
    "sir_db": "sir",
    "sar_db": "sar",
    "si_sdr_db": "si_sdr",
    "sdr_gain_db": "sdr_improvement",
    "sir_gain_db": "sir_improvement",
    "si_sdr_gain_db": "si_sdr_improvement",
}
COLUMNS = (
    "subject",
    "stimulus",
    "instruments",
    "attended",
    "chosen",
    "guide_r",
    *_SCORES,
    "folder",
)


def finish_trial(model, trial, reference, parent):
    """Separate a trial, score it, and write its audio and its figure.

    Parameters
    ----------
    model : Pipeline
        Fitted decoder and separator.
    trial, reference : Trial, Reference
        The trial and its truth, which serves for the scores and the figure alone.
    parent : Path
        Where to make the folder of the trial.

    Returns
    -------
    row : dict
        Values of `COLUMNS`.
    n_unfinished : int
        How many factorisations were cut short.
    messages : list of str
        Other warnings.
    """
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        (done,) = model.transform([trial])
        (support,) = model.decision_function([trial])
    unfinished = [w for w in caught if issubclass(w.category, ConvergenceWarning)]
    attended = trial.instruments[reference.attended]
    chosen = trial.instruments[int(np.argmax(support))]
    truth = attended_envelope(model[0], done, reference)
    scores = score_trial(trial, reference, done.estimate[0])
    row = {
        "subject": trial.subject,
        "stimulus": trial.stimulus,
        "instruments": " ".join(trial.instruments),
        "attended": attended,
        "chosen": chosen,
        "guide_r": float(np.corrcoef(truth, done.guide[0])[0, 1]),
        **{column: scores[name] for column, name in _SCORES.items()},
        "folder": f"{trial.subject}_{trial.stimulus}_{attended}",
    }
    folder = parent / row["folder"]
    folder.mkdir()
    for name, audio in zip(
        ("mixture", "attended", "rest"), (trial.mixture, *done.estimate)
    ):
        write_audio(folder / f"{name}.wav", audio, trial.audio_sfreq)
    _draw(done, truth, row).savefig(folder / "figure.png", dpi=110)
    messages = [str(w.message) for w in caught if w not in unfinished]
    return row, len(unfinished), messages


def attended_envelope(decoder, trial, reference):
    """Envelope of the attended source in the band and at the times of the guide.

    Parameters
    ----------
    decoder : EnvelopeDecoder
        Gives the band.
    trial, reference : Trial, Reference
        A trial with its guide, and its truth.

    Returns
    -------
    envelope : ndarray of shape (n_frames,)
        What the decoder was to reconstruct.
    """
    times = np.arange(trial.guide.shape[1]) / trial.guide_sfreq
    source = reference.sources[reference.attended]
    envelope = audio_envelope(source, trial.audio_sfreq, times)
    edges = {"l_freq": decoder.l_freq, "h_freq": decoder.h_freq}
    return band_pass(envelope, trial.guide_sfreq, **edges)[0]


def write_eeg(path, trial):
    """Write the EEG of a trial as a FIF file, in double precision.

    Parameters
    ----------
    path : Path
        Its name ends in ``raw.fif``, as MNE wishes.
    trial : Trial
        EEG in volts, with names of channels.
    """
    import mne

    info = mne.create_info(list(trial.ch_names), trial.eeg_sfreq, "eeg")
    raw = mne.io.RawArray(trial.eeg, info, verbose="error")
    raw.save(path, fmt="double", verbose="error")


def _draw(trial, truth, row):
    verdict = "right"
    if row["chosen"] != row["attended"]:
        verdict = f"wrong: {row['attended']} was attended"
    title = (
        f"{row['subject']} (simulated EEG) attends to the {row['attended']} in "
        f"{row['stimulus']}"
    )
    scores = f"SI-SDR {row['si_sdr_db']:.1f} dB, gain {row['si_sdr_gain_db']:+.1f} dB"
    r = f"Pearson r = {row['guide_r']:.2f}"
    scores = f"chosen: {row['chosen']} ({verdict})     {scores}"
    notes = (" + ".join(trial.instruments), *map(_with_minus, (r, scores)))
    return separation_figure(trial, truth=truth, title=title, notes=notes)


def _with_minus(text):
    """Replace hyphens before digits by signs of minus."""
    return re.sub(r"-(?=\d)", "\N{MINUS SIGN}", text)
