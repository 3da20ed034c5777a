import os
import pickle
import shutil
import warnings
from pathlib import Path

import h5py
import numpy as np
import pytest
import soundfile
import yaml
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import EnvelopeDecoder, check_trials
from sklearn_cnmf.datasets import load_example_stems, load_madeeg, simulate_madeeg
from sklearn_cnmf.datasets.simulation import CH_NAMES

DUO = "classique_gallantduet_duo_ViCl_theme1"
SAFE, HDF5 = "madeeg_preprocessed.yaml", "madeeg_preprocessed.hdf5"
SEQUENCES = "madeeg_sequences_raw.yaml"


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("madeeg") / "data"
    stems = load_example_stems()
    trio = next(piece for piece in stems if piece.ensemble == "trio")
    simulate_madeeg(
        folder, pieces=[stems[0], trio], excerpt=1.0, snr_db=0.0, random_state=0
    )
    return folder


@pytest.fixture
def folder(original, tmp_path):
    """A copy that a test may change; large files are linked until it does."""
    return Path(shutil.copytree(original, tmp_path / "data", copy_function=os.link))


def own(path):
    """Make a linked file one's own before it is changed."""
    content = path.read_bytes()
    path.unlink()
    path.write_bytes(content)
    return path


def edit_yaml(path, change):
    content = yaml.safe_load(path.read_text())
    change(content)
    path.unlink()
    path.write_text(yaml.safe_dump(content))


def edit_hdf5(path, change):
    with h5py.File(own(path), "r+") as file:
        change(file)


def test_duos_of_the_preprocessed_file(original):
    trials, references, table = load_madeeg(original)
    check_trials(trials, references, require_instruments=True)
    assert list(table.columns) == [
        *("subject", "stimulus", "ensemble", "genre", "theme", "spatial", "target"),
        *("duration", "n_repetitions", "twin", "key"),
    ]
    assert list(table["key"]) == [f"{DUO}_stereo_Cl", f"{DUO}_stereo_Vi"] * 2
    assert list(table["twin"]) == [1, 0, 3, 2]
    assert set(table["stimulus"]) == {DUO}
    assert table["duration"].tolist() == [4.0] * 4
    assert table["n_repetitions"].tolist() == [4] * 4
    trial, reference = trials[1], references[1]
    assert (trial.subject, trial.stimulus) == ("0001", DUO)
    assert trial.instruments == ("Vi", "Cl")
    assert trial.instruments[reference.attended] == "Vi"
    assert trial.ch_names == CH_NAMES
    with h5py.File(original / HDF5) as file:
        group = file[f"0001/{DUO}_stereo_Vi"]
        assert_array_equal(trial.eeg, group["response"][()])
        played = group["stimulus"][()].sum(0)
    assert trial.mixture.dtype == np.float32
    assert trial.mixture.shape == (4 * 22050,)
    # A quarter of the spectrum apart, resampling keeps what is played.
    power = np.mean(np.square(played)), np.mean(np.square(trial.mixture))
    assert_allclose(power[1], power[0], rtol=0.02)


def test_sources_carry_gain_and_panning(original):
    trials, references, _ = load_madeeg(original, channel_mode="stereo", sfreq=44100)
    with h5py.File(original / HDF5) as file:
        group = file[trials[0].subject][f"{DUO}_stereo_Cl"]
        soli, played = group["soli"][()], group["stimulus"][()]
    assert soli.shape[0] == 3
    assert not soli[2].any()
    assert_array_equal(trials[0].mixture, played)
    levels = np.array([[1.0 * 0.25, 1.0 * 0.75], [0.9 * 0.75, 0.9 * 0.25]])
    assert_allclose(
        references[0].sources, levels[:, :, None] * soli[:2, None], atol=1e-7
    )
    mono, references, _ = load_madeeg(original, sfreq=44100)
    assert_allclose(mono[0].mixture, played.sum(0), atol=1e-7)
    assert_allclose(references[0].sources[1], 0.9 * soli[1], atol=1e-7)


def test_trios_have_no_single_twin(original):
    trials, references, table = load_madeeg(
        original, ensembles=("duo", "trio"), subjects=["0002"]
    )
    check_trials(trials, references)
    assert list(table["ensemble"]) == ["duo"] * 2 + ["trio"] * 3
    assert list(table["twin"][:2]) == [1, 0]
    assert table["twin"][2:].isna().all()
    assert {len(trial.instruments) for trial in trials[2:]} == {3}


@pytest.mark.parametrize("spatial", ["mono", "stereo"])
def test_raw_recordings_hold_the_same(original, spatial):
    trials, references, table = load_madeeg(original, split="raw", spatial=(spatial,))
    check_trials(trials, references)
    assert list(table["spatial"]) == [spatial] * 4
    assert set(table["stimulus"]) == {DUO}
    if spatial == "stereo":
        prepared, truth, _ = load_madeeg(original)
        for one, other in zip(trials, prepared):
            assert_array_equal(one.eeg, other.eeg)
            assert_allclose(one.mixture, other.mixture, atol=1e-6)
        for one, other in zip(references, truth):
            assert_allclose(one.sources, other.sources, atol=1e-4)


def test_raw_stereo_keeps_its_channels(original):
    trials, references, _ = load_madeeg(original, split="raw", channel_mode="stereo")
    prepared, truth, _ = load_madeeg(original, channel_mode="stereo")
    assert_allclose(trials[0].mixture, prepared[0].mixture, atol=1e-6)
    assert_allclose(references[0].sources, truth[0].sources, atol=1e-4)


def test_solos_are_raw(original):
    trials, references, table = load_madeeg(original, include_solos=True)
    assert list(table["ensemble"][:7]) == ["duo"] * 2 + ["solo"] * 5
    alone, _, _ = load_madeeg(original, ensembles=("solo",))
    for trials_of in (trials[2:7], alone[:5]):
        for trial, name in zip(trials_of, table["target"][2:7]):
            assert trial.instruments == (name,)
    check_trials(trials, references)
    assert_array_equal(references[2].sources[0], trials[2].mixture)


def test_repetitions_can_be_averaged(original):
    kept, whole, _ = load_madeeg(original, include_solos=True, subjects=["0001"])
    trials, references, table = load_madeeg(
        original, include_solos=True, subjects=["0001"], repetitions="average"
    )
    check_trials(trials, references)
    assert set(table["duration"]) == {1.0}
    assert set(table["n_repetitions"]) == {4}
    for trial, long in zip(trials, kept):
        assert_allclose(trial.eeg, long.eeg.reshape(20, 4, 256).mean(1))
        # But for what the next repetition rings into the end of the first.
        assert_allclose(trial.mixture[:-200], long.mixture[: 22050 - 200], atol=1e-5)
    for one, long in zip(references, whole):
        assert_allclose(
            one.sources[..., :-200], long.sources[..., : 22050 - 200], atol=1e-5
        )


def test_trials_stay_on_disk_and_go_as_a_key(original):
    trials, references, _ = load_madeeg(original, include_solos=True)
    for record in (*trials, *references):
        assert len(pickle.dumps(record)) < 3000
    again = pickle.loads(pickle.dumps(trials[0]))
    assert_array_equal(again.eeg, trials[0].eeg)
    eager, truth, _ = load_madeeg(original, lazy=False)
    assert_array_equal(eager[0].mixture, trials[0].mixture)
    assert "mixture" in vars(eager[0])
    assert "sources" in vars(truth[0])
    assert eager[0].source is None


def test_decoders_learn_from_it(original):
    trials, references, _ = load_madeeg(
        original, split="raw", ensembles=("solo",), subjects=["0001"]
    )
    decoder = EnvelopeDecoder(alpha=1.0, tmax=0.2).fit(trials, references)
    duos, truth, _ = load_madeeg(original, subjects=["0001"])
    assert decoder.score(duos, truth) > 0.05


