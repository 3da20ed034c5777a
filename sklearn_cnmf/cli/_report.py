"""The command ``report``: a page to listen to what was separated."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .._words import number_of
from ..reporting import listening_page
from ._arguments import path
from ._separated_folder import MEANINGS, figures_of, load_separated

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "listen.html"


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser(
        "report",
        help="make a page to listen to what was separated",
        description="Make one HTML file of a folder that demo, separate or evaluate "
        "has written: all tracks of a trial in step, the table of trials, figures and "
        "settings. It needs no network.",
    )
    parser.add_argument(
        "folder",
        type=path,
        metavar="DIR",
        help="what demo, separate or evaluate has written",
    )
    parser.add_argument(
        "--out",
        type=path,
        metavar="FILE",
        help=f"file to write, ending in .html (default: {PAGE} in DIR)",
    )
    parser.add_argument(
        "--lossless",
        action="store_true",
        help="FLAC instead of Vorbis: four times as large",
    )
    parser.set_defaults(run=_run)


def _run(arguments):
    folder = Path(arguments.folder)
    out = Path(arguments.out) if arguments.out else folder / PAGE
    if out.exists():
        raise ValueError(
            f"{out}: exists, and nothing is overwritten; name another with --out"
        )
    title = f"Separated trials of {folder.resolve().name}"
    try:
        n_trials = write_report(out, folder, title=title, lossless=arguments.lossless)
        megabytes = out.stat().st_size / 1e6
        return f"Written: {out} ({number_of(n_trials, 'trial')}, {megabytes:.1f} MB)"
    except KeyboardInterrupt as interrupt:
        if not out.exists():
            raise
        raise KeyboardInterrupt(f"but {out} is written") from interrupt


def write_report(
    out: Path,
    folder: Path,
    *,
    title: str,
    summary: str | None = None,
    figures: "Mapping[str, Figure] | None" = None,
    settings: str | None = None,
    lossless: bool = False,
) -> int:
    """Write the page of a folder that `demo`, `separate` or `evaluate` has written.

    Parameters
    ----------
    out : Path
        File to write.
    folder : Path
        What was written.
    title : str
        Of the page.
    summary, settings : str, default=None
        Texts of the page; those in the folder if None.
    figures : dict of str to matplotlib.figure.Figure, default=None
        By title; those that sum the trials up if None.
    lossless : bool, default=False
        Whether audio loses nothing.

    Returns
    -------
    n_trials : int
    """
    found = load_separated(folder)
    listening_page(
        out,
        found.trials,
        title=title,
        summary=found.summary if summary is None else summary,
        figures=figures_of(found.table) if figures is None else figures,
        settings=found.settings if settings is None else settings,
        columns=MEANINGS,
        audio_format="flac" if lossless else "ogg",
    )
    return len(found.trials)
