"""The command ``sklearn-cnmf``."""

import argparse
import sys
import warnings
from collections.abc import Sequence

from ._printing import PROGRAM, complain, one_line, say
from ._signals import endings_as_interrupts, undisturbed

_USER_ERROR, _INTERRUPTED, _BY_SIGNAL = 2, 130, 128


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    argv : list of str, default=None
        Arguments after the name of the program; those of the process if None.

    Returns
    -------
    status : int
        0 if all went well, 2 after an error of input that one line on stderr
        explains, 130 if the user interrupted, 143 if the process was asked to end
        (SIGTERM). Once all results are written, a stdout that can't be printed on is
        no error.

    Raises
    ------
    SystemExit
        With 2 if the arguments make no sense, with 0 after ``--help``.
    """
    with endings_as_interrupts() as received:
        status = _run(argv)
    if status == _INTERRUPTED and received:
        return _BY_SIGNAL + received[0]
    return status


def _run(argv):
    try:
        text = _work(argv)
    except (ValueError, OSError) as error:
        complain(f"{PROGRAM}: error: {one_line(error)}")
        return _USER_ERROR
    except KeyboardInterrupt as interrupt:
        kept = one_line(interrupt) if interrupt.args else "nothing was written"
        complain(f"{PROGRAM}: interrupted, {kept}")
        # An interrupt that leaves an `exec`, such as of a compiler, has Python end by
        # SIGINT whatever the status, unless another one ends without.
        exec("")
        return _INTERRUPTED
    try:
        say(text, sys.stdout)
    except OSError as error:
        complain(
            f"{PROGRAM}: warning: all results are written, but stdout can't be "
            f"printed on ({one_line(error)})"
        )
    except KeyboardInterrupt:
        complain(f"{PROGRAM}: interrupted, but all results are written")
        return _INTERRUPTED
    return 0


def _work(argv):
    """Run one command; what it has to say once all is written."""
    arguments = _parser().parse_args(argv)
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return arguments.run(arguments)


class _Parser(argparse.ArgumentParser):
    """Parser whose errors take one line, as all others do."""

    def error(self, message):
        self.exit(
            _USER_ERROR,
            f"{PROGRAM}: error: {message}; see {self.prog} --help\n",
        )


def _parser():
    # Here, so that Ctrl-C while they load ends as it does later.
    with undisturbed("nothing was written"):
        from .. import __version__
        from . import _data, _demo, _evaluate, _live, _report, _separate

    parser = _Parser(
        prog=PROGRAM,
        description="Neuro-steered music source separation: EEG says which "
        "instrument a listener attends to, and this instrument is separated.",
    )
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for command in (_demo, _separate, _live, _report, _data, _evaluate):
        command.add_parser(commands)
    return parser


def _show_warning(message, *_):
    complain(f"{PROGRAM}: warning: {one_line(message)}")
