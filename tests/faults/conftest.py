import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import mne
import pytest

import sklearn_cnmf

from . import writers

PACKAGE = Path(sklearn_cnmf.__file__)


@pytest.fixture(scope="package")
def reachable():
    """A folder that others than its owner can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture(scope="package")
def material(reachable):
    """Files that commands read."""
    folder = reachable / "material"
    folder.mkdir()
    writers.make_material(folder)
    words = writers.command("separate", folder, folder)
    assert writers.run_command(words) == {"status": 0, "stderr": []}
    (folder / "out").rename(folder / "separated")
    for path in folder.rglob("*"):
        path.chmod(0o755)
    return folder


@pytest.fixture(scope="package")
def attempts(material):
    """Return a function that has a process try all that writes."""

    def attempt(folder, how):
        needed = [PACKAGE, Path(mne.__file__)]
        private = [p for one in needed for p in one.parents if not p.stat().st_mode & 1]
        if how == "nobody" and os.getuid() == 0 and private:
            pytest.skip(f"others than root can't read what is in {private[0]}")
        for name in writers.FUNCTIONS:
            (folder / f"api-{name}").mkdir()
        for name in writers.COMMANDS:
            (folder / f"command-{name}").mkdir()
        for name, file in writers.FILES.items():
            (folder / f"api-{name}" / file).write_text("as it was")
        if how == "nobody":
            for path in [folder, *folder.iterdir()]:
                path.chmod(0o555)
        done = subprocess.run(
            [sys.executable, writers.__file__, material, folder, how],
            capture_output=True,
            text=True,
            timeout=100,
            env=environment(),
        )
        assert done.returncode == 0, done.stderr
        found = json.loads(done.stdout.splitlines()[-1])
        assert found["package"] == str(PACKAGE)
        return found

    return attempt


def environment():
    """Variables of a process that imports the package that is tested."""
    return {
        **os.environ,
        "PYTHONPATH": str(PACKAGE.parents[1]),
        "OPENBLAS_NUM_THREADS": "1",
    }
