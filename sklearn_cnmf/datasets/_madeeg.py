"""MAD-EEG: listeners who attend to one instrument of a duo or trio."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .._stored import in_memory
from .._validation import check_number
from ..trial import Reference, Trial
from ._madeeg_files import AUDIO_SFREQ, EEG_SFREQ, UNSAID, Files
from ._madeeg_preprocessed import list_preprocessed
from ._madeeg_raw import list_raw

if TYPE_CHECKING:
    import pandas as pd

_ENSEMBLES, _SPATIAL = ("solo", "duo", "trio"), ("mono", "stereo")


def load_madeeg(
    path: str | Path,
    *,
    subjects: Sequence[str] | None = None,
    ensembles: Sequence[str] = ("duo",),
    spatial: Sequence[str] = ("stereo",),
    split: str = "preprocessed",
    include_solos: bool = False,
    sfreq: float = 22050.0,
    channel_mode: str = "mono",
    repetitions: str = "keep",
    lazy: bool = True,
) -> tuple[list[Trial], list[Reference], "pd.DataFrame"]:
    """Load trials of MAD-EEG from the folder that it was downloaded to.

    Sources are as loud, and as far to the left or right, as they are in the mixture: of
    the preprocessed file by the gains and panning that it states, of raw recordings by
    least squares from the wavs of solos. That they add up to the mixture is checked.

    Parameters
    ----------
    path : str or path-like
        Folder with the files of Zenodo record 4537751, flat or in ``preprocessed/`` and
        ``raw/``.
    subjects : sequence of str, default=None
        Such as ``["0001", "0005"]``; all if None.
    ensembles : sequence of {"solo", "duo", "trio"}, default=("duo",)
        Kinds of pieces. Solos are found in the raw recordings alone.
    spatial : sequence of {"mono", "stereo"}, default=("stereo",)
        How duos and trios were played. The preprocessed file holds stereo alone; solos
        were always played in mono.
    split : {"preprocessed", "raw"}, default="preprocessed"
        Which EEG: as its authors prepared it, or cut from the raw recording at the
        onset of each repetition.
    include_solos : bool, default=False
        Whether to add the solos, whose EEG is raw; for decoders per instrument.
    sfreq : float, default=22050.0
        Rate in Hz that audio is brought to, from 44.1 kHz.
    channel_mode : {"mono", "stereo"}, default="mono"
        Whether mixtures are the sum of both channels or keep them.
    repetitions : {"keep", "average"}, default="keep"
        A trial is one excerpt four times in a row. "average" gives one excerpt, with
        the mean of the EEG of all complete repetitions.
    lazy : bool, default=True
        Whether EEG and audio stay on disk until they are used. Such trials are small,
        and go to workers as the name of a file and a key.

    Returns
    -------
    trials : list of Trial
        By subject and key. `stimulus` is the same for all trials of a mixture, in mono
        or stereo, whoever is attended, so that twins share a fold. EEG is in the
        unit of its file and float64, audio float32.
    references : list of Reference
        Sources in the order of `Trial.instruments`.
    table : pandas.DataFrame
        A row for each trial: subject, stimulus, ensemble, genre, theme, spatial,
        target, duration (s), n_repetitions, twin (row of the trial of the same subject
        and mixture with another target; missing where there is none or more than
        one) and key, its name in the file.

    Raises
    ------
    OSError
        If a file is absent; says what to download.
    ValueError
        If an argument is not as described, nothing is left, or files are damaged or
        disagree. Once arrays are read, also if sources miss their mixture by more than
        -40 dB.

    Warns
    -----
    UserWarning
        If trials have more than 0.1 s of EEG without audio, which is cut off; names
        them.

    References
    ----------
    .. [1] G. Cantisani, G. Trégoat, S. Essid, G. Richard, "MAD-EEG: an EEG dataset for
       decoding auditory attention to a target instrument in polyphonic music",
       Speech, Music and Mind, 2019.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn_cnmf.datasets import (
    ...     load_example_stems, load_madeeg, simulate_madeeg)
    >>> with tempfile.TemporaryDirectory() as folder:  # SIMULATED listeners
    ...     simulate_madeeg(folder, n_subjects=1, pieces=load_example_stems()[:1],
    ...                     excerpt=1.5, random_state=0)
    ...     trials, references, table = load_madeeg(folder)
    >>> trials[0].instruments, list(table["target"])
    (('Vi', 'Cl'), ['Cl', 'Vi'])
    """
    chosen = _checked_choices(ensembles, spatial, split, channel_mode, repetitions)
    check_number("sfreq", sfreq, above=0)
    files = Files(path)
    options = {
        "sfreq": float(sfreq),
        "stereo": channel_mode == "stereo",
        "averaged": repetitions == "average",
    }
    listed = []
    if split == "preprocessed" and set(chosen) - {"solo"}:
        listed += list_preprocessed(files, chosen, spatial, options, subjects)
    of_raw = set(chosen) if split == "raw" else set(chosen) & {"solo"}
    if include_solos:
        of_raw.add("solo")
    if of_raw:
        listed += list_raw(files, of_raw, spatial, options, subjects)
    if not listed:
        raise ValueError(
            f"{path}: holds no trial with ensembles={tuple(ensembles)}, "
            f"spatial={tuple(spatial)}, split={split!r}"
        )
    listed.sort(key=lambda one: (one.subject, one.key.ensemble, one.key.name))
    _warn_of_cut(listed)
    trials, references = zip(*map(_records, listed))
    if not lazy:
        trials = map(in_memory, trials)
        references = map(in_memory, references)
    return list(trials), list(references), _table(listed)


def _checked_choices(ensembles, spatial, split, channel_mode, repetitions):
    for name, given, known in (
        ("ensembles", ensembles, _ENSEMBLES),
        ("spatial", spatial, _SPATIAL),
        ("split", (split,), ("preprocessed", "raw")),
        ("channel_mode", (channel_mode,), ("mono", "stereo")),
        ("repetitions", (repetitions,), ("keep", "average")),
    ):
        if isinstance(given, str) or not given or not set(given) <= set(known):
            shown = given[0] if len(given) == 1 and name != "ensembles" else given
            raise ValueError(f"{name}: expected some of {list(known)}, got {shown!r}")
    return tuple(ensembles)


def _warn_of_cut(listed):
    cut = [one for one in listed if one.cut > UNSAID]
    if cut:
        named = "; ".join(f"{o.subject} {o.key.name} {o.cut:.2f} s" for o in cut)
        warnings.warn(
            f"{len(cut)} trials have EEG without audio, which is cut off: {named}",
            stacklevel=3,
        )


def _records(listed):
    key = listed.key
    trial = Trial(
        None,
        EEG_SFREQ,
        None,
        listed.source.sfreq,
        instruments=key.instruments,
        subject=listed.subject,
        stimulus=key.stimulus,
        ch_names=listed.ch_names,
        source=listed.source,
    )
    attended = key.instruments.index(key.target)
    return trial, Reference(None, attended, listed.source)


def _table(listed):
    import pandas as pd

    rows = [
        {
            "subject": one.subject,
            "stimulus": one.key.stimulus,
            "ensemble": one.key.ensemble,
            "genre": one.key.genre,
            "theme": one.key.theme,
            "spatial": one.key.spatial,
            "target": one.key.target,
            "duration": one.source.n_audio / AUDIO_SFREQ,
            "n_repetitions": one.n_repetitions,
        }
        for one in listed
    ]
    table = pd.DataFrame(rows)
    twins = {}
    for row, one in enumerate(listed):
        mixture = one.subject, one.key.stimulus, one.key.spatial
        twins.setdefault(mixture, []).append(row)
    table["twin"] = pd.array([None] * len(table), dtype="Int64")
    for pair in twins.values():
        if len(pair) == 2:
            table.loc[pair, "twin"] = pair[::-1]
    table["key"] = [one.key.name for one in listed]
    return table
