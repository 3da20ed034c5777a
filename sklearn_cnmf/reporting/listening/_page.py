"""The page as one HTML file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..._validation import check_kind, check_number
from ..._writing import whole_file
from ._audio import encoded_tracks
from ._image import encoded_figure
from ._table import player_html

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FOLDED = "<details><summary>Show</summary>{text}</details>"
# Without it, phones show a page as wide as a desk.
_VIEWPORT = '<meta name="viewport" content="width=device-width, initial-scale=1">'


@dataclass(frozen=True, eq=False)
class ListeningTrial:
    """What is heard and said of one trial.

    Parameters
    ----------
    name : str
        Above the player.
    tracks : dict of str to ndarray
        Waveforms of one length, (n_samples,) or (n_audio_channels, n_samples), in the
        order of their keys 1, 2, ...: the mixture, the attended estimate, the rest, and
        the reference where there is one.
    sfreq : float
        Their rate in Hz.
    values : dict of str to (str, float, int, bool or None)
        A cell of the table for each: subject, stimulus, who was chosen, how surely,
        scores. NaN and None leave the cell empty; False as "right" stands out.
    figure : matplotlib.figure.Figure, str or path-like, default=None
        Shown below the player while the trial is open, such as
        :func:`~sklearn_cnmf.reporting.separation_figure`; or a file with an image.
    """

    name: str
    tracks: Mapping[str, np.ndarray]
    sfreq: float
    values: Mapping[str, Any] = field(default_factory=dict)
    figure: "Figure | str | os.PathLike | None" = None


def listening_page(
    path: str | os.PathLike,
    trials: Sequence[ListeningTrial],
    *,
    title: str,
    summary: str = "",
    figures: "Mapping[str, Figure] | None" = None,
    settings: str = "",
    columns: Mapping[str, str] | None = None,
    audio_format: str = "ogg",
) -> None:
    """Write a page to listen to separated trials, as one file that needs no network.

    All tracks of a trial start together, and a switch between them changes their gains
    alone, so that it keeps the position. The table of trials can be sorted and
    filtered. Space plays, 1 to 9 choose the track, A and B mark the ends of a loop, L
    switches it, the arrows move by 5 s. While a loop is on, what lies behind its end
    leads to its start.

    Parameters
    ----------
    path : str or path-like
        File to write, ending in ``.html``; one that exists is replaced.
    trials : sequence of ListeningTrial
        At least one.
    title : str
        Of the page.
    summary : str, default=""
        Text below the figures, lines as they are.
    figures : dict of str to matplotlib.figure.Figure, default=None
        Figures below the player, by their titles.
    settings : str, default=""
        Text of the last section, which is folded.
    columns : dict of str to str, default=None
        What heads of the table mean, such as ``{"gain (dB)": "SI-SDR above that of the
        mixture"}``; said below it.
    audio_format : {"ogg", "flac"}, default="ogg"
        Vorbis, about 5 kB a second and track at 16 kHz, or FLAC, which loses nothing
        but the 16 bits it is rounded to, and is four times as large.

    Raises
    ------
    ValueError
        If there are no trials, names are used twice, tracks of a trial differ in
        length, are empty or not finite, or a figure can't be read; if an argument is of
        another kind.
    OSError
        If the file can't be written; what was there stays as it was.

    Notes
    -----
    All tracks of a trial are scaled by one factor that brings the loudest sample to
    0.9, so that they keep their levels relative to each other.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import ListeningTrial, listening_page
    >>> rng = np.random.default_rng(0)
    >>> attended, rest = 0.1 * rng.standard_normal((2, 8000))
    >>> trial = ListeningTrial(
    ...     "Noise", {"Mixture": attended + rest, "Attended": attended}, 8000.0,
    ...     {"subject": "01", "gain (dB)": 3.0},
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "page.html"
    ...     listening_page(path, [trial], title="Two noises")
    ...     "Two noises" in path.read_text(encoding="utf-8")
    True
    """
    path = Path(path)
    if path.suffix != ".html":
        raise ValueError(f"path: expected a name that ends in .html, got {path.name!r}")
    check_kind("title", title, str)
    _check(trials)
    images = [
        None
        if trial.figure is None
        else encoded_figure(f"trials[{index}].figure", trial.figure)
        for index, trial in enumerate(trials)
    ]
    encoded = [
        encoded_tracks(trial.tracks, trial.sfreq, audio_format) for trial in trials
    ]
    report = _report(title)
    player = player_html(trials, encoded, images, columns or {})
    report.add_html(player, title="Listen")
    for name, figure in (figures or {}).items():
        report.add_figure(figure, title=name, section="Figures")
    if summary:
        report.add_html(_plain(summary), title="Summary")
    if settings:
        report.add_html(_FOLDED.format(text=_plain(settings)), title="Settings")
    report.include += _VIEWPORT
    here = files(__package__)
    report.add_custom_css((here / "page.css").read_text(encoding="utf-8"))
    report.add_custom_js((here / "player.js").read_text(encoding="utf-8"))
    with whole_file(path, ".html") as unfinished:
        report.save(unfinished, open_browser=False, verbose="error")


def _report(title):
    import mne

    # It escapes titles by itself.
    return mne.Report(title=title, image_format="svg", verbose="error")


def _plain(text):
    return f'<pre class="plain">{escape(text)}</pre>'


def _check(trials):
    if not trials:
        raise ValueError("trials: expected at least one, got none")
    for index, trial in enumerate(trials):
        check_kind(f"trials[{index}]", trial, ListeningTrial)
    names = [trial.name for trial in trials]
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"trials: {names.count(name)} have the name {name!r}")
    for index, trial in enumerate(trials):
        where = f"trials[{index}]"
        check_number(f"{where}.sfreq", trial.sfreq, above=0)
        if not trial.tracks:
            raise ValueError(f"{where}: has no tracks")
        lengths = {name: np.shape(audio)[-1] for name, audio in trial.tracks.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"{where}: tracks differ in length, {lengths} samples")
        for name, audio in trial.tracks.items():
            if np.size(audio) == 0:
                raise ValueError(f"{where}: track {name!r} is empty")
            if not np.all(np.isfinite(audio)):
                raise ValueError(
                    f"{where}: track {name!r} has values that are not finite"
                )
