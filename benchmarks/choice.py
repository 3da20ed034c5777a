"""What a choice of instrument is worth: soft masks, hard ones, and probabilities.

    python -m benchmarks.choice [--sets NAME ...] [--listeners N] [--data FOLDER]

Sets:

simulated   SIMULATED EEG of 12 listeners to the example duos (24 trials each of about
            30 s) at the realistic level, and at the level "clear" of -10 dB; five
            trios at the realistic level, trained on the duos too.
real        Real EEG of five listeners to speech (see the data's README). Stems of music
            take over the envelopes: the attended one of the speech that was heard,
            others of speech of the same part at another time. Also with envelopes
            that correlate by 0.5, and with three sources. Spectra are learned from the
            first half of each stem and tested on the second.
turning     SIMULATED listeners who turn to the other instrument in the middle of each
            trial, for masks that follow a sliding window.

Decoders are those of each listener, trained on the stimuli (pieces; parts, left out
for all) that are not tested; a listener of one part gets a decoder of the others.
Trials are cut into consecutive windows of 5, 10, 20 s and more, and each window is
decoded and separated on its own with default settings. Per set and window: how often
the likelier instrument is the attended one and how often it should be by the
probabilities; the expected calibration error (ECE) in 10 bins, what it would be by
chance if the probabilities were exact, and without the factor of duration in them
(slopes of 10 s; two instruments only); and the SI-SDR gain in dB of the attended
instrument over the mixture where the choice is known, hard, soft, and hard but for
p < 0.75 where the mixture is left as it is: mean over windows, the difference of soft
and hard with its standard error over groups of windows of one listener and stimulus,
and the 10th percentiles.
"""

import argparse
import time
import warnings
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold
from sklearn_cnmf.metrics import calibration_table, expected_accuracy, si_sdr
from sklearn_cnmf.separation import MisfitWarning, candidate_probabilities
from sklearn_cnmf.signals import audio_envelope

from .calibration import recordings

WINDOWS = (5.0, 10.0, 20.0, 29.0)
AUDIO_SFREQ = 22050.0
SUREST = 0.75
TURNING_WINDOWS = (3.0, 5.0, 10.0)
STEMS = (
    ("potassium_minilogue_synth_203s", "potassium_vox_lead_203s"),
    ("rubidium_minilogue_synth_75s", "rubidium_bgvox_75s"),
    ("sodium_minilogue_synth_104s", "sodium_sy_bass_104s"),
)
THIRD = (
    "potassium_outro_drum_203s",
    "rubidium_drums_2_75s",
    "potassium_pad_and_bass_203s",
)


class Choice(NamedTuple):
    """One window: probabilities, and the gain in dB of what could be done."""

    group: str
    p: np.ndarray
    flat: np.ndarray  # Probabilities that do not grow with duration
    attended: int
    guide_r: float
    known: float
    hard: float
    soft: float


def cut(trial, reference, seconds):
    """Yield consecutive windows of a trial."""
    duration = trial.eeg.shape[1] / trial.eeg_sfreq
    for start in np.arange(0.0, duration - seconds + 0.02, seconds):
        eeg, audio = (
            slice(round(start * rate), round(start * rate) + round(seconds * rate))
            for rate in (trial.eeg_sfreq, trial.audio_sfreq)
        )
        window = replace(
            trial, eeg=trial.eeg[:, eeg], mixture=trial.mixture[..., audio]
        )
        yield window, Reference(reference.sources[..., audio], reference.attended)


def choose(decoder, separator, trial, reference, found):
    """Separate a window and weigh its candidates."""
    (guided,) = decoder.transform([trial])
    candidates = separated(separator, guided, found)
    p = candidate_probabilities(candidates, guided)
    seconds = guided.guide.shape[1] / guided.guide_sfreq - 1
    flat = p ** (9.0 / seconds) if len(p) == 2 else p
    times = np.arange(guided.guide.shape[1]) / guided.guide_sfreq
    attended = reference.attended
    source = reference.sources[attended]
    envelope = audio_envelope(source, trial.audio_sfreq, times)[0]
    soft = np.tensordot(p.astype(candidates.dtype), candidates, axes=1)
    estimates = np.stack([*candidates, soft, trial.mixture])
    levels = si_sdr(np.stack([source] * len(estimates)), estimates)
    gains = levels - levels[-1]
    return Choice(
        f"{trial.subject} {trial.stimulus}",
        p,
        flat / flat.sum(),
        attended,
        np.corrcoef(guided.guide[0], envelope)[0, 1],
        gains[attended],
        gains[np.argmax(p)],
        gains[-2],
    )


