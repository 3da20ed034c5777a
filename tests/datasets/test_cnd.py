import re

import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal
from scipy.io import savemat

from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.datasets import load_cnd

SFREQ = 64
PADDING = 10
LENGTHS = (200, 190, 210, 205)
CHANNELS = ("Fz", "C3", "Pz")
NAMES = ("envelope", "bands")
OUTPUTS = (1, 2)


def cell(rows):
    """A cell array of MATLAB: one row of values, or a list of rows."""
    rows = rows if isinstance(rows[0], list) else [list(rows)]
    made = np.empty((len(rows), len(rows[0])), dtype=object)
    for index in np.ndindex(made.shape):
        made[index] = rows[index[0]][index[1]]
    return made


def make_stim(**changes):
    rng = np.random.default_rng(0)
    data = [[rng.uniform(size=(n, width)) for n in LENGTHS] for width in OUTPUTS]
    stim = {
        "data": cell(data),
        "fs": SFREQ,
        "names": cell(NAMES),
        "stimIdxs": np.array([[7, 2, 7, 3]]),
        "condIdxs": np.array([[1, 2, 2, 1]]),
        "condNames": cell(["listen", "imagine"]),
    }
    return {**stim, **changes}


def make_eeg(seed=1, **changes):
    """EEG that follows the envelopes after padding, and lasts a little longer."""
    rng = np.random.default_rng(seed)
    envelopes = make_stim()["data"][0]
    trials = [rng.standard_normal((PADDING + n + 3, 3)) for n in LENGTHS]
    for trial, envelope in zip(trials, envelopes):
        trial[PADDING : PADDING + len(envelope)] += 5 * envelope
    eeg = {
        "dataType": "EEG",
        "deviceName": "Made up",
        "fs": SFREQ,
        "data": cell(trials),
        "chanlocs": [{"labels": name, "X": 0.5} for name in CHANNELS],
        "extChan": cell([{"description": "Mastoids", "data": cell(trials)}]),
        "paddingStartSample": PADDING,
        "origTrialPosition": np.array([[3, 1, 4, 2]]),
        "reRef": "Avg",
        "preprocessingPipeline": cell(["HPF", "Downsampling"]),
    }
    return {**eeg, **changes}


def save_version_5(path, variables, **options):
    variables = {name: _for_scipy(value) for name, value in variables.items()}
    savemat(path, variables, **options)


def save_compressed(path, variables):
    save_version_5(path, variables, do_compression=True)


def _for_scipy(value):
    if isinstance(value, dict):
        return {name: _for_scipy(one) for name, one in value.items()}
    if isinstance(value, list):
        made = np.empty((1, len(value)), [(name, object) for name in value[0]])
        for index, one in enumerate(value):
            made[0, index] = tuple(_for_scipy(v) for v in one.values())
        return made
    if type(value) is np.ndarray and value.dtype == object:
        return cell([[_for_scipy(one) for one in row] for row in value.tolist()])
    return value


def save_version_7(path, variables):
    with h5py.File(path, "w", userblock_size=512) as file:
        for name, value in variables.items():
            _put(file, name, value)
    with open(path, "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file, Platform: GLNXA64".ljust(124) + b"\0\2IM")


def _put(group, name, value):
    if isinstance(value, dict):
        made = group.create_group(name)
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        for field, one in value.items():
            _put(made, field, one)
    elif isinstance(value, list):
        made = group.create_group(name)
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        for field in value[0]:
            column = cell([one[field] for one in value])
            _references(made, field, column)
    elif isinstance(value, str):
        codes = np.frombuffer(value.encode("utf-16-le"), "<u2")[:, np.newaxis]
        _dataset(group, name, codes, "char")
    elif isinstance(value, np.ndarray) and value.dtype == object:
        _references(group, name, value).attrs["MATLAB_class"] = np.bytes_("cell")
    else:
        value = np.atleast_2d(np.asarray(value))
        kind = {"float64": "double", "float32": "single"}.get(value.dtype.name, "int64")
        if value.size == 0:
            made = _dataset(group, name, np.array(value.shape, np.uint64), kind)
            made.attrs["MATLAB_empty"] = np.uint8(1)
        else:
            _dataset(group, name, value.T, kind)


