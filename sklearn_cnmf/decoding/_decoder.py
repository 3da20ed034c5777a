"""The estimator: a backward temporal response function."""

import logging
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, overload

import joblib
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    clone,
)
from sklearn.utils.validation import check_array, check_consistent_length

from .. import signals
from .._estimator import ContainersForArraysOnly, fitted_value, forget
from .._memory import cached
from .._validation import refuse_masked
from ..signals import pearson_r
from ..trial import Reference, Trial, check_trials, is_recordings, is_trials
from ._activations import learn_spectra
from ._attention import AttentionMixin
from ._eeg import eeg_of_trials, prepare_eeg
from ._fitted import ArrayDecoder, TrialDecoder, training_record
from ._inputs import (
    array_to_fit,
    array_to_transform,
    channel_names,
    check_channels,
    check_span,
    check_varying,
    groups_of_recordings,
    recordings_to_fit,
    recordings_to_transform,
    require_target,
    set_channels,
    targets_of_recordings,
)
from ._parameters import check_decoder_parameters
from ._targets import (
    attended_instruments,
    attended_sources,
    cached_feature,
    candidates_of_trials,
    check_reach,
    stimulus_groups,
    targets_of_trials,
)
from ._weights import learn_weights, prior_weights
from .regression import fit_regressor, fit_ridge

_LOG = logging.getLogger(__name__)
_OF_ARRAYS = (
    "sfreq",
    "tmin",
    "tmax",
    "alpha",
    "alphas",
    "alpha_per_output",
    "estimator",
    "per_instrument",
)
_OF_TRIALS = (
    *_OF_ARRAYS,
    "l_freq",
    "h_freq",
    "phase",
    "scale",
    "clamp",
    "feature",
    "n_bands",
)
_ALPHAS = tuple(10.0**k for k in range(-6, 7))


