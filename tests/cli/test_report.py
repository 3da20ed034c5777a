import base64
import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib.figure import Figure

from sklearn_cnmf.cli import main

SFREQ = 8000


@pytest.fixture
def separated(tmp_path):
    """A folder as `separate --table` writes it, whose truth is known."""
    folder = tmp_path / "separated"
    rng = np.random.default_rng(0)
    for name in ("0000", "0001"):
        (folder / name).mkdir(parents=True)
        for track in ("attended", "rest"):
            audio = 0.1 * rng.standard_normal(SFREQ).astype(np.float32)
            path = folder / name / f"{track}.wav"
            soundfile.write(path, audio, SFREQ, subtype="FLOAT")
    table = pd.DataFrame(
        {
            "folder": ["0000", "0001"],
            "subject": ["07", "08"],
            "stimulus": ["a", "b"],
            "chosen": ["flute", "oboe"],
            "p_chosen": [0.9, 0.6],
            "attended": ["flute", "flute"],
            "right": [True, False],
            "si_sdr_gain_db": [8.0, np.nan],
        }
    )
    table.to_csv(folder / "results.csv", index=False)
    return folder


def embedded(path):
    html = path.read_text(encoding="utf-8")
    data = re.findall(
        r'<script type="application/json" class="trial">(.*?)</script>', html, re.S
    )
    return html, [json.loads(text) for text in data]


def test_page_of_a_table_of_trials(separated, capsys):
    assert main(["report", str(separated)]) == 0
    page = separated / "listen.html"
    assert re.search(
        rf"Written: {page} \(2 trials, \d\.\d MB\)", capsys.readouterr().out
    )
    html, trials = embedded(page)
    assert [trial["name"] for trial in trials] == ["0000", "0001"]
    names = [track["name"] for track in trials[0]["tracks"]]
    assert names == ["Mixture", "Attended", "Rest"]
    heads = re.findall(r'<th scope="col"><button>(.*?)</button>', html)
    heads = [re.sub("</?span>", "", head) for head in heads]
    assert heads[1:4] == ["subject", "stimulus", "attended"]
    assert '<td data-value="07">07</td>' in html
    assert "Gain against certainty of the choice" in html
    assert "Separated trials of separated" in html


def test_page_of_one_trial(separated, tmp_path, capsys):
    summary = {"attended": "flute", "probabilities": {"flute": 0.9, "oboe": 0.1}}
    (separated / "0000" / "summary.json").write_text(json.dumps(summary))
    out = tmp_path / "one.html"
    assert main(["report", str(separated / "0000"), "--out", str(out)]) == 0
    html, trials = embedded(out)
    assert len(trials) == 1
    assert "(1 trial, " in capsys.readouterr().out
    assert '<td data-value="flute">flute</td>' in html
    assert '<td class="number" data-value="0.9">0.90</td>' in html


def test_the_figure_of_a_trial_is_on_the_page(separated, tmp_path):
    Figure(figsize=(2, 1)).savefig(separated / "0001" / "figure.png")
    assert main(["report", str(separated), "--out", str(tmp_path / "a.html")]) == 0
    _, (first, second) = embedded(tmp_path / "a.html")
    assert first["figure"] is None
    assert base64.b64decode(second["figure"]).startswith(b"\x89PNG")


def test_lossless_is_larger(separated, tmp_path):
    for name, options in (("a", []), ("b", ["--lossless"])):
        out = tmp_path / f"{name}.html"
        assert main(["report", str(separated), "--out", str(out), *options]) == 0
    sizes = [
        len(embedded(tmp_path / f"{name}.html")[1][0]["tracks"][0]["audio"])
        for name in "ab"
    ]
    assert sizes[1] > 1.5 * sizes[0]


def test_a_reference_is_a_track(separated):
    for name in ("0000", "0001"):
        shutil.copy(
            separated / name / "attended.wav", separated / name / "reference.wav"
        )
    assert main(["report", str(separated)]) == 0
    _, trials = embedded(separated / "listen.html")
    assert [track["name"] for track in trials[1]["tracks"]][-1] == "Reference"


def error_of(capsys, *arguments):
    assert main(["report", *map(str, arguments)]) == 2
    return capsys.readouterr().err


def test_nothing_is_overwritten(separated, capsys):
    (separated / "listen.html").write_text("mine")
    assert "listen.html: exists, and nothing" in error_of(capsys, separated)
    assert (separated / "listen.html").read_text() == "mine"


def test_other_folders_are_refused(tmp_path, capsys):
    assert "no such folder" in error_of(capsys, tmp_path / "none")
    assert "neither results.csv nor attended.wav" in error_of(capsys, tmp_path)


@pytest.mark.parametrize("name", ["..", "../other", "/etc", ""])
def test_folders_of_trials_lie_inside(separated, capsys, name):
    table = pd.read_csv(separated / "results.csv", dtype=str)
    table.loc[1, "folder"] = name
    table.to_csv(separated / "results.csv", index=False)
    assert "is no name of a folder" in error_of(capsys, separated)


def test_broken_files_are_named(separated, capsys):
    (separated / "0001" / "rest.wav").unlink()
    assert re.search(r"0001.rest\.wav: can't be read", error_of(capsys, separated))
    audio = np.zeros(SFREQ)
    soundfile.write(separated / "0001" / "rest.wav", audio, 2 * SFREQ)
    assert "has 16000 Hz, the other tracks 8000 Hz" in error_of(capsys, separated)
    (separated / "results.csv").write_text("a,b\n1,2\n")
    assert "has no column 'folder'" in error_of(capsys, separated)
    (separated / "0000" / "summary.json").write_text("{")
    error = error_of(capsys, separated / "0000")
    assert "summary.json: is no JSON" in error
    assert not (separated / "listen.html").exists()
