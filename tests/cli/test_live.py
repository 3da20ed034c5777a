import io
import re
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import soundfile
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.cli import _live, main
from sklearn_cnmf.cli._held_out import write_eeg
from sklearn_cnmf.cli._live_view import LiveView
from sklearn_cnmf.decoding import EEGPreparation
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.model_io import save_model
from sklearn_cnmf.online._live import Moment

from ..online.conftest import AUDIO, EEG, INSTRUMENTS, make_trial

NAMES = ("C1", "C2", "C3", "C4")


def named(trial):
    from dataclasses import replace

    return replace(trial, ch_names=NAMES, eeg=trial.eeg * 1e-6)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A model on disk, and a trial that it has not seen."""
    folder = tmp_path_factory.mktemp("live")
    pairs = [make_trial(seed, seed % 2) for seed in range(7)]
    trials, references = [named(t) for t, _ in pairs], [r for _, r in pairs]
    pipeline = Pipeline(
        [
            ("prepare", EEGPreparation(sfreq=None)),
            ("decode", EnvelopeDecoder(phase="forward", scale=None, alpha=1.0)),
            ("separate", ContrastiveNMF(40, window=0.064, random_state=0)),
        ]
    ).fit(trials[:6], references[:6])
    save_model(pipeline, folder / "live.skops")
    trial, reference = trials[6], references[6]
    soundfile.write(folder / "mixture.wav", trial.mixture, int(AUDIO), "FLOAT")
    write_eeg(folder / "eeg_raw.fif", trial)
    return SimpleNamespace(
        folder=folder,
        model=folder / "live.skops",
        mixture=folder / "mixture.wav",
        eeg=folder / "eeg_raw.fif",
        trial=trial,
        reference=reference,
    )


class FakeInlet:
    """EEG of a trial, all that was taken until now, 0.05 s late."""

    sfreq, name = EEG, "amplifier"

    def __init__(self, trial, clock):
        self.trial, self.clock, self.at = trial, clock, 0
        self.volts = np.full(4, 1e-6)

    def eeg_channels(self, names, n_channels):
        assert names == list(NAMES)
        return np.arange(3, -1, -1), self.volts

    def pull(self):
        until = max(self.at, min(int((self.clock() - 0.05) * EEG), 12 * int(EEG)))
        part = slice(self.at, until)
        self.at = until
        samples = self.trial.eeg[::-1, part] / self.volts[:, np.newaxis]
        return samples, np.arange(part.start, part.stop) / EEG

    def close(self):
        pass


@pytest.fixture
def layer(files, monkeypatch):
    """Streams whose clock runs only while the command sleeps or is asked."""
    now = [0.0]

    def clock():
        now[0] += 0.004
        return now[0]

    layer = SimpleNamespace(local_clock=clock, inlet=FakeInlet(files.trial, clock))
    monkeypatch.setattr(_live, "lsl", lambda: layer)

    def inlet(name):
        assert name == "amplifier"
        return layer.inlet

    monkeypatch.setattr(_live, "Inlet", inlet)
    return layer


def run(files, tmp_path, *words, model=None, audio=None):
    return main(
        [
            "live",
            *("--model", str(model or files.model), "--eeg-stream", "amplifier"),
            *("--audio", str(audio or files.mixture)),
            *("--out", str(tmp_path / "out.wav"), *words),
        ]
    )


def test_it_writes_what_is_put_out(files, layer, tmp_path, capsys):
    course = tmp_path / "course.csv"
    assert run(files, tmp_path, "--probabilities", str(course)) == 0
    written, sfreq = soundfile.read(tmp_path / "out.wav")
    assert sfreq == AUDIO
    assert written.shape == files.trial.mixture.shape
    source = files.reference.sources[files.reference.attended]
    late = slice(len(source) // 2, None)
    assert si_sdr(source[late], written[late]) > 6
    table = np.genfromtxt(course, delimiter=",", names=True)
    assert table.dtype.names == ("seconds", *INSTRUMENTS)
    assert table[INSTRUMENTS[files.reference.attended]][-1] > 0.9
    assert np.allclose(table["flute"] + table["horn"], 1, atol=1e-3)
    assert np.allclose(np.diff(table["seconds"]), 1 / 64, atol=1e-3)
    said = capsys.readouterr()
    assert re.search(r"out.wav: 12.0 s, computed in \d+\.\d s", said.out)
    assert re.search(r"Probability at the end: flute \d\.\d\d, horn \d\.\d\d", said.out)
    assert "Latency: 0.11 s" in said.err
    assert re.search(r"0:05.\d   EEG \+\d+ ms   missing 0   busy", said.err)
    assert not list(tmp_path.glob(".*"))


def test_it_ends_after_some_seconds(files, layer, tmp_path):
    assert run(files, tmp_path, "--seconds", "2") == 0
    n_samples = soundfile.info(tmp_path / "out.wav").frames
    assert 2 * AUDIO <= n_samples < 2.2 * AUDIO


def test_an_interrupt_keeps_what_was_put_out(
    files, layer, tmp_path, capsys, monkeypatch
):
    update = LiveView.update

    def interrupted(self, separator, moment):
        update(self, separator, moment)
        if moment.seconds > 3:
            raise KeyboardInterrupt

    monkeypatch.setattr(LiveView, "update", interrupted)
    course = tmp_path / "course.csv"
    assert run(files, tmp_path, "--probabilities", str(course)) == 130
    assert soundfile.info(tmp_path / "out.wav").frames > 3 * AUDIO
    assert course.exists()
    assert re.search(r"interrupted, .*out.wav holds 3\.\d s", capsys.readouterr().err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_at_the_end_waits_until_all_is_written(
    files, layer, tmp_path, capsys, monkeypatch, number
):
    write = _live._write_probabilities

    def interrupted(path, separator):
        signal.raise_signal(number)
        write(path, separator)

    monkeypatch.setattr(_live, "_write_probabilities", interrupted)
    course = tmp_path / "course.csv"
    words = ["--seconds", "1", "--probabilities", str(course)]
    assert run(files, tmp_path, *words) == 128 + number
    assert len(course.read_text().splitlines()) > 10
    assert soundfile.info(tmp_path / "out.wav").frames >= AUDIO
    assert re.search(r"interrupted, .*out.wav holds 1\.\d s", capsys.readouterr().err)
    assert len(list(tmp_path.iterdir())) == 2


def test_eeg_that_is_no_number_counts_as_lost(files, layer, tmp_path, capsys):
    pull, n_asked = layer.inlet.pull, []

    def sometimes():
        samples, times = pull()
        n_asked.append(None)
        if 200 < len(n_asked) < 400 or len(n_asked) % 7 == 0:
            samples[0] = np.nan
        return samples, times

    layer.inlet.pull = sometimes
    assert run(files, tmp_path) == 0
    n_missing = int(
        re.search(r"Decisions without EEG: (\d+)", capsys.readouterr().out)[1]
    )
    assert 64 < n_missing < 300


@pytest.mark.parametrize("wrong", ["channels", "stamps"])
def test_streams_that_go_wrong_end_it_and_keep_what_was_put_out(
    files, layer, tmp_path, capsys, wrong
):
    pull, n_asked = layer.inlet.pull, []

    def wrong_later():
        samples, times = pull()
        n_asked.append(None)
        if len(n_asked) < 200 or not len(times):
            return samples, times
        if wrong == "stamps":
            times = times + 1000
        return samples, times[:-1] if wrong == "channels" else times

    layer.inlet.pull = wrong_later
    course = tmp_path / "course.csv"
    assert run(files, tmp_path, "--probabilities", str(course)) == 2
    said = capsys.readouterr()
    assert not said.out
    *_, last = said.err.splitlines()
    expected = {"channels": "times: expected", "stamps": "of eeg"}
    assert last.startswith("sklearn-cnmf: error: ")
    assert expected[wrong] in last
    seconds = float(re.search(r"; .*out.wav holds (\d\.\d) s$", last)[1])
    n_samples = soundfile.info(tmp_path / "out.wav").frames
    assert n_samples / AUDIO == pytest.approx(seconds, abs=0.06)
    assert course.exists()


def test_a_wav_that_can_not_be_written_takes_one_line(
    files, layer, tmp_path, capsys, monkeypatch
):
    class Full(soundfile.SoundFile):
        def write(self, block):
            raise soundfile.LibsndfileError(2, "Error : ")

    monkeypatch.setattr(soundfile, "SoundFile", Full)
    assert run(files, tmp_path) == 2
    *_, last = capsys.readouterr().err.splitlines()
    assert re.search(r"error: .*out.wav: can't be written \(Error", last)
    assert not list(tmp_path.iterdir())


def test_eeg_is_in_volts_and_in_the_order_of_the_model(files):
    inlet = FakeInlet(files.trial, lambda: 1.0)
    samples, times = _live._eeg(inlet, list(NAMES), 4)()
    assert samples.shape == (4, len(times))
    np.testing.assert_allclose(samples, files.trial.eeg[:, : len(times)])


def test_units_that_are_not_named_are_said(files, layer, tmp_path, capsys):
    layer.inlet.volts = np.full(4, np.nan)
    pull = layer.inlet.pull

    def in_volts():
        _, times = pull()
        return files.trial.eeg[::-1, : len(times)], times

    layer.inlet.pull = in_volts
    assert run(files, tmp_path, "--seconds", "1") == 0
    assert "amplifier names no units; its values are taken as volts" in (
        capsys.readouterr().err
    )


def test_a_stream_that_says_nothing_ends_it(
    files, layer, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(_live, "_LONGEST_WAIT", 0.05)
    layer.inlet.pull = lambda: (np.zeros((4, 0)), np.zeros(0))
    assert run(files, tmp_path) == 2
    assert "'amplifier': no samples came within 0.05 s" in capsys.readouterr().err
    assert not (tmp_path / "out.wav").exists()


def test_files_that_exist_are_not_overwritten(files, layer, tmp_path, capsys):
    (tmp_path / "out.wav").write_text("mine")
    assert run(files, tmp_path) == 2
    assert "out.wav exists and is not overwritten" in capsys.readouterr().err
    assert (tmp_path / "out.wav").read_text() == "mine"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--instruments", "flute"], "instruments: at least two"),
        (["--instruments", "flute,oboe"], "the model does not know 'oboe'"),
        (["--half-life", "0"], "--half-life: expected a finite number > 0"),
        (["--depth", "-3"], "--depth: expected a finite number > 0"),
        (["--replay", "x.fif"], "not allowed with argument --eeg-stream"),
    ],
)
def test_what_is_wrong_takes_one_line(files, layer, tmp_path, capsys, words, message):
    try:
        status = run(files, tmp_path, *words)
    except SystemExit as end:  # of argparse
        status = end.code
    error = capsys.readouterr().err
    assert status == 2
    assert message in error
    assert "Traceback" not in error
    assert not list(tmp_path.iterdir())


def test_a_model_that_knows_the_future_is_refused(files, layer, tmp_path, capsys):
    pairs = [make_trial(seed, seed % 2) for seed in range(4)]
    pipeline = Pipeline(
        [
            ("decode", EnvelopeDecoder(alpha=1.0)),
            ("separate", ContrastiveNMF(40, window=0.064, random_state=0)),
        ]
    ).fit([named(t) for t, _ in pairs], [r for _, r in pairs])
    save_model(pipeline, tmp_path / "model.skops")
    assert run(files, tmp_path, model=tmp_path / "model.skops") == 2
    assert "phase of EnvelopeDecoder is 'zero'" in capsys.readouterr().err


def test_on_a_terminal_bars_are_drawn_in_place(files, monkeypatch):
    class Terminal(io.StringIO):
        encoding = "utf-8"

        def isatty(self):
            return True

    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    view = LiveView(INSTRUMENTS)
    separator = SimpleNamespace(latest=np.array([0.75, 0.25]), n_missing=3)
    for second in (1.0, 1.01, 59.96):
        block = np.full(100, 0.1)
        view.update(separator, Moment(block, block / 10, second, 0.5, 0.02))
    first, second = terminal.getvalue().split("\x1b[5A")
    assert "0:01.0   EEG +20 ms   missing 3   busy 50 %" in first
    assert re.search(r"flute     \u2588{30}\u2591{10}  0\.75", first)
    assert "1:00.0   EEG" in second
    assert re.search(r"attended  \u2588+\u2591+  -20 dB", second)
    assert re.search(r"rest      \u2588+\u2591+  -40 dB", second)


def test_a_replay_by_the_real_layer(files, tmp_path, capsys):
    pytest.importorskip("mne_lsl", reason="mne-lsl is absent")
    status = main(
        [
            *("live", "--model", str(files.model), "--replay", str(files.eeg)),
            *("--audio", str(files.mixture), "--out", str(tmp_path / "out.wav")),
            *("--probabilities", str(tmp_path / "course.csv")),
        ]
    )
    said = capsys.readouterr()
    assert status == 0, said.err
    written, _ = soundfile.read(tmp_path / "out.wav")
    assert written.shape == files.trial.mixture.shape
    table = np.genfromtxt(tmp_path / "course.csv", delimiter=",", names=True)
    assert table[INSTRUMENTS[files.reference.attended]][-1] > 0.8
    missing = re.search(r"Decisions without EEG: (\d+)", said.out)
    assert missing is None or int(missing[1]) < 0.1 * len(table)


def test_a_replay_of_no_recording_says_what_is_wrong(files, tmp_path, capsys):
    pytest.importorskip("mne_lsl", reason="mne-lsl is absent")
    status = main(
        [
            *("live", "--model", str(files.model), "--replay", str(files.mixture)),
            *("--audio", str(files.mixture), "--out", str(tmp_path / "out.wav")),
        ]
    )
    error = capsys.readouterr().err
    assert status == 2
    assert "mixture.wav: can't be replayed; the player says: ValueError" in error
