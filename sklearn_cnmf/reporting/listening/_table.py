"""The player and the table of trials, in HTML."""

import json
from collections.abc import Sequence
from html import escape
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ._page import ListeningTrial

_PLAYER = """<div id="listening">
<div class="player">
<div class="name"></div>
<dl class="said"></dl>
<div class="tracks" role="group" aria-label="Track"></div>
<canvas role="img" aria-label="Waveform; a click moves the cursor"></canvas>
<div class="controls">
<button class="play">Play</button>
<button class="from">A</button>
<button class="to">B</button>
<button class="loop" aria-pressed="false">Loop</button>
<span class="time"></span>
</div>
<p class="keys"><kbd>Space</kbd> plays, <kbd>1</kbd> to <kbd>9</kbd> choose the track,
<kbd>A</kbd> and <kbd>B</kbd> set the ends of a loop, <kbd>L</kbd> switches it,
<kbd>&larr;</kbd> and <kbd>&rarr;</kbd> move by 5 s. All tracks of a trial have one
scale.</p>
</div>
<details class="figure" hidden><summary>Figure</summary><img alt=""></details>
<div class="controls">
<input class="filter" type="search" placeholder="Filter trials"
aria-label="Filter trials">
<span class="shown"></span>
</div>
<div class="trials">
<table>
<thead><tr>{head}</tr></thead>
<tbody>
{body}
</tbody>
</table>
</div>
{data}
</div>"""
# One for each trial, since reading all of them takes a moment.
_TRIAL = '<script type="application/json" class="trial">{text}</script>'


def player_html(
    trials: "Sequence[ListeningTrial]",
    encoded: Sequence[dict[str, str]],
    images: Sequence[str | None],
) -> str:
    """Player, table of trials, and their audio.

    Parameters
    ----------
    trials : sequence of ListeningTrial
        All of them.
    encoded : sequence of dict of str to str
        Audio of their tracks, in base64.
    images : sequence of str or None
        Their figures, in base64.

    Returns
    -------
    html : str
        All that comes from data is escaped.
    """
    columns = list(dict.fromkeys(name for trial in trials for name in trial.values))
    head = "".join(
        f'<th scope="col"><button>{_words(name)}</button></th>'
        for name in ["trial", *columns]
    )
    body = "\n".join(
        _row(index, {"trial": trial.name, **{c: trial.values.get(c) for c in columns}})
        for index, trial in enumerate(trials)
    )
    data = "\n".join(map(_trial, trials, encoded, images))
    return _PLAYER.format(head=head, body=body, data=data)


def _trial(trial, encoded, image):
    tracks = [{"name": name, "audio": audio} for name, audio in encoded.items()]
    text = json.dumps({"name": trial.name, "tracks": tracks, "figure": image})
    # A browser ends a script at "</script", wherever it stands.
    return _TRIAL.format(text=text.replace("<", "\\u003c"))


def _words(name):
    """Heads may be broken between words, but not within one, as "SI-SDR"."""
    return " ".join(f"<span>{escape(word)}</span>" for word in name.split(" "))


def _row(index, values):
    cells = "".join(_cell(name, value) for name, value in values.items())
    return f'<tr data-trial="{index}" tabindex="0">{cells}</tr>'


def _cell(name, value):
    if value is None or (isinstance(value, Real) and np.isnan(value)):
        return '<td data-value=""></td>'
    if isinstance(value, (bool, np.bool_)):
        value = "yes" if value else "no"
    if isinstance(value, Real):
        shown = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
        shown = str(value) if isinstance(value, (int, np.integer)) else shown
        return f'<td class="number" data-value="{float(value)!r}">{shown}</td>'
    text = escape(str(value))
    marked = ' class="wrong"' if (name, value) == ("right", "no") else ""
    return f'<td{marked} data-value="{text}">{text}</td>'
