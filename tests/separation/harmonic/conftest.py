import numpy as np
import pytest

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.signals import audio_envelope

SFREQ = 8000.0
GUIDE_SFREQ = 64.0


def _play(notes, slope, duration, vibrato=0.0, odd=False):
    """Notes (start, end, MIDI number) as harmonic tones; `slope` of their partials."""
    times = np.arange(round(duration * SFREQ)) / SFREQ
    audio = np.zeros_like(times)
    for start, end, pitch in notes:
        inside = (times >= start) & (times < end)
        t = times[inside] - start
        cents = vibrato * np.sin(2 * np.pi * 5.5 * t) * np.minimum(t / 0.2, 1)
        f0 = 440 * 2 ** ((pitch - 69 + cents / 100) / 12)
        phase = 2 * np.pi * np.cumsum(f0) / SFREQ
        tone = np.zeros_like(t)
        for h in range(1, int(SFREQ / 2 / f0.max())):
            if not odd or h % 2:
                tone += h**-slope * np.sin(h * phase + h)
        fade = np.minimum(np.minimum(t, end - start - t) / 0.02, 1)
        audio[inside] += tone * fade * np.exp(-t)
    return audio


HIGH = [
    (0.1, 0.7, 76),
    (0.7, 1.1, 74),
    (1.1, 1.9, 79),
    (2.3, 2.9, 77),
    (2.9, 3.3, 76),
    (3.3, 3.9, 72),
]
LOW = [(0.1, 0.9, 57), (0.9, 1.7, 62), (1.7, 2.1, 60), (2.1, 3.1, 58), (3.2, 3.9, 55)]
BASS = [(0.3, 1.3, 45), (1.3, 2.0, 43), (2.0, 2.7, 48), (2.7, 3.8, 41)]


# The voices cross before their last notes.
RISING = [
    (0.1, 0.8, 60),
    (0.8, 1.4, 63),
    (1.4, 2.2, 58),
    (2.2, 3.0, 62),
    (3.0, 3.9, 75),
]
FALLING = [
    (0.1, 0.6, 74),
    (0.6, 1.2, 71),
    (1.2, 1.9, 76),
    (1.9, 2.7, 72),
    (2.7, 3.9, 66),
]


def _make_trial(stems, attended, instruments=None, **changes):
    """Trial whose guide is the envelope of one of some stems, and its reference."""
    mixture = stems.sum(axis=0)
    n_times = round(mixture.shape[-1] / SFREQ * GUIDE_SFREQ)
    times = np.arange(n_times) / GUIDE_SFREQ
    fields = {
        "eeg": np.zeros((1, n_times)),
        "eeg_sfreq": GUIDE_SFREQ,
        "mixture": mixture,
        "audio_sfreq": SFREQ,
        "instruments": instruments,
        "guide": audio_envelope(stems[attended], SFREQ, times),
        "guide_sfreq": GUIDE_SFREQ,
        "guide_weights": np.array([1.0]),
        **changes,
    }
    return Trial(**fields), Reference(stems, attended)


@pytest.fixture(scope="session")
def duet():
    """Two voices that sound together, with rests, (2, n_samples)."""
    return np.stack([_play(HIGH, 1.0, 4, vibrato=20), _play(LOW, 1.0, 4, odd=True)])


@pytest.fixture(scope="session")
def crossing():
    """Two voices that cross, (2, n_samples), and their notes."""
    stems = [_play(RISING, 0.4, 4), _play(FALLING, 1.2, 4, odd=True)]
    return np.stack(stems), (RISING, FALLING)


@pytest.fixture(scope="session")
def exchanged():
    """Two voices that exchange their ranges, (2, n_samples), and their notes."""
    later = [
        [(start + 4, end + 4, pitch) for start, end, pitch in notes]
        for notes in (LOW, HIGH)
    ]
    notes = HIGH + later[0], LOW + later[1]
    stems = [_play(notes[0], 0.4, 8), _play(notes[1], 1.2, 8, odd=True)]
    return np.stack(stems), notes


@pytest.fixture(scope="session")
def duet_notes():
    """Notes (start, end, MIDI number) of each voice of the duet."""
    return HIGH, LOW


@pytest.fixture(scope="session")
def trio(duet):
    """Three voices, (3, n_samples)."""
    return np.concatenate([duet, _play(BASS, 0.8, 4)[None]])


@pytest.fixture(scope="session")
def make_trial():
    """Function that makes a trial of stems, and its reference."""
    return _make_trial


@pytest.fixture(scope="session")
def duet_trial(duet):
    """Trial of the duet, whose first voice is attended."""
    return _make_trial(duet, 0)[0]


@pytest.fixture(scope="session")
def play():
    """Function that plays notes as harmonic tones."""
    return _play
