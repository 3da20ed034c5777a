"""Figures of our own: what every constant that was tuned has a part in.

A change that moves them says so, and why. SKLEARN_CNMF_NEW_FIGURES=1 pytest -s prints
them anew.
"""

import os
import warnings
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation import separate_audio
from sklearn_cnmf.signals import audio_envelope

PIECES = ("gallant_duet", "bach_invention", "beethoven_ode")
# The first one is separated; seconds of it.
SECONDS = 4.0


@cache
def material():
    """Trials and references of three duets that one simulated listener heard."""
    pieces = [piece for piece in load_example_stems() if piece.name in PIECES]
    trials, references = simulate_trials(
        pieces, n_subjects=1, n_repetitions=1, snr_db=-10.0, random_state=0
    )
    return trials, references


def cut(trial, reference):
    n_eeg, n_audio = (round(SECONDS * r) for r in (trial.eeg_sfreq, trial.audio_sfreq))
    sources = reference.sources[..., :n_audio]
    return (
        replace(trial, eeg=trial.eeg[:, :n_eeg], mixture=sources.sum(axis=0)),
        replace(reference, sources=sources),
    )


@cache
def split():
    """What is learned from, and one short trial to separate."""
    trials, references = material()
    tested = trials[0].stimulus
    learned = [i for i, trial in enumerate(trials) if trial.stimulus != tested]
    one = next(i for i, trial in enumerate(trials) if trial.stimulus == tested)
    return (
        [trials[i] for i in learned],
        [references[i] for i in learned],
        *cut(trials[one], references[one]),
    )


def heard():
    """That trial, with the true envelope as its guide."""
    _, _, trial, reference = split()
    times = np.arange(round(SECONDS * 64)) / 64
    own = audio_envelope(
        reference.sources[reference.attended], trial.audio_sfreq, times
    )
    return replace(
        trial, guide=own, guide_sfreq=64.0, guide_weights=np.array([0.5])
    ), reference


def told(separation, reference):
    """Figures of a separation: how loud, how good, how likely."""
    found = [np.linalg.norm(separation.attended)]
    own = reference.sources[reference.attended]
    if separation.attended.ndim == 1:
        found.append(si_sdr(own, separation.attended))
    else:
        found += [si_sdr(s, e) for s, e in zip(own, separation.attended)]
    if separation.probabilities is not None:
        found += [separation.probabilities[0], separation.support.min()]
    for value in (separation.misfit, separation.explained):
        if value is not None:
            found.append(value)
    return found


def separated(trial, reference, **parameters):
    trials, references, _, _ = split()
    model = ContrastiveNMF(random_state=0, **parameters).fit(trials, references)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return told(model.separate([trial])[0], reference)


def learned():
    return separated(*heard())


def stereo():
    trial, reference = heard()
    levels = np.array([[0.8, 0.3], [0.2, 0.7]])[:, :, None]
    sources = reference.sources[:, None] * levels
    trial = replace(trial, mixture=sources.sum(axis=0))
    return separated(trial, Reference(sources, reference.attended))


def unknown_instrument():
    trial, reference = heard()
    trials, references, _, _ = split()
    alone = [
        replace(t, mixture=r.sources[0], instruments=t.instruments[:1])
        for t, r in zip(trials, references)
    ]
    one = [Reference(r.sources[:1], 0) for r in references]
    model = ContrastiveNMF(random_state=0).fit(alone, one)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return told(model.separate([trial])[0], reference)


def contrasted():
    return separated(*heard(), delta=0.1)


def contrasted_by_two_rows():
    trial, reference = heard()
    rows = np.vstack([trial.guide, np.gradient(trial.guide[0])])
    trial = replace(
        trial,
        guide=rows,
        guide_feature="envelope_onset",
        guide_weights=np.array([0.4, 1.3]),
    )
    return separated(trial, reference, delta=0.1)


def blind():
    return separated(*heard(), dictionary="blind", max_iter=60)


def guided():
    return separated(*heard(), dictionary="guided", max_iter=60)


def published():
    return separated(
        *heard(),
        dictionary="guided",
        solver="published",
        contrast="components",
        max_iter=60,
    )


def harmonic():
    return separated(*heard(), dictionary="harmonic")


def contrasted_voices():
    return separated(*heard(), dictionary="harmonic", delta=0.3)


def plain_audio():
    trial, reference = heard()
    attended, _ = separate_audio(
        trial.mixture,
        trial.audio_sfreq,
        trial.guide,
        64.0,
        random_state=0,
        max_iter=60,
        tol=0.0,
    )
    own = reference.sources[reference.attended]
    return [np.linalg.norm(attended), si_sdr(own, attended)]


def decoded(**parameters):
    trials, references, trial, _ = split()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        decoder = EnvelopeDecoder(**parameters).fit(trials, references)
    weights = decoder.output_weights_
    guide = decoder.predict([trial])[0]
    return [*weights, *np.abs(guide).mean(axis=1), *np.ravel(decoder.alpha_)]


def decoder():
    return decoded()


def decoder_of_activations():
    return decoded(feature="activations", n_bands=4)


CASES = (
    *(learned, stereo, unknown_instrument, contrasted, contrasted_by_two_rows),
    *(blind, guided, published),
    *(harmonic, contrasted_voices, plain_audio, decoder, decoder_of_activations),
)
FIGURES = {
    "learned": [25.2, 0.1376, 0.85011, 0.55152, 50.801],
    "stereo": [20.663, 11.882, -7.19, 0.87633, 0.54767, 47.85],
    "unknown_instrument": [16.047, 0.79357, 0.58414, 1.114],
    "contrasted": [25.599, -0.1448, 0.85011, 0.55152, 50.801],
    "contrasted_by_two_rows": [28.7, -0.01558, 0.96101, 0.29391, 50.801],
    "blind": [26.931, -1.4147],
    "guided": [32.838, -1.5473],
    "published": [31.776, -1.4283],
    "harmonic": [20.144, 16.597, 0.96543, 1.1234, 0.84661],
    "contrasted_voices": [20.294, 17.042, 0.96543, 1.1234, 0.84661],
    "plain_audio": [26.931, -1.4147],
    "decoder": [1.1477, 3.7425, 0.045419, 0.0065308, 0.1],
    "decoder_of_activations": [
        0.14279,
        0.14721,
        0.14448,
        0.1424,
        4.111,
        6.7208,
        10.006,
        4.0069,
        10.0,
    ],
}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_figures_are_those_that_were_stored(case):
    found = [float(value) for value in case()]
    if os.environ.get("SKLEARN_CNMF_NEW_FIGURES"):
        print(f'\n    "{case.__name__}": {[float(f"{v:.5g}") for v in found]},')
        return
    assert_allclose(found, FIGURES[case.__name__], rtol=1e-3, atol=1e-6)
