import io
import os
import subprocess
import sys

import pytest

from sklearn_cnmf.cli import _demo as demo_command
from sklearn_cnmf.cli import main
from sklearn_cnmf.cli._printing import complain, one_line, say


@pytest.fixture(autouse=True)
def demo_says(monkeypatch):
    monkeypatch.setattr(demo_command, "run_demo", lambda *_, **__: "done: \N{SNOWMAN}")


def test_results_are_no_failure_on_a_full_device(monkeypatch, capsys):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["demo", "--out", "x"]) == 0
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("sklearn-cnmf: warning: all results are written, but stdout")
    assert "No space left on device" in line


def test_results_are_no_failure_on_a_closed_file(monkeypatch, capsys):
    closed = io.StringIO()
    closed.close()
    monkeypatch.setattr(sys, "stdout", closed)
    assert main(["demo", "--out", "x"]) == 0
    assert "but stdout can't be printed on" in capsys.readouterr().err


def test_results_are_no_failure_without_stdout(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", None)
    assert main(["demo", "--out", "x"]) == 0


def test_characters_that_the_encoding_lacks_are_escaped(monkeypatch):
    content = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(content, encoding="ascii"))
    assert main(["demo", "--out", "x"]) == 0
    assert content.getvalue() == b"done: \\u2603\n"


def test_interrupted_while_it_prints(monkeypatch, capsys):
    class Stuck(io.StringIO):
        def flush(self):
            raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdout", Stuck())
    assert main(["demo", "--out", "x"]) == 130
    line = "sklearn-cnmf: interrupted, but all results are written\n"
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("stderr", [subprocess.PIPE, subprocess.STDOUT])
def test_process_whose_reader_is_gone_ends_with_zero(stderr):
    code = (
        "import sys; from sklearn_cnmf.cli import _demo, main\n"
        "_demo.run_demo = lambda *_, **__: 'done'; sys.exit(main(['demo', '--out=x']))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            [sys.executable, "-c", code], stdout=writer, stderr=stderr, text=True
        )
    finally:
        os.close(writer)
    assert done.returncode == 0
    if stderr == subprocess.PIPE:
        (line,) = done.stderr.splitlines()
        assert "stdout can't be printed on ([Errno 32] Broken pipe)" in line


def test_stderr_that_fails_is_done_without(monkeypatch):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stderr", full)
        complain("x")
        with pytest.raises(OSError, match="closed"):
            say("x", closed_file())


def closed_file():
    file = io.StringIO()
    file.close()
    return file


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (ValueError("a\nb \x00\x1b[1m \udcff"), r"a b \x00\x1b[1m \udcff"),
        (AssertionError(), "AssertionError"),
        (OSError(2, "gone", "f\n"), "f : gone"),
        ("\N{SNOWMAN}", "\N{SNOWMAN}"),
    ],
)
def test_errors_take_one_line_that_can_be_printed(error, line):
    assert one_line(error) == line
