"""Render the example stems that ship with the package.

    python -m tools.render_stems [--out FOLDER] [--check]

Plays each part of `tools._stem_scores` on its own with fluidsynth and the
FluidR3 General MIDI sound font, without reverberation or chorus, so that stems add
up; cuts, balances and encodes them as mono OGG Vorbis; writes `pieces.json` and
`LICENSE.txt` beside them; and prints a table. Needs the Debian packages fluidsynth
and fluid-soundfont-gm. The same versions of the tools give the same bytes.
"""

import argparse
import io
import itertools
import json
import os
import re
import shutil
import subprocess
import tempfile
import zlib
from pathlib import Path

import numpy as np
import soundfile
from scipy.signal import resample_poly

from tools._stem_scores import SCORES

SOUND_FONT = Path("/usr/share/sounds/sf2/FluidR3_GM.sf2")
FONT_LICENSE = Path("/usr/share/doc/fluid-soundfont-gm/copyright")
PACKAGES = {SOUND_FONT: "fluid-soundfont-gm", FONT_LICENSE: "fluid-soundfont-gm"}
OUT = Path(__file__).resolve().parents[1] / "sklearn_cnmf" / "datasets" / "stems"

SFREQ = 22050
RENDER_SFREQ = 44100
LEAD, TAIL, FADE = 0.04, 0.5, 0.12  # s, before the first beat, after the last
PEAK = 0.7
QUALITY = 0.9

TICKS = 960  # per quarter note
TICK = 0.5 / TICKS  # s, at the MIDI default of 120 beats per minute
# General MIDI program, and level against an equal share in dB
INSTRUMENTS = {
    "violin": (40, 0.5),
    "flute": (73, 0.5),
    "clarinet": (71, 0.5),
    "cello": (42, 0.0),
    "trumpet": (56, 0.5),
    "piano": (0, 0.0),
    "guitar": (24, 0.0),
    "bass": (33, 0.5),
    "drums": (None, -1.5),
}
SUSTAINED = ("violin", "flute", "clarinet", "cello", "trumpet")
DRUMS = {"k": 36, "s": 38, "x": 37, "h": 42, "o": 46, "d": 51, "t": 48, "f": 43}
STEPS = {"c": 0, "d": 2, "e": 4, "f": 5, "g": 7, "a": 9, "b": 11}
PITCH = re.compile(r"([a-g])([#b]?)(\d)")

LICENSE_HEADER = """\
Example stems: licence and origin
=================================

The scores (tools/_stem_scores.py) were written for this package. The themes of
bach_invention (J. S. Bach, BWV 772), pachelbel_canon (J. Pachelbel), mozart_sonata
(W. A. Mozart, K. 545), beethoven_ode (L. van Beethoven, op. 125) and greensleeves
(English traditional) are in the public domain; everything else is original. The
scores, the arrangements and, as far as rights of ours go, the recordings in this
folder are dedicated to the public domain under CC0 1.0,
https://creativecommons.org/publicdomain/zero/1.0/

The sounds are samples of the FluidR3 General MIDI sound font by Frank Wen, which is
under the MIT licence, rendered with fluidsynth by tools/render_stems.py. The
notice of the Debian package fluid-soundfont-gm follows; what it says of the Debian
packaging concerns no file here.

"""


def parse_part(text, drums=False):
    """Events (start, beats, pitches, velocity, staccato) of a part, and its beats."""
    events, beat, length, velocity, on_bar = [], 0.0, 1.0, 84, True
    for token in text.split():
        if token == "|":
            on_bar = True
        elif token.startswith("@"):
            velocity = int(token[1:])
        else:
            marks = "".join(c for c in token if c in "'^")
            note, _, beats = "".join(c for c in token if c not in "'^").partition("/")
            length = float(beats) if beats else length
            if note != "r":
                pitches = [_pitch(name, drums) for name in note.split("+")]
                strength = velocity + 18 * ("^" in marks) + 6 * on_bar
                events.append((beat, length, pitches, strength, "'" in marks))
            on_bar = False
            beat += length
    return events, beat


def _pitch(name, drums):
    if drums:
        return DRUMS[name]
    match = PITCH.fullmatch(name)
    if match is None:
        raise ValueError(f"note {name!r} is not a pitch such as f#4")
    step, sign, octave = match.groups()
    return 12 * (int(octave) + 1) + STEPS[step] + {"#": 1, "b": -1, "": 0}[sign]


def channel_of(instrument):
    """MIDI channel that an instrument plays on."""
    return 9 if instrument == "drums" else 0


