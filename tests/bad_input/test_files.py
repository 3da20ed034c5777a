# ruff: noqa: E501
"""Data sets and models in files that hold something else, or nothing."""

import os

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from sklearn_cnmf.datasets import (
    load_cnd,
    load_example_stems,
    load_madeeg,
    load_trials,
    make_trials,
    read_audio,
    read_eeg,
    save_trials,
    simulate_eeg,
    simulate_madeeg,
    simulate_trials,
    trials_from_bids,
    trials_from_table,
)
from sklearn_cnmf.model_io import load_model, read_model_info, save_model

EEG, AUDIO = np.ones((3, 64)), np.ones(8000)
UNREADABLE = (ValueError, OSError)
ROW = {"eeg": "e_raw.fif", "onset": 0.0, "mixture": "a.wav", "duration": 2.0}


def table(**changes):
    """Read trials from a table of one row with other or no values."""
    row = {key: value for key, value in {**ROW, **changes}.items() if value is not None}
    return lambda w: trials_from_table(pd.DataFrame([row]), folder=w.folder)


def made(**arguments):
    good = {"eeg": [EEG, EEG], "mixtures": [AUDIO, AUDIO], "audio_sfreq": 4000.0}
    return lambda w: make_trials(**{**good, "eeg_sfreq": 32.0, **arguments})


def simulated(**arguments):
    return lambda w: simulate_trials(
        load_example_stems(ensemble="duo")[:1], **{"n_subjects": 1, **arguments}
    )


SOURCES = np.ones((2, 8000))


def eeg_of(sources=SOURCES, sfreq=4000.0, attended=0, **arguments):
    return lambda w: simulate_eeg(sources, sfreq, attended, **arguments)


