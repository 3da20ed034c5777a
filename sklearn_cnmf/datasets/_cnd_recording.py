"""One recording in Continuous-event Neural Data: EEG and feature of each trial."""

from dataclasses import dataclass
from math import isclose
from pathlib import Path
from typing import Any

import numpy as np

from .._validation import check_array, check_names
from ._matlab_fields import MatlabStruct
from ._matlab_values import describe

_NEURAL_FIELDS = {
    **dict.fromkeys(("data", "fs", "paddingStartSample", "origTrialPosition")),
    "chanlocs": {"labels": None},
}


@dataclass(frozen=True, eq=False)
class CndRecording:
    """What one subject heard, and the EEG meanwhile.

    Parameters
    ----------
    subject : str
        Number of the subject, as in the name of the file.
    eeg : list of ndarray of shape (n_times, n_channels)
        EEG of each trial from the onset of the stimulus on, in the unit of the file.
    targets : list of ndarray of shape (n_times, n_outputs)
        The feature of what was heard in each trial.
    groups : ndarray of shape (n_trials,), int
        Which stimulus was heard in each trial (`stimIdxs`). Trials that share it must
        share a fold, those of other subjects too if they share `dataStim.mat`.
    sfreq : float
        Rate of both in Hz.
    feature : str
        Name of the feature.
    ch_names : tuple of str, default=None
        Names of the channels, None where the file names none.
    conditions : tuple of str, default=None
        Condition of each trial, None where the file names none.
    positions : tuple of int, default=None
        When each trial was presented, counted from 1 (`origTrialPosition`), None where
        the file does not say.
    trials : tuple of int, default=()
        Which trials of the file these are, counted from 0.

    See Also
    --------
    load_cnd : Read recordings from a folder.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.datasets import CndRecording
    >>> CndRecording("1", [np.zeros((640, 20))], [np.zeros((640, 1))], np.array([3]),
    ...              64.0, "envelope")
    CndRecording(subject='1', feature='envelope', 1 trials of 1 stimuli, 20 channels at\
 64 Hz)
    """

    subject: str
    eeg: list[np.ndarray]
    targets: list[np.ndarray]
    groups: np.ndarray
    sfreq: float
    feature: str
    ch_names: tuple[str, ...] | None = None
    conditions: tuple[str, ...] | None = None
    positions: tuple[int, ...] | None = None
    trials: tuple[int, ...] = ()

    def __repr__(self):
        return (
            f"CndRecording(subject={self.subject!r}, feature={self.feature!r}, "
            f"{len(self.eeg)} trials of {len(set(self.groups.tolist()))} stimuli, "
            f"{self.eeg[0].shape[1]} channels at {self.sfreq:g} Hz)"
        )


def read_recording(
    subject: str, path: Path, stimuli: Any, tolerance: float
) -> CndRecording:
    """Read the recording of one subject.

    Parameters
    ----------
    subject : str
        Number of the subject.
    path : path-like
        Its file.
    stimuli : Stimuli
        What was heard.
    tolerance : float
        By how much EEG and feature may differ in duration, in seconds.

    Returns
    -------
    recording : CndRecording
        EEG and feature of the trials, cut to what both share.

    Raises
    ------
    ValueError
        If the file is not as the format says or does not fit the stimuli.
    """
    struct = MatlabStruct(path, ["eeg", "neural"], _NEURAL_FIELDS)
    sfreq, padding = struct.rate("fs"), struct.count("paddingStartSample")
    if not isclose(sfreq, stimuli.sfreq, rel_tol=1e-6):
        raise ValueError(
            f"{struct.where('fs')}: {sfreq:g} Hz, but stim.fs in {stimuli.path} is "
            f"{stimuli.sfreq:g} Hz; one rate for both is expected, so resample one of "
            "them"
        )
    n_trials = stimuli.n_trials
    data = struct.cells("data", "a cell array of trials")
    if data.size != n_trials or max(data.shape) != n_trials:
        struct.refuse(
            "data", f"a cell array of {n_trials} trials, as stim has in {stimuli.path}"
        )
    positions = None
    if struct.get("origTrialPosition") is not None:
        positions = struct.whole_numbers(
            "origTrialPosition",
            f"{n_trials} whole numbers >= 1, one for each trial",
            n_trials,
        )
    trials, eeg, targets = _trials(struct, data.ravel(), stimuli, padding, tolerance)

    def of_trials(values):
        return None if values is None else tuple(values[trial] for trial in trials)

    return CndRecording(
        subject=subject,
        eeg=eeg,
        targets=targets,
        groups=np.array(of_trials(stimuli.groups)),
        sfreq=sfreq,
        feature=stimuli.feature,
        ch_names=_channel_names(struct, eeg[0].shape[1]),
        conditions=of_trials(stimuli.conditions),
        positions=of_trials(positions),
        trials=tuple(trials),
    )


