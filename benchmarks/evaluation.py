"""What more workers gain in an evaluation, and what a thousand subjects would take.

    python -m benchmarks.evaluation [--subjects N] [--pieces N] [--jobs N] [--rounds N]

The same evaluation of simulated subjects, whose trials stay on disk, with one worker
and with several, of joblib's loky and of Dask. Workers are started and have imported
the package before the clock starts. One worker has one thread, as each of several has.
Ways take turns, and the best of their rounds counts, since machines are noisy. Tables
have to be identical.
"""

import argparse
import tempfile
import time
from pathlib import Path

import joblib
import pandas as pd
from sklearn.pipeline import make_pipeline
from threadpoolctl import threadpool_limits

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import (
    load_example_stems,
    load_trials,
    save_trials,
    simulate_trials,
)
from sklearn_cnmf.evaluation import evaluate


def evaluated(trials, references, alpha="cv", **options):
    """Evaluate, and tell how long it took."""
    model = make_pipeline(EnvelopeDecoder(alpha=alpha), ContrastiveNMF())
    start = time.perf_counter()
    result = evaluate(model, trials, references, progress=False, **options)
    return result, time.perf_counter() - start


def with_one(trials, references):
    """Evaluate in this process, with one thread."""
    with threadpool_limits(1):
        return evaluated(trials, references)


def with_loky(trials, references, n_jobs):
    """Evaluate with processes of joblib that are warm."""
    with joblib.parallel_config("loky", inner_max_num_threads=1):
        evaluated(trials[:4], references[:4], n_jobs=n_jobs, cv=2, **_QUICK)
        return evaluated(trials, references, n_jobs=n_jobs)


def with_dask(trials, references, n_jobs):
    """Evaluate with processes of Dask that are warm."""
    from distributed import Client, LocalCluster

    with (
        LocalCluster(
            n_workers=n_jobs,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",
        ) as cluster,
        Client(cluster),
        joblib.parallel_config("dask"),
    ):
        evaluated(trials[:4], references[:4], cv=2, **_QUICK)
        return evaluated(trials, references)


# Starts the workers; of two stimuli there is one to train on.
_QUICK = {"alpha": 1.0, "baselines": (), "controls": (), "metrics": ("si_sdr",)}


def main():
    """Print times and their ratios, and the plan."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subjects", type=int, default=2)
    parser.add_argument("--pieces", type=int, default=6)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=2)
    options = parser.parse_args()
    pieces = load_example_stems(ensemble="duo")[: options.pieces]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "trials.h5")
        save_trials(
            path,
            *simulate_trials(pieces, n_subjects=options.subjects, random_state=0),
        )
        trials, references = load_trials(path)
        ways = {
            "1 worker": lambda: with_one(trials, references),
            f"{options.jobs} workers, loky": lambda: with_loky(
                trials, references, options.jobs
            ),
            f"{options.jobs} workers, Dask": lambda: with_dask(
                trials, references, options.jobs
            ),
        }
        runs = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, way in ways.items():
                runs[name].append(way())
    first, _ = runs["1 worker"][0]
    alone = min(seconds for _, seconds in runs["1 worker"])
    n_subjects, n_units = options.subjects, len(first.units)
    print(f"{len(trials)} trials of {n_subjects} subjects, {n_units} units")
    print(f"{'':20s}{'s':>8s}{'ratio':>8s}  table      all times")
    for name, done in runs.items():
        for result, _ in done:
            pd.testing.assert_frame_equal(result.table, first.table, check_exact=True)
        best = min(seconds for _, seconds in done)
        times = ", ".join(f"{seconds:.1f}" for _, seconds in done)
        print(f"{name:20s}{best:8.1f}{alone / best:8.2f}  identical  {times}")
    print(first.plan(1000))


if __name__ == "__main__":
    main()
