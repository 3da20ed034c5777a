"""All that writes, tried one after the other by a process that may not write.

Run as ``python writers.py MATERIAL FOLDER HOW``; prints what came of each as JSON.
"""

import contextlib
import io
import json
import os
import resource
import signal
import sys
import traceback
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.pipeline import Pipeline, make_pipeline

import sklearn_cnmf
from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.cli import _demo, _evaluate, main
from sklearn_cnmf.cli._held_out import write_eeg
from sklearn_cnmf.datasets import (
    Piece,
    load_example_stems,
    load_trials,
    save_trials,
    simulate_madeeg,
    simulate_trials,
)
from sklearn_cnmf.decoding import EEGPreparation
from sklearn_cnmf.evaluation import evaluate
from sklearn_cnmf.evaluation._store import UnitStore
from sklearn_cnmf.model_io import save_model
from sklearn_cnmf.online import _replay
from sklearn_cnmf.reporting import ListeningTrial, listening_page

SFREQ = 4000.0
# Bytes of the largest file that a process may write whose files are limited.
LIMIT = 8000
NOBODY = 65534


def pieces():
    """Duos of tones that come and go."""
    rng = np.random.default_rng(0)
    times = np.arange(int(4 * SFREQ)) / SFREQ
    found = []
    for number in range(4):
        stems = []
        for pitch in (200.0, 1100.0):
            levels = np.repeat(rng.uniform(0.05, 1, 16), len(times) // 16)
            tone = sum(np.sin(2 * np.pi * k * pitch * times) / k for k in (1, 1.5))
            stems.append((levels * tone).astype(np.float32))
        names = ("low", "high")
        found.append(
            Piece(f"p{number}", "duo", "pop", False, names, np.array(stems), SFREQ)
        )
    return found


def make_material(folder):
    """What commands read: trials, a model, EEG and a mixture."""
    import soundfile

    trials, references = simulate_trials(
        pieces(), n_subjects=1, n_repetitions=1, snr_db=0.0, random_state=0
    )
    save_trials(folder / "trials.h5", trials, references)
    model = make_pipeline(
        EnvelopeDecoder(alpha=1.0), ContrastiveNMF(6, max_iter=20, tol=0.0)
    )
    save_model(model.fit(trials, references), folder / "model.skops")
    live = make_pipeline(
        EEGPreparation(sfreq=None),
        EnvelopeDecoder(alpha=1.0, phase="forward", scale=None),
        ContrastiveNMF(6, window=0.064, max_iter=20, tol=0.0),
    )
    save_model(live.fit(trials, references), folder / "live.skops")
    write_eeg(folder / "eeg_raw.fif", trials[0])
    soundfile.write(
        folder / "mixture.wav", trials[0].mixture, int(SFREQ), subtype="FLOAT"
    )


def small(run_demo):
    """Let the demo work on few short pieces."""
    return partial(
        run_demo,
        pieces=pieces(),
        n_held_out=1,
        n_folds=3,
        n_repetitions=1,
        deltas=(0.0, 0.01),
        separation={"n_components": 6, "window": 0.064, "max_iter": 20, "tol": 0.0},
    )


def small_model():
    return Pipeline(
        [
            ("decode", EnvelopeDecoder(alpha=1.0)),
            ("separate", ContrastiveNMF(6, window=0.064, max_iter=20, tol=0.0)),
        ]
    )


def command(name, material, folder):
    """Arguments of a command that writes into a folder `out`."""
    out = ["--out", str(folder / "out")]
    return {
        "separate": [
            "separate",
            *("--model", f"{material}/model.skops", "--eeg", f"{material}/eeg_raw.fif"),
            *("--mixture", f"{material}/mixture.wav", "--figure", *out),
        ],
        "demo": ["demo", "--subjects", "1", "--jobs", "1", "--snr-db", "0", *out],
        "evaluate": [
            *("evaluate", "--data", f"trials:{material}/trials.h5", "--folds", "2"),
            *("--listen", "0", *out),
        ],
        "report": [
            *("report", f"{material}/separated"),
            *("--out", str(folder / "page.html")),
        ],
        "stored": [
            *("evaluate", "--data", f"trials:{material}/trials.h5", "--folds", "3"),
            *("--listen", "0", "--store", str(folder / "store"), *out),
        ],
        "live": [
            *("live", "--model", f"{material}/live.skops"),
            *("--replay", f"{material}/eeg_raw.fif"),
            *("--audio", f"{material}/mixture.wav", "--out", str(folder / "out.wav")),
            *("--probabilities", str(folder / "course.csv")),
        ],
    }[name]


def evaluate_into(trials, references, store):
    return evaluate(
        make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(6, max_iter=20)),
        trials,
        references,
        cv=2,
        metrics=("si_sdr",),
        n_jobs=1,
        store=store,
    )


