"""Kinds of arguments that the commands share."""

import argparse
import math


def path(text: str) -> str:
    """Return a path that can be written in messages and in files; refuse others."""
    if not text:
        raise argparse.ArgumentTypeError("expected a path, got ''")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise argparse.ArgumentTypeError(
            f"expected a path in UTF-8, got {text!a}"
        ) from error
    return text


# Power that the attended instrument evokes, relative to the rest of the EEG, in dB.
LEVELS = {"realistic": -20.0, "clear": -10.0}


def positive(text: str) -> int:
    """Return a whole number of at least one; refuse others."""
    return _at_least(text, 1)


def count(text: str) -> int:
    """Return a whole number of at least zero; refuse others."""
    return _at_least(text, 0)


def seed(text: str) -> int:
    """Return a whole number of at least zero; refuse others."""
    return _at_least(text, 0)


def add_level(parser: argparse.ArgumentParser, of: str = "") -> None:
    """Add `--level` and `--snr-db` to a command, of which one may be given."""
    level = parser.add_mutually_exclusive_group()
    level.add_argument(
        "--level",
        choices=tuple(LEVELS),
        help=f"{of}how strong the response to the attended instrument is: realistic, "
        "as hard as published recordings (-20 dB), or clear, what good EEG would give "
        "(-10 dB); default: realistic",
    )
    level.add_argument(
        "--snr-db",
        type=decibels,
        metavar="DB",
        help="the same as a number: power that the attended instrument evokes, "
        "relative to the rest of the EEG",
    )


def level_in_db(arguments: argparse.Namespace) -> float:
    """Tell the level that was given, in dB."""
    if arguments.snr_db is not None:
        return arguments.snr_db
    return LEVELS[arguments.level or "realistic"]


def decibels(text: str) -> float:
    """Return a level in dB; refuse others."""
    value = float(text)
    if math.isnan(value) or value == math.inf:
        raise argparse.ArgumentTypeError(
            f"expected a finite level in dB or -inf, got {value}"
        )
    return value


def _at_least(text, least):
    value = int(text)
    if value < least:
        raise argparse.ArgumentTypeError(f"at least {least} is expected, got {value}")
    return value
