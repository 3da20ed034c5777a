"""Recorded EEG as a stream, without an amplifier."""

import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from ._lsl import this_machine_alone

# Seconds that it takes at most to find a stream and connect to it.
_LEAD = 4.0


class Replayed(NamedTuple):
    """A recording that is played.

    Parameters
    ----------
    name : str
        Of the stream.
    begin : float
        When its first sample is taken, on the clock of the streams.
    """

    name: str
    begin: float


@contextmanager
def replay(path: str | Path) -> Iterator[Replayed]:
    """Play a recording once as a stream of this machine alone, by a process of its own.

    Parameters
    ----------
    path : str or path-like
        EEG in any format that MNE reads.

    Yields
    ------
    replayed : Replayed
        It begins in four seconds, before which the first sample is held.

    Raises
    ------
    ValueError
        If it can't be played; with what the process says.
    """
    name = f"replay-{uuid.uuid4().hex[:8]}"
    command = [sys.executable, "-m", f"{__package__}._player", str(path), name]
    with (
        this_machine_alone(),
        subprocess.Popen(
            [*command, str(_LEAD)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as player,
    ):
        try:
            try:
                begin = _told(player, path)
            except BaseException:
                player.kill()
                raise
            yield Replayed(name, begin)
        finally:
            _end(player)


def _told(player, path):
    """When the recording begins, as the player says."""
    told = player.stdout.readline()
    try:
        return float(told)
    except ValueError:
        player.kill()
        said = player.stderr.read().strip().splitlines() or ["nothing"]
        raise ValueError(
            f"{path}: can't be replayed; the player says: {said[-1]}"
        ) from None


def _end(player):
    with suppress(OSError):
        player.stdin.close()
    try:
        player.wait(5)
    except subprocess.TimeoutExpired:
        player.kill()
