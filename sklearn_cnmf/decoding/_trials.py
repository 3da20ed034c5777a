"""EEG and targets of lists of trials."""

import numpy as np

from ..trial import Reference, _label
from ._features import compute_feature
from ._preparation import band_pass, n_resampled, prepare_eeg


def eeg_of_trials(trials, *, sfreq, l_freq, h_freq, prepare=prepare_eeg):
    """EEG of each trial, filtered and resampled.

    Parameters
    ----------
    trials : list of Trial
        The trials, checked before.
    sfreq : float
        Rate to bring the EEG to, in Hz.
    l_freq, h_freq : float or None
        Edges of the band in Hz.
    prepare : callable, default=prepare_eeg
        The function to prepare one trial, possibly with a cache.

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
        check_nyquist("h_freq", h_freq, trial.eeg_sfreq, name(index, trial))
        eeg = prepare(
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
    feature : callable
        A function of (audio, sfreq, times).
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
    ys, known = [], {}
    for index, (trial, reference) in enumerate(zip(trials, references)):
        where = f"{name(index, trial)}: sources[{reference.attended}]"
        # Trials of one stimulus often share the very array of their sources.
        key = (
            id(reference.sources),
            reference.attended,
            float(trial.audio_sfreq),
            n_frames(trial, sfreq),
        )
        if key not in known:
            audio = reference.sources[reference.attended]
            check_sounding(audio, where)
            values = _values(feature, audio, trial, sfreq, where)
            if np.ptp(values, axis=1).max() == 0:
                raise ValueError(
                    f"{where}: the feature is constant; no correlation with it is "
                    "defined"
                )
            filtered = band_pass(values, sfreq, l_freq=l_freq, h_freq=h_freq)
            known[key] = np.ascontiguousarray(filtered.T)
        if ys and known[key].shape[1] != ys[0].shape[1]:
            raise ValueError(
                f"{where}: feature has {known[key].shape[1]} outputs, but "
                f"{ys[0].shape[1]} for the first trial"
            )
        ys.append(known[key])
    return ys


def candidates_of_trials(trials, candidates, *, feature, sfreq, l_freq, h_freq):
    """Feature of every candidate of each trial, in the band of the EEG.

    Parameters
    ----------
    trials : list of Trial
        The trials, checked before.
    candidates : list of ndarray or list of Reference
        Of each trial the candidates (n_candidates, ...), each shaped like the
        mixture; or its reference, whose sources are the candidates.
    feature, sfreq, l_freq, h_freq
        As in `targets_of_trials`.

    Returns
    -------
    features : list of list of ndarray of shape (n_frames, n_outputs)
        By trial, then by candidate. Silent candidates are constant.

    Raises
    ------
    ValueError
        If candidates are missing, NaN, or not shaped like the mixture.
    """
    if not isinstance(candidates, (list, tuple)):
        raise TypeError(
            "candidates: expected a list with the sources of each trial, got "
            f"{type(candidates).__name__}"
        )
    if len(candidates) != len(trials):
        raise ValueError(
            f"candidates: {len(candidates)} entries for {len(trials)} trials; one per "
            "trial is expected"
        )
    features, known = [], {}
    for index, (trial, given) in enumerate(zip(trials, candidates)):
        where = f"{name(index, trial)}: candidates"
        sources = given.sources if isinstance(given, Reference) else given
        key = (id(sources), float(trial.audio_sfreq), n_frames(trial, sfreq))
        if key not in known:
            known[key] = [
                np.ascontiguousarray(
                    band_pass(
                        _values(feature, audio, trial, sfreq, f"{where}[{number}]"),
                        sfreq,
                        l_freq=l_freq,
                        h_freq=h_freq,
                    ).T
                )
                for number, audio in enumerate(_checked(sources, trial, where))
            ]
        features.append(known[key])
    return features


def attended_sources(trials, references):
    """Audio and rate of each attended source, each array once."""
    found = {}
    for index, (trial, reference) in enumerate(zip(trials, references)):
        audio = reference.sources[reference.attended]
        where = f"{name(index, trial)}: sources[{reference.attended}]"
        check_sounding(audio, where)
        key = (id(reference.sources), reference.attended)
        found.setdefault(key, (audio, trial.audio_sfreq))
    return list(found.values())


def attended_instruments(trials, references):
    """Name of the attended instrument of each trial."""
    return [t.instruments[r.attended] for t, r in zip(trials, references)]


def stimulus_groups(trials):
    """Tell what to hold out together: a stimulus, or a trial without one."""
    return [trial.stimulus or index for index, trial in enumerate(trials)]


def check_sounding(audio, where):
    """Refuse an attended source that is silent."""
    if not np.any(audio):
        raise ValueError(
            f"{where}, the attended source, is silent; no correlation with it is "
            "defined"
        )


def _values(feature, audio, trial, sfreq, where):
    times = np.arange(n_frames(trial, sfreq)) / sfreq
    return compute_feature(feature, audio, trial.audio_sfreq, times, where)


def _checked(sources, trial, where):
    sources = np.asarray(sources)
    if (
        sources.ndim == 0
        or sources.shape[1:] != trial.mixture.shape
        or not len(sources)
    ):
        raise ValueError(
            f"{where}: expected shape (n_candidates, "
            f"{', '.join(map(str, trial.mixture.shape))}), each shaped like the "
            f"mixture, got {sources.shape}"
        )
    if sources.dtype.kind not in "fiu" or not np.isfinite(sources).all():
        raise ValueError(f"{where}: expected finite real numbers")
    return sources


def check_nyquist(parameter, frequency, eeg_sfreq, where):
    """Refuse a frequency that the EEG of a trial is too slow for."""
    if frequency is not None and frequency >= eeg_sfreq / 2:
        raise ValueError(
            f"{where}: {parameter}={frequency:g} Hz is not below half of "
            f"eeg_sfreq={eeg_sfreq:g} Hz"
        )


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
