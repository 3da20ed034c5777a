"""What there is to say of one trial whose truth is known."""

from typing import NamedTuple

import numpy as np
from sklearn.pipeline import Pipeline

from .._validation import check_kind
from ..decoding import EnvelopeDecoder
from ..metrics import score_trial, si_sdr
from ..separation import Separation
from ..signals import audio_envelope, band_pass, pearson_r
from ..trial import Reference, Trial, check_trials
from ._named import check_named

_SCORES = {
    "sdr_db": "sdr",
    "sir_db": "sir",
    "sar_db": "sar",
    "si_sdr_db": "si_sdr",
    "sdr_gain_db": "sdr_improvement",
    "sir_gain_db": "sir_improvement",
    "si_sdr_gain_db": "si_sdr_improvement",
}


class Evaluation(NamedTuple):
    """Outcome of :func:`evaluate_trial`.

    Parameters
    ----------
    decoded : Trial
        The trial with its guide.
    separation : Separation
        What was separated.
    truth : ndarray of shape (n_frames,)
        What the first row of the guide should have been.
    row : dict
        Scores: `subject`, `stimulus`, `instruments`, `attended`, `chosen`, `p_chosen`
        (its probability, NaN where the guide has no weights), `guide_r` (Pearson r of
        the first row of the guide and the truth), and SDR, SIR, SAR and SI-SDR in dB
        with their gains over the mixture. `hard_si_sdr_gain_db` is the gain of the
        likeliest candidate and `known_si_sdr_gain_db` that of the attended one,
        whatever `choice` is; NaN of a silent candidate, and where there are none
        ("blind", "guided"). `misfit` as in
        :class:`~sklearn_cnmf.separation.Separation`, NaN where there is none.
    """

    decoded: Trial
    separation: Separation
    truth: np.ndarray
    row: dict


def evaluate_trial(model: Pipeline, trial: Trial, reference: Reference) -> Evaluation:
    """Decode, separate and score one trial.

    Parameters
    ----------
    model : Pipeline
        Fitted :class:`~sklearn_cnmf.EnvelopeDecoder` and
        :class:`~sklearn_cnmf.ContrastiveNMF`.
    trial, reference : Trial, Reference
        The trial and its truth, which serves for the scores alone.

    Returns
    -------
    evaluation : Evaluation
        BSS Eval v3 with filters of 512 taps; gains are over the mixture.

    Raises
    ------
    ValueError
        If `model` is no pipeline, or a trial or reference is not sound.
    """
    check_kind("model", model, Pipeline)
    decoder, separator = (step for _, step in model.steps)
    (decoded,) = decoder.transform([trial])
    (separation,) = separator.separate([decoded])
    truth = attended_envelope(decoder, decoded, reference)
    scores = score_trial(trial, reference, separation.attended)
    sure = separation.probabilities
    row = {
        "subject": trial.subject,
        "stimulus": trial.stimulus,
        "instruments": " ".join(trial.instruments),
        "attended": trial.instruments[reference.attended],
        "chosen": separation.chosen,
        "p_chosen": np.nan if sure is None else float(sure.max()),
        "guide_r": float(pearson_r(truth[:, None], decoded.guide[:1].T)[0]),
        **{column: scores[name] for column, name in _SCORES.items()},
        **_gains_of_candidates(separation, trial, reference),
        "misfit": np.nan if separation.misfit is None else separation.misfit,
    }
    return Evaluation(decoded, separation, truth, row)


def _gains_of_candidates(separation, trial, reference):
    """SI-SDR gains of the likeliest and of the attended candidate."""
    gains = {"hard_si_sdr_gain_db": np.nan, "known_si_sdr_gain_db": np.nan}
    if separation.candidates is None:
        return gains
    check_named(separation, trial)
    chosen = trial.instruments.index(separation.chosen)
    source = reference.sources[[reference.attended]]
    unprocessed = si_sdr(source, trial.mixture[np.newaxis])[0]
    for name, index in zip(gains, (chosen, reference.attended)):
        candidate = separation.candidates[[index]]
        if candidate.any():
            gains[name] = float(si_sdr(source, candidate)[0] - unprocessed)
    return gains


def attended_envelope(
    decoder: EnvelopeDecoder, trial: Trial, reference: Reference
) -> np.ndarray:
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

    Raises
    ------
    ValueError
        If an argument is of another kind, the trial has no guide, or its reference does
        not fit it.
    """
    check_kind("decoder", decoder, EnvelopeDecoder)
    check_trials([trial], [reference], require_guide=True)
    times = np.arange(trial.guide.shape[1]) / trial.guide_sfreq
    source = reference.sources[reference.attended]
    envelope = audio_envelope(source, trial.audio_sfreq, times)
    return band_pass(
        envelope,
        trial.guide_sfreq,
        l_freq=decoder.l_freq,
        h_freq=decoder.h_freq,
        phase=decoder.phase,
    )[0]
