"""Spectra of one mixture beside its guide, and what a separation gives back."""

import copy
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import joblib
import numpy as np

from .._typing import MaybeNone
from ..trial import Trial
from ._channels import channel_levels
from ._selection import level_rows
from ._stft import (
    guide_at_frames,
    hop_of,
    mask_waveform,
    masks_of,
    nonnegative_guide,
    spectra,
)
from .factorization import Regularizer, Workspace, random_factors, solve


@dataclass(frozen=True, eq=False)
class Separation:
    """What was found in one trial.

    Parameters
    ----------
    attended : ndarray shaped like the mixture
        Waveform of the attended source.
    instruments : tuple of str or None
        The candidates, as the trial names them; None where components have no names.
    support : ndarray of shape (n_instruments,) or None
        Correlation of the guide with the same feature of each candidate.
    probabilities : ndarray of shape (n_instruments,) or None
        How likely each candidate is the attended one; None where the guide has no
        weights.
    candidates : ndarray of shape (n_instruments, ...) or None
        Waveform of each candidate, shaped like the mixture; None where components have
        no names. The hard choice is the one that `chosen` names.
    course : ndarray of shape (n_frames, n_instruments) or None
        With `choice_window`, the probabilities at each frame of the guide.
    misfit : float or None
        How much worse the learned spectra explain the mixture than free ones: the
        divergence of what they explain relative to that of what as many free
        components do, on bands of a quarter tone. More than `LARGEST_MISFIT` is bad.
    explained : float or None
        Share of the energy of the mixture's spectra that the combs of its voices
        explain ("harmonic"). Less than `LEAST_EXPLAINED` is bad.
    converged : bool
        Whether the factorisation had come to rest; True where it takes a fixed number
        of iterations.
    """

    attended: np.ndarray
    instruments: tuple[str, ...] | MaybeNone
    support: np.ndarray | MaybeNone
    probabilities: np.ndarray | None
    converged: bool
    candidates: np.ndarray | None = None
    course: np.ndarray | None = None
    misfit: float | MaybeNone = None
    explained: float | MaybeNone = None
    # Spectra of the same instruments stay below for 33 of 35 duos of two sound fonts
    # (above are those with notes that were never played before), those of the other
    # sound font for 3 of 24 (python -m benchmarks.quality --tables learned transfer).
    LARGEST_MISFIT: ClassVar[float] = 25.0
    # Of all of 16 mixtures of melodic instruments more is explained (0.70 to 0.94), of
    # 9 of 16 with drums or a bass less, where voices gain nothing. Of all of 13 with a
    # piano or a guitar more, where they gain 4 dB: it can't tell chords from voices
    # (python -m benchmarks.quality --tables harmonic).
    LEAST_EXPLAINED: ClassVar[float] = 0.66

    @property
    def chosen(self) -> str | None:
        """Name of the candidate that is taken to be attended, None without names."""
        if self.support is None:
            return None
        return self.instruments[int(np.argmax(self.support))]


class Solving(NamedTuple):
    """Parameters of the solver."""

    mu: float
    beta: float
    solver: str
    max_iter: int
    tol: float


class Settings(NamedTuple):
    """Parameters of a separation that take effect whenever it is made."""

    delta: float
    contrast: str
    mask_power: float
    choice: str
    choice_window: float | None
    n_free: int
    memory: str | joblib.Memory | None
    solving: Solving


class Factors(NamedTuple):
    """Factors of a mixture."""

    A: np.ndarray
    W: np.ndarray
    converged: bool


def factorize(
    X: np.ndarray,
    A: np.ndarray,
    W: np.ndarray,
    solving: Solving,
    *,
    fixed: np.ndarray,
    sparsity: np.ndarray | None = None,
    prior: np.ndarray | None = None,
    guide: np.ndarray | None = None,
    attended: np.ndarray | None = None,
    delta: float = 0.0,
    contrast: str = "group",
) -> Factors:
    """Run the solver from given factors; see :func:`contrastive_nmf`."""
    workspace = Workspace(X, len(W))
    if attended is None:
        attended = np.ones(len(W), dtype=bool)
    mu, beta, solver, max_iter, tol = solving
    regularizer = Regularizer(
        guide, attended, delta, mu, beta, workspace.total, contrast, sparsity
    )
    descent = solve(
        workspace,
        A,
        W,
        regularizer,
        fixed=fixed,
        solver=solver,
        max_iter=max_iter,
        tol=tol,
        prior=prior,
    )
    return Factors(descent.activations, descent.components, descent.converged)