def functions(material):
    """All functions that write, by name: each takes a folder and the file's name."""
    trials, references = load_trials(material / "trials.h5", lazy=False)
    rng = np.random.default_rng(0)
    decoder = EnvelopeDecoder(alpha=1.0)
    decoder.fit(rng.standard_normal((640, 200)), rng.standard_normal(640))
    tracks = {"Mixture": rng.standard_normal(8000)}
    heard = ListeningTrial("Noise", tracks, 8000.0)
    piece = load_example_stems()[:1]
    unit = {"values": rng.standard_normal(10_000).tolist()}
    return {
        "save_model": lambda at: save_model(decoder, at / "a.skops"),
        "save_trials": lambda at: save_trials(
            at / "a.h5", trials, references, overwrite=True
        ),
        "UnitStore.write": lambda at: UnitStore(at).write("a", unit),
        "listening_page": lambda at: listening_page(at / "a.html", [heard], title="A"),
        "evaluate": lambda at: evaluate_into(trials, references, at),
        "simulate_madeeg": lambda at: simulate_madeeg(
            at / "new", n_subjects=1, pieces=piece, excerpt=1.5, random_state=0
        ),
    }


FILES = {
    "save_model": "a.skops",
    "save_trials": "a.h5",
    "UnitStore.write": "a.json",
    "listening_page": "a.html",
}
FUNCTIONS = [*FILES, "evaluate", "simulate_madeeg"]
COMMANDS = ["separate", "demo", "evaluate", "report"]
# Those that compute for long before they write are tried where they fail at once.
DONE = {
    "limit": ["separate", "report"],
    "full": ["separate", "report"],
    "nobody": COMMANDS,
}


def run_function(function, folder):
    try:
        function(folder)
    except Exception as error:
        return {
            "error": type(error).__name__,
            "errno": getattr(error, "errno", None),
            "filename": str(getattr(error, "filename", None)),
            "message": str(error),
            "traceback": traceback.format_exc(),
        }
    return {"error": None}


def run_command(words):
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        try:
            status = main(words)
        except Exception:
            status = traceback.format_exc()
    lines = [line for line in said.getvalue().splitlines() if not line.startswith("[")]
    return {"status": status, "stderr": lines}


def forbid(how, folder):
    """Have this process fail to write."""
    if how == "full":
        with contextlib.suppress(OSError), open(folder / "filler", "wb", 0) as file:
            while True:
                file.write(bytes(4096))
    if how == "limit":
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
    if how == "nobody" and os.getuid() == 0:
        os.setgid(NOBODY)
        os.setuid(NOBODY)


def rehearse(tried, folder):
    """Load all modules that are needed: who is nobody may not be able to read them."""
    for name, function in tried.items():
        (folder / name).mkdir(parents=True)
        found = run_function(function, folder / name)
        assert found["error"] is None, found
    for name in ("separate", "report"):
        (folder / "command" / name).mkdir(parents=True)
        found = run_command(command(name, folder.parent, folder / "command" / name))
        assert found["status"] == 0, found


def try_all(material, folder, how):
    """Try each in a folder of its own below `folder`, which exists."""
    tried = functions(material)
    _demo.run_demo = small(_demo.run_demo)
    if how == "nobody":
        rehearse(tried, material / "rehearsal")
    forbid(how, folder)
    return {
        "package": sklearn_cnmf.__file__,
        "uid": os.getuid(),
        **{f: run_function(do, folder / f"api-{f}") for f, do in tried.items()},
        **{
            f"command {name}": run_command(
                command(name, material, folder / f"command-{name}")
            )
            for name in DONE[how]
        },
    }


if __name__ == "__main__":
    if sys.argv[3] in (*COMMANDS, "stored", "live"):
        _demo.run_demo = small(_demo.run_demo)
        _evaluate._model = lambda arguments, scratch: small_model()
        _replay._LEAD = 2.0
        sys.exit(main(command(sys.argv[3], Path(sys.argv[1]), Path(sys.argv[2]))))
    found = try_all(Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
    print(json.dumps(found))
