"""One BLAS thread at a time, and threads that share work instead."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

from threadpoolctl import ThreadpoolController


@contextmanager
def one_thread() -> Iterator[int]:
    """Hold BLAS to one thread, as a context manager.

    The last digits of a product depend on how many threads share it; so the same
    seed gives the same bits whatever `n_jobs`. Small products don't gain from
    threads on an idle machine either, but lose two orders of magnitude where others
    use the cores too.

    The number of BLAS threads belongs to the whole process. Where several threads
    are inside at a time, the first one lowers it and the last one restores it.

    Yields
    ------
    n_threads : int
        How many threads BLAS was allowed before, which the caller may use in its own
        way; 1 for all but the first thread inside.
    """
    n_threads = _hold.enter()
    try:
        yield n_threads
    finally:
        _hold.leave()


# Calls a function with each of some parts and returns the results in order.
Share = Callable[[Callable[[Any], Any], Sequence[Any]], list[Any]]


def in_turn(function: Callable[[Any], Any], parts: Sequence[Any]) -> list[Any]:
    """Return what `function` makes of each part, by this thread alone."""
    return [function(part) for part in parts]


@contextmanager
def sharing(n_threads: int) -> Iterator[Share]:
    """Share work out to so many threads, as a context manager.

    Yields
    ------
    share : callable
        As :func:`in_turn`; this thread takes its share too.
    """
    if n_threads == 1:
        yield in_turn
        return
    with ThreadPoolExecutor(n_threads - 1) as executor:
        yield partial(_shared_out, executor, n_threads)


def _shared_out(executor, n_threads, function, parts):
    def of_thread(first):
        return in_turn(function, parts[first::n_threads])

    others = [executor.submit(of_thread, first) for first in range(1, n_threads)]
    results = [None] * len(parts)
    results[::n_threads] = of_thread(0)
    for first, other in enumerate(others, 1):
        results[first::n_threads] = other.result()
    return results


class _Hold:
    def __init__(self):
        self._lock = threading.Lock()
        self._n_inside = 0
        self._limit = None
        self._first, self._n_threads = None, 1

    def enter(self):
        """Lower the limit if nobody has; return what this thread may use itself."""
        with self._lock:
            if self._n_inside == 0:
                _let_this_thread_set_limits()
                self._n_threads = _n_blas_threads()
                self._limit = _controller().limit(limits=1, user_api="blas")
                self._first = threading.get_ident()
            self._n_inside += 1
            return self._n_threads if threading.get_ident() == self._first else 1

    def leave(self):
        """Restore the limit if nobody is left inside."""
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0:
                _let_this_thread_set_limits()
                self._limit.restore_original_limits()


_hold = _Hold()


def _n_blas_threads():
    libraries = _controller().lib_controllers
    return max(
        (lib.num_threads for lib in libraries if lib.user_api == "blas"), default=1
    )


def _let_this_thread_set_limits():
    """Take over from the thread that set the limit.

    From version 3.8 on, threadpoolctl ignores all other threads.
    """
    for library in _controller().lib_controllers:
        if hasattr(library, "clear_controlling_thread"):
            library.clear_controlling_thread(force=True)


@cache
def _controller():
    return ThreadpoolController()
