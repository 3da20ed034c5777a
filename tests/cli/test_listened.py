import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.cli import _evaluated_data, main
from sklearn_cnmf.cli._held_out import folder_name
from sklearn_cnmf.cli._separated_folder import _COLUMNS, MEANINGS
from sklearn_cnmf.datasets import Piece, load_trials, save_trials, simulate_trials
from sklearn_cnmf.metrics import si_sdr

SFREQ = 4000.0


@pytest.fixture(scope="module")
def pieces():
    """Three duos of tones."""
    rng = np.random.default_rng(0)
    times = np.arange(int(4 * SFREQ)) / SFREQ
    pieces = []
    for number in range(3):
        levels = np.repeat(rng.uniform(0.05, 1, (2, 16)), len(times) // 16, axis=1)
        tones = [np.sin(2 * np.pi * pitch * times) for pitch in (200.0, 1100.0)]
        stems = (levels * tones).astype(np.float32)
        names = ("low", "high")
        pieces.append(Piece(f"p{number}", "duo", "pop", False, names, stems, SFREQ))
    return pieces


@pytest.fixture(scope="module")
def saved(pieces, tmp_path_factory):
    """A file of one listener, six trials."""
    path = tmp_path_factory.mktemp("saved") / "trials.h5"
    trials, references = simulate_trials(
        pieces, n_subjects=1, n_repetitions=1, snr_db=0.0, random_state=0
    )
    save_trials(path, trials, references)
    return path


def evaluate(saved, out, *options):
    command = ["evaluate", "--data", f"trials:{saved}", "--folds", "3", "--out"]
    return main([*command, str(out), *options])


@pytest.fixture(scope="module")
def out(saved, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluated") / "out"
    assert evaluate(saved, out, "--listen", "2") == 0
    return out


def test_what_was_tested_can_be_listened_to(saved, out):
    heard = pd.read_csv(out / "listened" / "results.csv", dtype={"folder": str})
    table = pd.read_csv(out / "table.csv", keep_default_na=False)
    # Two of three models, each tested on both trials of a stimulus.
    assert len(heard) == 4
    tested = table[table["fold"] < 2]["trial"].unique()
    assert sorted(heard["trial"]) == sorted(tested)
    assert heard["folder"].tolist() == [
        f"{row.trial:04d}_{row.subject}_{row.stimulus}_{row.attended}"
        for row in heard.itertuples()
    ]
    trials, references = load_trials(saved)
    for index, folder in zip(heard["trial"], heard["folder"]):
        audio = {
            name: soundfile.read(out / "listened" / folder / f"{name}.wav")[0]
            for name in ("mixture", "attended", "rest", "reference")
        }
        np.testing.assert_allclose(audio["mixture"], trials[index].mixture, atol=1e-6)
        reference = references[index]
        source = reference.sources[reference.attended]
        np.testing.assert_allclose(audio["reference"], source, atol=1e-6)
        # The model is that of the evaluation.
        own = table[(table["trial"] == index) & (table["method"] == "estimator")]
        gain = own[own["metric"] == "si_sdr_improvement"]["value"].item()
        gain += si_sdr(source, trials[index].mixture)
        assert si_sdr(source, audio["attended"]) == pytest.approx(gain, abs=0.01)


def test_the_page_has_the_figures_and_the_settings(out):
    html = (out / "listen.html").read_text(encoding="utf-8")
    data = re.findall(
        r'<script type="application/json" class="trial">(.*?)</script>', html, re.S
    )
    assert len(data) == 4
    for words in (
        "p of chosen</b>: probability of the chosen",
        "Separation",
        "Choices",
        "Calibration",
        "SUPPORTED",
        "random_state",
    ):
        assert words in html
    summary = (out / "summary.txt").read_text()
    assert "listen.html    4 trials to listen to" in summary


def test_figures_have_room_for_all_methods(out):
    html = (out / "listen.html").read_text(encoding="utf-8")
    methods = set(pd.read_csv(out / "table.csv")["method"])
    heights = [float(h) / 72 for h in re.findall(r'<svg[^>]*height="([\d.]+)pt"', html)]
    # Three of them are lines.
    assert heights[0] > 0.25 * (len(methods) - 3) > 2


def test_simulated_listeners_are_called_simulated(pieces, tmp_path, monkeypatch):
    monkeypatch.setattr(_evaluated_data, "load_example_stems", lambda ensemble: pieces)
    out = tmp_path / "out"
    options = ["--data", "simulated", "--subjects", "1", "--folds", "3"]
    assert main(["evaluate", *options, "--out", str(out)]) == 0
    said = "Held-out trials of an evaluation, SIMULATED EEG.\n"
    assert (out / "listened" / "summary.txt").read_text(encoding="utf-8") == said
    html = (out / "listen.html").read_text(encoding="utf-8")
    assert "<title>Evaluation, SIMULATED EEG</title>" in html


def test_the_page_can_be_made_again(out, tmp_path):
    first = (out / "summary.txt").read_text(encoding="utf-8").splitlines()[0]
    said = "Held-out trials of an evaluation, EEG."
    for folder, summary in ((out, first), (out / "listened", said)):
        page = tmp_path / f"{folder.name}.html"
        assert main(["report", str(folder), "--out", str(page)]) == 0
        html = page.read_text(encoding="utf-8")
        assert html.count('class="trial"') == 4
        assert summary in html
    assert "random_state" in (tmp_path / f"{out.name}.html").read_text(encoding="utf-8")


def test_no_page_where_none_is_wanted(saved, tmp_path):
    assert evaluate(saved, tmp_path / "out", "--listen", "0") == 0
    assert not (tmp_path / "out" / "listen.html").exists()
    assert not (tmp_path / "out" / "listened").exists()
    assert "listen.html" not in (tmp_path / "out" / "summary.txt").read_text()


def test_names_of_folders_hold_nothing_that_files_can_not():
    sources = np.ones((2, 8))
    trial = Trial(
        np.zeros((1, 8)), 64.0, sources.sum(axis=0), 64.0, instruments=("a b", "c"),
        stimulus="../x:y",
    )  # fmt: skip
    assert folder_name(trial, Reference(sources, 0)) == "..-x-y_a-b"
    long = replace(trial, subject="s1", stimulus="p" * 300)
    names = [folder_name(long, Reference(sources, k)) for k in (0, 1)]
    assert names == ["s1_" + "p" * 60 + "_a-b", "s1_" + "p" * 60 + "_c"]


def test_meanings_are_of_heads_that_there_are():
    assert MEANINGS.keys() <= set(_COLUMNS.values())
