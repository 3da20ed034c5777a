"""Commands that are interrupted, asked to end, or run twice at a time."""

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_array_equal

from sklearn_cnmf import _writing
from sklearn_cnmf.cli import _evaluate, _output, main
from sklearn_cnmf.cli._signals import endings_as_interrupts

from . import writers
from .conftest import environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")

NOTHING = "sklearn-cnmf: interrupted, nothing was written"
# Steps, and what Fortran of SciPy < 1.16 says of an interrupt while it calls Python.
NOT_TOLD = re.compile(r"\[|capi_return is NULL$|Call-back \w+ failed\.$")


def start(name, material, folder):
    return subprocess.Popen(
        [sys.executable, writers.__file__, material, folder, name],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment(),
        start_new_session=True,
    )


def wait_until(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def is_alive(group):
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def assert_as_undisturbed(folder, expected):
    names = {path.name for path in expected.iterdir()}
    assert {path.name for path in folder.iterdir()} == names
    # Not to the byte: WAV files of floats tell when they were written.
    for name in ("attended.wav", "rest.wav"):
        one, other = (soundfile.read(each / name)[0] for each in (folder, expected))
        assert_array_equal(one, other)
    guide = "guide.csv"
    assert (folder / guide).read_bytes() == (expected / guide).read_bytes()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("separate", signal.SIGINT),
        ("separate", signal.SIGTERM),
        ("demo", signal.SIGTERM),
    ],
)
def test_what_ends_a_command_leaves_nothing(name, number, material, tmp_path):
    out = tmp_path / "out"
    process = start(name, material, tmp_path)
    wait_until(lambda: find_unfinished(tmp_path) or process.poll() is not None)
    time.sleep(np.random.default_rng(128 + number).uniform(0, 0.2))
    assert ended(process, number) == [NOTHING]
    assert not out.exists()
    if number == signal.SIGINT:
        again = start(name, material, tmp_path)
        again.communicate(timeout=60)
        assert again.returncode == 0
        assert_as_undisturbed(out, material / "separated")


@pytest.mark.slow
def test_no_interrupt_is_lost(material, tmp_path):
    # It loads modules and compiles, where libraries may catch an interrupt.
    for number, delay in enumerate(np.linspace(0, 0.4, 20)):
        folder = tmp_path / f"{number}"
        folder.mkdir()
        process = start("separate", material, folder)
        wait_until(partial(find_unfinished, folder))
        time.sleep(delay)
        said = ended(process, (signal.SIGINT, signal.SIGTERM)[number % 2])
        assert said == [NOTHING], delay
        assert not list(folder.iterdir())


def find_unfinished(folder):
    return list(folder.glob("out/.unfinished-*"))


