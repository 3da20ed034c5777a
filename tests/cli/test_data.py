from dataclasses import replace

import mne
import numpy as np
import pandas as pd
import pytest
import soundfile

from sklearn_cnmf.cli import main
from sklearn_cnmf.datasets import (
    load_example_stems,
    load_madeeg,
    save_trials,
    simulate_madeeg,
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("data") / "madeeg"
    simulate_madeeg(path, pieces=load_example_stems()[:1], excerpt=1.0, random_state=0)
    return path


def test_data_describes_a_folder_of_madeeg(folder, capsys):
    assert main(["data", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"MAD-EEG: {folder}"
    assert lines[1] == "Trials: 8 of 2 subjects (0001, 0002), 3 stimuli"
    assert lines[2] == "Duration: 4.0 s in the mean (4.0 to 4.0 s), 0.5 min in all"
    assert lines[3] == "EEG: 20 channels at 256 Hz"
    assert lines[4] == "Audio: mono at 22050 Hz"
    assert lines[5] == "  1 source: 4 trials; attended: Cl 2, Vi 2"
    assert lines[6] == "  2 sources: 4 trials; attended: Cl 2, Vi 2"
    assert lines[7] == "Problems: none found"
    assert "mean of 2 trials" in lines[11]


def test_data_names_problems(folder, tmp_path, capsys):
    trials, _, _ = load_madeeg(folder, lazy=False)
    eeg = trials[0].eeg.copy()
    eeg[3] = 1.0
    mixture = np.clip(trials[1].mixture, -0.1, 0.1)
    trials[0] = replace(trials[0], eeg=eeg)
    trials[1] = replace(trials[1], mixture=mixture)
    trials[2] = replace(trials[2], mixture=0 * mixture)
    save_trials(tmp_path / "trials.h5", trials)
    assert main(["data", str(tmp_path / "trials.h5")]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(f"Saved trials: {tmp_path / 'trials.h5'}\n")
    assert "References: none" in printed
    assert "Problems: 3\n  trials[0]" in printed
    assert "constant EEG channels: F2" in printed
    assert "% of the mixture is clipped" in printed
    assert "the mixture is silent" in printed


def test_data_goes_on_where_a_trial_is_unsound(tmp_path, capsys):
    simulate_madeeg(tmp_path, n_subjects=1, pieces=load_example_stems()[:1],
                    excerpt=1.0, random_state=0)  # fmt: skip
    path = tmp_path / "madeeg_preprocessed.yaml"
    path.write_text(path.read_text().replace("- 0.9\n", "- 0.5\n", 1))
    assert main(["data", str(tmp_path)]) == 0
    printed = capsys.readouterr().out
    assert "Problems: 1\n" in printed
    assert "miss the mixture by" in printed
    assert "mean of 1 trials" in printed
    assert main(["data", str(tmp_path), "--quick"]) == 0
    assert "Problems: none found by names and lengths alone" in capsys.readouterr().out


def test_data_reads_a_table(tmp_path, capsys):
    rng = np.random.default_rng(0)
    data = rng.standard_normal((2, 2560))
    raw = mne.io.RawArray(data, mne.create_info(2, 256.0, "eeg"), verbose="error")
    raw.save(tmp_path / "a_raw.fif", verbose="error")
    sources = 0.1 * rng.standard_normal((2, 32000))
    for name, audio in zip(("x", "y", "mix"), (*sources, sources[0] + 2 * sources[1])):
        soundfile.write(tmp_path / f"{name}.wav", audio, 8000, subtype="FLOAT")
    pd.DataFrame(
        {
            "eeg": "a_raw.fif",
            "onset": [0.0, 4.0],
            "mixture": "mix.wav",
            "sources": "x.wav;y.wav",
            "attended": ["x", "y"],
        }
    ).to_csv(tmp_path / "trials.csv", index=False)
    assert main(["data", str(tmp_path / "trials.csv")]) == 2
    assert "fit_gains=True" in capsys.readouterr().err
    assert main(["data", str(tmp_path / "trials.csv"), "--fit-gains"]) == 0
    printed = capsys.readouterr().out
    assert "Trials: 2 of 1 subject (without names), 1 stimulus" in printed
    assert "  2 sources: 2 trials; attended: x 1, y 1" in printed


def test_data_explains_what_it_can_not_read(folder, tmp_path, capsys):
    for words, message in (
        ([str(tmp_path / "absent")], "absent: no such file or folder"),
        ([str(tmp_path)], "Download MAD-EEG from Zenodo"),
        ([str(folder / "madeeg_raw.hdf5")], "not a file of trials"),
        ([str(folder), "--fit-gains"], "--fit-gains: is meant for a table"),
    ):
        assert main(["data", *words]) == 2
        printed = capsys.readouterr()
        assert message in printed.err
        assert printed.err.count("\n") == 1
        assert printed.out == ""
