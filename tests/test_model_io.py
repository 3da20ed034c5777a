import copy
import io
import json
import os
import re
import warnings
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import sklearn
import skops.io
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial, model_io
from sklearn_cnmf.model_io import load_model, read_model_info, save_model

SFREQ = 8000


@pytest.fixture(scope="module")
def trials():
    rng = np.random.default_rng(0)
    trials, references = [], []
    for number in range(4):
        gates = np.repeat(rng.integers(0, 2, (2, 16)), SFREQ // 4, axis=1)
        sources = gates * rng.standard_normal((2, 4 * SFREQ))
        trial = Trial(
            rng.standard_normal((3, 256)), 64.0, sources.sum(axis=0), float(SFREQ),
            instruments=("a", "b"), stimulus=str(number), ch_names=("C3", "Cz", "C4"),
        )  # fmt: skip
        trials.append(trial)
        references.append(Reference(sources, number % 2))
    return trials, references


def pipeline(**decoder):
    parameters = {"alpha": 1.0, **decoder}
    return Pipeline(
        [
            ("decode", EnvelopeDecoder(**parameters)),
            ("separate", ContrastiveNMF(2, tol=1e-2, delta=0.0, random_state=0)),
        ]
    )


@pytest.fixture(scope="module")
def fitted(trials):
    return pipeline().fit(*trials)


@pytest.fixture
def saved(fitted, tmp_path):
    path = tmp_path / "model.skops"
    save_model(fitted, path, description="Noise.")
    return path


@pytest.mark.parametrize(
    "decoder",
    [
        {"alpha": "cv", "alphas": (1e-3, 1e-1, 1.0, 1e2)},
        {"feature": "mel", "n_bands": 3},
        {"feature": "mel_onset"},
        {"feature": "onset"},
        {"feature": "envelope_onset"},
        {"feature": "activations", "n_bands": 2},
        {"per_instrument": True},
        {"estimator": Ridge(10.0)},
    ],
)
@pytest.mark.filterwarnings("ignore:alphas. the best value")
def test_loaded_model_predicts_identically(trials, tmp_path, decoder):
    model = pipeline(**decoder).fit(*trials)
    save_model(model, tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops")
    for one, two in zip(model.predict(trials[0]), loaded.predict(trials[0])):
        assert_array_equal(one, two)
    assert loaded[1].predict_attended(loaded[0].transform(trials[0])) == (
        model[1].predict_attended(model[0].transform(trials[0]))
    )
    assert str(loaded) == str(model)


def test_model_of_arrays(tmp_path):
    X = np.random.default_rng(0).random((20, 5)).astype(np.float32)
    model = ContrastiveNMF(2, delta=0, random_state=0, tol=1e-2).fit(X)
    save_model(model, tmp_path / "m.skops")
    loaded = load_model(tmp_path / "m.skops")
    assert_array_equal(loaded.transform(X), model.transform(X))
    assert loaded.components_.dtype == np.float32


def test_info_is_read_without_loading(saved):
    import sklearn

    import sklearn_cnmf

    assert read_model_info(saved) == {
        "format": 1,
        "description": "Noise.",
        "versions": {
            "sklearn_cnmf": sklearn_cnmf.__version__,
            "scikit-learn": sklearn.__version__,
        },
    }


def test_file_is_replaced_whole_and_leaves_nothing_beside(
    fitted, saved, tmp_path, monkeypatch
):
    save_model(fitted, saved, description="Second.")
    assert read_model_info(saved)["description"] == "Second."
    before = saved.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        save_model(fitted, saved, description="Third.")
    assert saved.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["model.skops"]


def rewritten(path, **members):
    """Copy of a model file with some members replaced or (None) left out."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content.update(members)
    target = path.with_name("rewritten.skops")
    with zipfile.ZipFile(target, "w") as archive:
        for name, data in content.items():
            if data is not None:
                archive.writestr(name, data)
    return target


def test_other_versions_warn(saved):
    info = {"format": 1, "description": "", "versions": {"sklearn_cnmf": "0.0.1"}}
    other = rewritten(saved, **{"sklearn_cnmf.json": json.dumps(info)})
    expected = r"saved with sklearn_cnmf 0\.0\.1, here is .*version unknown"
    with pytest.warns(UserWarning, match=expected):
        load_model(other)


def test_file_of_skops_alone_loads_with_a_warning(fitted, tmp_path):
    skops.io.dump(fitted, tmp_path / "m.skops")
    info = {"format": 0, "description": "", "versions": {}}
    assert read_model_info(tmp_path / "m.skops") == info
    with pytest.warns(UserWarning, match="version unknown"):
        assert isinstance(load_model(tmp_path / "m.skops"), Pipeline)


class Foreign(BaseEstimator):
    built = 0

    def __setstate__(self, state):
        Foreign.built += 1


def own_feature(audio, sfreq, times):
    return times[None]


def schema(loader, module, name, **more):
    node = {"__class__": name, "__module__": module, "__loader__": loader, **more}
    return {**node, "protocol": 2, "_skops_version": "0.16.0"}


HOSTILE = {
    "os.system": schema("FunctionNode", "os", "system"),
    "builtins.eval": schema("TypeNode", "builtins", "eval"),
    "subprocess.Popen": schema(
        "ConstructorFromReduceNode",
        "subprocess",
        "Popen",
        content={
            "__class__": "tuple",
            "__module__": "builtins",
            "__loader__": "TupleNode",
            "content": [],
        },
    ),
    "sklearn_cnmf.trial.Trial": schema("ObjectNode", "sklearn_cnmf.trial", "Trial"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_types_that_are_not_trusted_are_refused_by_name(tmp_path, name):
    path = tmp_path / "hostile.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(HOSTILE[name]))
    with pytest.raises(ValueError, match=f"hostile.skops: holds {name}.*not trusted"):
        load_model(path)


def test_nothing_is_built_of_a_refused_file(tmp_path):
    skops.io.dump(Pipeline([("x", Foreign())]), tmp_path / "m.skops")
    with pytest.raises(ValueError, match=r"holds .*Foreign; these types are not tru"):
        load_model(tmp_path / "m.skops")
    assert Foreign.built == 0


def test_what_could_not_be_loaded_is_not_saved(trials, tmp_path):
    model = EnvelopeDecoder(feature=own_feature, alpha=1.0, l_freq=None, h_freq=None)
    with pytest.raises(NotFittedError):
        save_model(model, tmp_path / "m.skops")
    model.fit(*trials)
    with pytest.raises(ValueError, match=r"model: holds .*own_feature"):
        save_model(model, tmp_path / "m.skops")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a model file"),
        (b"RIFF....WAVE", "not a model file"),
        (b"\x80\x04\x95.", "not a model file"),
    ],
)
def test_other_files_are_refused(tmp_path, content, message):
    path = tmp_path / "x.skops"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        load_model(path)
    with pytest.raises(ValueError, match=message):
        read_model_info(path)


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"schema.json": None}, "not a model file"),
        ({"schema.json": b"{"}, "damaged model file"),
        ({"schema.json": b"{}"}, "damaged model file"),
        ({"schema.json": b"[" * 100_000}, "damaged model file"),
        ({"sklearn_cnmf.json": b"[]"}, "damaged"),
        (
            {"sklearn_cnmf.json": b'{"format": 1, "description": 1, "versions": {}}'},
            "damaged",
        ),
        ({"sklearn_cnmf.json": b'{"description": "", "versions": {}}'}, "damaged"),
        ({"sklearn_cnmf.json": b"[" * 100_000}, "damaged"),
        (
            {"sklearn_cnmf.json": b'{"format": 2, "description": "", "versions": {}}'},
            "has format 2; this version of sklearn_cnmf reads formats up to 1",
        ),
    ],
)
def test_damaged_files_are_refused(saved, members, message):
    path = rewritten(saved, **members)
    with pytest.raises(ValueError, match=message):
        load_model(path)


def test_truncated_file_is_refused(saved):
    content = saved.read_bytes()
    saved.write_bytes(content[: len(content) // 2])
    with pytest.raises(ValueError, match="not a model file"):
        load_model(saved)


def test_no_estimator_is_refused(tmp_path):
    skops.io.dump({"a": 1}, tmp_path / "m.skops")
    with pytest.raises(ValueError, match="expected an estimator, found dict"):
        load_model(tmp_path / "m.skops")


def test_archive_that_unpacks_to_too_much_is_refused(saved, monkeypatch):
    monkeypatch.setattr(model_io, "_LARGEST", 1000)
    with pytest.raises(ValueError, match="unpacks to"):
        load_model(saved)


def test_wrong_types_and_missing_file(fitted, tmp_path):
    with pytest.raises(ValueError, match="model: expected an estimator, got dict"):
        save_model({}, tmp_path / "m.skops")
    with pytest.raises(ValueError, match="description: expected a str"):
        save_model(fitted, tmp_path / "m.skops", description=None)
    with pytest.raises(FileNotFoundError):
        load_model(tmp_path / "m.skops")


def test_no_pickle_inside(saved):
    with zipfile.ZipFile(saved) as archive:
        for name in archive.namelist():
            if name.endswith(".npy"):
                np.load(io.BytesIO(archive.read(name)), allow_pickle=False)
            else:
                json.loads(archive.read(name))


def set_flags(content, flag):
    """Set a bit of the general purpose flags of every member of a zip archive."""
    content = bytearray(content)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = 0
        while (start := content.find(signature, start)) >= 0:
            content[start + offset] |= flag
            start += 4
    return bytes(content)


def test_zip_flags_that_nobody_set_are_one_clear_error(saved):
    content = saved.read_bytes()
    for flag in (0x01, 0x20, 0x40):
        saved.write_bytes(set_flags(content, flag))
        with pytest.raises(ValueError, match=r"model\.skops: damaged model file"):
            load_model(saved)


def changed(fitted, step, **fields):
    """Copy of a fitted pipeline with other fields in the fitted value of a step."""
    other = copy.deepcopy(fitted)
    estimator = other.named_steps[step]
    estimator.model_ = replace(estimator.model_, **fields)
    return other


@pytest.mark.parametrize(
    ("step", "change", "message"),
    [
        ("separate", lambda m: {"components": m.components[:1]}, "components: expect"),
        (
            "separate",
            lambda m: {"components": tuple(-c for c in m.components)},
            "negative",
        ),
        (
            "separate",
            lambda m: {"components": tuple(c * np.nan for c in m.components)},
            "NaN",
        ),
        ("separate", lambda m: {"n_fft": 12}, "components: expected shape"),
        ("separate", lambda m: {"parameters": None}, "parameters: expected a dict"),
        ("decode", lambda m: {"sfreq": -64.0}, "sfreq: expected a finite number > 0"),
        (
            "decode",
            lambda m: {"pooled": replace(m.pooled, coef=m.pooled.coef[:, :2])},
            "coef: expected shape",
        ),
        (
            "decode",
            lambda m: {"pooled": replace(m.pooled, mean=m.pooled.mean * np.inf)},
            "mean: found 3 NaN or infinite",
        ),
        (
            "decode",
            lambda m: {"pooled": replace(m.pooled, lags=m.pooled.lags[::-1])},
            "lags: expected",
        ),
    ],
)
def test_fitted_values_that_do_not_fit_are_refused(
    fitted, tmp_path, step, change, message
):
    other = changed(fitted, step, **change(fitted.named_steps[step].model_))
    save_model(other, tmp_path / "m.skops")
    with pytest.raises(ValueError, match=f"m.skops: damaged model file.*{message}"):
        load_model(tmp_path / "m.skops")


def test_missing_attributes_are_refused(fitted, tmp_path):
    other = copy.deepcopy(fitted)
    del other.named_steps["separate"].model_
    skops.io.dump(other, tmp_path / "m.skops")
    with pytest.raises(ValueError, match=r"model_ of ContrastiveNMF: .* NoneType"):
        load_model(tmp_path / "m.skops")


def test_a_cache_is_neither_saved_nor_brought_back(trials, tmp_path):
    model = pipeline(memory=str(tmp_path / "cache")).fit(*trials)
    save_model(model, tmp_path / "m.skops")
    assert model[0].memory == str(tmp_path / "cache")
    assert load_model(tmp_path / "m.skops")[0].memory is None
    skops.io.dump(model, tmp_path / "hostile.skops")
    with pytest.warns(UserWarning, match="version unknown"):
        loaded = load_model(tmp_path / "hostile.skops")
    assert loaded[0].memory is None


def test_public_names_alone_are_in_the_file(saved):
    with zipfile.ZipFile(saved) as archive:
        text = archive.read("schema.json").decode()
    ours = set(re.findall(r'"(sklearn_cnmf[^"]*)"', text))
    assert ours
    assert not [name for name in ours if "._" in name]


def test_a_file_of_format_1_loads_for_ever():
    folder = Path(__file__).parent / "data"
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*saved with", UserWarning)
        model = load_model(folder / "format_1.skops")
    stored = np.load(folder / "format_1.npz")
    trial = Trial(
        stored["eeg"], 64.0, stored["mixture"], 4000.0, instruments=("a", "b")
    )
    (decoded,) = model[0].transform([trial])
    assert_allclose(decoded.guide, stored["guide"], rtol=1e-5, atol=1e-6)
    # Written before decoders learned how far to trust their outputs.
    assert model[0].scale is None
    (attended,) = model.set_params(separate__choice="hard").predict([trial])
    assert_allclose(attended, stored["attended"], atol=1e-4)


def test_a_model_of_another_scikit_learn_is_loaded_with_one_warning(saved):
    with zipfile.ZipFile(saved) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    version = sklearn.__version__.encode()
    with zipfile.ZipFile(saved, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(version, b"1.5.0"))
    assert version in members["schema.json"]
    with pytest.warns(UserWarning, match=r"saved with.*1\.5\.0") as caught:
        load_model(saved)
    assert len(caught) == 1


def test_what_another_package_says_of_a_file_is_cut(saved, monkeypatch):
    def loads(*args, **kwargs):
        raise KeyError(9000 * "9")

    monkeypatch.setattr(skops.io, "loads", loads)
    with pytest.raises(ValueError, match="damaged model file") as caught:
        load_model(saved)
    assert "999..." in str(caught.value)
    assert len(str(caught.value)) < 300 + len(str(saved))