def separated(separator, guided, found):
    """Candidates of a mixture; the guide does not change them, so listeners share."""
    key = guided.mixture.tobytes()
    if key not in found:
        found[key] = separator.separate([guided])[0].candidates
    return found[key]


def simulated(ensemble, n_listeners, snr_db):
    """Yield the choices of each window length."""
    pieces = load_example_stems()
    if ensemble == "duo":
        pieces = [piece for piece in pieces if piece.ensemble == "duo"]
    tested = {piece.name for piece in pieces if piece.ensemble == ensemble}
    trials, references = simulate_trials(
        pieces, n_subjects=n_listeners, snr_db=snr_db, random_state=0
    )
    subjects = np.array([trial.subject for trial in trials])
    found = {seconds: [] for seconds in WINDOWS}
    folds = StimulusKFold(4, shuffle=True, random_state=0)
    first = np.flatnonzero(subjects == subjects[0])
    plan = folds.split([trials[i] for i in first], [references[i] for i in first])
    for train, test in plan:
        names = {trials[first[i]].stimulus for i in test}
        tests = names & tested
        train = [first[i] for i in train]
        separator = ContrastiveNMF(choice="hard", random_state=0).fit(
            [trials[i] for i in train], [references[i] for i in train]
        )
        mixtures = {}
        for subject in dict.fromkeys(subjects):
            own = np.flatnonzero(subjects == subject)
            kept = [i for i in own if trials[i].stimulus not in names]
            decoder = EnvelopeDecoder().fit(
                [trials[i] for i in kept], [references[i] for i in kept]
            )
            for i in [i for i in own if trials[i].stimulus in tests]:
                for seconds in WINDOWS:
                    for window, truth in cut(trials[i], references[i], seconds):
                        found[seconds].append(
                            choose(decoder, separator, window, truth, mixtures)
                        )
    return found


def flat_stem(folder, name, half):
    """Half of a stem, of the same loudness throughout."""
    import librosa
    import soundfile

    audio, sfreq = soundfile.read(folder / "stems_cc0" / f"{name}.flac")
    audio = librosa.resample(audio, orig_sr=sfreq, target_sr=AUDIO_SFREQ)
    audio = np.array_split(audio, 2)[half]
    times = np.arange(len(audio))[::441] / AUDIO_SFREQ
    level = audio_envelope(audio, AUDIO_SFREQ, times, power=1.0)[0]
    level = np.interp(np.arange(len(audio)) / AUDIO_SFREQ, times, level)
    return audio / np.maximum(level, 0.1 * level.max())


def correlated(own, other, r):
    """Bring `other` to a correlation of `r` with `own`, >= 0 and of unit spread."""
    own, other = ((e - e.mean()) / e.std() for e in (own, other))
    other = other - (own @ other) / (own @ own) * own
    mixed = r * own + np.sqrt(1 - r**2) * other / other.std()
    return mixed - mixed.min()


