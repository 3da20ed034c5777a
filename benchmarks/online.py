"""A fitted pipeline on streams, beside the same on whole trials.

    python -m benchmarks.online [--tables compare known speed latency switching memory]
        [--stems examples|harder] [--subjects N] [--levels DB ...]

SIMULATED EEG. Each listener hears all duos of a set, once per instrument; a model is
fitted within each listener to all pieces but one, and runs on that one. Tables:

compare    offline with zero-phase filters, offline with causal ones, and on streams,
           with an infinite half-life and one of 10 s: right choices at the end of the
           trial and SI-SDR gain in dB of the soft answer, over the whole trial and
           its last 5 s
known      the same separations, the right instrument given, no EEG
speed      real-time factor of one thread, 2 instruments, 64 channels of EEG
latency    from a sample of the mixture to its output, in real time, on this machine
switching  after how many seconds a listener who turns is followed, and how often the
           likeliest instrument is the right one, by half-life
memory     of the process, by minutes of audio
"""

import argparse
import resource
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from benchmarks._switching_figure import plot_followed
from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.decoding import EEGPreparation
from sklearn_cnmf.evaluation import StimulusKFold
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.online import OnlineSeparator
from sklearn_cnmf.online._audio import PacedAudio
from sklearn_cnmf.online._live import listen

TABLES = ("compare", "known", "speed", "latency", "switching", "memory")
HALF_LIVES = (2.0, 5.0, 10.0, 20.0, 40.0, np.inf)
CHUNK = 0.02


def pieces_of(stems):
    if stems == "examples":
        return load_example_stems(ensemble="duo")
    from benchmarks._hard_stems import load_hard_stems

    return [piece for piece in load_hard_stems() if piece.ensemble == "duo"]


def causal():
    return Pipeline(
        [
            ("prepare", EEGPreparation(sfreq=None)),
            ("decode", EnvelopeDecoder(phase="forward", scale=None)),
            ("separate", ContrastiveNMF(random_state=0)),
        ]
    )


def zero_phase():
    return Pipeline(
        [
            ("decode", EnvelopeDecoder()),
            ("separate", ContrastiveNMF(random_state=0)),
        ]
    )


def folds(trials, references):
    """Indices to fit on and to test, of each listener."""
    for subject in dict.fromkeys(trial.subject for trial in trials):
        own = np.array([i for i, t in enumerate(trials) if t.subject == subject])
        cv = StimulusKFold(len({trials[i].stimulus for i in own}))
        for fit, test in cv.split([trials[i] for i in own]):
            yield own[fit], own[test]


def fitted(pipeline, trials, references, indices):
    return pipeline.fit([trials[i] for i in indices], [references[i] for i in indices])


def stream(separator, trial):
    """Push a trial in chunks of 0.02 s; what is put out, and the seconds it took."""
    n_audio = round(CHUNK * trial.audio_sfreq)
    put_out, began, eeg = [], time.perf_counter(), 0
    for first in range(0, trial.mixture.shape[-1], n_audio):
        part = trial.mixture[..., first : first + n_audio]
        until = round((first + part.shape[-1]) / trial.audio_sfreq * trial.eeg_sfreq)
        if until > eeg:
            separator.push_eeg(trial.eeg[:, eeg:until])
            eeg = until
        put_out.append(separator.push_audio(part)[0])
    put_out.append(separator.finish()[0])
    return np.concatenate(put_out, axis=-1), time.perf_counter() - began


def gain(source, mixture, estimate, seconds=slice(None)):
    source, mixture, estimate = (x[seconds] for x in (source, mixture, estimate))
    return si_sdr(source, estimate) - si_sdr(source, mixture)


def compare(options):
    print("\nSI-SDR gain in dB, mean (median) over trials; right: choices at the end")
    print(f"{'level':>6} {'':28} {'right, %':>8} {'whole trial':>14} {'last 5 s':>14}")
    for level in options.levels:
        trials, references = simulate_trials(
            pieces_of(options.stems),
            n_subjects=options.subjects,
            snr_db=level,
            random_state=0,
        )
        rows = {}
        for fit, test in folds(trials, references):
            zero = fitted(zero_phase(), trials, references, fit)
            forward = fitted(causal(), trials, references, fit)
            for i in test:
                trial, reference = trials[i], references[i]
                answers = {
                    "offline, zero phase": offline(zero, trial),
                    "offline, causal filters": offline(forward, trial),
                }
                for half_life in (np.inf, 10.0):
                    name = f"streams, half-life {half_life:g} s"
                    answers[name] = online(forward, trial, half_life)
                for name, (probabilities, estimate) in answers.items():
                    own = reference.sources[reference.attended]
                    last = slice(-round(5 * trial.audio_sfreq), None)
                    rows.setdefault(name, []).append(
                        [
                            100.0 * (np.argmax(probabilities) == reference.attended),
                            gain(own, trial.mixture, estimate),
                            gain(own, trial.mixture, estimate, last),
                        ]
                    )
        for name, found in rows.items():
            right, whole, last = np.array(found).T
            print(
                f"{level:6.1f} {name:28} {right.mean():8.1f} {both(whole):>14} "
                f"{both(last):>14}   n {len(found)}",
                flush=True,
            )


