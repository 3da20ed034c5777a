"""The estimator: contrastive NMF of one recording or of a list of trials."""

import logging
import warnings
from dataclasses import replace
from typing import Any, overload

import joblib
import numpy as np
from numpy.typing import ArrayLike
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
    validate_data,
)

from .._estimator import ContainersForArraysOnly, fitted_value, forget
from .._validation import check_number, refuse_masked, trial_name
from ..trial import Reference, Trial, check_trials, is_trials
from ._arrays import ArrayFactorization
from ._blind import OwnSpectra
from ._dictionary import learn_instruments
from ._guided import GuidedStart
from ._harmonic import HarmonicVoices, learn_profiles
from ._learned import LearnedSpectra
from ._mixture import Separation, Settings, Solving
from ._parameters import (
    DEFAULT_N_COMPONENTS,
    DEFAULT_N_SPECTRA,
    WITH_CANDIDATES,
    check_estimator_parameters,
    check_trials_for_window,
    given_attended,
    warn_of_ignored,
    warn_of_misfit,
    warn_of_no_weights,
    warn_of_nothing,
    warn_of_unexplained,
    warn_of_unknown,
)
from ._per_mixture import separate_mixture, trials_by_mixture
from ._selection import check_choice_window, check_weighted
from ._stft import stft_size
from .factorization import DEFAULT_DELTA, contrast_value, contrastive_nmf

_LOG = logging.getLogger(__name__)
_OF_ARRAYS = (
    "n_components",
    "n_attended",
    "delta",
    "contrast",
    "mu",
    "beta",
    "solver",
    "tol",
)


