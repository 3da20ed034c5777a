"""Separations to compare with: what needs no EEG, and what needs the truth."""

from dataclasses import replace
from typing import Any

import numpy as np

from .._threads import one_thread
from ..trial import Reference, Trial
from ._blind import OwnSpectra
from ._grouping import sound_affinity
from ._mixture import Factors, Mixture
from ._stft import spectra, stft_size

# Any guide: nothing here listens to it.
_GUIDE_SFREQ = 1.0


class OwnComponents:
    """Components that are learned from one mixture alone, to be put into groups.

    Parameters
    ----------
    trial : Trial
        Gives the mixture.
    separator : ContrastiveNMF
        With ``dictionary="blind"``; gives all parameters.
    """

    def __init__(self, trial: Trial, separator: Any):
        trial = _without_guide(trial)
        self.separator = separator.fit([trial])
        model: OwnSpectra = self.separator.model_
        with one_thread():
            found = model.explain(trial, self.separator._settings())
        self.mixture, self.factors = found

    def randomly(self, n_groups: int, rng: np.random.Generator) -> list[np.ndarray]:
        """Waveforms of groups that hold components at random."""
        return self._waveforms(rng.integers(n_groups, size=len(self.factors.W)))

    def by_sound(self, n_groups: int) -> list[np.ndarray]:
        """Waveforms of groups of components that sound alike.

        Agglomerative clustering with complete linkage on the distances between
        the coarse shapes of spectra.
        """
        from sklearn.cluster import AgglomerativeClustering

        affinity = sound_affinity(self.factors.W, self.mixture.trial.audio_sfreq)
        distances = 1 - affinity
        np.fill_diagonal(distances, 0)
        n_groups = min(n_groups, len(distances))
        clustering = AgglomerativeClustering(
            n_groups, metric="precomputed", linkage="complete"
        )
        return self._waveforms(clustering.fit_predict(distances))

    def by_truth(self, reference: Reference) -> list[np.ndarray]:
        """Waveforms of groups: each component goes to the source it models most of."""
        A, W, _ = self.factors
        model = np.maximum(A @ W, np.finfo(A.dtype).tiny)
        shares = []
        for source in reference.sources:
            _, magnitudes = spectra(
                source, self.separator.model_.n_fft, self.mixture.hop_length
            )
            scaled = magnitudes[: len(model)].astype(A.dtype) / model
            shares.append(np.sum(A * (scaled @ W.T), axis=0))
        owner = np.argmax(shares, axis=0)
        return self._waveforms(owner, len(reference.sources))

    def by_guide(self, trial: Trial) -> np.ndarray:
        """Attended waveform by sound and by the guide of a trial of this mixture."""
        separator = self.separator
        explanation = self.mixture, self.factors
        with one_thread():
            return separator.model_.separate(
                trial, explanation, separator._settings()
            ).attended

    def _waveforms(self, owner, n_groups=None):
        n_groups = int(owner.max()) + 1 if n_groups is None else n_groups
        factors = Factors(*self.factors)
        power = self.separator.mask_power
        with one_thread():
            return self.mixture.waveforms(factors, owner, n_groups, power)


def ideal_ratio_mask(
    trial: Trial, reference: Reference, *, window: float, mask_power: float
) -> np.ndarray:
    """Attended source by the mask that the true magnitudes of all sources make.

    Parameters
    ----------
    trial, reference : Trial, Reference
        The mixture and its sources.
    window, mask_power : float
        As in :class:`ContrastiveNMF`.

    Returns
    -------
    attended : ndarray shaped like the mixture
        With a mask for each audio channel.
    """
    shape = trial.mixture.shape
    channels = trial.mixture.reshape(-1, shape[-1])
    sources = reference.sources.reshape(len(reference.sources), *channels.shape)
    n_fft = stft_size(window, trial.audio_sfreq)
    done = []
    for channel, of_sources in zip(channels, np.swapaxes(sources, 0, 1)):
        mixture = Mixture(_without_guide(replace(trial, mixture=channel)), n_fft)
        models = [spectra(one, n_fft, mixture.hop_length)[1] for one in of_sources]
        done.append(mixture.masked(models, mask_power)[reference.attended])
    return np.stack(done).reshape(shape)


def _without_guide(trial):
    n_frames = max(1, round(trial.mixture.shape[-1] / trial.audio_sfreq))
    return replace(
        trial,
        guide=np.zeros((1, n_frames)),
        guide_sfreq=_GUIDE_SFREQ,
        guide_weights=None,
        guide_feature=None,
        guide_band=None,
    )
