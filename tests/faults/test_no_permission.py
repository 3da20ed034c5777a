"""Folders that may not be written to, and paths that are something else."""

import errno
import os

import numpy as np
import pytest
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.cli import main
from sklearn_cnmf.model_io import save_model

from . import writers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs modes of folders")


@pytest.fixture(scope="module")
def closed(attempts, reachable):
    """A folder that nobody may write to, and what came of trying."""
    folder = reachable / "closed"
    folder.mkdir()

    def names():
        return {str(path) for path in folder.rglob("*")}

    found = attempts(folder, "nobody")
    assert found["uid"] != 0
    before = names()
    yield folder, found
    assert names() == before
    for path in [folder, *folder.iterdir()]:
        path.chmod(0o755)


@pytest.mark.parametrize("name", writers.FUNCTIONS)
def test_functions_name_the_file_that_was_asked_for(closed, name):
    folder, found = closed
    error, folder = found[name], folder / f"api-{name}"
    assert error["error"] == "PermissionError", error
    assert error["errno"] == errno.EACCES
    assert "unfinished" not in error["message"]
    if name == "evaluate":
        assert os.path.dirname(error["filename"]) == str(folder)
        return
    assert error["filename"] == str(folder / writers.FILES.get(name, "new"))
    if name in writers.FILES:
        assert (folder / writers.FILES[name]).read_text() == "as it was"


@pytest.mark.parametrize("name", writers.COMMANDS)
def test_commands_say_so_in_one_line(closed, name):
    folder, found = closed
    told = found[f"command {name}"]
    place = folder / f"command-{name}" / ("page.html" if name == "report" else "out")
    assert told == {
        "status": 2,
        "stderr": [f"sklearn-cnmf: error: {place}: Permission denied"],
    }


@pytest.mark.parametrize("name", writers.FILES)
@pytest.mark.parametrize("where", ["folder", "in a file", "missing"])
def test_paths_that_are_something_else(material, tmp_path, name, where):
    file = writers.FILES[name]
    parent = tmp_path / "parent"
    if where == "folder":
        (parent / file).mkdir(parents=True)
        place, error, said = parent / file, IsADirectoryError, "is a folder"
    elif where == "in a file":
        parent.write_text("mine")
        place, error, said = parent / file, NotADirectoryError, f"{parent} is not a f"
    else:
        place, error, said = parent / file, FileNotFoundError, f"{parent} is not a f"
    if name == "UnitStore.write" and where != "folder":
        pytest.skip("makes its folder, or says that it is a file")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=said) as caught:
        writers.functions(material)[name](parent)
    assert caught.value.filename == str(place)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["separate", "demo", "evaluate"])
def test_an_output_that_is_a_file_or_in_a_file(material, tmp_path, capsys, name):
    (tmp_path / "out").write_text("mine")
    for folder in (tmp_path, tmp_path / "out"):
        words = writers.command(name, material, folder)
        assert main(words) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"sklearn-cnmf: error: {folder / 'out'}: ")
    assert (tmp_path / "out").read_text() == "mine"


def test_a_name_as_long_as_the_system_allows(tmp_path):
    rng = np.random.default_rng(0)
    decoder = make_pipeline(EnvelopeDecoder(alpha=1.0))
    decoder.fit(rng.standard_normal((640, 2)), rng.standard_normal(640))
    path = tmp_path / ("é" * 124 + ".skops")
    save_model(decoder, path)
    assert list(tmp_path.iterdir()) == [path]
