import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.signals import _envelope, audio_envelope
from sklearn_cnmf.signals._features import compute_feature


def test_envelope_of_a_constant_is_its_power():
    audio = np.full(4410, -0.25)
    times = np.arange(6) / 64
    assert_allclose(audio_envelope(audio, 44100.0, times), 0.25**0.6)
    assert_allclose(audio_envelope(audio, 44100.0, times, power=1.0), 0.25)


def test_envelope_sums_the_power_of_channels():
    audio = np.random.default_rng(0).standard_normal((2, 8000))
    times = np.arange(64) / 64
    found = audio_envelope(audio, 8000.0, times, power=2.0)
    alone = [audio_envelope(channel, 8000.0, times, power=2.0) for channel in audio]
    assert_allclose(found, alone[0] + alone[1], rtol=1e-9)


def test_envelope_equals_the_rms_of_each_window():
    audio = np.random.default_rng(1).standard_normal(1000)
    found = audio_envelope(audio, 1000.0, np.arange(10) / 100 + 0.0495)
    windows = audio[45:145].reshape(10, 10)
    assert_allclose(found[0], np.sqrt(np.mean(windows**2, axis=1)) ** 0.6)


@pytest.mark.parametrize("audio_sfreq", [44100.0, 22050.0, 48000.0, 8000.0])
@pytest.mark.parametrize("sfreq", [64.0, 256.0, 250.0])
def test_envelope_does_not_drift(audio_sfreq, sfreq):
    # a burst of noise around 23.9 s; its centre of gravity tells the clock
    times_audio = np.arange(int(24.1 * audio_sfreq)) / audio_sfreq
    shape = np.exp(-0.5 * ((times_audio - 23.9) / 0.03) ** 2)
    times = np.arange(int(24 * sfreq)) / sfreq
    envelope = audio_envelope(shape, audio_sfreq, times, power=2.0)[0]
    centre = np.sum(times * envelope) / np.sum(envelope)
    assert abs(centre - 23.9) < 1e-4


def test_silence_and_times_beyond_the_audio_are_zero():
    audio = np.concatenate([np.ones(1000), np.zeros(1000)])
    envelope = audio_envelope(audio, 1000.0, np.arange(0, 3, 0.25))[0]
    assert_array_equal(envelope[5:], 0)
    assert_allclose(envelope[:4], 1)


def test_envelope_leaves_its_input_alone_and_takes_integers():
    audio = np.arange(100, dtype=np.int16)
    audio.flags.writeable = False
    times = np.arange(5) / 50
    assert_allclose(
        audio_envelope(audio, 1000.0, times),
        audio_envelope(audio.astype(float), 1000.0, times),
    )


@pytest.mark.parametrize(
    ("audio", "sfreq", "times", "power", "message"),
    [
        (np.ones((1, 2, 9)), 9.0, [0, 1], 0.6, "audio: expected 1-D or 2-D"),
        (np.full(9, np.nan), 9.0, [0, 1], 0.6, "audio: found 9 NaN"),
        (np.ones(9), 0.0, [0, 1], 0.6, "sfreq: expected a finite number > 0"),
        (np.ones(9), 9.0, [0, 1], -1, "power: expected a finite number > 0"),
        (np.ones(9), 9.0, [0], 0.6, "times: expected at least two"),
        (np.ones(9), 9.0, [0, 1, 3], 0.6, "times: expected equally spaced"),
        (np.ones(9), 9.0, [1, 0], 0.6, "times: expected equally spaced"),
    ],
)
def test_envelope_refuses(audio, sfreq, times, power, message):
    with pytest.raises(ValueError, match=message):
        audio_envelope(audio, sfreq, times, power=power)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(4), r"feature returned shape \(4,\)"),
        (np.ones((2, 5)), r"feature returned shape \(2, 5\)"),
        (np.ones((0, 4)), r"feature returned shape \(0, 4\)"),
        (np.full((1, 4), np.inf), "NaN or infinite"),
        (np.full((1, 4), "a"), "real numbers are expected"),
    ],
)
def test_what_a_function_returns_is_checked(values, message):
    with pytest.raises(ValueError, match=f"here: {message}|here.*{message}"):
        compute_feature(lambda *_: values, np.ones(9), 9.0, np.arange(4) / 4, "here")


def test_envelope_does_not_depend_on_its_blocks(monkeypatch):
    audio = np.random.RandomState(0).randn(2, 1000)
    times = np.arange(-2, 30) / 25
    whole = audio_envelope(audio, 1000.0, times, window=0.1)
    monkeypatch.setattr(_envelope, "_BLOCK", 77)
    blocks = audio_envelope(audio, 1000.0, times, window=0.1)
    assert_allclose(blocks, whole, rtol=1e-10)
    cumulative = np.append(0, np.cumsum((audio**2).sum(0)))
    for time, value in zip(times, whole[0]):
        edges = np.clip((time + np.array([-0.05, 0.05])) * 1000 + 0.5, 0, 1000)
        first, last = np.interp(edges, np.arange(1001), cumulative)
        expected = (last - first) / max(edges[1] - edges[0], 1)
        assert_allclose(value, expected**0.3, rtol=1e-9)
