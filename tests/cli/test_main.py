import subprocess
import sys

import pytest

from sklearn_cnmf.cli import main

SEPARATE = {"--model": "m.skops", "--eeg": "e.fif", "--mixture": "m.wav", "--out": "o"}


@pytest.mark.parametrize("module", ["cli._demo", "reporting"])
def test_interrupted_while_modules_load(module):
    code = (
        "import sys\n"
        "class Stop:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        f"        if name == 'sklearn_cnmf.{module}': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Stop())\n"
        "from sklearn_cnmf.cli import main\n"
        "sys.exit(main(['separate', '--help']))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 130
    assert done.stderr == "sklearn-cnmf: interrupted, nothing was written\n"


def test_entry_imports_the_commands_late():
    code = (
        "import sys, sklearn_cnmf.cli; print('sklearn_cnmf.cli._demo' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "False\n"


@pytest.mark.parametrize("option", SEPARATE)
@pytest.mark.parametrize(
    ("path", "found"), [("b\udcff.wav", r"'b\udcff.wav'"), ("", "''")]
)
def test_paths_that_are_not_utf_8_are_refused(option, path, found, capsys):
    words = [word for pair in {**SEPARATE, option: path}.items() for word in pair]
    with pytest.raises(SystemExit) as exit_:
        main(["separate", *words])
    assert exit_.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"sklearn-cnmf: error: argument {option}: expected a path")
    assert f", got {found};" in line