def ended(process, number):
    """End a process, and return what it tells."""
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + number, said
    wait_until(lambda: not is_alive(process.pid))
    return [line for line in said.splitlines() if not NOT_TOLD.match(line)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_finished_units_stay_and_are_used_again(
    number, material, tmp_path, monkeypatch
):
    store = tmp_path / "store"
    process = start("stored", material, tmp_path)
    wait_until(lambda: list(store.glob("*.json")))
    assert ended(process, number) == [
        f"sklearn-cnmf: interrupted, finished units are kept in {store}; the same "
        "command goes on"
    ]
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    # Who writes a file again makes another one.
    kept = {path.name: path.stat() for path in store.iterdir()}
    for name in kept:
        json.loads((store / name).read_text())
    monkeypatch.setattr(_evaluate, "_model", lambda *_: writers.small_model())
    assert main(writers.command("stored", material, tmp_path)) == 0
    assert (tmp_path / "out" / "table.csv").exists()
    assert len(list(store.iterdir())) == 3
    for name, before in kept.items():
        now = (store / name).stat()
        assert (now.st_ino, now.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def interrupt_after(monkeypatch, owner, name, number):
    """Have a function end with a signal."""
    function = getattr(owner, name)

    def interrupted(*arguments):
        function(*arguments)
        signal.raise_signal(number)

    monkeypatch.setattr(owner, name, interrupted)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_units_are_kept_while_results_are_written(
    number, material, tmp_path, capsys, monkeypatch
):
    interrupt_after(monkeypatch, _evaluate, "_write", number)
    monkeypatch.setattr(_evaluate, "_model", lambda *_: writers.small_model())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        status = main(writers.command("stored", material, tmp_path))
    assert status == 128 + number
    *_, line = capsys.readouterr().err.splitlines()
    assert line.endswith(
        f"interrupted, finished units are kept in {tmp_path / 'store'}; the same "
        "command goes on"
    )
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    assert len(list((tmp_path / "store").glob("*.json"))) == 3


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("name", ["report", "stored", "live"])
def test_what_ends_a_command_as_it_loads(number, name, material, tmp_path):
    code = (
        "import sys; from sklearn_cnmf.cli import main; print('ready', flush=True); "
        "sys.exit(main(sys.argv[1:]))"
    )
    rng = np.random.default_rng(number)
    for _ in range(3):
        process = subprocess.Popen(
            [sys.executable, "-c", code, *writers.command(name, material, tmp_path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment(),
            start_new_session=True,
        )
        assert process.stdout.readline() == "ready\n"
        time.sleep(rng.uniform(0.05, 0.5))
        assert ended(process, number) == [NOTHING]
        assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_page_is_whole_or_not_there(number, material, tmp_path):
    process = start("report", material, tmp_path)
    wait_until(lambda: list(tmp_path.iterdir()) or process.poll() is not None)
    process.send_signal(number)
    printed, said = process.communicate(timeout=60)
    left = [path.name for path in tmp_path.iterdir()]
    if left:  # it came late, and Python itself may be ending
        assert left == ["page.html"]
        assert "</html>" in (tmp_path / "page.html").read_text()[-20:]
        assert "Written" in printed or "is written" in said or "all results" in said
    else:
        assert said == f"{NOTHING}\n"
        assert process.returncode == 128 + number


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_half_a_page_is_deleted(number, material, tmp_path, capsys, monkeypatch):
    def interrupted(path):
        assert path.stat().st_size > 1000
        signal.raise_signal(number)

    monkeypatch.setattr(_writing, "_sync", interrupted)
    assert main(writers.command("report", material, tmp_path)) == 128 + number
    line = "sklearn-cnmf: interrupted, nothing was written\n"
    assert capsys.readouterr().err == line
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_page_that_is_there_is_said_to_be(
    number, material, tmp_path, capsys, monkeypatch
):
    interrupt_after(monkeypatch, os, "replace", number)
    assert main(writers.command("report", material, tmp_path)) == 128 + number
    page = tmp_path / "page.html"
    assert (
        capsys.readouterr().err == f"sklearn-cnmf: interrupted, but {page} is written\n"
    )
    assert list(tmp_path.iterdir()) == [page]


def players(process):
    """Other processes of the same group."""
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = (path / "stat").read_text().rpartition(")")[2].split()
            if int(stat[2]) == process.pid != int(path.name):
                found.append(int(path.name))
    return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("when", ["player starts", "listening"])
def test_what_ends_a_listening_keeps_what_was_put_out(number, when, material, tmp_path):
    pytest.importorskip("mne_lsl", reason="mne-lsl is absent")
    process = start("live", material, tmp_path)
    if when == "player starts":
        wait_until(lambda: players(process))
    else:
        wait_until(lambda: list(tmp_path.glob(".out.wav.*")))
        assert players(process)
        time.sleep(0.5)
    *before, line = ended(process, number)
    assert not re.search("^(sklearn-cnmf:|Traceback)", "\n".join(before), re.MULTILINE)
    if when != "listening":
        assert line == NOTHING
        assert not list(tmp_path.iterdir())
        return
    seconds = float(line.split()[-2])
    assert line.endswith(f"interrupted, {tmp_path / 'out.wav'} holds {seconds:.1f} s")
    audio, sfreq = soundfile.read(tmp_path / "out.wav")
    assert len(audio) / sfreq == pytest.approx(seconds, abs=0.06)
    assert seconds > 0.2
    assert np.isfinite(audio).all()
    assert {path.name for path in tmp_path.iterdir()} == {"out.wav", "course.csv"}
    header, *rows = (tmp_path / "course.csv").read_text().splitlines()
    assert header == "seconds,high,low"
    assert all(line.count(",") == 2 for line in rows)


def test_ctrl_c_reaches_the_player_too(material, tmp_path):
    pytest.importorskip("mne_lsl", reason="mne-lsl is absent")
    process = start("live", material, tmp_path)
    wait_until(lambda: list(tmp_path.glob(".out.wav.*")))
    os.killpg(process.pid, signal.SIGINT)
    time.sleep(0.3)
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGINT)  # of who does not like to wait
    _, said = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert re.search(r"interrupted, .*out\.wav (holds \d\.\d s|is written)$", said)
    soundfile.read(tmp_path / "out.wav")
    wait_until(lambda: not is_alive(process.pid))


def test_two_commands_at_a_time_do_not_mix(material, tmp_path):
    both = [start("separate", material, tmp_path) for _ in range(2)]
    said = [process.communicate(timeout=100)[1] for process in both]
    assert sorted(process.returncode for process in both) == [0, 2]
    (line,) = "".join(said).splitlines()
    assert line.startswith(f"sklearn-cnmf: error: {tmp_path / 'out'}: ")
    assert "another command is writing" in line or "is not empty" in line
    assert_as_undisturbed(tmp_path / "out", material / "separated")


def fill(path):
    with endings_as_interrupts(), _output.new_folder(path) as folder:
        (folder / "a").write_text("result")
        (folder / "b").write_text("result")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_results_move_up_undisturbed(tmp_path, monkeypatch, number):
    move = _output._move

    def interrupted(source, target):
        signal.raise_signal(number)
        move(source, target)

    monkeypatch.setattr(_output, "_move", interrupted)
    with pytest.raises(KeyboardInterrupt, match=r"^all results are written$"):
        fill(tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a", "b"]
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL
