"""Which instrument each voice is, by how strong its partials are."""

import itertools

import numpy as np

from .._stft import hop_of, spectra
from ._envelopes import Profile
from ._find import find_voices

# Partials that are compared. Weight of the heights that an instrument plays at against
# its partials, semitones that are nearby, and the least density of heights. Duos and
# trios named right, instruments' profiles from other pieces of the same set / of the
# other set of sounds, where the heights weigh 0, 0.1, 1:
#
#    examples       of 4: 4, 4, 4         of 5: 5, 5, 5
#    harder ones    of 11: 11, 11, 11     of 10: 8, 10, 10
#    chorales       of 30: 29, 29, 29     of 10: 10, 10, 10
#
# Where amplitudes are compared over all registers together, 9 of these 10 harder ones.
_N_PARTIALS = 20
_HEIGHT, _NEARBY, _LEAST = 0.1, 3.0, 1e-3


def learn_profile(sources: list[np.ndarray], n_fft: int, audio_sfreq: float) -> Profile:
    """Learn how strong the partials of an instrument are.

    Parameters
    ----------
    sources : list of ndarray
        Waveforms of the instrument alone.
    n_fft : int
        Window in samples.
    audio_sfreq : float
        Sampling rate in Hz.

    Returns
    -------
    profile : Profile
        Empty where no pitch was found.
    """
    profiles: list[Profile] = []
    for source in sources:
        _, X = spectra(source, n_fft, hop_of(n_fft))
        profiles += find_voices(X, audio_sfreq / n_fft, 1).profiles
    heard = [_sounding(profile) for profile in profiles]
    return Profile(*(np.concatenate(parts) for parts in zip(*heard)))


def assign_voices(
    voices: tuple[Profile, ...], instruments: list[Profile | None]
) -> np.ndarray:
    """Assign a voice to each instrument, so that all together fit best.

    Parameters
    ----------
    voices : tuple of Profile
        Of each voice.
    instruments : list of Profile or None
        Of each instrument; one that is unknown gets what others leave.

    Returns
    -------
    order : ndarray of shape (n_voices,) of int
        Voice of each instrument.
    """
    cost = np.array(
        [
            [0.0 if own is None else _mismatch(voice, own) for own in instruments]
            for voice in voices
        ]
    )
    places = np.arange(len(voices))
    orders = [np.array(order) for order in itertools.permutations(places)]
    return min(orders, key=lambda order: cost[order, places].sum())


def _sounding(profile):
    sounds = profile.found.sum(axis=1) > 0
    return Profile(*(part[sounds] for part in profile))


def _mismatch(voice, instrument):
    """How unlike an instrument a voice is, per count."""
    heights, found, _ = voice = _sounding(voice)
    if not len(heights) or not len(instrument.heights):
        return 0.0
    weights = found.sum(axis=1) / found.sum()
    own = _shares(voice.envelopes_at(heights))
    other = _shares(instrument.envelopes_at(heights))
    partials = np.sum(own * np.log(own / other), axis=1)
    distances = (heights[:, None] - instrument.heights) / _NEARBY
    played = instrument.found.sum(axis=1) / instrument.found.sum()
    density = np.exp(-(distances**2) / 2) @ played / _NEARBY
    return float(weights @ (partials - _HEIGHT * np.log(density + _LEAST)))


def _shares(envelopes):
    envelopes = envelopes[:, :_N_PARTIALS]
    return envelopes / envelopes.sum(axis=1, keepdims=True)