def _dataset(group, name, values, kind):
    made = group.create_dataset(name, data=values)
    made.attrs["MATLAB_class"] = np.bytes_(kind)
    return made


def _references(group, name, values):
    store = group.file.require_group("#refs#")
    made = group.create_dataset(name, values.T.shape, h5py.ref_dtype)
    for index in np.ndindex(values.shape):
        key = f"r{len(store)}"
        _put(store, key, values[index])
        made[index[::-1]] = store[key].ref
    return made


@pytest.fixture(params=[save_version_5, save_compressed, save_version_7])
def save(request, tmp_path):
    """Write `dataStim.mat` and `dataSub1.mat` in either version."""

    def write(stim=None, eeg=None, *, variable="eeg", subject="1", stimuli=""):
        stim = make_stim() if stim is None else stim
        eeg = make_eeg() if eeg is None else eeg
        request.param(tmp_path / f"dataStim{stimuli}.mat", {"stim": stim})
        request.param(tmp_path / f"dataSub{subject}.mat", {variable: eeg})
        return tmp_path

    return write


def without(fields, *names):
    return {name: value for name, value in fields.items() if name not in names}


def with_trial(data, index, value):
    changed = data.copy()
    changed[index] = value
    return changed


@pytest.mark.parametrize("variable", ["eeg", "neural"])
@pytest.mark.parametrize("feature", NAMES)
def test_values_are_those_of_the_file_from_the_onset_on(save, variable, feature):
    [recording] = load_cnd(save(variable=variable), feature=feature)
    stored, features = make_eeg()["data"][0], make_stim()["data"]
    for trial, n_times in enumerate(LENGTHS):
        expected = stored[trial][PADDING : PADDING + n_times]
        assert_array_equal(recording.eeg[trial], expected)
        target = features[NAMES.index(feature), trial]
        assert_array_equal(recording.targets[trial], target)
    assert recording.subject == "1"
    assert recording.feature == feature
    assert recording.sfreq == SFREQ
    assert recording.ch_names == CHANNELS
    assert recording.groups.tolist() == [7, 2, 7, 3]
    assert recording.conditions == ("listen", "imagine", "imagine", "listen")
    assert recording.positions == (3, 1, 4, 2)
    assert recording.trials == (0, 1, 2, 3)
    assert "4 trials of 3 stimuli, 3 channels at 64 Hz" in repr(recording)


def test_a_feature_that_outlasts_the_eeg_is_cut(save):
    eeg = make_eeg(paddingStartSample=PADDING + 5)
    [recording] = load_cnd(save(eeg=eeg), feature="envelope")
    for trial, n_times in enumerate(LENGTHS):
        assert len(recording.eeg[trial]) == len(recording.targets[trial]) == n_times - 2
    assert_array_equal(recording.eeg[0], eeg["data"][0, 0][PADDING + 5 :])
    assert_array_equal(recording.targets[0], make_stim()["data"][0, 0][:-2])


def test_the_tolerance_is_counted_in_seconds(save):
    folder = save()
    load_cnd(folder, feature="envelope", tolerance=3 / SFREQ)
    message = (
        r"dataSub1\.mat: eeg\.data\{1\}: the EEG lasts 3\.172 s \(203 samples without "
        r"padding\), the feature 3\.125 s \(200 samples\)"
    )
    with pytest.raises(ValueError, match=message):
        load_cnd(folder, feature="envelope", tolerance=2.9 / SFREQ)
    with pytest.raises(ValueError, match="tolerance: expected a finite number >= 0"):
        load_cnd(folder, feature="envelope", tolerance=-1)


