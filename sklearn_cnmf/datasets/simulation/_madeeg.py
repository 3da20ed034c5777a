"""A folder laid out as MAD-EEG, with simulated EEG."""

import itertools
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from ..._writing import named_errors, write_wav
from ...signals import resample
from .._stems import Piece, load_example_stems
from ._checks import check_count, entropy
from ._head_model import CH_NAMES
from ._trials import RandomState, simulate_eeg

_SFREQ, _AUDIO_SFREQ, _N_REPETITIONS = 256.0, 44100.0, 4
# Kinds of channels that follow the EEG in a raw recording, as MNE numbers them: the one
# that is named ECG is none.
_OTHERS = (
    ("ECG", 502),
    ("AUX1", 402),
    ("AUX2", 502),
    ("AUX3", 202),
    *((f"AUX{i}", 502) for i in range(4, 9)),
    ("TRIG", 3),
)
_PANNING = {1: (0.5,), 2: (0.25, 0.75), 3: (0.2, 0.5, 0.8)}
# Seconds between what is played in a raw recording.
_PAUSE = 1.0


def simulate_madeeg(
    folder: str | Path,
    *,
    n_subjects: int = 2,
    pieces: list[Piece] | None = None,
    excerpt: float = 5.0,
    snr_db: float = -20.0,
    attention_gain: float = 4.0,
    random_state: RandomState = None,
) -> None:
    """Write a folder of the layout of MAD-EEG, with SIMULATED listeners.

    To try on a laptop, in minutes, what is going to run on the recordings: the same
    files, names and fields, for :func:`~sklearn_cnmf.datasets.load_madeeg`. Each piece
    is attended once per instrument, in stereo; its mono version and the solos of its
    instruments are in the raw recordings alone.

    Parameters
    ----------
    folder : str or path-like
        Folder to make, or an empty one.
    n_subjects : int, default=2
        Number of listeners, 0001 and on.
    pieces : list of Piece, default=None
        What is played; if None the first two example duos with instruments in common
        and the first trio.
    excerpt : float, default=5.0
        Seconds of each piece, from its start; played four times in a row.
    snr_db, attention_gain :
        As in :func:`~sklearn_cnmf.datasets.simulate_trials`.
    random_state : int, Generator, RandomState or None, default=None
        An int gives the same files in each call.

    Raises
    ------
    FileExistsError
        If the folder is not empty.
    OSError
        If it can't be written; nothing is left in it.
    ValueError
        If an argument is not as described, or a piece is shorter than the excerpt.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from sklearn_cnmf.datasets import load_example_stems, simulate_madeeg
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulate_madeeg(folder, n_subjects=1, pieces=load_example_stems()[:1],
    ...                     excerpt=1.5, random_state=0)
    ...     names = sorted(path.name for path in Path(folder).iterdir())
    >>> names[:3]
    ['madeeg_preprocessed.hdf5', 'madeeg_preprocessed.yaml', 'madeeg_raw.hdf5']
    """
    check_count("n_subjects", n_subjects, 1)
    stems = load_example_stems()
    if pieces is None:
        duos = [piece for piece in stems if piece.ensemble == "duo"]
        trios = [piece for piece in stems if piece.ensemble == "trio"]
        pieces = [duos[0], _sharing(duos), trios[0]]
    pieces = [_Played(piece, excerpt) for piece in pieces]
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FileExistsError(17, "the folder is not empty", str(folder))
    seed = entropy(random_state)
    listen = {"snr_db": snr_db, "attention_gain": attention_gain}
    with tempfile.TemporaryDirectory(dir=folder, prefix=".unfinished-") as name:
        unfinished = Path(name)
        with named_errors(folder, unfinished):
            _write(unfinished, pieces, n_subjects, seed, listen)
            for entry in unfinished.iterdir():
                entry.rename(folder / entry.name)


