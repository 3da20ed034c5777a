import sys

import mne
import numpy as np
import pandas as pd
import pytest
import soundfile
from numpy.testing import assert_allclose

from sklearn_cnmf import check_trials
from sklearn_cnmf.datasets import trials_from_bids

mne_bids = pytest.importorskip("mne_bids", reason="mne-bids is not installed")
SFREQ, AUDIO = 250.0, 8000
TRIALS = (("music", 1.0, "duo.wav"), ("rest", 3.0, None), ("music", 5.0, "duo.wav"))


def tone(seed):
    return 0.1 * np.random.default_rng(seed).standard_normal(2 * AUDIO)


@pytest.fixture
def root(tmp_path):
    stimuli = tmp_path / "stimuli"
    stimuli.mkdir()
    sources = {"violin": tone(1), "flute": tone(2)}
    for name, audio in {**sources, "duo": sum(sources.values())}.items():
        soundfile.write(stimuli / f"{name}.wav", audio, AUDIO, subtype="FLOAT")
    for number, subject in enumerate(("01", "02")):
        rng = np.random.default_rng(number)
        info = mne.create_info(["Fz", "Cz", "Pz", "EOG1"], SFREQ, ["eeg"] * 3 + ["eog"])
        raw = mne.io.RawArray(
            1e-5 * rng.standard_normal((4, 2000)), info, verbose="error"
        )
        raw.info["bads"] = ["Pz"] if subject == "02" else []
        raw.info["line_freq"] = 50
        path = mne_bids.BIDSPath(
            subject=subject, task="listen", datatype="eeg", root=tmp_path
        )
        mne_bids.write_raw_bids(
            raw, path, format="BrainVision", allow_preload=True, verbose="error"
        )
        events = pd.DataFrame(TRIALS, columns=["trial_type", "onset", "stim_file"])
        events["duration"] = [0.0, 1.0, 1.5]
        events["attended"] = ["flute", None, "violin"]
        file = path.copy().update(suffix="events", extension=".tsv").fpath
        events.to_csv(file, sep="\t", index=False, na_rep="n/a")
    return tmp_path


def described(event):
    return {"sources": "violin.wav;flute.wav", "stimulus": f"of {event['subject']}"}


def test_events_with_a_stimulus_are_trials(root):
    trials, references, report = trials_from_bids(root, describe=described)
    check_trials(trials, references)
    assert [trial.subject for trial in trials] == ["01", "01", "02", "02"]
    assert [trial.stimulus for trial in trials] == ["of 01"] * 2 + ["of 02"] * 2
    assert {trial.ch_names for trial in trials} == {("Fz", "Cz")}
    assert report["duration_s"].tolist() == [2.0, 1.5] * 2
    assert [reference.attended for reference in references] == [1, 0, 1, 0]
    data = 1e-5 * np.random.default_rng(1).standard_normal((4, 2000))
    assert_allclose(trials[3].eeg, data[:2, 1250:1625], atol=1e-9)
    only, _, _ = trials_from_bids(root, subjects=["02"], audio_sfreq=4000)
    assert len(only) == 2
    assert only[0].mixture.shape == (8000,)
    assert only[0].stimulus == "duo"


def test_without_sources_there_are_no_references(root):
    trials, references, _ = trials_from_bids(
        root,
        trial_types=["music"],
        tasks="listen",
        describe=lambda event: {"attended": None},
    )
    assert len(trials) == 4
    assert references is None


def test_what_is_missing_is_named(root, monkeypatch):
    with pytest.raises(ValueError, match=r"no EEG of subjects=\['03'\].*'01', '02'"):
        trials_from_bids(root, subjects=["03"])
    with pytest.raises(ValueError, match=r"no event of 2 recordings .*\['speech'\]"):
        trials_from_bids(root, trial_types=["speech"])
    with pytest.raises(FileNotFoundError, match="no such folder"):
        trials_from_bids(root / "absent")
    (root / "stimuli" / "duo.wav").unlink()
    with pytest.raises(FileNotFoundError, match="row 0: mixture: no such file"):
        trials_from_bids(root)
    file = next(root.rglob("sub-01*_events.tsv"))
    file.write_text("onset\tduration\n1\t2\n")
    with pytest.raises(ValueError, match="lacks the column 'stim_file'"):
        trials_from_bids(root)
    file.unlink()
    with pytest.raises(FileNotFoundError, match="no events beside the recording"):
        trials_from_bids(root)
    monkeypatch.setitem(sys.modules, "mne_bids", None)
    with pytest.raises(ImportError, match=r"pip install 'mne-bids>="):
        trials_from_bids(root)
