import numpy as np
import pytest

from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.evaluation.subjects._sounds import number_sounds, sound_of


@pytest.fixture(scope="module")
def stem():
    piece = load_example_stems()[0]
    return piece.stems[0], piece.sfreq


@pytest.mark.parametrize(
    "change",
    [
        lambda x: 0.37 * x,
        lambda x: x.astype(np.float64) / 3,
        lambda x: np.round(32767 * x).astype(np.int16),
        lambda x: x[1:],
        lambda x: np.stack([0.3 * x, 0.7 * x]),
        lambda x: -x,
    ],
)
def test_the_same_recording_has_one_number_whatever_was_done_to_it(stem, change):
    audio, sfreq = stem
    other = sound_of(audio[::-1].copy(), sfreq)
    sounds = [sound_of(audio, sfreq), other, sound_of(change(audio), sfreq)]
    first, reversed_, changed = number_sounds(sounds)
    assert first == changed != reversed_


def test_no_two_stems_are_the_same():
    sounds = [sound_of(s, p.sfreq) for p in load_example_stems() for s in p.stems]
    assert len(set(number_sounds(sounds))) == len(sounds)


def test_length_tells_sounds_apart():
    tone = np.sin(np.arange(8000.0))
    one, two = sound_of(tone, 8000.0), sound_of(tone, 4000.0)
    assert len(set(number_sounds([one, two]))) == 2


def test_short_and_silent_sounds_have_profiles():
    assert np.isfinite(sound_of(np.zeros(1000), 8000.0).profile).all()
    assert sound_of(np.ones(3), 8000.0).profile[:3].any()