def both(values):
    return f"{np.mean(values):.2f} ({np.median(values):.2f})"


def offline(pipeline, trial):
    decoded = pipeline[:-1].transform([trial])
    (found,) = pipeline[-1].separate(decoded)
    return found.probabilities, found.attended


def separator_for(pipeline, trial, **options):
    return OnlineSeparator(
        pipeline, instruments=trial.instruments, eeg_sfreq=trial.eeg_sfreq, **options
    )


def online(pipeline, trial, half_life):
    separator = separator_for(pipeline, trial, half_life=half_life)
    estimate, _ = stream(separator, trial)
    return separator.probabilities[-1], estimate


class Told:
    """Evidence that knows."""

    def __init__(self, attended, n_instruments):
        self.probabilities = np.eye(n_instruments)[attended]

    def update(self, guide, features):
        return self.probabilities


def known(options):
    """Whole mixtures, to which spectra adapt, and frames on their own."""
    trials, references = simulate_trials(
        pieces_of(options.stems), n_subjects=1, snr_db=0.0, random_state=0
    )
    found = []
    for fit, test in folds(trials, references):
        pipeline = fitted(causal(), trials, references, fit)
        for i in test:
            trial, reference = trials[i], references[i]
            own = reference.sources[reference.attended]
            (whole,) = pipeline[-1].separate(pipeline[:-1].transform([trial]))
            separator = separator_for(pipeline, trial)
            separator._evidence = Told(reference.attended, len(trial.instruments))
            estimate, _ = stream(separator, trial)
            late = slice(round(trial.audio_sfreq), None)
            found.append(
                [
                    gain(own, trial.mixture, x, late)
                    for x in (whole.candidates[reference.attended], estimate)
                ]
            )
    print(f"\nSI-SDR gain in dB, right instrument given, after 1 s, n {len(found)}")
    for name, values in zip(("whole mixture", "frame by frame"), zip(*found)):
        low = np.percentile(values, 10)
        print(f"{name:16} {both(values)}, 10 %: {low:.2f}")


