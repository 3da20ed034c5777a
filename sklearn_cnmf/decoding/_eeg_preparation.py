"""EEG preparation as a step of its own, so that a search can tune it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, OneToOneFeatureMixin, TransformerMixin
from sklearn.utils.validation import validate_data

from .._estimator import ContainersForArraysOnly, fitted_value, forget
from .._validation import check_flag, check_shape, refuse_masked, trial_name
from ..trial import Trial, check_trials, is_trials
from ._eeg import check_nyquist, clean, prepare_eeg
from ._inputs import array_to_transform, check_channels, check_finite, set_channels
from ._parameters import check_preparation_parameters

_PARAMETERS = (
    "sfreq",
    "l_freq",
    "h_freq",
    "phase",
    "notch_freqs",
    "reference",
    "standardize",
    "clamp",
)


@dataclass(frozen=True, eq=False)
class ChannelScales:
    """What :class:`EEGPreparation` keeps of a fit.

    Parameters
    ----------
    mean, scale : ndarray of shape (n_channels,)
        Mean and standard deviation of each channel.
    for_trials : bool
        Whether it was fitted on trials.
    parameters : dict
        Parameters of the step that decided this.
    """

    mean: np.ndarray
    scale: np.ndarray
    for_trials: bool
    parameters: dict[str, Any]

    def check(self) -> None:
        """Refuse a value whose parts don't fit each other."""
        check_flag("for_trials", self.for_trials)
        check_shape("mean", self.mean, (None,))
        check_shape("scale", self.scale, self.mean.shape)
        if self.scale.min() <= 0:
            raise ValueError(f"scale: expected positive numbers, got {self.scale}")


