"""One mixture with its guide: factorise, choose what is attended, mask."""

from typing import NamedTuple

import numpy as np

from ..decoding import audio_envelope
from ._factorization import solve
from ._grouping import attended_probabilities, sound_affinity
from ._initialization import INITIALIZATIONS
from ._kernels import Workspace
from ._regularizer import Regularizer
from ._selection import guide_support
from ._spectrogram import (
    attended_mask,
    guide_at_frames,
    mask_waveform,
    nonnegative_guide,
    spectra,
)


class Settings(NamedTuple):
    """What all factorisations of one call share."""

    delta: float
    contrast: str
    mu: float
    beta: float
    solver: str
    max_iter: int
    tol: float
    mask_power: float


class Mixture:
    """Spectra of a trial's mixture beside its guide.

    Parameters
    ----------
    trial : Trial
        With a guide.
    n_fft, hop_length : int
        Window and hop in samples.
    """

    def __init__(self, trial, n_fft, hop_length):
        self.trial = trial
        self.hop_length = hop_length
        self.stft, self.magnitudes = spectra(trial.mixture, n_fft, hop_length)
        self.guide = guide_at_frames(
            trial.guide,
            trial.guide_sfreq,
            len(self.magnitudes),
            hop_length / trial.audio_sfreq,
        )

    def factorize(self, A, W, attended, settings, *, fixed):
        """Run the solver from given factors.

        Returns
        -------
        descent : Descent
        """
        workspace = Workspace(self.magnitudes, len(W))
        guide = nonnegative_guide(self.guide, self.magnitudes.dtype)
        regularizer = Regularizer(
            guide if guide.any() else None,
            attended,
            settings.delta,
            settings.mu,
            settings.beta,
            workspace.total,
            settings.contrast,
        )
        return solve(
            workspace,
            A,
            W,
            regularizer,
            fixed=np.full(len(W), fixed),
            solver=settings.solver,
            max_iter=settings.max_iter,
            tol=settings.tol,
        )

    def waveform(self, A, W, attended, mask_power):
        """Mask the mixture with the share of the attended components.

        Parameters
        ----------
        A : ndarray of shape (n_frames, n_components)
            Activations.
        W : ndarray of shape (n_components, n_bins)
            Components.
        attended : ndarray of shape (n_components,)
            Whether each is attended, or the probability that it is.
        mask_power : float
            As in :class:`ContrastiveNMF`.

        Returns
        -------
        attended : ndarray shaped like the mixture
        """
        attended = attended.astype(A.dtype)
        mask = attended_mask((A * attended) @ W, (A * (1 - attended)) @ W, mask_power)
        n_samples = self.trial.mixture.shape[-1]
        return mask_waveform(self.stft, mask, self.hop_length, n_samples)


def separate_from_start(mixture, n_components, n_attended, settings, *, init, rng):
    """Let the first components follow the guide from their random start.

    Returns
    -------
    attended : ndarray shaped like the mixture
    converged : bool
    """
    chosen = np.arange(n_components) < n_attended
    A, W = INITIALIZATIONS[init](mixture.magnitudes, n_components, rng)
    A, W, _, converged = mixture.factorize(A, W, chosen, settings, fixed=False)
    return mixture.waveform(A, W, chosen, settings.mask_power), converged


def separate_blind(mixture, n_components, settings, *, init, rng):
    """Factorise a mixture, then split its components by sound and by the guide.

    The components explain the mixture first, without contrast. Where it stays
    open which part one belongs to, it is shared between both in proportion to the
    probabilities, so that a guide without information gives half of the mixture
    rather than the wrong instrument. With a positive `delta` the contrast then
    acts between the likelier halves.

    Returns
    -------
    attended : ndarray shaped like the mixture
    converged : bool
    """
    A, W, converged = explain_blind(mixture, n_components, settings, init=init, rng=rng)
    affinity = sound_affinity(W, mixture.trial.audio_sfreq)
    attended = attended_probabilities(A * W.sum(axis=1), affinity, mixture.guide)
    if settings.delta > 0:
        A, W, _, converged = mixture.factorize(
            A, W, attended > 0.5, settings, fixed=False
        )
    return mixture.waveform(A, W, attended, settings.mask_power), converged


def separate_learned(mixture, dictionaries, settings):
    """Factorise with known spectra; the guide says which instrument is attended.

    The spectra explain the mixture first, without contrast. Each instrument's
    share is then a candidate, and the one whose envelope the guide supports best
    is taken to be attended. With a positive `delta` the contrast then moves
    activations between this instrument and the others.

    Parameters
    ----------
    mixture : Mixture
        The mixture.
    dictionaries : list of ndarray of shape (n_components, n_bins)
        Spectra of each instrument present, in the order of the trial.
    settings : Settings
        Of the factorisation.

    Returns
    -------
    attended : ndarray shaped like the mixture
    converged : bool
    support : ndarray of shape (n_instruments,)
        Correlation of the guide with each instrument's envelope.
    """
    A, W, owner, converged = explain(mixture, dictionaries, settings)
    candidates = [
        mixture.waveform(A, W, owner == i, settings.mask_power)
        for i in range(len(dictionaries))
    ]
    support = guide_support(
        mixture.trial.guide, candidate_envelopes(candidates, mixture.trial)
    )
    best = int(np.argmax(support))
    if settings.delta == 0:
        return candidates[best], converged, support
    A, W, _, converged = mixture.factorize(A, W, owner == best, settings, fixed=True)
    attended = mixture.waveform(A, W, owner == best, settings.mask_power)
    return attended, converged, support


def explain(mixture, dictionaries, settings):
    """Factorise a mixture with known spectra, without contrast.

    Returns
    -------
    A : ndarray of shape (n_frames, n_components)
        Activations of the spectra of all instruments.
    W : ndarray of shape (n_components, n_bins)
        The spectra.
    owner : ndarray of shape (n_components,) of int
        Index of the instrument of each.
    converged : bool
    """
    W = np.concatenate(dictionaries).astype(mixture.magnitudes.dtype, copy=False)
    owner = np.repeat(np.arange(len(dictionaries)), [len(d) for d in dictionaries])
    A = np.repeat(mixture.magnitudes.sum(1)[:, None] / len(W), len(W), axis=1)
    A, W, _, converged = mixture.factorize(
        A, W, owner == 0, settings._replace(delta=0.0), fixed=True
    )
    return A, W, owner, converged


def explain_blind(mixture, n_components, settings, *, init, rng):
    """Factorise a mixture with spectra of its own, without contrast.

    Returns
    -------
    A : ndarray of shape (n_frames, n_components)
    W : ndarray of shape (n_components, n_bins)
    converged : bool
    """
    A, W = INITIALIZATIONS[init](mixture.magnitudes, n_components, rng)
    undecided = np.ones(n_components, dtype=bool)
    A, W, _, converged = mixture.factorize(
        A, W, undecided, settings._replace(delta=0.0), fixed=False
    )
    return A, W, converged


def candidate_envelopes(waveforms, trial):
    """Envelope of each waveform at the times of the trial's guide."""
    times = np.arange(trial.guide.shape[1]) / trial.guide_sfreq
    return np.concatenate(
        [
            np.atleast_2d(audio_envelope(waveform, trial.audio_sfreq, times))
            for waveform in waveforms
        ]
    )
