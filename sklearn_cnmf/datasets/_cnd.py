"""Recordings in Continuous-event Neural Data (CND), for decoding."""

import re
from collections.abc import Sequence
from numbers import Integral
from pathlib import Path

import numpy as np

from .._validation import check_names, check_number
from ._cnd_recording import CndRecording, read_recording
from ._matlab_fields import MatlabStruct

_STIMULUS_FIELDS = dict.fromkeys(
    ("data", "fs", "names", "stimIdxs", "condIdxs", "condNames")
)
_SUBJECT = re.compile(r"dataSub([0-9]+)\.mat")
_LAYOUT = (
    "dataSub1.mat, dataSub2.mat, ... and dataStim.mat, or dataStim1.mat, "
    "dataStim2.mat, ..., are expected in the folder"
)


def load_cnd(
    folder: str | Path,
    *,
    subjects: Sequence[str | int] | None = None,
    feature: str | None = None,
    tolerance: float = 0.5,
) -> list[CndRecording]:
    """Load recordings in Continuous-event Neural Data.

    The format holds features of the stimuli and no audio, so it serves to learn and
    test decoders, not to separate. Its files are MATLAB's, of version 5 or 7.3.

    Parameters
    ----------
    folder : str or path-like
        Where `dataSub1.mat`, `dataSub2.mat` and so on lie, with a struct `eeg` or
        `neural` each, and `dataStim.mat` with a struct `stim`. A subject whose stimuli
        lie in a file of their own, such as `dataStim2.mat`, gets those.
    subjects : sequence of str or int, default=None
        Numbers of the subjects; None loads all, in the order of their numbers.
    feature : str, default=None
        One of `stim.names`; None takes the only one there is.
    tolerance : float, default=0.5
        By how much EEG and feature of a trial may differ in duration, in seconds. The
        end of the longer one is cut off.

    Returns
    -------
    recordings : list of CndRecording
        One per subject.

    Raises
    ------
    OSError
        If the folder or a file in it does not exist.
    ValueError
        If a file can't be read or lacks a field, or a field is not what the format
        says; if there is no such subject or feature, or several features and none is
        named; if the rates of EEG and stimuli differ, or their numbers of trials, or
        their durations by more than `tolerance`; if values are NaN or infinite.

    Notes
    -----
    `paddingStartSample` samples of EEG before the onset of the stimulus are cut off.
    Trials stay in the order of the file, in which those of `stim` and `eeg` belong
    together, whatever `origTrialPosition` says. Trials whose EEG or feature is empty,
    as rejected ones are, are left out. Nothing is filtered or resampled.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from scipy.io import savemat
    >>> from sklearn_cnmf import EnvelopeDecoder
    >>> from sklearn_cnmf.datasets import load_cnd
    >>> rng = np.random.default_rng(0)
    >>> envelopes, eeg = np.empty((1, 4), object), np.empty((1, 4), object)
    >>> for trial in range(4):
    ...     envelopes[0, trial] = rng.uniform(size=(640, 1))
    ...     eeg[0, trial] = envelopes[0, trial] + rng.standard_normal((640, 3))
    >>> stim = {"data": envelopes, "fs": 64, "names": "envelope",
    ...         "stimIdxs": [1, 2, 1, 2]}
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     savemat(f"{folder}/dataStim.mat", {"stim": stim})
    ...     savemat(f"{folder}/dataSub1.mat", {"eeg": {"data": eeg, "fs": 64}})
    ...     [recording] = load_cnd(folder)
    >>> recording
    CndRecording(subject='1', feature='envelope', 4 trials of 2 stimuli, 3 channels at\
 64 Hz)
    >>> decoder = EnvelopeDecoder(sfreq=recording.sfreq)
    >>> decoder = decoder.fit(recording.eeg, recording.targets, groups=recording.groups)
    """
    check_number("tolerance", tolerance, least=0)
    folder = Path(folder)
    if not folder.is_dir():
        raise FileNotFoundError(2, f"no such folder; {_LAYOUT}", str(folder))
    stimuli, recordings = {}, []
    for subject, path in _choose(subjects, folder).items():
        own = folder / f"dataStim{subject}.mat"
        source = own if own.is_file() else folder / "dataStim.mat"
        if not source.is_file():
            raise FileNotFoundError(2, f"no such file; {_LAYOUT}", str(source))
        if source not in stimuli:
            stimuli[source] = Stimuli(source, feature)
        recordings.append(read_recording(subject, path, stimuli[source], tolerance))
    return recordings


def _choose(subjects, folder):
    """Paths of the subjects wanted, by their numbers as the files have them."""
    found = [
        (match[1], path)
        for path in folder.iterdir()
        if (match := _SUBJECT.fullmatch(path.name))
    ]
    known = dict(sorted(found, key=lambda pair: (int(pair[0]), pair[0])))
    if not known:
        raise FileNotFoundError(2, f"no recording; {_LAYOUT}", str(folder))
    if subjects is None:
        return known
    if isinstance(subjects, (Sequence, np.ndarray)) and not isinstance(subjects, str):
        subjects = [
            str(subject) if isinstance(subject, Integral) else subject
            for subject in subjects
        ]
    check_names("subjects", subjects)
    unknown = [subject for subject in subjects if subject not in known]
    if unknown:
        raise ValueError(
            f"subjects: {unknown} are not in {folder}, which has {list(known)}"
        )
    return {subject: known[subject] for subject in subjects}


class Stimuli:
    """One feature of the stimuli of all trials, and which stimuli they are."""

    def __init__(self, path: Path, feature: str | None):
        struct = MatlabStruct(path, ["stim"], _STIMULUS_FIELDS)
        self.path, self.sfreq = path, struct.rate("fs")
        names = struct.texts("names", "a cell array of names of features")
        data = struct.cells("data", "a cell array of shape (n_features, n_trials)")
        if data.ndim != 2 or len(data) != len(names):
            struct.refuse(
                "data", f"a cell array of {len(names)} rows, one for each of {names}"
            )
        self.feature = _choose_feature(feature, names, path)
        self.data = data[names.index(self.feature)]
        self.n_trials = len(self.data)
        self.groups = struct.whole_numbers(
            "stimIdxs",
            f"{self.n_trials} whole numbers >= 1, the stimulus of each trial",
            self.n_trials,
        )
        self.conditions = _conditions(struct, self.n_trials)


def _choose_feature(feature, names, path):
    check_names(f"{path}: stim.names", names)
    if feature is None:
        if len(names) > 1:
            raise ValueError(f"feature: None, but {path} has several: {names}")
        return names[0]
    if feature not in names:
        raise ValueError(
            f"feature: expected one of {names}, as in {path}, got {feature!r}"
        )
    return feature


def _conditions(struct, n_trials):
    """Name of the condition of each trial, or None if the file names none."""
    if struct.get("condIdxs") is None or struct.get("condNames") is None:
        return None
    names = struct.texts("condNames", "a cell array of names of conditions")
    expected = f"{n_trials} whole numbers from 1 to {len(names)}, one for each trial"
    return [
        names[number - 1]
        for number in struct.whole_numbers(
            "condIdxs", expected, n_trials, most=len(names)
        )
    ]
