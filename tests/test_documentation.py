"""Code of the documentation runs, and the reference leaves nothing public out."""

import importlib
import re
import textwrap
from dataclasses import replace
from pathlib import Path

import mne
import numpy as np
import pytest
import soundfile

import sklearn_cnmf
from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, reporting
from sklearn_cnmf.datasets import load_example_stems, simulate_eeg, simulate_trials
from sklearn_cnmf.evaluation import evaluate
from sklearn_cnmf.separation import MisfitWarning
from sklearn_cnmf.signals import resample

DOCS = Path(__file__).parents[1] / "docs"
EXAMPLES = DOCS.parent / "examples"
SFREQ, AUDIO = 512.0, 44100


def code_of(page, number=0):
    text = (DOCS / page).read_text()
    blocks = re.findall(r"\.\. code-block:: python\n\n((?: {4}.*\n|\n)+)", text)
    return textwrap.dedent(blocks[number])


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A FIF at 512 Hz with a trigger channel, stereo mixtures and mono stems."""
    pieces = load_example_stems(ensemble="duo")[:4]
    eeg, trigger = [np.zeros((20, 512))], [np.zeros(512)]
    for trial in range(8):
        piece, attended = pieces[trial % 4], trial // 4
        stems = np.tile(piece.stems, 2)
        found = simulate_eeg(
            stems, piece.sfreq, attended, snr_db=0.0, trial=trial, random_state=0
        )
        found = resample(found, 256.0, SFREQ)
        eeg += [found, np.zeros((20, 300))]
        trigger.append(np.zeros(found.shape[1] + 300))
        trigger[-1][:3] = 7
        if trial >= 4:
            continue
        stems = resample(stems, piece.sfreq, AUDIO)
        for name, stem in zip(("violin", "flute"), stems):
            soundfile.write(tmp_path / f"{name}{trial + 1}.wav", stem, AUDIO)
        left, right = 0.3 * stems[0] + 0.7 * stems[1], 0.5 * stems[0] + 0.2 * stems[1]
        mixture = np.column_stack([left, right])
        soundfile.write(tmp_path / f"mix{trial + 1}.wav", mixture, AUDIO)
    names = [f"EEG{i:02d}" for i in range(20)]
    info = mne.create_info([*names, "STI"], SFREQ, ["eeg"] * 20 + ["stim"])
    data = np.vstack([np.concatenate(eeg, axis=1), np.concatenate(trigger)])
    raw = mne.io.RawArray(data, info, verbose="error")
    raw.save(tmp_path / "s1_raw.fif", verbose="error")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_your_own_recording(folder, capsys):
    code = code_of("recordings.rst")
    lines = [line for line in code.splitlines() if line and "import" not in line]
    assert len(lines) <= 15
    names = {}
    # Of three pieces a dictionary does not hold every note of the fourth.
    with pytest.warns(MisfitWarning):
        exec(code, names)
    printed = capsys.readouterr().out
    assert "mix1   violin" in printed
    assert names["report"]["missed_fitted_db"].max() < -60
    gains = names["report"]["gains"][0]
    np.testing.assert_allclose(np.ravel(gains), [0.4, 0.45], atol=0.01)
    assert names["scores"]["test_score"].mean() > 3


@pytest.mark.parametrize(
    "package", ["", *sorted({*sklearn_cnmf._SUBPACKAGES} - {"trial"})]
)
def test_all_that_is_public_is_in_the_reference(package):
    module = importlib.import_module(f"sklearn_cnmf.{package}".rstrip("."))
    public = {name for name in module.__all__ if callable(getattr(module, name))}
    pages = "".join(page.read_text() for page in (DOCS / "api").glob("*.rst"))
    listed = set(re.findall(r"^   (\w+)$", pages, re.M))
    assert public <= listed


def test_the_front_page_shows_the_lines_of_the_readme():
    readme = (DOCS.parent / "README.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", readme, re.S)
    assert code_of("index.rst").strip() == code.strip()


def test_every_display_is_in_an_example_that_the_gallery_lists():
    text = "".join(page.read_text() for page in EXAMPLES.rglob("plot_*.py"))
    displays = {n for n in reporting.__all__ if n.endswith("Display")}
    assert displays <= set(re.findall(r"\b(\w+Display)\.from_", text))
    order = (DOCS / "sphinxext" / "gallery_order.py").read_text()
    names = {page.name for page in EXAMPLES.rglob("plot_*.py")}
    assert set(re.findall(r"plot_\w+\.py", order)) == names


@pytest.fixture(scope="module")
def simulated():
    pieces = [
        replace(piece, instruments=("violin", "flute"))
        for piece in load_example_stems(ensemble="duo")[:4]
    ]
    return simulate_trials(
        pieces, n_subjects=1, n_repetitions=1, snr_db=0.0, random_state=0
    )


@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
def test_what_the_guide_to_separation_calls(simulated):
    trials, references = simulated
    decoder = EnvelopeDecoder(feature="envelope", alpha=1.0).fit(trials, references)
    names = {
        "trials": trials,
        "references": references,
        "guided": decoder.transform(trials[:2]),
    }
    exec(code_of("separation.rst"), names)
    assert [len(attended) for attended in names["attended"]] == [
        len(trial.mixture) for trial in trials[:2]
    ]
    assert set(names["who"]) <= set(trials[0].instruments)
    np.testing.assert_allclose([p.sum() for p in names["how_sure"]], 1.0)
    for trial in names["separated"]:
        np.testing.assert_allclose(trial.estimate.sum(0), trial.mixture, atol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
def test_the_search_of_the_guide_to_tuning(simulated, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    trials, references = simulated
    search = code_of("tuning.rst")
    for slow, quick in {
        "[0, 0.003, 0.01, 0.03]": "[0, 0.01]",
        "n_jobs=2": "n_jobs=1",
        "StimulusKFold(4)": "StimulusKFold(2)",
        "EnvelopeDecoder()": "EnvelopeDecoder(feature='envelope', alpha=1.0)",
        "ContrastiveNMF(": "ContrastiveNMF(20, ",
    }.items():
        assert slow in search
        search = search.replace(slow, quick)
    names = {"trials": trials, "references": references}
    exec(search, names)
    assert set(names["search"].cv_results_["param_separate__delta"]) == {0, 0.01}
    exec(code_of("tuning.rst", 2), names)
    nested = code_of("tuning.rst", 1).replace("StimulusKFold(4)", "StimulusKFold(2)")
    only = {"separate__delta": [0]}
    names["search"].set_params(cv=names["StimulusKFold"](2), param_grid=only)
    exec(nested, names)
    assert np.isfinite(names["scores"]["test_score"]).all()


def test_parameters_that_the_guide_to_separation_lists_exist():
    table = (DOCS / "separation.rst").read_text().split("What a setting changes")[1]
    named = re.findall(r"^``(\w+)``  ", table, re.M)
    assert len(named) >= 7
    assert set(named) <= set(ContrastiveNMF().get_params())


def test_controls_named_among_traps_exist():
    table = (DOCS / "trust.rst").read_text().split("Controls that :func:")[1]
    named = re.findall(r"^``([\w-]+)``  ", table, re.M)
    explained = re.findall(r'^    - "([\w-]+)"', evaluate.__doc__, re.M)
    assert len(named) >= 6
    assert set(named) <= {*explained, "no-contrast"}