def _write(folder, pieces, n_subjects, seed, listen):
    """Write all files of that layout into an empty folder."""
    import h5py
    import yaml

    stimuli = folder / "stimuli"
    stimuli.mkdir()
    for piece in pieces:
        piece.write_wavs(stimuli)
    described: dict[str, Any] = {}
    sequences: dict[str, Any] = {}
    infos: dict[str, Any] = {}
    with (
        h5py.File(folder / "madeeg_preprocessed.hdf5", "w") as preprocessed,
        h5py.File(folder / "madeeg_raw.hdf5", "w") as raw,
    ):
        for number in range(n_subjects):
            subject = f"{number + 1:04d}"
            described[subject], sequences[subject] = {}, {}
            recording = [np.zeros((len(CH_NAMES), round(_PAUSE * _SFREQ)))]
            for count, part in enumerate(_parts(pieces)):
                eeg = part.eeg(number, count, seed, listen)
                if part.spatial == "stereo":
                    key, entry = part.describe()
                    described[subject][key] = entry
                    part.store(preprocessed, f"{subject}/{key}", eeg)
                onset = sum(one.shape[1] for one in recording)
                key, entry = part.sequence(onset)
                sequences[subject][key] = entry
                recording += [eeg, np.zeros((len(eeg), round(_PAUSE * _SFREQ)))]
            infos[subject] = _info()
            whole = np.concatenate(recording, axis=1)
            others = np.zeros((len(_OTHERS), whole.shape[1]))
            raw.create_dataset(subject, data=np.vstack([whole, others]))
    for name, content in (
        ("madeeg_preprocessed.yaml", described),
        ("madeeg_raw.yaml", infos),
        ("madeeg_sequences_raw.yaml", sequences),
    ):
        (folder / name).write_text(yaml.safe_dump(content))


class _Played:
    """An excerpt of a piece at 44.1 kHz."""

    def __init__(self, piece: Piece, excerpt: float):
        n_samples = round(excerpt * piece.sfreq)
        if piece.stems.shape[1] < n_samples or excerpt < 1:
            raise ValueError(
                f"excerpt: expected 1 to {piece.stems.shape[1] / piece.sfreq:g} s, the "
                f"length of {piece.name}, got {excerpt!r}"
            )
        self.slow, self.sfreq = piece.stems[:, :n_samples], piece.sfreq
        moved = resample(self.slow, piece.sfreq, _AUDIO_SFREQ)
        self.stems = moved.astype(np.float32)
        self.codes = [_code(name) for name in piece.instruments]
        self.genre = "classique" if piece.genre.startswith("class") else "pop"
        self.song = piece.name.replace("_", "")
        # Not all as loud as they were recorded.
        self.gains = [round(1 - 0.1 * i, 1) for i in range(len(self.codes))]

    def name(self, codes, spatial):
        """Name of what is played, up to target and repetition."""
        ensemble = {1: "solo", 2: "duo", 3: "trio"}[len(codes)]
        parts = (self.genre, self.song, ensemble, "".join(codes), "theme1", spatial)
        return "_".join(parts)

    def write_wavs(self, folder):
        """Write each solo, and the mixture in mono and stereo, four times."""
        levels = np.array(self.gains)[:, np.newaxis] * self.stems
        panning = np.array(_PANNING[len(self.codes)])[:, np.newaxis]
        channels = [(panning * levels).sum(0), ((1 - panning) * levels).sum(0)]
        played = {
            self.name([code], "mono"): stem
            for code, stem in zip(self.codes, self.stems)
        }
        played[self.name(self.codes, "mono")] = levels.sum(axis=0)
        played[self.name(self.codes, "stereo_lcr")] = np.stack(channels)
        for name, number in itertools.product(played, range(1, _N_REPETITIONS + 1)):
            path = folder / f"{name}_{number}.wav"
            write_wav(path, played[name], _AUDIO_SFREQ)


