"""Read a user's own EEG and audio."""

from pathlib import Path

import numpy as np


def read_eeg(path, ch_names, onset, duration):
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
        If MNE can't read it, if channels are missing or ambiguous, or if it is too
        short.
    """
    import mne

    if not Path(path).exists():
        raise FileNotFoundError(2, "no such file", str(path))
    if not np.isfinite(onset) or onset < 0:
        raise ValueError(f"onset: expected at least 0 s, got {onset:g}")
    try:
        raw = mne.io.read_raw(path, preload=False, verbose="error")
    except Exception as error:  # each of MNE's readers raises errors of its own
        raise ValueError(f"{path}: MNE can't read it as EEG ({error})") from error
    names = _match(ch_names, raw.ch_names, path)
    sfreq = float(raw.info["sfreq"])
    start = round(onset * sfreq)
    stop = min(start + round(duration * sfreq), raw.n_times)
    if abs((stop - start) - duration * sfreq) > 1:
        raise ValueError(
            f"{path}: the EEG lasts {raw.n_times / sfreq:.3f} s, but the mixture lasts "
            f"{duration:.3f} s from {onset:g} s on, until {onset + duration:.3f} s"
        )
    # One at a time, since MNE returns picked channels in the order of the file.
    eeg = np.vstack([raw.get_data(picks=[n], start=start, stop=stop) for n in names])
    return eeg, sfreq, [name for name in names if name in raw.info["bads"]]


def read_audio(path):
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
        If it can't be read or is empty.
    """
    import soundfile

    if not Path(path).exists():
        raise FileNotFoundError(2, "no such file", str(path))
    try:
        audio, sfreq = soundfile.read(path, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as error:
        raise ValueError(f"{path}: can't be read as audio ({error})") from error
    if len(audio) == 0:
        raise ValueError(f"{path}: the audio is empty")
    audio = np.ascontiguousarray(audio.T)
    return audio[0] if len(audio) == 1 else audio, float(sfreq)


def resample_audio(audio, old_sfreq, new_sfreq):
    """Bring a waveform to another rate.

    Parameters
    ----------
    audio : ndarray of shape (..., n_samples)
        Waveform.
    old_sfreq, new_sfreq : float
        Rates in Hz.

    Returns
    -------
    audio : ndarray of shape (..., n_samples)
    """
    import librosa

    return librosa.resample(audio, orig_sr=old_sfreq, target_sr=new_sfreq)


def _match(wanted, found, path):
    names, missing = [], []
    for name in wanted:
        alike = [other for other in found if other.lower() == name.lower()]
        if name in alike:
            names.append(name)
        elif len(alike) == 1:
            names.append(alike[0])
        elif alike:
            raise ValueError(
                f"{path}: the model's channel {name!r} may be any of {alike}, which "
                "differ in case alone"
            )
        else:
            missing.append(name)
    if missing:
        raise ValueError(
            f"{path}: lacks {len(missing)} of the model's {len(wanted)} channels: "
            f"{', '.join(missing)}; it has {', '.join(found)}"
        )
    return names
