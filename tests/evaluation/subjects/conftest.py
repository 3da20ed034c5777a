import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import Piece, simulate_trials
from sklearn_cnmf.evaluation.subjects._result import _OWN_COLUMNS, EvaluationResult

SFREQ = 4000.0


def notes(harmonics, pitches, rng, n_samples):
    """Notes of random lengths and levels, with amplitudes of harmonics."""
    audio = np.zeros(n_samples)
    start = 0
    while start < n_samples:
        length = int(rng.uniform(0.15, 0.45) * SFREQ)
        times = np.arange(min(length, n_samples - start)) / SFREQ
        pitch = rng.choice(pitches)
        note = sum(
            a * np.sin(2 * np.pi * pitch * (k + 1) * times + k)
            for k, a in enumerate(harmonics)
        )
        audio[start : start + len(times)] = rng.uniform(0.1, 1) * note
        audio[start : start + len(times)] *= np.exp(-3 * times)
        start += length
    return audio.astype(np.float32)


def make_pieces(n_pieces, seed=0, seconds=5.0):
    """Duos of tones that are easy to tell apart, for tests that need no music."""
    rng = np.random.default_rng(seed)
    n_samples = int(seconds * SFREQ)
    return [
        Piece(
            f"piece{number}",
            "duo",
            ("pop", "classical")[number % 2],
            False,
            ("low", "high"),
            np.stack(
                [
                    notes([1, 0.5, 0.25], [110, 123, 147], rng, n_samples),
                    notes([1, 0.1], [587, 659, 784], rng, n_samples),
                ]
            ),
            SFREQ,
        )
        for number in range(n_pieces)
    ]


@pytest.fixture(scope="session")
def listeners():
    """Two simulated listeners of four duos of tones, either part attended."""
    return simulate_trials(
        make_pieces(4), n_subjects=2, n_repetitions=1, snr_db=0.0, random_state=0
    )


@pytest.fixture
def model():
    return make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(20))


class Unprocessed:
    """An estimator that only predicts, at the top of a module so that it pickles."""

    def __init__(self, gain=0.5):
        self.gain = gain

    def get_params(self, deep=True):
        return {"gain": self.gain}

    def set_params(self, **parameters):
        vars(self).update(parameters)
        return self

    def fit(self, X, y):
        self.fitted_ = True
        return self

    def predict(self, X):
        return [self.gain * trial.mixture for trial in X]


def make_result(trials, errors=(), warnings=(), **settings):
    """Make the result of trials that are written by hand.

    A trial is a dict. `values` has of each method its `si_sdr_improvement`, or its
    values by metric; `subject`, `stimulus`, `attended` (an index), `names`, `alike` and
    `p` (probabilities of the estimator) have defaults; the rest are conditions. Errors
    are (subject, trial, method, error).
    """
    rows, conditions = [], {}
    for index, given in enumerate(trials):
        one = {
            "subject": "s1",
            "stimulus": "",
            "attended": 0,
            "names": ("a", "b"),
            "alike": np.nan,
            "p": (),
            **given,
        }
        methods, p = one.pop("values"), one.pop("p")
        names, attended = one.pop("names"), one.pop("attended")
        known = {
            "fold": 0,
            "trial": index,
            "instruments": " ".join(names),
            "n_instruments": len(names),
            "attended": names[attended],
            "attended_index": attended,
            **one,
        }
        conditions |= dict.fromkeys(set(known) - set(_OWN_COLUMNS))
        for method, values in methods.items():
            if not isinstance(values, dict):
                values = {"si_sdr_improvement": values}
            own = p if method == "estimator" else ()
            if own:
                values = {**values, "p_attended": own[attended]}
            for metric, value in values.items():
                row = {
                    **known,
                    "method": method,
                    "probabilities": " ".join(map(repr, own)),
                    "metric": metric,
                    "unit": "" if metric in ("correct", "p_attended") else "dB",
                    "value": float(value),
                }
                rows.append(row)
    errors = [(subject, 0, i, "", method, e) for subject, i, method, e in errors]
    names = ["subject", "fold", "trial", "stimulus", "method", "error"]
    return EvaluationResult(
        pd.DataFrame(rows, columns=[*_OWN_COLUMNS, *sorted(conditions)]),
        pd.DataFrame(errors, columns=names),
        pd.DataFrame({"how": ["computed", "reused", "failed"]}),
        pd.DataFrame(list(warnings), columns=["kind", "message", "count"]),
        {"scheme": "within-subject", **settings},
        (),
    )


@pytest.fixture
def result_of():
    """Return a function that makes results of trials written by hand."""
    return make_result
