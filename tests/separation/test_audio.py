import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation import separate_audio

SFREQ = 8000


@pytest.fixture
def scene():
    """Noise bursts at 2 Hz beside a chord that swells slowly; taps at the bursts."""
    rng = np.random.default_rng(0)
    times = np.arange(4 * SFREQ) / SFREQ
    decay = np.exp(-10 * (times % 0.5))
    drum = decay * rng.standard_normal(len(times))
    chord = sum(np.sin(2 * np.pi * f * times) for f in (262, 330, 392))
    chord = 0.2 * chord * (1 + 0.3 * np.sin(2 * np.pi * 0.3 * times))
    taps = np.exp(-10 * ((np.arange(400) / 100) % 0.5))
    return drum, chord, taps


def test_a_tapped_rhythm_brings_the_drum(scene):
    drum, chord, taps = scene
    audio = drum + chord
    source, rest = separate_audio(
        audio, SFREQ, taps, 100, n_components=8, random_state=0
    )
    assert_allclose(source + rest, audio)
    assert si_sdr(drum, source) > si_sdr(drum, audio) + 5
    assert si_sdr(chord, rest) > si_sdr(chord, audio) + 5


def test_stereo_of_single_precision(scene):
    drum, chord, taps = scene
    audio = np.stack([drum + chord, drum - chord]).astype(np.float32)
    before = audio.copy()
    source, rest = separate_audio(
        audio, SFREQ, taps[None], 100, n_components=8, random_state=0
    )
    assert source.shape == rest.shape == audio.shape
    assert source.dtype == rest.dtype == np.float32
    assert_array_equal(audio, before)


def test_the_published_start_follows_the_guide(scene):
    drum, chord, taps = scene
    source, _ = separate_audio(
        drum + chord, SFREQ, taps, 100,
        dictionary="guided", n_components=8, random_state=0,
    )  # fmt: skip
    assert si_sdr(drum, source) > si_sdr(drum, drum + chord) + 3


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"guide": np.ones(399)}, None),
        ({"guide": np.ones(398)}, "guide: expected 4.000 s as audio has, got 3.980 s"),
        ({"guide": np.full(400, np.nan)}, "guide: found 400 NaN"),
        ({"guide": np.ones((1, 1, 400))}, "guide"),
        ({"guide_sfreq": 0}, "guide_sfreq: expected a positive rate"),
        ({"sfreq": -1}, "sfreq: expected"),
        ({"audio": np.ones((2, 2, 8000))}, "audio"),
        ({"dictionary": "learned"}, "dictionary: expected"),
        ({"mask_power": 0}, "mask_power: expected"),
    ],
)
def test_what_is_not_as_described_is_refused(scene, change, message):
    drum, chord, taps = scene
    given = {"audio": drum + chord, "sfreq": SFREQ, "guide": taps, "guide_sfreq": 100}
    options = {"n_components": 2, "tol": 0.1, "random_state": 0}
    if message is None:
        with pytest.warns(UserWarning, match="guide is constant"):
            separate_audio(**{**given, **options, **change})
        return
    with pytest.raises(ValueError, match=message):
        separate_audio(**{**given, **options, **change})