def test_the_other_layout(original, folder):
    (folder / "preprocessed").mkdir()
    (folder / "raw").mkdir()
    for path in list(folder.iterdir()):
        if path.is_file() or path.name == "stimuli":
            inside = "preprocessed" if "preprocessed" in path.name else "raw"
            path.rename(folder / inside / path.name)
    for one, other in zip(
        load_madeeg(folder, include_solos=True)[0],
        load_madeeg(original, include_solos=True)[0],
    ):
        assert_array_equal(one.eeg, other.eeg)
        assert_array_equal(one.mixture, other.mixture)


def test_truncated_trials_are_cut_and_named(folder):
    def shorten(file):
        group = file[f"0001/{DUO}_stereo_Vi"]
        for name in ("stimulus", "soli"):
            content = group[name][:, :-11025]
            del group[name]
            group[name] = content

    edit_hdf5(folder / HDF5, shorten)
    with pytest.warns(UserWarning, match=f"1 trials have EEG.*0001 {DUO}_stereo_Vi 0"):
        trials, references, table = load_madeeg(folder)
    check_trials(trials, references)
    assert trials[1].eeg.shape == (20, 3.75 * 256)
    assert table["duration"].tolist() == [4.0, 3.75, 4.0, 4.0]
    assert table["n_repetitions"].tolist() == [4, 3, 4, 4]
    with pytest.warns(UserWarning, match="1 trials have EEG"):
        trials, references, _ = load_madeeg(folder, repetitions="average")
    check_trials(trials, references)
    with h5py.File(folder / HDF5) as file:
        response = file[f"0001/{DUO}_stereo_Vi/response"][()]
    expected = response[:, :768].reshape(20, 3, 256).mean(1)
    assert_allclose(trials[1].eeg, expected)


def test_truncated_wavs_are_cut_and_named(folder):
    for path in sorted((folder / "stimuli").glob(f"{DUO}*_4.wav")) + sorted(
        (folder / "stimuli").glob("*solo_??_theme1_mono_4.wav")
    ):
        audio, _ = soundfile.read(own(path), dtype="float32")
        soundfile.write(path, audio[:33075], 44100, subtype="FLOAT")
    with pytest.warns(UserWarning, match="EEG without audio"):
        trials, references, table = load_madeeg(folder, split="raw")
    check_trials(trials, references)
    assert table["duration"].tolist() == [3.75] * 4
    with pytest.warns(UserWarning, match="EEG without audio"):
        trials, references, table = load_madeeg(
            folder, split="raw", repetitions="average"
        )
    check_trials(trials, references)
    assert table["duration"].tolist() == [1.0] * 4
    assert table["n_repetitions"].tolist() == [3] * 4


def test_each_repetition_is_as_long_as_its_wav(folder):
    for path in (folder / "stimuli").glob(f"{DUO}*_2.wav"):
        audio, _ = soundfile.read(own(path), dtype="float32")
        soundfile.write(path, audio[:-2000], 44100, subtype="FLOAT")
    trials, references, table = load_madeeg(folder, split="raw")
    check_trials(trials, references)
    assert_allclose(table["duration"], 4 - 2000 / 44100)
    with h5py.File(folder / "madeeg_raw.hdf5") as file:
        sequence = yaml.safe_load((folder / SEQUENCES).read_text())["0001"]
        onset = sequence[f"{DUO}_stereo_lcr_Cl"]["n_ech"][2]
        third = file["0001"][:20, onset : onset + 256]
    start = 256 + round((44100 - 2000) / 44100 * 256)
    assert_array_equal(trials[0].eeg[:, start : start + 256], third)


def test_a_subject_without_some_solos(folder):
    def forget(content):
        del content["0002"]["classique_gallantduet_solo_Vi_theme1_mono"]

    edit_yaml(folder / SEQUENCES, forget)
    _, _, table = load_madeeg(folder, ensembles=("solo",))
    assert table.groupby("subject").size().tolist() == [5, 4]


