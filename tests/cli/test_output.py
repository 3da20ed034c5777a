import errno
import fcntl
import os
import subprocess
import sys

import pytest

from sklearn_cnmf.cli import _output
from sklearn_cnmf.cli._output import new_folder

LEFT_OVER = ".unfinished-sklearn-cnmf-ab_c1234"


def files(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


def fill(path, error=None, meanwhile=lambda: None):
    with new_folder(path) as folder:
        (folder / "a").write_text("result")
        (folder / "b").mkdir()
        (folder / "b" / "x").write_text("result")
        (folder / "c").write_text("result")
        meanwhile()
        if error is not None:
            raise error


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_folder_vanishes_if_work_fails(tmp_path, error):
    with pytest.raises(error):
        fill(tmp_path / "a" / "b", error("on purpose"))
    assert not (tmp_path / "a" / "b").exists()


def test_folder_that_was_there_stays(tmp_path):
    with pytest.raises(ValueError, match="on purpose"):
        fill(tmp_path, ValueError("on purpose"))
    assert list(tmp_path.iterdir()) == []
    seen = []
    fill(tmp_path, meanwhile=lambda: seen.extend(files(tmp_path)))
    assert all(name.startswith(".unfinished-") for name in seen)
    assert files(tmp_path) == ["a", "b/x", "c"]


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT])
def test_full_disk_names_the_folder_and_leaves_nothing(tmp_path, code):
    with pytest.raises(OSError, match=f"out: can't be written .{os.strerror(code)}"):
        fill(tmp_path / "out", OSError(code, "no space"))
    assert not (tmp_path / "out").exists()


def test_folder_that_was_deleted_meanwhile_does_not_hide_the_interrupt(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(KeyboardInterrupt):
        fill(out, KeyboardInterrupt(), lambda: out.rename(tmp_path / "other"))


def no_link(source, target):
    raise PermissionError(errno.EPERM, "no hard links")


@pytest.mark.parametrize("name", ["a", "b", "c"])
@pytest.mark.parametrize("has_links", [True, False])
def test_a_file_that_appears_meanwhile_stays_and_so_do_the_results(
    tmp_path, monkeypatch, name, has_links
):
    if not has_links:
        monkeypatch.setattr(os, "link", no_link)
    with pytest.raises(ValueError, match="appeared meanwhile and is not overwritten"):
        fill(tmp_path, meanwhile=lambda: (tmp_path / name).write_text("mine"))
    (kept,) = tmp_path.glob("results-*")
    assert files(kept) == ["a", "b/x", "c"]
    assert (tmp_path / name).read_text() == "mine"
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([kept.name, name])


def test_a_file_that_appears_at_the_last_instant_is_not_overwritten(
    tmp_path, monkeypatch
):
    (tmp_path / "a").write_text("mine")
    (tmp_path / "new").write_text("result")
    monkeypatch.setattr(os.path, "lexists", lambda path: False)
    with pytest.raises(FileExistsError):
        _output._move(tmp_path / "new", tmp_path / "a")
    assert (tmp_path / "a").read_text() == "mine"


def test_results_without_hard_links(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "link", no_link)
    fill(tmp_path)
    assert files(tmp_path) == ["a", "b/x", "c"]


def test_interrupted_move_leaves_nothing(tmp_path, monkeypatch):
    def stop(source, target):
        if source.name == "c":
            raise KeyboardInterrupt
        os.rename(source, target)

    monkeypatch.setattr(_output, "_move", stop)
    with pytest.raises(KeyboardInterrupt):
        fill(tmp_path / "out")
    assert not (tmp_path / "out").exists()


def left_over(folder):
    (folder / LEFT_OVER / "trial").mkdir(parents=True)
    (folder / LEFT_OVER / "trial" / "half.wav").write_text("x")


def test_what_a_killed_command_left_is_replaced(tmp_path):
    left_over(tmp_path)
    with pytest.warns(UserWarning, match=f"{LEFT_OVER}: deleted"):
        fill(tmp_path)
    assert files(tmp_path) == ["a", "b/x", "c"]
    assert not (tmp_path / LEFT_OVER).exists()


def test_a_command_that_is_killed_leaves_what_the_next_one_replaces(tmp_path):
    code = (
        "import os, sys; from sklearn_cnmf.cli._output import new_folder\n"
        "with new_folder(sys.argv[1]) as f:\n"
        "    (f / 'half').write_text('x'); os.kill(os.getpid(), 9)"
    )
    assert subprocess.run([sys.executable, "-c", code, tmp_path]).returncode == -9
    assert len(files(tmp_path)) == 1
    with pytest.warns(UserWarning, match=": deleted"):
        fill(tmp_path)
    assert files(tmp_path) == ["a", "b/x", "c"]


@pytest.mark.parametrize("name", ["mine", ".unfinished-symphony", LEFT_OVER + "x"])
def test_files_of_others_are_refused_beside_what_was_left(tmp_path, name):
    left_over(tmp_path)
    (tmp_path / name).mkdir()
    with pytest.raises(ValueError, match="the folder is not empty"):
        fill(tmp_path)
    assert (tmp_path / LEFT_OVER / "trial" / "half.wav").exists()
    assert (tmp_path / name).exists()


def test_a_file_or_link_of_that_name_is_not_ours(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / LEFT_OVER).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ValueError, match="the folder is not empty"):
        fill(tmp_path / "out")


def test_two_commands_do_not_share_a_folder(tmp_path):
    with new_folder(tmp_path) as folder:
        with pytest.raises(ValueError, match="another command is writing into"):
            fill(tmp_path)
        assert folder.exists()


def test_without_locks_what_was_left_may_be_in_use(tmp_path, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOLCK, "no locks")

    fill(tmp_path / "new")
    left_over(tmp_path / "old")
    with monkeypatch.context() as patch:
        patch.setattr(fcntl, "flock", fail)
        fill(tmp_path / "b")
        with pytest.raises(ValueError, match="delete it if none is running"):
            fill(tmp_path / "old")
    monkeypatch.setattr(_output, "fcntl", None)
    with pytest.raises(ValueError, match="delete it if none is running"):
        fill(tmp_path / "old")
