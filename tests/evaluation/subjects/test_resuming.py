"""Evaluations that are killed, share a store, or meet trials that are not sound.

The test with Dask is marked "slow": ``python -m pytest -m slow`` runs it.
"""

import os
import re
import signal
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from sklearn_cnmf.datasets import load_trials, save_trials, simulate_trials
from sklearn_cnmf.evaluation import _store, evaluate
from sklearn_cnmf.evaluation._keys import trial_digest
from sklearn_cnmf.evaluation._store import UnitStore

from .conftest import make_pieces
from .troubled import (
    ByName,
    Raising,
    Reading,
    Server,
    Share,
    is_alive,
    model,
)

needs_fork = pytest.mark.skipif(
    not hasattr(os, "fork") or _store.fcntl is None, reason="needs fork and locks"
)
KEYS = ["method", "subject", "fold", "trial", "metric"]


@pytest.fixture(scope="module")
def short():
    """Two listeners of four short duos, either part attended: eight units of four."""
    return simulate_trials(
        make_pieces(4, seconds=1.5),
        n_subjects=2,
        n_repetitions=1,
        snr_db=0.0,
        random_state=0,
    )


@pytest.fixture(scope="module")
def saved(short, tmp_path_factory):
    file = tmp_path_factory.mktemp("saved") / "trials.h5"
    save_trials(file, *short)
    return file


@pytest.fixture(scope="module")
def one_listener(short, tmp_path_factory):
    file = tmp_path_factory.mktemp("saved") / "one.h5"
    save_trials(file, *(records[:8] for records in short))
    return file


@pytest.fixture(scope="module")
def server(saved, tmp_path_factory):
    server = Server(saved, tmp_path_factory.mktemp("first"))
    yield server
    server.close()


def run(estimator, trials, references, **options):
    """Evaluate quickly."""
    arguments = {
        "cv": ByName(4),
        "metrics": ("si_sdr",),
        "baselines": ("mixture",),
        "controls": (),
        "n_jobs": 1,
        **options,
    }
    return evaluate(estimator, trials, references, **arguments)


def assert_same(one, other):
    pd.testing.assert_frame_equal(one, other, check_exact=True)


def found_in(folder):
    return pd.read_pickle(folder / "table"), pd.read_pickle(folder / "units")


def unit_files(store):
    """Time of change and content of each finished unit."""
    return {
        path.stem: (path.stat().st_mtime_ns, path.read_bytes())
        for path in store.glob("*.json")
    }


def wait_for_units(store, number):
    deadline = time.monotonic() + 60
    while len(list(store.glob("*.json"))) < min(number, 8):
        assert time.monotonic() < deadline, "no units are finished"
        time.sleep(0.01)


def how(result):
    return result.units["how"].tolist()


# Killed, interrupted and side by side


@needs_fork
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_killed_evaluations_go_on(server, short, saved, tmp_path, n_jobs):
    store, rng = tmp_path / "store", np.random.default_rng(n_jobs)
    slow = ("Share", {"pause": 0.15})
    options = {"file": saved, "estimator": slow, "store": str(store)}
    finished, kills = {}, 0
    for life in range({1: 4, 2: 2}[n_jobs]):
        pid = server.start(tmp_path / f"life{life}", n_jobs=n_jobs, **options)
        if life % 3 < 2:
            wait_for_units(store, len(finished) + 1)
        time.sleep(rng.uniform(0.0, 0.3))
        if server.ask(pid=pid) is not None:
            break  # nothing was left to do
        server.kill(pid)
        kills += 1
        now = unit_files(store)
        assert finished.items() <= now.items()
        assert all(UnitStore(store).read(key) for key in now)
        finished = now
    assert kills >= 2
    assert finished
    assert server.wait(server.start(tmp_path / "last", **options)) == 0
    table, units = found_in(tmp_path / "last")
    assert finished.items() <= unit_files(store).items()
    assert set(units["key"]) == set(unit_files(store))
    assert set(units["how"]) <= {"reused", "computed"}
    assert (units.loc[units["key"].isin(finished), "how"] == "reused").all()
    assert_same(table, run(Share(), *short).table)