def midi_file(instrument, events, bpm, duration, rng, extras=()):
    """Bytes of a MIDI file, played with small deviations in time and loudness.

    `extras` are further messages, pairs of a time in s and bytes.
    """
    program, _ = INSTRUMENTS[instrument]
    channel = channel_of(instrument)
    messages = [(0, 1, bytes([0xB0 | channel, 7, 100]))]
    messages += [(round(at / TICK), 1, message) for at, message in extras]
    if program is not None:
        messages.append((0, 0, bytes([0xC0 | channel, program])))
    for start, beats, pitches, strength, staccato in events:
        onset = LEAD + start * 60 / bpm + np.clip(rng.normal(0, 0.006), -0.015, 0.015)
        share = 0.45 if staccato else 0.94
        held = share * beats * 60 / bpm
        velocity = int(np.clip(strength + rng.normal(0, 4), 30, 125))
        for index, pitch in enumerate(pitches):
            strum = 0.012 * index if instrument == "guitar" else 0.0
            on, off = round((onset + strum) / TICK), round((onset + held) / TICK)
            messages.append((on, 3, bytes([0x90 | channel, pitch, velocity])))
            messages.append((off, 2, bytes([0x80 | channel, pitch, 0])))
        if instrument in SUSTAINED:
            for at, level in _swell(onset, held):
                messages.append((round(at / TICK), 1, bytes([0xB0, 11, level])))
    track = bytearray()
    now = 0
    for tick, _, message in sorted(messages):
        track += _variable_length(tick - now) + message
        now = tick
    end = max(round(duration / TICK) - now, 0)
    track += _variable_length(end) + b"\xff\x2f\x00"
    header = b"MThd" + b"".join(n.to_bytes(w, "big") for n, w in ((6, 4), (0, 2)))
    header += (1).to_bytes(2, "big") + TICKS.to_bytes(2, "big")
    return header + b"MTrk" + len(track).to_bytes(4, "big") + bytes(track)


def _swell(onset, held):
    """Expression over a note: long ones grow and fade as breath and bow do."""
    if held < 0.4:
        return [(onset, 116)]
    times = np.arange(0, held, 0.03)
    levels = np.interp(times / held, [0, 0.3, 1], [104, 127, 92])
    return [(onset + t, int(level)) for t, level in zip(times, levels)]


def _variable_length(value):
    digits = [value & 0x7F]
    while value := value >> 7:
        digits.append(0x80 | value & 0x7F)
    return bytes(reversed(digits))