def loud_room(n_channels, audio_sfreq=None):
    """A causal pipeline of so many channels, and a trial that it has not seen."""
    import librosa

    pieces = pieces_of("examples")
    if audio_sfreq is not None:
        pieces = [
            replace(
                piece,
                stems=librosa.resample(
                    piece.stems, orig_sr=piece.sfreq, target_sr=audio_sfreq
                ),
                sfreq=audio_sfreq,
            )
            for piece in pieces
        ]
    trials, references = simulate_trials(pieces, n_subjects=1, random_state=0)
    more = -(-n_channels // len(trials[0].eeg))
    trials = [
        replace(t, eeg=np.tile(t.eeg, (more, 1))[:n_channels], ch_names=None)
        for t in trials
    ]
    rng = np.random.default_rng(0)
    for trial in trials:
        trial.eeg[:] += 1e-7 * rng.standard_normal(trial.eeg.shape)
    fit, test = next(iter(folds(trials, references)))
    return fitted(causal(), trials, references, fit), trials[test[0]]


def speed(options):
    print("\nReal-time factor, one thread, 2 instruments, chunks of 0.02 s")
    print(f"{'audio, Hz':>9} {'channels':>8} {'median of 3':>11} {'all':>20}")
    for audio_sfreq, n_channels in ((None, 20), (None, 64), (44100.0, 64)):
        pipeline, trial = loud_room(n_channels, audio_sfreq)
        factors = []
        for _ in range(3):
            separator = separator_for(pipeline, trial)
            _, took = stream(separator, trial)
            factors.append(took / (trial.mixture.shape[-1] / trial.audio_sfreq))
        told = ", ".join(f"{factor:.3f}" for factor in factors)
        print(
            f"{trial.audio_sfreq:9.0f} {n_channels:8d} {np.median(factors):11.3f} "
            f"{told:>20}",
            flush=True,
        )


def latency(options):
    pipeline, trial = loud_room(64)
    separator = separator_for(pipeline, trial)
    clock = time.monotonic
    begin = clock() + 0.1
    audio = PacedAudio(trial.mixture, trial.audio_sfreq, clock, begin)
    at = [0]

    def eeg():
        until = int(max(0.0, (clock() - begin) * trial.eeg_sfreq))
        part = slice(at[0], max(at[0], min(until, trial.eeg.shape[1])))
        at[0] = part.stop
        times = begin + np.arange(part.start, part.stop) / trial.eeg_sfreq
        return trial.eeg[:, part], times

    n_out, waits = 0, []
    for moment in listen(separator, eeg, audio):
        now = clock() - begin
        n_new = moment.attended.shape[-1]
        if n_new and n_out:
            waits.append(now - n_out / trial.audio_sfreq)
        n_out += n_new
    waits = 1000 * np.array(waits[:-1])  # not of what the end pushes out
    window = pipeline[-1].model_.n_fft / trial.audio_sfreq
    print(
        f"\nLatency in ms, 64 channels, chunks of 20 ms, one thread, oldest sample of "
        f"each output (n {len(waits)}): median {np.median(waits):.0f}, 99 % "
        f"{np.percentile(waits, 99):.0f}, largest {waits.max():.0f}; of these "
        f"{1000 * separator.latency:.0f} by design, the window alone "
        f"{1000 * window:.0f}; decisions without EEG: {separator.n_missing} of "
        f"{len(separator.times)}"
    )


def switching(options):
    """Listeners who turn to the other instrument half-way through 64 s or so."""
    print("\nSeconds until the new instrument is likelier, from the turn on, and how")
    print("often the likelier one is right in the 15 s before the turn")
    print(f"{'level':>6} {'half-life':>9} {'median':>7} {'80 %':>6} {'right, %':>8}")
    for level in options.levels:
        trials, references = simulate_trials(
            pieces_of(options.stems),
            n_subjects=options.subjects,
            n_repetitions=8,
            snr_db=level,
            random_state=0,
        )
        followed = {half_life: [] for half_life in HALF_LIVES}
        right = {half_life: [] for half_life in HALF_LIVES}
        for fit, test in folds(trials, references):
            pipeline = fitted(causal(), trials, references, fit)
            for i, j in pairs(trials, references, test):
                turned, when = spliced(trials[i], trials[j])
                for half_life in HALF_LIVES:
                    separator = separator_for(pipeline, turned, half_life=half_life)
                    stream(separator, turned)
                    likelier = np.argmax(separator.probabilities, axis=1)
                    after = separator.times >= when
                    new = likelier[after] == references[j].attended
                    times = separator.times[after] - when
                    followed[half_life].append(times[new][0] if new.any() else np.inf)
                    before = (separator.times < when) & (separator.times > when - 15)
                    is_right = likelier[before] == references[i].attended
                    right[half_life].append(100 * is_right.mean())
        rows = []
        for half_life in HALF_LIVES:
            found = np.array(followed[half_life])
            middle, most = np.quantile(found, [0.5, 0.8], method="lower")
            print(
                f"{level:6.1f} {half_life:9g} {middle:7.1f} {most:6.1f} "
                f"{np.mean(right[half_life]):8.1f}   n {len(found)}",
                flush=True,
            )
            rows.append((half_life, middle, most, np.mean(right[half_life])))
        if options.figure is not None:
            plot_followed(rows, options.figure)


def pairs(trials, references, test):
    """Trials of one piece whose listener attends to one instrument, then another."""
    for i in test:
        for j in test:
            if trials[i].stimulus == trials[j].stimulus and (
                references[i].attended != references[j].attended
            ):
                yield i, j


def spliced(first, then):
    """EEG of a listener who turns half-way, and when."""
    half = first.eeg.shape[1] // 2
    eeg = np.concatenate([first.eeg[:, :half], then.eeg[:, half:]], axis=1)
    return replace(first, eeg=eeg), half / first.eeg_sfreq


def memory(options):
    pipeline, trial = loud_room(64)
    separator = separator_for(pipeline, trial)
    n_audio, n_eeg = round(trial.audio_sfreq), round(trial.eeg_sfreq)
    n_seconds = trial.mixture.shape[-1] // n_audio
    print("\nMinutes of audio, MB of the process now and at most, real-time factor")
    began = time.perf_counter()
    for second in range(60 * options.minutes):
        first = second % n_seconds
        separator.push_eeg(trial.eeg[:, first * n_eeg : (first + 1) * n_eeg])
        separator.push_audio(trial.mixture[first * n_audio : (first + 1) * n_audio])
        minutes, left = divmod(second + 1, 60)
        if not left and (minutes in (1, 2, 5) or minutes % 10 == 0):
            with open("/proc/self/statm", encoding="ascii") as statm:
                now = int(statm.read().split()[1]) * resource.getpagesize() / 1e6
            most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
            factor = (time.perf_counter() - began) / (second + 1)
            print(f"{minutes:4d} {now:7.0f} {most:7.0f} {factor:7.3f}", flush=True)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", nargs="+", choices=TABLES, default=TABLES)
    parser.add_argument("--stems", choices=("examples", "harder"), default="examples")
    parser.add_argument("--subjects", type=int, default=2)
    parser.add_argument("--levels", type=float, nargs="+", default=[-10.0, -20.0])
    parser.add_argument("--minutes", type=int, default=60, help="of the table memory")
    parser.add_argument(
        "--figure", type=Path, metavar="PNG", help="of the table switching, last level"
    )
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
    with threadpool_limits(1):
        for name in options.tables:
            began = time.perf_counter()
            globals()[name](options)
            print(f"# {name}: {time.perf_counter() - began:.0f} s", flush=True)


if __name__ == "__main__":
    main()