class EEGPreparation(
    ContainersForArraysOnly, OneToOneFeatureMixin, TransformerMixin, BaseEstimator
):
    """Reference, filter, resample, scale and clamp EEG.

    In this order: reference, notch, band-pass, resampling, z-score, clamp. MNE
    filters. Means and standard deviations come from the EEG that was
    given to `fit`, never from the EEG that is transformed.

    Parameters
    ----------
    sfreq : float, default=64.0
        Rate to bring the EEG of trials to, in Hz; None leaves it. Arrays are at this
        rate already and are not resampled.
    l_freq, h_freq : float or None, default=None
        Edges of the band in Hz; None leaves that edge alone. By default the band is
        left to :class:`EnvelopeDecoder`, which filters EEG and feature alike.
    phase : {"zero", "minimum", "forward"}, default="zero"
        How the band-pass treats time, as in :class:`EnvelopeDecoder`. With a
        causal one there is no notch filter, and EEG is only brought to a lower rate
        below `h_freq`.
    notch_freqs : sequence of float, default=()
        Frequencies of line noise to remove, in Hz.
    reference : None, "average" or sequence of str, default=None
        What to subtract from every channel: nothing, the mean of all channels, or
        the mean of the named ones, which stay in place. Names need trials with
        `ch_names` or a data frame.
    standardize : bool, default=True
        Whether to subtract each channel's mean and divide by its standard deviation.
    clamp : float, default=None
        Largest deviation from a channel's mean, in its standard deviations; what
        lies beyond is cut off.

    Attributes
    ----------
    model_ : ChannelScales
        The fitted value.
    mean_, scale_ : ndarray of shape (n_channels,)
        Mean and standard deviation of each channel after filtering, over all
        training samples. A constant channel has `scale_` 1.
    n_features_in_ : int
        Number of EEG channels.
    feature_names_in_ : ndarray of shape (n_channels,)
        Names of the EEG channels, where all are known.

    See Also
    --------
    EnvelopeDecoder : Filters and resamples on its own; with prepared trials it leaves
        the rate alone.

    Notes
    -----
    A single array is one recording at `sfreq`, rows being time. A channel that is
    constant in training is zero after `standardize`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.datasets import load_example_stems, simulate_trials
    >>> from sklearn_cnmf.decoding import EEGPreparation
    >>> pieces = load_example_stems(ensemble="duo")[:2]
    >>> trials, _ = simulate_trials(pieces, n_subjects=1, random_state=0)
    >>> prepare = EEGPreparation(reference="average", clamp=4.0)
    >>> prepared = prepare.fit_transform(trials)
    >>> prepared[0].eeg_sfreq, float(np.abs(prepared[0].eeg).max())
    (64.0, 4.0)
    """

    def __init__(
        self,
        *,
        sfreq: float | None = 64.0,
        l_freq: float | None = None,
        h_freq: float | None = None,
        phase: str = "zero",
        notch_freqs: Sequence[float] = (),
        reference: str | Sequence[str] | None = None,
        standardize: bool = True,
        clamp: float | None = None,
    ):
        self.sfreq = sfreq
        self.l_freq = l_freq
        self.h_freq = h_freq
        self.phase = phase
        self.notch_freqs = notch_freqs
        self.reference = reference
        self.standardize = standardize
        self.clamp = clamp

    def fit(self, X: ArrayLike | list[Trial], y: Any = None) -> "EEGPreparation":
        """Learn each channel's mean and standard deviation.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels) or list of Trial
            EEG.
        y : object, default=None
            Ignored.

        Returns
        -------
        self : EEGPreparation
            The fitted step.

        Raises
        ------
        ValueError
            If a parameter, a trial or an array is not as described; if the band or a
            notch does not lie below half of a sampling rate; if `reference` names a
            channel that is not there.
        """
        check_preparation_parameters(self)
        of_trials = is_trials(X)
        forget(self)
        if is_trials(X):
            check_trials(X)
            set_channels(self, X)
        else:
            refuse_masked("X", X)
            X = validate_data(
                self,
                X,
                dtype=[np.float64, np.float32],
                ensure_all_finite=False,
                ensure_min_samples=2,
            )
            check_finite(X, self)
        filtered = self._filtered(X)
        n_times = sum(eeg.shape[1] for eeg in filtered)
        self.mean_ = sum(eeg.sum(axis=1) for eeg in filtered) / n_times
        power = sum(
            np.square(eeg - self.mean_[:, None]).sum(axis=1) for eeg in filtered
        )
        scale = np.sqrt(power / n_times)
        # What filters leave of a constant is rounding, not a signal.
        largest = np.max([np.abs(eeg).max(axis=1) for eeg in filtered], axis=0)
        constant = scale <= 1e-12 * np.maximum(largest, np.abs(self.mean_))
        self.scale_ = np.where(constant, 1.0, scale)
        self.model_ = ChannelScales(
            self.mean_,
            self.scale_,
            of_trials,
            {name: getattr(self, name) for name in _PARAMETERS},
        )
        return self

    @overload
    def transform(self, X: list[Trial]) -> list[Trial]: ...

    @overload
    def transform(self, X: ArrayLike) -> np.ndarray: ...

    def transform(self, X: ArrayLike | list[Trial]) -> np.ndarray | list[Trial]:
        """Prepare EEG.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels) or list of Trial
            EEG.

        Returns
        -------
        X_new : ndarray of shape (n_times, n_channels) or list of Trial
            Prepared EEG, float32 if `X` is; new trials carry it with its rate.
        """
        fitted_value(self, trials=is_trials(X))
        if is_trials(X):
            check_trials(X)
            check_channels(self, X)
            return [
                replace(
                    trial,
                    eeg=self._scaled(eeg).astype(_precision(trial.eeg), copy=False),
                    eeg_sfreq=float(self._rate(trial)),
                )
                for trial, eeg in zip(X, self._filtered(X))
            ]
        X = array_to_transform(self, X)
        [eeg] = self._filtered(X)
        return self._scaled(eeg).T.astype(X.dtype)

    def _rate(self, trial):
        return trial.eeg_sfreq if self.sfreq is None else self.sfreq

    def _filtered(self, X):
        reference = self._reference_channels()
        band = {"l_freq": self.l_freq, "h_freq": self.h_freq, "phase": self.phase}
        if not is_trials(X):
            if self.sfreq is None:
                raise ValueError(
                    "sfreq: None keeps the rate of trials, but X is an array; pass its "
                    "rate in Hz"
                )
            for value in self.notch_freqs:
                check_nyquist("notch_freqs", value, self.sfreq, "X")
            eeg = clean(X.T, self.sfreq, reference, self.notch_freqs)
            return [prepare_eeg(eeg, self.sfreq, sfreq=self.sfreq, **band)]
        filtered = []
        for index, trial in enumerate(X):
            where = trial_name(index, trial)
            for edge, value in (
                ("h_freq", self.h_freq),
                ("l_freq", self.l_freq),
                *(("notch_freqs", value) for value in self.notch_freqs),
            ):
                check_nyquist(edge, value, trial.eeg_sfreq, where)
            slower = self._rate(trial) < trial.eeg_sfreq
            if self.phase != "zero" and slower and self.h_freq is None:
                raise ValueError(
                    f"{where}: phase={self.phase!r} goes from {trial.eeg_sfreq:g} to "
                    f"{self.sfreq:g} Hz without h_freq, which is None; a number below "
                    f"{self.sfreq / 2:g} Hz is expected, or sfreq=None"
                )
            eeg = clean(trial.eeg, trial.eeg_sfreq, reference, self.notch_freqs)
            filtered.append(
                prepare_eeg(eeg, trial.eeg_sfreq, sfreq=self._rate(trial), **band)
            )
        return filtered

    def _scaled(self, eeg):
        mean, scale = self.model_.mean[:, None], self.model_.scale[:, None]
        scores = (eeg - mean) / scale
        if self.clamp is not None:
            scores = np.clip(scores, -self.clamp, self.clamp)
        if self.standardize:
            return scores
        return eeg if self.clamp is None else mean + scores * scale

    def _reference_channels(self):
        if self.reference is None:
            return None
        if isinstance(self.reference, str):
            return list(range(self.n_features_in_))
        names = list(getattr(self, "feature_names_in_", ()))
        missing = [one for one in self.reference if one not in names]
        if missing:
            raise ValueError(
                f"reference: channels {missing} are not among those of the EEG, "
                f"{names if names else 'which has no channel names'}"
            )
        return [names.index(one) for one in self.reference]

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _precision(eeg):
    return np.float32 if eeg.dtype == np.float32 else np.float64
