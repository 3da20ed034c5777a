"""What ends a command before it is done: Ctrl-C, or who asks the process to end."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

# What asks a process to end, and can be answered: Windows has no SIGHUP.
_ENDING = [
    getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)
]


@contextmanager
def endings_as_interrupts() -> Iterator[list[int]]:
    """Let SIGTERM and SIGHUP raise a KeyboardInterrupt, so that all is cleaned up.

    Signals that are ignored, such as SIGHUP below ``nohup``, or that someone handles,
    stay as they are.

    Yields
    ------
    received : list of int
        Which came.
    """
    received: list[int] = []

    def interrupt(number, frame):
        received.append(number)
        raise KeyboardInterrupt

    changed = []
    try:
        if threading.current_thread() is threading.main_thread():
            for number in _ENDING:
                if signal.getsignal(number) == signal.SIG_DFL:
                    changed.append(number)
                    signal.signal(number, interrupt)
        yield received
    finally:
        for number in changed:
            signal.signal(number, signal.SIG_DFL)


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