@pytest.mark.parametrize("empty", [False, True])
def test_what_need_not_be_there(save, empty):
    fields = ("chanlocs", "paddingStartSample", "origTrialPosition")
    eeg, stim = make_eeg(), make_stim()
    if empty:
        eeg.update(dict.fromkeys(fields, np.empty((0, 0))))
        stim.update(dict.fromkeys(("condIdxs", "condNames"), np.empty((0, 0))))
    else:
        eeg, stim = without(eeg, *fields), without(stim, "condIdxs", "condNames")
    [recording] = load_cnd(save(stim, eeg), feature="envelope")
    assert recording.ch_names is None
    assert recording.conditions is None
    assert recording.positions is None
    assert_array_equal(recording.eeg[0], make_eeg()["data"][0, 0][: LENGTHS[0]])


def test_empty_trials_are_left_out(save):
    nothing = np.empty((0, 0))
    eeg, stim = make_eeg(), make_stim()
    eeg["data"][0, 1] = nothing
    stim["data"][0, 3] = nothing
    [recording] = load_cnd(save(stim, eeg), feature="envelope")
    assert recording.trials == (0, 2)
    assert recording.groups.tolist() == [7, 7]
    assert recording.positions == (3, 4)
    assert recording.conditions == ("listen", "imagine")
    assert_array_equal(recording.targets[1], stim["data"][0, 2])
    eeg["data"] = cell([nothing] * 4)
    with pytest.raises(ValueError, match="no trial has both EEG and 'envelope'"):
        load_cnd(save(stim, eeg), feature="envelope")


def test_one_feature_one_trial_and_one_channel(save):
    stim = make_stim(
        data=cell([np.ones((50, 1))]), names="envelope", stimIdxs=4, condIdxs=1
    )
    eeg = make_eeg(
        data=cell([np.zeros((60, 1))]), chanlocs={"labels": "Cz"}, origTrialPosition=1
    )
    [recording] = load_cnd(save(stim, eeg))
    assert recording.feature == "envelope"
    assert recording.ch_names == ("Cz",)
    assert recording.groups.tolist() == [4]
    assert_array_equal(recording.eeg[0], np.zeros((50, 1)))


@pytest.mark.parametrize(
    ("stored", "expected"),
    [("<f4", "f4"), (">f4", "f4"), ("<i4", "f8"), ("<f8", "f8"), ("u1", "f8")],
)
def test_values_are_of_floating_point(save, stored, expected):
    eeg = make_eeg()
    eeg["data"] = cell([(50 * np.abs(x)).astype(stored) for x in eeg["data"][0]])
    [recording] = load_cnd(save(eeg=eeg), feature="envelope")
    assert {x.dtype for x in recording.eeg} == {np.dtype(expected)}
    assert_array_equal(recording.eeg[1], eeg["data"][0, 1][PADDING : PADDING + 190])


def test_trials_in_a_column(save):
    eeg = make_eeg()
    eeg["data"] = eeg["data"].T
    [recording] = load_cnd(save(eeg=eeg), feature="envelope")
    assert len(recording.eeg) == 4


def test_subjects_are_chosen_by_number(save):
    for seed, subject in enumerate(("10", "2", "1")):
        folder = save(eeg=make_eeg(seed), subject=subject)
    (folder / "dataSubX.mat").write_bytes(b"of no interest")
    (folder / "pre_dataSub3.mat").write_bytes(b"of no interest")

    def loaded(**options):
        return load_cnd(folder, feature="envelope", **options)

    assert [recording.subject for recording in loaded()] == ["1", "2", "10"]
    chosen = loaded(subjects=[10, "1"])
    assert [recording.subject for recording in chosen] == ["10", "1"]
    first = make_eeg(0)["data"][0, 0]
    assert_array_equal(chosen[0].eeg[0], first[PADDING : PADDING + 200])
    assert len(loaded(subjects=np.array([2]))) == 1
    for subjects, message in (
        ([3, 1], r"subjects: \['3'\] are not in .*, which has \['1', '2', '10'\]"),
        (["1", 1], r"subjects: \['1'\] occur more than once"),
        ([1.5], "subjects: expected a list or tuple of str"),
        ("1", "subjects: expected a list or tuple of str"),
        (1, "subjects: expected a list or tuple of str"),
        ([], "subjects: expected at least one name"),
    ):
        with pytest.raises(ValueError, match=message):
            loaded(subjects=subjects)


