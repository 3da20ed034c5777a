"""Time and memory of trials that stay on disk.

    python -m benchmarks.recordings [--trials N] [--folder FOLDER]

Writes a folder of the layout of MAD-EEG with one SIMULATED listener, excerpts of 6 s,
so trials of 24 s, as the recordings have, and links each trial of its preprocessed file
over and over, until there are N. Then tells how long it takes to list and to read them,
and how much memory it takes, beyond what the packages take, to go through all of them,
to separate all of them with learned spectra, and to search with two workers.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import h5py
import yaml

from sklearn_cnmf.datasets import load_example_stems, simulate_madeeg


def write(folder, n_trials):
    """A folder of so many trials, with 12 distinct ones."""
    duos = [piece for piece in load_example_stems() if piece.ensemble == "duo"]
    simulate_madeeg(folder, n_subjects=1, pieces=duos[:6], excerpt=6.0, random_state=0)
    path = folder / "madeeg_preprocessed.yaml"
    described = yaml.safe_load(path.read_text())
    entries = described["0001"]
    distinct = list(entries)
    with h5py.File(folder / "madeeg_preprocessed.hdf5", "r+") as file:
        group = file["0001"]
        for number in range(len(distinct), n_trials):
            key = distinct[number % len(distinct)]
            other = key.replace("theme1", f"theme{1 + number // len(distinct)}")
            made = group.create_group(other)
            for name in group[key]:
                made[name] = group[key][name]
            theme = f"theme{1 + number // len(distinct)}"
            entries[other] = {**entries[key], "theme": theme}
    path.write_text(yaml.safe_dump(described))


TASKS = {
    "list all trials": "",
    "go through all trials": """
for trial, reference in zip(trials, references):
    trial.eeg.mean(), trial.mixture.mean(), reference.sources.mean()
""",
    "check all trials": "check_trials(trials, references)",
    "separate all trials": """
from sklearn_cnmf import ContrastiveNMF
model = ContrastiveNMF(48, choice="hard").fit(trials[::8], references[::8])
guided = [replace(t, guide=np.random.rand(1, 1536), guide_sfreq=64.0) for t in trials]
for i in range(0, len(guided), 10):
    model.predict(guided[i : i + 10])
""",
    "search with two workers, a quarter": """
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline
from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.evaluation import StimulusKFold
from sklearn_cnmf.metrics import separation_scorer
pipe = Pipeline([("decode", EnvelopeDecoder(alpha=1.0)),
                 ("separate", ContrastiveNMF(48))])
search = GridSearchCV(pipe, {"separate__transposition": [0, 2]}, cv=StimulusKFold(3),
                      scoring=separation_scorer("si_sdr"), n_jobs=2)
search.fit(trials[::4], references[::4])
from joblib.externals.loky import get_reusable_executor
get_reusable_executor().shutdown(wait=True)
""",
}
SCRIPT = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
from dataclasses import replace
import numpy as np
import librosa, scipy.signal, numba, h5py, pandas
from sklearn_cnmf import check_trials, ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import load_madeeg
def peak(who):
    return resource.getrusage(who).ru_maxrss / 1024
before = peak(resource.RUSAGE_SELF)
start = time.perf_counter()
trials, references, table = load_madeeg(sys.argv[1])
{task}
print(json.dumps([time.perf_counter() - start, before, peak(resource.RUSAGE_SELF),
                  peak(resource.RUSAGE_CHILDREN), len(trials)]))
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary, "madeeg")
        if not folder.exists():
            start = time.perf_counter()
            write(folder, options.trials)
            print(f"# written in {time.perf_counter() - start:.0f} s", flush=True)
        print(f"{'':36s} {'s':>7s} {'MiB before':>10s} {'at most':>8s} {'workers':>8s}")
        for name, task in TASKS.items():
            script = SCRIPT.replace("{task}", task)
            done = subprocess.run(
                [sys.executable, "-c", script, str(folder)],
                check=True,
                capture_output=True,
                text=True,
            )
            found = json.loads(done.stdout.splitlines()[-1])
            seconds, before, most, workers, n_trials = found
            print(
                f"{name:36s} {seconds:7.1f} {before:10.0f} {most:8.0f} {workers:8.0f}",
                flush=True,
            )
        print(f"# {n_trials} trials")


if __name__ == "__main__":
    main()
