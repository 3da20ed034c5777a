"""What a number is made of: one setting changed at a time, with its null beside it.

    python -m benchmarks.trust [--subjects N] [--data FOLDER] [--tables T ...]

"decoding": how often the attended instrument is chosen among the true sources, for
SIMULATED listeners at -20 dB, as hard as published recordings, and for the same
listeners with nothing in their EEG (-inf dB), who can't be decoded: what is above
chance there was made by the protocol. "splits": labels that mean nothing, decoded from
the band powers of real EEG (eeg_speech_4_listeners_64Hz.npz in FOLDER). "separation":
one run, told in several ways.
"""

import argparse
import itertools
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Trial
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold, audit_leakage, evaluate

from .choice import cut

HONEST = "stimuli left out, whole trials"
SFREQ = 64.0
LEVELS = (-np.inf, -20.0)
SEED = 0
TRIED = tuple(
    {"feature": feature, "tmax": tmax, "l_freq": l_freq}
    for feature, tmax, l_freq in itertools.product(
        ("envelope", "onset", "envelope_onset"), (0.25, 0.4), (0.5, 1.0)
    )
)


def taken(items, indices):
    return [items[i] for i in indices]


def by_subject(trials, references):
    """Trials and references of one listener after the other."""
    for subject in dict.fromkeys(trial.subject for trial in trials):
        own = [i for i, trial in enumerate(trials) if trial.subject == subject]
        yield taken(trials, own), taken(references, own)


def probabilities(
    trials, references, cv, candidates=None, shown=None, *, cache, **settings
):
    """Probability of the attended candidate, by decoders that saw the training folds.

    Without `cv`, one decoder is trained and tested on all. Without `candidates`, and
    `shown` that says which of them is attended, these are the sources.
    """
    if candidates is None:
        candidates, shown = [reference.sources for reference in references], references
    everything = range(len(trials))
    found = np.full(len(trials), np.nan)
    for train, test in [(everything, everything)] if cv is None else cv.split(trials):
        decoder = EnvelopeDecoder(memory=cache, **settings)
        decoder.fit(taken(trials, train), taken(references, train))
        told = decoder.predict_proba(taken(trials, test), taken(candidates, test))
        found[list(test)] = [p[shown[i].attended] for p, i in zip(told, test)]
    return found


def other_music(trials, references):
    """The attended source, and one of another stimulus in the place of the rest."""
    pairs = []
    for trial, reference in zip(trials, references):
        own = reference.sources[reference.attended]
        other = next(
            r.sources[r.attended]
            for t, r in zip(trials, references)
            if t.stimulus != trial.stimulus
        )
        pairs.append(np.stack([own, np.resize(other, own.shape)]))
    first = [replace(reference, attended=0) for reference in references]
    return pairs, first


def right_by_protocol(trials, references, cache):
    """Probability of the attended candidate of one listener, by protocol."""
    stimuli = StimulusKFold(4)
    random = KFold(4, shuffle=True, random_state=SEED)
    heard = trials, references
    windows = [
        window
        for trial, reference in zip(trials, references)
        for window in cut(trial, reference, 5.0)
    ]
    pairs, first = other_music(trials, references)
    found = {
        HONEST: probabilities(*heard, stimuli, cache=cache),
        "windows of 5 s": probabilities(*zip(*windows), stimuli, cache=cache),
        "against other music": probabilities(
            trials, references, stimuli, pairs, first, cache=cache
        ),
        "trials left out at random": probabilities(*heard, random, cache=cache),
        "trained on what is tested": probabilities(*heard, None, cache=cache),
    }
    tried = [
        probabilities(*heard, stimuli, cache=cache, **settings) for settings in TRIED
    ]
    return found, np.array(tried)


def decoding(n_subjects, cache):
    """Print how often choices are right, by protocol, without and with signal."""
    rows = {}

    def add(name, right):
        rows.setdefault(name, [len(right)]).append(100 * np.mean(right))

    for level in LEVELS:
        trials, references = simulate_trials(
            n_subjects=n_subjects, snr_db=level, random_state=SEED
        )
        found, tried = zip(
            *(right_by_protocol(*own, cache) for own in by_subject(trials, references))
        )
        joined = {name: np.concatenate([f[name] for f in found]) for name in found[0]}
        for name, p in joined.items():
            add(name, p > 0.5)
        sure = np.abs(joined[HONEST] - 0.5)
        add(
            "the surer half of the trials",
            joined[HONEST][sure >= np.median(sure)] > 0.5,
        )
        right = [p > 0.5 for p in tried]
        everywhere = np.concatenate(right, axis=1)
        add(f"best of {len(TRIED)} settings", everywhere[everywhere.mean(1).argmax()])
        own_best = np.concatenate([r[r.mean(1).argmax()] for r in right])
        add(f"best of {len(TRIED)} settings, a listener", own_best)
    print(f"SIMULATED EEG, {n_subjects} listeners, right choices in %, chance 50")
    print(f"{'':36}{'n':>6}{'nothing in EEG':>16}{'-20 dB':>8}")
    for name, (n, nothing, level) in rows.items():
        print(f"{name:36}{n:6}{nothing:16.1f}{level:8.1f}")


