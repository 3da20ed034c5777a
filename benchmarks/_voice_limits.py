"""What tracked voices can't do: synthetic duos, one difficulty at a time.

Each voice is a sum of harmonic partials and plays a random walk over an octave; a note
lasts 0.25 to 0.6 s, and its level and length are of its own voice, except that
doublings share lengths. The first voice has all partials, the second few even ones.
Both are equally loud unless said. All conditions of a duo draw the same notes.
"""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import uniform_filter1d
from scipy.signal import fftconvolve

from benchmarks._quality_cases import make_voices_cases
from sklearn_cnmf.datasets import Piece

SFREQ = 16000.0
SECONDS = 12.0
N_DUOS = 6
# Lowest MIDI number of each voice, which walks over an octave.
HIGH, LOW, MIDDLE = 67, 50, 60


@dataclass(frozen=True)
class Condition:
    """What is difficult about a duo.

    Parameters
    ----------
    lowest : tuple of int
        Lowest MIDI number of each voice.
    exchange : bool
        Whether the voices swap these for the second half.
    doubling : int or None
        Semitones from the first voice to the second where both play the same notes.
    vibrato : float
        Semitones from the mean to the peak, at 5.5 Hz.
    slide : float
        Seconds that a slide from note to note lasts.
    rests : bool
        Whether one of three notes is silent, in each voice.
    cents : float
        Tuning of both, from 440 Hz.
    second_db : float
        Level of the second voice, relative to the first.
    t60 : float
        Seconds in which reverberation falls by 60 dB; it has the energy of the direct
        sound and is part of the references. 0 is none.
    noise_db : float
        Level of white noise, relative to the sum of the voices.
    """

    lowest: tuple[int, int] = (HIGH, LOW)
    exchange: bool = False
    doubling: int | None = None
    vibrato: float = 0.0
    slide: float = 0.0
    rests: bool = False
    cents: float = 0.0
    second_db: float = 0.0
    t60: float = 0.0
    noise_db: float = -np.inf


CONDITIONS = {
    "plain": Condition(),
    "vibrato of 0.3 semitones": Condition(vibrato=0.3),
    "vibrato of 0.5 semitones": Condition(vibrato=0.5),
    "slides of 200 ms": Condition(slide=0.2),
    "rests, a third of the notes": Condition(rests=True),
    "tuned 30 cents up": Condition(cents=30.0),
    "second voice 10 dB below": Condition(second_db=-10.0),
    "white noise 20 dB below": Condition(noise_db=-20.0),
    "white noise 6 dB below": Condition(noise_db=-6.0),
    "reverberation, T60 = 0.4 s": Condition(t60=0.4),
    "reverberation, T60 = 1.0 s": Condition(t60=1.0),
    "one range, crossing": Condition(lowest=(MIDDLE, MIDDLE)),
    "ranges exchanged half-way": Condition(exchange=True),
    "same notes, a fourth below": Condition(doubling=-5),
    "same notes, an octave below": Condition(doubling=-12),
    "same notes, in unison": Condition(doubling=0),
}


@dataclass(frozen=True, eq=False, repr=False)
class Duo(Piece):
    """Two voices, with noise beside them."""

    noise: np.ndarray

    @property
    def mixture(self):
        return super().mixture + self.noise


def make_duo(number: int, condition: Condition) -> Duo:
    """Synthesise a duo.

    Parameters
    ----------
    number : int
        Seed.
    condition : Condition
        What is difficult about it.
    """
    rngs = [np.random.default_rng([number, voice]) for voice in range(3)]
    first, second = (draw_notes(rng) for rng in rngs[:2])
    lowest, other = condition.lowest, condition.lowest[::-1]
    if condition.doubling is not None:
        lowest = other = (lowest[0], lowest[0] + condition.doubling)
        second = {**first, "levels": second["levels"]}
    half = SECONDS / 2 if condition.exchange else SECONDS
    slopes = rngs[2].uniform([0.6, 1.0], [1.0, 1.6])
    stems = []
    for voice, notes in enumerate((first, second)):
        before = notes["starts"] < half
        notes["pitches"] = notes["walk"] + np.where(before, lowest[voice], other[voice])
        even = (1.0, 0.2)[voice]
        stem = play(notes, slopes[voice], even, condition, rngs[voice])
        stem *= 10 ** (voice * condition.second_db / 20) / np.sqrt(np.mean(stem**2))
        stems.append(stem)
    stems = 0.05 * np.stack(stems)
    noise = rngs[2].standard_normal(stems.shape[1])
    noise *= 10 ** (condition.noise_db / 20) * np.sqrt(np.mean(stems.sum(axis=0) ** 2))
    return Duo(
        f"duo{number}",
        "duo",
        "classical",
        False,
        ("first", "second"),
        stems.astype(np.float32),
        SFREQ,
        noise.astype(np.float32),
    )


