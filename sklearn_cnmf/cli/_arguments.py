"""Kinds of arguments that the commands share."""

import argparse


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
