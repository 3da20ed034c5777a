# ruff: noqa: E501
"""Trials and references that nothing sound can be computed from."""

import mne
import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from sklearn_cnmf import Trial, check_trials

EEG, AUDIO = np.ones((3, 64)), np.ones(8000)


def trial(**fields):
    return Trial(EEG, 32.0, AUDIO, 4000.0, **fields)


def check(field, change, index=3):
    """Check trials of which one has another field."""
    return lambda w: check_trials(w.but(w.trials, index, **{field: change}))


def check_truth(field, change, index=3):
    """Check references of which one has another field."""
    return lambda w: check_trials(
        w.trials, w.but(w.references, index, **{field: change})
    )


def with_one(value):
    def change(array):
        array = array.copy()
        array[..., 5] = value
        return array

    return change


def raw(n_times=320, kind="eeg"):
    info = mne.create_info(["Fz", "Cz"], 32.0, kind)
    return mne.io.RawArray(np.zeros((2, n_times)), info, verbose="error")


ROWS = [
    # A trial.
    ("rate str", lambda w: Trial(EEG, "32", AUDIO, 4000.0), ValueError, "eeg_sfreq: expected a rate in Hz, got '32'"),
    ("audio rate complex", lambda w: Trial(EEG, 32.0, AUDIO, 4000j), ValueError, "audio_sfreq: expected a rate in Hz, got 4000j"),
    ("audio rate array", lambda w: Trial(EEG, 32.0, AUDIO, np.array([4000.0])), ValueError, "audio_sfreq: expected a rate"),
    ("eeg and mixture swapped", lambda w: Trial(AUDIO, 4000.0, EEG, 32.0) and check_trials([Trial(AUDIO, 4000.0, EEG, 32.0)]), ValueError, "trials[0]: eeg: expected 2-D, got shape (8000,)"),
    ("subject int", lambda w: trial(subject=1), ValueError, "subject: expected a str, got 1"),
    ("stimulus None", lambda w: trial(stimulus=None), ValueError, "stimulus: expected a str, got None"),
    ("instruments str", lambda w: trial(instruments="flute"), ValueError, "instruments: expected a list or tuple of str ... 'flute'"),
    ("instruments set", lambda w: trial(instruments={"flute", "horn"}), ValueError, "instruments: expected a list or tuple"),
    ("instruments generator", lambda w: trial(instruments=(n for n in "ab")), ValueError, "instruments: expected a list or tuple ... generator"),
    ("instruments int", lambda w: trial(instruments=(0, 1)), ValueError, "instruments: expected ... (0, 1)"),
    ("instruments twice", lambda w: trial(instruments=("flute", "flute")), ValueError, "instruments: ['flute'] occur more than once"),
    ("instruments none", lambda w: trial(instruments=()), ValueError, "instruments: expected at least one name"),
    ("ch_names twice", lambda w: trial(ch_names=["Fz", "Cz", "Fz"]), ValueError, "ch_names: ['Fz'] occur more than once"),
    ("ch_names None in it", lambda w: trial(ch_names=["Fz", None, "Cz"]), ValueError, "ch_names: expected"),
    # Trials.
    ("one trial", lambda w: check_trials(w.trials[0]), ValueError, "trials: expected a list of Trial, got Trial"),
    ("trials generator", lambda w: check_trials(t for t in w.trials), ValueError, "trials: expected a list of Trial, got generator"),
    ("trials dict", lambda w: check_trials(dict(enumerate(w.trials))), ValueError, "trials: expected a list of Trial, got dict"),
    ("trials data frame", lambda w: check_trials(pd.DataFrame({"eeg": [1]})), ValueError, "trials: expected a list of Trial, got DataFrame"),
    ("trials object array", lambda w: check_trials(np.array(w.trials, dtype=object)), ValueError, "trials: expected a list of Trial, got ndarray"),
    ("trials None", lambda w: check_trials(None), ValueError, "trials: expected a list of Trial, got NoneType"),
    ("trials nested", lambda w: check_trials([w.trials]), ValueError, "trials[0]: expected Trial, got list"),
    ("trials and references in pairs", lambda w: check_trials(list(zip(w.trials, w.references))), ValueError, "trials[0]: expected Trial, got tuple"),
    ("a reference among trials", lambda w: check_trials([*w.trials, w.references[0]]), ValueError, "trials[6]: expected Trial, got Reference"),
    ("swapped", lambda w: check_trials(w.references, w.trials), ValueError, "trials[0]: expected Trial, got Reference"),
    ("eeg NaN", check("eeg", with_one(np.nan)), ValueError, "trials[3] (subject 'b', stimulus 'piece 1'): eeg: found 3 NaN ... (0, 5)"),
    ("eeg inf", check("eeg", with_one(-np.inf)), ValueError, "trials[3] ... eeg: found 3 NaN or infinite"),
    ("eeg transposed", check("eeg", np.transpose), ValueError, "trials[3] ... eeg lasts"),
    ("eeg one channel less", check("eeg", lambda e: e[1:]), ValueError, "trials[3] ... 3 names for 2 channels"),
    ("eeg list", check("eeg", lambda e: e.tolist()), ValueError, "trials[3] ... eeg: expected an ndarray, got list"),
    ("eeg data frame", check("eeg", pd.DataFrame), ValueError, "trials[3] ... eeg: expected an ndarray, got DataFrame"),
    ("eeg sparse", check("eeg", scipy.sparse.csr_matrix), ValueError, "trials[3] ... eeg: expected an ndarray, got csr_matrix"),
    ("eeg masked", check("eeg", lambda e: np.ma.masked_less(e, 0)), ValueError, "trials[3] ... eeg: got a masked array"),
    ("eeg complex", check("eeg", lambda e: e * 1j), ValueError, "trials[3] ... eeg: expected real numbers, got dtype complex128"),
    ("eeg bool", check("eeg", lambda e: e > 0), ValueError, "trials[3] ... eeg: expected real numbers, got dtype bool"),
    ("eeg str", check("eeg", lambda e: e.astype(str)), ValueError, "trials[3] ... eeg: expected real numbers, got dtype <U"),
    ("eeg object", check("eeg", lambda e: e.astype(object)), ValueError, "trials[3] ... eeg: expected real numbers, got dtype object"),
    ("eeg dates", check("eeg", lambda e: e.astype("datetime64[s]")), ValueError, "trials[3] ... eeg: expected real numbers, got dtype datetime64"),
    ("eeg epochs", check("eeg", lambda e: e[None]), ValueError, "trials[3] ... eeg: expected 2-D, got shape (1, 3, 64)"),
    ("eeg empty", check("eeg", lambda e: e[:, :0]), ValueError, "trials[3] ... eeg: the array is empty"),
    ("eeg None", check("eeg", lambda e: None), ValueError, "trials[3] ... eeg: expected an ndarray, got NoneType"),
    ("eeg raw", check("eeg", lambda e: raw()), ValueError, "trials[3] ... eeg: expected an ndarray, got RawArray"),
    ("rate zero", check("eeg_sfreq", 0.0), ValueError, "trials[3] ... eeg_sfreq: expected a positive rate in Hz, got 0"),
    ("rate negative", check("audio_sfreq", -4000.0), ValueError, "trials[3] ... audio_sfreq: expected a positive rate"),
    ("rate NaN", check("audio_sfreq", np.nan), ValueError, "trials[3] ... audio_sfreq: expected a positive rate in Hz, got nan"),
    ("rate in kHz", check("audio_sfreq", 4.0), ValueError, "trials[3] ... eeg lasts ... at 32 Hz) but mixture lasts ... at 4 Hz"),
    ("mixture NaN", check("mixture", with_one(np.nan)), ValueError, "trials[3] ... mixture: found 1 NaN"),
    ("mixture as soundfile reads it", check("mixture", lambda m: m[:, None]), ValueError, "trials[3] ... mixture has shape (8000, 1) ... pass audio.T"),
    ("mixture a path", check("mixture", "a.wav"), ValueError, "trials[3] ... mixture: expected an ndarray, got str"),
    ("mixture shorter", check("mixture", lambda m: m[:-200]), ValueError, "trials[3] ... eeg lasts 2.0 ... but mixture lasts 1.95"),
    ("ch_names permuted", check("ch_names", ("Cz", "Fz", "Pz")), ValueError, "trials[3] ... ch_names[0] is 'Cz', but in trials[0] it is 'Fz'"),
    ("guide NaN", lambda w: check_trials(w.but(w.guided, 2, guide=with_one(np.nan))), ValueError, "trials[2] ... guide: found 1 NaN"),
    ("guide list", lambda w: check_trials(w.but(w.guided, 2, guide=[1.0, 2.0])), ValueError, "trials[2] ... guide: expected an ndarray, got list"),
    ("guide transposed", lambda w: check_trials(w.but(w.guided, 2, guide=np.transpose)), ValueError, "trials[2] ... guide lasts"),
    ("guide half as long", lambda w: check_trials(w.but(w.guided, 2, guide=lambda g: g[:, ::2])), ValueError, "trials[2] ... guide lasts 1.0 ... but mixture lasts 2.0"),
    ("guide without rate", lambda w: check_trials(w.but(w.guided, 2, guide_sfreq=None)), ValueError, "trials[2] ... guide_sfreq: expected a positive rate in Hz, got None"),
    ("guide weights too many", lambda w: check_trials(w.but(w.guided, 2, guide_weights=np.ones(2))), ValueError, "trials[2] ... guide_weights has 2 entries for 1 rows"),
    ("guide weights NaN", lambda w: check_trials(w.but(w.guided, 2, guide_weights=np.array([np.nan]))), ValueError, "trials[2] ... guide_weights: found 1 NaN"),
    ("guide weights list", lambda w: check_trials(w.but(w.guided, 2, guide_weights=[1.0])), ValueError, "trials[2] ... guide_weights: expected an ndarray, got list"),
    ("guide band number", lambda w: check_trials(w.but(w.guided, 2, guide_band=8.0)), ValueError, "trials[2] ... guide_band: expected a pair"),
    ("guide band str", lambda w: check_trials(w.but(w.guided, 2, guide_band=("1", "8"))), ValueError, "trials[2] ... guide_band: expected a finite number"),
    ("guide band turned", lambda w: check_trials(w.but(w.guided, 2, guide_band=(8.0, 1.0))), ValueError, "trials[2] ... guide_band"),
    ("guide feature unknown", lambda w: check_trials(w.but(w.guided, 2, guide_feature="chroma")), ValueError, "trials[2] ... guide_feature: expected one of"),
    ("guide feature number", lambda w: check_trials(w.but(w.guided, 2, guide_feature=3)), ValueError, "trials[2] ... guide_feature: expected one of"),
    ("guide wanted", lambda w: check_trials(w.trials, require_guide=True), ValueError, "trials[0] ... guide is None; decode it"),
    ("instruments wanted", lambda w: check_trials(w.but(w.trials, 4, instruments=None), require_instruments=True), ValueError, "trials[4] ... instruments is None"),
    # References.
    ("references fewer", lambda w: check_trials(w.trials, w.references[1:]), ValueError, "references has 5 entries for 6 trials"),
    ("references one", lambda w: check_trials(w.trials[:1], w.references[0]), ValueError, "references: expected a list of Reference, got Reference"),
    ("references bare arrays", lambda w: check_trials(w.trials, [r.sources for r in w.references]), ValueError, "references[0]: expected Reference, got ndarray"),
    ("references turned round", lambda w: check_trials(w.trials, w.references[::-1]), ValueError, "references[0] (subject 'a', stimulus 'piece 0') ... sum of sources misses"),
    ("sources NaN", check_truth("sources", with_one(np.nan)), ValueError, "references[3] (subject 'b', stimulus 'piece 1'): sources: found 2 NaN"),
    ("sources transposed", check_truth("sources", np.transpose), ValueError, "references[3] ... each of sources has shape (2,), but the mixture ... (8000,)"),
    ("sources one short", check_truth("sources", lambda s: s[:, :-1]), ValueError, "references[3] ... shape (7999,)"),
    ("sources list", check_truth("sources", list), ValueError, "references[3] ... sources: expected an ndarray, got list"),
    ("sources louder", check_truth("sources", lambda s: 2 * s), ValueError, "references[3] ... misses the mixture by 0.0 dB"),
    ("sources more", check_truth("sources", lambda s: np.vstack([s, 0 * s[:1]])), ValueError, "references[3] ... sources has 3 rows for 2 instruments"),
    ("attended name", check_truth("attended", "flute"), ValueError, "references[3] ... attended is 'flute'; an index from 0 to 1"),
    ("attended float", check_truth("attended", 1.0), ValueError, "references[3] ... attended is 1.0"),
    ("attended bool", check_truth("attended", np.True_), ValueError, "references[3] ... attended is"),
    ("attended from one", check_truth("attended", 2), ValueError, "references[3] ... attended is 2"),
    ("attended None", check_truth("attended", None), ValueError, "references[3] ... attended is None"),
    # A trial from a recording.
    ("raw array", lambda w: Trial.from_raw(EEG, AUDIO, 4000.0), ValueError, "raw: expected mne.io.Raw, got ndarray"),
    ("raw without eeg", lambda w: Trial.from_raw(raw(kind="misc"), AUDIO, 4000.0), ValueError, "raw: found no EEG channel"),
    ("raw too short", lambda w: Trial.from_raw(raw(32), AUDIO, 4000.0), ValueError, "raw: lasts 1.000 s"),
    ("onset negative", lambda w: Trial.from_raw(raw(), AUDIO, 4000.0, onset=-1.0), ValueError, "onset"),
    ("onset NaN", lambda w: Trial.from_raw(raw(), AUDIO, 4000.0, onset=np.nan), ValueError, "onset"),
    ("onset None", lambda w: Trial.from_raw(raw(), AUDIO, 4000.0, onset=None), ValueError, "onset"),
    ("onset unknown", lambda w: Trial.from_raw(raw(), AUDIO, 4000.0, onset="start"), ValueError, "start"),
    ("onset trigger without number", lambda w: Trial.from_raw(raw(), AUDIO, 4000.0, onset="trigger:x"), ValueError, "onset: expected a number after 'trigger:', got 'x'"),
    ("mixture number", lambda w: Trial.from_raw(raw(), 3.0, 4000.0), ValueError, "mixture: expected"),
    ("mixture file", lambda w: Trial.from_raw(raw(), "a.wav", 4000.0), ValueError, "mixture: expected"),
    ("mixture transposed", lambda w: Trial.from_raw(raw(), np.ones((8000, 2)), 4000.0), ValueError, "mixture has shape (8000, 2) ... pass audio.T"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse):
    refuse(row)
