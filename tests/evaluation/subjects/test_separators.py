import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import Trial
from sklearn_cnmf.evaluation.subjects._separators import (
    check_separator,
    describe_candidates,
    named_candidates,
)


@pytest.fixture
def trial():
    mixture = np.random.default_rng(0).uniform(-1, 1, 8000).astype(np.float32)
    return Trial(np.zeros((1, 64)), 64.0, mixture, 8000.0, stimulus="song")


def halves(mixture, sfreq):
    """A separator of the simplest kind."""
    assert sfreq == 8000.0
    return {"other": 0.5 * mixture, "drums": 0.5 * mixture}


def test_a_callable_is_given_the_mixture(trial):
    found = named_candidates(halves, trial)
    assert list(found) == ["drums", "other"]
    assert_array_equal(found["drums"], 0.5 * trial.mixture)


def test_a_callable_cannot_write_to_the_mixture(trial):
    def spoil(mixture, sfreq):
        mixture[:] = 0
        return {"a": mixture, "b": mixture}

    with pytest.raises(ValueError, match="read-only"):
        named_candidates(spoil, trial)
    assert trial.mixture.any()


def test_a_mapping_has_the_waveforms_of_each_stimulus(trial):
    offered = {"song": {"a": trial.mixture, "b": 0 * trial.mixture}}
    assert list(named_candidates(offered, trial)) == ["a", "b"]
    with pytest.raises(ValueError, match="candidates: none for the stimulus 'song'"):
        named_candidates({"other song": {}}, trial)


def test_a_folder_has_a_file_for_each_source(trial, tmp_path):
    folder = tmp_path / "song"
    folder.mkdir()
    soundfile.write(folder / "vocals.wav", trial.mixture, 8000, subtype="FLOAT")
    soundfile.write(folder / "bass.flac", trial.mixture[:-1] * 0.5, 8000)
    (folder / "notes.txt").write_text("no audio")
    found = named_candidates(tmp_path, trial)
    assert list(found) == ["bass", "vocals"]
    assert_array_equal(found["vocals"], trial.mixture)
    assert_allclose(found["bass"][:-1], trial.mixture[:-1] * 0.5, atol=1e-4)
    assert found["bass"][-1] == 0
    before = describe_candidates(tmp_path, trial)
    assert before == describe_candidates(str(tmp_path), trial)
    soundfile.write(folder / "bass.flac", trial.mixture, 8000)
    assert describe_candidates(tmp_path, trial) != before


def test_stems_of_another_rate_or_length_are_refused(trial, tmp_path):
    (tmp_path / "song").mkdir()
    for name in "ab":
        soundfile.write(tmp_path / "song" / f"{name}.wav", trial.mixture, 16000)
    with pytest.raises(ValueError, match=r"a.wav: expected 8000 Hz .*, got 16000"):
        named_candidates(tmp_path, trial)
    soundfile.write(tmp_path / "song" / "a.wav", trial.mixture[:-2], 8000)
    with pytest.raises(ValueError, match=r"a.wav: expected 8000 samples .*, got 7998"):
        named_candidates(tmp_path, trial)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ([1, 2], "candidates: expected a dict of names to waveforms, got list"),
        ({1: np.zeros(8000)}, "candidates: expected a dict of names to waveforms"),
        ({"a": np.zeros(8000)}, "candidates: expected at least two waveforms, got 1"),
        (
            {"a": np.zeros(8000), "b": np.zeros(80)},
            r"\['b'\]: expected shape \(8000,\)",
        ),
        ({"a": np.full(8000, np.nan), "b": np.zeros(8000)}, r"\['a'\]: found 8000 NaN"),
    ],
)
def test_what_is_no_set_of_waveforms_is_refused(trial, found, message):
    with pytest.raises(ValueError, match=message):
        named_candidates(lambda mixture, sfreq: found, trial)


def test_a_folder_without_the_stimulus_is_refused(trial, tmp_path):
    with pytest.raises(ValueError, match="candidates: song: expected at least two"):
        named_candidates(tmp_path, trial)


def test_what_decides_about_candidates_is_described(trial):
    assert describe_candidates(None, trial) is None
    assert describe_candidates(halves, trial) is halves
    offered = {"song": {"a": trial.mixture}, "other": {}}
    assert list(describe_candidates(offered, trial)) == ["a"]


def test_what_cannot_offer_candidates_is_refused(tmp_path):
    for separator in (None, halves, {}, tmp_path, str(tmp_path)):
        check_separator(separator)
    with pytest.raises(ValueError, match="candidates: there is no folder 'nowhere'"):
        check_separator("nowhere")
    with pytest.raises(ValueError, match="candidates: expected a function"):
        check_separator(3)