@needs_fork
def test_a_unit_that_was_half_written_is_computed(server, short, saved, tmp_path):
    store = tmp_path / "store"
    options = {"file": saved, "estimator": ("Share", {}), "store": str(store)}
    pid = server.start(tmp_path / "first", **options, die_at=3)
    assert server.wait(pid) == -signal.SIGKILL
    assert len(unit_files(store)) == 3
    assert len(list(store.glob(".*.unfinished"))) == 1
    assert server.wait(server.start(tmp_path / "second", **options)) == 0
    table, units = found_in(tmp_path / "second")
    assert units["how"].tolist() == ["reused"] * 3 + ["computed"] * 5
    assert_same(table, run(Share(), *short).table)


@needs_fork
def test_two_evaluations_share_the_work(server, short, saved, tmp_path):
    store, marks = tmp_path / "store", tmp_path / "marks"
    marks.mkdir()
    slow = ("Share", {"pause": 0.15, "marks": str(marks)})
    options = {"file": saved, "estimator": slow, "store": str(store)}
    names = ("one", "other")
    pids = [server.start(tmp_path / name, **options) for name in names]
    assert [server.wait(pid) for pid in pids] == [0, 0]
    (one, units), (other, more_units) = (found_in(tmp_path / name) for name in names)
    computed = [(u["how"] == "computed").sum() for u in (units, more_units)]
    assert min(computed) > 0
    assert sum(computed) == len(units) == 8
    assert set(units["how"]) | set(more_units["how"]) == {"computed", "reused"}
    fits = [mark.name.rsplit("-", 1)[0] for mark in marks.iterdir()]
    assert len(fits) == len(set(fits)) == 8
    assert_same(one, other)
    assert_same(one, run(Share(), *short).table)


@needs_fork
@pytest.mark.parametrize(
    ("n_jobs", "whom"), [(1, "the process"), (2, "the process"), (2, "all of them")]
)
def test_an_interrupt_ends_all_and_keeps_what_is_finished(
    server, saved, tmp_path, n_jobs, whom
):
    store, folder = tmp_path / "store", tmp_path / "run"
    slow = ("Share", {"pause": 1.0})
    pid = server.start(folder, saved, slow, n_jobs=n_jobs, store=str(store))
    wait_for_units(store, 1)
    (os.kill if whom == "the process" else os.killpg)(pid, signal.SIGINT)
    start = time.monotonic()
    assert server.wait(pid) == 1
    assert time.monotonic() - start < 8
    assert "KeyboardInterrupt" in (folder / "log").read_text()
    while is_alive(pid):
        assert time.monotonic() - start < 20, "workers are left"
        time.sleep(0.05)
    kept = unit_files(store)
    assert 1 <= len(kept) < 8
    assert all(UnitStore(store).read(key) for key in kept)


@needs_fork
def test_a_worker_that_dies_is_reported_and_finished_units_are_kept(
    server, saved, tmp_path
):
    store, folder = tmp_path / "store", tmp_path / "run"
    deadly = ("Deadly", {"stimulus": "piece3"})
    pid = server.start(folder, saved, deadly, n_jobs=2, store=str(store))
    assert server.wait(pid) == 1
    last = (folder / "log").read_text().strip().splitlines()[-1]
    assert last.startswith("RuntimeError: a worker process died, most likely because")
    assert last.endswith("(finished units are kept)")
    assert len(unit_files(store)) >= 1


# Wherever the work is done


@needs_fork
@pytest.mark.parametrize(
    "backend", ["loky", pytest.param("dask", marks=pytest.mark.slow)]
)
def test_results_do_not_depend_on_who_works(server, one_listener, tmp_path, backend):
    if backend == "dask":
        pytest.importorskip("distributed", reason="distributed is not installed")
    trials, references = load_trials(one_listener)
    options = {"cv": None, "baselines": ("mixture", "random-choice")}
    options["controls"] = ("phase-randomised-eeg",)
    alone = run(model(), trials, references, **options).table
    options = {"n_jobs": 2, "backend": backend, **options}
    pid = server.start(tmp_path / "run", one_listener, ("model", {}), **options)
    assert server.wait(pid, 120.0) == 0, (tmp_path / "run" / "log").read_text()
    table, units = found_in(tmp_path / "run")
    assert units["bytes_in"].max() < 100_000
    assert units["how"].tolist() == ["computed"] * 4
    assert_same(table, alone)


