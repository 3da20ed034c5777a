"""What ends a command before it is done: Ctrl-C, or who asks the process to end."""

import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from queue import SimpleQueue
from types import FrameType

# What asks a process to end, and can be answered: Windows has no SIGHUP.
_ENDING = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
]
# Seconds until an interrupt that could not be raised, or was ignored, is tried again.
_PAUSE = 0.02


@contextmanager
def endings_as_interrupts() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP raise a KeyboardInterrupt, so that all is cleaned up.

    They and SIGINT wait until no module is being imported, where an interrupt is lost
    or becomes another error if a library catches it or the import system cleans up. An
    interrupt that Python ignores, since it came in a finalizer or in a callback from
    compiled code, is raised again. Signals that are ignored, such as SIGHUP below
    ``nohup``, or that someone handles, stay as they are.

    Yields
    ------
    received : list of int
        Which came.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield received
        return
    # The only container that a handler may fill whatever it interrupts.
    later: SimpleQueue[int | None] = SimpleQueue()
    n_imports = _n_imports(sys._getframe())

    def interrupt(number, frame):
        if _n_imports(frame) > n_imports:
            later.put(number)
            return
        received.append(number)
        raise KeyboardInterrupt

    def tell_ignored(ignored):
        if received and issubclass(ignored.exc_type, KeyboardInterrupt):
            later.put(received.pop())
        else:
            hook(ignored)

    hook = sys.unraisablehook
    changed = {}
    thread = threading.Thread(target=_raise_again, args=(later,), daemon=True)
    thread.start()
    try:
        sys.unraisablehook = tell_ignored
        for number in (signal.SIGINT, *_ENDING):
            handler = signal.getsignal(number)
            if handler in (signal.SIG_DFL, signal.default_int_handler):
                changed[number] = handler
                signal.signal(number, interrupt)
        yield received
    finally:
        sys.unraisablehook = hook
        for number in changed:
            signal.signal(number, lambda *_: None)
        later.put(None)
        thread.join()
        for number, handler in changed.items():
            signal.signal(number, handler)


def _n_imports(frame: FrameType | None) -> int:
    """Count the frames of the import system below a frame."""
    count = 0
    while frame is not None:
        count += frame.f_code.co_filename == "<frozen importlib._bootstrap>"
        frame = frame.f_back
    return count


def _raise_again(later: "SimpleQueue[int | None]") -> None:
    """Send the first signal of a queue once more, after a while, until None comes.

    Those that came meanwhile are dropped: they would interrupt the clean-up.
    """
    main = threading.main_thread().ident
    while (number := later.get()) is not None:
        time.sleep(_PAUSE)
        while not later.empty():
            if later.get() is None:
                return
        if hasattr(signal, "pthread_kill") and main is not None:
            signal.pthread_kill(main, number)  # wakes it if it waits
        else:
            signal.raise_signal(number)


@contextmanager
def undisturbed(done: str) -> Iterator[None]:
    """Put off an interrupt until the block is done.

    Parameters
    ----------
    done : str
        What is true after the block, for the user to read.

    Raises
    ------
    KeyboardInterrupt
        With `done`, if an interrupt came meanwhile.
    """
    pending: list[int] = []
    handlers = {}
    # A mask of this thread would not do: other threads receive signals, too.
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, *_ENDING):
            handler = signal.getsignal(number)
            if callable(handler):
                handlers[number] = handler
                signal.signal(number, lambda number, frame: pending.append(number))
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    try:
        for number in pending:
            handlers[number](number, None)
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(done) from interrupt