def music_of(recording, stems, tones, seconds, r, number):
    """Trials in which the tones of stems have the envelopes of speech."""
    listener, part, eeg, envelope = recording
    envelope = np.maximum(envelope, 0)
    n, n_samples = round(seconds * 64), round(seconds * AUDIO_SFREQ)
    clock = np.arange(n_samples) / AUDIO_SFREQ
    starts = range(0, eeg.shape[1] - n + 1, n)
    for index, start in enumerate(starts):
        names = list(stems[(index + number) % len(stems)])
        attended = (index // len(stems) + number) % len(names)
        sources = []
        for source, name in enumerate(names):
            shift = (source - attended) % len(names) * eeg.shape[1] // len(names)
            own = np.roll(envelope, -shift)[start : start + n]
            if r is not None and shift:
                own = correlated(envelope[start : start + n], own, r)
            # The package's envelope is compressed by a power of 0.6.
            level = np.interp(clock, np.arange(n) / 64, own) ** (1 / 0.6)
            sources.append(np.resize(tones[name], n_samples) * level)
        sources = np.array(sources)
        sources /= 20 * np.sqrt(np.mean(sources**2, axis=1, keepdims=True))
        sources = sources.astype(np.float32)
        trial = Trial(
            eeg[:, start : start + n], 64.0, sources.sum(axis=0), AUDIO_SFREQ,
            instruments=tuple(names), subject=listener, stimulus=f"{part}.{index}",
        )  # fmt: skip
        yield trial, Reference(sources, attended)


def real(folder, groups, r):
    """Yield the choices of each window length."""
    everything = list(recordings(folder))
    names = sorted({name for group in groups for name in group})
    learned_from, tested_on = (
        {name: flat_stem(folder, name, half) for name in names} for half in (0, 1)
    )
    found = {seconds: [] for seconds in (5.0, 10.0, 20.0, 30.0)}
    separator = None
    for recording in everything:
        listener, part = recording[:2]
        same = [one for one in everything if one[0] == listener and one[1] != part]
        training = same or [
            one for one in everything if one[0] != listener and one[1] != part
        ]
        pairs = [
            pair
            for number, one in enumerate(training)
            for pair in music_of(one, groups, learned_from, 20.0, r, number)
        ]
        trials, references = [t for t, _ in pairs], [s for _, s in pairs]
        decoder = EnvelopeDecoder().fit(trials, references)
        if separator is None:
            separator = ContrastiveNMF(choice="hard", random_state=0)
            separator.fit(trials, references)
        for seconds, choices in found.items():
            tests = music_of(recording, groups, tested_on, seconds, r, part)
            for trial, reference in tests:
                choices.append(choose(decoder, separator, trial, reference, {}))
    return found


def line(label, seconds, choices):
    """One row of the table."""
    attended = [c.attended for c in choices]
    table = calibration_table([c.p for c in choices], attended)
    without = calibration_table([c.flat for c in choices], attended)
    known, hard, soft = (
        np.array([getattr(c, kind) for c in choices])
        for kind in ("known", "hard", "soft")
    )
    sure = np.where([c.p.max() >= SUREST for c in choices], hard, 0.0)
    groups = np.array([c.group for c in choices])
    means = np.array([np.sum((soft - hard)[groups == g]) for g in set(groups)])
    error = np.sqrt(len(means) * np.var(means, ddof=1)) / len(choices)
    r = np.mean([c.guide_r for c in choices])
    return (
        f"{label:24s}{seconds:4.0f}{len(choices):6d}{r:7.3f}"
        f"{100 * table.accuracy:7.1f}{100 * table.expected_accuracy:7.1f}"
        f"{table.expected_calibration_error:7.3f}"
        f"{table.calibration_error_by_chance:7.3f}"
        f"{without.expected_calibration_error:7.3f}"
        f"{known.mean():7.1f}{hard.mean():7.1f}{soft.mean():7.1f}{sure.mean():7.1f}"
        f"{(soft - hard).mean():7.2f} ({error:.2f})"
        f"{np.percentile(hard, 10):7.1f}{np.percentile(soft, 10):7.1f}"
    )


def without_labels(choices):
    """How far the accuracy of each listener is from what the probabilities expect."""
    missed, spread = [], []
    for listener in dict.fromkeys(c.group.split()[0] for c in choices):
        own = [c for c in choices if c.group.split()[0] == listener]
        p = [c.p for c in own]
        right = np.array([np.argmax(c.p) == c.attended for c in own])
        missed.append(abs(expected_accuracy(p) - right.mean()))
        spread.append(np.sqrt(np.mean([q.max() * (1 - q.max()) for q in p]) / len(own)))
    return (
        f"    accuracy of a listener guessed without labels, windows of 10 s: off by "
        f"{np.mean(missed):.3f} (mean of {len(missed)}; "
        f"{np.sqrt(2 / np.pi) * np.mean(spread):.3f} by chance)"
    )


def turning(n_listeners, snr_db):
    """Gains for listeners who turn to the other instrument in the middle of a trial.

    The EEG of two trials of one mixture, in which either instrument was attended, is
    joined in the middle.
    """
    pieces = load_example_stems(ensemble="duo")
    trials, references = simulate_trials(
        pieces, n_subjects=n_listeners, snr_db=snr_db, random_state=0
    )
    subjects = np.array([trial.subject for trial in trials])
    separators = {}
    gains = []
    for subject in dict.fromkeys(subjects):
        own = np.flatnonzero(subjects == subject)
        folds = StimulusKFold(4, shuffle=True, random_state=0)
        for number, (train, test) in enumerate(folds.split([trials[i] for i in own])):
            fitted = (
                [trials[own[i]] for i in train],
                [references[own[i]] for i in train],
            )
            decoder = EnvelopeDecoder().fit(*fitted)
            if number not in separators:
                separators[number] = (
                    ContrastiveNMF(choice="hard", random_state=0).fit(*fitted),
                    {},
                )
            for first, second in zip(test[::2], test[1::2]):
                pair = [(trials[own[i]], references[own[i]]) for i in (first, second)]
                gains.append(_gains_of_turning(decoder, *separators[number], pair))
    return np.array(gains)


def _gains_of_turning(decoder, separator, found, pair):
    (one, truth), (other, otherwise) = pair
    middle = one.eeg.shape[1] // 2
    eeg = np.hstack([one.eeg[:, :middle], other.eeg[:, middle:]])
    sample = round(middle / one.eeg_sfreq * one.audio_sfreq)
    attended = [
        truth.sources[truth.attended, :sample],
        otherwise.sources[otherwise.attended, sample:],
    ]
    attended = np.concatenate(attended)
    trial = replace(one, eeg=eeg)
    (guided,) = decoder.transform([trial])
    candidates = separated(separator, guided, found)
    estimates = [
        np.tensordot(candidate_probabilities(candidates, guided), candidates, 1)
    ]
    frames = np.arange(guided.guide.shape[1]) / guided.guide_sfreq
    samples = np.arange(len(attended)) / trial.audio_sfreq
    for window in TURNING_WINDOWS:
        course = candidate_probabilities(candidates, guided, window=window)
        shares = np.array([np.interp(samples, frames, share) for share in course.T])
        estimates.append(np.sum(shares * candidates, axis=0))
    estimates = np.stack([*estimates, trial.mixture])
    levels = si_sdr(np.stack([attended] * len(estimates)), estimates)
    return levels[:-1] - levels[-1]


def show_turning(n_listeners):
    """Print the gains of masks that follow the listener, and of one mask a trial."""
    heads = ["one choice", *(f"{window:g} s" for window in TURNING_WINDOWS)]
    print(
        "\nlisteners who turn in the middle of trials of 30 s: soft gain in dB (SE of"
    )
    print("the difference to one choice a trial)")
    print(f"{'level':>10s}{'n':>6s}" + "".join(f"{head:>16s}" for head in heads))
    for snr_db in (-20.0, -10.0):
        gains = turning(n_listeners, snr_db)
        lead = gains - gains[:, :1]
        errors = lead.std(axis=0, ddof=1) / np.sqrt(len(gains))
        cells = "".join(
            f"{f'{mean:.1f} ({error:.2f})':>16s}"
            for mean, error in zip(gains.mean(axis=0), errors)
        )
        print(f"{snr_db:>7g} dB{len(gains):6d}{cells}", flush=True)


def by_guide(everything):
    """Soft against hard where the guide follows the attended envelope well."""
    edges = (-1.0, 0.1, 0.2, 0.3, 1.0)
    print("\nby Pearson r of guide and attended envelope, all of the above")
    print(f"{'r':>12s}{'n':>7s}{'right':>7s}{'hard':>7s}{'soft':>7s}  soft-hard (SE)")
    r = np.array([c.guide_r for c in everything])
    for low, high in pairwise(edges):
        these = [c for c, own in zip(everything, r) if low <= own < high]
        if len(these) < 2:
            continue
        hard, soft = (
            np.array([getattr(c, k) for c in these]) for k in ("hard", "soft")
        )
        right = np.mean([np.argmax(c.p) == c.attended for c in these])
        gained = soft - hard
        error = gained.std(ddof=1) / np.sqrt(len(these))
        print(
            f"{low:5.1f} to {high:3.1f}{len(these):7d}{100 * right:7.1f}"
            f"{hard.mean():7.1f}{soft.mean():7.1f}{gained.mean():8.2f} ({error:.2f})"
        )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--listeners", type=int, default=12, help="simulated ones")
    cases = {
        "simulated": lambda o: simulated("duo", o.listeners, -20.0),
        "simulated-clear": lambda o: simulated("duo", o.listeners, -10.0),
        "simulated-trios": lambda o: simulated("trio", o.listeners, -20.0),
        "real": lambda o: real(o.data, STEMS, None),
        "real-correlated": lambda o: real(o.data, STEMS, 0.5),
        "real-three": lambda o: real(
            o.data, [(*pair, third) for pair, third in zip(STEMS, THIRD)], None
        ),
    }
    known = [*cases, "turning"]
    parser.add_argument("--sets", nargs="+", choices=known, default=known)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
    # Some pieces hold notes that those in training lack.
    warnings.filterwarnings("ignore", category=MisfitWarning)
    print(
        f"{'':24s}{'s':>4s}{'n':>6s}{'r':>7s}{'right':>7s}{'by p':>7s}{'ECE':>7s}"
        f"{'chance':>7s}{'no T':>7s}{'known':>7s}{'hard':>7s}{'soft':>7s}{'p>.75':>7s}"
        f"  soft-hard (SE){'P10 h':>7s}{'P10 s':>7s}"
    )
    everything = []
    for name in [name for name in options.sets if name in cases]:
        start = time.perf_counter()
        for seconds, choices in cases[name](options).items():
            print(line(name, seconds, choices), flush=True)
            everything += choices
            if seconds == 10:
                guessed = without_labels(choices)
        print(f"{guessed}\n    {time.perf_counter() - start:.0f} s", flush=True)
    if everything:
        by_guide(everything)
    if "turning" in options.sets:
        show_turning(options.listeners)


if __name__ == "__main__":
    main()
