import os
import pickle

import mne
import numpy as np
import pandas as pd
import pytest
import soundfile
from mne.export import export_raw
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import check_trials
from sklearn_cnmf.datasets import trials_from_table

SFREQ, AUDIO = 512.0, 44100
ONSETS = [1.0, 4.5, 8.0]


def tones(seconds=2.5, seed=0):
    rng = np.random.default_rng(seed)
    return 0.1 * rng.standard_normal(round(seconds * AUDIO)).astype(np.float32)


@pytest.fixture
def raw():
    rng = np.random.default_rng(0)
    n_times = round(12 * SFREQ)
    trigger = np.zeros(n_times)
    for number, onset in enumerate(ONSETS):
        first = round(onset * SFREQ)
        trigger[first : first + 5] = 1 + number % 2
    data = np.vstack([1e-5 * rng.standard_normal((4, n_times)), trigger])
    info = mne.create_info(
        ["Fz", "Cz", "Pz", "Oz", "STI"], SFREQ, ["eeg"] * 4 + ["stim"]
    )
    made = mne.io.RawArray(data, info, first_samp=300, verbose="error")
    made.set_annotations(
        mne.Annotations(ONSETS, 0.0, ["music (a)", "music (b)", "music (a)"])
    )
    return made


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "audio").mkdir()
    for name, seed in (("violin", 1), ("flute", 2)):
        write(tmp_path / "audio" / f"{name}.wav", tones(seed=seed))
    mixture = 0.5 * tones(seed=1) + 1.5 * tones(seed=2)
    write(tmp_path / "audio" / "mix.wav", mixture)
    write(
        tmp_path / "audio" / "stereo.wav",
        np.column_stack([0.2 * tones(seed=1) + tones(seed=2), tones(seed=1)]),
    )
    return tmp_path


def write(path, audio, sfreq=AUDIO):
    soundfile.write(path, audio, sfreq, subtype="FLOAT")


def rows(**columns):
    made = {
        "onset": ONSETS,
        "sources": ["audio/violin.wav;audio/flute.wav"] * 3,
        "attended": ["violin", "flute", "violin"],
    }
    made.update(columns)
    return pd.DataFrame({k: v for k, v in made.items() if v is not None})


def test_fifteen_lines_of_a_user(raw, folder):
    raw.save(folder / "s1_raw.fif", verbose="error")
    table = pd.DataFrame(
        {
            "eeg": "s1_raw.fif",
            "onset": ["trigger:1", "trigger:2", "trigger:1"],
            "mixture": "audio/stereo.wav",
            "sources": "audio/violin.wav;audio/flute.wav",
            "attended": ["violin", "flute", "violin"],
            "subject": "01",
        }
    )
    with pytest.raises(ValueError, match=r"row 0: the sum of sources misses.*fit_gain"):
        trials_from_table(table, folder=folder)
    trials, references, report = trials_from_table(table, folder=folder, fit_gains=True)
    check_trials(trials, references)
    assert_allclose(report["gains"][0], [[0.2, 1.0], [1.0, 0.0]], atol=1e-5)
    assert (report["missed_db"] > -10).all()
    assert (report["missed_fitted_db"] < -100).all()
    assert_allclose(report["onset_s"], ONSETS)
    trial = trials[1]
    assert trial.instruments == ("violin", "flute")
    assert trial.stimulus == "stereo"
    assert trial.mixture.shape == (2, round(2.5 * AUDIO))
    assert trial.eeg.shape == (4, round(2.5 * SFREQ))
    first = round(4.5 * SFREQ)
    assert_allclose(trial.eeg, raw.get_data("eeg")[:, first : first + 1280], rtol=1e-6)
    assert references[0].sources.shape == (2, *trial.mixture.shape)
    for record in (*trials, *references):
        assert len(pickle.dumps(record)) < 3000


@pytest.mark.parametrize("kind", ["fif", "edf", "vhdr", "set"])
def test_any_file_that_mne_reads(raw, folder, kind):
    path = folder / f"s1_raw.{kind}"
    raw = raw.copy().pick("eeg")
    if kind == "fif":
        raw.save(path, verbose="error")
    else:
        export_raw(path, raw, verbose="error")
    # MNE says of annotations in BrainVision files what kind they are.
    of_kind = "Comment/" if kind == "vhdr" else ""
    named = [f"{of_kind}music ({letter})" for letter in "aba"]
    named = rows(onset=named, eeg=path.name)
    trials, references, report = trials_from_table(named, folder=folder)
    check_trials(trials, references)
    assert_allclose(report["onset_s"], ONSETS, atol=1 / SFREQ)
    for trial, onset in zip(trials, report["onset_s"]):
        first = round(onset * SFREQ)
        expected = raw.get_data()[:, first : first + 1280]
        assert_allclose(trial.eeg, expected, atol=2e-9)
        assert trial.ch_names == ("Fz", "Cz", "Pz", "Oz")