def synthesize(midi, duration, font=SOUND_FONT, options=()):
    """Mono waveform of a MIDI file at `SFREQ`, faded out at its end."""
    with tempfile.TemporaryDirectory() as folder:
        score, wave = Path(folder) / "part.mid", Path(folder) / "part.wav"
        score.write_bytes(midi)
        command = ["fluidsynth", "-n", "-i", "-q", "-R", "0", "-C", "0", "-g", "0.5"]
        command += ["-r", str(RENDER_SFREQ), "-T", "wav", "-O", "float"]
        command += [*options, "-F", str(wave), str(font), str(score)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode or not wave.exists():
            raise RuntimeError(f"{' '.join(command)} failed: {done.stderr.strip()}")
        audio, rate = soundfile.read(wave, always_2d=True)
    if rate != RENDER_SFREQ:
        raise RuntimeError(f"fluidsynth wrote {rate} Hz instead of {RENDER_SFREQ} Hz")
    audio = resample_poly(audio.mean(axis=1), SFREQ, rate)
    n_samples = round(duration * SFREQ)
    audio = np.pad(audio, (0, max(n_samples - len(audio), 0)))[:n_samples]
    return fade_out(audio)


def fade_out(audio):
    """Fade out the last `FADE` seconds in place."""
    n_fade = round(FADE * SFREQ)
    audio[-n_fade:] *= 0.5 + 0.5 * np.cos(np.linspace(0, np.pi, n_fade))
    return audio


def play(score, name, events, duration):
    """Waveform of one part of a score."""
    rng = np.random.default_rng(zlib.crc32(f"{score.name}/{name}".encode()))
    return synthesize(midi_file(name, events, score.bpm, duration, rng), duration)


def render(score, play=play):
    """Stems of a piece (n_sources, n_samples), balanced, and its instruments."""
    parts = {name: parse_part(t, name == "drums") for name, t in score.parts.items()}
    lengths = {name: beats for name, (_, beats) in parts.items()}
    if len(set(lengths.values())) != 1:
        raise ValueError(f"{score.name}: the parts have unequal beats {lengths}")
    duration = LEAD + next(iter(lengths.values())) * 60 / score.bpm + TAIL
    stems = []
    for name, (events, _) in parts.items():
        stem = play(score, name, events, duration)
        level = 10 ** (INSTRUMENTS[name][1] / 20)
        stems.append(stem * level / np.sqrt(np.mean(stem**2)))
    stems = np.array(stems)
    return stems * PEAK / np.abs(stems.sum(axis=0)).max(), tuple(parts)


def encode(stem):
    """Bytes of an OGG Vorbis file, with a fixed stream number."""
    buffer = io.BytesIO()
    options = {"format": "OGG", "subtype": "VORBIS"}
    with soundfile.SoundFile(
        buffer, "w", SFREQ, 1, compression_level=1 - QUALITY, **options
    ) as file:
        for start in range(0, len(stem), 4096):
            file.write(stem[start : start + 4096])
    return _fix_serial(buffer.getvalue())


def _fix_serial(data, serial=1):
    """Replace the random stream number of each OGG page, and its checksum."""
    pages, position = [], 0
    while position < len(data):
        n_segments = data[position + 26]
        table = data[position + 27 : position + 27 + n_segments]
        page = bytearray(data[position : position + 27 + n_segments + sum(table)])
        page[14:18] = serial.to_bytes(4, "little")
        page[22:26] = bytes(4)
        page[22:26] = _ogg_crc(page).to_bytes(4, "little")
        pages.append(bytes(page))
        position += len(page)
    return b"".join(pages)


def _crc_table():
    for value in range(256):
        register = value << 24
        for _ in range(8):
            register = (register << 1) ^ (0x04C11DB7 if register >> 31 else 0)
            register &= 0xFFFFFFFF
        yield register


_CRC_TABLE = tuple(_crc_table())


def _ogg_crc(page):
    register = 0
    for byte in page:
        register = (register << 8 & 0xFFFFFFFF) ^ _CRC_TABLE[register >> 24 ^ byte]
    return register


def check_tools(packages=PACKAGES):
    """Stop with a plain message where a tool or a file of `packages` is missing."""
    if shutil.which("fluidsynth") is None:
        names = " ".join(dict.fromkeys(["fluidsynth", *packages.values()]))
        raise SystemExit(f"fluidsynth is not installed: apt-get install {names}")
    for path, package in packages.items():
        if not path.exists():
            raise SystemExit(f"no {path}: apt-get install {package}")


def describe(score, instruments):
    """Entry of a piece in `pieces.json`."""
    return {
        "name": score.name,
        "ensemble": {2: "duo", 3: "trio"}[len(instruments)],
        "genre": score.genre,
        "same_rhythm": score.same_rhythm,
        "instruments": instruments,
    }


def piece_table(pieces):
    """Bytes of `pieces.json`."""
    return (json.dumps({"sfreq": SFREQ, "pieces": pieces}, indent=1) + "\n").encode()


def build():
    """All files of the folder, name to bytes."""
    files, pieces = {}, []
    for score in SCORES:
        stems, instruments = render(score)
        for name, stem in zip(instruments, stems):
            files[f"{score.name}_{name}.ogg"] = encode(stem)
        pieces.append(describe(score, instruments))
    files["pieces.json"] = piece_table(pieces)
    notice = FONT_LICENSE.read_text(encoding="utf-8").strip()
    files["LICENSE.txt"] = (LICENSE_HEADER + notice + "\n").encode()
    return files


def write(files, folder):
    """Write each file under a temporary name, then move it into place."""
    folder.mkdir(parents=True, exist_ok=True)
    if folder == OUT:
        for old in folder.glob("*.ogg"):
            if old.name not in files:
                old.unlink()
    for name, data in files.items():
        temporary = folder / f".{name}.tmp"
        temporary.write_bytes(data)
        os.replace(temporary, folder / name)


def envelope(stem, sfreq, rate=64):
    """Root mean square over windows of 1 / 16 s, `rate` times a second."""
    times = np.arange(0, len(stem) / sfreq, 1 / rate)
    energy = np.concatenate([[0.0], np.cumsum(np.square(stem, dtype=np.float64))])
    low = np.clip(((times - 1 / 32) * sfreq).astype(int), 0, len(stem))
    high = np.clip(((times + 1 / 32) * sfreq).astype(int), 0, len(stem))
    return np.sqrt((energy[high] - energy[low]) / np.maximum(high - low, 1))


def report(pieces):
    """Print one line per piece."""
    print(f"{'piece':16} {'same':4} {'s':>4} {'peak':>4}  envelope r   RMS in dB")
    for piece in pieces:
        envelopes = [envelope(stem, piece.sfreq) for stem in piece.stems]
        r = [np.corrcoef(a, b)[0, 1] for a, b in itertools.combinations(envelopes, 2)]
        levels = 10 * np.log10(np.mean(piece.stems.astype(float) ** 2, axis=1))
        print(
            f"{piece.name:16} {'yes' if piece.same_rhythm else 'no':4} "
            f"{piece.stems.shape[1] / piece.sfreq:4.1f} "
            f"{np.abs(piece.mixture).max():4.2f}  "
            f"{' '.join(f'{x:5.2f}' for x in r):17}  "
            + ", ".join(f"{n} {x:.1f}" for n, x in zip(piece.instruments, levels))
        )


def main():
    parser = argparse.ArgumentParser(description="Render the example stems.")
    parser.add_argument("--out", type=Path, default=OUT, help="where to write them")
    parser.add_argument(
        "--check", action="store_true", help="compare with the folder, write nothing"
    )
    options = parser.parse_args()
    check_tools()
    files = build()
    if options.check:
        changed = [
            name
            for name, data in files.items()
            if not (options.out / name).exists()
            or (options.out / name).read_bytes() != data
        ]
        raise SystemExit(f"differ: {', '.join(changed)}" if changed else 0)
    write(files, options.out)
    size = sum(len(data) for data in files.values())
    print(f"{len(files)} files, {size / 1e6:.2f} MB in {options.out}")
    if options.out == OUT:
        from sklearn_cnmf.datasets import load_example_stems

        report(load_example_stems())


if __name__ == "__main__":
    main()
