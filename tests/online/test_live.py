import sys
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.online import OnlineSeparator
from sklearn_cnmf.online._audio import DeviceAudio, Loudspeaker, PacedAudio
from sklearn_cnmf.online._live import listen

from .test_online_separator import stamped


def pull_from(chunks, what, n=1):
    """Return the chunks of one stream, so many at a time, and then None."""
    own = [(np.atleast_2d(part), times) for w, part, times in chunks if w == what]

    def pull():
        taken, own[:n] = own[:n], []
        if not taken:
            return None
        samples, times = zip(*taken)
        return np.concatenate(samples, axis=-1), np.concatenate(times)

    return pull


FINE = SimpleNamespace(input_overflow=False)


@pytest.fixture
def separator(streams):
    return OnlineSeparator(
        streams.pipeline, instruments=("flute", "horn"), eeg_sfreq=128.0
    )


def test_all_that_comes_is_put_out(streams, separator):
    chunks = stamped(streams.trial)
    nothing = np.zeros((4, 0)), np.zeros(0)
    eeg, audio = pull_from(chunks, "eeg"), pull_from(chunks, "audio")
    moments = list(listen(separator, lambda: eeg() or nothing, audio))
    attended = np.concatenate([m.attended for m in moments], axis=-1)
    rest = np.concatenate([m.rest for m in moments], axis=-1)
    assert_allclose((attended + rest)[0], streams.trial.mixture, atol=1e-12)
    assert separator.probabilities[-1, streams.reference.attended] > 0.8
    assert separator.n_missing <= 4
    assert moments[-1].seconds == pytest.approx(12.0)
    assert 0 < moments[-1].busy < 12
    assert_allclose([m.late for m in moments], 0, atol=0.01)


def test_it_goes_on_without_eeg_and_waits_for_audio(streams, separator, monkeypatch):
    waits = []
    monkeypatch.setattr("time.sleep", waits.append)
    chunks = [c for c in stamped(streams.trial) if c[0] == "audio"][:16]
    audio, asked = pull_from(chunks, "audio"), []

    def sometimes():
        asked.append(None)
        return audio() if len(asked) % 2 else (np.zeros((1, 0)), np.zeros(0))

    nothing = np.zeros((4, 0)), np.zeros(0)
    moments = list(listen(separator, lambda: nothing, sometimes))
    assert sum(m.attended.shape[-1] for m in moments) == 16 * 500
    assert_allclose(separator.probabilities, 0.5)
    assert separator.n_missing == len(separator.probabilities) > 0
    assert len(waits) == 16


def test_it_tells_how_late_the_eeg_is(streams, separator):
    chunks = stamped(streams.trial)
    eeg, audio = pull_from(chunks, "eeg"), pull_from(chunks, "audio")

    def late():
        samples, times = eeg()
        return samples, times - 0.05

    moments = list(listen(separator, late, audio, seconds=2.0))
    # The last sample of EEG was taken before the last one of audio.
    expected = 0.05 + 1 / 128 - 1 / 4000
    assert_allclose([moment.late for moment in moments], expected, atol=1e-6)


def test_it_ends_after_some_seconds(streams, separator):
    chunks = stamped(streams.trial)
    moments = listen(
        separator, pull_from(chunks, "eeg"), pull_from(chunks, "audio"), seconds=3.0
    )
    assert sum(m.attended.shape[-1] for m in moments) == 3 * 4000


def test_without_audio_nothing_is_put_out(separator):
    nothing = np.zeros((4, 0)), np.zeros(0)
    assert list(listen(separator, lambda: nothing, lambda: None)) == []


def test_audio_that_stops_ends_it_after_a_minute(separator, monkeypatch):
    now = [0.0]

    def sleep(seconds):
        now[0] += 1

    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.sleep", sleep)
    no_eeg, no_audio = (np.zeros((4, 0)), np.zeros(0)), (np.zeros(0), np.zeros(0))
    moments = listen(separator, lambda: no_eeg, lambda: no_audio)
    with pytest.raises(ValueError, match=r"^audio: nothing came for 60 s$"):
        next(moments)
    assert now[0] == 61


