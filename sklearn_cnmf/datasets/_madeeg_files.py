"""Files of MAD-EEG: where they lie, what they name, and whether they agree."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from .._validation import brief
from ._hdf5 import array_shape, inside
from ._yaml import read_yaml
from .simulation import CH_NAMES

EEG_SFREQ, AUDIO_SFREQ = 256.0, 44100.0
N_REPETITIONS = 4
# Seconds of EEG without audio, or of audio without EEG, that are cut without a word:
# lengths of four repetitions are rounded one by one.
UNSAID = 0.1
# What MNE calls an EEG channel in a dumped Info.
_FIFF_EEG = 2
_ADVICE = (
    "Download MAD-EEG from Zenodo, record 4537751, and unzip stimuli.zip. The folder "
    "should hold madeeg_preprocessed.hdf5 and .yaml, and for solos and raw EEG "
    "madeeg_raw.hdf5 and .yaml, madeeg_sequences_raw.yaml and stimuli/; all in one "
    "folder, or in preprocessed/ and raw/"
)


class Key(NamedTuple):
    """What the name of a trial says."""

    name: str
    genre: str
    song: str
    ensemble: str
    instruments: tuple[str, ...]
    theme: str
    spatial: str
    target: str

    @property
    def stimulus(self) -> str:
        """Identity of the mixture, played in mono or in stereo, whoever is attended."""
        present = "".join(self.instruments)
        return "_".join((self.genre, self.song, self.ensemble, present, self.theme))


class Listed(NamedTuple):
    """A trial as it is listed, and what was found out about it."""

    subject: str
    key: Key
    source: Any
    ch_names: tuple[str, ...]
    n_repetitions: int
    cut: float


class Files:
    """The files of a folder, in either layout.

    Parameters
    ----------
    folder : str or path-like
        As it was downloaded: flat, or with ``preprocessed/`` and ``raw/``.
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise FileNotFoundError(2, f"no such folder. {_ADVICE}", str(folder))

    def find(self, name: str, inside: str) -> Path:
        """Path of a file or folder; `inside` is where the second layout has it."""
        for path in (self.folder / name, self.folder / inside / name):
            if path.exists():
                return path
        raise FileNotFoundError(2, f"not found in {self.folder}. {_ADVICE}", name)

    def has(self, name: str, inside: str) -> bool:
        """Whether a file is there."""
        return any((self.folder / at / name).exists() for at in ("", inside))


def parse_key(name: str, path: Path) -> Key:
    """Take the name of a trial apart.

    Parameters
    ----------
    name : str
        ``genre_song_ensemble_INSTRUMENTS_theme_spatial_target``, where the raw
        recordings have ``stereo_lcr`` for stereo and no target for solos.
    path : Path
        Of the file, for messages.

    Returns
    -------
    key : Key
    """
    parts = str(name).replace("stereo_lcr", "stereo").split("_")
    if len(parts) == 6 and parts[2] == "solo":
        parts.append(parts[3])
    expected = "genre_song_ensemble_INSTRUMENTS_theme_spatial_target"
    if len(parts) != 7 or len(parts[3]) % 2 or not parts[3]:
        raise ValueError(
            f"{path}: trial {brief(name)}: expected a name like {expected}"
        )
    genre, song, ensemble, codes, theme, spatial, target = parts
    instruments = tuple(codes[i : i + 2] for i in range(0, len(codes), 2))
    size = {"solo": 1, "duo": 2, "trio": 3}.get(ensemble)
    if len(instruments) != size or len(set(instruments)) != size:
        raise ValueError(
            f"{path}: trial {brief(name)}: expected a solo, duo or trio of as many "
            f"instruments of two letters, got {brief(ensemble)} of {list(instruments)}"
        )
    if target not in instruments or spatial not in ("mono", "stereo"):
        raise ValueError(
            f"{path}: trial {brief(name)}: expected mono or stereo and a target among "
            f"{list(instruments)}, got {brief(spatial)} and {brief(target)}"
        )
    return Key(str(name), genre, song, ensemble, instruments, theme, spatial, target)


