"""Spectra of each instrument, learned from isolated sources."""

import logging
import warnings

import joblib
import numpy as np

from .._memory import cached
from ..trial import Reference, Trial
from ._stft import spectra

_LOG = logging.getLogger(__name__)
# Frames below this share of the loudest one of their recording are left out; what they
# hold is mostly the decay and the room.
_QUIETEST = 0.05


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
    found: dict[str, dict[str, np.ndarray]] = {}
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
    n_components: int,
    n_fft: int,
    memory: str | joblib.Memory | None,
    n_jobs: int | None,
) -> dict[str, np.ndarray]:
    """Learn the spectra of every instrument that sounds in the references.

    Parameters
    ----------
    trials, references : list of Trial, list of Reference
        Trials that name their instruments, and their sources.
    n_components, n_fft :
        As in :func:`played_spectra`.
    memory, n_jobs :
        As in :class:`ContrastiveNMF`.

    Returns
    -------
    spectra : dict of str to ndarray of shape (at most n_components, n_bins)
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
    learn = cached(memory, played_spectra)
    learned = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(learn)(sources[name], n_components, n_fft=n_fft)
        for name in known
    )
    return dict(zip(known, learned))


def played_spectra(
    sources: list[np.ndarray], n_components: int, *, n_fft: int
) -> np.ndarray:
    """Take an instrument's spectra from its recordings, as they were played.

    Parameters
    ----------
    sources : list of ndarray
        Waveforms, none of them silent.
    n_components : int
        Largest number of spectra. Of more frames than that, those are taken that lie
        farthest apart (Gonzalez 1985): first the most typical one, then time and
        again the one that is least like all that were taken. So what an instrument
        played once is known as well as what it played all the time.
    n_fft : int
        Window in samples. Frames overlap by half. Those that are much quieter than
        the loudest of their recording are left out.

    Returns
    -------
    components : ndarray of shape (at most n_components, n_bins)
        Spectra that sum to one.
    """
    frames = []
    for source in sources:
        magnitudes = spectra(source, n_fft, n_fft // 2)[1]
        loudness = magnitudes.sum(1)
        frames.append(magnitudes[loudness > _QUIETEST * loudness.max()])
    frames = np.concatenate(frames)
    frames /= frames.sum(1, keepdims=True)
    return frames[_farthest_apart(np.sqrt(frames), n_components)]


def _farthest_apart(directions, n_points):
    """Return indices of unit vectors, in their order, that lie farthest apart."""
    if len(directions) <= n_points:
        return np.arange(len(directions))
    chosen = [int(np.argmax(directions @ directions.mean(0)))]
    nearest = directions @ directions[chosen[0]]
    while len(chosen) < n_points:
        nearest[chosen[-1]] = np.inf
        chosen.append(int(np.argmin(nearest)))
        np.maximum(nearest, directions @ directions[chosen[-1]], out=nearest)
    return np.sort(chosen)


def with_transpositions(
    spectra: np.ndarray, transposition: int
) -> tuple[np.ndarray, np.ndarray]:
    """Put transposed copies beside spectra.

    Parameters
    ----------
    spectra : ndarray of shape (n_spectra, n_bins)
        Spectra that sum to one.
    transposition : int
        Largest transposition in semitones, up and down.

    Returns
    -------
    copies : ndarray of shape (n_spectra * (2 * transposition + 1), n_bins)
        Spectra that sum to one.
    semitones : ndarray of shape (n_spectra * (2 * transposition + 1),)
        How far each is from what was played, up or down.
    """
    steps = np.arange(-transposition, transposition + 1)
    copies = np.concatenate([transpose(spectra, step) for step in steps])
    return _rows_to_one(copies), np.repeat(np.abs(steps), len(spectra))


def transpose(spectra: np.ndarray, semitones: float | np.integer) -> np.ndarray:
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
    n_bins = spectra.shape[1]
    origin = np.arange(n_bins) / 2 ** (semitones / 12)
    origin = origin[origin <= n_bins - 1]
    below = np.minimum(origin.astype(int), n_bins - 2)
    share = (origin - below).astype(spectra.dtype)
    transposed = np.zeros_like(spectra)
    transposed[:, : len(origin)] = (
        spectra[:, below] * (1 - share) + spectra[:, below + 1] * share
    )
    return transposed


def _rows_to_one(rows):
    sums = rows.sum(1, keepdims=True)
    return rows / np.where(sums > 0, sums, 1)
