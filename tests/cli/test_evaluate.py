import json
import os
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sklearn_cnmf import Reference
from sklearn_cnmf.cli import _evaluate, _evaluated_data, main
from sklearn_cnmf.datasets import (
    load_example_stems,
    save_trials,
    simulate_madeeg,
    simulate_trials,
)

from ..faults import writers


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """A file of two listeners, six trials each."""
    path = tmp_path_factory.mktemp("saved") / "trials.h5"
    trials, references = simulate_trials(
        writers.pieces()[:3], n_subjects=2, n_repetitions=1, snr_db=0.0, random_state=0
    )
    save_trials(path, trials, references)
    return path


def test_a_file_of_trials_is_evaluated_and_written(saved, tmp_path, capsys):
    out, store = tmp_path / "out", tmp_path / "store"
    command = ["evaluate", "--data", f"trials:{saved}", "--subjects", "1"]
    command += ["--folds", "3", "--store", str(store), "--plan", "1000"]
    assert main([*command, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert printed == (out / "summary.txt").read_text()
    assert printed.startswith("6 trials of 1 subject and 3 stimuli, 3 models\n")
    assert "SIMULATED" not in printed
    assert (
        "Plan of 1000 subjects (within-subject), extrapolated from 3 units" in printed
    )
    assert "SUPPORTED: " in printed
    table = pd.read_csv(out / "table.csv", keep_default_na=False)
    assert table["trial"].nunique() == 6
    assert "known-choice" in set(table["method"])
    found = json.loads((out / "summary.json").read_text())
    assert found["choices"]["estimator"]["n_trials"] == 6
    assert {claim["verdict"] for claim in found["claims"]} <= {
        "supported",
        "contradicted",
        "undecided",
        "not tested",
    }
    settings = json.loads((out / "settings.json").read_text())
    assert settings["command"]["folds"] == 3
    assert settings["environment"]
    assert not (out / "errors.csv").exists()
    # Once more, from what is kept.
    again = tmp_path / "again"
    assert main([*command[:-2], "--out", str(again)]) == 0
    units = pd.read_csv(again / "units.csv")
    assert list(units["how"]) == ["reused"] * 3
    assert (again / "table.csv").read_bytes() == (out / "table.csv").read_bytes()


def test_dask_gives_the_same_table(saved, tmp_path):
    pytest.importorskip("distributed", reason="Dask is not installed")
    tables = []
    for backend in ("loky", "dask"):
        out = tmp_path / backend
        command = ["evaluate", "--data", f"trials:{saved}", "--folds", "3"]
        command += ["--subjects", "1", "--backend", backend, "--out", str(out)]
        assert main(command) == 0
        tables.append((out / "table.csv").read_bytes())
    assert tables[0] == tables[1]


def test_delta_is_chosen_inside(saved, tmp_path):
    out = tmp_path / "out"
    command = ["evaluate", "--data", f"trials:{saved}", "--subjects", "1"]
    # Two stimuli to train on are too few for four folds: every unit fails.
    command += ["--folds", "3", "--deltas", "0,0.1", "--out", str(out)]
    assert main(command) == 2
    assert not out.exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["--data", "tapes:x"],
            "expected one of simulated, madeeg, bids, tr",
        ),
        (["--data", "simulated:x"], "expected no path, got 'simulated:x'"),
        (["--data", "madeeg"], "expected madeeg:PATH, got 'madeeg'"),
        (["--data", "trials:"], "expected trials:PATH, got 'trials:'"),
        (["--data", "simulated", "--deltas", "a"], "expected numbers between commas"),
        (["--data", "simulated", "--deltas", "-1"], "expected numbers >= 0"),
        (["--data", "simulated", "--deltas", "nan"], "expected numbers >= 0"),
        (["--data", "simulated", "--scheme", "x"], "invalid choice"),
        (["--data", "simulated", "--jobs", "0"], "at least 1 is expected, got 0"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["evaluate", *arguments, "--out", str(tmp_path / "out")])
    assert exit_.value.code == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--data", "madeeg:nowhere"], "nowhere: no such file or folder"),
        (
            ["--data", "trials:FILE", "--level", "clear"],
            "meant for --data simulated",
        ),
        (["--data", "trials:FILE", "--snr-db", "0"], "meant for --data simulated"),
        (["--data", "trials:FILE", "--subjects", "3"], "--subjects: 3 are asked for"),
        (["--data", "trials:FILE", "--scheduler", "tcp://x:1"], "for --backend dask"),
        (
            ["--data", "trials:FILE", "--scheme", "across-subjects"],
            "share the stim",
        ),
        (["--data", "trials:FILE", "--folds", "9"], "9 folds, but only 3 stimuli"),
        (["--data", "trials:FILE", "--candidates", "nowhere"], "no folder 'nowhere'"),
    ],
)
def test_what_does_not_fit_is_told_in_one_line(
    saved, arguments, message, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    arguments = [a.replace("FILE", str(saved)) for a in arguments]
    out = tmp_path / "out"
    assert main(["evaluate", *arguments, "--out", str(out)]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert message in error
    assert error.startswith("sklearn-cnmf: error: ")
    assert not out.exists()


def test_trials_without_references_are_refused(saved, tmp_path, capsys):
    trials, _ = simulate_trials(
        writers.pieces()[:3], n_subjects=1, n_repetitions=1, random_state=0
    )
    save_trials(tmp_path / "trials.h5", trials)
    command = ["evaluate", "--data", f"trials:{tmp_path / 'trials.h5'}"]
    assert main([*command, "--out", str(tmp_path / "out")]) == 2
    assert "has no references, so nothing can be scored" in capsys.readouterr().err


@pytest.mark.filterwarnings("default:1 of 6 trials failed")
def test_what_failed_is_written(tmp_path, capsys):
    trials, references = simulate_trials(
        writers.pieces()[:3], n_subjects=1, n_repetitions=1, snr_db=0.0, random_state=0
    )
    trials[1] = replace(trials[1], mixture=0 * trials[1].mixture)
    references[1] = Reference(0 * references[1].sources, 0)
    save_trials(tmp_path / "trials.h5", trials, references)
    out = tmp_path / "out"
    command = ["evaluate", "--data", f"trials:{tmp_path / 'trials.h5'}", "--folds", "3"]
    assert main([*command, "--out", str(out)]) == 0
    printed, told = capsys.readouterr()
    assert "FAILED: 1 of 6 trials" in printed
    assert "the attended source, is silent" in " ".join(printed.split())
    assert "warning" in told
    errors = pd.read_csv(out / "errors.csv")
    assert list(errors["trial"]) == [1]


def test_interrupting_tells_where_finished_units_are(
    saved, tmp_path, capsys, monkeypatch
):
    def interrupt(*args, store, **kwargs):
        if store is not None:
            os.mkdir(store)
        raise KeyboardInterrupt

    monkeypatch.setattr(_evaluate, "evaluate", interrupt)
    command = ["evaluate", "--data", f"trials:{saved}", "--out", str(tmp_path / "out")]
    assert main([*command, "--store", str(tmp_path / "store")]) == 130
    assert capsys.readouterr().err == (
        f"sklearn-cnmf: interrupted, finished units are kept in {tmp_path / 'store'}; "
        "the same command goes on\n"
    )
    assert main(command) == 130
    assert "nothing was written" in capsys.readouterr().err
    assert not os.path.exists(tmp_path / "out")


def test_a_worker_that_died_is_an_error(saved, tmp_path, capsys, monkeypatch):
    def die(*args, **kwargs):
        raise RuntimeError("a worker process died")

    monkeypatch.setattr(_evaluate, "evaluate", die)
    command = ["evaluate", "--data", f"trials:{saved}", "--out", str(tmp_path / "out")]
    assert main(command) == 2
    assert capsys.readouterr().err == "sklearn-cnmf: error: a worker process died\n"


def test_simulated_listeners_hear_all_duos(tmp_path):
    options = {"n_subjects": 1, "seed": 0, "snr_db": -10.0}
    data = _evaluated_data.load(
        "simulated", None, on_disk=tmp_path / "trials.h5", **options
    )
    duos = load_example_stems(ensemble="duo")
    assert len(data.trials) == 2 * len(duos)
    assert "SIMULATED (1 listeners, -10 dB, seed 0)" in data.notes[0]
    of_name = {piece.name: piece for piece in duos}
    for index, trial in enumerate(data.trials):
        piece = of_name[trial.stimulus]
        assert data.conditions["genre"][index] == piece.genre
        assert data.conditions["same_rhythm"][index] == piece.same_rhythm
    again, _ = simulate_trials(duos, n_subjects=1, snr_db=-10.0, random_state=0)
    np.testing.assert_array_equal(data.trials[3].eeg, again[3].eeg)
    assert data.trials[0].source is not None


def test_madeeg_comes_with_what_is_known_of_it(tmp_path):
    simulate_madeeg(
        tmp_path, pieces=load_example_stems()[:1], excerpt=1.0, random_state=0
    )
    data = _evaluated_data.load(
        "madeeg", str(tmp_path), n_subjects=1, seed=0, snr_db=0.0, on_disk=tmp_path
    )
    assert {trial.subject for trial in data.trials} == {"0001"}
    assert set(data.conditions) == {"ensemble", "genre", "spatial"}
    assert all(len(v) == len(data.trials) for v in data.conditions.values())
