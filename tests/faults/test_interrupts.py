"""Commands that are interrupted, asked to end, or run twice at a time."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
import soundfile
from numpy.testing import assert_array_equal

from sklearn_cnmf.cli import _output
from sklearn_cnmf.cli._signals import endings_as_interrupts

from . import writers
from .conftest import environment

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs signals")


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
    ("name", "number", "status"),
    [
        ("separate", signal.SIGINT, 130),
        ("separate", signal.SIGTERM, 143),
        ("demo", signal.SIGTERM, 143),
    ],
)
def test_what_ends_a_command_leaves_nothing(name, number, status, material, tmp_path):
    out = tmp_path / "out"
    process = start(name, material, tmp_path)
    wait_until(lambda: list(tmp_path.glob("out/.unfinished-*")) or process.poll())
    time.sleep(np.random.default_rng(status).uniform(0, 0.2))
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    told = [line for line in said.splitlines() if not line.startswith("[")]
    assert told == ["sklearn-cnmf: interrupted, nothing was written"]
    assert process.returncode == status
    assert not out.exists()
    wait_until(lambda: not is_alive(process.pid))
    if number == signal.SIGINT:
        again = start(name, material, tmp_path)
        again.communicate(timeout=60)
        assert again.returncode == 0
        assert_as_undisturbed(out, material / "separated")


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
