"""Which contrast, and how much of it: the table behind two defaults.

    python -m benchmarks.contrast [--stems FOLDER] [--pairs N] [--jobs N]
                                  [--figure FILE]

SI-SDR gain over the mixture in dB, mean over n attended sources, over delta, by kind of
dictionary and quality of guide, on two kinds of audio that share nothing: the example
duos (sampled instruments, 7 to 8 s), and pairs of stems of one song from a folder of
recorded stems named SONG_PART_....flac, 10 s each. The guide is the attended source's
envelope at 64 Hz, plus noise from 1 to 8 Hz so that both correlate by r. "guided" is
also what an array gets: half of 16 components follow the guide from a random start.
"blind" has 48 components. "learned" spectra come from the other duos, or from the first
10 s of the same stems. The contrast of components, which only the guided setting gains
by, is shown there alone. With `--figure`, a picture of all gains.
"""

import argparse
import tempfile
import time
import warnings
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import joblib
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation import MisfitWarning

from ._contrast_figure import plot_gains
from ._quality_cases import GUIDE_SFREQ, envelope_of, noisy

R = (1.0, 0.5, 0.2, 0.1)
DELTAS = (0.0, 0.02, 0.1, 0.3, 1.0)
# Name, parameters, contrasts.
KINDS = {
    "guided": (
        {"dictionary": "guided", "n_components": 16},
        ("group", "components"),
    ),
    "blind": ({"dictionary": "blind"}, ("group",)),
    "learned": ({"dictionary": "learned"}, ("group",)),
}


def trial_of(stems, sfreq, names, stimulus):
    n_times = int(stems.shape[1] / sfreq * GUIDE_SFREQ)
    return Trial(
        np.zeros((1, n_times)),
        GUIDE_SFREQ,
        stems.sum(axis=0),
        sfreq,
        instruments=names,
        stimulus=stimulus,
    )


def guided_by(trial, source, r, seed):
    """The trial with the envelope of a source, and noise, as its guide."""
    envelope = envelope_of(source, trial.audio_sfreq, trial.eeg.shape[1])
    guide = noisy(envelope, r, seed)
    return replace(trial, guide=guide, guide_sfreq=GUIDE_SFREQ)


def example_cases(n_pairs):
    """Mixtures, and what to learn from, of every other example duo."""
    duos = load_example_stems(ensemble="duo")
    for piece in duos[::2][:n_pairs]:
        others = [other for other in duos if other.name != piece.name]
        training = [
            (trial_of(o.stems, o.sfreq, o.instruments, o.name), Reference(o.stems, 0))
            for o in others
        ]
        trial = trial_of(piece.stems, piece.sfreq, piece.instruments, piece.name)
        yield trial, piece.stems, training


def stem_cases(folder, n_pairs):
    """Mixtures of two stems of one song: first half to learn from, second to test."""
    import librosa

    songs = {}
    for path in sorted(folder.glob("*.flac")):
        audio, _ = librosa.load(path, sr=22050, mono=True)
        part = path.stem.split("_", 1)[1]
        songs.setdefault(path.stem.split("_")[0], {})[part] = audio
    pairs = [
        (song, names)
        for song, parts in songs.items()
        for names in combinations(sorted(parts), 2)
    ]
    half = 10 * 22050
    found = []
    for song, names in pairs:
        stems = np.stack([songs[song][name][: 2 * half] for name in names])
        if all(np.sqrt(np.mean(s**2)) > 1e-3 for h in (0, half)
               for s in stems[:, h : h + half]):  # fmt: skip
            found.append((song, names, stems))
    chosen = np.linspace(0, len(found) - 1, min(n_pairs, len(found))).astype(int)
    for song, names, stems in (found[i] for i in chosen):
        first, second = stems[:, :half], stems[:, half : 2 * half]
        training = [(trial_of(first, 22050.0, names, song), Reference(first, 0))]
        yield trial_of(second, 22050.0, names, song), second, training


def gains_of(trial, stems, training, kind, max_iter, memory):
    """Gain by contrast, r and delta of each source attended in turn."""
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    warnings.filterwarnings("ignore", category=MisfitWarning)
    parameters, contrasts = KINDS[kind]
    model = ContrastiveNMF(
        **parameters,
        tol=1e-4,
        max_iter=max_iter,
        choice="hard",
        memory=memory,
        random_state=0,
    ).fit(*zip(*training))
    gains = {}
    for attended, source in enumerate(stems):
        before = si_sdr(source, trial.mixture)
        for r in R:
            seed = sum(map(ord, trial.stimulus + trial.instruments[attended]))
            guided = guided_by(trial, source, r, seed)
            for contrast in contrasts:
                for delta in DELTAS:
                    model.set_params(contrast=contrast, delta=delta)
                    (estimate,) = model.predict([guided])
                    key = (kind, r, contrast, delta)
                    gains.setdefault(key, []).append(si_sdr(source, estimate) - before)
    return gains


def table(title, cases, options):
    gains = {}
    with tempfile.TemporaryDirectory() as memory:
        jobs = [
            joblib.delayed(gains_of)(*case, kind, options.max_iter, memory)
            for case in cases
            for kind in KINDS
        ]
        for of_case in joblib.Parallel(n_jobs=options.jobs)(jobs):
            for key, values in of_case.items():
                gains.setdefault(key, []).extend(values)
    n = len(next(iter(gains.values())))
    print(f"\n{title}: SI-SDR gain in dB, mean of n = {n} attended sources")
    print(f"{'':32s}" + "".join(f"{delta:>8g}" for delta in DELTAS))
    curves = {}
    for kind, (_, contrasts) in KINDS.items():
        for contrast in contrasts:
            for r in R:
                cells = [np.mean(gains[kind, r, contrast, delta]) for delta in DELTAS]
                curves[kind, contrast, r] = cells
                row = "".join(f"{cell:8.2f}" for cell in cells)
                print(f"{kind:8s} r = {r:<4g} {contrast:11s}    {row}", flush=True)
    return curves


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, help="folder of recorded stems")
    parser.add_argument("--pairs", type=int, default=6, help="mixtures of each kind")
    parser.add_argument("--max-iter", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--figure", type=Path, help="PNG to write")
    options = parser.parse_args()
    start = time.perf_counter()
    cases = list(example_cases(options.pairs))
    curves = {"example duos": table("Example duos", cases, options)}
    if options.stems is not None:
        cases = list(stem_cases(options.stems, options.pairs))
        curves["recorded songs"] = table("Recorded stems", cases, options)
    if options.figure is not None:
        plot_gains(curves, DELTAS, options.figure)
    print(f"\n# {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