def test_the_same_trials_give_the_same_on_disk_and_in_memory(short, saved, tmp_path):
    first = run(Share(), *short, store=tmp_path)
    second = run(Share(), *load_trials(saved), store=tmp_path)
    assert how(second) == ["reused"] * 8
    assert_same(first.table, second.table)
    assert second.units["bytes_in"].max() < 100_000 < first.units["bytes_in"].min()


def test_what_is_given_stays_as_it_is(short):
    trials, references = (records[:4] for records in short)
    before = [trial_digest(*both) for both in zip(trials, references)]
    estimator = model()
    parameters = str(estimator.get_params())
    result = evaluate(estimator, trials, references, metrics=("si_sdr",), n_jobs=1)
    assert len(result.errors) == 0
    assert before == [trial_digest(*both) for both in zip(trials, references)]
    assert str(estimator.get_params()) == parameters
    assert not hasattr(estimator[-1], "n_features_in_")
    assert "guide" not in vars(trials[0]) or trials[0].guide is None


# What the store gives back


@pytest.fixture
def stored(short, tmp_path):
    result = run(Share(), *short, store=tmp_path)
    assert how(result) == ["computed"] * 8
    return result


@pytest.mark.parametrize("damage", ["truncated", "flipped", "emptied"])
def test_damaged_units_are_computed_again(short, stored, tmp_path, damage):
    path = tmp_path / f"{stored.units['key'][5]}.json"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    part = {"truncated": len(content) // 2, "flipped": None, "emptied": 0}[damage]
    path.write_bytes(content[:part])
    message = (
        "store: 1 of 8 units were damaged and have been computed again: fold 1 of "
        "subject 'sim02'"
    )
    with pytest.warns(UserWarning, match=message):
        again = run(Share(), *short, store=tmp_path)
    assert how(again) == ["reused"] * 5 + ["repaired"] + ["reused"] * 2
    assert_same(again.table, stored.table)
    assert how(run(Share(), *short, store=tmp_path)) == ["reused"] * 8


@pytest.mark.parametrize(
    "change",
    [
        {"estimator": Share(gain=2.0)},
        {"estimator": model()},
        {"metrics": ("si_sdr_improvement",)},
        {"metrics": ("si_sdr", "sar")},
        {"random_state": 1},
        {"baselines": ()},
        {"baselines": ("mixture", "ratio-mask")},
        {"controls": ("other-trial-eeg",)},
        {"cv": ByName(2)},
        {"scheme": "across-subjects-and-stimuli"},
    ],
    ids=str,
)
def test_what_changes_results_makes_all_units_anew(short, stored, tmp_path, change):
    options = {"estimator": Share(), **change}
    changed = run(options.pop("estimator"), *short, store=tmp_path, **options)
    assert set(how(changed)) == {"computed"}
    assert not set(changed.units["key"]) & set(stored.units["key"])


@pytest.mark.parametrize(
    "change",
    [
        {"progress": False},
        {"progress": True},
        {"n_jobs": None},
        {"conditions": {"genre": list(range(16))}},
    ],
    ids=str,
)
def test_what_does_not_change_results_is_free(short, stored, tmp_path, change):
    again = run(Share(), *short, store=tmp_path, **change)
    assert how(again) == ["reused"] * 8
    assert_same(again.table[stored.table.columns], stored.table)


@pytest.mark.parametrize("what", ["eeg", "reference"])
def test_a_changed_sample_makes_the_units_of_its_subject_anew(
    short, stored, tmp_path, what
):
    trials, references = (list(records) for records in short)
    if what == "eeg":
        eeg = trials[9].eeg.copy()
        eeg[3, 7] = np.nextafter(eeg[3, 7], 1)
        trials[9] = replace(trials[9], eeg=eeg)
    else:
        references[9] = replace(references[9], attended=1 - references[9].attended)
    changed = run(Share(), trials, references, store=tmp_path)
    assert how(changed) == ["reused"] * 4 + ["computed"] * 4
    own = stored.table["subject"] == "sim01"
    assert_same(changed.table[own], stored.table[own])


def test_other_trials_don_t_change_the_units_of_a_subject(short, stored, tmp_path):
    trials, references = (records[8:] for records in short)
    part = run(Share(), trials, references, store=tmp_path)
    assert how(part) == ["reused"] * 4
    expected = stored.table[stored.table["subject"] == "sim02"].copy()
    expected["trial"] -= 8
    assert_same(part.table, expected.reset_index(drop=True))


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ([*range(8, 16), *range(8)], {"reused"}),
        (np.random.default_rng(0).permutation(16).tolist(), {"computed"}),
    ],
    ids=["other subject first", "shuffled"],
)
def test_the_order_of_trials_does_not_matter(short, stored, tmp_path, order, expected):
    trials, references = short
    found = run(
        Share(),
        [trials[i] for i in order],
        [references[i] for i in order],
        store=tmp_path,
    )
    assert set(how(found)) == expected
    table = found.table.assign(trial=np.array(order)[found.table["trial"]])
    expected = stored.table.sort_values(KEYS, ignore_index=True)
    # The mean over trials of the fit is summed up in another order.
    pd.testing.assert_frame_equal(
        table.sort_values(KEYS, ignore_index=True), expected, rtol=1e-9
    )