class Mixture:
    """Spectra of a trial's mixture beside its guide.

    Parameters
    ----------
    trial : Trial
        With a guide.
    n_fft : int
        Window in samples.
    part : slice, default=slice(None)
        The samples that are meant.
    """

    def __init__(self, trial: Trial, n_fft: int, part: slice = slice(None)):
        self.hop_length = hop_of(n_fft)
        self.part = slice(*part.indices(trial.mixture.shape[-1]))
        self.stft, magnitudes = spectra(
            trial.mixture, n_fft, self.hop_length, self.part
        )
        self.magnitudes = _near_one(magnitudes)
        self._take(trial)

    def heard_in(self, trial: Trial) -> "Mixture":
        """Return the same spectra beside the guide of another trial."""
        other = copy.copy(self)
        other._take(trial)
        return other

    def _take(self, trial):
        self.trial = trial
        self.guide = guide_at_frames(
            level_rows(trial),
            trial.guide_sfreq,
            len(self.magnitudes),
            self.hop_length / trial.audio_sfreq,
            self.part.start / trial.audio_sfreq,
        )

    def factorize(
        self,
        A: np.ndarray,
        W: np.ndarray,
        attended: np.ndarray,
        settings: Settings,
        *,
        fixed: bool,
        sparsity: np.ndarray | None = None,
    ) -> Factors:
        """Run the solver from given factors, with contrast."""
        guide = nonnegative_guide(self.guide, self.magnitudes.dtype)
        return factorize(
            self.magnitudes,
            A,
            W,
            settings.solving,
            fixed=np.full(len(W), fixed),
            sparsity=sparsity,
            guide=guide if guide.any() else None,
            attended=attended,
            delta=settings.delta,
            contrast=settings.contrast,
        )

    def random_factors(
        self, n_components: int, seed: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Draw factors to start from."""
        rng = np.random.RandomState(seed)
        return random_factors(self.magnitudes, n_components, rng)

    def waveform(
        self, factors: Factors, attended: np.ndarray, mask_power: float
    ) -> np.ndarray:
        """Mask the mixture with the share of the attended components.

        Parameters
        ----------
        factors : Factors
            Of the mixture.
        attended : ndarray of shape (n_components,)
            Whether each component is attended, or the probability that it is.
        mask_power : float
            As in :class:`ContrastiveNMF`.

        Returns
        -------
        attended : ndarray shaped like the mixture
        """
        A, W, _ = factors
        attended = attended.astype(A.dtype)
        models = [(A * share) @ W for share in (attended, 1 - attended)]
        return self.masked(models, mask_power)[0]

    def waveforms(
        self, factors: Factors, owner: np.ndarray, n_owners: int, mask_power: float
    ) -> list[np.ndarray]:
        """Mask the mixture with the share of each owner's components.

        Parameters
        ----------
        factors : Factors
            Of the mixture.
        owner : ndarray of shape (n_components,) of int
            Whose each component is.
        n_owners : int
            How many there are.
        mask_power : float
            As in :class:`ContrastiveNMF`.

        Returns
        -------
        waveforms : list of ndarray, each shaped like the mixture
        """
        A, W, _ = factors
        models = [A[:, owner == i] @ W[owner == i] for i in range(n_owners)]
        return self.masked(models, mask_power)

    def masked(self, models: list[np.ndarray], mask_power: float) -> list[np.ndarray]:
        """Mask the mixture with the share of each modelled source.

        Parameters
        ----------
        models : list of ndarray of shape (n_frames, n_bins)
            Modelled magnitudes of each source, summed over audio channels.
        mask_power : float
            As in :class:`ContrastiveNMF`.

        Returns
        -------
        waveforms : list of ndarray, each shaped like the mixture
        """
        models = [own.astype(self.stft.real.dtype, copy=False) for own in models]
        if self.stft.ndim == 2:
            return self._shares(self.stft, models, mask_power)
        channels = [
            self._shares(
                stft,
                [level * own for level, own in zip(levels, models)],
                mask_power,
            )
            for stft, levels in zip(self.stft, channel_levels(self.stft, models))
        ]
        return list(np.stack(channels, axis=1))

    def _shares(self, stft, models, mask_power):
        n_samples = self.part.stop - self.part.start
        return [
            mask_waveform(stft, mask, self.hop_length, n_samples)
            for mask in masks_of(models, mask_power)
        ]


def _near_one(magnitudes):
    """Magnitudes in single precision, by a power of two of their own scale."""
    exponent = int(np.frexp(magnitudes.max())[1])
    return np.ldexp(magnitudes, -exponent).astype(np.float32)
