import gzip
import struct

import mne
import numpy as np
import pytest
import soundfile
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.datasets import make_trials, read_audio, read_eeg

NAMES = ["Fz", "C3", "Pz", "O2"]
RNG = np.random.default_rng(0)
DATA = RNG.standard_normal((3, 5, 256)) * 1e-6
MIXTURES = [RNG.standard_normal(16000) for _ in range(3)]


@pytest.fixture
def info():
    made = mne.create_info([*NAMES, "EOG"], 128.0, ["eeg"] * 4 + ["eog"])
    return made.set_montage("biosemi64", on_missing="ignore")


def _raw(data, info):
    return mne.io.RawArray(data, info, verbose="error")


def test_raw_gives_one_trial_of_its_eeg(info):
    [trial] = make_trials(_raw(DATA[0], info), MIXTURES[0], 8000, subject="s1")
    assert_array_equal(trial.eeg, DATA[0, :4])
    assert trial.ch_names == tuple(NAMES)
    assert (trial.eeg_sfreq, trial.audio_sfreq, trial.subject) == (128.0, 8000.0, "s1")
    assert trial.mixture is MIXTURES[0]


def test_bad_channels_are_left_out_of_all_raws(info):
    raws = [_raw(data, info) for data in DATA]
    for raw in raws:
        raw.info["bads"] = ["C3"]
    trials = make_trials(raws, MIXTURES, 8000, stimuli=["a", "b", "a"])
    assert [trial.stimulus for trial in trials] == ["a", "b", "a"]
    assert_array_equal(trials[2].eeg, DATA[2, [0, 2, 3]])
    assert trials[0].ch_names == ("Fz", "Pz", "O2")


@pytest.mark.parametrize("tmin", [0.0, -0.25])
def test_epochs_are_cut_at_time_zero(info, tmin):
    n_before = round(-tmin * 128)
    before = np.ones((3, 5, n_before))
    epochs = mne.EpochsArray(
        np.concatenate([before, DATA], axis=2), info, tmin=tmin, verbose="error"
    )
    instruments = [("flute", "harp"), ("flute", "oboe"), ("harp", "oboe")]
    trials = make_trials(epochs, MIXTURES, 8000, instruments=instruments)
    for trial, data, present in zip(trials, DATA, instruments):
        assert_allclose(trial.eeg, data[:4])
        assert trial.instruments == present


def test_epochs_that_start_late_are_refused(info):
    epochs = mne.EpochsArray(DATA, info, tmin=0.1, verbose="error")
    with pytest.raises(ValueError, match=r"epochs start at 0\.1"):
        make_trials(epochs, MIXTURES, 8000)


def test_arrays_of_three_dimensions_and_ragged_lists():
    trials = make_trials(
        DATA, MIXTURES, 8000, eeg_sfreq=128, instruments=("flute", "harp")
    )
    assert_array_equal(trials[1].eeg, DATA[1])
    assert trials[1].instruments == ("flute", "harp")
    ragged = make_trials(
        [DATA[0], DATA[1, :, :128]],
        [MIXTURES[0], MIXTURES[1][:8000]],
        8000,
        eeg_sfreq=128,
        ch_names=[*NAMES, "EOG"],
    )
    assert [trial.eeg.shape for trial in ragged] == [(5, 256), (5, 128)]
    assert ragged[1].ch_names[4] == "EOG"


@pytest.mark.parametrize(
    ("eeg", "options", "error", "message"),
    [
        (DATA, {}, ValueError, "eeg_sfreq: None"),
        (DATA[0], {"eeg_sfreq": 128}, ValueError, r"eeg: expected shape .*\(5, 256\)"),
        ("raw", {}, ValueError, "eeg: expected mne.io.Raw"),
        (DATA[:2], {"eeg_sfreq": 128}, ValueError, "mixtures: 3 entries for 2 trials"),
        (
            DATA,
            {"eeg_sfreq": 128, "stimuli": ["a"]},
            ValueError,
            "stimuli: 1 entries for 3 trials",
        ),
        (DATA, {"eeg_sfreq": 100}, ValueError, r"trials\[0\]: eeg lasts 2.56"),
    ],
)
def test_what_does_not_fit_is_refused(eeg, options, error, message):
    with pytest.raises(error, match=message):
        make_trials(eeg, MIXTURES, 8000, **options)


def test_raw_without_eeg_is_refused(info):
    raw = _raw(DATA[0], info).pick(["EOG"], verbose="error")
    with pytest.raises(ValueError, match="no EEG channel"):
        make_trials(raw, MIXTURES[0], 8000)


AUDIO = RNG.uniform(-0.5, 0.5, (801, 1))


@pytest.mark.parametrize("kind", ["WAV", "RF64", "AIFF"])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_S8", "PCM_16", "FLOAT"])
def test_audio_that_is_whole_is_read(tmp_path, kind, subtype):
    if not soundfile.check_format(kind, subtype):
        pytest.skip("no such format")
    path = tmp_path / "a"
    soundfile.write(path, AUDIO, 8000, format=kind, subtype=subtype)
    audio, sfreq = read_audio(path)
    assert_allclose(audio[: len(AUDIO)], AUDIO[:, 0], atol=0.01)
    assert sfreq == 8000


