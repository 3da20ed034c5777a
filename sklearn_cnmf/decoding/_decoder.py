"""The estimator: a backward temporal response function."""

import inspect
import warnings
from dataclasses import replace
from functools import wraps

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
)
from sklearn.utils.validation import (
    check_array,
    check_consistent_length,
    check_is_fitted,
    validate_data,
)

from ..trial import check_trials, is_trials
from ._lagged import (
    contiguous_blocks,
    lagged_product,
    lagged_sums,
    moments,
)
from ._parameters import check_alphas, check_band, check_feature, check_lags
from ._ridge import (
    covariances,
    forward_patterns,
    leave_one_group_out,
    one_thread,
    pearson_r,
    ridge_path,
)
from ._trials import (
    check_ch_names,
    check_reach,
    eeg_of_trials,
    name,
    targets_of_trials,
)

# Blocks to cut an array into to choose alpha; alpha where it is too short for that.
_N_BLOCKS = 5
_ALPHA_IF_SHORT = 1.0


class _ContainersForArraysOnly:
    """Let `set_output` act on arrays and leave lists of trials as they are."""

    def __init_subclass__(cls, **kwargs):
        methods = ("transform", "fit_transform")
        plain = [inspect.unwrap(getattr(cls, method)) for method in methods]
        super().__init_subclass__(**kwargs)
        for method, function in zip(methods, plain):
            setattr(cls, method, _dispatch(function, getattr(cls, method)))


def _dispatch(for_trials, for_arrays):
    @wraps(for_trials)
    def method(self, X, *args, **kwargs):
        return (for_trials if is_trials(X) else for_arrays)(self, X, *args, **kwargs)

    return method


class EnvelopeDecoder(
    _ContainersForArraysOnly,
    ClassNamePrefixFeaturesOutMixin,
    RegressorMixin,
    TransformerMixin,
    BaseEstimator,
):
    r"""Reconstruct from EEG what the attended source does over time.

    A backward temporal response function: ridge regression from the EEG at
    t + tmin ... t + tmax to the stimulus at time t,

    .. math:: \hat s_o(t) = b_o + \sum_c \sum_l w_{ocl} x_c(t + l),

    with the intercept free of penalty. Takes one recording as an array, rows
    being time, or a list of trials.

    Parameters
    ----------
    sfreq : float, default=64.0
        Rate in Hz at which to regress. Arrays are at this rate already; the EEG
        of trials is brought to it.
    tmin, tmax : float, default=0.0, 0.25
        How much later than the stimulus the EEG is used, in seconds,
        0 <= tmin < tmax.
    feature : {"envelope"} or callable, default="envelope"
        What of the attended source to reconstruct, for trials. "envelope" is
        :func:`~sklearn_cnmf.decoding.audio_envelope`. A callable receives (audio,
        sfreq, times), the source shaped like the mixture, and returns an array of
        shape (n_outputs, n_frames), one column per time in seconds.
    alpha : "cv" or float, default="cv"
        Penalty in units of the mean eigenvalue of the covariance of the lagged
        EEG, so that it means the same in volts and microvolts, for short and long
        recordings. "cv" chooses from `alphas` by cross-validation. At zero, the
        solution of least norm is taken.
    alphas : sequence of float, default=(1e-6, 1e-5, ..., 1e6)
        Penalties to choose from.
    l_freq, h_freq : float or None, default=1.0, 8.0
        Band in Hz to which EEG and feature of trials are filtered; None leaves
        that edge alone. Arrays are not filtered.

    Attributes
    ----------
    coef_ : ndarray of shape (n_outputs, n_channels, n_lags)
        Weights of the EEG, float32 if the EEG is float32, as are predictions.
    intercept_ : ndarray of shape (n_outputs,)
        Intercepts.
    alpha_ : float
        The penalty in use.
    lags_ : ndarray of shape (n_lags,)
        How many samples later than the stimulus the EEG is used.
    cv_scores_ : ndarray of shape (n_alphas, n_trials)
        Pearson r of each held-out trial (or block of an array), averaged over
        outputs; its mean over columns decides. Only after cross-validation.
    patterns_ : ndarray of shape (n_outputs, n_channels, n_lags)
        Forward model: how the reconstructed stimulus appears in the EEG [2]_. It
        can be read as physiology; `coef_` cannot.
    mean_ : ndarray of shape (n_channels,)
        Mean of the training EEG.
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

    A channel that is constant in all training data gets zero weights and a
    warning.

    References
    ----------
    .. [1] Crosse, M. J., Di Liberto, G. M., Bednar, A., & Lalor, E. C. (2016). The
       multivariate temporal response function (mTRF) toolbox. Frontiers in Human
       Neuroscience, 10, 604.
    .. [2] Haufe, S., et al. (2014). On the interpretation of weight vectors of
       linear models in multivariate neuroimaging. NeuroImage, 87, 96-110, Eq. 6.

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
        sfreq=64.0,
        tmin=0.0,
        tmax=0.25,
        feature="envelope",
        alpha="cv",
        alphas=tuple(10.0**k for k in range(-6, 7)),
        l_freq=1.0,
        h_freq=8.0,
    ):
        self.sfreq = sfreq
        self.tmin = tmin
        self.tmax = tmax
        self.feature = feature
        self.alpha = alpha
        self.alphas = alphas
        self.l_freq = l_freq
        self.h_freq = h_freq

    def fit(self, X, y):
        """Learn to reconstruct the stimulus.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels) or list of Trial
            EEG.
        y : array-like of shape (n_times,) or (n_times, n_outputs), or list of \