# Trials that are not sound


def silent(trial, reference):
    zeros = np.zeros_like(trial.mixture)
    sources = np.zeros_like(reference.sources)
    return replace(trial, mixture=zeros), replace(reference, sources=sources)


def silent_part(trial, reference):
    """Let the attended part rest for the whole trial."""
    sources = reference.sources.copy()
    sources[reference.attended] = 0
    return replace(trial, mixture=sources.sum(0)), replace(reference, sources=sources)


def without_eeg(trial, reference):
    eeg = trial.eeg.copy()
    eeg[2, 11] = np.nan
    return replace(trial, eeg=eeg), reference


def too_loud(trial, reference):
    sources = reference.sources * np.array([[1.0], [1.1]], reference.sources.dtype)
    return trial, replace(reference, sources=sources)


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (
            without_eeg,
            "trials[6] (subject 'sim01', stimulus 'piece3'): eeg: found 1 NaN",
        ),
        (silent, "references[6] (subject 'sim01', stimulus 'piece3'): sources[0], the"),
        (
            silent_part,
            "references[6] (subject 'sim01', stimulus 'piece3'): sources[0],",
        ),
        (too_loud, "references[6] (subject 'sim01', stimulus 'piece3'): the sum of so"),
    ],
)
@pytest.mark.parametrize("kind", [Share, model])
def test_the_others_are_evaluated_as_if_it_were_not_there(short, trouble, reason, kind):
    trials, references = (list(records[:8]) for records in short)
    trials[6], references[6] = trouble(trials[6], references[6])
    message = re.escape(f"1 of 8 trials failed, see `errors`; the first: {reason}")
    with pytest.warns(UserWarning, match=f"^{message}"):
        result = run(kind(), trials, references, cv=ByName(2))
    (error,) = result.errors.to_dict("records")
    assert error.pop("error").startswith(reason)
    assert error == {
        "subject": "sim01",
        "fold": -1,
        "trial": 6,
        "stimulus": "piece3",
        "method": "",
    }
    del trials[6], references[6]
    expected = run(kind(), trials, references, cv=ByName(2)).table
    expected["trial"] += expected["trial"] >= 6
    assert_same(result.table, expected)


def test_trials_that_are_all_unsound_are_refused(short):
    trials, references = (records[:4] for records in short)
    trials = [without_eeg(*both)[0] for both in zip(trials, references)]
    message = r"trials: none is sound; trials\[0\] .*NaN"
    with pytest.raises(ValueError, match=message):
        run(Share(), trials, references)


