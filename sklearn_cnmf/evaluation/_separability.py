"""How far apart sources lie for a decoder, from the audio alone."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.utils import check_random_state

from .._validation import check_kind, check_numbers, check_whole, trial_name
from ..decoding import EnvelopeDecoder
from ..signals import (
    band_pass,
    feature_function,
    fisher_z,
    n_resampled,
    pearson_r,
    standardize,
)
from ..signals._features import compute_feature
from ..trial import Reference, Trial, check_trials

# Trials that a printed audit names.
_SHOWN = 10


@dataclass(frozen=True, eq=False)
class SeparabilityAudit:
    """Outcome of :func:`audit_separability`.

    Parameters
    ----------
    trials : tuple of str
        What messages call each trial.
    correlation : ndarray of shape (n_trials,)
        Pearson r of the features of the attended and of the most similar other source,
        mean over outputs.
    rival : tuple of str or int
        That source of each trial: its name, or where instruments have none its index.
    guide_r : ndarray of shape (n_levels,)
        How well the guide follows the attended source, Pearson r.
    accuracy : ndarray of shape (n_levels, n_trials)
        Share of drawn guides for which the attended source is chosen.
    """

    trials: tuple[str, ...]
    correlation: np.ndarray
    rival: tuple[str | int, ...]
    guide_r: np.ndarray
    accuracy: np.ndarray

    def similar(self, threshold: float = 0.5) -> list[str]:
        """Trials in which sources correlate by more than `threshold`, worst first."""
        order = np.argsort(-self.correlation, kind="stable")
        return [self.trials[i] for i in order if self.correlation[i] > threshold]

    def __str__(self):
        levels = "".join(f"{f'r={r:g}':>9s}" for r in self.guide_r)
        means = "".join(f"{100 * share:9.1f}" for share in self.accuracy.mean(axis=1))
        lines = [
            "Right in %, at most, by the correlation r of guide and attended source",
            f"{'like which':>20s}{'alike':>8s}{levels}",
            f"{f'mean of {len(self.trials)} trials':>20s}"
            f"{self.correlation.mean():8.2f}{means}",
        ]
        order = np.argsort(-self.correlation, kind="stable")[:_SHOWN]
        for i in order:
            own = "".join(f"{100 * share:9.1f}" for share in self.accuracy[:, i])
            what = f"{self.rival[i]!s:>20s}{self.correlation[i]:8.2f}"
            lines.append(f"{what}{own}  {self.trials[i]}")
        if len(self.trials) > _SHOWN:
            lines.append(f"and {len(self.trials) - _SHOWN} trials that are less alike")
        return "\n".join(lines)


def audit_separability(
    trials: list[Trial],
    references: list[Reference],
    *,
    decoder: EnvelopeDecoder | None = None,
    guide_r: Sequence[float] = (0.05, 0.1, 0.2),
    n_draws: int = 200,
    random_state: int | np.random.RandomState | None = None,
) -> SeparabilityAudit:
    """Tell from the audio alone how well attention could be decoded.

    Where the sources of a mixture do much the same over time, no decoder of what the
    attended one does can tell which it is. The choice is made here with guides that
    follow the attended source and nothing else: its feature at a given correlation,
    plus noise that is independent in each output and white within the band, which does
    the least harm. A decoder that reconstructs no better is hardly right more often.

    Parameters
    ----------
    trials, references : list of Trial, list of Reference
        The EEG is not used.
    decoder : EnvelopeDecoder, default=None
        Gives feature, rate and band, and once fitted the weights of the outputs, which
        else are equal. A decoder with default parameters if None.
    guide_r : sequence of float, default=(0.05, 0.1, 0.2)
        Pearson correlations of guide and attended feature, above 0 up to 1. On music,
        medians of about 0.1 have been reported.
    n_draws : int, default=200
        Number of guides for each trial and correlation.
    random_state : int, RandomState instance or None, default=None
        Draws the noise.

    Returns
    -------
    audit : SeparabilityAudit
        Prints as a table, the trials whose sources are most alike first.

    Raises
    ------
    ValueError
        If trials or references are not sound, a trial has a single source or a silent
        attended one; if a parameter is out of its range; if the feature must be learned
        and the decoder is not fitted.

    Examples
    --------
    >>> from sklearn_cnmf.datasets import load_example_stems, simulate_trials
    >>> from sklearn_cnmf.evaluation import audit_separability
    >>> pieces = [p for p in load_example_stems() if p.name in
    ...           ("bach_invention", "minor_stabs")]
    >>> data = simulate_trials(pieces, n_subjects=1, attend="random", random_state=0)
    >>> audit = audit_separability(*data, random_state=0)
    >>> audit.similar()
    ["trials[1] (subject 'sim01', stimulus 'minor_stabs')"]
    """
    decoder = EnvelopeDecoder() if decoder is None else decoder
    check_trials(trials, references)
    if references is None:
        raise ValueError("references: expected a list of Reference, got None")
    check_kind("decoder", decoder, EnvelopeDecoder)
    check_numbers("guide_r", guide_r, above=0, most=1)
    check_whole("n_draws", n_draws)
    rng = check_random_state(random_state)
    feature = getattr(decoder, "feature_", None)
    if feature is None:
        feature = feature_function(decoder.feature, decoder.n_bands)
    band = {"l_freq": decoder.l_freq, "h_freq": decoder.h_freq}
    levels = np.array(guide_r, dtype=np.float64)
    names, correlation, rival, accuracy = [], [], [], []
    for index, (trial, reference) in enumerate(zip(trials, references)):
        where = trial_name(index, trial)
        own, others = _features(trial, reference, decoder, band, feature, where)
        weights = getattr(decoder, "output_weights_", np.ones(own.shape[1]))
        r = [pearson_r(own, other).mean() for other in others]
        nearest = int(np.argmax(r))
        source = nearest + (nearest >= reference.attended)
        names.append(where)
        correlation.append(r[nearest])
        rival.append(source if trial.instruments is None else trial.instruments[source])
        passed = _passed(len(own), decoder.sfreq, **band)
        accuracy.append(
            _share_right(own, others, levels, weights, n_draws, passed, rng)
        )
    return SeparabilityAudit(
        trials=tuple(names),
        correlation=np.array(correlation),
        rival=tuple(rival),
        guide_r=levels,
        accuracy=np.array(accuracy).T,
    )


def _features(trial, reference, decoder, band, feature, where):
    """Features of attended and other sources, (n_frames, n_outputs), of unit norm."""
    if len(reference.sources) < 2:
        raise ValueError(f"{where}: one source alone can't be mistaken for another")
    sfreq = decoder.sfreq
    n_frames = n_resampled(trial.eeg.shape[1], trial.eeg_sfreq, sfreq)
    times = np.arange(n_frames) / sfreq
    found = []
    for index, source in enumerate(reference.sources):
        name = f"{where}: sources[{index}]"
        values = compute_feature(feature, source, trial.audio_sfreq, times, name)
        values = band_pass(values, sfreq, **band, phase=decoder.phase)
        found.append(standardize(values.T))
    own = found.pop(reference.attended)
    if not own.any():
        raise ValueError(f"{where}: the attended source is silent or constant")
    return own, found


def _share_right(own, others, levels, weights, n_draws, passed, rng):
    """Share of drawn guides that support the attended source most, at each level."""
    candidates = np.stack([own, *others])
    signal = levels[:, None, None]
    rest = np.sqrt(1 - signal**2)
    to_own = np.sum(candidates * own, axis=1)
    right = np.zeros(len(levels))
    for _ in range(n_draws):
        noise = _noise(own.shape, passed, rng)
        to_noise = np.sum(candidates * noise, axis=1)
        norm = np.sqrt(1 + 2 * signal * rest * to_noise[0])
        support = fisher_z((signal * to_own + rest * to_noise) / norm) @ weights
        right += support[:, 0] > support[:, 1:].max(axis=1)
    return right / n_draws


def _passed(n_frames, sfreq, l_freq, h_freq):
    """Whether each frequency of a spectrum lies in the band."""
    freqs = np.fft.rfftfreq(n_frames, 1 / sfreq)
    above = 0.0 if l_freq is None else l_freq
    return (freqs >= above) & (freqs <= (np.inf if h_freq is None else h_freq))


def _noise(shape, passed, rng):
    """White noise within a band, columns of unit norm and independent."""
    spectra = np.fft.rfft(rng.standard_normal(shape), axis=0)
    return standardize(np.fft.irfft(spectra * passed[:, None], shape[0], axis=0))
