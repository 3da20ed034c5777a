"""What the command ``live`` shows while it runs."""

import shutil
import sys
from collections.abc import Sequence

import numpy as np

from ..online import OnlineSeparator
from ..online._live import Moment
from ._printing import complain, say

# Seconds between two pictures on a terminal, and between two lines elsewhere.
_PICTURE, _LINE = 0.1, 5.0
# Level in dB of full scale at which a bar begins.
_SOFTEST = -60.0
_LONGEST_BAR = 40


class LiveView:
    """Bars of probability and level on a terminal, lines elsewhere, on stderr.

    Parameters
    ----------
    instruments : sequence of str
        In the order of the probabilities.
    """

    def __init__(self, instruments: Sequence[str]):
        self._instruments = instruments
        self._is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._n_lines = 0
        self._next = 0.0
        self._power = np.zeros(2)
        self._n_samples = 0
        names = [*instruments, "attended", "rest"]
        self._width = max(len(name) for name in names)

    def update(self, separator: OnlineSeparator, moment: Moment) -> None:
        """Take what was put out, and show it if it is time."""
        self._power += [np.sum(np.square(x)) for x in moment[:2]]
        self._n_samples += moment.attended.size
        if moment.seconds < self._next or not moment.seconds:
            return
        self._next = moment.seconds + (_PICTURE if self._is_terminal else _LINE)
        probabilities = separator.latest
        levels = 10 * np.log10(self._power / max(1, self._n_samples) + 1e-12)
        self._power[:], self._n_samples = 0, 0
        tenths = round(10 * moment.seconds)
        head = (
            f"{tenths // 600}:{tenths % 600 / 10:04.1f}"
            f"   EEG {1000 * moment.late:+.0f} ms   missing {separator.n_missing}"
            f"   busy {100 * moment.busy / moment.seconds:.0f} %"
        )
        if self._is_terminal:
            self._draw(head, probabilities, levels)
        else:
            values = ", ".join(
                f"{name} {p:.2f}" for name, p in zip(self._instruments, probabilities)
            )
            complain(f"{head}   {values}")

    def _draw(self, head, probabilities, levels):
        lines = [head]
        for name, p in zip(self._instruments, probabilities):
            lines.append(self._bar(name, p, f"{p:.2f}"))
        for name, level in zip(("attended", "rest"), levels):
            share = np.clip(1 - level / _SOFTEST, 0, 1)
            lines.append(self._bar(name, share, f"{max(level, _SOFTEST):.0f} dB"))
        columns = shutil.get_terminal_size().columns - 1
        back = f"\x1b[{self._n_lines}A" if self._n_lines else ""
        text = "\n".join(f"{line[:columns]}\x1b[K" for line in lines)
        self._n_lines = len(lines)
        say(back + text, sys.stderr)

    def _bar(self, name, share, value):
        try:
            "\u2588".encode(sys.stderr.encoding or "ascii")
            full, empty = "\u2588", "\u2591"
        except UnicodeEncodeError:
            full, empty = "#", "."
        n = round(float(share) * _LONGEST_BAR)
        return f"{name:<{self._width}}  {full * n}{empty * (_LONGEST_BAR - n)}  {value}"
