"""Spectra of each instrument, learned from isolated sources."""

import logging
import warnings
from functools import partial
from typing import Any

import joblib
import numpy as np

from .._memory import cached
from ..trial import Reference, Trial
from ._stft import spectra
from .factorization import contrastive_nmf

_LOG = logging.getLogger(__name__)


def distinct_sources(
    trials: list[Trial], references: list[Reference]
) -> dict[str, list[np.ndarray]]:
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


def learn_instruments(
    trials: list[Trial],
    references: list[Reference],
    *,
    memory: str | joblib.Memory | None,
    n_jobs: int | None,
    **learning: Any,
) -> dict[str, np.ndarray]:
    """Learn the spectra of every instrument that sounds in the references.

    Parameters
    ----------
    trials, references : list of Trial, list of Reference
        Trials that name their instruments, and their sources.
    memory, n_jobs :
        As in :class:`ContrastiveNMF`.
    **learning :
        As in :func:`learn_dictionary`.

    Returns
    -------
    spectra : dict of str to ndarray of shape (n_components, n_bins)
        Instruments in alphabetical order.

    Raises
    ------
    ValueError
        If all sources are silent.

    Warns
    -----
    UserWarning
        If all sources of an instrument are silent.
    """
    sources = distinct_sources(trials, references)
    known = [name for name in sources if sources[name]]
    silent = [name for name in sources if not sources[name]]
    if not known:
        raise ValueError("references: all sources are silent; nothing is learned")
    if silent:
        warnings.warn(
            f"references: all sources of {silent} are silent; nothing is learned of "
            "these instruments",
            stacklevel=4,
        )
    for name in known:
        n_samples = sum(source.shape[-1] for source in sources[name])
        _LOG.info(
            "Learn the spectra of %s from %d recordings, %d samples",
            name,
            len(sources[name]),
            n_samples,
        )
    learn = cached(memory, learn_dictionary)
    learned = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(learn)(sources[name], **learning) for name in known
    )
    return dict(zip(known, learned))


def learn_dictionary(
    sources: list[np.ndarray],
    n_components: int,
    *,
    n_fft: int,
    transposition: int,
    max_iter: int,
    tol: float,
    seed: int,
) -> np.ndarray:
    """Factorise an instrument's recordings without a guide.

    Each recording is weighted to the same magnitude per frame, so that loud ones
    don't drown quiet ones; silent frames are left out. A few recordings seldom
    hold all the notes that an instrument plays, so half as many spectra are
    learned, transposed, and all of them summarised by `n_components` spectra.

    Parameters
    ----------
    sources : list of ndarray
        Waveforms, none of them silent.
    n_components : int
        Number of spectra.
    n_fft : int
        Window in samples. Frames don't overlap.
    transposition : int
        Largest transposition in semitones, up and down; 0 keeps the spectra as
        they were played.
    max_iter, tol, seed :
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
    factorize = partial(
        contrastive_nmf,
        delta=0.0,
        max_iter=max_iter,
        tol=tol,
        random_state=seed,
    )
    n_played = n_components if transposition == 0 else -(-n_components // 2)
    played = _rows_to_one(factorize(np.concatenate(frames), n_played).components)
    if transposition == 0:
        return played
    semitones = range(-transposition, transposition + 1)
    transposed = np.concatenate([transpose(played, s) for s in semitones])
    return _rows_to_one(factorize(_rows_to_one(transposed), n_components).components)


def transpose(spectra: np.ndarray, semitones: float) -> np.ndarray:
    """Stretch the frequency axis of spectra.

    Parameters
    ----------
    spectra : ndarray of shape (n_spectra, n_bins)
        Magnitudes at equally spaced frequencies from zero.
    semitones : float
        Upwards; 12 doubles each frequency. Above the last bin nothing is known,
        so a downward transposition leaves zeros there.

    Returns
    -------
    transposed : ndarray of shape (n_spectra, n_bins)
        Linear interpolation.
    """
    bins = np.arange(spectra.shape[1])
    origin = bins / 2 ** (semitones / 12)
    moved = [np.interp(origin, bins, row, right=0) for row in spectra]
    return np.array(moved, dtype=spectra.dtype)


def _rows_to_one(rows):
    sums = rows.sum(1, keepdims=True)
    return rows / np.where(sums > 0, sums, 1)
