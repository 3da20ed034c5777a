"""Guided separation of plain audio: no EEG, no trials, nothing learned before."""

import math

import numpy as np
from numpy.typing import ArrayLike

from .._validation import as_signals, check_audio, check_choice, check_rate
from ..trial import Trial
from ._contrastive_nmf import ContrastiveNMF

_DICTIONARIES = ("blind", "guided")
# Rate of the channel that a trial has in place of EEG, in Hz.
_EEG_SFREQ = 64.0


def separate_audio(
    audio: ArrayLike,
    sfreq: float,
    guide: ArrayLike,
    guide_sfreq: float,
    *,
    dictionary: str = "blind",
    n_components: int | None = None,
    delta: float | None = None,
    window: float = 0.186,
    mask_power: float = 2.0,
    max_iter: int = 200,
    tol: float = 1e-5,
    random_state: int | np.random.RandomState | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    """Pull out of a recording what does the same over time as a guide.

    The guide can be anything that rises and falls with the source: a tapped rhythm, a
    hummed envelope, the onsets of a score.

    Parameters
    ----------
    audio : array-like of shape (n_samples,) or (n_audio_channels, n_samples)
        The recording.
    sfreq : float
        Its sampling rate in Hz.
    guide : array-like of shape (n_times,) or (n_guides, n_times)
        What the source does over time, in any unit. It starts with the recording and
        lasts as long, to within one of its frames.
    guide_sfreq : float
        Its rate in Hz.
    dictionary : {"blind", "guided"}, default="blind"
        "blind" factorises the recording first and then splits its components by how
        they sound and by the guide; "guided" lets half of them follow the guide from
        the start, as published.
    n_components, delta, window, mask_power, max_iter, tol, random_state :
        As in :class:`ContrastiveNMF`.

    Returns
    -------
    source, rest : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        They add up to the recording.

    Raises
    ------
    ValueError
        If an array is not as described or holds NaN, or a parameter is out of its
        range; if the guide is longer or shorter than the recording.

    Warns
    -----
    UserWarning
        If the recording is silent or the guide constant.
    ConvergenceWarning
        If the factorisation stopped at `max_iter`.

    See Also
    --------
    ContrastiveNMF : The same for trials with EEG, and with learned instruments.

    Examples
    --------
    A tone that comes and goes beside a steady one.

    >>> import numpy as np
    >>> from sklearn_cnmf.separation import separate_audio
    >>> times = np.arange(32000) / 8000
    >>> loudness = np.cos(3 * times) ** 2
    >>> source = loudness * np.sin(2 * np.pi * 440 * times)
    >>> audio = source + np.sin(2 * np.pi * 1000 * times)
    >>> found, rest = separate_audio(
    ...     audio, 8000, loudness[::80], 100, n_components=4, random_state=0
    ... )
    >>> print(f"{np.corrcoef(found, source)[0, 1]:.1f}")
    1.0
    """
    check_choice("dictionary", dictionary, _DICTIONARIES)
    audio = check_audio(audio, sfreq)
    guide = np.atleast_2d(as_signals("guide", guide, (1, 2)))
    check_rate("guide_sfreq", guide_sfreq)
    duration = audio.shape[-1] / sfreq
    lasts = guide.shape[1] / guide_sfreq
    if abs(lasts - duration) * guide_sfreq > 1 + 1e-6:
        raise ValueError(
            f"guide: expected {duration:.3f} s as audio has, got {lasts:.3f} s "
            f"({guide.shape[1]} frames at {guide_sfreq:g} Hz)"
        )
    trial = Trial(
        np.zeros((1, max(1, math.floor(duration * _EEG_SFREQ)))),
        _EEG_SFREQ,
        audio,
        sfreq,
        guide=guide,
        guide_sfreq=guide_sfreq,
    )
    model = ContrastiveNMF(
        n_components,
        dictionary=dictionary,
        delta=delta,
        window=window,
        mask_power=mask_power,
        max_iter=max_iter,
        tol=tol,
        random_state=random_state,
    )
    (source,) = model.fit([trial]).predict([trial])
    return source, audio - source
