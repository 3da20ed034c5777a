"""Values of files that MATLAB wrote are those that scipy reads."""

import warnings
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from numpy.testing import assert_array_equal

from sklearn_cnmf.datasets import _matlab5
from sklearn_cnmf.datasets._matlab5 import variables
from sklearn_cnmf.datasets._matlab_values import Odd

# Not all builds of scipy have the files of its tests; they are from MATLAB 6 to 8, of
# both orders of bytes.
FOLDER = Path(scipy.io.matlab.__file__).parent / "tests" / "data"
FILES = sorted(path.name for path in FOLDER.glob("test*_[5678].*.mat"))
FILES = [name for name in FILES if "hdf5" not in name]


class Every(dict):
    """All fields of all structs."""

    def __contains__(self, name):
        return True

    def __missing__(self, name):
        return self


def check_same(value, expected):
    if isinstance(value, Odd):
        odd = type(expected) is not np.ndarray or expected.dtype.kind in "cOU"
        assert odd, (value, expected)
    elif isinstance(value, str):
        assert value == (expected.item() if expected.size else "")
    elif isinstance(value, list):
        assert len(value) == expected.size
        for struct, row in zip(value, expected.ravel(order="F")):
            assert set(struct) == set(row.dtype.names)
            for name in struct:
                check_same(struct[name], row[name])
    elif value.dtype == object:
        assert value.shape == expected.shape
        for one, other in zip(value.ravel(), expected.ravel()):
            check_same(one, other)
    else:
        assert value.shape == expected.shape
        assert_array_equal(value, expected)


@pytest.mark.skipif(not FILES, reason="scipy came without the files of its tests")
@pytest.mark.parametrize("name", FILES)
def test_values_are_those_that_scipy_reads(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = scipy.io.loadmat(FOLDER / name)
    read = {found: value() for found, value in variables(FOLDER / name, Every())}
    known = {found for found in expected if not found.startswith("__")} - {"None"}
    assert known <= set(read)
    for found in known:
        check_same(read[found], expected[found])


@pytest.mark.parametrize("damage", ["no header", "cut short", "tag", "type"])
def test_damage_is_told(tmp_path, damage):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"a": {"b": np.arange(5.0), "c": "text"}})
    content = bytearray(path.read_bytes())
    if damage == "no header":
        content[126] = 0
    elif damage == "cut short":
        del content[-8:]
    elif damage == "tag":
        content[128 + 8 + 2] = 9
    else:
        content[128 + 8] = 11
    path.write_bytes(content)
    messages = {
        "no header": "no header of a MATLAB file",
        "cut short": "the file is cut short",
        "tag": "an element of 9 bytes stands in its tag",
        "type": "numbers of unknown type 11",
    }
    with pytest.raises(ValueError, match=messages[damage]):
        [value() for _, value in variables(path, {"b": None})]


def test_a_variable_that_unpacks_without_end_is_refused(tmp_path, monkeypatch):
    path = tmp_path / "a.mat"
    scipy.io.savemat(path, {"x": np.zeros((100, 100))}, do_compression=True)
    monkeypatch.setattr(_matlab5, "_LARGEST", 1000)
    with pytest.raises(ValueError, match="takes more than 1000 bytes"):
        list(_matlab5.variables(path, {}))