Reference
            Stimulus at the same times, or the truth of each trial.

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
        self.lags_ = check_lags(self.tmin, self.tmax, self.sfreq)
        check_band(self.l_freq, self.h_freq, self.sfreq)
        check_alphas(self.alpha, self.alphas)
        check_feature(self.feature)
        load = self._training_trials if is_trials(X) else self._training_array
        xs, ys, groups, dtype = load(X, y)
        with one_thread():
            self._fit(xs, ys, groups, dtype)
        return self

    def _fit(self, xs, ys, groups, dtype):
        self.mean_, mean_y = _mean(xs), _mean(ys)
        xs, ys = [x - self.mean_ for x in xs], [y - mean_y for y in ys]
        joints = []
        if groups is None:
            xs, ys, joints = _split(xs[0], ys[0], self.lags_, self.alpha)
            groups = range(len(xs))
        sums = [lagged_sums(x, y, self.lags_) for x, y in zip(xs, ys)]
        self.alpha_ = self._choose_alpha(xs, ys, sums, groups)

        total = moments(sums + joints)
        cov_zz, cov_zy = covariances(total)
        weights = ridge_path(cov_zz, cov_zy, [self.alpha_])[0]
        self.patterns_ = self._unfold(forward_patterns(cov_zz, weights)).astype(dtype)
        self.coef_ = self._unfold(weights).astype(dtype)
        weights = self._folded_coef()
        at_zero = mean_y + (total.y - total.z @ weights) / total.n_valid
        self.intercept_ = (at_zero - self._offset(self.mean_)).astype(dtype)

    def predict(self, X):
        """Reconstruct the stimulus.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels) or list of Trial
            EEG.

        Returns
        -------
        y : ndarray of shape (n_times,) or (n_times, n_outputs), or list of ndarray \
of shape (n_outputs, n_frames)
            Reconstruction, at `sfreq` and as long as the EEG. Of an array, shaped
            like the target in `fit`.
        """
        check_is_fitted(self)
        if is_trials(X):
            return [self._predict(x).T for x in self._eeg_of_trials(X)]
        predicted = self._predict(self._eeg_of_array(X))
        return predicted[:, 0] if self._one_dimensional else predicted

    def transform(self, X):
        """Reconstruct the stimulus as input to the next step.

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels) or list of Trial
            EEG.

        Returns
        -------
        X_new : ndarray of shape (n_times, n_outputs) or list of Trial
            Reconstruction, or new trials that carry it as `guide`, at
            `guide_sfreq` = `sfreq`.
        """
        check_is_fitted(self)
        if not is_trials(X):
            return self._predict(self._eeg_of_array(X))
        return [
            replace(trial, guide=guide, guide_sfreq=float(self.sfreq))
            for trial, guide in zip(X, self.predict(X))
        ]

    def score(self, X, y):
        """Mean Pearson correlation of reconstruction and stimulus (not R^2).

        Parameters
        ----------
        X : array-like of shape (n_times, n_channels) or list of Trial
            EEG.
        y : array-like of shape (n_times,) or (n_times, n_outputs), or list of \
Reference
            Stimulus at the same times, or the truth of each trial.

        Returns
        -------
        score : float
            Mean over outputs, then over trials, each trial counting the same. An
            output that is constant, in reconstruction or stimulus, counts as 0.

        Raises
        ------
        ValueError
            If the target of a trial is constant in all outputs.
        """
        check_is_fitted(self)
        if is_trials(X):
            _require_references(y)
            xs, ys = self._eeg_of_trials(X, y), self._targets(X, y)
        else:
            x = self._eeg_of_array(X)
            y = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
            check_consistent_length(x, y)
            xs, ys = [x], [y.reshape(len(y), -1)]
        n_outputs = len(self.coef_)
        if ys[0].shape[1] != n_outputs:
            raise ValueError(
                f"y: the target has {ys[0].shape[1]} outputs, but the decoder was "
                f"fitted with {n_outputs}"
            )
        return float(
            np.mean([pearson_r(y_, self._predict(x)).mean() for x, y_ in zip(xs, ys)])
        )

    @property
    def _n_features_out(self):
        return len(self.coef_)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    def _unfold(self, weights):
        unfolded = weights.reshape(len(self.lags_), self.n_features_in_, -1)
        return unfolded.transpose(2, 1, 0)

    def _folded_coef(self):
        folded = self.coef_.astype(np.float64).transpose(2, 1, 0)
        return folded.reshape(-1, len(self.coef_))

    def _offset(self, x):
        return self.coef_.sum(axis=2, dtype=np.float64) @ x

    def _predict(self, x):
        at_mean = self.intercept_ + self._offset(self.mean_)
        product = lagged_product(x - self.mean_, self._folded_coef(), self.lags_)
        return (product + at_mean).astype(self.coef_.dtype)

    def _choose_alpha(self, xs, ys, sums, groups):
        vars(self).pop("cv_scores_", None)
        if self.alpha != "cv":
            return float(self.alpha)
        if len(xs) == 1:
            return _ALPHA_IF_SHORT
        self.cv_scores_ = leave_one_group_out(
            xs, ys, sums, groups, self.lags_, self.alphas
        )
        means = self.cv_scores_.mean(axis=1)
        best = float(self.alphas[np.argmax(means)])
        if len(self.alphas) > 1 and best in (min(self.alphas), max(self.alphas)):
            pairs = ", ".join(f"{a:g}: {r:.4f}" for a, r in zip(self.alphas, means))
            warnings.warn(
                f"alphas: the best value, {best:g}, is at the edge of the grid; a "
                f"better one may lie beyond. Mean r by alpha: {pairs}",
                stacklevel=4,
            )
        return best

    def _training_array(self, X, y):
        X, y = validate_data(
            self,
            X,
            y,
            dtype=[np.float64, np.float32],
            multi_output=True,
            y_numeric=True,
            ensure_all_finite=False,
            ensure_min_samples=2,
        )
        self._check_finite(X)
        self._one_dimensional = y.ndim == 1
        y = y.reshape(len(y), -1).astype(np.float64)
        if np.ptp(y, axis=0).max() == 0:
            raise ValueError("y: the target is constant; there is nothing to learn")
        self._check_varying(np.ptp(X, axis=0) > 0)
        return [X.astype(np.float64)], [y], None, X.dtype

    def _training_trials(self, trials, references):
        _require_references(references)
        check_trials(trials, references)
        groups = [trial.stimulus or index for index, trial in enumerate(trials)]
        if self.alpha == "cv" and len(set(groups)) == 1:
            raise ValueError(
                f"alpha='cv' leaves one stimulus out, but there is only one among the "
                f"{len(trials)} trials, {trials[0].stimulus!r}; pass a number as alpha"
            )
        self._set_channels(trials)
        check_reach(trials, self.sfreq, self.lags_)
        varying = [np.ptp(trial.eeg, axis=1) > 0 for trial in trials]
        self._check_varying(np.any(varying, axis=0))
        xs = eeg_of_trials(trials, **self._rate_and_band())
        ys = self._targets(trials, references)
        self._one_dimensional = False
        single = all(trial.eeg.dtype == np.float32 for trial in trials)
        return xs, ys, groups, np.dtype(np.float32 if single else np.float64)

    def _eeg_of_array(self, X):
        X = validate_data(
            self,
            X,
            reset=False,
            dtype=[np.float64, np.float32],
            ensure_all_finite=False,
        )
        self._check_finite(X)
        return X

    def _eeg_of_trials(self, trials, references=None):
        check_trials(trials, references)
        for index, trial in enumerate(trials):
            if trial.eeg.shape[0] != self.n_features_in_:
                raise ValueError(
                    f"{name(index, trial)}: eeg has {trial.eeg.shape[0]} channels, "
                    f"but {type(self).__name__} is expecting {self.n_features_in_} "
                    "features as input"
                )
        check_ch_names(trials, getattr(self, "feature_names_in_", None))
        return eeg_of_trials(trials, **self._rate_and_band())

    def _targets(self, trials, references):
        return targets_of_trials(
            trials, references, feature=self.feature, **self._rate_and_band()
        )

    def _rate_and_band(self):
        return {"sfreq": self.sfreq, "l_freq": self.l_freq, "h_freq": self.h_freq}

    def _set_channels(self, trials):
        self.n_features_in_ = trials[0].eeg.shape[0]
        vars(self).pop("feature_names_in_", None)
        named = [trial.ch_names for trial in trials if trial.ch_names is not None]
        if named:
            check_ch_names(trials, named[0])
        if len(named) == len(trials):
            self.feature_names_in_ = np.asarray(named[0], dtype=object)

    def _channel_names(self, chosen):
        names = getattr(self, "feature_names_in_", range(self.n_features_in_))
        return [names[int(channel)] for channel in np.flatnonzero(chosen)]

    def _check_finite(self, X):
        finite = np.isfinite(X).all(axis=0)
        if not finite.all():
            raise ValueError(
                f"X: found NaN or infinity (inf) in channels "
                f"{self._channel_names(~finite)}; finite numbers are expected"
            )

    def _check_varying(self, varying):
        if not varying.any():
            raise ValueError("X: all channels of the EEG are constant")
        if not varying.all():
            warnings.warn(
                f"X: channels {self._channel_names(~varying)} of the EEG are constant; "
                "they get zero weights",
                stacklevel=4,
            )