class _Part:
    """What a listener hears: a piece or a solo of it, and who is attended."""

    def __init__(self, piece: _Played, rows: list[int], attended: int, spatial: str):
        self.piece, self.rows, self.attended = piece, rows, attended
        self.spatial = spatial
        self.codes = [piece.codes[row] for row in rows]

    def eeg(self, subject, trial, seed, options):
        """Simulate EEG of four repetitions, each of a whole number of samples."""
        slow = self.piece.slow[self.rows]
        n_times = round(slow.shape[1] / self.piece.sfreq * _SFREQ) * _N_REPETITIONS
        sources = np.tile(slow, _N_REPETITIONS)
        missing = int(np.ceil(n_times / _SFREQ * self.piece.sfreq)) - sources.shape[1]
        sources = np.pad(sources, [(0, 0), (0, max(missing, 0) + 100)])
        eeg = simulate_eeg(
            sources,
            self.piece.sfreq,
            self.attended,
            subject=subject,
            trial=trial,
            random_state=seed,
            **options,
        )
        return eeg[:, :n_times]

    def describe(self) -> tuple[str, dict[str, Any]]:
        """Key and entry of the preprocessed YAML file."""
        name = self.piece.name(self.codes, "stereo")
        target = self.codes[self.attended]
        genre, song, ensemble, _, theme, spatial = name.split("_")
        entry = {
            "genre": genre,
            "song": song,
            "ensemble": ensemble,
            "instruments": list(self.codes),
            "theme": theme,
            "spatial": spatial,
            "target": target,
            "eeg_info": {
                "ch_names": list(CH_NAMES),
                "nchan": len(CH_NAMES),
                "sfreq": _SFREQ,
            },
            "wav_info": {
                "sfreq": int(_AUDIO_SFREQ),
                "gains": list(self.piece.gains),
                "panning": list(_PANNING[len(self.codes)]),
            },
        }
        return f"{name}_{target}", entry

    def store(self, file, where, eeg):
        """Write EEG, mixture and isolated sources; the third row of a duo is zero."""
        stems = np.tile(self.piece.stems, _N_REPETITIONS)
        gains = np.array(self.piece.gains, np.float32)[:, np.newaxis]
        panning = np.array(_PANNING[len(stems)], np.float32)[:, np.newaxis]
        left, right = gains * panning * stems, gains * (1 - panning) * stems
        soli = np.zeros((3, stems.shape[1]), np.float32)
        soli[: len(stems)] = stems
        group = file.create_group(where)
        group["response"] = eeg
        group["stimulus"] = np.stack([left.sum(axis=0), right.sum(axis=0)])
        group["soli"] = soli

    def sequence(self, onset: int) -> tuple[str, dict[str, Any]]:
        """Key and entry of the file that says when what was played."""
        spatial = "stereo_lcr" if self.spatial == "stereo" else "mono"
        name = self.piece.name(self.codes, spatial)
        length = self.piece.stems.shape[1] / _AUDIO_SFREQ
        each = round(length * _SFREQ)
        seconds = [int((onset + i * each) / _SFREQ) for i in range(_N_REPETITIONS)]
        entry = {
            "n_ech": [onset + i * each for i in range(_N_REPETITIONS)],
            "wav_files": [f"{name}_{i + 1}.wav" for i in range(_N_REPETITIONS)],
            "timestamps": [f"10:{s // 60:02d}:{s % 60:02d}:000" for s in seconds],
        }
        solo = len(self.codes) == 1
        return name if solo else f"{name}_{self.codes[self.attended]}", entry


def _parts(pieces):
    """All that a subject hears: duos and trios in stereo and mono, and solos."""
    for piece in pieces:
        every = list(range(len(piece.codes)))
        for spatial, attended in itertools.product(("stereo", "mono"), every):
            yield _Part(piece, every, attended, spatial)
        for row in every:
            yield _Part(piece, [row], 0, "mono")


def _info():
    """Write down a raw recording's channels as a dumped Info does."""
    channels = [*((name, 2) for name in CH_NAMES), *_OTHERS]
    return {
        "sfreq": _SFREQ,
        "nchan": len(channels),
        "ch_names": [name for name, _ in channels],
        "chs": [{"ch_name": name, "kind": kind} for name, kind in channels],
    }


def _code(name):
    """Two letters for an instrument, such as Vi for a violin."""
    return name[:2].capitalize()


def _sharing(duos):
    """Choose another duo that shares an instrument with the first."""
    first = set(duos[0].instruments)
    return next(duo for duo in duos[1:] if first & set(duo.instruments))
