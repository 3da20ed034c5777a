"""What of the attended source is to be reconstructed, for lists of trials."""

from collections.abc import Callable
from functools import partial
from typing import Any

import joblib
import numpy as np

from .. import signals
from .._memory import cached
from .._validation import refuse_masked, trial_name
from ..signals import band_pass, n_resampled
from ..signals._features import compute_feature
from ..trial import Reference, Trial, sources_key

# "activations" is learned, see `_activations`.
FEATURES = (*signals.FEATURES, "activations")


def cached_feature(function: Callable, memory: str | joblib.Memory | None) -> Callable:
    """Cache a resolved feature, unless it is computed faster than found."""
    return cached(memory, function) if isinstance(function, partial) else function


def targets_of_trials(
    trials: list[Trial],
    references: list[Reference],
    *,
    feature: Callable,
    sfreq: float,
    l_freq: float | None,
    h_freq: float | None,
    phase: str = "zero",
) -> list[np.ndarray]:
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
    phase : str, default="zero"
        Of the band-pass.

    Returns
    -------
    ys : list of ndarray of shape (n_frames, n_outputs), float64
        As many frames as the prepared EEG has.

    Raises
    ------
    ValueError
        If an attended source is silent, its feature constant or unlike that of
        the first trial in the number of outputs.
    """
    ys: list[np.ndarray] = []
    known: dict[tuple, np.ndarray] = {}
    for index, (trial, reference) in enumerate(zip(trials, references)):
        where = f"{trial_name(index, trial)}: sources[{reference.attended}]"
        # Trials of one stimulus often share the very array of their sources.
        key = (
            sources_key(reference),
            reference.attended,
            trial.audio_sfreq,
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
            filtered = band_pass(
                values, sfreq, l_freq=l_freq, h_freq=h_freq, phase=phase
            )
            known[key] = np.ascontiguousarray(filtered.T)
        if ys and known[key].shape[1] != ys[0].shape[1]:
            raise ValueError(
                f"{where}: feature has {known[key].shape[1]} outputs, but "
                f"{ys[0].shape[1]} for the first trial"
            )
        ys.append(known[key])
    return ys


def candidates_of_trials(
    trials: list[Trial],
    candidates: list[Any],
    *,
    feature: Callable,
    sfreq: float,
    l_freq: float | None,
    h_freq: float | None,
    phase: str = "zero",
    targets: list[np.ndarray] | None = None,
) -> list[list[np.ndarray]]:
    """Feature of every candidate of each trial, in the band of the EEG.

    Parameters
    ----------
    trials : list of Trial
        The trials, checked before.
    candidates : list of ndarray or list of Reference
        Of each trial the candidates (n_candidates, ...), each shaped like the
        mixture; or its reference, whose sources are the candidates.
    feature, sfreq, l_freq, h_freq, phase
        As in `targets_of_trials`.
    targets : list of ndarray of shape (n_frames, n_outputs), default=None
        What `targets_of_trials` gave for these references, so that it need not be
        computed again.

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
        raise ValueError(
            "candidates: expected a list with the sources of each trial, got "
            f"{type(candidates).__name__}"
        )
    if len(candidates) != len(trials):
        raise ValueError(
            f"candidates: {len(candidates)} entries for {len(trials)} trials; one per "
            "trial is expected"
        )
    features: list[list[np.ndarray]] = []
    known: dict[Any, list[np.ndarray]] = {}
    for index, (trial, given) in enumerate(zip(trials, candidates)):
        where = f"{trial_name(index, trial)}: candidates"
        is_reference = isinstance(given, Reference)
        sources = given.sources if is_reference else given
        of_sources = sources_key(given) if is_reference else id(given)
        key = (of_sources, trial.audio_sfreq, n_frames(trial, sfreq))
        if key not in known:
            known[key] = []
            for number, audio in enumerate(_checked(sources, trial, where)):
                if targets is not None and number == given.attended:
                    known[key].append(targets[index])
                    continue
                values = _values(feature, audio, trial, sfreq, f"{where}[{number}]")
                filtered = band_pass(
                    values, sfreq, l_freq=l_freq, h_freq=h_freq, phase=phase
                )
                known[key].append(np.ascontiguousarray(filtered.T))
        features.append(known[key])
    return features


def attended_sources(
    trials: list[Trial], references: list[Reference]
) -> list[tuple[np.ndarray, float]]:
    """Audio and rate of each attended source, each array once."""
    found: dict[tuple, tuple[np.ndarray, float]] = {}
    for index, (trial, reference) in enumerate(zip(trials, references)):
        audio = reference.sources[reference.attended]
        where = f"{trial_name(index, trial)}: sources[{reference.attended}]"
        check_sounding(audio, where)
        key = (sources_key(reference), reference.attended)
        found.setdefault(key, (audio, trial.audio_sfreq))
    return list(found.values())


def attended_instruments(trials: list[Trial], references: list[Reference]) -> list[str]:
    """Name of the attended instrument of each trial."""
    return [t.instruments[r.attended] for t, r in zip(trials, references)]


def stimulus_groups(trials: list[Trial]) -> list[str]:
    """Tell what to hold out together: a stimulus, or a trial without one."""
    return [
        f"stimulus {trial.stimulus}" if trial.stimulus else f"trial {index}"
        for index, trial in enumerate(trials)
    ]


def check_sounding(audio: np.ndarray, where: str) -> None:
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
    refuse_masked(where, sources)
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


def check_reach(trials: list[Trial], sfreq: float, lags: np.ndarray) -> None:
    """Refuse trials that are shorter than the lag window."""
    for index, trial in enumerate(trials):
        if n_frames(trial, sfreq) < lags[-1] + 2:
            raise ValueError(
                f"{trial_name(index, trial)}: eeg has {n_frames(trial, sfreq)} samples "
                f"at {sfreq:g} Hz; at least {lags[-1] + 2} are needed for lags of up "
                f"to {lags[-1]} samples"
            )


def n_frames(trial: Trial, sfreq: float) -> int:
    """Count the frames of a trial at a rate in Hz."""
    return n_resampled(trial.eeg.shape[1], trial.eeg_sfreq, sfreq)
