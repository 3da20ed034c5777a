"""Example stems: short duos and trios of sampled instruments that ship with us."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np

_FOLDER = Path(__file__).parent / "stems"
_ENSEMBLES = {"duo": 2, "trio": 3}
_GENRES = ("classical", "pop")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@dataclass(frozen=True, eq=False)
class Piece:
    """A short piece of music, one waveform per instrument.

    Parameters
    ----------
    name : str
        Name of the piece, unique among the examples.
    ensemble : {"duo", "trio"}
        Whether two or three instruments play.
    genre : {"classical", "pop"}
        Kind of music.
    same_rhythm : bool
        Whether all parts have nearly the same rhythm, so that their envelopes are
        alike and hard to tell apart.
    instruments : tuple of str
        Names of the instruments, in the order of `stems`.
    stems : ndarray of shape (n_sources, n_samples)
        The isolated instruments, float32, full scale 1.
    sfreq : float
        Sampling rate of `stems` in Hz.

    Attributes
    ----------
    mixture : ndarray of shape (n_samples,)
        The sum of the stems.

    See Also
    --------
    load_example_stems : Load the pieces that ship with the package.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.datasets import Piece
    >>> piece = Piece("tones", "duo", "pop", True, ("flute", "horn"),
    ...               np.full((2, 5), 0.25, dtype=np.float32), 22050.0)
    >>> piece.mixture
    array([0.5, 0.5, 0.5, 0.5, 0.5], dtype=float32)
    """

    name: str
    ensemble: str
    genre: str
    same_rhythm: bool
    instruments: tuple[str, ...]
    stems: np.ndarray
    sfreq: float

    @property
    def mixture(self) -> np.ndarray:
        """Sum of the stems, (n_samples,)."""
        return self.stems.sum(axis=0)

    def __repr__(self):
        rhythm = ", same rhythm" if self.same_rhythm else ""
        return (
            f"Piece({self.name!r}, {self.genre} {self.ensemble} of "
            f"{', '.join(self.instruments)}{rhythm}, "
            f"{self.stems.shape[-1] / self.sfreq:.1f} s at {self.sfreq:g} Hz)"
        )


def load_example_stems(*, ensemble: str | None = None) -> list[Piece]:
    """Load short duos and trios with a waveform of each instrument.

    The pieces last 6 to 8 s, classical and pop, and were rendered from sampled
    instruments without reverberation, so the stems add up to the mixture. Each
    instrument plays in at least three pieces, in several keys and registers: leave
    a piece out and its instruments can still be learned from the others; this
    also holds among the duos alone. In some pieces all parts share one rhythm,
    the hard case for attention decoding.

    Parameters
    ----------
    ensemble : {"duo", "trio"}, default=None
        Load only duos or only trios; None loads all.

    Returns
    -------
    pieces : list of Piece
        The pieces, in a fixed order. Arrays are freshly read on each call.

    Raises
    ------
    ValueError
        If `ensemble` is none of these, or if the files in the package are missing
        or damaged.

    Notes
    -----
    The sounds come from the FluidR3 sound font (MIT licence), the scores are in the
    public domain; `stems/LICENSE.txt` has the notices. The stems as decoded from
    the lossy files are the truth: the mixture is their sum, never coded by itself.

    Examples
    --------
    >>> from sklearn_cnmf.datasets import load_example_stems
    >>> piece = load_example_stems(ensemble="duo")[0]
    >>> piece
    Piece('gallant_duet', classical duo of violin, clarinet, same rhythm, 7.8 s at \
22050 Hz)
    >>> piece.stems.shape
    (2, 172271)
    """
    if ensemble not in (None, *_ENSEMBLES):
        raise ValueError(f"ensemble: expected 'duo', 'trio' or None, got {ensemble!r}")
    return _load_folder(_FOLDER, ensemble)


def _load_folder(folder, ensemble=None):
    path = folder / "pieces.json"
    if not path.is_file():
        raise ValueError(f"{path} is missing; reinstall sklearn_cnmf")
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        sfreq, entries = float(table["sfreq"]), list(table["pieces"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path}: expected a JSON object with sfreq and pieces, "
            f"found {type(error).__name__}: {error}"
        ) from error
    for index, entry in enumerate(entries):
        _check_entry(entry, f"{path}: pieces[{index}]")
    return [
        _load_piece(folder, entry, sfreq)
        for entry in entries
        if ensemble is None or entry["ensemble"] == ensemble
    ]


def _load_piece(folder, entry, sfreq):
    stems = [
        _read_stem(folder / f"{entry['name']}_{instrument}.ogg", sfreq)
        for instrument in entry["instruments"]
    ]
    lengths = [len(stem) for stem in stems]
    if len(set(lengths)) != 1:
        raise ValueError(
            f"stems of piece {entry['name']!r} in {folder} have {lengths} samples; "
            "equal lengths are expected"
        )
    return Piece(
        name=entry["name"],
        ensemble=entry["ensemble"],
        genre=entry["genre"],
        same_rhythm=entry["same_rhythm"],
        instruments=tuple(entry["instruments"]),
        stems=np.stack(stems),
        sfreq=sfreq,
    )


def _read_stem(path, sfreq):
    import soundfile

    if not path.is_file():
        raise ValueError(f"{path} is missing; reinstall sklearn_cnmf")
    try:
        stem, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path} can't be decoded: {error}") from error
    if rate != sfreq or stem.shape[1] != 1:
        raise ValueError(
            f"{path}: expected one channel at {sfreq:g} Hz, found {stem.shape[1]} "
            f"at {rate} Hz"
        )
    return stem[:, 0]


def _check_entry(entry, where):
    # Names become file names, so they must not be able to leave the folder.
    if not isinstance(entry, dict):
        raise ValueError(f"{where}: expected an object, got {entry!r}")
    _check_name(entry.get("name"), f"{where}: name")
    if entry.get("ensemble") not in tuple(_ENSEMBLES):
        raise ValueError(
            f"{where}: ensemble: expected one of {tuple(_ENSEMBLES)}, "
            f"got {entry.get('ensemble')!r}"
        )
    if entry.get("genre") not in _GENRES:
        raise ValueError(
            f"{where}: genre: expected one of {_GENRES}, got {entry.get('genre')!r}"
        )
    if not isinstance(entry.get("same_rhythm"), bool):
        raise ValueError(
            f"{where}: same_rhythm: expected true or false, "
            f"got {entry.get('same_rhythm')!r}"
        )
    n_sources = _ENSEMBLES[entry["ensemble"]]
    instruments = entry.get("instruments")
    if not isinstance(instruments, list) or len(instruments) != n_sources:
        raise ValueError(
            f"{where}: instruments: expected {n_sources} names for a "
            f"{entry['ensemble']}, got {instruments!r}"
        )
    for instrument in instruments:
        _check_name(instrument, f"{where}: instruments")
    if len(set(instruments)) != n_sources:
        raise ValueError(f"{where}: instruments: {instruments} are not all different")


def _check_name(name, what):
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise ValueError(
            f"{what}: expected lower-case letters, digits and underscores, got {name!r}"
        )