@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "AIFF", "FLAC", "MP3"])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_audio_that_is_cut_short_is_refused(tmp_path, kind, share):
    path = tmp_path / "a"
    long = RNG.uniform(-0.5, 0.5, (80000, 2))
    soundfile.write(path, long, 8000, format=kind)
    content = path.read_bytes()
    path.write_bytes(content[: round(share * len(content))])
    with pytest.raises(ValueError, match=r"a: (the audio is cut short|can't)"):
        read_audio(path)


def test_audio_that_is_cut_says_what_was_expected_and_found(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, AUDIO, 8000, subtype="PCM_16")
    path.write_bytes(path.read_bytes()[:-602])
    with pytest.raises(ValueError, match="expected 1602 bytes by its header, found 10"):
        read_audio(path)


def test_wav_from_a_pipe_whose_length_was_not_known_is_read(tmp_path):
    path = tmp_path / "a.wav"
    soundfile.write(path, AUDIO, 8000, subtype="PCM_16")
    content = bytearray(path.read_bytes())
    content[4:8] = content[40:44] = struct.pack("<I", 2**32 - 1)
    path.write_bytes(content)
    assert len(read_audio(path)[0]) >= 800


def test_audio_without_a_header_is_refused(tmp_path):
    (tmp_path / "a.raw").write_bytes(bytes(100))
    with pytest.raises(ValueError, match=r"a\.raw: can't be read as audio"):
        read_audio(tmp_path / "a.raw")


@pytest.mark.parametrize("onset", [2.0, 1e300, 1.7e308])
def test_onset_after_the_end_is_refused(tmp_path, info, onset):
    path = tmp_path / "a_raw.fif"
    _raw(DATA[0], info).save(path, verbose="error")
    with pytest.raises(ValueError, match=r"onset: .* not within .* lasts 2\.000 s$"):
        read_eeg(path, NAMES, onset, 1.0)
    assert read_eeg(path, NAMES, 1.0, 1.0)[0].shape == (4, 128)


@pytest.mark.parametrize("suffix", [".fif", ".fif.gz"])
def test_a_fif_whose_tags_go_in_circles_is_refused(tmp_path, suffix):
    raw = mne.io.RawArray(
        np.zeros((1, 128)), mne.create_info(["Cz"], 64.0, "eeg"), verbose="error"
    )
    path = tmp_path / f"a_raw{suffix}"
    raw.save(path, verbose="error")
    opened = gzip.open if suffix.endswith("gz") else open
    with opened(path, "rb") as file:
        content = bytearray(file.read())
    assert read_eeg(path, ["Cz"], 0.0, 1.0)[0].shape == (1, 64)
    # The second tag begins after the first, of 20 bytes, and now leads to itself.
    content[36 + 12 : 36 + 16] = struct.pack(">i", 36)
    with opened(path, "wb") as file:
        file.write(content)
    with pytest.raises(ValueError, match=r"a_raw\.fif.*leads back to byte 36"):
        read_eeg(path, ["Cz"], 0.0, 1.0)


@pytest.fixture(scope="module")
def in_parts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parts")
    raw = mne.io.RawArray(
        np.random.default_rng(0).standard_normal((20, 30000)),
        mne.create_info(20, 250.0, "eeg"),
        verbose="error",
    )
    raw.save(folder / "a_raw.fif", split_size="2MB", verbose="error")
    assert {path.name for path in folder.iterdir()} == {
        *("a_raw.fif", "a_raw-1.fif", "a_raw-2.fif")
    }
    return raw, folder


def test_a_fif_in_parts_is_read(in_parts):
    raw, folder = in_parts
    eeg, *_ = read_eeg(folder / "a_raw.fif", ["7"], 0.0, 120.0)
    assert_allclose(eeg[0], raw.get_data()[7], atol=1e-6)


def test_tags_of_further_parts_that_go_in_circles_are_refused(in_parts, tmp_path):
    for path in in_parts[1].iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    content = bytearray((tmp_path / "a_raw-2.fif").read_bytes())
    content[36 + 12 : 36 + 16] = struct.pack(">i", 36)
    (tmp_path / "a_raw-2.fif").write_bytes(content)
    with pytest.raises(ValueError, match=r"a_raw\.fif.*leads back to byte 36"):
        read_eeg(tmp_path / "a_raw.fif", ["7"], 0.0, 1.0)


@pytest.mark.parametrize("named", [True, False])
def test_parts_that_go_in_circles_are_refused(in_parts, tmp_path, named):
    content = (in_parts[1] / "a_raw.fif").read_bytes()
    if not named:  # by their number alone, as older systems do
        at = content.index(b"a_raw-1.fif") - 16
        assert struct.unpack(">i", content[at : at + 4]) == (118,)
        content = content[:at] + struct.pack(">i", 119) + content[at + 4 :]
    (tmp_path / "a_raw-1.fif").write_bytes(content)  # goes on in itself
    message = r"damaged: a_raw-1\.fif is followed by a_raw-1\.fif"
    with pytest.raises(ValueError, match=message):
        read_eeg(tmp_path / "a_raw-1.fif", ["7"], 0.0, 1.0)