def test_the_sum_of_sources_is_the_mixture(raw, folder):
    trials, references, report = trials_from_table(rows(), eeg=raw, folder=folder)
    check_trials(trials, references)
    assert_allclose(trials[0].mixture, tones(seed=1) + tones(seed=2), atol=1e-7)
    assert trials[0].stimulus == "violin;flute"
    assert "eeg" in vars(trials[0])
    assert "mixture" not in vars(trials[0])
    first = round(SFREQ)
    assert_array_equal(trials[0].eeg, raw.get_data("eeg")[:, first : first + 1280])
    assert (report["missed_db"] < -140).all()


def test_rates_channels_and_memory(raw, folder):
    write(folder / "audio" / "flute.wav", tones(seed=2)[::2], AUDIO // 2)
    trials, references, report = trials_from_table(
        rows(mixture="audio/stereo.wav", sources=None, instruments="violin;flute"),
        eeg=raw,
        folder=folder,
        audio_sfreq=22050,
        channel_mode="mono",
        lazy=False,
    )
    assert references is None
    check_trials(trials)
    assert trials[0].instruments == ("violin", "flute")
    assert trials[0].mixture.shape == (55125,)
    assert set(report["audio_sfreq"]) == {22050.0}
    assert trials[0].source is None
    trials, references, _ = trials_from_table(rows(), eeg=raw, folder=folder)
    check_trials(trials, references)
    assert trials[0].audio_sfreq == AUDIO


def test_durations_and_recordings_that_end(raw, folder):
    given = rows(duration=[2.0, np.nan, 1.0], onset=[1.0, 4.5, 11.5])
    with pytest.warns(UserWarning, match=r"the EEG ends before .*: row 2 0\.50 s"):
        trials, references, report = trials_from_table(given, eeg=raw, folder=folder)
    check_trials(trials, references)
    assert report["duration_s"].tolist() == [2.0, 2.5, 0.5]
    assert [trial.eeg.shape[1] for trial in trials] == [1024, 1280, 256]


def test_epochs_stand_for_rows(raw, folder):
    events = mne.find_events(raw, verbose="error")
    epochs = mne.Epochs(
        raw,
        events,
        tmin=-0.2,
        tmax=2.6,
        baseline=None,
        picks="eeg",
        preload=True,
        verbose="error",
    )
    epochs.drop([1], verbose="error")
    table = rows(onset=None, note=["x", "y", "z"])
    trials, references, report = trials_from_table(table, eeg=epochs, folder=folder)
    check_trials(trials, references)
    assert report["note"].tolist() == ["x", "z"]
    assert [reference.attended for reference in references] == [0, 0]
    first = round(8 * SFREQ)
    assert_array_equal(trials[1].eeg, raw.get_data("eeg")[:, first : first + 1280])
    same, _, _ = trials_from_table(table.iloc[[0, 2]], eeg=epochs, folder=folder)
    assert_array_equal(same[1].eeg, trials[1].eeg)
    table["duration"] = [1.0, 1.0, -1.0]
    with pytest.raises(ValueError, match="row 2: duration"):
        trials_from_table(table, eeg=epochs, folder=folder)
    del table["duration"]
    with pytest.raises(ValueError, match="1 rows for 2 epochs of 3 events"):
        trials_from_table(table.iloc[:1], eeg=epochs, folder=folder)
    late = epochs.copy().crop(0.5, None)
    with pytest.raises(ValueError, match=r"epochs start at 0\.5 s"):
        trials_from_table(table, eeg=late, folder=folder)


def test_a_table_in_a_file(raw, folder):
    raw.save(folder / "s1_raw.fif", verbose="error")
    rows(eeg="s1_raw.fif", subject="0007").to_csv(folder / "trials.csv", index=False)
    rows(eeg="s1_raw.fif").to_csv(folder / "trials.tsv", index=False, sep="\t")
    trials, _, _ = trials_from_table(folder / "trials.csv")
    assert [trial.subject for trial in trials] == ["0007"] * 3
    same, _, _ = trials_from_table(folder / "trials.tsv")
    assert_array_equal(same[0].eeg, trials[0].eeg)


def test_channels_that_all_recordings_have(raw, folder):
    raw.save(folder / "s1_raw.fif", verbose="error")
    other = raw.copy()
    other.info["bads"] = ["Cz"]
    other.save(folder / "s2_raw.fif", verbose="error")
    table = rows(eeg=["s1_raw.fif", "s2_raw.fif", "s2_raw.fif"])
    with pytest.warns(UserWarning, match="Cz are left out"):
        trials, _, _ = trials_from_table(table, folder=folder)
    assert {trial.ch_names for trial in trials} == {("Fz", "Pz", "Oz")}
    trials, _, _ = trials_from_table(table, folder=folder, ch_names=["Oz", "Cz"])
    assert_allclose(trials[0].eeg[1], raw.get_data("Cz")[0, 512 : 512 + 1280])
    with pytest.raises(ValueError, match="lacks 1 of 1 wanted channels: T7"):
        trials_from_table(table, folder=folder, ch_names=["T7"])


def test_a_file_that_changes_is_refused(raw, folder):
    trials, _, _ = trials_from_table(rows(), eeg=raw, folder=folder)
    write(folder / "audio" / "flute.wav", tones(3.0, seed=2))
    with pytest.raises(ValueError, match=r"flute\.wav: has changed"):
        _ = trials[0].mixture


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"onset": None}, "lacks the column 'onset'; there are sources, attended"),
        ({"sources": None, "attended": None}, "lacks the columns 'mixture' and 'sour"),
        (
            {"sources": ["audio/violin.wav", "", None]},
            "row 1: mixture and sources",
        ),
        ({"onset": [1.0, np.nan, 2.0]}, "row 1: onset is empty"),
        ({"onset": [1.0, 99.0, 2.0]}, "row 1: onset: 99 s is not within"),
        ({"onset": [1.0, [2], 2.0]}, "row 1: onset: expected seconds"),
        (
            {"onset": [1.0, "music (c)", 2.0]},
            r"row 1: onset: 'music \(c\)' occurs 0 times.*annotations 'music \(a\)'",
        ),
        (
            {"onset": [1.0, "music (a)", 2.0]},
            r"'music \(a\)' occurs 2 times in the recording, but 1 trials name it",
        ),
        ({"onset": [1.0, "trigger:9", 2.0]}, "occurs 0 times.*the triggers 1, 2"),
        ({"onset": [1.0, "trigger:x", 2.0]}, "expected a number after 'trigger:'"),
        (
            {"attended": ["violin", "oboe", "flute"]},
            "row 1: attended: 'oboe' is not",
        ),
        ({"instruments": "violin"}, "row 0: 1 instruments for 2 sources"),
        ({"instruments": "violin;violin"}, "row 0: instruments: expected different"),
        ({"duration": [1.0, -1.0, 1.0]}, "row 1: duration"),
        ({"duration": [1.0, 5.0, 1.0]}, r"row 1: duration: 5 s, but .* lasts 2\.500 s"),
        (
            {"mixture": "audio/mix.wav"},
            "row 0: the sum of sources misses the",
        ),
        ({"mixture": "audio/short.wav"}, r"short\.wav is 0\.500 s shorter"),
        ({"mixture": "audio/other.wav"}, "no gains make up for that"),
        ({"mixture": "audio/text.wav"}, r"text\.wav: can't be read as audio"),
    ],
)
def test_bad_rows_are_named(raw, folder, columns, message):
    write(folder / "audio" / "short.wav", tones(2.0, seed=1))
    write(folder / "audio" / "other.wav", tones(seed=5))
    (folder / "audio" / "text.wav").write_text("no audio")
    fit = columns.get("mixture") == "audio/other.wav"
    with pytest.raises(ValueError, match=message):
        trials_from_table(rows(**columns), eeg=raw, folder=folder, fit_gains=fit)


