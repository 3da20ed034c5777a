"""Signals that end a command, wherever they come."""

import signal
import sys
import threading
import time

import pytest

from sklearn_cnmf.cli._signals import endings_as_interrupts

ENDING = [signal.SIGINT, signal.SIGTERM]


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Return a function that imports a module of the given source."""
    monkeypatch.syspath_prepend(tmp_path)

    def load(name, source):
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return __import__(name)

    return load


def assert_interrupted_soon():
    begun = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        time.sleep(10)
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize("number", ENDING)
def test_a_library_that_catches_all_while_it_loads(load, number):
    source = (
        "import signal\n"
        f"try:\n    signal.raise_signal({int(number)})\n"
        "except BaseException:\n    is_caught = True\n"
        "else:\n    is_caught = False\n"
    )
    with endings_as_interrupts() as received:
        assert not load("catches", source).is_caught
        assert_interrupted_soon()
    assert received == [number]


def test_several_interrupts_that_wait_are_one(load):
    source = "import signal\n" + 3 * f"signal.raise_signal({int(signal.SIGINT)})\n"
    with endings_as_interrupts() as received:
        load("impatient", source)
        assert_interrupted_soon()
        time.sleep(0.2)
    assert received == [signal.SIGINT]


def test_other_threads_have_no_handlers():
    seen = []

    def run():
        with endings_as_interrupts() as received:
            seen.extend([received, signal.getsignal(signal.SIGINT)])

    hook, handler = sys.unraisablehook, signal.getsignal(signal.SIGINT)
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert seen == [[], handler]
    assert sys.unraisablehook is hook


@pytest.mark.parametrize("number", ENDING)
def test_what_python_ignores_is_raised_again(number, capsys):
    class Interrupted:
        def __del__(self):
            signal.raise_signal(number)

    with endings_as_interrupts() as received:
        one = Interrupted()
        del one
        assert_interrupted_soon()
    assert received == [number]
    assert capsys.readouterr().err == ""


def test_other_ignored_errors_are_told(monkeypatch):
    class Defective:
        def __del__(self):
            raise ValueError("defective")

    told = []
    hook = told.append
    monkeypatch.setattr(sys, "unraisablehook", hook)
    with endings_as_interrupts() as received:
        one = Defective()
        del one
    assert [ignored.exc_type for ignored in told] == [ValueError]
    assert received == []
    assert sys.unraisablehook is hook


def test_an_error_that_is_ignored_after_an_interrupt_is_told(monkeypatch):
    class Defective:
        def __del__(self):
            raise ValueError("defective")

    told = []
    monkeypatch.setattr(sys, "unraisablehook", told.append)
    with endings_as_interrupts() as received:
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        one = Defective()
        del one
    assert [ignored.exc_type for ignored in told] == [ValueError]
    assert received == [signal.SIGINT]


@pytest.mark.parametrize("number", ENDING)
def test_a_command_that_a_module_runs_can_be_interrupted(load, number):
    source = (
        "import signal\n"
        "from sklearn_cnmf.cli._signals import endings_as_interrupts\n"
        "is_interrupted = False\n"
        "try:\n    with endings_as_interrupts():\n"
        f"        signal.raise_signal({int(number)})\n"
        "except KeyboardInterrupt:\n    is_interrupted = True\n"
    )
    assert load("runs", source).is_interrupted


def test_an_interrupt_that_waits_when_all_is_done_ends_nothing(load):
    with endings_as_interrupts() as received:
        load("late", f"import signal\nsignal.raise_signal({int(signal.SIGTERM)})\n")
    time.sleep(0.1)
    assert received == []


@pytest.mark.parametrize("number", ENDING)
def test_handlers_are_as_they_were(number):
    before = signal.getsignal(number)
    with endings_as_interrupts():
        assert signal.getsignal(number) != before
    assert signal.getsignal(number) == before


@pytest.mark.parametrize("number", ENDING)
@pytest.mark.parametrize("handler", [signal.SIG_IGN, lambda *_: None])
def test_who_handles_a_signal_goes_on_doing_so(number, handler):
    before = signal.signal(number, handler)
    try:
        with endings_as_interrupts() as received:
            assert signal.getsignal(number) == handler
            signal.raise_signal(number)
        assert received == []
    finally:
        signal.signal(number, before)