def test_stimuli_of_a_subject_in_a_file_of_its_own(save):
    save()
    own = make_stim(stimIdxs=np.array([[1, 2, 3, 4]]))
    folder = save(own, subject="2", stimuli="2")
    recordings = load_cnd(folder, feature="envelope")
    assert [r.groups.tolist() for r in recordings] == [[7, 2, 7, 3], [1, 2, 3, 4]]


def test_features_are_chosen_by_name(save):
    folder = save()
    known = r"\['envelope', 'bands'\]"
    with pytest.raises(ValueError, match=f"feature: None, but .* several: {known}"):
        load_cnd(folder)
    with pytest.raises(ValueError, match=f"feature: expected one of {known}.*'onset'"):
        load_cnd(folder, feature="onset")
    with pytest.raises(ValueError, match="feature: expected one of"):
        load_cnd(folder, feature=0)


def test_a_decoder_learns_from_what_is_loaded(save):
    save(eeg=make_eeg(1))
    first, second = load_cnd(save(eeg=make_eeg(2), subject="2"), feature="envelope")
    decoder = EnvelopeDecoder(sfreq=first.sfreq, tmax=0.1)
    decoder.fit(first.eeg, first.targets, groups=first.groups)
    for eeg, target in zip(second.eeg, second.targets):
        [predicted] = decoder.predict([eeg])
        assert np.corrcoef(predicted.ravel(), target.ravel())[0, 1] > 0.8


