"""What is left where a disk is full, or a file may not grow."""

import errno
import os
import subprocess

import pytest

from . import writers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs limits of files")


def left(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def assert_as_before(folder, name):
    """Nothing is there but the file that was, or a folder that holds nothing."""
    if name in writers.FILES:
        file = writers.FILES[name]
        assert left(folder) == [file]
        assert (folder / file).read_text() == "as it was"
    else:
        assert all(path.is_dir() for path in folder.rglob("*"))


@pytest.fixture(scope="module")
def limited(attempts, tmp_path_factory):
    folder = tmp_path_factory.mktemp("limited")
    return folder, attempts(folder, "limit")


@pytest.fixture(scope="module")
def full(attempts, tmp_path_factory):
    """A disk on which no byte is free, beside the few files that are on it."""
    folder = tmp_path_factory.mktemp("full")
    words = ["mount", "-t", "tmpfs", "-o", "size=256k", "none", str(folder)]
    try:
        done = subprocess.run(words, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"a small disk can't be mounted ({error})")
    if done.returncode:
        pytest.skip(f"a small disk can't be mounted ({done.stderr.strip()})")
    try:
        yield folder, attempts(folder, "full")
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("name", [n for n in writers.FUNCTIONS if n != "evaluate"])
@pytest.mark.parametrize("disk", ["limited", "full"])
def test_functions_name_the_file_and_leave_it_as_it_was(disk, name, request):
    folder, found = request.getfixturevalue(disk)
    error, folder = found[name], folder / f"api-{name}"
    code = {"limited": errno.EFBIG, "full": errno.ENOSPC}[disk]
    assert error["error"] == "OSError", error
    assert error["errno"] == code
    assert error["filename"] == str(folder / writers.FILES.get(name, "new"))
    assert f"{os.strerror(code)}; nothing was written, make room" in error["message"]
    assert_as_before(folder, name)


def test_an_evaluation_says_which_unit_can_not_be_kept(full):
    folder, found = full
    error, store = found["evaluate"], folder / "api-evaluate"
    assert error["errno"] == errno.ENOSPC
    assert os.path.dirname(error["filename"]) == str(store)
    assert left(store) == []


@pytest.mark.parametrize(
    ("disk", "name"),
    [
        (disk, name)
        for disk, how in (("limited", "limit"), ("full", "full"))
        for name in writers.DONE[how]
    ],
)
def test_commands_say_so_in_one_line_and_leave_nothing(disk, name, request):
    folder, found = request.getfixturevalue(disk)
    told, folder = found[f"command {name}"], folder / f"command-{name}"
    assert told["status"] == 2, told
    *warned, line = told["stderr"]
    assert all(": warning: Unable to cache to disk" in one for one in warned)
    place = folder / ("page.html" if name == "report" else "out")
    assert line.startswith(f"sklearn-cnmf: error: {place}: ")
    reason = {"limited": "File too large", "full": "No space left on device"}[disk]
    assert reason in line
    assert "make room or" in line
    assert left(folder) == []