def _split(x, y, lags, alpha):
    """Blocks of one recording and the sums over the windows that join them."""
    if len(x) < 2 * (lags[-1] + 1):
        warnings.warn(
            f"X: {len(x)} samples are too few for lags of up to {lags[-1]}; missing "
            "EEG counts as its mean",
            stacklevel=4,
        )
        x = np.vstack([x, np.zeros((lags[-1], x.shape[1]))])
    blocks, joints = contiguous_blocks(len(y), _N_BLOCKS if alpha == "cv" else 1, lags)
    if alpha == "cv" and len(blocks) == 1:
        warnings.warn(
            f"alpha: {len(y)} samples are too few for cross-validation with lags of "
            f"up to {lags[-1]} samples; alpha={_ALPHA_IF_SHORT:g} is used",
            stacklevel=4,
        )
    if len(blocks) == 1:
        return [x], [y], []
    sums = [lagged_sums(x[joint], y[joint], lags) for joint in joints]
    return [x[block] for block in blocks], [y[block] for block in blocks], sums


def _mean(arrays):
    total = sum(array.sum(axis=0) for array in arrays)
    return total / sum(len(array) for array in arrays)


def _require_references(references):
    if references is None:
        raise ValueError(
            "y: requires y to be passed, but the target y is None; pass the "
            "references of the trials"
        )