def draw_notes(rng):
    """Starts in seconds, a walk over an octave in semitones, levels, and rests."""
    lengths = rng.uniform(0.25, 0.6, int(SECONDS / 0.25))
    walk = [int(rng.integers(13))]
    for step in rng.choice([-4, -3, -2, -1, 1, 2, 3, 4], len(lengths) - 1):
        walk.append(walk[-1] + step if 0 <= walk[-1] + step <= 12 else walk[-1] - step)
    sounding = np.ones((len(lengths) // 3, 3))
    sounding[:, 0] = 0
    return {
        "starts": np.concatenate([[0.0], np.cumsum(lengths)[:-1]]),
        "walk": np.array(walk),
        "levels": rng.uniform(0.3, 1.0, len(lengths)),
        "sounding": rng.permuted(sounding, axis=1).ravel(),
    }


def play(notes, slope, even, condition, rng):
    """Waveform of a voice, whose even partials are weaker by a factor."""
    times = np.arange(round(SECONDS * SFREQ)) / SFREQ
    note = np.searchsorted(notes["starts"], times, side="right") - 1
    pitch = notes["pitches"][note] + condition.cents / 100
    if condition.slide:
        pitch = uniform_filter1d(pitch, round(condition.slide * SFREQ))
    pitch += condition.vibrato * np.sin(
        2 * np.pi * 5.5 * times + rng.uniform(0, 2 * np.pi)
    )
    f0 = 440 * 2 ** ((pitch - 69) / 12)
    phase = 2 * np.pi * np.cumsum(f0) / SFREQ
    level = notes["levels"][note] * np.exp(notes["starts"][note] - times)
    if condition.rests:
        level *= notes["sounding"][note]
    level = uniform_filter1d(level, round(0.03 * SFREQ))
    tone = np.zeros_like(times)
    for h in range(1, int(SFREQ / 2 / f0.max()) + 1):
        weight = h**-slope * (1.0 if h % 2 else even)
        tone += weight * np.sin(h * phase + rng.uniform(0, 2 * np.pi))
    audio = level * tone
    if condition.t60:
        audio = fftconvolve(audio, impulse_response(condition.t60, rng))[: len(times)]
    return audio


def impulse_response(t60, rng):
    """Direct sound, and noise of the same energy that decays."""
    times = np.arange(round(t60 * SFREQ)) / SFREQ
    tail = rng.standard_normal(len(times)) * 10 ** (-3 * times / t60)
    tail /= np.linalg.norm(tail)
    tail[0] = 1.0
    return tail


def print_limits(memory: str, n_duos: int = N_DUOS) -> None:
    """Print a row for each condition.

    Parameters
    ----------
    memory : str
        Folder of a cache.
    n_duos : int
        Duos of each.
    """
    print(
        f"\nSynthetic duos of {SECONDS:g} s, voice chosen by the true envelope, "
        "SI-SDR gain in dB"
    )
    print(
        f"{'':30s} {'gain':>6s} {'median':>6s} {'10 %':>6s} {'first':>6s} "
        f"{'second':>6s} {'mask':>6s} {'right %':>7s} {'explained':>9s} {'n':>3s}",
        flush=True,
    )
    for name, condition in CONDITIONS.items():
        duos = [make_duo(number, condition) for number in range(n_duos)]
        gains, masks, right, explained = [], [], [], []
        for case in make_voices_cases(duos, memory):
            chosen = [case.choose(case.true_envelope(i)) for i in (0, 1)]
            gains.append([case.gain(i, case.candidates[chosen[i]]) for i in (0, 1)])
            masks.append([case.gain(i, case.ratio_mask(i)) for i in (0, 1)])
            right.append([chosen[i] == i for i in (0, 1)])
            explained.append(case.voices.explained)
        gains = np.array(gains)
        print(
            f"{name:30s} {gains.mean():6.2f} {np.median(gains):6.2f} "
            f"{np.percentile(gains, 10):6.2f} {gains[:, 0].mean():6.2f} "
            f"{gains[:, 1].mean():6.2f} {np.mean(masks):6.2f} "
            f"{100 * np.mean(right):7.1f} {np.mean(explained):9.3f} {gains.size:3d}",
            flush=True,
        )
