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
<div class="said"></div>
<div class="tracks" role="group" aria-label="Track"></div>
<canvas height="96" aria-label="Waveform; a click moves the cursor"></canvas>
<div class="controls">
<button class="play">Play</button>
<button class="from">A</button>
<button class="to">B</button>
<button class="loop" aria-pressed="false">Loop</button>
<span class="time"></span>
</div>
<p class="keys">Space: play. 1 to 9: track. A, B: ends of the loop. L: loop.
Arrows: 5 s. All tracks of a trial have one scale.</p>
</div>
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
<script type="application/json" class="trials">{data}</script>
</div>"""


def player_html(
    trials: "Sequence[ListeningTrial]", encoded: list[dict[str, str]]
) -> str:
    """Player, table of trials, and their audio.

    Parameters
    ----------
    trials : sequence of ListeningTrial
        All of them.
    encoded : list of dict of str to str
        Audio of their tracks, in base64.

    Returns
    -------
    html : str
        All that comes from data is escaped.
    """
    columns = list(dict.fromkeys(name for trial in trials for name in trial.values))
    head = "".join(
        f'<th scope="col"><button>{escape(name)}</button></th>'
        for name in ["trial", *columns]
    )
    body = "\n".join(
        _row(index, [trial.name, *map(trial.values.get, columns)])
        for index, trial in enumerate(trials)
    )
    data = [
        {
            "name": trial.name,
            "tracks": [{"name": name, "audio": own} for name, own in tracks.items()],
        }
        for trial, tracks in zip(trials, encoded)
    ]
    # A browser ends a script at "</script", wherever it stands.
    text = json.dumps(data).replace("<", "\\u003c")
    return _PLAYER.format(head=head, body=body, data=text)


def _row(index, values):
    cells = "".join(map(_cell, values))
    return f'<tr data-trial="{index}" tabindex="0">{cells}</tr>'


def _cell(value):
    if value is None or (isinstance(value, Real) and np.isnan(value)):
        return '<td data-value=""></td>'
    if isinstance(value, (bool, np.bool_)):
        value = "yes" if value else "no"
    if isinstance(value, Real):
        shown = f"{value:.2f}".replace("-", "\N{MINUS SIGN}")
        shown = str(value) if isinstance(value, (int, np.integer)) else shown
        return f'<td class="number" data-value="{float(value)!r}">{shown}</td>'
    text = escape(str(value))
    return f'<td data-value="{text}">{text}</td>'
