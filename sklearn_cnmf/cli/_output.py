"""Folders that hold all results of a command or none, and what goes into them."""

import json
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_folder(path):
    """Write into a folder that is filled once all is written.

    Parameters
    ----------
    path : str or path-like
        The folder; it is made if it does not exist and must be empty if it does.

    Yields
    ------
    unfinished : Path
        A folder inside it to write into. When the block ends, its entries move up.
        If the block raises, they are deleted, and the folder too if it is new.

    Raises
    ------
    ValueError
        If there are files already.
    OSError
        If the folder can't be made or written to.
    """
    path = Path(path)
    if path.exists() and not path.is_dir():
        raise ValueError(f"{path}: a folder is needed, but this is a file")
    is_new = not path.exists()
    if not is_new and any(path.iterdir()):
        raise ValueError(
            f"{path}: the folder is not empty, and nothing is overwritten; name a new "
            "one with --out"
        )
    path.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(dir=path, prefix=".unfinished-"))
    try:
        yield unfinished
        for entry in sorted(unfinished.iterdir()):
            os.replace(entry, path / entry.name)
        unfinished.rmdir()
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        if is_new and not any(path.iterdir()):
            path.rmdir()
        raise


def write_audio(path, audio, sfreq):
    """Write a WAV file of 32-bit floats, which neither clips nor rounds float32.

    Parameters
    ----------
    path : Path
        The file.
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Waveform.
    sfreq : float
        Sampling rate in Hz; WAV files have whole ones.
    """
    import soundfile

    soundfile.write(path, audio.T, round(sfreq), subtype="FLOAT", format="WAV")


def write_json(path, content):
    """Write an object that JSON can express, indented."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def listeners(number):
    """Count listeners in words: "1 listener", "2 listeners"."""
    return f"{number} listener{'' if number == 1 else 's'}"
