"""What a command says on stderr while it works."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ._printing import complain


class Progress:
    """Numbered steps with the time since the start, and bars on terminals.

    Parameters
    ----------
    n_steps : int
        How many steps there will be.
    """

    def __init__(self, n_steps: int):
        self.n_steps = n_steps
        self.n_begun = 0
        self.start = time.monotonic()

    def step(self, title: str) -> None:
        """Begin a step."""
        self.n_begun += 1
        complain(f"[{self.n_begun}/{self.n_steps}] {self.elapsed():4.0f} s  {title}")

    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.start

    @contextmanager
    def bar(
        self, total: int, count: Callable[[], int], interval: float = 0.5
    ) -> Iterator[None]:
        """Show how many parts are done, on a terminal only.

        Parameters
        ----------
        total : int
            Number of parts.
        count : callable
            Returns the number of parts done; called from a thread.
        interval : float, default=0.5
            Seconds between two looks.
        """
        from tqdm import tqdm

        done = threading.Event()
        with tqdm(total=total, leave=False, disable=None, file=sys.stderr) as bar:

            def watch():
                while not done.wait(interval):
                    bar.n = count()
                    bar.refresh()

            watcher = threading.Thread(target=watch, daemon=True)
            if not bar.disable:
                watcher.start()
            try:
                yield
            finally:
                done.set()
                if not bar.disable:
                    watcher.join()