def read_mapping(path: Path) -> dict[str, Any]:
    """Read a YAML file that describes subjects.

    Subjects are text: a number such as 0001 is brought back to four digits.
    """
    content = read_yaml(path)
    if not isinstance(content, dict) or not content:
        raise ValueError(
            f"{path}: expected a mapping of subjects, found {type(content).__name__}"
        )
    found = {subject_name(subject): value for subject, value in content.items()}
    for subject, value in found.items():
        if not isinstance(value, dict):
            raise ValueError(
                f"{path}: subject {brief(subject)}: expected a mapping, found "
                f"{type(value).__name__}"
            )
    return found


def subject_name(subject: Any) -> str:
    """Name of a subject as text of four digits, if it is a number."""
    return f"{subject:04d}" if type(subject) is int else str(subject)


def field_of(entry: Any, names: Iterable[str], where: str) -> Any:
    """Follow names into nested mappings; refuse what lacks one."""
    for name in names:
        if not isinstance(entry, dict) or name not in entry:
            raise ValueError(f"{where}: lacks {brief(name)}")
        entry = entry[name]
    return entry


def list_of(entry: Any, names: Sequence[str], where: str) -> list[Any]:
    """Follow names to a list; refuse what is none, or empty."""
    found = field_of(entry, names, where)
    if not isinstance(found, list) or not found:
        raise ValueError(f"{where}: {names[-1]}: expected a list, found {brief(found)}")
    return found


def check_same(
    what: str, ours: Iterable[str], theirs: Iterable[str], files: tuple[str, str]
) -> None:
    """Refuse two files that list different things, and say which."""
    ours, theirs = set(ours), set(theirs)
    if ours == theirs:
        return
    first, second = files
    raise ValueError(
        f"{what} differ between two files: only {first} has "
        f"{_some(ours - theirs)}; only {second} has {_some(theirs - ours)}. One of "
        "them may be half downloaded"
    )


def _some(names, most=10):
    names = sorted(names)
    shown = ", ".join(names[:most]) or "nothing"
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def eeg_channels(info: Any, where: str) -> tuple[list[int], list[str]]:
    """Rows and names of the EEG channels of a dumped Info, by their kind.

    Of a raw recording, one channel is named ECG and is none, and others are EOG and
    ECG under names of auxiliary inputs.
    """
    channels = list_of(info, ["chs"], where)
    kinds, names = [], []
    for number, channel in enumerate(channels):
        kinds.append(field_of(channel, ["kind"], f"{where}: chs[{number}]"))
        names.append(str(field_of(channel, ["ch_name"], f"{where}: chs[{number}]")))
    kinds = [_integer(kind) for kind in kinds]
    rows = [row for row, kind in enumerate(kinds) if kind == _FIFF_EEG]
    if not rows:
        raise ValueError(
            f"{where}: no channel is of the kind EEG ({_FIFF_EEG}); kinds are {kinds}"
        )
    if {names[row] for row in rows} == set(CH_NAMES):
        rows.sort(key=lambda row: CH_NAMES.index(names[row]))
    return rows, [names[row] for row in rows]


def chosen_subjects(
    subjects: Sequence[str] | None, known: Iterable[str], path: Path
) -> list[str]:
    """Sort the subjects that are wanted; refuse those that are not known."""
    if subjects is None:
        return sorted(known)
    if isinstance(subjects, str):
        raise ValueError(f"subjects: expected a list of str, got {subjects!r}")
    unknown = [subject for subject in subjects if subject not in known]
    if unknown:
        raise ValueError(
            f"subjects: {unknown} are not in {path}; it holds {sorted(known)}"
        )
    return sorted(subjects)


def shape_of(group: Any, name: str) -> tuple[int, int]:
    """Shape of an array of two dimensions that is not empty."""
    dataset = inside(group, name)
    shape = array_shape(dataset)
    if len(shape) != 2 or 0 in shape:
        raise ValueError(
            f"{dataset.file.filename}: {dataset.name}: expected an array of two "
            f"dimensions, found shape {shape}"
        )
    return shape


def _integer(value):
    """Return the first integer of what a dumped enumeration or NumPy scalar becomes."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return next((n for n in map(_integer, value) if type(n) is int), None)
    return value
