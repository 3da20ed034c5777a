"""The estimator: contrastive NMF of one recording or of a list of trials."""

import warnings
from dataclasses import replace

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import (
    check_array,
    check_is_fitted,
    check_memory,
    validate_data,
)

from .._set_output import ContainersForArraysOnly
from .._threads import one_thread
from ..trial import check_trials, is_trials
from ._cost import contrast_value
from ._dictionary import distinct_sources, learn_dictionary
from ._factorization import activations_for, contrastive_nmf
from ._parameters import check_estimator_parameters
from ._separation import (
    Mixture,
    Settings,
    separate_blind,
    separate_from_start,
    separate_learned,
)
from ._spectrogram import stft_sizes


def _not_fitted_to_an_array(model):
    return not hasattr(model, "attended_")


class ContrastiveNMF(
    ContainersForArraysOnly,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    BaseEstimator,
):
    r"""Factorise a mixture so that what a listener attends to comes apart.

    Contrastive non-negative matrix factorisation [1]_: a guide, decoded from the
    listener's EEG, says what the attended instrument does over time. With X
    (n_frames, n_bins) divided by its sum, unit-norm columns of the activations H
    and of the guide S_a, and D the generalised Kullback-Leibler divergence, it
    minimises

    .. math::

        D(X | H W) + \mu |H|_1 + \beta |W|_1
        - \delta \left( |H_a^T S_a|_F^2 - |H_u^T S_a|_F^2 \right).

    Takes magnitudes as one array, as :class:`sklearn.decomposition.NMF` does, or
    a list of :class:`~sklearn_cnmf.Trial`. Arrays give arrays, trials give trials.

    Parameters
    ----------
    n_components : int, default=48
        Components in all ("blind", arrays) or per instrument ("learned").
    delta : float, default=0.02
        Weight of the contrast. It means the same for loud and quiet, short and
        long mixtures.
    contrast : {"group", "components"}, default="group"
        Whether each component is to follow or to avoid the guide, as published,
        or only the sum of each group's components.
    mu, beta : float, default=0.0
        Weights of the l1 norms of H and W.
    n_attended : int, default=None
        How many of the components are attended from the start ("blind", arrays). If
        None, half of them (arrays, ``solver="published"``), else the components are
        split once they are known.
    dictionary : {"learned", "blind"}, default="learned"
        For trials. "blind": the components of each mixture are learned from it
        alone, then split by how they sound and by the guide; as published if
        ``solver="published"`` or `n_attended` is given: the first of them follow the
        guide from a random start. "learned":
        `fit` learns each instrument's spectra from the references; a mixture is
        explained by the spectra of the instruments present, and the instrument
        whose share the guide supports best is the attended one.
    solver : {"mu", "plain", "published"}, default="mu"
        "mu" never raises the cost and extrapolates; "plain" does not extrapolate;
        "published" is the rule of [1]_, kept for comparison.
    init : {"random", "nndsvda"}, default="random"
        How components that are not learned before start.
    max_iter : int, default=200
        Largest number of iterations of one factorisation.
    tol : float, default=1e-5
        A factorisation stops once its cost, which is free of unit, has fallen by
        less than this per iteration over ten iterations.
    n_fft, hop_length : int, default=None
        Window and hop of the short-time Fourier transform in samples, for trials;
        186 ms and a quarter of the window if None.
    mask_power : float, default=2.0
        The mixture is masked with the attended share of the modelled magnitudes,
        each raised to this power.
    transposition : int, default=2
        Learned spectra also stand for what they were transposed by up to this many
        semitones, up and down, since recordings seldom hold all the notes that an
        instrument plays ("learned"). 0 takes them as played.
    memory : None, str or joblib.Memory, default=None
        Where to keep learned spectra, so that a search over other parameters
        learns them once per fold.
    random_state : int, RandomState instance or None, default=None
        Determines random starting factors.

    Attributes
    ----------
    components_ : ndarray of shape (n_components, n_bins)
        Spectra (arrays), or with learned dictionaries those of each of
        `instruments_` below one another, each summing to one.
    instruments_ : tuple of str
        Instruments whose spectra were learned, in alphabetical order.
    attended_ : ndarray of shape (n_components,) of bool
        The attended components (arrays).
    objective_ : ndarray of shape (n_iterations + 1,)
        The cost at the start and after each iteration (arrays).
    contrast_ : float
        Value of the contrast at the end, before `delta` (arrays); 0 without guide.
    n_iter_ : int
        Number of iterations (arrays).
    audio_sfreq_ : float
        Sampling rate of the training mixtures in Hz (trials).
    n_features_in_ : int
        Number of bins (arrays) or of EEG channels (trials).

    See Also
    --------
    EnvelopeDecoder : Decodes the guide from EEG.
    sklearn_cnmf.separation.contrastive_nmf : The function below this class.

    References
    ----------
    .. [1] G. Cantisani, S. Essid, G. Richard, "Neuro-steered music source
       separation with EEG-based auditory attention decoding and
       contrastive-NMF", ICASSP 2021.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import ContrastiveNMF
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((200, 2)) @ rng.random((2, 30))
    >>> model = ContrastiveNMF(2, random_state=0, tol=1e-4)
    >>> model.fit_transform(X, guide=X[:, :1]).shape
    (200, 2)
    >>> model.attended_
    array([ True, False])
    """

    def __init__(
        self,
        n_components=48,
        *,
        delta=0.02,
        contrast="group",
        mu=0.0,
        beta=0.0,
        n_attended=None,
        dictionary="learned",
        solver="mu",
        init="random",
        max_iter=200,
        tol=1e-5,
        n_fft=None,
        hop_length=None,
        mask_power=2.0,
        transposition=2,
        memory=None,
        random_state=None,
    ):
        self.n_components = n_components
        self.delta = delta
        self.contrast = contrast
        self.mu = mu
        self.beta = beta
        self.n_attended = n_attended
        self.dictionary = dictionary
        self.solver = solver
        self.init = init
        self.max_iter = max_iter
        self.tol = tol
        self.n_fft = n_fft
        self.hop_length = hop_length
        self.mask_power = mask_power
        self.transposition = transposition
        self.memory = memory
        self.random_state = random_state

    def fit(self, X, y=None, *, guide=None):
        """Factorise an array, or learn the instruments' spectra from trials.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_bins) or list of Trial
            Magnitudes, or trials.
        y : list of Reference, default=None
            Needed for trials with ``dictionary="learned"``. Ignored for arrays.
        guide : array-like of shape (n_frames, n_guides), default=None
            Non-negative guide for an array; trials carry their own.

        Returns
        -------
        self : ContrastiveNMF

        Raises
        ------
        ValueError
            If X, y, the guide or a parameter is not as described.
        """
        check_estimator_parameters(self)
        if is_trials(X):
            if guide is not None:
                raise ValueError("guide: trials carry their own, so None is expected")
            return self._fit_trials(X, y)
        self._factorize(X, guide)
        return self

    def fit_transform(self, X, y=None, *, guide=None):
        """Fit, and return what `transform` would of the same input.

        Parameters
        ----------
        X, y, guide :
            As in :meth:`fit`.

        Returns
        -------
        result : ndarray of shape (n_frames, n_components) or list of Trial
            For an array with a guide the activations of the fit itself, with
            columns of unit norm.
        """
        if is_trials(X):
            return self.fit(X, y, guide=guide).transform(X)
        if guide is None:
            self.fit(X)
            return self._activations(X)
        check_estimator_parameters(self)
        return self._factorize(X, guide)

    def transform(self, X):
        """Activations of the fitted components, or trials with their estimates.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_bins) or list of Trial
            Magnitudes, or trials with a guide.

        Returns
        -------
        result : ndarray of shape (n_frames, n_components) or list of Trial
            For an array the activations that minimise the divergence for the
            fitted components, without guide and penalties, in `max_iter`
            iterations, each frame on its own. For trials, new trials whose
            `estimate` holds attended source and rest, which add up to the mixture.
            A silent mixture gives silence, with a warning.
        """
        check_is_fitted(self)
        if is_trials(X):
            return [
                replace(trial, estimate=np.stack([attended, trial.mixture - attended]))
                for trial, (attended, _) in zip(X, self._separate(X))
            ]
        return self._activations(X)

    def inverse_transform(self, X):
        """Magnitudes modelled by activations.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_components)
            Activations.

        Returns
        -------
        magnitudes : ndarray of shape (n_frames, n_bins)
        """
        check_is_fitted(self, "attended_")
        X = check_array(X, dtype=[np.float64, np.float32], input_name="X")
        if X.shape[1] != len(self.components_):
            raise ValueError(
                f"X: expected {len(self.components_)} columns, one per component, got "
                f"{X.shape[1]}"
            )
        return X @ self.components_

    def predict(self, X):
        """Separate the attended source.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_bins) or list of Trial
            Magnitudes, or trials with a guide.

        Returns
        -------
        attended : ndarray of shape (n_frames, n_bins) or list of ndarray
            The part of the magnitudes that the attended components model; or of
            each trial the attended waveform, shaped like its mixture.
        """
        check_is_fitted(self)
        if is_trials(X):
            return [attended for attended, _ in self._separate(X)]
        H = self._activations(X)
        return H[:, self.attended_] @ self.components_[self.attended_]

    def predict_attended(self, X):
        """Decode which instrument each listener attends to, without its reference.

        Parameters
        ----------
        X : list of Trial
            Trials with a guide and instruments; ``dictionary="learned"`` only.

        Returns
        -------
        attended : list of str
            Name of the chosen instrument of each trial.

        Raises
        ------
        ValueError
            If `X` is no list of trials or the dictionary is "blind", whose
            components have no names.
        """
        check_is_fitted(self)
        if not is_trials(X):
            raise ValueError("X: expected a list of Trial")
        return [
            trial.instruments[int(np.argmax(support))]
            for trial, support in zip(X, self.decision_function(X))
        ]

    @available_if(_not_fitted_to_an_array)
    def decision_function(self, X):
        """How well the guide supports each instrument of each trial.

        The first instrument with the largest value is taken to be attended. The
        choice does not depend on `delta`.

        Parameters
        ----------
        X : list of Trial
            Trials with a guide and instruments; ``dictionary="learned"`` only.

        Returns
        -------
        support : list of ndarray of shape (n_instruments,)
            Correlation, from -1 to 1, of the guide with the envelope of each
            instrument's share of the mixture, in the order of the trial's
            instruments. Zeros for a silent mixture.

        Raises
        ------
        ValueError
            If `X` is no list of trials or the dictionary is "blind", whose
            components have no names.
        """
        check_is_fitted(self)
        if not is_trials(X):
            raise ValueError("X: expected a list of Trial")
        if self.dictionary == "blind":
            raise ValueError(
                "dictionary: 'blind' components belong to no instrument; "
                "dictionary='learned' is needed to tell which one is attended"
            )
        return [support for _, support in self._separate(X, delta=0.0)]

    def _fit_trials(self, trials, references):
        learned = self.dictionary == "learned"
        check_trials(trials, references, require_instruments=learned)
        if learned and references is None:
            raise ValueError(
                "references: None, but dictionary='learned' learns each instrument's "
                "spectra from them; pass references or dictionary='blind'"
            )
        rates = sorted({float(trial.audio_sfreq) for trial in trials})
        if len(rates) > 1:
            raise ValueError(
                f"audio_sfreq: trials have the rates {rates} Hz; one is expected"
            )
        vars(self).pop("attended_", None)
        self.audio_sfreq_ = rates[0]
        self.n_features_in_ = trials[0].eeg.shape[0]
        self.seed_ = int(check_random_state(self.random_state).randint(2**31 - 1))
        if not learned:
            return self
        learn = check_memory(self.memory).cache(learn_dictionary)
        n_fft, _ = stft_sizes(self.audio_sfreq_, self.n_fft, self.hop_length)
        sources = distinct_sources(trials, references)
        self.instruments_ = tuple(name for name in sources if sources[name])
        self.components_ = np.concatenate(
            [
                learn(
                    sources[name],
                    self.n_components,
                    n_fft=n_fft,
                    transposition=self.transposition,
                    init=self.init,
                    max_iter=self.max_iter,
                    tol=self.tol,
                    seed=self.seed_,
                )
                for name in self.instruments_
            ]
        )
        return self

    def _separate(self, trials, *, delta=None):
        check_estimator_parameters(self)
        learned = self.dictionary == "learned"
        check_trials(trials, require_guide=True, require_instruments=learned)
        self._check_known(trials)
        n_fft, hop_length = stft_sizes(self.audio_sfreq_, self.n_fft, self.hop_length)
        settings = Settings(
            delta=self.delta if delta is None else delta,
            contrast=self.contrast,
            mu=self.mu,
            beta=self.beta,
            solver=self.solver,
            max_iter=self.max_iter,
            tol=self.tol,
            mask_power=self.mask_power,
        )
        results, unfinished = [], 0
        for index, trial in enumerate(trials):
            if not trial.mixture.any():
                warnings.warn(
                    f"trials[{index}]: mixture is silent, and so is its estimate",
                    stacklevel=3,
                )
                silence = np.zeros_like(trial.mixture)
                results.append((silence, np.zeros(len(trial.instruments or ()))))
                continue
            if np.ptp(trial.guide, axis=1).max() == 0:
                warnings.warn(
                    f"trials[{index}]: guide is constant; it supports no source, and "
                    "the first one is taken",
                    stacklevel=3,
                )
            with one_thread():
                attended, converged, support = self._separate_one(
                    Mixture(trial, n_fft, hop_length), settings
                )
            unfinished += not converged
            results.append((attended, support))
        self._warn_unfinished(unfinished, len(trials))
        return results

    def _separate_one(self, mixture, settings):
        if self.dictionary == "learned":
            spectra = [self._spectra_of(name) for name in mixture.trial.instruments]
            return separate_learned(mixture, spectra, settings)
        start = {"init": self.init, "rng": np.random.RandomState(self.seed_)}
        if self.solver == "published" or self.n_attended is not None:
            separated = separate_from_start(
                mixture, self.n_components, self._n_attended(), settings, **start
            )
        else:
            separated = separate_blind(mixture, self.n_components, settings, **start)
        return *separated, None

    def _check_known(self, trials):
        for index, trial in enumerate(trials):
            if trial.audio_sfreq != self.audio_sfreq_:
                raise ValueError(
                    f"trials[{index}]: audio_sfreq is {trial.audio_sfreq:g} Hz, but "
                    f"the model was fitted at {self.audio_sfreq_:g} Hz"
                )
            if self.dictionary == "blind":
                continue
            unknown = sorted(set(trial.instruments) - set(self.instruments_))
            if unknown:
                raise ValueError(
                    f"trials[{index}]: instruments {unknown} were never learned; known "
                    f"are {list(self.instruments_)}"
                )

    def _spectra_of(self, instrument):
        start = self.instruments_.index(instrument) * self.n_components
        return self.components_[start : start + self.n_components]

    def _factorize(self, X, guide):
        X = self._validate(X, reset=True)
        attended = np.arange(self.n_components) < self._n_attended()
        result = contrastive_nmf(
            X,
            self.n_components,
            guide=guide,
            attended=attended,
            delta=self.delta,
            contrast=self.contrast,
            mu=self.mu,
            beta=self.beta,
            solver=self.solver,
            init=self.init,
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=self.random_state,
        )
        self.components_ = result.components
        self.attended_ = attended
        self.objective_ = result.objective
        self.n_iter_ = result.n_iter
        self.contrast_ = 0.0
        if guide is not None:
            self.contrast_ = contrast_value(
                result.activations,
                result.components,
                np.asarray(guide),
                attended,
                contrast=self.contrast,
            )
        self._warn_unfinished(not result.converged, 1)
        return result.activations

    def _activations(self, X):
        X = self._validate(X, reset=False)
        return activations_for(X, self.components_, self.max_iter)

    def _validate(self, X, *, reset):
        return validate_data(
            self,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_non_negative=True,
        )

    def _n_attended(self):
        return self.n_components // 2 if self.n_attended is None else self.n_attended

    def _warn_unfinished(self, unfinished, n_factorizations):
        if unfinished and self.tol > 0:
            warnings.warn(
                f"{unfinished} of {n_factorizations} factorisations stopped at "
                f"max_iter={self.max_iter} before they reached tol={self.tol:g}",
                ConvergenceWarning,
                stacklevel=4,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self):
        return len(self.components_)