STIM, EEG = make_stim(), make_eeg()
TWICE = [{"labels": name} for name in ("Fz", "Fz", "Pz")]
NUMBERED = [{"labels": number} for number in (1.0, 2.0, 3.0)]
NAN = with_trial(EEG["data"][0, 2], (20, 1), np.nan)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": np.ones((4, 3))}, "data: expected a cell array of shape .*numbers"),
        ({"data": STIM["data"][:1]}, r"data: expected a cell array of 2 rows"),
        ({"data": STIM["data"].T}, r"data: expected .* 2 rows, .*shape \(4, 2\)"),
        (
            {"names": 3.0},
            "names: expected a cell array of names of features, found num",
        ),
        ({"names": cell(["a", 2.0])}, "names: .*found numbers .* in cell 2"),
        ({"names": cell(["envelope"] * 2)}, "names: .*more than once"),
        ({"stimIdxs": np.ones((1, 3))}, r"stimIdxs: expected 4 .*shape \(1, 3\)"),
        ({"stimIdxs": np.array([[1, 2, 0, 1]])}, "stimIdxs: .*found 0 among"),
        ({"stimIdxs": np.array([[1, 2, 1.5, 1]])}, r"stimIdxs: .*found 1\.5 among"),
        ({"stimIdxs": np.array([[1, 2, np.nan, 1]])}, "stimIdxs: .*found nan among"),
        ({"stimIdxs": "abcd"}, "stimIdxs: expected 4 whole .*found the text 'abcd'"),
        ({"condIdxs": np.array([[1, 2, 3, 1]])}, "condIdxs: .*from 1 to 2.*found 3"),
        ({"condIdxs": cell("abcd")}, "condIdxs: expected 4 .*found a cell array"),
        ({"fs": "64"}, "fs: expected one rate in Hz, found the text '64'"),
        ({"fs": np.nan}, "fs: expected a positive rate"),
        ({"fs": np.ones((1, 2))}, "fs: expected one rate in Hz, found numbers"),
        ({"fs": 128}, r"eeg\.fs: 64 Hz, but stim\.fs in .*dataStim\.mat is 128 Hz"),
        (
            {"data": with_trial(STIM["data"], (0, 1), "text")},
            r"dataStim\.mat: 'envelope' in trial 2: expected numbers, found the text",
        ),
        (
            {"data": with_trial(STIM["data"], (0, 1), np.ones((190, 2)))},
            r"'envelope' in trial 2: expected 1 columns as in trial 1, found 2",
        ),
    ],
)
def test_stimuli_that_are_not_as_the_format_says_are_refused(save, changes, message):
    folder = save({**make_stim(), **changes})
    with pytest.raises(ValueError, match=message) as caught:
        load_cnd(folder, feature="envelope")
    assert "dataStim.mat" in str(caught.value) or "dataSub1.mat" in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"data": np.ones((4, 3))}, "data: expected a cell array of trials, found num"),
        ({"data": EEG["data"][:, :3]}, r"data: .* of 4 trials, .*shape \(1, 3\)"),
        ({"data": EEG["data"].reshape(2, 2)}, r"data: .* 4 trials, .*shape \(2, 2\)"),
        (
            {"data": with_trial(EEG["data"], (0, 2), NAN)},
            r"data\{3\}: found 1 NaN or infinite values, the first at \(20, 1\)",
        ),
        (
            {"data": with_trial(EEG["data"], (0, 2), np.ones((223, 4)))},
            r"data\{3\}: expected 3 columns as in trial 1, found 4",
        ),
        (
            {"data": with_trial(EEG["data"], (0, 2), np.ones((223, 3), complex))},
            r"data\{3\}: expected numbers, found a \w+ array",
        ),
        (
            {"data": with_trial(EEG["data"], (0, 2), EEG["data"])},
            r"data\{3\}: expected numbers, found a cell|data\{3\}: .*object array",
        ),
        (
            {"data": with_trial(EEG["data"], (0, 2), {"a": 1})},
            r"data\{3\}: expected numbers, found a struct",
        ),
        ({"fs": 0}, "fs: expected a positive rate in Hz"),
        ({"fs": 512}, r"fs: 512 Hz, but stim\.fs in .* is 64 Hz; one rate for both"),
        ({"paddingStartSample": -1}, "paddingStartSample: expected one whole number"),
        ({"paddingStartSample": np.ones(4)}, "paddingStartSample: expected one whole"),
        ({"paddingStartSample": 900}, r"data\{1\}: 213 samples, but .* is 900"),
        ({"origTrialPosition": np.ones(3)}, "origTrialPosition: expected 4 whole"),
        ({"chanlocs": EEG["chanlocs"][:2]}, "chanlocs: 2 channels, .* 3 columns"),
        ({"chanlocs": TWICE}, r"chanlocs\.labels: \['Fz'\] occur more than once"),
        ({"chanlocs": NUMBERED}, r"chanlocs\(1\)\.labels: .*found numbers"),
        ({"chanlocs": [{"X": 1.0}] * 3}, r"chanlocs\(1\)\.labels: .*found nothing"),
        ({"chanlocs": "biosemi64.loc"}, "chanlocs: expected a struct array"),
    ],
)
def test_recordings_that_are_not_as_the_format_says_are_refused(save, changes, message):
    folder = save(eeg={**make_eeg(), **changes})
    with pytest.raises(ValueError, match=rf"dataSub1\.mat: eeg\.{message}"):
        load_cnd(folder, feature="envelope")


@pytest.mark.parametrize("field", ["data", "fs", "names", "stimIdxs"])
def test_fields_that_have_to_be_there(save, field):
    folder = save(without(make_stim(), field))
    with pytest.raises(ValueError, match=rf"dataStim\.mat: stim\.{field}: .* nothing"):
        load_cnd(folder, feature="envelope")
    if field in ("data", "fs"):
        folder = save(eeg=without(make_eeg(), field))
        message = rf"dataSub1\.mat: eeg\.{field}: .* nothing"
        with pytest.raises(ValueError, match=message):
            load_cnd(folder, feature="envelope")


