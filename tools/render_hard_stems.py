"""Render a second, harder set of stems, for benchmarks.

    python -m tools.render_hard_stems --out FOLDER

Plays the scores of the example stems and the duos of `tools._hard_scores` on
recordings that the example stems do not use. Each part is detuned by up to 20 cents,
sustained instruments have a vibrato, and each part is convolved with the response of
a small room of its own. The stems add up to the mixture.

The cello and the piano are those of MuseScore General, a sound font under the MIT
licence. Its other instruments are samples of FluidR3, as in the example stems, so
these play with the sound font TimGM6mb (GPL 2) instead. Needs the Debian packages
fluidsynth, musescore-general-soundfont and timgm6mb-soundfont. Writes mono FLAC and
`pieces.json`, and prints a table. The same versions of the tools give the same bytes.
"""

import argparse
import io
import zlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soundfile
from scipy.signal import fftconvolve

from tools._hard_scores import HARD_SCORES
from tools._stem_scores import SCORES
from tools.render_stems import (
    LEAD,
    SFREQ,
    SUSTAINED,
    channel_of,
    check_tools,
    describe,
    fade_out,
    midi_file,
    piece_table,
    render,
    report,
    synthesize,
    write,
)

MUSESCORE = Path("/usr/share/sounds/sf3/MuseScore_General_Full.sf3")
TIM = Path("/usr/share/sounds/sf2/TimGM6mb.sf2")
PACKAGES = {MUSESCORE: "musescore-general-soundfont", TIM: "timgm6mb-soundfont"}
OWN_IN_MUSESCORE = ("cello", "piano")

BEND_RANGE = 200.0  # cents, the MIDI default
DETUNE = 20.0  # cents, at most
VIBRATO_RATE = (4.5, 6.5)  # Hz
VIBRATO_DEPTH = (10.0, 30.0)  # cents, either way
VIBRATO_STEP = 0.01  # s
VIBRATO_ONSET = (0.08, 0.25)  # s after the onset, from no vibrato to all of it
RT60 = (0.25, 0.5)  # s
DIRECT_TO_REVERBERANT = (6.0, 10.0)  # dB
PREDELAY = 0.003  # s


class Manner(NamedTuple):
    """How a part is played, and the room it is played in.

    Parameters
    ----------
    detune : float
        Cents above the nominal pitch.
    vibrato_rate : float
        Hz; 0 for an instrument that does not sustain.
    vibrato_depth : float
        Cents either way.
    rt60 : float
        Time in s in which the room decays by 60 dB.
    direct_to_reverberant : float
        Energy of the direct path over that of the rest, in dB.
    """

    detune: float
    vibrato_rate: float
    vibrato_depth: float
    rt60: float
    direct_to_reverberant: float


def seed_of(piece, part, what):
    """Seed of a random draw."""
    return zlib.crc32(f"hard/{piece}/{part}/{what}".encode())


def draw_manner(piece, part):
    """Draw the manner of a part, always the same for the same names."""
    rng = np.random.default_rng(seed_of(piece, part, "manner"))
    detune = rng.uniform(-DETUNE, DETUNE)
    rate, depth = rng.uniform(*VIBRATO_RATE), rng.uniform(*VIBRATO_DEPTH)
    room = rng.uniform(*RT60), rng.uniform(*DIRECT_TO_REVERBERANT)
    if part not in SUSTAINED:
        rate = depth = 0.0
    return Manner(detune, rate, depth, *room)


def bend_message(cents, channel):
    """MIDI message that bends the pitch of a channel."""
    value = int(np.clip(round(8192 + 8192 * cents / BEND_RANGE), 0, 16383))
    return bytes([0xE0 | channel, value & 0x7F, value >> 7])


def bends(manner, events, bpm, channel, rng):
    """Messages (time in s, bytes) that detune a part and give it its vibrato."""
    messages = [(0.0, bend_message(manner.detune, channel))]
    if not manner.vibrato_depth:
        return messages
    for start, beats, *_ in events:
        times = np.arange(0, beats * 60 / bpm, VIBRATO_STEP)
        growth = np.interp(times, VIBRATO_ONSET, (0.0, 1.0))
        phase = rng.uniform(0, 2 * np.pi)
        swing = np.sin(2 * np.pi * manner.vibrato_rate * times + phase)
        cents = manner.detune + manner.vibrato_depth * growth * swing
        onset = LEAD + start * 60 / bpm
        messages += [
            (onset + t, bend_message(c, channel)) for t, c in zip(times, cents)
        ]
    return messages


def room_response(rt60, direct_to_reverberant, sfreq, rng):
    """Impulse response of a room: a direct path, then decaying noise.

    Parameters
    ----------
    rt60 : float
        Time in s in which the reverberation decays by 60 dB.
    direct_to_reverberant : float
        Energy of the direct path over that of the rest, in dB.
    sfreq : float
        Sampling rate in Hz.
    rng : numpy.random.Generator
        Source of the noise.

    Returns
    -------
    response : ndarray of shape (n_samples,)
        Starts with the direct path, 1, and lasts `rt60` after a short gap.
    """
    times = np.arange(round(rt60 * sfreq)) / sfreq
    tail = rng.standard_normal(len(times)) * 10 ** (-3 * times / rt60)
    tail *= 10 ** (-direct_to_reverberant / 20) / np.linalg.norm(tail)
    gap = np.zeros(round(PREDELAY * sfreq) - 1)
    return np.concatenate([[1.0], gap, tail])


def play_hard(score, name, events, duration):
    """Waveform of one part of a score, detuned, with vibrato and in a room."""
    manner = draw_manner(score.name, name)
    extras = bends(
        manner,
        events,
        score.bpm,
        channel_of(name),
        np.random.default_rng(seed_of(score.name, name, "vibrato")),
    )
    rng = np.random.default_rng(seed_of(score.name, name, "playing"))
    midi = midi_file(name, events, score.bpm, duration, rng, extras)
    font = MUSESCORE if name in OWN_IN_MUSESCORE else TIM
    dry = synthesize(midi, duration, font, ("-o", "synth.dynamic-sample-loading=1"))
    response = room_response(
        manner.rt60,
        manner.direct_to_reverberant,
        SFREQ,
        np.random.default_rng(seed_of(score.name, name, "room")),
    )
    return fade_out(fftconvolve(dry, response)[: len(dry)])


def encode(stem):
    """Bytes of a FLAC file."""
    buffer = io.BytesIO()
    soundfile.write(buffer, stem, SFREQ, format="FLAC", subtype="PCM_16")
    return buffer.getvalue()


def build():
    """All files of the folder, name to bytes."""
    files, pieces = {}, []
    for score in (*SCORES, *HARD_SCORES):
        stems, instruments = render(score, play_hard)
        for name, stem in zip(instruments, stems):
            files[f"{score.name}_{name}.flac"] = encode(stem)
        pieces.append(describe(score, instruments))
    files["pieces.json"] = piece_table(pieces)
    return files


def render_folder(folder):
    """Render all pieces into a folder."""
    check_tools(PACKAGES)
    write(build(), folder)


def main():
    parser = argparse.ArgumentParser(description="Render the harder stems.")
    parser.add_argument("--out", type=Path, required=True, help="where to write them")
    options = parser.parse_args()
    render_folder(options.out)

    from benchmarks._hard_stems import load_hard_stems

    report(load_hard_stems(options.out))


if __name__ == "__main__":
    main()