def _fitted_to_trials(model):
    return getattr(getattr(model, "model_", None), "for_trials", True)


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
        - \delta \sum_j \left( \cos^2(e_a, s_j) - \cos^2(e_u, s_j) \right),

    where :math:`s_j` are the columns of S_a, and :math:`e_a, e_u` the envelopes of the
    attended components and of all others, :math:`e_g = \sum_{k \in g} |w_k|_1 h_k`.
    With ``contrast="components"`` the last term
    is the published one,
    :math:`-\delta (|H_a^T S_a|_F^2 - |H_u^T S_a|_F^2)`.

    Takes magnitudes as one array, as :class:`sklearn.decomposition.NMF` does, or
    a list of :class:`~sklearn_cnmf.Trial`. Arrays give arrays, trials give trials.

    Parameters
    ----------
    n_components : int, default=None
        Number of components ("blind", "guided", arrays), 48 if None; or the largest
        number of spectra of each instrument ("learned"), 300 if None. Where its
        recordings hold more frames, those that lie farthest apart are taken. Or the
        number of voices, 2 or 3 ("harmonic"); if None, that of a trial's instruments,
        or 2 where it names none.
    delta : float, default=None
        Weight of the contrast. It means the same for loud and quiet, short and
        long mixtures. None is 0.3 (0.02 for ``contrast="components"``) where the
        contrast is what separates, for arrays and "guided", and 0 for "learned",
        "harmonic" and "blind", where it seldom helps.
    contrast : {"group", "components"}, default="group"
        Whether only the sum of each group's components is to follow or to avoid the
        guide, or each component, as published.
    mu, beta : float, default=0.0
        Weights of the l1 norms of H and W ("harmonic": beside a positive `delta`).
    n_attended : int, default=None
        How many of the components follow the guide from the start ("guided",
        arrays); half of them if None.
    dictionary : {"learned", "harmonic", "blind", "guided"}, default="learned"
        For trials. "learned": `fit` takes each instrument's spectra from the
        references; a mixture is factorised with the spectra of the instruments
        present, which adapt to it, and the instrument whose share the guide supports
        best is the attended one. "harmonic": two or three pitched instruments that play
        a note at a time are tracked through the mixture by combs of partials; `fit`
        needs no references. The guide chooses among the voices, "higher" and "lower"
        ("highest", "middle", "lowest"), or with the names of the trial's instruments
        where references in `fit` say how they, or all but one of them, sound alone.
        "blind": the components of each mixture are learned
        from it alone, then split by how they sound and by the guide. "guided", as
        published: the first `n_attended` of them follow the guide from a random start.
    choice : {"soft", "hard"}, default="soft"
        Whether the attended waveform weighs the candidates by how likely each is,
        which is the least-squares answer given what is known, or is the likeliest one
        ("learned", "harmonic"). Where a guide has no weights, soft is hard, with a
        warning.
    choice_window : float, default=None
        Length in seconds of a sliding window in which the choice is made anew, for a
        listener who may turn to another instrument within a trial ("learned",
        "harmonic", guides with weights). None makes one choice a trial.
    solver : {"mu", "published"}, default="mu"
        "mu" never raises the cost; "published" is the rule of [1]_, kept for
        comparison, and needs ``contrast="components"``.
    max_iter : int, default=200
        Largest number of iterations of one factorisation.
    tol : float, default=1e-5
        A factorisation stops once its cost, which is free of unit, has fallen by
        less than this per iteration over ten iterations. Where the spectra of all
        instruments present were learned, solver "mu" explains the mixture in a fixed
        number of iterations; `max_iter` and `tol` count only for what a positive
        `delta` moves.
    window : float, default=0.186
        Window of the short-time Fourier transform in seconds, for trials; brought to
        a number of samples that is quick to transform. The hop is a quarter of it.
    mask_power : float, default=2.0
        The mixture is masked with the attended share of the modelled magnitudes,
        each raised to this power. Stereo has a mask for each channel, from the level
        of each instrument there.
    transposition : int, default=2
        Learned spectra may be transposed by up to this many semitones, up and down,
        at a cost per semitone, since recordings seldom hold all the notes that an
        instrument plays ("learned"). 0 takes them as played.
    n_free : int, default=16
        Free components of an instrument of a mixture that was never learned, at most
        one for each mixture, beside those of the others ("learned"). 0 refuses such a
        mixture.
    memory : None, str or joblib.Memory, default=None
        Where to keep learned spectra, and mixtures that were factorised with them, so
        that a search over `delta` does either once per fold; mixtures of their own
        spectra too ("blind"), and tracked voices ("harmonic").
    n_jobs : int, default=None
        How many trials to separate, or instruments to learn, at a time; as in
        :class:`joblib.Parallel`. Results do not depend on it.
    random_state : int, RandomState instance or None, default=None
        Determines random starting factors.

    Attributes
    ----------
    model_ : object
        The fitted value, which all methods ask: an ArrayFactorization, LearnedSpectra,
        HarmonicVoices, OwnSpectra or GuidedStart of :mod:`sklearn_cnmf.separation`.
    components_ : ndarray of shape (n_components, n_bins)
        Spectra (arrays).
    spectra_ : dict of str to ndarray of shape (at most n_components, n_bins)
        Spectra of each instrument as played, each summing to one ("learned").
    instruments_ : tuple of str
        Instruments whose spectra were learned, or which can name voices, in
        alphabetical order ("learned", "harmonic").
    attended_ : ndarray of shape (n_components,) of bool
        The attended components (arrays).
    objective_ : ndarray of shape (n_iterations + 1,)
        The cost at the start and after each iteration (arrays).
    objective_terms_ : ndarray of shape (n_iterations + 1, 3)
        Divergence, penalties and contrast, which add up to it (arrays).
    contrast_ : float
        Value of the contrast at the end, before `delta` (arrays); 0 without guide.
    n_iter_ : int
        Number of iterations (arrays).
    audio_sfreq_ : float
        Sampling rate of the training mixtures in Hz (trials).
    n_features_in_ : int
        Number of bins (arrays).

    See Also
    --------
    EnvelopeDecoder : Decodes the guide from EEG.
    sklearn_cnmf.separation.contrastive_nmf : The function below this class.

    Notes
    -----
    After `fit` on trials, `delta`, `contrast`, `mu`, `beta`, `solver`, `max_iter`,
    `tol`, `mask_power`, `choice`, `choice_window`, `n_free`, `n_jobs` and `memory` take
    effect at once, after that on an array `max_iter`, for what follows.
    The other parameters decided what was fitted: once they are changed, predicting
    raises until the next `fit`, unless they had no part in it.

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
        n_components: int | None = None,
        *,
        delta: float | None = None,
        contrast: str = "group",
        mu: float = 0.0,
        beta: float = 0.0,
        n_attended: int | None = None,
        dictionary: str = "learned",
        choice: str = "soft",
        choice_window: float | None = None,
        solver: str = "mu",
        max_iter: int = 200,
        tol: float = 1e-5,
        window: float = 0.186,
        mask_power: float = 2.0,
        transposition: int = 2,
        n_free: int = 16,
        memory: str | joblib.Memory | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.n_components = n_components
        self.delta = delta
        self.contrast = contrast
        self.mu = mu
        self.beta = beta
        self.n_attended = n_attended
        self.dictionary = dictionary
        self.choice = choice
        self.choice_window = choice_window
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
        self.window = window
        self.mask_power = mask_power
        self.transposition = transposition
        self.n_free = n_free
        self.memory = memory
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(
        self,
        X: ArrayLike | list[Trial],
        y: list[Reference] | None = None,
        *,
        guide: ArrayLike | None = None,
    ) -> "ContrastiveNMF":
        """Factorise an array, or learn the instruments' spectra from trials.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_bins) or list of Trial
            Magnitudes, or trials.
        y : list of Reference, default=None
            Needed for trials with ``dictionary="learned"``; with "harmonic" they name
            the voices. Ignored for arrays.
        guide : array-like of shape (n_frames, n_guides) or (n_frames,), default=None
            Non-negative guide for an array; trials carry their own. With ``delta=0``
            it decides `contrast_` alone.

        Returns
        -------
        self : ContrastiveNMF

        Raises
        ------
        ValueError
            If X, y, the guide or a parameter is not as described.

        Warns
        -----
        UserWarning
            If an array comes without a guide although `delta` is not zero, so that
            nothing is attended to, or with `y`.
        """
        check_estimator_parameters(self)
        if is_trials(X):
            if guide is not None:
                raise ValueError("guide: trials carry their own, so None is expected")
            return self._fit_trials(X, y)
        warn_of_ignored(self.delta, guide, y)
        self._fit_array(X, guide)
        return self

    def fit_transform(
        self,
        X: ArrayLike | list[Trial],
        y: list[Reference] | None = None,
        *,
        guide: ArrayLike | None = None,
    ) -> np.ndarray | list[Trial]:
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
        check_estimator_parameters(self)
        warn_of_ignored(self.delta, guide, y)
        activations = self._fit_array(X, guide)
        return self.transform(X) if guide is None else activations

    @overload
    def transform(self, X: list[Trial]) -> list[Trial]: ...

    @overload
    def transform(self, X: ArrayLike) -> np.ndarray: ...

    def transform(self, X: ArrayLike | list[Trial]) -> np.ndarray | list[Trial]:
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
            iterations. For trials, new trials whose `estimate` holds attended source
            and rest, which add up to the mixture. A silent mixture gives silence,
            with a warning.
        """
        if is_trials(X):
            return [
                replace(trial, estimate=np.stack([own, trial.mixture - own]))
                for trial, own in zip(X, self.predict(X))
            ]
        model = fitted_value(self, trials=False)
        check_estimator_parameters(self)
        return model.activations(self._validate(X, reset=False), self.max_iter)

    def inverse_transform(self, X: ArrayLike) -> np.ndarray:
        """Magnitudes modelled by activations.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_components)
            Activations.

        Returns
        -------
        magnitudes : ndarray of shape (n_frames, n_bins)
        """
        model = fitted_value(self, trials=False)
        refuse_masked("X", X)
        X = check_array(X, dtype=[np.float64, np.float32], input_name="X")
        if X.shape[1] != len(model.components):
            raise ValueError(
                f"X: expected {len(model.components)} columns, one per component, got "
                f"{X.shape[1]}"
            )
        return model.magnitudes(X)

    @overload
    def predict(
        self, X: list[Trial], *, attended: list[str] | None = None
    ) -> list[np.ndarray]: ...

    @overload
    def predict(self, X: ArrayLike, *, attended: None = None) -> np.ndarray: ...

    def predict(
        self, X: ArrayLike | list[Trial], *, attended: list[str] | None = None
    ) -> np.ndarray | list[np.ndarray]:
        """Separate the attended source.

        Parameters
        ----------
        X : array-like of shape (n_frames, n_bins) or list of Trial
            Magnitudes, or trials with a guide.
        attended : list of str, default=None
            As in :meth:`separate`.

        Returns
        -------
        attended : ndarray of shape (n_frames, n_bins) or list of ndarray
            The part of the magnitudes that the attended components model; or of
            each trial the attended waveform, shaped like its mixture.
        """
        if is_trials(X):
            check_estimator_parameters(self)
            found = self._separate(X, attended, self._settings(), candidates=False)
            return [done.attended for done in found]
        if attended is not None:
            raise ValueError("attended: names instruments of trials, but X is an array")
        model = fitted_value(self, trials=False)
        check_estimator_parameters(self)
        return model.attended_part(self._validate(X, reset=False), self.max_iter)

    def separate(
        self, trials: list[Trial], *, attended: list[str] | None = None
    ) -> list[Separation]:
        """Separate trials, each mixture once, and tell all that was found.

        Parameters
        ----------
        trials : list of Trial
            Trials with a guide.
        attended : list of str, default=None
            Which instrument is attended in each trial, where that is known; the guide
            then only serves the contrast. None lets the guide choose. "learned"
            and "harmonic" only.

        Returns
        -------
        separations : list of Separation
            Of each trial the attended waveform, the candidates and how well the
            guide supports each, and whether the factorisation had come to rest.

        Raises
        ------
        ValueError
            If a trial is not sound, has no guide, another sampling rate than the
            training, or more than one instrument that was never learned (any, with
            ``n_free=0``); if the model was fitted on an array; if a trial is shorter
            than `choice_window` or its guide has no weights for it; if `attended` names
            an instrument that is not there; if either is given and components have no
            names ("blind", "guided").

        Warns
        -----
        UserWarning
            If a mixture is silent or a guide constant; if an instrument was never
            learned, once, with the number of trials.
        MisfitWarning
            If learned spectra or voices explain mixtures badly; once, with how many.
        ConvergenceWarning
            If factorisations stopped at `max_iter`; once, with their number.
        """
        check_estimator_parameters(self)
        return self._separate(trials, attended, self._settings())

    def _separate(self, trials, attended, settings, *, candidates=True):
        model = fitted_value(self, trials=True)
        check_trials(
            trials, require_guide=True, require_instruments=model.needs_instruments
        )
        for index, trial in enumerate(trials):
            self._check_known(trial, trial_name(index, trial))
        if settings.choice_window is not None:
            check_trials_for_window(
                settings.choice_window, trials, model.has_candidates
            )
        given = given_attended(trials, attended, model)
        groups = trials_by_mixture(trials)
        work = joblib.Parallel(n_jobs=self.n_jobs, return_as="generator")(
            joblib.delayed(separate_mixture)(
                model,
                [trials[i] for i in group],
                [given[i] for i in group],
                settings,
                candidates,
            )
            for group in groups
        )
        found = {}
        for group, done in zip(groups, work):
            for index, separation in zip(group, done):
                found[index] = separation
                _LOG.info("Separated trial %d of %d", len(found), len(trials))
        separations = [found[index] for index in range(len(trials))]
        chooses = model.has_candidates and any(own is None for own in given)
        if self.choice == "soft" and chooses:
            warn_of_no_weights(trials)
        for index, trial in enumerate(trials):
            warn_of_nothing(trial, trial_name(index, trial), model.has_candidates)
        if model.needs_instruments:
            warn_of_unknown(trials, model.instruments)
        warn_of_misfit(trials, separations)
        warn_of_unexplained(trials, separations)
        unfinished = sum(not done.converged for done in separations)
        self._warn_unfinished(unfinished, len(trials))
        return separations

    def predict_attended(
        self, X: list[Trial], *, threshold: float | None = None
    ) -> list[str | None]:
        """Decode which instrument each listener attends to, without its reference.

        Parameters
        ----------
        X : list of Trial
            Trials with a guide; ``dictionary="learned"`` or "harmonic" only.
        threshold : float, default=None
            Smallest probability, from 0 to 1, of a choice to be made; needs guides
            with weights. None always chooses.

        Returns
        -------
        attended : list of str or None
            Name of the chosen instrument of each trial; None where its probability is
            below `threshold`.

        Raises
        ------
        ValueError
            If `X` is no list of trials or components have no names ("blind",
            "guided").
        """
        if threshold is None:
            return [done.chosen for done in self._separate_named(X)]
        check_number("threshold", threshold, least=0, most=1)
        done = self._separate_sure(X)
        return [d.chosen if d.probabilities.max() >= threshold else None for d in done]

    @available_if(_fitted_to_trials)
    def predict_proba(
        self, X: list[Trial], *, window: float | None = None
    ) -> list[np.ndarray]:
        """Probability that each instrument of each trial is the attended one.

        Parameters
        ----------
        X : list of Trial
            Trials with a guide and its weights; ``dictionary="learned"`` or "harmonic"
            only.
        window : float, default=None
            Length in seconds of a window that slides over the trial, for a listener
            who turns to another instrument now and then; the whole trial if None.

        Returns
        -------
        probabilities : list of ndarray of shape ([n_frames,] n_instruments)
            In the order of the trial's instruments; they sum to one. All the same for
            a silent mixture. With a window, at each frame of the guide, from the
            window around it. See :func:`~sklearn_cnmf.signals.choice_probabilities`.

        Raises
        ------
        ValueError
            If a guide has no weights, `X` is no list of trials or components have no
            names ("blind", "guided").
        """
        if window is None:
            return [done.probabilities for done in self._separate_sure(X)]
        return [done.course for done in self._separate_sure(X, window)]

    def _separate_sure(self, X, window=None):
        if is_trials(X):
            for index, trial in enumerate(X):
                check_weighted(trial, trial_name(index, trial))
        return self._separate_named(X, window)

    @available_if(_fitted_to_trials)
    def decision_function(self, X: list[Trial]) -> list[np.ndarray]:
        """How well the guide supports each instrument of each trial.

        The first instrument with the largest value is taken to be attended. The
        choice does not depend on `delta`.

        Parameters
        ----------
        X : list of Trial
            Trials with a guide; ``dictionary="learned"`` or "harmonic" only.

        Returns
        -------
        support : list of ndarray of shape (n_instruments,)
            Correlation of the guide with the same feature of each instrument's share
            of the mixture, in the order of the trial's instruments: of several rows
            the mean, or where the guide has weights the weighted mean of Fisher's z.
            Zeros for a silent mixture.

        Raises
        ------
        ValueError
            If `X` is no list of trials or components have no names ("blind",
            "guided").
        """
        return [done.support for done in self._separate_named(X)]

    def _separate_named(self, X, window=None):
        check_is_fitted(self, "model_")
        if not is_trials(X):
            raise ValueError("X: expected a list of Trial")
        model = fitted_value(self, trials=True)
        if not model.has_candidates:
            raise ValueError(
                f"dictionary: {self.dictionary!r} components belong to no instrument; "
                "dictionary='learned' or 'harmonic' is needed to tell which one is "
                "attended"
            )
        check_estimator_parameters(self)
        settings = self._settings()
        if window is not None:
            check_choice_window("window", window)
            settings = settings._replace(choice_window=window)
        return self._separate(X, None, settings, candidates=False)

    def _fit_trials(self, trials, references):
        learned = self.dictionary == "learned"
        check_trials(trials, references, require_instruments=learned)
        if learned and references is None:
            raise ValueError(
                "references: None, but dictionary='learned' learns each instrument's "
                "spectra from them; pass references or dictionary='blind'"
            )
        rates = sorted({trial.audio_sfreq for trial in trials})
        if len(rates) > 1:
            raise ValueError(
                f"audio_sfreq: trials have the rates {rates} Hz; one is expected"
            )
        audio_sfreq = rates[0]
        seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        n_fft = stft_size(self.window, audio_sfreq)
        fitted = {"audio_sfreq": audio_sfreq, "n_fft": n_fft}
        if self.dictionary == "guided":
            model = GuidedStart(
                n_components=self._n_components(),
                n_attended=self._n_attended(),
                seed=seed,
                parameters=self._parameters("n_components", "n_attended"),
                **fitted,
            )
        elif self.dictionary == "blind":
            model = OwnSpectra(
                n_components=self._n_components(),
                seed=seed,
                parameters=self._parameters("n_components"),
                **fitted,
            )
        elif self.dictionary == "harmonic":
            profiles = learn_profiles(
                trials,
                references,
                memory=self.memory,
                n_jobs=self.n_jobs,
                **fitted,
            )
            model = HarmonicVoices(
                n_voices=self.n_components,
                instruments=tuple(profiles),
                profiles=tuple(tuple(own) for own in profiles.values()),
                parameters=self._parameters("n_components"),
                **fitted,
            )
        else:
            learned = learn_instruments(
                trials,
                references,
                n_components=self._n_components(),
                n_fft=n_fft,
                memory=self.memory,
                n_jobs=self.n_jobs,
            )
            model = LearnedSpectra(
                instruments=tuple(learned),
                components=tuple(learned.values()),
                transposition=self.transposition,
                seed=seed,
                parameters=self._parameters("n_components", "transposition"),
                **fitted,
            )
        forget(self)
        self.model_ = model
        self.audio_sfreq_ = model.audio_sfreq
        if self.dictionary in WITH_CANDIDATES:
            self.instruments_ = model.instruments
        if self.dictionary == "learned":
            self.spectra_ = dict(zip(model.instruments, model.components))
        return self

    def _check_known(self, trial, where):
        if trial.audio_sfreq != self.model_.audio_sfreq:
            raise ValueError(
                f"{where}: audio_sfreq is {trial.audio_sfreq:g} Hz, but the model was "
                f"fitted at {self.model_.audio_sfreq:g} Hz"
            )
        if trial.mixture.shape[-1] < self.model_.n_fft:
            raise ValueError(
                f"{where}: mixture lasts {trial.mixture.shape[-1]} samples, less than "
                f"the window of {self.model_.n_fft} (window={self.window:g} s)"
            )
        self.model_.check_trial(trial, where, self._settings())

    def _fit_array(self, X, guide):
        X = self._validate(X, reset=True)
        n_components = self._n_components(of_trials=False)
        attended = np.arange(n_components) < self._n_attended(of_trials=False)
        result = contrastive_nmf(
            X,
            n_components,
            guide=guide,
            attended=attended,
            delta=self.delta,
            contrast=self.contrast,
            mu=self.mu,
            beta=self.beta,
            solver=self.solver,
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=self.random_state,
        )
        forget(self, keep=("n_features_in_", "feature_names_in_"))
        self.components_ = result.components
        self.attended_ = attended
        self.objective_ = result.objective
        self.objective_terms_ = result.terms
        self.n_iter_ = result.n_iter
        self.contrast_ = 0.0
        if guide is not None:
            self.contrast_ = contrast_value(
                result.activations,
                result.components,
                guide,
                attended,
                contrast=self.contrast,
            )
        self.model_ = ArrayFactorization(
            result.components,
            attended,
            parameters=self._parameters(*_OF_ARRAYS, of_trials=False),
        )
        self._warn_unfinished(not result.converged, 1)
        return result.activations

    def _validate(self, X, *, reset):
        refuse_masked("X", X)
        return validate_data(
            self,
            X,
            reset=reset,
            dtype=[np.float64, np.float32],
            ensure_non_negative=True,
        )

    def _parameters(self, *names: str, of_trials: bool = True) -> dict[str, Any]:
        decisive = (*names, "dictionary", "window") if of_trials else names
        return {name: getattr(self, name) for name in (*decisive, "random_state")}

    def _settings(self):
        solving = Solving(*(getattr(self, name) for name in Solving._fields))
        others = (name for name in Settings._fields if name != "solving")
        settings = Settings(*(getattr(self, name) for name in others), solving)
        if self.delta is not None:
            return settings
        guided = self.dictionary == "guided"
        return settings._replace(delta=DEFAULT_DELTA[self.contrast] if guided else 0.0)

    def _n_components(self, *, of_trials=True):
        if self.n_components is not None:
            return self.n_components
        learned = of_trials and self.dictionary == "learned"
        return DEFAULT_N_SPECTRA if learned else DEFAULT_N_COMPONENTS

    def _n_attended(self, *, of_trials=True):
        if self.n_attended is not None:
            return self.n_attended
        return self._n_components(of_trials=of_trials) // 2

    def _warn_unfinished(self, unfinished, n_factorizations):
        if unfinished and self.tol > 0:
            how_many = f"{unfinished} of {n_factorizations} factorisations"
            if n_factorizations == 1:
                how_many = "the factorisation"
            warnings.warn(
                f"{how_many} stopped at max_iter={self.max_iter} before the cost came "
                f"to rest (tol={self.tol:g})",
                ConvergenceWarning,
                stacklevel=5,
            )

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags

    @property
    def _n_features_out(self):
        return len(self.components_)
