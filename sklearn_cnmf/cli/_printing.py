"""What a command says: results on stdout, errors and warnings in one line each."""

import os
import sys
from contextlib import suppress
from typing import TextIO

PROGRAM = "sklearn-cnmf"


def say(text: str, stream: TextIO | None) -> None:
    """Print lines, with escapes for what the stream's encoding can't express.

    Parameters
    ----------
    text : str
        Without a newline at its end.
    stream : file or None
        None, which is what a closed descriptor becomes, prints nothing.

    Raises
    ------
    OSError
        If the stream can't be written to. What it still buffers is given up, so that
        the end of the process does not fail again.
    """
    if stream is None:
        return
    encoding = getattr(stream, "encoding", None) or "utf-8"
    try:
        text = text.encode(encoding, "backslashreplace").decode(encoding)
        stream.write(f"{text}\n")
        stream.flush()
    except (OSError, ValueError) as error:  # a closed stream raises a ValueError
        _give_up(stream)
        raise OSError(*error.args) from error


def complain(text: str) -> None:
    """Print lines on stderr, or do without if that fails."""
    with suppress(OSError):
        say(text, sys.stderr)


def one_line(error: BaseException | str) -> str:
    """Express an error in one line of characters that can be printed.

    Parameters
    ----------
    error : exception or str
        What went wrong.

    Returns
    -------
    line : str
        The file of an OSError and what it says; otherwise the message, or the name
        of an exception that has none.
    """
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{error.filename}: {error.strerror}"
    text = " ".join(text.split()) or type(error).__name__
    return "".join(
        c if c.isprintable() else c.encode("unicode_escape").decode() for c in text
    )


def _give_up(stream):
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(nowhere, stream.fileno())
        finally:
            os.close(nowhere)
