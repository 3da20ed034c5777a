"""The player and the table of trials, in HTML."""

import json
from collections.abc import Mapping, Sequence
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
<button class="from" title="Start of the loop (A)">A</button>
<button class="to" title="End of the loop (B)">B</button>
<button class="loop" title="Switch the loop (L)" aria-pressed="false">Loop</button>
<span class="time"></span>
</div>
</div>
<p class="keys"><kbd>Space</kbd> plays, <kbd>1</kbd> to <kbd>9</kbd> choose the track,
<kbd>A</kbd> and <kbd>B</kbd> set the ends of a loop, <kbd>L</kbd> switches it,
<kbd>&larr;</kbd> and <kbd>&rarr;</kbd> move by 5 s. All tracks of a trial have one
scale.</p>
<details class="figure" hidden><summary>Figure</summary>
<div class="wide"><img alt=""></div></details>
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
{meanings}
{data}
</div>"""
# One for each trial, since reading all of them takes a moment.
_TRIAL = '<script type="application/json" class="trial">{text}</script>'


def player_html(
    trials: "Sequence[ListeningTrial]",
    encoded: Sequence[dict[str, str]],
    images: Sequence[str | None],
    columns: Mapping[str, str],
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
    columns : dict of str to str
        What heads of the table mean; those that it does not have are left out.

    Returns
    -------
    html : str
        All that comes from data is escaped.
    """
    names = list(dict.fromkeys(name for trial in trials for name in trial.values))
    filled: list[tuple[str, list]] = [("trial", [trial.name for trial in trials])]
    filled += [(name, [trial.values.get(name) for trial in trials]) for name in names]
    head = "".join(
        f'<th scope="col"{_class_of(values)}><button>{_words(name)}</button></th>'
        for name, values in filled
    )
    body = "\n".join(
        _row(index, [(name, values[index]) for name, values in filled])
        for index in range(len(trials))
    )
    meanings = "; ".join(
        f"<b>{escape(name)}</b>: {escape(columns[name])}"
        for name in names
        if name in columns
    )
    meanings = f'<p class="meanings">{meanings}.</p>' if meanings else ""
    data = "\n".join(map(_trial, trials, encoded, images))
    return _PLAYER.format(head=head, body=body, meanings=meanings, data=data)


def _trial(trial, encoded, image):
    tracks = [{"name": name, "audio": audio} for name, audio in encoded.items()]
    text = json.dumps({"name": trial.name, "tracks": tracks, "figure": image})
    # A browser ends a script at "</script", wherever it stands.
    return _TRIAL.format(text=text.replace("<", "\\u003c"))


def _words(name):
    """Heads may be broken between words, but not within one, as "SI-SDR"."""
    return " ".join(f"<span>{escape(word)}</span>" for word in name.split(" "))


def _class_of(values):
    """Class of a head: numbers stand on the right."""
    return ' class="number"' if any(map(_is_number, values)) else ""


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _row(index, values):
    cells = "".join(_cell(name, value) for name, value in values)
    return f'<tr data-trial="{index}" tabindex="0">{cells}</tr>'


def _cell(name, value):
    if value is None or (_is_number(value) and np.isnan(value)):
        return '<td data-value=""></td>'
    if isinstance(value, (bool, np.bool_)):
        value = "yes" if value else "no"
    if _is_number(value):
        shown = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
        shown = str(value) if isinstance(value, (int, np.integer)) else shown
        return f'<td class="number" data-value="{float(value)!r}">{shown}</td>'
    text = escape(str(value))
    marked = ' class="wrong"' if (name, value) == ("right", "no") else ""
    return f'<td{marked} data-value="{text}">{text}</td>'