def test_any_kind_of_float(folder, original):
    kind = h5py.h5t.IEEE_F64LE.copy()
    kind.set_size(16)
    kind.set_precision(128)
    kind.set_fields(127, 112, 15, 0, 112)
    kind.set_ebias(16383)

    def store(file):
        group = file[f"0001/{DUO}_stereo_Vi"]
        for name, stored in (
            ("response", h5py.h5t.IEEE_F64BE),
            ("stimulus", kind),
            ("soli", kind),
        ):
            content = np.ascontiguousarray(group[name][()], np.float64)
            del group[name]
            space = h5py.h5s.create_simple(content.shape)
            dataset = h5py.h5d.create(group.id, name.encode(), stored, space)
            dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, content)

    edit_hdf5(folder / HDF5, store)
    (_, trial, *_), (_, reference, *_), _ = load_madeeg(folder)
    (_, same, *_), (_, truth, *_), _ = load_madeeg(original)
    assert_array_equal(trial.eeg, same.eeg)
    assert_allclose(trial.mixture, same.mixture, atol=1e-7)
    assert_allclose(reference.sources, truth.sources, atol=1e-7)


def test_dumped_objects_are_plain_data(folder):
    path = folder / "madeeg_raw.yaml"
    content = path.read_text()
    path.unlink()
    path.write_text(
        content.replace("'0001':\n", "'0001': !!python/object:mne.Info\n")
        .replace(
            "kind: 2\n",
            "kind: !!python/object/apply:mne.io.constants.FIFFV_CH [2]\n",
            10,
        )
        .replace(
            "kind: 2\n",
            "kind: !!python/object/new:mne.NamedInt {args: [FIFFV_EEG_CH, 2]}\n",
        )
    )
    trials, _, _ = load_madeeg(folder, ensembles=("solo",))
    assert trials[0].ch_names == CH_NAMES


def test_nothing_in_a_yaml_file_is_called(folder):
    path = folder / SAFE
    mark = folder / "called"
    path.unlink()
    path.write_text(f"a: !!python/object/apply:os.mkdir ['{mark}']\n")
    with pytest.raises(ValueError, match="subject 'a': expected a mapping, found list"):
        load_madeeg(folder)
    assert not mark.exists()


def test_absent_files_say_what_to_download(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"Zenodo, record 4537751.*raw/"):
        load_madeeg(tmp_path / "absent")
    (folder / HDF5).unlink()
    with pytest.raises(FileNotFoundError, match="record 4537751") as caught:
        load_madeeg(folder)
    assert caught.value.filename == HDF5
    (folder / "madeeg_raw.hdf5").unlink()
    with pytest.raises(FileNotFoundError, match=r"madeeg_raw\.hdf5"):
        load_madeeg(folder, ensembles=("solo",))


def test_a_half_downloaded_file(folder):
    content = (folder / HDF5).read_bytes()
    (folder / HDF5).unlink()
    (folder / HDF5).write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match=r"damaged or incomplete HDF5 file of \d+\.\d"):
        load_madeeg(folder)


def rename(content, old, new):
    content[new] = content.pop(old)


