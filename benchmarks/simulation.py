"""How well attention can be decoded from simulated EEG.

    python -m benchmarks.simulation [--subjects N] [--levels DB ...] [--gains G ...]

Each subject listens to all example duos, once per instrument. An EnvelopeDecoder
with default settings is fitted within each subject to all pieces but one and
reconstructs the envelope in both trials of that one; the choice is the instrument
whose envelope correlates best over the whole trial. Prints, per setting, the mean
Pearson r with the attended and the unattended envelope, and how often the choice is
right with the 95 % interval of Wilson; pieces with one rhythm in all parts apart.
"""

import argparse
import inspect
import time
import warnings

import numpy as np
from scipy.stats import binomtest

from sklearn_cnmf import Reference
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.decoding import EnvelopeDecoder

DEFAULTS = {
    name: parameter.default
    for name, parameter in inspect.signature(simulate_trials).parameters.items()
}


def decode(trials, references):
    """Pearson r of the held-out reconstruction with each source of each trial."""
    scores = []
    for held_out in range(len(trials)):
        name = trials[held_out].stimulus
        kept = [i for i, trial in enumerate(trials) if trial.stimulus != name]
        if held_out == 0 or trials[held_out - 1].stimulus != name:
            decoder = EnvelopeDecoder(feature="envelope").fit(
                [trials[i] for i in kept], [references[i] for i in kept]
            )
        sources = references[held_out].sources
        scores.append(
            [
                decoder.score([trials[held_out]], [Reference(sources, source)])
                for source in range(len(sources))
            ]
        )
    return np.array(scores)


def measure(n_subjects, snr_db, attention_gain, seed):
    """Stimuli, attended sources and scores, over all subjects."""
    trials, references = simulate_trials(
        n_subjects=n_subjects,
        snr_db=snr_db,
        attention_gain=attention_gain,
        random_state=seed,
    )
    scores = []
    for subject in dict.fromkeys(trial.subject for trial in trials):
        own = [i for i, trial in enumerate(trials) if trial.subject == subject]
        scores.append(decode([trials[i] for i in own], [references[i] for i in own]))
    stimuli = np.array([trial.stimulus for trial in trials])
    attended = np.array([reference.attended for reference in references])
    return stimuli, attended, np.concatenate(scores)


def row(label, attended, scores):
    """One line of the table."""
    index = np.arange(len(attended))
    right = np.argmax(scores, axis=1) == attended
    test = binomtest(int(right.sum()), len(right))
    low, high = test.proportion_ci(method="wilson")
    r_attended = scores[index, attended]
    r_unattended = scores[index, 1 - attended]
    return (
        f"{label:28s} {r_attended.mean():10.3f} {np.median(r_attended):8.3f} "
        f"{r_unattended.mean():12.3f} {100 * right.mean():8.1f} "
        f"[{100 * low:4.1f}, {100 * high:4.1f}] {len(right):7d}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=12)
    default, gain = DEFAULTS["snr_db"], DEFAULTS["attention_gain"]
    parser.add_argument(
        "--levels", type=float, nargs="+", default=[default, default + 6, default - 6]
    )
    parser.add_argument("--gains", type=float, nargs="+", default=[gain])
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # A weak response is decoded equally well by all large penalties.
    warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
    same_rhythm = [
        piece.name for piece in load_example_stems(ensemble="duo") if piece.same_rhythm
    ]
    print(
        f"{'snr_db, gain, pieces':28s} {'r attended':>10s} {'median':>8s} "
        f"{'r unattended':>12s} {'right, %':>8s} {'interval':>12s} {'trials':>7s}"
    )
    for gain in options.gains:
        for level in options.levels:
            start = time.perf_counter()
            stimuli, attended, scores = measure(
                options.subjects, level, gain, options.seed
            )
            alike = np.isin(stimuli, same_rhythm)
            for pieces, chosen in (
                ("all", np.ones(len(stimuli), dtype=bool)),
                ("rhythms differ", ~alike),
                ("same rhythm", alike),
            ):
                label = f"{level:6.1f} {gain:5.1f} {pieces}"
                print(row(label, attended[chosen], scores[chosen]), flush=True)
            print(f"# {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