class EnvelopeDecoder(
    ContainersForArraysOnly,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    AttentionMixin,
    BaseEstimator,
):
    r"""Reconstruct from EEG what the attended source does over time.

    A backward temporal response function: ridge regression from the EEG at
    t + tmin ... t + tmax to the stimulus at time t,

    .. math:: \hat s_o(t) = b_o + \sum_c \sum_l w_{ocl} x_c(t + l),

    with the intercept free of penalty. Takes one recording as an array, rows
    being time, a list of such, or a list of trials.

    Parameters
    ----------
    sfreq : float, default=64.0
        Rate in Hz at which to regress. Arrays are at this rate already; the EEG
        of trials is brought to it.
    tmin, tmax : float, default=0.0, 0.25
        How much later than the stimulus the EEG is used, in seconds,
        0 <= tmin < tmax.
    feature : str or callable, default="envelope_onset"
        What of the attended source to reconstruct, for trials. "envelope" is
        :func:`~sklearn_cnmf.signals.audio_envelope` and "mel"
        :func:`~sklearn_cnmf.signals.mel_bands`; "onset" and "mel_onset" are how
        fast they rise. "envelope_onset" is both, as two outputs. "activations", the
        choice of [3]_, are those of `n_bands` spectra, learned in `fit` from the
        attended sources by Kullback-Leibler NMF.
        A callable receives (audio, sfreq, times), the source shaped like the
        mixture, and returns an array of shape (n_outputs, n_frames), one column per
        time in seconds.
    n_bands : int, default=8
        Number of mel bands or of activations.
    alpha : "cv", float or sequence of float, default="cv"
        Penalty in units of the mean eigenvalue of the covariance of the lagged
        EEG, so that it means the same in volts and microvolts, for short and long
        recordings; of each output if a sequence. "cv" chooses from `alphas` by
        cross-validation; one from 0.01 to 10 where no other is better by more than one
        standard error. At zero, the solution of least norm is taken.
    alphas : sequence of float, default=(1e-6, 1e-5, ..., 1e6)
        Penalties to choose from.
    alpha_per_output : bool, default=False
        Whether "cv" chooses a penalty for each output on its own.
    l_freq, h_freq : float or None, default=1.0, 8.0
        Band in Hz to which EEG and feature of trials are filtered; None leaves
        that edge alone. Arrays are not filtered.
    phase : {"zero", "minimum", "forward"}, default="zero"
        How the band-pass treats time, for trials. "zero" needs the future of each
        sample. "minimum" and "forward" run along, as a listener's stream asks for
        (:class:`~sklearn_cnmf.signals.CausalFilter`); features go through the same
        filter, so that both are delayed alike.
    scale : {"robust"} or None, default="robust"
        Whether each channel of each trial is first brought to unit spread, which is
        its median absolute deviation; None takes the EEG as it is. Arrays are not
        scaled.
    clamp : float or None, default=5.0
        Largest deviation of scaled EEG from its median, in spreads; what lies beyond is
        cut off.
    per_instrument : bool, default=False
        Whether to fit one more decoder for each attended instrument, as in [3]_,
        from the trials in which it is attended. Trials only, and they name their
        instruments. See Notes for how they predict.
    estimator : estimator, default=None
        A scikit-learn regressor to use instead of ridge regression, such as
        ``Lasso`` or ``PLSRegression``. It gets the explicit matrix of lagged EEG, all
        channels of the first lag first, divided by its root mean square, and targets
        of unit variance; `alpha`, `alphas` and `alpha_per_output` are not used. Ridge
        is much faster and needs less memory.
    memory : None, str or joblib.Memory, default=None
        Where to keep prepared EEG and features other than envelopes, so that a
        search over other parameters prepares each trial once.

    Attributes
    ----------
    model_ : ArrayDecoder or TrialDecoder
        The fitted value, which all methods ask.
    coef_ : ndarray of shape (n_outputs, n_channels, n_lags)
        Weights of the EEG, float32 if the EEG is float32, as are predictions. Only
        if `estimator` is None or has such.
    intercept_ : ndarray of shape (n_outputs,)
        Intercepts, as `coef_`.
    alpha_ : float or ndarray of shape (n_outputs,)
        The penalty in use; of each output if chosen or given so. Only if
        `estimator` is None.
    lags_ : ndarray of shape (n_lags,)
        How many samples later than the stimulus the EEG is used.
    cv_scores_ : ndarray of shape (n_alphas, n_trials[, n_outputs])
        Pearson r of each held-out trial (or block of an array), averaged over
        outputs unless `alpha_per_output`; its mean over trials decides. Only after
        cross-validation.
    patterns_ : ndarray of shape (n_outputs, n_channels, n_lags)
        Forward model: how the reconstructed stimulus appears in the EEG [2]_. It
        can be read as physiology; `coef_` cannot.
    mean_ : ndarray of shape (n_channels,)
        Mean of the training EEG.
    feature_ : callable
        Takes (audio, sfreq, times) and returns the feature (trials).
    output_weights_ : ndarray of shape (n_outputs,)
        How far to trust each output: log-odds per second and unit of Fisher z (trials).
    decoders_ : dict of str to BackwardModel
        Backward model of each attended instrument (`per_instrument`).
    estimator_ : estimator
        The fitted regressor (`estimator`).
    n_features_in_ : int
        Number of EEG channels.
    feature_names_in_ : ndarray of shape (n_channels,)
        Names of the EEG channels, where all are known.

    Notes
    -----
    Times whose lag window leaves the recording take no part in fitting. In
    prediction the EEG missing there counts as the channel's training mean, so
    that the output is as long as the input.

    Cross-validation leaves out all trials that share a `stimulus`, one stimulus
    after another; a trial without one is on its own. Of an array, up to five
    contiguous blocks are left out in turn, each as long as two lag windows and 16
    samples at least, and no lag window reaches from one block into another. An
    array too short for two such blocks gets alpha 1, with a warning. In one shorter
    than two lag windows, missing EEG counts as the mean in fitting too, with another.

    The covariances of single trials that cross-validation keeps take one GiB at
    most; those that do not fit are computed twice, with the same result. A choice at
    the edge of the grid warns, unless r has levelled out there. The matrix
    of lagged copies is never formed for ridge regression.

    Each output is as good a witness as `output_weights_` says. They are learned from
    reconstructions of training trials by decoders that did not see their stimulus, in
    up to ten folds: a prior from published recordings (0.4 for the envelope and 1.3 for
    the onset together, 1.0 and 1.6 alone, which many bands share) is multiplied with
    how well the attended source is tracked (0.3 to 3 times as well as usual), and
    refined by logistic regression of attended against unattended sources in windows of
    10 s; where a trial has one source only, against that of up to twenty other windows.
    With one stimulus or an `estimator`, the prior stays as it is.

    The default feature chooses right more often than "envelope" does, on simulated and
    on real EEG, and `scale` makes up for bad channels at no cost where there are none;
    for figures, see :doc:`/measurements/decoding`.

    With `per_instrument`, scores and :meth:`predict_attended` use the decoder of the
    instrument in question. Since `predict` and `transform` know no more than which
    instruments are present, they average the reconstructions of these instruments'
    decoders. An instrument without training trials gets the decoder of all trials,
    with a warning. Where all trials of an instrument share one stimulus, its
    decoder takes over the penalty of the decoder of all trials.

    A channel that is constant in all training data gets zero weights and a
    warning.

    What decided a fit can't be changed after it: once a parameter has another value,
    predicting raises until the next `fit`. That is all of them but `memory`, and for
    arrays but those that say how trials are prepared.

    References
    ----------
    .. [1] Crosse, M. J., Di Liberto, G. M., Bednar, A., & Lalor, E. C. (2016). The
       multivariate temporal response function (mTRF) toolbox. Frontiers in Human
       Neuroscience, 10, 604.
    .. [2] Haufe, S., et al. (2014). On the interpretation of weight vectors of
       linear models in multivariate neuroimaging. NeuroImage, 87, 96-110, Eq. 6.
    .. [3] Cantisani, G., Essid, S., & Richard, G. (2019). EEG-based decoding of
       auditory attention to a target instrument in polyphonic music. WASPAA.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding import EnvelopeDecoder
    >>> rng = np.random.default_rng(0)
    >>> stimulus = rng.standard_normal(640)
    >>> eeg = rng.standard_normal((640, 4))
    >>> eeg[5:, 2] += stimulus[:-5]
    >>> decoder = EnvelopeDecoder(alpha=0.1).fit(eeg, stimulus)
    >>> decoder.coef_.shape
    (1, 4, 17)
    >>> channel, lag = np.unravel_index(decoder.coef_[0].argmax(), (4, 17))
    >>> int(channel), int(decoder.lags_[lag])
    (2, 5)
    """

    def __init__(
        self,
        *,
        sfreq: float = 64.0,
        tmin: float = 0.0,
        tmax: float = 0.25,
        feature: str | Callable = "envelope_onset",
        n_bands: int = 8,
        alpha: str | float | Sequence[float] = "cv",
        alphas: Sequence[float] = _ALPHAS,
        alpha_per_output: bool = False,
        l_freq: float | None = 1.0,
        h_freq: float | None = 8.0,
        phase: str = "zero",
        scale: str | None = "robust",
        clamp: float | None = 5.0,
        per_instrument: bool = False,
        estimator: Any = None,
        memory: str | joblib.Memory | None = None,
    ):
        self.sfreq = sfreq
        self.tmin = tmin
        self.tmax = tmax
        self.feature = feature
        self.n_bands = n_bands
        self.alpha = alpha
        self.alphas = alphas
        self.alpha_per_output = alpha_per_output
        self.l_freq = l_freq
        self.h_freq = h_freq
        self.phase = phase
        self.scale = scale
        self.clamp = clamp
        self.per_instrument = per_instrument
        self.estimator = estimator
        self.memory = memory

    def fit(
        self,
        X: ArrayLike | list[np.ndarray] | list[Trial],
        y: ArrayLike | list[ArrayLike] | list[Reference],
        *,
        groups: Sequence[Any] | None = None,
    ) -> "EnvelopeDecoder":
        """Learn to reconstruct the stimulus.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels), list of such, or list of Trial
            EEG: of one recording, of several that may differ in length, or of trials.
        y : array-like of shape (n_times[, n_outputs]), list of such, or list of \
                Reference
            Stimulus at the same times, or the truth of each trial.
        groups : sequence of shape (n_recordings,), default=None
            What recordings of a list share: those of one group are left out together
            in cross-validation. Each is on its own if None. Trials have a `stimulus`.

        Returns
        -------
        self : EnvelopeDecoder
            The fitted decoder.

        Raises
        ------
        ValueError
            If a parameter, a trial or an array is not as described; if a trial is
            shorter than the lag window; if a target or all EEG is constant; if
            "cv" is asked for and all trials share one stimulus.
        """
        lags = check_decoder_parameters(self)
        recordings = not is_trials(X) and is_recordings(X)
        if groups is not None and not recordings:
            raise ValueError(
                "groups: belong to a list of arrays; trials carry their stimulus, and "
                "one array is cut into blocks"
            )
        if is_trials(X):
            self._fit_trials(X, y, lags)
        elif recordings:
            self._fit_recordings(X, y, groups, lags)
        else:
            self._fit_array(X, y, lags)
        return self

    @overload
    def predict(self, X: list[Trial]) -> list[np.ndarray]: ...

    @overload
    def predict(
        self, X: ArrayLike | list[np.ndarray]
    ) -> np.ndarray | list[np.ndarray]: ...

    def predict(
        self, X: ArrayLike | list[np.ndarray] | list[Trial]
    ) -> np.ndarray | list[np.ndarray]:
        """Reconstruct the stimulus.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels), list of such, or list of Trial
            EEG.

        Returns
        -------
        y : ndarray of shape (n_times[, n_outputs]) or list of ndarray
            Reconstruction, at `sfreq` and as long as the EEG: of an array, and of each
            in a list, shaped like the target in `fit`; of each trial,
            (n_outputs, n_frames).

        Raises
        ------
        ValueError
            If X is of another kind than in `fit` or has other channels, or a
            parameter that decided the fit has changed.
        """
        if is_trials(X):
            model, xs = self._prepared(X)
            if self.per_instrument:
                model.warn_of_unknown({name for t in X for name in t.instruments})
            return [model.reconstruct(x, trial) for x, trial in zip(xs, X)]
        model = fitted_value(self, trials=False)
        if is_recordings(X):
            several, xs = True, recordings_to_transform(self, X)
        else:
            several, xs = False, [array_to_transform(self, X)]
        found = [model.pooled.predict(x) for x in xs]
        if model.one_dimensional:
            found = [y[:, 0] for y in found]
        return found if several else found[0]

    @overload
    def transform(self, X: list[Trial]) -> list[Trial]: ...

    @overload
    def transform(
        self, X: ArrayLike | list[np.ndarray]
    ) -> np.ndarray | list[np.ndarray]: ...

    def transform(
        self, X: ArrayLike | list[np.ndarray] | list[Trial]
    ) -> np.ndarray | list[np.ndarray] | list[Trial]:
        """Reconstruct the stimulus as input to the next step.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels), list of such, or list of Trial
            EEG.

        Returns
        -------
        X_new : ndarray of shape (n_times, n_outputs), list of such, or list of Trial
            Reconstruction, or new trials that carry it as `guide`, at
            `guide_sfreq` = `sfreq`, with `guide_feature`, `guide_band` and
            `guide_weights`. It is zero for a trial whose EEG is constant in all
            channels.
        """
        if not is_trials(X):
            predicted = self.predict(X)
            if isinstance(predicted, list):
                return [y.reshape(len(y), -1) for y in predicted]
            return predicted.reshape(len(predicted), -1)
        guides = self.predict(X)
        named = isinstance(self.feature, str) and self.feature in signals.FEATURES
        return [
            replace(
                trial,
                guide=guide,
                guide_sfreq=self.model_.sfreq,
                guide_feature=self.feature if named else self.feature_,
                guide_weights=self.model_.output_weights,
                guide_band=(self.model_.l_freq, self.model_.h_freq),
                guide_phase=self.model_.phase,
            )
            for trial, guide in zip(X, guides)
        ]

    def score(
        self,
        X: ArrayLike | list[np.ndarray] | list[Trial],
        y: ArrayLike | list[ArrayLike] | list[Reference],
    ) -> float:
        """Mean Pearson correlation of reconstruction and stimulus (not R^2).

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels), list of such, or list of Trial
            EEG.
        y : array-like of shape (n_times[, n_outputs]), list of such, or list of \
                Reference
            Stimulus at the same times, or the truth of each trial.

        Returns
        -------
        score : float
            Mean over outputs, then over trials or recordings, which count the same. An
            output that is constant, in reconstruction or stimulus, counts as 0.

        Raises
        ------
        ValueError
            If the target of a trial is constant in all outputs.

        Warns
        -----
        UserWarning
            If a trial was not trained on, but others of its stimulus were.
        """
        if is_trials(X):
            references = require_target(y)
            model, xs = self._prepared(X, y)
            model.warn_of_leak(X)
            ys = targets_of_trials(X, references, **self._target(model))
            attended = [""] * len(X)
            if self.per_instrument:
                attended = attended_instruments(X, references)
                model.warn_of_unknown(set(attended))
            found = [m.predict(x) for x, m in zip(xs, model.models(attended))]
        elif is_recordings(X):
            model = fitted_value(self, trials=False)
            xs = recordings_to_transform(self, X)
            ys, _ = targets_of_recordings(xs, y)
            found = [model.pooled.predict(x) for x in xs]
        else:
            model = fitted_value(self, trials=False)
            x = array_to_transform(self, X)
            refuse_masked("y", require_target(y))
            y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
            check_consistent_length(x, y)
            ys, found = [y.reshape(len(y), -1)], [model.pooled.predict(x)]
        n_outputs = len(model.pooled.patterns)
        if ys[0].shape[1] != n_outputs:
            raise ValueError(
                f"y: the target has {ys[0].shape[1]} outputs, but the decoder was "
                f"fitted with {n_outputs}"
            )
        return float(np.mean([pearson_r(t, p).mean() for t, p in zip(ys, found)]))

    def _fit_array(self, X, y, lags):
        if self.per_instrument:
            raise ValueError(
                "per_instrument: True needs trials that name their instruments, but "
                "X is an array"
            )
        X, y = array_to_fit(self, X, y)
        check_varying(np.ptp(X, axis=0) > 0, channel_names(self))
        xs, ys = [X.astype(np.float64)], [y.reshape(len(y), -1)]
        model, _ = self._regress(xs, ys, None, lags, X.dtype, self.alpha)
        parameters = self._decisive(_OF_ARRAYS)
        forget(self, keep=("n_features_in_", "feature_names_in_"))
        self._publish(ArrayDecoder(model, y.ndim == 1, parameters))

    def _fit_recordings(self, X, y, groups, lags):
        if self.per_instrument:
            raise ValueError(
                "per_instrument: True needs trials that name their instruments, but "
                "X is a list of arrays"
            )
        groups = groups_of_recordings(groups, len(X))
        if self._chooses_alpha() and len(set(groups)) == 1:
            raise ValueError(
                f"alpha='cv' leaves one group of recordings out, but there is only "
                f"one among {len(X)}; pass a number as alpha"
            )
        X, ys, one_dimensional = recordings_to_fit(X, y, lags[-1] + 2)
        varying = np.any([np.ptp(x, axis=0) > 0 for x in X], axis=0)
        check_varying(varying, range(len(varying)))
        xs = [x.astype(np.float64) for x in X]
        model, _ = self._regress(xs, ys, groups, lags, X[0].dtype, self.alpha)
        parameters = self._decisive(_OF_ARRAYS)
        forget(self)
        self.n_features_in_ = len(varying)
        self._publish(ArrayDecoder(model, one_dimensional, parameters))

    def _fit_trials(self, trials, references, lags):
        require_target(references)
        check_trials(trials, references, require_instruments=self.per_instrument)
        groups = stimulus_groups(trials)
        if self._chooses_alpha() and len(set(groups)) == 1:
            raise ValueError(
                f"alpha='cv' leaves one stimulus out, but there is only one among the "
                f"{len(trials)} trials, {trials[0].stimulus!r}; pass a number as alpha"
            )
        check_reach(trials, self.sfreq, lags)
        varying = [np.ptp(trial.eeg, axis=1) > 0 for trial in trials]
        names = next((t.ch_names for t in trials if t.ch_names), range(len(varying[0])))
        check_varying(np.any(varying, axis=0), names)
        clock = {
            "sfreq": float(self.sfreq),
            "l_freq": self.l_freq,
            "h_freq": self.h_freq,
            "phase": self.phase,
        }
        feature = self._learn_feature(trials, references)
        scaling = {"scale": self.scale, "clamp": self.clamp}
        prepare = cached(self.memory, prepare_eeg)
        xs = eeg_of_trials(trials, prepare=prepare, **clock, **scaling)
        target = {"feature": cached_feature(feature, self.memory), **clock}
        ys = targets_of_trials(trials, references, **target)
        single = all(trial.eeg.dtype == np.float32 for trial in trials)
        dtype = np.dtype(np.float32 if single else np.float64)
        _LOG.info("Fit a decoder to %d trials of %d stimuli", len(xs), len(set(groups)))
        pooled, held_out = self._regress(
            xs, ys, groups, lags, dtype, self.alpha, hold_out=True
        )
        weights = prior_weights(self.feature, ys[0].shape[1])
        if held_out is not None:
            sources = candidates_of_trials(trials, references, targets=ys, **target)
            chosen = [reference.attended for reference in references]
            weights = learn_weights(
                held_out, sources, chosen, sfreq=self.sfreq, prior=weights
            )
        of_instruments = {}
        if self.per_instrument:
            attended = attended_instruments(trials, references)
            for name in sorted(set(attended)):
                own = [i for i, other in enumerate(attended) if other == name]
                _LOG.info("Fit a decoder to %d trials of %s", len(own), name)
                own_xs, own_ys, own_groups = (
                    [values[i] for i in own] for values in (xs, ys, groups)
                )
                alone = self._chooses_alpha() and len(set(own_groups)) == 1
                alpha = pooled.alpha if alone else self.alpha
                of_instruments[name], _ = self._regress(
                    own_xs, own_ys, own_groups, lags, dtype, alpha
                )
        forget(self)
        set_channels(self, trials)
        self._publish(
            TrialDecoder(
                pooled=pooled,
                of_instruments=of_instruments,
                feature=feature,
                trained_on=training_record(trials),
                parameters=self._decisive(_OF_TRIALS),
                output_weights=weights,
                **clock,
                **scaling,
            )
        )

    def _regress(self, xs, ys, groups, lags, dtype, alpha, *, hold_out=False):
        check_span("X", xs)
        check_span("y", ys)
        if self.estimator is not None:
            return fit_regressor(xs, ys, lags, self.estimator, dtype=dtype), None
        return fit_ridge(
            xs,
            ys,
            groups,
            lags,
            alpha=alpha,
            alphas=self.alphas,
            per_output=self.alpha_per_output,
            dtype=dtype,
            hold_out=hold_out,
        )

    def _publish(self, model):
        fitted = model.pooled
        _warn_of_edges([fitted, *getattr(model, "of_instruments", {}).values()])
        self.model_ = model
        self.lags_, self.mean_, self.patterns_ = (
            fitted.lags,
            fitted.mean,
            fitted.patterns,
        )
        optional = {
            "coef_": fitted.coef,
            "intercept_": fitted.intercept,
            "alpha_": fitted.alpha,
            "cv_scores_": fitted.cv_scores,
            "estimator_": getattr(fitted.regressor, "estimator", None),
        }
        if model.for_trials:
            optional["feature_"] = model.feature
            optional["output_weights_"] = model.output_weights
            optional["decoders_"] = model.of_instruments or None
        for attribute, value in optional.items():
            if value is not None:
                setattr(self, attribute, value)

    def _learn_feature(self, trials, references):
        if isinstance(self.feature, str) and self.feature == "activations":
            learn = cached(self.memory, learn_spectra)
            return learn(attended_sources(trials, references), self.n_bands)
        return signals.feature_function(self.feature, self.n_bands)

    def _decisive(self, names):
        found = {name: getattr(self, name) for name in names}
        if self.estimator is not None:
            found["estimator"] = clone(self.estimator)
        return found

    def _chooses_alpha(self):
        return self.estimator is None and isinstance(self.alpha, str)

    def _prepared(self, trials, references=None):
        """Fitted value and prepared EEG of trials, checked."""
        model = fitted_value(self, trials=True)
        check_trials(trials, references, require_instruments=self.per_instrument)
        check_channels(self, trials)
        prepare = cached(self.memory, prepare_eeg)
        return model, eeg_of_trials(trials, prepare=prepare, **model.preparation)

    def _target(self, model):
        return {"feature": cached_feature(model.feature, self.memory), **model.clock}

    @property
    def _n_features_out(self):
        return len(self.patterns_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _warn_of_edges(models):
    at_edge = [model.at_edge for model in models if model.at_edge]
    if at_edge:
        count = f" (so in {len(at_edge)} of {len(models)} models)"
        warnings.warn(
            f"alphas: {at_edge[0]}{count if len(models) > 1 else ''}", stacklevel=5
        )
