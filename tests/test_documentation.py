"""Code of the documentation that needs recordings runs on some."""

import re
import textwrap
from pathlib import Path

import mne
import numpy as np
import pytest
import soundfile

from sklearn_cnmf.datasets import load_example_stems, simulate_eeg
from sklearn_cnmf.separation import MisfitWarning
from sklearn_cnmf.signals import resample

DOCS = Path(__file__).parents[1] / "docs"
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
