"""The harder set of stems, for benchmarks.

Duos and trios with other recordings of the instruments than the example stems,
detuned, with vibrato and in a reverberant room; see `tools.render_hard_stems`.
"""

import json
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from sklearn_cnmf.datasets import Piece

VARIABLE = "SKLEARN_CNMF_HARD_STEMS"
CACHE = Path("~/.cache/sklearn_cnmf/hard_stems")


def load_hard_stems(folder=None):
    """Load the harder duos and trios, rendering them on first use.

    Parameters
    ----------
    folder : path-like, default=None
        Where they are, or are to be rendered. None takes the folder named in the
        environment variable SKLEARN_CNMF_HARD_STEMS, or else
        ``~/.cache/sklearn_cnmf/hard_stems``. Delete the folder to render anew, as
        after a change to the scores.

    Returns
    -------
    pieces : list of Piece
        The pieces, in a fixed order: those of `load_example_stems` under the same
        names, then the duos of `tools._hard_scores`.

    Raises
    ------
    SystemExit
        If they have to be rendered, and fluidsynth or a sound font is missing.
    """
    folder = Path(folder or os.environ.get(VARIABLE) or CACHE).expanduser()
    if not (folder / "pieces.json").is_file():
        _render(folder)
    table = json.loads((folder / "pieces.json").read_text(encoding="utf-8"))
    return [_load_piece(folder, entry, table["sfreq"]) for entry in table["pieces"]]


def _render(folder):
    from tools.render_hard_stems import render_folder

    if folder.is_dir() and any(folder.iterdir()):
        raise SystemExit(f"{folder} is not empty but has no pieces.json")
    folder.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        render_folder(scratch)
        scratch.chmod(0o755)
        os.replace(scratch, folder)
    except OSError:
        # Another process may have finished first; what it wrote is the same.
        if not (folder / "pieces.json").is_file():
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _load_piece(folder, entry, sfreq):
    stems = []
    for instrument in entry["instruments"]:
        path = folder / f"{entry['name']}_{instrument}.flac"
        stem, rate = soundfile.read(path, dtype="float32")
        if rate != sfreq or stem.ndim != 1:
            raise ValueError(f"{path}: expected one channel at {sfreq} Hz")
        stems.append(stem)
    return Piece(
        name=entry["name"],
        ensemble=entry["ensemble"],
        genre=entry["genre"],
        same_rhythm=entry["same_rhythm"],
        instruments=tuple(entry["instruments"]),
        stems=np.stack(stems),
        sfreq=float(sfreq),
    )
