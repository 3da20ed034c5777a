"""From the magnitudes of a mixture to its voices."""

from typing import NamedTuple

import numpy as np

from ..._threads import one_thread, sharing
from ._envelopes import Profile
from ._tracking import track_voices
from ._voices import VoiceFitter, spread

# Frequencies that voices are modelled at, in Hz; above, all share alike.
_HIGHEST_HZ = 8000.0


class Found(NamedTuple):
    """Voices of a mixture.

    Parameters
    ----------
    models : ndarray of shape (n_voices, n_frames, n_bins)
        Modelled magnitudes of each.
    pitches : ndarray of shape (n_voices, n_frames)
        MIDI number of each voice, fractions included; NaN where it is silent.
    profiles : tuple of Profile
        How strong the partials of each voice are, by register.
    heights : ndarray of shape (n_voices,)
        Mean pitch of each, weighted by loudness; minus infinity of one that never
        sounds.
    explained : float
        Share of the energy that the combs of the voices explain, 1 at most.
    """

    models: np.ndarray
    pitches: np.ndarray
    profiles: tuple[Profile, ...]
    heights: np.ndarray
    explained: float


def find_voices(X: np.ndarray, bin_hz: float, n_voices: int) -> Found:
    """Track voices through a mixture and fit combs to them.

    Frames are shared among as many threads as BLAS is allowed, and the results are the
    same bits for any number of them.

    Parameters
    ----------
    X : ndarray of shape (n_frames, n_bins)
        Magnitudes.
    bin_hz : float
        Distance of two bins in Hz.
    n_voices : int
        How many there are.

    Returns
    -------
    found : Found
    """
    n_bins = min(X.shape[1], round(_HIGHEST_HZ / bin_hz))
    heard = X[:, :n_bins].astype(np.float64, copy=False)
    with one_thread() as n_threads, sharing(n_threads) as share:
        fitter = VoiceFitter(heard, bin_hz, share)
        voices = track_voices(heard, bin_hz, n_voices, fitter, share)
        combs = fitter.models(voices)
    models = np.zeros((n_voices, *X.shape), X.dtype)
    for own, model in zip(models, combs):
        own[:, :n_bins] = spread(model)
    levels = combs.sum(axis=2)
    return Found(
        models,
        voices.pitches,
        voices.profiles,
        np.array([_height(*own) for own in zip(voices.pitches, levels)]),
        _explained(X, heard, combs.sum(axis=0)),
    )


def _explained(X, heard, model):
    energy = np.sum(np.square(X, dtype=np.float64))
    missed = np.sum((heard - model) ** 2) + energy - np.sum(heard**2)
    return float(max(1 - missed / energy, 0.0))


def _height(pitches, levels):
    sounding = ~np.isnan(pitches)
    if not levels[sounding].sum() > 0:
        return -np.inf
    return float(np.average(pitches[sounding], weights=levels[sounding]))