def splits(folder):
    """Print how often labels that mean nothing are decoded from real EEG."""
    data = np.load(folder / "eeg_speech_4_listeners_64Hz.npz")
    cut = []
    for name in data["recordings"]:
        eeg = data[f"eeg_{name}"] * data[f"scale_uV_{name}"]
        n_times = round(5.0 * SFREQ)
        for start in range(0, eeg.shape[1] - n_times + 1, n_times):
            part = slice(start, start + n_times)
            envelope = data[f"env_{name}"][part].astype(float)
            cut.append(Trial(eeg[:, part], SFREQ, envelope, SFREQ, stimulus=str(name)))
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    n_recordings = len({trial.stimulus for trial in cut})
    shuffled = KFold(5, shuffle=True, random_state=SEED)
    print(f"real EEG, {len(cut)} windows of 5 s, {n_recordings} recordings")
    for name, cv in (
        ("windows left out at random", shuffled),
        ("recordings left out", StimulusKFold(n_recordings)),
    ):
        audit = audit_leakage(model, cut, cv, n_draws=100, random_state=SEED)
        error = audit.accuracy.std(ddof=1) / np.sqrt(audit.n_draws)
        print(
            f"{name:36}random labels right in {100 * audit.accuracy.mean():.1f} %, "
            f"standard error {100 * error:.1f}"
        )


def separation(n_subjects, cache):
    """Print one run in several ways, beside the same with EEG of other trials."""
    trials, references = simulate_trials(n_subjects=n_subjects, random_state=SEED)
    model = make_pipeline(
        EnvelopeDecoder(memory=cache), ContrastiveNMF(memory=cache, random_state=SEED)
    )
    table = evaluate(
        model,
        trials,
        references,
        metrics=("si_sdr", "si_sdr_improvement", "sdr_improvement", "sir_improvement"),
        baselines=("hard", "known-choice"),
        controls=("other-trial-eeg",),
        progress=False,
    ).table
    values = table.pivot(
        index=["method", "subject", "trial"], columns="metric", values="value"
    )
    soft, null = values.loc["estimator"], values.loc["other-trial-eeg"]

    def mean(method, metric="si_sdr_improvement"):
        return method[metric].groupby("subject").mean().mean()

    gain = "si_sdr_improvement"
    rows = {
        "SI-SDR gain": (mean(soft), mean(null)),
        "SI-SDR, nothing subtracted": (mean(soft, "si_sdr"), mean(null, "si_sdr")),
        "SDR gain (BSS Eval v3, 512 taps)": (
            mean(soft, "sdr_improvement"),
            mean(null, "sdr_improvement"),
        ),
        "SIR gain (the same)": (
            mean(soft, "sir_improvement"),
            mean(null, "sir_improvement"),
        ),
        "SI-SDR gain, median": (soft[gain].median(), null[gain].median()),
        "SI-SDR gain, right choices alone": (
            mean(soft[soft["correct"] == 1]),
            mean(null[null["correct"] == 1]),
        ),
        "SI-SDR gain, hard choices": (mean(values.loc["hard"]), np.nan),
        "SI-SDR gain, the truth chooses": (mean(values.loc["known-choice"]),) * 2,
    }
    print(f"SIMULATED EEG at -20 dB, {n_subjects} listeners, n = {len(soft)}, in dB")
    print(f"{'':36}{'EEG':>8}{'EEG of another trial':>24}")
    for name, (with_eeg, without) in rows.items():
        print(f"{name:36}{with_eeg:8.1f}{without:24.1f}")
    for name, part in (("EEG", soft), ("EEG of another trial", null)):
        print(f"right with {name}: {100 * part['correct'].mean():.1f} %")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--subjects", type=int, default=6)
    parser.add_argument("--data", type=Path, help="folder of the real EEG")
    parser.add_argument(
        "--tables",
        nargs="+",
        choices=("decoding", "splits", "separation"),
        default=["decoding", "separation"],
    )
    arguments = parser.parse_args()
    if "splits" in arguments.tables and arguments.data is None:
        parser.error("splits: needs --data")
    with tempfile.TemporaryDirectory() as cache:
        if "decoding" in arguments.tables:
            decoding(arguments.subjects, cache)
        if "splits" in arguments.tables:
            splits(arguments.data)
        if "separation" in arguments.tables:
            separation(arguments.subjects, cache)


if __name__ == "__main__":
    main()
