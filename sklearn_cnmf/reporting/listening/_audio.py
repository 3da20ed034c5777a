"""Waveforms as compressed audio within a page."""

import base64
import io
from collections.abc import Mapping

import numpy as np

# Format and subtype as libsndfile names them.
_FORMATS = {"ogg": ("OGG", "VORBIS"), "flac": ("FLAC", "PCM_16")}
_LOUDEST = 0.9


def encoded_tracks(
    tracks: Mapping[str, np.ndarray], sfreq: float, audio_format: str
) -> dict[str, str]:
    """Encode the tracks of a trial, in base64.

    Parameters
    ----------
    tracks : dict of str to ndarray
        Waveforms, (n_samples,) or (n_audio_channels, n_samples); one factor brings
        the loudest sample of all to 0.9.
    sfreq : float
        Their rate in Hz; files have whole ones.
    audio_format : {"ogg", "flac"}
        How to encode them.

    Returns
    -------
    encoded : dict of str to str
    """
    if audio_format not in _FORMATS:
        raise ValueError(
            f"audio_format: expected one of {', '.join(_FORMATS)}, got {audio_format!r}"
        )
    loudest = max(np.max(np.abs(audio), initial=0.0) for audio in tracks.values())
    factor = _LOUDEST / loudest if loudest > 0 else 1.0
    return {
        name: _encoded(factor * np.asarray(audio, np.float64), sfreq, audio_format)
        for name, audio in tracks.items()
    }


def _encoded(audio, sfreq, audio_format):
    import soundfile

    format_, subtype = _FORMATS[audio_format]
    file = io.BytesIO()
    soundfile.write(file, audio.T, round(sfreq), format=format_, subtype=subtype)
    return base64.b64encode(file.getvalue()).decode("ascii")