def test_files_that_are_not_there(raw, folder):
    with pytest.raises(FileNotFoundError, match="row 0: sources: no such file"):
        trials_from_table(rows(sources="audio/oboe.wav"), eeg=raw, folder=folder)
    raw.save(folder / "s1_raw.fif", verbose="error")
    with pytest.raises(FileNotFoundError, match="row 1: eeg: no such file"):
        trials_from_table(rows(eeg=["s1_raw.fif", "x.fif", "x.fif"]), folder=folder)
    with pytest.raises(FileNotFoundError, match="no such table"):
        trials_from_table(folder / "trials.csv")
    with pytest.raises(ValueError, match="row 0: mixture: no name of a file") as caught:
        trials_from_table(rows(mixture=5000 * "x"), eeg=raw, folder=folder)
    assert len(str(caught.value)) < 300
    (folder / "text_raw.fif").write_text("no EEG")
    with pytest.raises(ValueError, match=r"text_raw\.fif: MNE can't read it as EEG"):
        trials_from_table(rows(eeg="text_raw.fif"), folder=folder)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"eeg": 3}, "eeg: expected a file, mne.io.Raw or mne.Epochs, got int"),
        ({"eeg": None}, "lacks the column 'eeg'"),
        ({"channel_mode": "left"}, "channel_mode: expected"),
        ({"audio_sfreq": -1}, "audio_sfreq"),
        ({"table": pd.DataFrame()}, "table: has no rows"),
    ],
)
def test_bad_arguments(raw, folder, arguments, message):
    arguments = {"table": rows(), "eeg": raw, "folder": folder, **arguments}
    with pytest.raises(ValueError, match=message):
        trials_from_table(**arguments)


def test_nothing_is_written(raw, folder):
    before = {path: os.stat(path).st_mtime_ns for path in folder.rglob("*")}
    table = rows()
    copy, data = table.copy(), raw.get_data().copy()
    trials_from_table(table, eeg=raw, folder=folder)[0][0].mixture.sum()
    pd.testing.assert_frame_equal(table, copy)
    assert_array_equal(raw.get_data(), data)
    assert {path: os.stat(path).st_mtime_ns for path in folder.rglob("*")} == before
