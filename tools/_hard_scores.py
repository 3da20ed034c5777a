"""Duos in nearly one rhythm, read by `tools.render_hard_stems`.

Written as in `tools._stem_scores`. The melodies are original. Both instruments of a
duo move in the same register and often cross, and each of the seven instruments
plays in at least three duos and several keys.
"""

from tools._stem_scores import Score

HARD_SCORES = (
    Score(
        "twin_lanterns",
        "classical",
        True,
        116,
        {
            "violin": "d5/1 bb4/.5 c5 d5/1 g4 | a4/.5 bb4 c5 a4 bb4/1.5 d5/.5 | "
            "@96 eb5/1^ d5/.5 c5 bb4/1 a4/.5 g4 | @84 f#4 a4 d5 c5 bb4/2",
            "flute": "bb4/1 g4/.5 a4 bb4/1 d5 | f#4/.5 g4 a4 c5 d5/1.5 bb4/.5 | "
            "@96 c5/1^ bb4/.5 eb5 d5/1 c5/.5 bb4 | @84 a4/1 f#4/.5 a4 g4/2",
        },
    ),
    Score(
        "harbour_signal",
        "pop",
        True,
        126,
        {
            "violin": "e5/.75 c#5/.25 e5/1 a4/.5 b4 c#5/1 | "
            "d5/.5' d5' c#5 b4 a4/1 r/1 | f#5/.75 e5/.25 d5/1 c#5/.5 b4 a4/1 | "
            "b4/.5 c#5 d5 b4 a4/2",
            "trumpet": "c#5/.75 a4/.25 c#5/1 e4/.5 g#4 a4/1 | "
            "b4/.5' b4' a4 g#4 e4/1 r/1 | a4/.75 c#5/.25 f#4/1 e5/.5 d5 c#5/1 | "
            "g#4/.5 a4 b4 g#4 e4/2",
        },
    ),
    Score(
        "mill_stream",
        "classical",
        True,
        126,
        {
            "flute": "c5/1 f5/.5 e5 d5/1 | c5/.5 bb4 a4 c5 f4/1 | "
            "@74 g4/1 a4/.5 bb4 c5/1 | @92 d5/.5 c5 bb4 a4 g4/1 | "
            "a4/1 c5/.5 f5 e5/1 | d5/.5 e5 f5/2",
            "clarinet": "a4/1 c5/.5 c5 bb4/1 | a4/.5 g4 f4 a4 c5/1 | "
            "@74 bb4/1 f4/.5 g4 a4/1 | @92 bb4/.5 a4 d5 c5 bb4/1 | "
            "f4/1 a4 c5 | bb4/.5 c5 a4/2",
        },
    ),
    Score(
        "copper_gate",
        "classical",
        True,
        120,
        {
            "clarinet": "bb4/.5' bb4' eb5/1 g4/.5' g4' bb4/1 | "
            "ab4/.75 g4/.25 f4/.5 ab4 g4/1 r/1 | c5/.5 d5 eb5 c5 bb4/1 g4 | "
            "f4/.5 ab4 d4 f4 eb4/2",
            "trumpet": "g4/.5' g4' bb4/1 eb4/.5' eb4' g4/1 | "
            "f4/.75 eb4/.25 d4/.5 f4 eb4/1 r/1 | ab4/.5 bb4 c5 eb5 d5/1 bb4 | "
            "ab4/.5 f4 bb4' bb4 g4/2",
        },
    ),
    Score(
        "dry_riverbed",
        "pop",
        True,
        112,
        {
            "cello": "e3/1 g3/.5 a3 b3/1 g3 | a3/.5 g3 f#3 a3 g3/1.5 e3/.5 | "
            "@98 c4/1 b3/.5 a3 g3/1 b3 | @84 a3/.5 f#3 d#3 f#3 e3/2",
            "guitar": "g3/1 b3/.5 c4 d4/1 b3 | c4/.5 b3 a3 f#3 b3/1.5 g3/.5 | "
            "@98 e3/1 g3/.5 c4 b3/1 g3 | @84 f#3/.5 a3 b3 a3 g3+b3/2",
        },
    ),
    Score(
        "window_seat",
        "classical",
        True,
        120,
        {
            "guitar": "e4/1.5 g4/.5 c5/1 | b4/.5 a4 g4 e4 d4/1 | "
            "f4/1.5 a4/.5 d5/1 | c5/.5 b4 a4 g4 e4/1 | a4/1 g4/.5 f4 e4/1 | "
            "d4/.5 g4 e4+c5/2",
            "piano": "@72 c4/1.5 e4/.5 g4/1 | d4/.5 f4 e4 c4 b3/1 | "
            "a3+f4/1.5 c4/.5 f4/1 | e4/.5 g4 c4 b3 c4/1 | f4/1 e4/.5 d4 c4/1 | "
            "b3/.5 f4 c4+e4/2",
        },
    ),
    Score(
        "slow_furrow",
        "classical",
        True,
        104,
        {
            "cello": "f#3/1.5 g#3/.5 a3/1 c#4 | b3/.5 a3 g#3 b3 a3/1 r/1 | "
            "d4/1.5 c#4/.5 b3/1 a3 | g#3/.5 f#3 e#3 g#3 f#3/2",
            "piano": "@72 a3/1.5 b3/.5 c#4/1 f#3 | g#3/.5 f#3 e#3 g#3 f#3/1 r/1 | "
            "f#3+b3/1.5 a3/.5 g#3/1 f#3+c#4 | b3/.5 a3 g#3 b3 a3+c#4/2",
        },
    ),
    Score(
        "two_swifts",
        "classical",
        True,
        132,
        {
            "violin": "bb4/.5 c5 d5 bb4 f4/1 bb4 | a4/.5' c5' f4' a4' bb4/1 r/1 | "
            "@98 eb5/.5^ d5 c5 bb4 a4/1 g4 | @84 f4/.5 g4 a4 c5 bb4/2",
            "cello": "d4/.5 eb4 f4 d4 bb4/1 f4 | c4/.5' eb4' a4' f4' d4/1 r/1 | "
            "@98 g4/.5^ f4 eb4 d4 c4/1 bb3 | @84 a4/.5 bb4 f4 eb4 d4/2",
        },
    ),
    Score(
        "reed_fence",
        "classical",
        True,
        108,
        {
            "flute": "f#4/.5 a4 d5 a4 b4/1 g4 | e4/.5 g4 c#5 b4 a4/1.5 r/.5 | "
            "d5/1 c#5/.5 b4 a4/1 f#4/.5 g4 | e4 f#4 g4 e4 d4/2",
            "guitar": "d4/.5 f#4 a4 d4 g4/1 b4 | c#4/.5 e4 g4 e4 f#4/1.5 r/.5 | "
            "b4/1 a4/.5 g4 f#4/1 d4/.5 e4 | c#4 a4 e4 c#4 d4+f#4/2",
        },
    ),
    Score(
        "brass_button",
        "pop",
        True,
        124,
        {
            "trumpet": "c5/.75^ ab4/.25 f4/.5 ab4 c5/1 r/1 | "
            "db5/.5 c5 bb4 ab4 g4/1 bb4/.5 c5 | "
            "ab4/.75^ f4/.25 eb4/.5 f4 ab4/1 r/1 | bb4/.5 g4 e4 g4 f4/2",
            "piano": "f4/.75^ c4/.25 ab3/.5 f4 ab4/1 r/1 | "
            "bb4/.5 ab4 g4 f4 e4+g4/1 g4/.5 e4 | "
            "f4+c5/.75^ c4/.25 c4/.5 db4 c4+f4/1 r/1 | g4/.5 bb4 c4 e4 ab3+f4/2",
        },
    ),
    Score(
        "cellar_door",
        "classical",
        True,
        132,
        {
            "clarinet": "f#4/1 d4/.5 e4 f#4/1 | g4/.5 f#4 e4 d4 c#4/1 | "
            "@74 b3/1 d4/.5 f#4 b4/1 | @94 a4/.5 g4 f#4 e4 d4/1 | "
            "c#4/1 e4/.5 g4 f#4/1 | e4/.5 c#4 b3/2",
            "cello": "d4/1 b3/.5 c#4 d4/1 | e4/.5 d4 c#4 b3 a#3/1 | "
            "@74 d3/1 f#3/.5 b3 f#4/1 | @94 f#4/.5 e4 d4 c#4 b3/1 | "
            "e3/1 a#3 d4 | c#4/.5 a#3 b3/2",
        },
    ),
)