def test_another_variable_or_none_is_refused(save, tmp_path):
    folder = save(variable="meg")
    with pytest.raises(ValueError, match=r"'eeg' or 'neural', found \['meg'\]"):
        load_cnd(folder, feature="envelope")
    for value, found in (
        (2.0, "numbers"),
        ("a", "the text 'a'"),
        ([{"fs": 64}] * 2, "of 2"),
    ):
        folder = save(eeg=value)
        with pytest.raises(
            ValueError, match=f"eeg: expected a struct, found .*{found}"
        ):
            load_cnd(folder, feature="envelope")


def test_files_that_are_not_there(save, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no such folder; dataSub1\.mat.*none"):
        load_cnd(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match=r"no recording; dataSub1\.mat"):
        load_cnd(tmp_path)
    (save() / "dataStim.mat").unlink()
    with pytest.raises(FileNotFoundError, match=r"no such file; .*dataStim\.mat"):
        load_cnd(tmp_path)


@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.9, 0.99])
@pytest.mark.parametrize("name", ["dataStim.mat", "dataSub1.mat"])
def test_files_that_are_cut_short_are_refused(save, share, name):
    path = save() / name
    whole = path.read_bytes()
    path.write_bytes(whole[: round(share * len(whole))])
    with pytest.raises(ValueError, match=re.escape(name)):
        load_cnd(path.parent, feature="envelope")


@pytest.mark.parametrize("content", [b"", b"text " * 500, bytes(4096), b"\x80\x04N."])
def test_what_is_no_matlab_file_is_refused(save, content):
    path = save() / "dataSub1.mat"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"dataSub1\.mat: (can't be read as|expected)"):
        load_cnd(path.parent, feature="envelope")


def test_damaged_files_fail_with_a_message_or_are_read(save):
    path = save() / "dataSub1.mat"
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    messages = []
    for _ in range(40):
        damaged = bytearray(whole)
        for at in rng.integers(0, min(len(whole), 6000), 4):
            damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            load_cnd(path.parent, feature="envelope")
        except ValueError as error:
            messages.append(str(error))
    assert messages
    assert all("dataSub1.mat" in message for message in messages)


MARK = np.uint64(0x1122334455667788)
ODD = {
    3: "object",
    5: "sparse matrix",
    16: "function handle",
    17: "object",
    99: "value",
}


@pytest.mark.parametrize("number", ODD)
def test_objects_of_version_5_harm_only_where_they_are_asked_for(tmp_path, number):
    """Nothing in Python writes such values, so the class of a number is changed."""
    save_version_5(tmp_path / "dataStim.mat", {"stim": make_stim()})
    path = tmp_path / "dataSub1.mat"
    for field in ("reRef", "fs"):
        save_version_5(path, {"eeg": make_eeg(**{field: MARK})})
        content = bytearray(path.read_bytes())
        content[content.index(MARK.tobytes()) - 40] = number
        path.write_bytes(content)
        if field == "reRef":
            assert len(load_cnd(tmp_path, feature="envelope")) == 1
    with pytest.raises(ValueError, match=rf"eeg\.fs: .*found a {ODD[number]}"):
        load_cnd(tmp_path, feature="envelope")


@pytest.fixture
def version_7(tmp_path):
    save_version_7(tmp_path / "dataStim.mat", {"stim": make_stim()})
    save_version_7(tmp_path / "dataSub1.mat", {"eeg": make_eeg()})
    return tmp_path


