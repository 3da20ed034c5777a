"""EEG and targets of lists of trials."""

import numpy as np

from ..trial import _label
from ._features import compute_feature
from ._preparation import band_pass, n_resampled, prepare_eeg


def eeg_of_trials(trials, *, sfreq, l_freq, h_freq):
    """EEG of each trial, filtered and resampled.

    Parameters
    ----------
    trials : list of Trial
        The trials, checked before.
    sfreq : float
        Rate to bring the EEG to, in Hz.
    l_freq, h_freq : float or None
        Edges of the band in Hz.

    Returns
    -------
    xs : list of ndarray of shape (n_frames, n_channels), float64
        Frame k is at ``k / sfreq`` seconds.

    Raises
    ------
    ValueError
        If the band reaches up to half the rate of a trial's EEG.
    """
    xs = []
    for index, trial in enumerate(trials):
        if h_freq is not None and h_freq >= trial.eeg_sfreq / 2:
            raise ValueError(
                f"{name(index, trial)}: h_freq={h_freq:g} Hz is not below half of "
                f"eeg_sfreq={trial.eeg_sfreq:g} Hz"
            )
        eeg = prepare_eeg(
            trial.eeg, trial.eeg_sfreq, sfreq=sfreq, l_freq=l_freq, h_freq=h_freq
        )
        xs.append(np.ascontiguousarray(eeg.T))
    return xs


def targets_of_trials(trials, references, *, feature, sfreq, l_freq, h_freq):
    """Feature of the attended source of each trial, in the band of the EEG.

    Parameters
    ----------
    trials, references : list of Trial, list of Reference
        The trials and their truth, checked before.
    feature : str or callable
        As for :func:`~sklearn_cnmf.decoding._features.compute_feature`.
    sfreq : float
        Rate of the feature in Hz.
    l_freq, h_freq : float or None
        Edges of the band in Hz.

    Returns
    -------
    ys : list of ndarray of shape (n_frames, n_outputs), float64
        As many frames as `eeg_of_trials` returns.

    Raises
    ------
    ValueError
        If an attended source is silent, its feature constant or unlike that of
        the first trial in the number of outputs.
    """
    ys = []
    for index, (trial, reference) in enumerate(zip(trials, references)):
        where = f"{name(index, trial)}: sources[{reference.attended}]"
        audio = reference.sources[reference.attended]
        if not np.any(audio):
            raise ValueError(
                f"{where}, the attended source, is silent; no correlation with it is "
                "defined"
            )
        times = np.arange(n_frames(trial, sfreq)) / sfreq
        values = compute_feature(feature, audio, trial.audio_sfreq, times, where)
        if np.ptp(values, axis=1).max() == 0:
            raise ValueError(
                f"{where}: the feature is constant; no correlation with it is defined"
            )
        if ys and len(values) != ys[0].shape[1]:
            raise ValueError(
                f"{where}: feature has {len(values)} outputs, but {ys[0].shape[1]} "
                "for the first trial"
            )
        filtered = band_pass(values, sfreq, l_freq=l_freq, h_freq=h_freq)
        ys.append(np.ascontiguousarray(filtered.T))
    return ys


def check_reach(trials, sfreq, lags):
    """Refuse trials that are shorter than the lag window."""
    for index, trial in enumerate(trials):
        if n_frames(trial, sfreq) < lags[-1] + 2:
            raise ValueError(
                f"{name(index, trial)}: eeg has {n_frames(trial, sfreq)} samples at "
                f"{sfreq:g} Hz; at least {lags[-1] + 2} are needed for lags of up to "
                f"{lags[-1]} samples"
            )


def check_ch_names(trials, expected):
    """Refuse trials whose channels are known not to be the expected ones."""
    if expected is None:
        return
    for index, trial in enumerate(trials):
        if trial.ch_names is None:
            continue
        for channel, (found, other) in enumerate(zip(trial.ch_names, expected)):
            if found != other:
                raise ValueError(
                    f"{name(index, trial)}: ch_names[{channel}] is {found!r}, but in "
                    f"training it was {other!r}; the same channels in the same order "
                    "are needed"
                )


def n_frames(trial, sfreq):
    """Count the frames of a trial at a rate in Hz."""
    return n_resampled(trial.eeg.shape[1], trial.eeg_sfreq, sfreq)


def name(index, trial):
    """Tell a trial in an error by index, subject and stimulus."""
    return f"trials[{index}]{_label(trial)}"