# Estimators that fail


def test_a_trial_whose_prediction_fails_is_noted(short, tmp_path):
    raising = Raising("predict", "piece2")
    for expected in ("computed", "reused"):
        with pytest.warns(UserWarning, match=r"4 of 16 trials failed.* trials\[4\]"):
            result = run(raising, *short, store=tmp_path)
        assert set(how(result)) == {expected}
        assert result.errors["trial"].tolist() == [4, 5, 12, 13]
        assert set(result.errors["method"]) == {"estimator"}
        assert set(result.errors["error"]) == {"ValueError: no luck"}
        table = result.table
        heard = set(table.loc[table["method"] == "estimator", "trial"])
        assert heard == set(range(16)) - {4, 5, 12, 13}
        assert set(table.loc[table["method"] == "mixture", "trial"]) == set(range(16))
    good = run(Share(), *short).table
    kept = (table["method"] == "mixture") | ~table["trial"].isin([4, 5, 12, 13])
    assert kept.all()
    rows = (good["method"] == "mixture") | ~good["trial"].isin([4, 5, 12, 13])
    assert_same(table, good[rows].reset_index(drop=True))


def test_a_fold_whose_fit_fails_is_noted(short):
    raising = Raising("fit", "piece1")
    with pytest.warns(UserWarning, match=r"12 of 16 trials .*fit: ValueError: no luck"):
        result = run(raising, *short, cv=ByName(4))
    assert sorted(set(result.table["trial"])) == [2, 3, 10, 11]
    assert len(result.errors) == 12
    assert set(result.errors["method"]) == {""}
    assert set(result.errors["fold"]) == {0, 2, 3}
    expected = run(Share(), *short).table
    rows = expected["fold"] == 1
    assert_same(result.table, expected[rows].reset_index(drop=True))


@pytest.mark.parametrize("where", ["fit", "predict"])
@pytest.mark.parametrize("error", [ValueError, OSError])
def test_an_estimator_that_always_fails_is_refused(short, where, error):
    message = f"estimator: all 16 trials failed; the first: .*{error.__name__}: no luck"
    with pytest.raises(ValueError, match=message):
        run(Raising(where, error=error), *short)


def test_units_whose_files_are_missing_are_tried_again(short, tmp_path):
    path, store = tmp_path / "needed", tmp_path / "store"
    reading = Reading(str(path), "piece2")
    with pytest.warns(UserWarning, match=r"4 of 16 trials failed.*FileNotFoundError"):
        first = run(reading, *short, store=store)
    assert how(first) == ["computed", "computed", "failed", "computed"] * 2
    assert len(unit_files(store)) == 6
    assert first.errors["trial"].tolist() == [4, 5, 12, 13]
    path.write_text("here")
    second = run(reading, *short, store=store)
    assert how(second) == ["reused", "reused", "computed", "reused"] * 2
    assert second.units["key"].tolist() == first.units["key"].tolist()
    assert len(second.errors) == 0
    assert_same(second.table, run(Share(), *short).table)


def test_a_control_that_fails_is_noted_beside_the_estimator(short):
    trials, references = (list(records[:10]) for records in short)
    for index in (8, 9):  # no other stimulus has EEG of as many channels
        one = trials[index]
        names = one.ch_names and one.ch_names[1:]
        trials[index] = replace(one, eeg=one.eeg[1:], ch_names=names)
    message = r"^'other-trial-eeg' failed in 2 trials, .*trials\[8\] .*no trial of an"
    controls = ("other-trial-eeg", "phase-randomised-eeg")
    with pytest.warns(UserWarning, match=message):
        result = run(Share(), trials, references, scheme="pooled", controls=controls)
    assert result.errors["trial"].tolist() == [8, 9]
    assert set(result.errors["method"]) == {"other-trial-eeg"}
    counts = result.table[result.table["metric"] == "si_sdr"].groupby("method").size()
    assert counts.to_dict() == {
        "estimator": 10,
        "mixture": 10,
        "other-trial-eeg": 8,
        "phase-randomised-eeg": 10,
    }
