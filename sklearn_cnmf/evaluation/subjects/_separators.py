"""Sources that another separator made, for the EEG to choose from."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..._stored import stamp_of
from ..._validation import as_signals, read_only
from ...datasets import read_audio
from ...trial import Trial

_SUFFIXES = (".wav", ".flac", ".ogg", ".mp3", ".aif", ".aiff")
# Length and rate of stems may miss the mixture's by this much (samples).
_TOLERANCE = 1


def check_separator(separator: Any) -> None:
    """Refuse what can't offer candidates, as `candidates` of :func:`evaluate`."""
    if separator is None or callable(separator) or isinstance(separator, Mapping):
        return
    if not isinstance(separator, (str, Path)):
        raise ValueError(
            "candidates: expected a function, a dict of stimuli, a folder or None, got "
            f"{type(separator).__name__}"
        )
    if not Path(separator).is_dir():
        raise ValueError(f"candidates: there is no folder {str(separator)!r}")


def named_candidates(
    separator: Callable | Mapping | str | Path, trial: Trial
) -> dict[str, np.ndarray]:
    """Ask a separator for the sources of a mixture.

    Parameters
    ----------
    separator : callable, mapping, str or path-like
        As `candidates` of :func:`evaluate`.
    trial : Trial
        Its mixture is what is separated.

    Returns
    -------
    candidates : dict of str to ndarray, each shaped like the mixture
        By their names, in alphabetical order.

    Raises
    ------
    ValueError
        If there are fewer than two, none for this stimulus, or one is not shaped like
        the mixture, not finite or at another rate.
    """
    if callable(separator):
        mixture = read_only(trial.mixture)
        found, what = separator(mixture, trial.audio_sfreq), "candidates"
    elif isinstance(separator, Mapping):
        what = f"candidates[{trial.stimulus!r}]"
        if trial.stimulus not in separator:
            raise ValueError(f"candidates: none for the stimulus {trial.stimulus!r}")
        found = separator[trial.stimulus]
    else:
        folder, what = Path(separator, trial.stimulus), f"candidates: {trial.stimulus}"
        found = {path.stem: _read(path, trial) for path in _files(folder)}
    if not isinstance(found, Mapping) or not all(isinstance(k, str) for k in found):
        raise ValueError(
            f"{what}: expected a dict of names to waveforms, got {type(found).__name__}"
        )
    if len(found) < 2:
        raise ValueError(f"{what}: expected at least two waveforms, got {len(found)}")
    checked = {}
    for name in sorted(found):
        waveform = as_signals(f"{what}[{name!r}]", found[name], (1, 2))
        if waveform.shape != trial.mixture.shape:
            raise ValueError(
                f"{what}[{name!r}]: expected shape {trial.mixture.shape} as the "
                f"mixture, got {waveform.shape}"
            )
        checked[name] = waveform
    return checked


def describe_candidates(separator: Any, trial: Trial) -> Any:
    """Tell what decides about the candidates of a trial, beside the trial itself.

    Parameters
    ----------
    separator : callable, mapping, str, path-like or None
        As `candidates` of :func:`evaluate`.
    trial : Trial
        Names its stimulus.

    Returns
    -------
    description : object
        Names, sizes and times of files; waveforms; the callable itself; or None.
    """
    if separator is None or callable(separator):
        return separator
    if isinstance(separator, Mapping):
        return dict(separator.get(trial.stimulus, {}))
    folder = Path(separator, trial.stimulus)
    return [(path.name, *stamp_of(path)[1:]) for path in _files(folder)]


def offered_to(separator: Any, stimuli: set[str]) -> Any:
    """Leave of a mapping what is there of some stimuli; all else is as it was."""
    if not isinstance(separator, Mapping):
        return separator
    return {name: separator[name] for name in sorted(stimuli) if name in separator}


def _files(folder):
    if not folder.is_dir():
        return []
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in _SUFFIXES)


def _read(path, trial):
    audio, sfreq = read_audio(path)
    if sfreq != trial.audio_sfreq:
        raise ValueError(
            f"{path}: expected {trial.audio_sfreq:g} Hz as the mixture, got {sfreq:g}"
        )
    missing = trial.mixture.shape[-1] - audio.shape[-1]
    if abs(missing) > _TOLERANCE:
        raise ValueError(
            f"{path}: expected {trial.mixture.shape[-1]} samples as the mixture, got "
            f"{audio.shape[-1]}"
        )
    audio = audio[..., : trial.mixture.shape[-1]]
    return np.pad(audio, [(0, 0)] * (audio.ndim - 1) + [(0, max(missing, 0))])
