"""Voices tracked without spectra, evaluated over simulated listeners."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import Piece, simulate_trials
from sklearn_cnmf.evaluation import evaluate

SFREQ = 8000.0
# Slope and step of the partials, and the lowest MIDI number.
VOICES = {
    "clarinet": (1.0, 2, 50),
    "flute": (1.5, 1, 74),
    "violin": (0.5, 1, 73),
}
# Where one piece is left out, its flute or violin is not among the references.
DUOS = [("flute", "clarinet"), ("clarinet", "violin")]
GAIN = "si_sdr_improvement"

pytestmark = pytest.mark.filterwarnings("ignore:.*play in one stimulus only")


def melody(instrument, rng, seconds=2.0):
    """Notes of random pitch, length and level, as harmonic tones that fade."""
    slope, step, lowest = VOICES[instrument]
    audio = np.zeros(round(seconds * SFREQ), np.float32)
    start = 0
    while start < len(audio):
        length = round(rng.uniform(0.25, 0.6) * SFREQ)
        t = np.arange(min(length, len(audio) - start)) / SFREQ
        f0 = 440 * 2 ** ((lowest + rng.integers(12) - 69) / 12)
        h = np.arange(1, int(SFREQ / 2 / f0), step)[:, None]
        tone = np.sum(h**-slope * np.sin(2 * np.pi * f0 * h * t + h), axis=0)
        fade = np.minimum(t / 0.02, 1) * np.exp(-3 * t)
        audio[start : start + len(t)] = rng.uniform(0.2, 1) * fade * tone
        start += length
    return audio


def evaluated(trials, references, n_jobs=1):
    separator = ContrastiveNMF(dictionary="harmonic")
    return evaluate(
        make_pipeline(EnvelopeDecoder(alpha=1.0), separator),
        trials,
        references,
        cv=2,
        metrics=(GAIN,),
        baselines=("mixture", "hard", "known-choice"),
        controls=("true-guide", "unattended-guide"),
        n_jobs=n_jobs,
    )


@pytest.fixture(scope="module")
def duets():
    """Two simulated listeners of two duos, either part attended."""
    rng = np.random.default_rng(0)
    pieces = [
        Piece(
            "-".join(names),
            "duo",
            "classical",
            False,
            names,
            np.stack([melody(name, rng) for name in names]),
            SFREQ,
        )
        for names in DUOS
    ]
    return simulate_trials(
        pieces, n_subjects=2, n_repetitions=1, snr_db=0.0, random_state=0
    )


@pytest.fixture(scope="module")
def result(duets):
    return evaluated(*duets)


def values(result, method, metric):
    table = result.table
    rows = table[(table["method"] == method) & (table["metric"] == metric)]
    return rows["value"].to_numpy()


def test_voices_need_no_references_of_all_instruments(result, duets):
    trials, _ = duets
    assert len(result.errors) == 0
    for method in ("estimator", "hard", "known-choice", "true-guide"):
        assert len(values(result, method, GAIN)) == len(trials) == 8


def test_the_right_voice_is_known_by_the_name_of_its_instrument(result):
    assert values(result, "known-choice", GAIN).min() > 8
    assert values(result, "known-choice", "closest").all()


def test_guides_choose_voices_and_the_choice_is_scored(result):
    assert values(result, "true-guide", "correct").all()
    assert values(result, "true-guide", GAIN).min() > 8
    assert not values(result, "unattended-guide", "correct").any()
    assert values(result, "unattended-guide", GAIN).max() < -5
    right = values(result, "estimator", "correct")
    assert np.array_equal(right, values(result, "hard", "closest"))


def test_results_of_voices_do_not_depend_on_n_jobs(result, duets):
    # Those of one listener, to whom the other is nothing.
    parallel = evaluated(*(records[:4] for records in duets), n_jobs=2)
    expected = result.table[result.table["subject"] == "sim01"]
    pd.testing.assert_frame_equal(parallel.table, expected, check_exact=True)


def test_voices_of_unnamed_instruments_are_refused(duets):
    trials, references = duets
    unnamed = [replace(trial, instruments=None) for trial in trials[:4]]
    expected = r"all 4 trials failed; .*names no instruments"
    with pytest.raises(ValueError, match=expected):
        evaluated(unnamed, references[:4])
