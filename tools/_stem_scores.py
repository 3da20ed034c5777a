"""The scores of the example stems, read by `tools.render_stems`.

A part is a line of notes ``pitch/beats``: pitches joined by ``+`` sound together,
``r`` rests, a length holds until the next one, ``'`` is staccato, ``^`` an accent,
``@70`` sets the velocity from there on and ``|`` begins a bar. Drums are written
k kick, s snare, x rim, h closed hat, o open hat, d ride, t high tom, f low tom,
c crash. The arrangements are ours; themes that are not are named.
"""

from typing import NamedTuple


class Score(NamedTuple):
    name: str
    genre: str
    same_rhythm: bool
    bpm: float
    parts: dict[str, str]


_A = "a2+e3+a3+c4"
_G = "g2+d3+g3+b3"
_F = "f2+c3+f3+a3"
_GROOVE = "k+h^/.5 h s+h^ h/.25 k k+h/.5 h s+h^ h"

SCORES = (
    Score(
        "gallant_duet",
        "classical",
        True,
        132,
        {
            "violin": "d5/1.5 b4/.5 g5/1 r/1 | f#5/.5 e5 d5 c5 b4/1 r/1 | "
            "@72 c5/.5' c5' e5' e5' @88 d5/1.5 b4/.5 | a4/.75 c5/.25 b4/.5 a4 g4/2",
            "clarinet": "b4/1.5 g4/.5 b4/1 r/1 | d5/.5 c5 b4 a4 g4/1 r/1 | "
            "@72 a4/.5' a4' c5' c5' @88 b4/1.5 g4/.5 | f#4/.75 a4/.25 g4/.5 f#4 g3/2",
        },
    ),
    # Bach, Invention no. 1, BWV 772
    Score(
        "bach_invention",
        "classical",
        False,
        88,
        {
            "flute": "r/.25 c5/.25 d5 e5 f5 d5 e5 c5 @74 g5/.5' c6' b5' c6' | "
            "@88 d5/.25 g4 a4 b4 c5 a4 b4 g4 @74 d5/.5' g5' f5' g5' | @84 e5/2",
            "clarinet": "c4/.5' r/1.5 @92 r/.25 c4 d4 e4 f4 d4 e4 c4 | "
            "@80 g4/.5' g3' r/1 @92 r/.25 g3 a3 b3 c4 a3 b3 g3 | c4/.5' r/1.5",
        },
    ),
    # Pachelbel, Canon in D
    Score(
        "pachelbel_canon",
        "classical",
        False,
        80,
        {
            "violin": "f#5/.5 r/.5 r/.5 d5/.25 e5 f#5/.5' a5' r/1 | "
            "b4/.25 c#5 d5 e5 d5/.5 r/1 g5/.25 f#5 e5 d5 c#5/.5 | d5/1",
            "cello": "d3/1 a2 b2 f#2 | g2 d2 g2 a2 | d2/1",
        },
    ),
    Score(
        "siciliana",
        "classical",
        True,
        100,
        {
            "flute": "@76 e5/2 g5/.5 r | f#5/1' r/.5 @90 e5/.5' d#5' e5' | "
            "@108 b5/1.5^ a5/.5 g5/.5' r | @72 f#5/.5' g5' r/.5 f#5/.5' e5/1",
            "cello": "@76 e3/2 e3/.5 r | b2/1' r/.5 @90 c3/.5' b2' a2' | "
            "@108 g2/1.5^ a2/.5 b2/.5' r | @72 a2/.5' b2' r/.5 b2/.5' e2/1",
        },
    ),
    # Mozart, Piano sonata K. 545
    Score(
        "mozart_sonata",
        "classical",
        False,
        138,
        {
            "clarinet": "c5/2 e5/1 g5 | b4/1.5 c5/.25 d5 c5/1 r/1 | "
            "a5/2 g5/1 c6 | g5/1 f5/.5 e5 e5/1 r/1",
            "piano": "@70 c4/.5 g4 e4 g4 c4 g4 e4 g4 | "
            "d4 g4 f4 g4 @88 c4 g4 @100 e4 g4 | "
            "@70 c4 a4 f4 a4 c4 g4 e4 g4 | b3 g4 d4 g4 @90 c4 g4 e4+c5/1",
        },
    ),
    # Beethoven, Symphony no. 9, "Ode to Joy"
    Score(
        "beethoven_ode",
        "classical",
        True,
        132,
        {
            "violin": "c#5/1 c#5' d5 e5 | @96 e5' d5' c#5' b4' | "
            "@78 a4 a4' b4 c#5 | c#5/1.5^ b4/.5' b4/1 r/1",
            "piano": "a3+e4+a4/1 a3+e4+a4' b3+e4+g#4 c#4+e4+a4 | "
            "@96 c#4+e4+a4' b3+e4+g#4' a3+e4+a4' e3+e4+g#4' | "
            "@78 f#3+c#4+f#4 f#3+c#4+f#4' e3+d4+g#4 a3+c#4+e4 | "
            "e3+c#4+a4/1.5^ e3+d4+g#4/.5' e3+b3+g#4/1 r/1",
        },
    ),
    # English traditional, "Greensleeves"
    Score(
        "greensleeves",
        "classical",
        False,
        210,
        {
            "flute": "a4/1 | c5/2 d5/1 e5/1.5 f5/.5 e5/1 | d5/2 b4/1 g4/2 r/1 | "
            "@96 c5/2 a4/1 a4/1.5 g#4/.5 a4/1 | b4/2 g#4/1 e4/2 r/1",
            "guitar": "e3/1 | a2 e3 a3 c4 a3 e3 | g2 d3 g3 @98 b3 g3 d3 | "
            "@84 a2 e3 a3 c4 a3 e3 | e2 b2 e3 @98 g#3+b3/.5 e4 b3/1 e3",
        },
    ),
    Score(
        "unison_riff",
        "pop",
        True,
        112,
        {
            "guitar": "e3+b3+e4/.5^ e3+b3+e4' g3+d4 r a3+e4/.75 b3+f#4/.25 r/.5 d4+a4 "
            "| e3+b3+e4/.5^ e3+b3+e4' g3+d4 r a3+e4/.75 bb3+f4/.25 a3+e4/.5 g3+d4 | "
            "e3+b3+e4/.5^ r d3+a3' d3+a3' e3+b3+e4/2^",
            "bass": "e1/.5^ e1' g1 r a1/.75 b1/.25 r/.5 d2 "
            "| e1/.5^ e1' g1 r a1/.75 bb1/.25 a1/.5 g1 | "
            "e1/.5^ r d2' d2' e1/2^",
        },
    ),
    Score(
        "call_and_fill",
        "pop",
        False,
        120,
        {
            "guitar": f"{_A}/1.5^ {_A}/.5' {_G}/1 r/1 | {_F}/1.5^ {_F}/.5' r/2 | "
            f"{_A}/.5 {_A}' {_G} {_A} r/2 | {_A}/2^",
            "drums": "k+h/.5 r/1.5 r/1 s/.25 s t t^ | k/.5 r/1.5 s/.5^ k s^ t/.25 f | "
            "k+h/.5 r/1.5 s/.25^ s s s t^ t f f | k/.5 r/1.5",
        },
    ),
    Score(
        "backbeat",
        "pop",
        False,
        104,
        {
            "bass": "d2/.5' r/1 f2/1^ g2/.5' r/1 | r/.5 d2/.5 c2/1.5^ a1/.5 c2/1 | "
            "d2/.5' r/1 f2/1^ a2/.5 g2 f2",
            "drums": "k+h^/.5 h s+h^ h k+h k+h s+h^ h | "
            "k+h^/.5 h s+h^ h/.25 h k+h/.5 k+h s+h^ o | "
            "k+h^/.5 h s+h^ h k+h^ s/.25 s s^/.5 k",
        },
    ),
    Score(
        "minor_stabs",
        "pop",
        True,
        126,
        {
            "piano": "c4+eb4+g4/1^ r/.5 bb3+d4+f4/.5 c4+eb4+g4' c4+eb4+g4' r/1 | "
            "ab3+c4+eb4/1.5 bb3+d4+f4/1 r/.5 g3+b3+d4' g3+b3+d4' | "
            "c4+eb4+g4/.75 d4+f4+ab4 eb4+g4+bb4/1 r/.5 g3+b3+f4/.5' r | "
            "c4+eb4+g4/2^",
            "bass": "c2/1^ r/.5 bb1/.5 c2' c2' r/1 | "
            "ab1/1.5 bb1/1 r/.5 g1' g1' | "
            "c2/.75 d2 eb2/1 r/.5 g1/.5' r | c2/2^",
        },
    ),
    Score(
        "low_ballad",
        "pop",
        False,
        100,
        {
            "cello": "g3/2 r/.5 bb3/.5 a3 g3 | d4/2.5 r/1.5 | c4/.5 d4 eb4 d4 r/1 g3/1",
            "drums": "k/.5 h h h s^/1 h/.5 h | k/.5 r/2 s/.25^ s t/.5 k/.25 s | "
            "k/.5 r/1.5 s/.5^ k s/.25^ s f/.5",
        },
    ),
    Score(
        "conversation",
        "classical",
        False,
        112,
        {
            "violin": "a5/1.5 g5/.25 f5 e5/1 | f5/1 r/2 | r/1 c5/.5 d5 e5 f5 | "
            "g5/1 f5 r",
            "cello": "f3/.5' r/2.5 | r/.5 f3 g3 a3 bb3 c4 | d4/1 r/2 | "
            "r/.5 bb2 c3/1 f2",
            "piano": "f3/.5' r a3+c4' r bb3+c4' r | f3' r a3+c4' r a3+c4' r | "
            "a3' r c4+f4' r c4+f4' r | bb2' r c3+e4' r f3+a3+c4/1",
        },
    ),
    Score(
        "off_beat",
        "pop",
        False,
        120,
        {
            "guitar": "e4+g4+c5/.5' e4+g4+c5' r e4+g4+c5' r e4+g4+c5' r e4+g4+c5' | "
            "r f4+a4+c5' r f4+a4+c5' r f4+a4+c5' r f4+a4+c5' | "
            "r d4+g4+b4' r d4+g4+b4' r/1 f4+a4+c5/1 | e4+g4+c5/2",
            "bass": "c2/1.5 r/.5 e2 g2 r/1 | f2/1.5 r/.5 a2 c3 r/1 | "
            "g2/1 r/.5 g2 f2 e2 d2/1 | c2/.5' r/1.5",
            "drums": "k+h/.5 r/1.5 k+s^/1 r/.5 h | h/.5 r/1.5 k+s^/1 h/.25 h h/.5 | "
            "h/.5 r/1.5 k+s^/.5 s/.25 s t/.5 f | k/.5 r s^ k",
        },
    ),
    Score(
        "street_corner",
        "pop",
        False,
        108,
        {
            "trumpet": "c5/.5'^ r/1.5 f4/.25 ab4 bb4/.5 c5/1 | eb5/1.5^ c5/.5 r/2 | "
            "r/1 bb4/.25 c5 bb4 ab4 f4/1 r/1",
            "bass": "f1/.5' f2' r eb2 f2 r/1.5 | r/2 ab1/.5 bb1 c2 eb2 | "
            "f2/1 r/2 c2/.5 eb2",
            "drums": f"{_GROOVE} | {_GROOVE} | {_GROOVE}",
        },
    ),
    Score(
        "fanfare",
        "classical",
        True,
        116,
        {
            "flute": "d5/1^ bb4/.5' bb4' d5/1 r/1 | "
            "eb5/.75 f5/.25 g5/.5 eb5 f5/1 r/.5 bb4 | eb5/.5' f5' d5 eb5 d5/2^",
            "trumpet": "bb4/1^ f4/.5' f4' bb4/1 r/1 | "
            "c5/.75 d5/.25 eb5/.5 c5 d5/1 r/.5 f4 | g4/.5' a4' bb4 c5 bb4/2^",
            "cello": "bb2/1^ bb2/.5' bb2' bb2/1 r/1 | "
            "f2/.75 bb2/.25 eb2/.5 a2 bb2/1 r/.5 d3 | eb3/.5' f3' f3 f2 bb2/2^",
        },
    ),
    Score(
        "night_club",
        "pop",
        False,
        110,
        {
            "trumpet": "g4/.5' r/2.5 bb4/.5 c5 | d5/2.5 r/1.5 | "
            "eb5/.5 d5 c5 bb4 g4/1 r/1",
            "piano": "g3+bb3+d4/1 r/.5 d4+g4 r bb3+d4 r/1 | "
            "c4+eb4+a4/.5' r/2 f4+a4/.5' eb4+g4' d4+f4' | "
            "r/2 a3+c4+f#4/.5 r g3+bb3+d4/1",
            "bass": "g1/.5 r/1 d2/1 r/.5 g2/1 | r/.5 c2/1 r/1 f2/1.5 | "
            "r/.5 d2/1 r/.5 d2 f#2 g1/1",
        },
    ),
)
