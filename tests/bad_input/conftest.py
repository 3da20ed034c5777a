"""What all tables of bad input share: tiny good data, and what a refusal has to be.

A row of a table is an id, a function of the good data that does something wrong, the
exception and what its message has to say: pieces, in order, parted by `` ... ``.
"""

import re
import warnings
from dataclasses import replace
from types import SimpleNamespace

import mne
import numpy as np
import pytest
import soundfile
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import save_trials
from sklearn_cnmf.decoding import EEGPreparation
from sklearn_cnmf.model_io import save_model
from sklearn_cnmf.separation import contrastive_nmf

EEG_SFREQ, AUDIO_SFREQ, SECONDS = 32.0, 4000.0, 2
NUMBER = r"(?<![\w.])-?\d+\.?\d*(?:e[-+]?\d+)?"


def make_trial(index):
    rng = np.random.default_rng(index)
    times = np.arange(int(SECONDS * AUDIO_SFREQ)) / AUDIO_SFREQ
    gates = np.repeat(rng.random((2, 8 * SECONDS)) < 0.6, len(times) // 16, axis=1)
    gates[:, :500], gates[0, 500:900], gates[1, 900:1300] = 0, 1, 1
    sources = np.sin(2 * np.pi * np.array([[300.0], [700.0]]) * times) * gates
    trial = Trial(
        rng.standard_normal((3, int(SECONDS * EEG_SFREQ))),
        EEG_SFREQ,
        sources.sum(axis=0),
        AUDIO_SFREQ,
        instruments=("flute", "horn"),
        subject="ab"[index % 2],
        stimulus=f"piece {index // 2}",
        ch_names=("Fz", "Cz", "Pz"),
    )
    return trial, Reference(sources, index // 2 % 2)


@pytest.fixture(scope="session")
def w(tmp_path_factory):
    """Good data, to do wrong with; no test changes it."""
    made = [make_trial(index) for index in range(6)]
    trials, references = [t for t, _ in made], [r for _, r in made]
    decoder = EnvelopeDecoder(
        sfreq=EEG_SFREQ, l_freq=None, h_freq=None, alpha=1.0, feature="envelope"
    ).fit(trials, references)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        guided = decoder.transform(trials)
        separator = ContrastiveNMF(2, max_iter=3, random_state=0)
        separator.fit(guided, references)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((100, 3)), rng.standard_normal(100)
    X = rng.random((20, 8)) + 0.1
    array_decoder = EnvelopeDecoder(
        sfreq=EEG_SFREQ, l_freq=None, h_freq=None, alpha=1.0
    ).fit(x, y)
    factorised = contrastive_nmf(X, 3, delta=0.0, max_iter=3, tol=0, random_state=0)
    folder = tmp_path_factory.mktemp("good")
    save_model(decoder, folder / "decoder.skops")
    save_model(array_decoder, folder / "array.skops")
    model = make_pipeline(decoder, separator)
    save_model(model, folder / "model.skops")
    live = make_live(trials, references)
    save_model(live, folder / "live.skops")
    info = mne.create_info(list(trials[0].ch_names), EEG_SFREQ, "eeg")
    raw = mne.io.RawArray(1e-6 * trials[0].eeg, info, verbose="error")
    raw.save(folder / "e_raw.fif", verbose="error")
    (folder / "empty").mkdir()
    save_trials(folder / "trials.npz", trials, references)
    soundfile.write(folder / "a.wav", trials[0].mixture, int(AUDIO_SFREQ))
    soundfile.write(folder / "empty.wav", np.zeros(0), int(AUDIO_SFREQ))
    (folder / "nothing").write_bytes(b"")
    (folder / "text").write_text("no such thing as sound\n")
    return SimpleNamespace(
        trials=trials,
        references=references,
        decoder=decoder,
        guided=guided,
        separator=separator,
        x=x,
        y=y,
        X=X,
        array_decoder=array_decoder,
        factorised=factorised,
        live=live,
        folder=folder,
        but=but,
    )


def make_live(trials, references):
    """Fit a pipeline that knows no future."""
    decoder = EnvelopeDecoder(
        sfreq=EEG_SFREQ,
        l_freq=None,
        h_freq=None,
        alpha=1.0,
        feature="envelope",
        scale=None,
    )
    separator = ContrastiveNMF(2, window=0.064, max_iter=3, random_state=0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return make_pipeline(EEGPreparation(sfreq=None), decoder, separator).fit(
            trials, references
        )


def but(records, index, **fields):
    """Give one of the records other fields; a function makes one of the present."""
    record = records[index]
    fields = {
        name: value(getattr(record, name)) if callable(value) else value
        for name, value in fields.items()
    }
    return [*records[:index], replace(record, **fields), *records[index + 1 :]]


@pytest.fixture
def refuse(w):
    """Check that what a row does is refused, and in words that help."""

    def check(row):
        _, wrong, error, words = row
        with pytest.raises(error) as caught:
            wrong(w)
        plain = isinstance(error, type) and not issubclass(error, OSError)
        assert not plain or type(caught.value) is error
        assert_helpful(str(caught.value), words)

    return check


@pytest.fixture
def helpful():
    return assert_helpful


def assert_helpful(message, words):
    pieces = [re.escape(piece) for piece in words.split(" ... ")]
    assert re.search(".*".join(pieces), message, re.DOTALL), message
    assert len(message) < 1000, message
    assert len(re.findall(NUMBER, message)) <= 20, message
