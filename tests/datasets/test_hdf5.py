import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf.datasets._hdf5 import inside, open_hdf5, read_array


def binary128():
    """A type of floats that no NumPy of this machine can hold without loss."""
    kind = h5py.h5t.IEEE_F64LE.copy()
    kind.set_size(16)
    kind.set_precision(128)
    kind.set_fields(127, 112, 15, 0, 112)
    kind.set_ebias(16383)
    return kind


def write(path, name, values, kind):
    with h5py.File(path, "a") as file:
        space = h5py.h5s.create_simple(values.shape)
        dataset = h5py.h5d.create(file.id, name.encode(), kind, space)
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, np.ascontiguousarray(values))


@pytest.mark.parametrize(
    ("kind", "dtype"),
    [
        (h5py.h5t.IEEE_F64LE, np.float64),
        (h5py.h5t.IEEE_F64BE, np.float64),
        (h5py.h5t.IEEE_F32LE, np.float32),
        (h5py.h5t.IEEE_F32BE, np.float32),
        (h5py.h5t.NATIVE_LDOUBLE, np.float64),
        (binary128(), np.float64),
        (h5py.h5t.STD_I16BE, np.int16),
    ],
)
def test_any_kind_of_number_is_read(tmp_path, kind, dtype):
    values = np.arange(24.0).reshape(3, 8) - 7
    write(tmp_path / "a.h5", "x", values, kind)
    with open_hdf5(tmp_path / "a.h5") as file:
        whole = read_array(inside(file, "x"))
        part = read_array(inside(file, "x"), slice(2, 5))
        assert read_array(inside(file, "x"), slice(5, 5)).shape == (3, 0)
    assert whole.dtype == part.dtype == dtype
    assert whole.dtype.isnative
    assert_array_equal(whole, values)
    assert_array_equal(part, values[:, 2:5])


def test_links_stay_inside(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = np.zeros(3)
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["group/x"] = np.ones(3)
        file["soft"] = h5py.SoftLink("/group/x")
        file["out"] = h5py.ExternalLink("other.h5", "/x")
        file["far"] = h5py.SoftLink("/out")
        file["circle"] = h5py.SoftLink("/circle")
        layout = h5py.VirtualLayout((3,), float)
        layout[:] = h5py.VirtualSource(tmp_path / "other.h5", "x", (3,))
        file.create_virtual_dataset("virtual", layout)
        file.create_dataset("raw", (3,), float, external=[("secret", 0, 24)])
        file["text"] = "words"
        file.create_dataset("huge", (2**20, 2**20), float, chunks=(1, 1024))
    with open_hdf5(path) as file:
        assert_array_equal(read_array(inside(file, "soft")), 1)
        for name, message in (
            ("out", "a link to another file, 'other.h5'"),
            ("far", "a link to another file"),
            ("circle", "circle"),
            ("group/y", "not found"),
            ("group/x/y", "not found"),
            ("virtual", "its data lie in another file"),
            ("raw", "its data lie in another file"),
            ("text", "real numbers"),
            ("group", "expected an array, found a group"),
            ("huge", "at most"),
        ):
            with pytest.raises(ValueError, match=message):
                read_array(inside(file, name))
