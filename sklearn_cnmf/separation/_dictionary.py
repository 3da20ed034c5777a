"""Spectra of each instrument, learned from isolated sources."""

import joblib
import numpy as np

from ._factorization import contrastive_nmf
from ._spectrogram import spectra


def distinct_sources(trials, references):
    """Collect the isolated recordings of each instrument, each of them once.

    Many trials share a stimulus; its sources teach nothing new the second time.

    Parameters
    ----------
    trials : list of Trial
        Trials that name their instruments.
    references : list of Reference
        Their sources.

    Returns
    -------
    sources : dict of str to list of ndarray
        Waveforms of each instrument, silent ones left out, in order of
        appearance; instruments in alphabetical order.
    """
    found = {}
    for trial, reference in zip(trials, references):
        for instrument, source in zip(trial.instruments, reference.sources):
            recordings = found.setdefault(instrument, {})
            if source.any():
                recordings.setdefault(joblib.hash(np.ascontiguousarray(source)), source)
    return {name: list(found[name].values()) for name in sorted(found)}


def learn_dictionary(
    sources, n_components, *, n_fft, hop_length, init, max_iter, tol, seed
):
    """Factorise an instrument's recordings without a guide.

    Each recording is weighted to the same magnitude per frame, so that loud ones
    don't drown quiet ones; silent frames are left out.

    Parameters
    ----------
    sources : list of ndarray
        Waveforms, none of them silent.
    n_components : int
        Number of spectra.
    n_fft, hop_length, init, max_iter, tol, seed :
        As in :class:`ContrastiveNMF`.

    Returns
    -------
    components : ndarray of shape (n_components, n_bins)
        Spectra that sum to one.
    """
    frames = []
    for source in sources:
        magnitudes = spectra(source, n_fft, n_fft)[1]
        magnitudes = magnitudes[magnitudes.any(1)]
        frames.append(magnitudes / magnitudes.sum() * len(magnitudes))
    X = np.concatenate(frames)
    components = contrastive_nmf(
        X,
        n_components,
        delta=0.0,
        init=init,
        max_iter=max_iter,
        tol=tol,
        random_state=seed,
    ).components
    sums = components.sum(1, keepdims=True)
    return components / np.where(sums > 0, sums, 1)