@pytest.mark.parametrize(
    ("file", "change", "message"),
    [
        (SAFE, lambda c: c.pop("0002"), "subjects differ.*only .*hdf5 has 0002"),
        (
            SAFE,
            lambda c: c["0001"].pop(f"{DUO}_stereo_Vi"),
            f"trials of subject 0001 differ.*only .*hdf5 has {DUO}_stereo_Vi; only "
            ".*yaml has nothing",
        ),
        (
            SAFE,
            lambda c: c["0001"][f"{DUO}_stereo_Vi"].pop("wav_info"),
            "trial .*_Vi: lacks 'wav_info'",
        ),
        (
            SAFE,
            lambda c: c["0001"][f"{DUO}_stereo_Vi"]["eeg_info"].update(sfreq=128.0),
            "eeg_info: expected 256 Hz, found 128.0 Hz",
        ),
        (
            SAFE,
            lambda c: c["0001"][f"{DUO}_stereo_Vi"].update(instruments=["Cl", "Vi"]),
            r"name says \['Vi', 'Cl'\], but the YAML file says instruments \['Cl'",
        ),
        (
            SAFE,
            lambda c: c["0001"][f"{DUO}_stereo_Vi"]["wav_info"].update(gains=[1]),
            "expected gains and panning of 2 sources, found 1 and 2",
        ),
        (
            SAFE,
            lambda c: c["0001"][f"{DUO}_stereo_Vi"]["wav_info"].update(gains=["a", 1]),
            "gains and panning: expected numbers",
        ),
        (
            SAFE,
            lambda c: c["0001"][f"{DUO}_stereo_Vi"]["eeg_info"].update(ch_names=["F3"]),
            "response has 20 rows for 1 channels",
        ),
        ("madeeg_raw.yaml", lambda c: c["0001"].pop("chs"), "lacks 'chs'"),
        (
            "madeeg_raw.yaml",
            lambda c: [channel.update(kind=502) for channel in c["0001"]["chs"]],
            "no channel is of the kind EEG",
        ),
        (
            SEQUENCES,
            lambda c: rename(c["0001"], f"{DUO}_mono_Vi", "duo_Vi"),
            "trial 'duo_Vi': expected a name like genre_song",
        ),
        (
            SEQUENCES,
            lambda c: rename(c["0001"], f"{DUO}_mono_Vi", f"{DUO}_mono_Xx"),
            "a target among",
        ),
        (
            SEQUENCES,
            lambda c: c["0001"][f"{DUO}_mono_Vi"]["n_ech"].pop(),
            "3 onsets in n_ech for 4 wav_files",
        ),
        (
            SEQUENCES,
            lambda c: c["0001"][f"{DUO}_mono_Vi"].update(n_ech=[0, 0, 0, 10**9]),
            "a repetition ends at sample",
        ),
        (
            SEQUENCES,
            lambda c: c["0001"][f"{DUO}_mono_Vi"].update(n_ech=[0, 0, 0, "x"]),
            "n_ech: expected counts of samples, got x",
        ),
        (
            SEQUENCES,
            lambda c: c["0001"][f"{DUO}_mono_Vi"].update(wav_files=["../a.wav"] * 4),
            "'../a.wav' is not the name of a file",
        ),
    ],
)
def test_damaged_descriptions(folder, file, change, message):
    edit_yaml(folder / file, change)
    split = "preprocessed" if file == SAFE else "raw"
    with pytest.raises(ValueError, match=message):
        load_madeeg(folder, split=split, spatial=("mono", "stereo"))


def test_wrong_gains_are_found_when_sources_are_read(folder):
    def change(content):
        entry = content["0001"][f"{DUO}_stereo_Cl"]
        entry["wav_info"]["gains"] = [1.0, 0.45]

    edit_yaml(folder / SAFE, change)
    trials, references, _ = load_madeeg(folder)
    assert trials[0].mixture.shape == (88200,)
    message = rf"0001, trial {DUO}_stereo_Cl: .*by -\d+.*\[\[1\.0\], \[2\.0\]\]"
    with pytest.raises(ValueError, match=message):
        _ = references[0].sources


