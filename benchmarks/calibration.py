"""Are probabilities of attention what they say? On real EEG, parts left out.

    python -m benchmarks.calibration [--data FOLDER] [--trials SECONDS]

Real EEG of five listeners to speech (see the data's README). Each window of 5, 10, 20
and 30 s of a held-out part is matched against the speech of every other window of the
part (two candidates at a time): which one was heard? The decoder of a listener is
trained on the other parts of the same listener, in trials of 20 s, where there are any;
the part is left out for all. Listeners with a single part get a decoder of the others.
Each window is a trial of its own, filtered as such. Prints how often the likelier
candidate is the right one, how often it should be by the probabilities, the expected
calibration error, what it would be by chance if the probabilities were exact and the
pairs independent (they are fewer than they look, since each window serves in many),
Brier score and log loss, beside the same with slopes fitted at 10 s that do not grow
with duration, and with the prior slopes.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.metrics import calibration_table
from sklearn_cnmf.signals import (
    band_pass,
    choice_probabilities,
    envelope_and_onsets,
    fisher_z,
    pearson_r,
)

SFREQ = 64.0
WINDOWS = (5.0, 10.0, 20.0, 30.0)
PRIOR = np.array([0.4, 1.3])


def recordings(folder):
    """Yield listener, part, EEG in microvolts, envelope."""
    own = np.load(folder / "eeg_speech_64ch_64Hz_3x90s.npz")
    for part in (1, 3, 4):
        eeg = own[f"eeg_{part}"] * float(own["scale_uV"])
        yield "A", part, eeg, own[f"env_{part}"].astype(float)
    others = np.load(folder / "eeg_speech_4_listeners_64Hz.npz")
    for name in map(str, others["recordings"]):
        listener, part = name.split("_")
        eeg = others[f"eeg_{name}"] * float(others[f"scale_uV_{name}"])
        yield listener, int(part), eeg, others[f"env_{name}"].astype(float)


def trials_of(recording, seconds):
    listener, part, eeg, envelope = recording
    n = round(seconds * SFREQ)
    # Audio whose envelope, compressed by the package's power of 0.6, is this one.
    audio = np.maximum(envelope, 0) ** (1 / 0.6)
    for number, start in enumerate(range(0, eeg.shape[1] - n + 1, n)):
        own = audio[start : start + n]
        trial = Trial(
            eeg[:, start : start + n], SFREQ, own, SFREQ,
            subject=listener, stimulus=f"{part}.{number}",
        )  # fmt: skip
        yield trial, Reference(own[None], 0)


def cases(everything, seconds):
    """Yield Fisher z of pairs of windows, the heard one first, and slopes of each."""
    for recording in everything:
        listener, part = recording[:2]
        same = [r for r in everything if r[0] == listener and r[1] != part]
        training = same or [r for r in everything if r[0] != listener and r[1] != part]
        pairs = [pair for r in training for pair in trials_of(r, seconds)]
        decoder = EnvelopeDecoder().fit([t for t, _ in pairs], [r for _, r in pairs])
        for window in WINDOWS:
            found = list(pairs_of_windows(decoder, recording, window))
            yield listener, window, found, decoder.output_weights_


def pairs_of_windows(decoder, recording, seconds):
    """Yield Fisher z of each window of a recording with itself and with each other."""
    trials = [trial for trial, _ in trials_of(recording, seconds)]
    guides = decoder.predict(trials)
    times = np.arange(guides[0].shape[1]) / SFREQ
    features = [envelope_and_onsets(t.mixture, t.audio_sfreq, times) for t in trials]
    features = [band_pass(f, SFREQ, l_freq=1.0, h_freq=8.0).T for f in features]
    for own, guide in enumerate(guides):
        z = [fisher_z(pearson_r(feature, guide.T)) for feature in features]
        for other in range(len(features)):
            if other != own:
                yield np.array([z[own], z[other]])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--trials", type=float, default=20.0, help="seconds of each")
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
    found = list(cases(list(recordings(options.data)), options.trials))
    print("slopes of envelope and onset, log-odds per second and unit of Fisher z")
    for listener, window, _, weights in found:
        if window == WINDOWS[0]:
            print(f"    listener {listener}: {weights.round(2)}")
    kinds = {
        "learned slopes": lambda weights, seconds: (weights, seconds - 1),
        "without duration": lambda weights, _: (weights, 9.0),
        "prior slopes": lambda _, seconds: (PRIOR, seconds - 1),
    }
    heads = ("s", "n", "right %", "by p %", "ECE", "chance", "Brier", "log")
    print("\n" + " " * 18 + "".join(f"{head:>8s}" for head in heads))
    for kind, slopes in kinds.items():
        for seconds in WINDOWS:
            p = [
                choice_probabilities(z, *slopes(weights, seconds))
                for _, window, pairs, weights in found
                for z in pairs
                if window == seconds
            ]
            table = calibration_table(p, [0] * len(p))
            print(
                f"{kind:18s}{seconds:8.0f}{len(p):8d}{100 * table.accuracy:8.1f}"
                f"{100 * table.expected_accuracy:8.1f}"
                f"{table.expected_calibration_error:8.3f}"
                f"{table.calibration_error_by_chance:8.3f}{table.brier:8.3f}"
                f"{table.log_loss:8.3f}",
                flush=True,
            )


if __name__ == "__main__":
    main()