def test_objects_of_version_7_harm_only_where_they_are_asked_for(version_7):
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        del file["eeg/reRef"]
        made = _dataset(file["eeg"], "reRef", np.zeros((6, 1), np.uint32), "string")
        made.attrs["MATLAB_object_decode"] = np.int32(3)
        file["eeg"].create_group("handle").attrs["MATLAB_class"] = np.bytes_(
            "function_handle"
        )
    assert len(load_cnd(version_7, feature="envelope")) == 1
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        del file["eeg/fs"]
        file["eeg/fs"] = file["eeg/reRef"]
    with pytest.raises(ValueError, match=r"eeg\.fs: .*found a string object"):
        load_cnd(version_7, feature="envelope")
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        del file["eeg/fs"]
        file["eeg/fs"] = file["eeg/handle"]
    with pytest.raises(ValueError, match=r"eeg\.fs: .*found a function_handle"):
        load_cnd(version_7, feature="envelope")


@pytest.mark.parametrize("name", ["eeg", "eeg/data", "eeg/fs", "eeg/chanlocs"])
@pytest.mark.parametrize(
    "link",
    [h5py.ExternalLink("other.mat", "/there"), h5py.SoftLink("/#refs#")],
    ids=["external", "soft"],
)
def test_links_are_not_followed(version_7, name, link):
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        h5py.File(version_7 / "other.mat", "w").close()
        del file[name]
        file[name] = link
    message = rf"dataSub1\.mat: can't be read .*'{name.split('/')[-1]}' is a link"
    with pytest.raises(ValueError, match=message):
        load_cnd(version_7, feature="envelope")


@pytest.mark.parametrize("kind", ["external", "virtual"])
def test_data_in_other_files_are_not_read(version_7, kind):
    (version_7 / "secret").write_bytes(np.full(1, 64.0).tobytes())
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        del file["eeg/fs"]
        if kind == "external":
            made = file["eeg"].create_dataset(
                "fs", (1, 1), "f8", external=[(str(version_7 / "secret"), 0, 8)]
            )
        else:
            layout = h5py.VirtualLayout((1, 1), "f8")
            layout[0] = h5py.VirtualSource(str(version_7 / "other"), "a", (1,))
            made = file["eeg"].create_virtual_dataset("fs", layout)
        made.attrs["MATLAB_class"] = np.bytes_("double")
    message = r"dataSub1\.mat: can't be read .*data of '/eeg/fs' lie in another file"
    with pytest.raises(ValueError, match=message):
        load_cnd(version_7, feature="envelope")


def test_references_to_nothing_and_to_itself_are_refused(version_7):
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        file["eeg/data"][1, 0] = file["eeg/data"].ref
    with pytest.raises(ValueError, match=r"eeg\.data\{2\}: .*found a cell"):
        load_cnd(version_7, feature="envelope")
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        file["eeg/data"][1, 0] = h5py.Reference()
    with pytest.raises(ValueError, match=r"dataSub1\.mat: can't be read as"):
        load_cnd(version_7, feature="envelope")


def test_struct_arrays_whose_fields_differ_in_length_are_refused(version_7):
    with h5py.File(version_7 / "dataSub1.mat", "r+") as file:
        references = file["eeg/data"][()]
        del file["eeg"]
        made = file.create_group("eeg")
        made.attrs["MATLAB_class"] = np.bytes_("struct")
        made["data"], made["fs"] = references, references[:2]
    with pytest.raises(ValueError, match="fields of a struct array differ"):
        load_cnd(version_7, feature="envelope")


def test_char_arrays_of_several_rows_are_no_name(version_7):
    message = r"stim\.names: .*found a char array of 2 rows"
    with h5py.File(version_7 / "dataStim.mat", "r+") as file:
        del file["stim/names"]
        _dataset(file["stim"], "names", np.full((8, 2), 97, np.uint16), "char")
    with pytest.raises(ValueError, match=message):
        load_cnd(version_7, feature="envelope")
    names = np.array(["envelope", "envelopf"])
    save_version_5(version_7 / "dataStim.mat", {"stim": make_stim(names=names)})
    with pytest.raises(ValueError, match=message):
        load_cnd(version_7, feature="envelope")