def test_links_out_of_the_file_are_refused(folder, tmp_path):
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = np.zeros((20, 1024))

    def link(file):
        group = file[f"0001/{DUO}_stereo_Vi"]
        del group["response"]
        group["response"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/x")

    edit_hdf5(folder / HDF5, link)
    with pytest.raises(ValueError, match="is a link to another file"):
        load_madeeg(folder)


def test_damaged_arrays_and_wavs(folder, tmp_path):
    edit_hdf5(folder / HDF5, lambda f: f.pop(f"0001/{DUO}_stereo_Vi/soli"))
    with pytest.raises(ValueError, match="stereo_Vi/soli: not found"):
        load_madeeg(folder)
    stimuli = folder / "stimuli"
    wav = stimuli / f"{DUO}_mono_1.wav"
    audio, _ = soundfile.read(own(wav), dtype="float32")
    soundfile.write(wav, audio, 48000, subtype="FLOAT")
    mono = {"split": "raw", "spatial": ("mono",)}
    with pytest.raises(ValueError, match="expected 44100 Hz, found 48000 Hz"):
        load_madeeg(folder, **mono)
    wav.write_text("no audio")
    with pytest.raises(ValueError, match="can't be read as audio"):
        load_madeeg(folder, **mono)
    wav.unlink()
    with pytest.raises(FileNotFoundError, match="no such wav among the stimuli"):
        load_madeeg(folder, **mono)
    outside = tmp_path / "outside.wav"
    soundfile.write(outside, audio, 44100, subtype="FLOAT")
    wav.symlink_to(outside)
    with pytest.raises(ValueError, match="leads out of the folder of stimuli"):
        load_madeeg(folder, **mono)
    wav.unlink()
    soundfile.write(wav, audio, 44100, subtype="FLOAT")
    (stimuli / "classique_gallantduet_solo_Vi_theme1_mono_2.wav").unlink()
    with pytest.raises(FileNotFoundError, match="the reference of Vi needs the wav"):
        load_madeeg(folder, **mono)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"subjects": ["0003"]}, r"\['0003'\] are not in .*it holds \['0001', '0002'"),
        ({"subjects": "0001"}, "subjects: expected a list of str"),
        ({"ensembles": "duo"}, "ensembles: expected some of"),
        ({"ensembles": ("quartet",)}, "ensembles: expected some of"),
        ({"spatial": ("left",)}, "spatial: expected some of"),
        ({"split": "cooked"}, "split: expected some of .*, got 'cooked'"),
        ({"channel_mode": "both"}, "channel_mode: expected"),
        ({"repetitions": 4}, "repetitions: expected"),
        ({"sfreq": 0}, "sfreq"),
        ({"spatial": ("mono",)}, "holds no trial with ensembles"),
        (
            {"split": "raw", "spatial": ("mono",), "channel_mode": "stereo"},
            "channel_mode='stereo', but it has 1 channel",
        ),
    ],
)
def test_bad_arguments(original, arguments, message):
    with pytest.raises(ValueError, match=message):
        load_madeeg(original, **arguments)


def test_a_folder_in_use_is_not_touched(original):
    with pytest.raises(FileExistsError, match="not empty"):
        simulate_madeeg(original)


def test_simulation_is_reproducible(original, tmp_path):
    stems = load_example_stems()
    trio = next(piece for piece in stems if piece.ensemble == "trio")
    with warnings.catch_warnings():
        simulate_madeeg(
            tmp_path / "again",
            pieces=[stems[0], trio],
            excerpt=1.0,
            snr_db=0.0,
            random_state=0,
        )
    for one, other in zip(load_madeeg(original)[0], load_madeeg(tmp_path / "again")[0]):
        assert_array_equal(one.eeg, other.eeg)
    with pytest.raises(ValueError, match="excerpt: expected 1 to"):
        simulate_madeeg(tmp_path / "long", excerpt=99)


@pytest.mark.parametrize("name", ["soli", "stimulus"])
def test_audio_that_is_not_finite_is_refused(folder, name):
    def change(file):
        for subject in file.values():
            for trial in subject.values():
                if name in trial:
                    trial[name][0, 100] = np.nan

    edit_hdf5(folder / "madeeg_preprocessed.hdf5", change)
    _, references, _ = load_madeeg(folder)
    with pytest.raises(ValueError, match=r"preprocessed\.hdf5.*NaN or infinite"):
        _ = references[0].sources
