"""The command ``sklearn-cnmf``."""

import argparse
import sys
import warnings

from .. import __version__
from . import _demo, _separate

_USER_ERROR, _INTERRUPTED = 2, 130


def main(argv=None):
    """Run one command.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments after the name of the program; those of the process if None.

    Returns
    -------
    status : int
        0 if all went well, 2 after an error of input that one line on stderr
        explains, 130 if the user interrupted.

    Raises
    ------
    SystemExit
        With 2 if the arguments make no sense, with 0 after ``--help``.
    """
    arguments = _parser().parse_args(argv)
    try:
        with warnings.catch_warnings():
            warnings.showwarning = _show_warning
            arguments.run(arguments)
    except (ValueError, OSError) as error:
        print(f"sklearn-cnmf: error: {_one_line(error)}", file=sys.stderr)
        return _USER_ERROR
    except KeyboardInterrupt:
        print("sklearn-cnmf: interrupted, nothing was written", file=sys.stderr)
        return _INTERRUPTED
    return 0


class _Parser(argparse.ArgumentParser):
    """Parser whose errors take one line, as all others do."""

    def error(self, message):
        self.exit(
            _USER_ERROR,
            f"sklearn-cnmf: error: {message}; see {self.prog} --help\n",
        )


def _parser():
    parser = _Parser(
        prog="sklearn-cnmf",
        description="Neuro-steered music source separation: EEG says which "
        "instrument a listener attends to, and this instrument is separated.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (_demo, _separate):
        command.add_parser(commands)
    return parser


def _show_warning(message, *_):
    print(f"sklearn-cnmf: warning: {_one_line(message)}", file=sys.stderr)


def _one_line(error):
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())