ROWS = [
    # Trials in a file.
    ("load none", lambda w: load_trials(w.folder / "none.npz"), FileNotFoundError, "none.npz"),
    ("load a folder", lambda w: load_trials(w.folder), UNREADABLE, "good"),
    ("load an empty file", lambda w: load_trials(w.folder / "nothing"), ValueError, "nothing: damaged or incomplete HDF5 file"),
    ("load text", lambda w: load_trials(w.folder / "text"), ValueError, "text: damaged or incomplete HDF5 file"),
    ("load a model", lambda w: load_trials(w.folder / "decoder.skops"), ValueError, "decoder.skops: damaged or incomplete HDF5 file"),
    ("load None", lambda w: load_trials(None), TypeError, "NoneType"),
    ("save over", lambda w: save_trials(w.folder / "trials.npz", w.trials), FileExistsError, "overwrite=True ... trials.npz"),
    ("save into no folder", lambda w: save_trials(w.folder / "no" / "t.npz", w.trials), OSError, "no"),
    ("save onto a folder", lambda w: save_trials(w.folder, w.trials, overwrite=True), OSError, "good"),
    ("save one trial", lambda w: save_trials(w.folder / "t.npz", w.trials[0]), ValueError, "trials: expected a list of Trial, got Trial"),
    ("save nothing", lambda w: save_trials(w.folder / "t.npz", []), ValueError, "trials: the list is empty"),
    ("save references fewer", lambda w: save_trials(w.folder / "t.npz", w.trials, w.references[1:]), ValueError, "references has 5 entries for 6 trials"),
    ("save overwrite str", lambda w: save_trials(w.folder / "trials.npz", w.trials, overwrite="yes"), ValueError, "overwrite: expected True or False"),
    # Models in files.
    ("model none", lambda w: load_model(w.folder / "none.skops"), FileNotFoundError, "none.skops"),
    ("model folder", lambda w: load_model(w.folder), UNREADABLE, "good"),
    ("model empty", lambda w: load_model(w.folder / "nothing"), ValueError, "nothing: not a model file"),
    ("model of trials", lambda w: load_model(w.folder / "trials.npz"), ValueError, "trials.npz: not a model file"),
    ("model of audio", lambda w: load_model(w.folder / "a.wav"), ValueError, "a.wav: not a model file"),
    ("info of text", lambda w: read_model_info(w.folder / "text"), ValueError, "text: not a model file"),
    ("model number", lambda w: load_model(3), TypeError, "int"),
    ("save no model", lambda w: save_model(w.x, w.folder / "m.skops"), ValueError, "model: expected an estimator, got ndarray"),
    ("save a class", lambda w: save_model(Ridge, w.folder / "m.skops"), ValueError, "model: expected an estimator, got"),
    ("save model and path swapped", lambda w: save_model(w.folder / "m.skops", w.decoder), ValueError, "model: expected an estimator, got PosixPath"),
    ("save description", lambda w: save_model(w.decoder, w.folder / "m.skops", description=3), ValueError, "description: expected a str, got"),
    ("save model into no folder", lambda w: save_model(w.decoder, w.folder / "no" / "m.skops"), OSError, "no"),
    ("save model onto a folder", lambda w: save_model(w.decoder, w.folder), OSError, "good"),
    # Audio and EEG.
    ("audio none", lambda w: read_audio(w.folder / "none.wav"), OSError, "none.wav"),
    ("audio folder", lambda w: read_audio(w.folder), UNREADABLE, "good"),
    ("audio empty file", lambda w: read_audio(w.folder / "nothing"), ValueError, "nothing: can't be read as audio"),
    ("audio text", lambda w: read_audio(w.folder / "text"), ValueError, "text: can't be read as audio"),
    ("audio no samples", lambda w: read_audio(w.folder / "empty.wav"), ValueError, "empty.wav: the audio is empty"),
    ("audio number", lambda w: read_audio(3), TypeError, "int"),
    ("eeg none", lambda w: read_eeg(w.folder / "none.fif", ["Fz"], 0.0, 1.0), UNREADABLE, "none.fif"),
    ("eeg of audio", lambda w: read_eeg(w.folder / "a.wav", ["Fz"], 0.0, 1.0), ValueError, "a.wav: MNE can't read it as EEG"),
    ("eeg text", lambda w: read_eeg(w.folder / "text", ["Fz"], 0.0, 1.0), ValueError, "text: MNE can't read it as EEG"),
    # Arrays.
    ("make eeg fewer", made(eeg=[EEG]), ValueError, "mixtures: 2 entries for 1 trials of eeg"),
    ("make eeg rate", made(eeg_sfreq=None), ValueError, "eeg_sfreq: "),
    ("make eeg rate str", made(eeg_sfreq="32"), ValueError, "eeg_sfreq: expected"),
    ("make audio rate zero", made(audio_sfreq=0), ValueError, "audio_sfreq: expected"),
    ("make eeg one array", made(eeg=EEG), ValueError, "eeg: "),
    ("make mixtures None", made(mixtures=None), ValueError, "mixtures: expected"),
    ("make mixtures one", made(mixtures=AUDIO), ValueError, "mixtures"),
    ("make mixtures none", made(eeg=[], mixtures=[]), ValueError, "the list is empty"),
    ("make mixture NaN", made(mixtures=[AUDIO, AUDIO * np.nan]), ValueError, "trials[1]: mixture: found 8000 NaN"),
    ("make mixture short", made(mixtures=[AUDIO, AUDIO[:4000]]), ValueError, "trials[1]"),
    ("make eeg channels", made(eeg=[EEG, EEG[:2]]), ValueError, "trials[1]: eeg has 2 channels, but trials[0] has 3"),
    ("make ch_names fewer", made(ch_names=["Fz"]), ValueError, "ch_names has 1 names for 3 channels"),
    ("make instruments fewer", made(instruments=[["a", "b"]]), ValueError, "instruments: "),
    ("make instruments str", made(instruments="flute"), ValueError, "instruments: "),
    ("make stimuli fewer", made(stimuli=["a"]), ValueError, "stimuli: "),
    ("make stimuli int", made(stimuli=[1, 2]), ValueError, "expected a str, got 1"),
    ("make stimuli str", made(stimuli="ab"), ValueError, "stimuli: "),
    ("make subject int", made(subject=1), ValueError, "subject: expected a str, got 1"),
    # Tables.
    ("table none", lambda w: trials_from_table(w.folder / "none.csv"), OSError, "no such table: ... none.csv"),
    ("table folder", lambda w: trials_from_table(w.folder), UNREADABLE, "good"),
    ("table empty", lambda w: trials_from_table(w.folder / "nothing"), ValueError, "nothing"),
    ("table audio", lambda w: trials_from_table(w.folder / "a.wav"), ValueError, "a.wav"),
    ("table text", lambda w: trials_from_table(w.folder / "text"), ValueError, "table: has no rows"),
    ("table list", lambda w: trials_from_table([ROW]), ValueError, "table: expected"),
    ("table of no rows", lambda w: trials_from_table(pd.DataFrame(columns=list(ROW))), ValueError, "table: "),
    ("table no mixture", table(mixture=None), ValueError, "'mixture'"),
    ("table no onset", table(onset=None), ValueError, "'onset'"),
    ("table no eeg", table(eeg=None), ValueError, "eeg"),
    ("table onset NaN", table(onset=np.nan), ValueError, "row 0: onset"),
    ("table onset str", table(onset="soon"), ValueError, "row 0"),
    ("table onset long", table(onset="[" * 5000), ValueError, "row 0: onset"),
    ("table instruments long", table(instruments="x" * 5000 + ";x;x"), ValueError, "row 0: instruments"),
    ("table attended long", table(instruments="a;b", attended="x" * 5000), ValueError, "row 0: attended"),
    ("table columns long", table(onset=None, **{"x" * 5000: 1}), ValueError, "'onset'"),
    ("table mixture missing", table(mixture="none.wav"), UNREADABLE, "row 0: mixture: no such file"),
    ("table mixture text", table(mixture="text"), ValueError, "text: can't be read as audio"),
    ("table mixture empty", table(mixture="empty.wav"), ValueError, "empty.wav: the audio is empty"),
    ("table mixture NaN", table(mixture=np.nan), ValueError, "row 0: mixture"),
    ("table eeg empty", table(eeg="nothing"), ValueError, "nothing: MNE can't read it as EEG"),
    ("table audio_sfreq", lambda w: trials_from_table(pd.DataFrame([ROW]), folder=w.folder, audio_sfreq=0), ValueError, "audio_sfreq: expected"),
    ("table channel_mode", lambda w: trials_from_table(pd.DataFrame([ROW]), folder=w.folder, channel_mode="left"), ValueError, "channel_mode: expected 'keep' or 'mono'"),
    ("table fit_gains", lambda w: trials_from_table(pd.DataFrame([ROW]), folder=w.folder, fit_gains="yes"), ValueError, "fit_gains: expected True or False"),
    ("table lazy", lambda w: trials_from_table(pd.DataFrame([ROW]), folder=w.folder, lazy=None), ValueError, "lazy: expected True or False"),
    ("table folder missing", lambda w: trials_from_table(pd.DataFrame([ROW]), folder=w.folder / "no"), UNREADABLE, "no"),
    ("table eeg array", lambda w: trials_from_table(pd.DataFrame([ROW]), eeg=EEG, folder=w.folder), ValueError, "eeg: expected"),
    # Folders.
    ("bids none", lambda w: trials_from_bids(w.folder / "none"), UNREADABLE, "none"),
    ("bids file", lambda w: trials_from_bids(w.folder / "text"), UNREADABLE, "text"),
    ("bids of no recordings", lambda w: trials_from_bids(w.folder), ValueError, "good"),
    ("cnd none", lambda w: load_cnd(w.folder / "none"), OSError, "no such folder ... none"),
    ("cnd of no recordings", lambda w: load_cnd(w.folder), OSError, "good"),
    ("cnd tolerance", lambda w: load_cnd(w.folder, tolerance=np.nan), ValueError, "tolerance: expected a finite number >= 0"),
    ("madeeg none", lambda w: load_madeeg(w.folder / "none"), UNREADABLE, "none"),
    ("madeeg of nothing", lambda w: load_madeeg(w.folder), OSError, "good"),
    ("madeeg ensembles str", lambda w: load_madeeg(w.folder, ensembles="duo"), ValueError, "ensembles: expected"),
    ("madeeg ensembles unknown", lambda w: load_madeeg(w.folder, ensembles=["octet"]), ValueError, "ensembles: ... 'octet'"),
    ("madeeg split", lambda w: load_madeeg(w.folder, split="test"), ValueError, "split: expected some of"),
    ("madeeg sfreq", lambda w: load_madeeg(w.folder, sfreq="22050"), ValueError, "sfreq: expected"),
    # Simulation.
    ("stems quartet", lambda w: load_example_stems(ensemble="quartet"), ValueError, "ensemble: expected 'duo', 'trio' or None, got 'quartet'"),
    ("simulate no pieces", lambda w: simulate_trials([]), ValueError, "stems: "),
    ("simulate names", lambda w: simulate_trials(["gallant"]), ValueError, "stems[0]: expected a Piece, got str"),
    ("simulate one piece", lambda w: simulate_trials(load_example_stems()[0]), ValueError, "stems: expected a list of Piece, got Piece"),
    ("simulate subjects", simulated(n_subjects=0), ValueError, "n_subjects: at least 1 is expected, got 0"),
    ("simulate attend", simulated(attend="both"), ValueError, "attend: expected 'each' or 'random', got 'both'"),
    ("simulate repetitions", simulated(attend="random", n_repetitions=1.5), ValueError, "n_repetitions: expected an int, got float"),
    ("simulate snr", simulated(snr_db="loud"), ValueError, "snr_db: expected a number, got str"),
    ("simulate gain", simulated(attention_gain=-1.0), ValueError, "attention_gain: expected"),
    ("simulate state", simulated(random_state="seed"), ValueError, "random_state"),
    ("eeg of 1-D", eeg_of(AUDIO), ValueError, "sources: expected shape (n_sources, n_samples)"),
    ("eeg of NaN", eeg_of(np.full((2, 8000), np.nan)), ValueError, "sources: found 16000 NaN"),
    ("eeg rate", eeg_of(sfreq=0), ValueError, "audio_sfreq: expected"),
    ("eeg attended 2", eeg_of(attended=2), ValueError, "attended: expected"),
    ("eeg attended name", eeg_of(attended="flute"), ValueError, "attended: expected"),
    ("eeg too short", eeg_of(np.ones((2, 10))), ValueError, "sources"),
    ("madeeg into a file", lambda w: simulate_madeeg(w.folder / "text"), OSError, "text"),
    ("madeeg into a full folder", lambda w: simulate_madeeg(w.folder), OSError, "not empty ... good"),
    ("madeeg excerpt", lambda w: simulate_madeeg(w.folder / "new", excerpt=-1.0), ValueError, "excerpt: expected"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse, w):
    before = sorted(os.listdir(w.folder))
    refuse(row)
    assert sorted(os.listdir(w.folder)) == before