def _trials(struct, data, stimuli, padding, tolerance):
    """Trials that are not empty: their indices, EEG and feature."""
    trials, eeg, targets = [], [], []
    for trial, pair in enumerate(zip(data, stimuli.data)):
        if any(isinstance(one, np.ndarray) and one.size == 0 for one in pair):
            continue
        where = struct.where(f"data{{{trial + 1}}}")
        heard = f"{stimuli.path}: {stimuli.feature!r} in trial {trial + 1}"
        x, y = _signals(pair[0], where), _signals(pair[1], heard)
        for what, one, others in ((where, x, eeg), (heard, y, targets)):
            if others and one.shape[1] != others[0].shape[1]:
                raise ValueError(
                    f"{what}: expected {others[0].shape[1]} columns as in trial "
                    f"{trials[0] + 1}, found {one.shape[1]}"
                )
        x, y = _aligned(x, y, padding, stimuli.sfreq, tolerance, where)
        trials.append(trial)
        eeg.append(x)
        targets.append(y)
    if not trials:
        raise ValueError(
            f"{struct.path}: no trial has both EEG and {stimuli.feature!r}; one of "
            "them is empty in all"
        )
    return trials, eeg, targets


def _signals(value, where):
    """Numbers of shape (n_times, n_columns) as floating point."""
    if not isinstance(value, np.ndarray):
        raise ValueError(f"{where}: expected numbers, found {describe(value)}")
    if value.dtype == bool:
        value = value.astype(np.float64)
    check_array(where, value, (2,))
    single = value.dtype.kind == "f" and value.dtype.itemsize == 4
    return value.astype(np.float32 if single else np.float64, copy=False)


def _aligned(eeg, target, padding, sfreq, tolerance, where):
    """Both from the onset of the stimulus on, as far as there are both."""
    n_eeg, n_target = len(eeg) - padding, len(target)
    if n_eeg <= 0:
        raise ValueError(
            f"{where}: {len(eeg)} samples, but paddingStartSample is {padding}; more "
            "samples than that are expected"
        )
    if abs(n_eeg - n_target) > tolerance * sfreq:
        raise ValueError(
            f"{where}: the EEG lasts {n_eeg / sfreq:.3f} s ({n_eeg} samples without "
            f"padding), the feature {n_target / sfreq:.3f} s ({n_target} samples); "
            f"they may differ by {tolerance:g} s (tolerance). Rows are time"
        )
    n_times = min(n_eeg, n_target)
    return eeg[padding : padding + n_times], target[:n_times]


def _channel_names(struct, n_channels):
    """Labels of the channels, or None if there are none."""
    locations = struct.get("chanlocs")
    if locations is None:
        return None
    if not isinstance(locations, list):
        struct.refuse("chanlocs", "a struct array with labels")
    names = [location.get("labels") for location in locations]
    for number, name in enumerate(names, 1):
        if not isinstance(name, str) or not name.strip():
            raise ValueError(
                f"{struct.where(f'chanlocs({number}).labels')}: expected the name of a "
                f"channel, found {describe(name)}"
            )
    names = tuple(name.strip() for name in names)
    check_names(struct.where("chanlocs.labels"), names)
    if len(names) != n_channels:
        raise ValueError(
            f"{struct.where('chanlocs')}: {len(names)} channels, but data has "
            f"{n_channels} columns"
        )
    return names
