from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.decoding import EEGPreparation
from sklearn_cnmf.signals import audio_envelope

EEG, AUDIO, SECONDS = 128.0, 4000.0, 12.0
INSTRUMENTS = ("flute", "horn")


def make_trial(seed, attended):
    """Two instruments whose notes come and go, and EEG that follows one of them."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(SECONDS * AUDIO)) / AUDIO
    sources = []
    for low in (440.0, 250.0):
        pitch = low * 2 ** (rng.integers(5, size=48) / 12)
        level = rng.random(48) * (rng.random(48) < 0.7)
        note = np.minimum((times / SECONDS * 48).astype(int), 47)
        tone = sum(np.sin(2 * np.pi * h * pitch[note] * times) / h for h in (1, 2, 3))
        sources.append(level[note] * tone)
    sources = np.stack(sources)
    frames = np.arange(round(SECONDS * EEG)) / EEG
    followed = audio_envelope(sources[attended], AUDIO, frames - 0.1)[0]
    eeg = 0.5 * rng.standard_normal((4, len(frames))) + 100
    eeg += np.outer([1.0, -1.0, 0.5, 0.0], followed)
    trial = Trial(
        eeg,
        EEG,
        sources.sum(axis=0),
        AUDIO,
        instruments=INSTRUMENTS,
        stimulus=f"piece {seed}",
    )
    return trial, Reference(sources, attended)


@pytest.fixture(scope="session")
def streams():
    """A pipeline that knows no future, and a trial that it has not seen."""
    pairs = [make_trial(seed, seed % 2) for seed in range(7)]
    trials, references = [t for t, _ in pairs], [r for _, r in pairs]
    pipeline = Pipeline(
        [
            ("prepare", EEGPreparation(sfreq=None)),
            ("decode", EnvelopeDecoder(phase="forward", scale=None, alpha=1.0)),
            ("separate", ContrastiveNMF(40, window=0.064, random_state=0)),
        ]
    ).fit(trials[:6], references[:6])
    return SimpleNamespace(pipeline=pipeline, trial=trials[6], reference=references[6])
