import hashlib
import json
from dataclasses import fields, replace

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.datasets import load_trials, save_trials


@pytest.fixture
def records():
    rng = np.random.default_rng(0)
    sources = rng.standard_normal((2, 8000)).astype(np.float32)
    one = Trial(
        rng.standard_normal((3, 64)),
        64.0,
        sources.sum(0),
        8000.0,
        instruments=("violin", "flûte"),
        subject="0001",
        stimulus="piece",
        ch_names=("Fz", "Cz", "Pz"),
        guide=rng.standard_normal((2, 60)),
        guide_sfreq=60.0,
        guide_feature="envelope_onset",
        guide_weights=np.array([0.5, 1.5]),
        estimate=rng.standard_normal((2, 8000)).astype(np.float32),
        guide_band=(1.0, None),
    )
    two = Trial(
        (1000 * one.eeg).astype(np.int16), 64.0, one.mixture, 8000.0, stimulus="piece"
    )
    return [one, two], [Reference(sources, 0), Reference(sources, 1)]


@pytest.fixture
def saved(records, tmp_path):
    path = tmp_path / "trials.h5"
    save_trials(path, *records)
    return path


@pytest.mark.parametrize("lazy", [True, False])
def test_round_trip_is_exact(records, saved, lazy):
    trials, references = load_trials(saved, lazy=lazy)
    for made, found in zip(records[0] + records[1], trials + references):
        for field in fields(made):
            if field.name == "source":
                continue
            expected, value = getattr(made, field.name), getattr(found, field.name)
            if isinstance(expected, np.ndarray):
                assert value.dtype == expected.dtype
                assert_array_equal(value, expected)
            else:
                assert value == expected
                assert type(value) is type(expected)
        assert (found.source is not None) == lazy
        assert ("mixture" in vars(found) or "sources" in vars(found)) != lazy


def test_shared_arrays_are_stored_once(saved):
    with h5py.File(saved) as file:
        # Of two trials: EEG of each; mixture, sources, guide, weights and estimate.
        assert len(file["arrays"]) == 7


def test_trials_from_a_file_can_be_saved_into_another(records, saved, tmp_path):
    trials, references = load_trials(saved)
    other = tmp_path / "other.h5"
    save_trials(other, trials, references)
    saved.unlink()
    trials, references = load_trials(other)
    assert_array_equal(trials[1].eeg, records[0][1].eeg)
    assert_array_equal(references[0].sources, records[1][0].sources)


def test_without_references(records, tmp_path):
    save_trials(tmp_path / "a.h5", records[0])
    assert load_trials(tmp_path / "a.h5")[1] is None


def test_nothing_is_overwritten_or_left_half_written(records, saved, tmp_path):
    content = saved.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite=True"):
        save_trials(saved, *records)
    bad = replace(records[0][1], eeg=np.full((3, 64), np.nan))
    with pytest.raises(ValueError, match=r"trials\[1\].*eeg"):
        save_trials(saved, [records[0][0], bad], overwrite=True)
    with pytest.raises(ValueError, match=r"trials\[0\]: guide_feature is a function"):
        save_trials(
            tmp_path / "b.h5", [replace(records[0][0], guide_feature=np.square)]
        )
    assert saved.read_bytes() == content
    save_trials(saved, records[0][:1], overwrite=True)
    assert len(load_trials(saved)[0]) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["trials.h5"]


def test_a_file_that_changed_is_refused(records, saved):
    trials, _ = load_trials(saved)
    save_trials(saved, records[0][:1], overwrite=True)
    with pytest.raises(ValueError, match="has changed since its trials were loaded"):
        _ = trials[1].eeg


def change_index(path, change):
    with h5py.File(path, "r+") as file:
        head = json.loads(file["index"][32:].tobytes())
        change(head)
        content = json.dumps(head).encode()
        content = hashlib.sha256(content).digest() + content
        del file["index"]
        file["index"] = np.frombuffer(content, np.uint8)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda head: head.update(version=2), "version 2 of the format; this release"),
        (lambda head: head.update(format="x"), "not a file of trials"),
        (lambda head: head.update(trials=[]), "lists no trials"),
        (lambda head: head["trials"][1].pop("eeg"), "index of trial 1 lacks"),
        (lambda head: head["trials"][0].update(eeg="../index"), "not found"),
        (lambda head: head["trials"][0].update(eeg="none"), "not found"),
        (lambda head: head["trials"][0].update(eeg_sfreq="fast"), "eeg_sfreq"),
    ],
)
def test_a_damaged_index_is_refused(saved, change, message):
    change_index(saved, change)
    with pytest.raises(ValueError, match=message):
        load_trials(saved)


def test_a_byte_that_changed_is_noticed(records, saved):
    trials, _ = load_trials(saved)
    with h5py.File(saved, "r+") as file:
        name = dict((field, name) for field, name, _ in trials[0].source.arrays)["eeg"]
        file[f"arrays/{name}"][1, 7] += 1e-9
    (trial, _), _ = load_trials(saved)
    with pytest.raises(ValueError, match="the array is damaged"):
        _ = trial.eeg
    with h5py.File(saved, "r+") as file:
        file["index"][100] ^= 1
    with pytest.raises(ValueError, match="its index is damaged"):
        load_trials(saved)


def test_other_files_are_refused(saved, tmp_path):
    with pytest.raises(FileNotFoundError, match="absent"):
        load_trials(tmp_path / "absent.h5")
    text = tmp_path / "text.h5"
    text.write_text("no HDF5")
    with pytest.raises(ValueError, match=r"damaged or incomplete HDF5 file of 0.0 MB"):
        load_trials(text)
    with h5py.File(tmp_path / "foreign.h5", "w") as file:
        file["index"] = np.zeros(3)
    with pytest.raises(ValueError, match="not a file of trials"):
        load_trials(tmp_path / "foreign.h5")
    saved.write_bytes(saved.read_bytes()[:-500])
    with pytest.raises(ValueError, match="damaged or incomplete"):
        load_trials(saved)