@pytest.mark.parametrize("begin", [None, 100.5])
def test_a_file_is_heard_in_real_time(begin):
    audio = np.arange(1030.0)
    now = [100.0]
    paced = PacedAudio(audio, 1000.0, lambda: now[0], begin)
    heard, stamps, counts = [], [], []
    while True:
        chunk = paced()
        if chunk is None:
            break
        samples, times = chunk
        counts.append(len(times))
        heard.append(samples)
        stamps.append(times)
        assert (times <= now[0]).all()
        now[0] += 0.013
    assert_array_equal(np.concatenate(heard), audio)
    start = 100.0 if begin is None else begin
    assert_allclose(np.concatenate(stamps), start + audio / 1000)
    assert set(counts) <= {0, 20, 10, 30}  # blocks, and what is left of the last one
    assert now[0] == pytest.approx(start + 1.03, abs=0.05)


@pytest.fixture
def sound_card(monkeypatch):
    """A module in place of sounddevice, whose streams are driven by hand."""

    class Stream:
        def __init__(self, **options):
            if options["device"] == "absent":
                raise ValueError("No such device")
            self.options, self.is_open, self.written = options, False, []
            module.opened.append(self)

        def start(self):
            self.is_open = True

        def close(self):
            self.is_open = False

        def write(self, block):
            self.written.append(block)

    module = SimpleNamespace(
        InputStream=Stream, OutputStream=Stream, PortAudioError=OSError, opened=[]
    )
    monkeypatch.setitem(sys.modules, "sounddevice", module)
    return module


def test_a_sound_card_is_recorded_with_stamps(sound_card):
    now = [50.0]
    recorder = DeviceAudio("mic", 1000.0, lambda: now[0])
    (stream,) = sound_card.opened
    assert stream.is_open
    assert stream.options["device"] == "mic"
    assert stream.options["samplerate"] == 1000.0
    assert recorder()[0].shape == (1, 0)
    for first in (0, 20):
        now[0] += 0.02
        block = np.arange(first, first + 20, dtype=np.float32)[:, np.newaxis]
        stream.options["callback"](block, 20, None, FINE)
        block[:] = 0  # the card uses it again
    samples, times = recorder()
    assert_array_equal(samples[0], np.arange(40))
    assert_allclose(times, 50 + np.arange(40) / 1000)
    recorder.close()
    assert not stream.is_open


def test_calls_that_come_late_are_told_from_losses(sound_card):
    now = [50.0]
    recorder = DeviceAudio("mic", 1000.0, lambda: now[0])
    (stream,) = sound_card.opened
    block = np.zeros((20, 1), np.float32)
    late = {10: 0.25, 11: 0.23, 12: 0.21}
    for number in range(40):
        now[0] = 50 + 0.02 * (number + 1) + late.get(number, 0.0)
        stream.options["callback"](block, 20, None, FINE)
    _, times = recorder()
    assert_allclose(times, 50 + np.arange(800) / 1000, atol=0.005)
    now[0] = 51.8
    stream.options["callback"](block, 20, None, SimpleNamespace(input_overflow=True))
    assert_allclose(recorder()[1], 51.78 + np.arange(20) / 1000)


def test_a_sound_card_plays(sound_card):
    play = Loudspeaker(None, 1000.0, 2)
    (stream,) = sound_card.opened
    assert stream.options["channels"] == 2
    play(np.ones((2, 5)))
    assert stream.written[0].shape == (5, 2)
    assert stream.written[0].dtype == np.float32
    play.close()
    assert not stream.is_open


def test_a_sound_card_that_goes_is_said(sound_card):
    play = Loudspeaker(None, 1000.0, 1)
    (stream,) = sound_card.opened

    def unplugged(block):
        raise sound_card.PortAudioError("device unavailable")

    stream.write = unplugged
    with pytest.raises(ValueError, match="plays no longer: device unavailable"):
        play(np.ones(5))


def test_a_sound_card_that_is_not_there_is_named(sound_card):
    with pytest.raises(ValueError, match="audio: can't record from absent at 1000 Hz"):
        DeviceAudio("absent", 1000.0, lambda: 0.0)
    with pytest.raises(ValueError, match="play: can't play on absent at 1000 Hz"):
        Loudspeaker("absent", 1000.0, 1)


def test_without_sounddevice_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(ImportError, match="pip install sounddevice"):
        DeviceAudio(None, 1000.0, lambda: 0.0)
