"""Recordings of one's own: trials from MNE's objects and arrays, files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from .._validation import check_names, check_number
from ..trial import Trial, check_trials
from ._chunks import check_chunks
from ._raw import open_raw
from ._readable import readable


def make_trials(
    eeg: Any,
    mixtures: Sequence[np.ndarray] | np.ndarray,
    audio_sfreq: float,
    *,
    eeg_sfreq: float | None = None,
    ch_names: Sequence[str] | None = None,
    instruments: Sequence[str] | Sequence[Sequence[str]] | None = None,
    subject: str = "",
    stimuli: Sequence[str] | None = None,
) -> list[Trial]:
    """Make trials of EEG in any of its usual forms.

    Parameters
    ----------
    eeg : mne.io.BaseRaw, mne.BaseEpochs, ndarray or list of these
        One recording per trial: a list of `Raw` or of arrays (n_channels, n_times),
        which may differ in length; one `Raw`, which is one trial; `Epochs`; or an
        array (n_trials, n_channels, n_times). Of MNE's objects the EEG channels that
        are not marked bad are taken; epochs are cut at time zero.
    mixtures : list of ndarray, or ndarray
        What was played in each trial, from the same instant on: (n_samples,) or
        (n_audio_channels, n_samples). For a single trial the array itself will do.
    audio_sfreq : float
        Sampling rate of the mixtures in Hz.
    eeg_sfreq : float, default=None
        Sampling rate of arrays in Hz. MNE's objects know theirs.
    ch_names : sequence of str, default=None
        Channel names of arrays. MNE's objects know theirs.
    instruments : sequence of str or list of sequence of str, default=None
        Sources present, in all trials or in each.
    subject : str, default=""
        Who listened.
    stimuli : list of str, default=None
        Which mixture was played in each trial; trials that share it share a fold.

    Returns
    -------
    trials : list of Trial
        Checked with :func:`~sklearn_cnmf.check_trials`.

    Raises
    ------
    ValueError
        If `eeg` is something else; if numbers of trials differ, an array comes
        without `eeg_sfreq`, epochs start after time zero, or EEG and mixture differ
        in duration.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.datasets import make_trials
    >>> eeg = np.zeros((3, 20, 640))
    >>> mixtures = [np.zeros(80000) for _ in range(3)]
    >>> trials = make_trials(eeg, mixtures, 8000, eeg_sfreq=64,
    ...                      stimuli=["a", "b", "a"])
    >>> trials[2]
    Trial(subject='', stimulus='a', eeg=20 x 640 at 64 Hz, mixture=80000 at 8000 Hz)
    """
    recordings = _recordings(eeg, eeg_sfreq, ch_names)
    n_trials = len(recordings)
    if isinstance(mixtures, np.ndarray) and n_trials == 1:
        mixtures = [mixtures]
    if instruments is None or all(isinstance(name, str) for name in instruments):
        if instruments is not None:
            check_names("instruments", instruments)
        instruments = [instruments] * n_trials
    stimuli = [""] * n_trials if stimuli is None else stimuli
    for what, given in (
        ("mixtures", mixtures),
        ("instruments", instruments),
        ("stimuli", stimuli),
    ):
        if not hasattr(given, "__len__") or isinstance(given, str):
            raise ValueError(
                f"{what}: expected a list with one entry per trial, got {given!r}"
            )
        if len(given) != n_trials:
            raise ValueError(
                f"{what}: {len(given)} entries for {n_trials} trials of eeg; one per "
                "trial is expected"
            )
    trials = [
        Trial(
            data,
            sfreq,
            mixture,
            audio_sfreq,
            instruments=None if present is None else tuple(present),
            subject=subject,
            stimulus=stimulus,
            ch_names=names,
        )
        for (data, sfreq, names), mixture, present, stimulus in zip(
            recordings, mixtures, instruments, stimuli
        )
    ]
    check_trials(trials)
    return trials


def read_eeg(
    path: str | Path, ch_names: Sequence[str], onset: float, duration: float
) -> tuple[np.ndarray, float, list[str]]:
    """Read the channels of a model from a recording, for the time of a mixture.

    Parameters
    ----------
    path : str or path-like
        Any file that :func:`mne.io.read_raw` reads.
    ch_names : sequence of str
        Names of the channels wanted, in order. Case matters only where names of the
        recording differ in nothing else.
    onset : float
        When the mixture began, in seconds after the first sample of the recording.
    duration : float
        How long it lasted, in seconds.

    Returns
    -------
    eeg : ndarray of shape (n_channels, n_times)
        In volts.
    sfreq : float
        Sampling rate in Hz.
    bad : list of str
        Which of the channels the recording marks as bad.

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If MNE can't read it, if channels are missing or ambiguous, if `onset` is not
        within it, or if it is too short.
    """
    if not Path(path).exists():
        raise FileNotFoundError(2, "no such file", str(path))
    check_number("onset", onset, least=0)
    check_number("duration", duration, above=0)
    raw = open_raw(path)
    sfreq, n_times = float(raw.info["sfreq"]), int(raw.n_times)
    names = match_names(ch_names, raw.ch_names, path)
    if onset * sfreq >= n_times:
        raise ValueError(
            f"onset: {onset:g} s is not within {path}, whose EEG lasts "
            f"{n_times / sfreq:.3f} s"
        )
    start = round(onset * sfreq)
    stop = min(start + round(duration * sfreq), n_times)
    if abs((stop - start) - duration * sfreq) > 1:
        raise ValueError(
            f"{path}: the EEG lasts {n_times / sfreq:.3f} s, but the mixture lasts "
            f"{duration:.3f} s from {onset:g} s on, until {onset + duration:.3f} s"
        )
    # One at a time, since MNE returns picked channels in the order of the file.
    with readable(path, "MNE can't read its samples"):
        eeg = np.vstack(
            [raw.get_data(picks=[n], start=start, stop=stop) for n in names]
        )
    return eeg, sfreq, [name for name in names if name in raw.info["bads"]]


def read_audio(path: str | Path) -> tuple[np.ndarray, float]:
    """Read a waveform, mono or with several channels.

    Parameters
    ----------
    path : str or path-like
        Any file that soundfile reads.

    Returns
    -------
    audio : ndarray of shape (n_samples,) or (n_audio_channels, n_samples), float32
        The waveform.
    sfreq : float
        Sampling rate in Hz.

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If it can't be read, is empty, or is cut short: if there is less audio than
        the header of the file announces.
    """
    import soundfile

    if not Path(path).exists():
        raise FileNotFoundError(2, "no such file", str(path))
    with readable(path, "can't be read as audio"), soundfile.SoundFile(path) as file:
        n_frames, sfreq = file.frames, file.samplerate
        audio = file.read(dtype="float32", always_2d=True)
    if len(audio) < n_frames:
        raise ValueError(
            f"{path}: the audio is cut short: expected {n_frames} samples by its "
            f"header, found {len(audio)}"
        )
    check_chunks(path)
    if len(audio) == 0:
        raise ValueError(f"{path}: the audio is empty")
    audio = np.ascontiguousarray(audio.T)
    return audio[0] if len(audio) == 1 else audio, float(sfreq)


class AudioInfo(NamedTuple):
    """What the header of an audio file says; its rate in Hz."""

    n_samples: int
    sfreq: float
    n_channels: int


def audio_info(path: str | Path) -> AudioInfo:
    """Read the header of an audio file."""
    import soundfile

    with readable(path, "can't be read as audio"):
        info = soundfile.info(path)
    return AudioInfo(info.frames, float(info.samplerate), info.channels)


def _recordings(eeg, eeg_sfreq, ch_names):
    """Array, rate and names of channels of each trial."""
    import mne

    if isinstance(eeg, mne.BaseEpochs):
        return _of_epochs(eeg)
    if isinstance(eeg, mne.io.BaseRaw):
        return [_of_raw(eeg)]
    if isinstance(eeg, np.ndarray) and eeg.ndim != 3:
        raise ValueError(
            "eeg: expected shape (n_trials, n_channels, n_times), got "
            f"{eeg.shape}; pass [eeg] for one trial"
        )
    if not isinstance(eeg, (np.ndarray, list, tuple)):
        raise ValueError(
            "eeg: expected mne.io.Raw, mne.Epochs, an array or a list of recordings, "
            f"got {type(eeg).__name__}"
        )
    if all(isinstance(one, mne.io.BaseRaw) for one in eeg):
        return [_of_raw(one) for one in eeg]
    if eeg_sfreq is None:
        raise ValueError("eeg_sfreq: None, but arrays do not know their rate in Hz")
    names = None if ch_names is None else tuple(ch_names)
    return [(np.asarray(one), eeg_sfreq, names) for one in eeg]


def _of_raw(raw):
    names = _eeg_names(raw)
    return raw.get_data(picks=names), float(raw.info["sfreq"]), names


def _of_epochs(epochs):
    if epochs.tmin > 0.5 / epochs.info["sfreq"]:
        raise ValueError(
            f"eeg: epochs start at {epochs.tmin:g} s; EEG from time zero on, where the "
            "audio starts, is expected"
        )
    names = _eeg_names(epochs)
    first = int(np.argmin(np.abs(epochs.times)))
    data = epochs.get_data(picks=names)[..., first:]
    return [(one, float(epochs.info["sfreq"]), names) for one in data]


def _eeg_names(inst):
    import mne

    picks = mne.pick_types(inst.info, eeg=True)
    if len(picks) == 0:
        raise ValueError("eeg: found no EEG channel that is not marked bad")
    return tuple(inst.ch_names[pick] for pick in picks)


def match_names(
    wanted: Sequence[str], found: Sequence[str], path: str | Path
) -> list[str]:
    """Find channels by name, whose case matters only where nothing else differs."""
    names, missing = [], []
    for name in wanted:
        alike = [other for other in found if other.lower() == name.lower()]
        if name in alike:
            names.append(name)
        elif len(alike) == 1:
            names.append(alike[0])
        elif alike:
            raise ValueError(
                f"{path}: the wanted channel {name!r} may be any of {alike}, which "
                "differ in case alone"
            )
        else:
            missing.append(name)
    if missing:
        raise ValueError(
            f"{path}: lacks {len(missing)} of {len(wanted)} wanted channels: "
            f"{', '.join(missing)}; it has {', '.join(found)}"
        )
    return names
