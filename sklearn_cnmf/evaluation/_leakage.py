"""Whether labels that mean nothing are decoded all the same."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from typing import Any, cast

import joblib
import numpy as np
from scipy.signal import welch
from scipy.stats import t as student_t
from sklearn.base import BaseEstimator, clone, is_classifier
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils.metadata_routing import get_routing_for_object

from .._threads import one_thread
from .._validation import check_whole, trial_name
from ..metrics import closest_source
from ..separation._parameters import WITH_CANDIDATES
from ..trial import Reference, Trial, check_trials
from ._named import index_of
from ._prepared import prepared_estimator

# Hz.
BANDS = {
    "delta": (1.0, 4.0),
    "theta": (4.0, 8.0),
    "alpha": (8.0, 13.0),
    "beta": (13.0, 30.0),
}
# Seconds of a segment whose spectrum is taken, and the fewest that hold every band.
_SEGMENT, _SHORTEST = 2.0, 1.0
# Probability by chance below which a split is said to leak.
_LEVEL = 0.01


@dataclass(frozen=True, eq=False)
class LeakageAudit:
    """Outcome of :func:`audit_leakage`.

    Parameters
    ----------
    n_draws : int
        How often labels were drawn.
    n_trials : int
        Number of trials.
    n_recordings : int
        Number of recordings that they were cut from.
    accuracy : ndarray of shape (n_draws,)
        Share of all tested trials that were decoded right, for each draw.
    chance : float
        What it is expected to be without a leak.
    p_value : float
        Probability of a mean that far above chance if nothing leaks, one-sided.
    shared : int
        Number of folds in which trials of one recording are both trained on and
        tested, the most of any draw. Told by the names of recordings alone.
    n_folds : int
        Number of folds, the most of any draw.
    """

    n_draws: int
    n_trials: int
    n_recordings: int
    accuracy: np.ndarray
    chance: float
    p_value: float
    shared: int
    n_folds: int

    @property
    def mean(self) -> float:
        """Mean accuracy over draws."""
        return float(self.accuracy.mean())

    @property
    def standard_error(self) -> float:
        """Standard error of the mean over draws."""
        return float(self.accuracy.std(ddof=1) / np.sqrt(self.n_draws))

    @property
    def leaks(self) -> bool:
        """Whether random labels are decoded above chance, p < 0.01."""
        return self.p_value < _LEVEL

    def __str__(self):
        verdict = "Not above chance: no sign of a leak"
        if self.leaks:
            verdict = "Above chance: the split leaks"
        return "\n".join(
            [
                f"Random labels decoded right in {100 * self.mean:.1f} % "
                f"(chance {100 * self.chance:.1f} %)",
                f"{self.n_draws} draws, standard error "
                f"{100 * self.standard_error:.1f} %, p = {self.p_value:.2g}",
                f"{self.n_trials} trials in {self.n_recordings} recordings, which "
                f"{self.shared} of {self.n_folds} folds tear apart",
                verdict,
            ]
        )


def audit_leakage(
    estimator: BaseEstimator,
    trials: list[Trial],
    cv: Any,
    *,
    references: list[Reference] | None = None,
    recordings: Sequence[Hashable] | None = None,
    n_draws: int = 20,
    n_jobs: int | None = None,
    random_state: int | np.random.RandomState | None = 0,
) -> LeakageAudit:
    """Tell whether a split lets an estimator decode labels that mean nothing.

    Each recording gets a random label that has nothing to do with attention, and the
    estimator is cross-validated on these labels. It can be right more often than
    chance only if it knows something of the recordings that it is tested on: where
    windows of one recording are on both sides of a split, a slow drift or the
    strength of a rhythm tells which recording it was, and so its label. Numbers of
    attention that were found with such a split may be found without attention.

    Parameters
    ----------
    estimator : classifier or EnvelopeDecoder or Pipeline
        Is cloned, not modified. There are two kinds:

        - A scikit-learn classifier, or a pipeline or search of one, is fitted on a
          table of (n_trials, n_channels * n_bands): log10 of the mean power density
          of each channel's EEG from 1 to 4, 4 to 8, 8 to 13 and 13 to 30 Hz, without
          bands that reach above half of a sampling rate. Labels are 0 and 1.
        - Anything else is fitted on trials and references, such as an
          :class:`~sklearn_cnmf.EnvelopeDecoder` or a pipeline that ends in a
          :class:`~sklearn_cnmf.ContrastiveNMF`. The label is the source that is said
          to be attended. It is right if it chooses this one: with its
          `predict_attended`, or where it has none if its waveform is closest to it.
    trials : list of Trial
        As they are to be split: windows, if the estimator is tested on windows.
    cv : splitter or iterable of (train, test)
        Folds of indices, leaking or not. A splitter gets the trials, the labels and,
        if it asks for groups as GroupKFold does, the stimuli (a trial without one is
        on its own).
    references : list of Reference, default=None
        Needed by estimators of the second kind; `attended` is not used.
    recordings : sequence of shape (n_trials,), default=None
        What each trial was cut from; trials of one recording share their label. None
        takes subject and stimulus; a trial without a stimulus is on its own.
    n_draws : int, default=20
        How often labels are drawn, at least 2. Fewer than 7 never show a leak.
    n_jobs : int, default=None
        Number of draws at a time, as in :class:`joblib.Parallel`.
    random_state : int, RandomState instance or None, default=0
        Draws the labels, and seeds an estimator that has no seed of its own.

    Returns
    -------
    audit : LeakageAudit
        Prints the verdict.

    Raises
    ------
    ValueError
        If trials or references are not sound, or references are missing; if
        `recordings` is not one for each trial, or they are fewer than two; if a trial
        lasts less than 1 s or is sampled below 8 Hz, for a classifier; if trials of a
        recording differ in their sources or a trial has a single one, for other
        estimators; if a fold is empty or holds what is no index of a trial.

    See Also
    --------
    StimulusKFold : Leaves out whole stimuli.

    Notes
    -----
    Labels are independent of all else and drawn for each recording by itself, so that
    without a leak the expected accuracy is chance exactly, whatever the estimator.
    Balanced labels would put it below: those that are left show what was left out. So
    does a splitter that balances labels, such as StratifiedKFold. Where one label
    alone is in a training set, a classifier is taken to answer it.

    `p_value` is that of a one-sample t-test over draws, which are independent: means
    over many trials are close to normal, and unlike a sign-flip test it takes any
    number of draws. But it is never less than ``2**-n_draws``, the chance that all of
    them are on one side, so that few draws that happen to agree prove nothing.

    For what it finds on real EEG, see :doc:`/measurements/evaluation`.

    An estimator of trials is fitted once for each draw and fold. The `memory` of
    :class:`~sklearn_cnmf.EnvelopeDecoder` keeps it from reading the same EEG and
    envelopes anew each time.

    A leak that the estimator can't exploit is not seen: another estimator, or the same
    one on more trials, may. Recordings with labels of their own can't reveal what
    different recordings share. No sign of a leak is no proof that there is none;
    `shared` is a fact, whether or not it was exploited.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from sklearn.model_selection import KFold
    >>> from sklearn_cnmf import Trial
    >>> from sklearn_cnmf.evaluation import StimulusKFold, audit_leakage
    >>> rng = np.random.default_rng(0)
    >>> gains = np.repeat(rng.uniform(1, 9, (12, 4, 1)), 5, axis=0)
    >>> trials = [Trial(gain * rng.standard_normal((4, 128)), 64.0, np.zeros(16000),
    ...                 8000.0, stimulus=f"recording {i // 5}")
    ...           for i, gain in enumerate(gains)]
    >>> windows = KFold(5, shuffle=True, random_state=0)
    >>> print(audit_leakage(LogisticRegression(), trials, windows))
    Random labels decoded right in 77.1 % (chance 50.0 %)
    20 draws, standard error 2.7 %, p = 9.5e-07
    60 trials in 12 recordings, which 5 of 5 folds tear apart
    Above chance: the split leaks
    >>> print(audit_leakage(LogisticRegression(), trials, StimulusKFold(5)))
    Random labels decoded right in 53.1 % (chance 50.0 %)
    20 draws, standard error 3.7 %, p = 0.21
    60 trials in 12 recordings, which 0 of 5 folds tear apart
    Not above chance: no sign of a leak
    """
    check_trials(trials)
    check_whole("n_draws", n_draws, least=2)
    for name in ("fit", "predict", "get_params"):
        if not hasattr(estimator, name):
            raise ValueError(
                f"estimator: expected a classifier or an estimator of trials, but "
                f"{type(estimator).__name__} has no {name}"
            )
    names = _recordings(trials, recordings)
    if hasattr(estimator, "__sklearn_tags__") and is_classifier(estimator):
        task = _Classification(_band_powers(trials))
        n_choices = np.full(len(trials), 2)
    else:
        n_choices = _n_sources(trials, references, names)
        task = _Decoding(trials, cast("list[Reference]", references))
    rng = check_random_state(random_state)
    labels, seeds = [], []
    for _ in range(n_draws):
        drawn = rng.uniform(size=names.max() + 1)[names]
        labels.append((drawn * n_choices).astype(int))
        seeds.append(int(rng.randint(2**31 - 1)))
    folds = list(_folds(trials, cv, labels))
    rights = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_right)(task, prepared_estimator(estimator, seed), y, own)
        for seed, y, own in zip(seeds, labels, folds)
    )
    accuracy = np.array([right.mean() for right in rights])
    tested = [np.concatenate([test for _, test in own]) for own in folds]
    chance = float(np.mean([np.mean(1 / n_choices[one]) for one in tested]))
    return LeakageAudit(
        n_draws=int(n_draws),
        n_trials=len(trials),
        n_recordings=int(names.max()) + 1,
        accuracy=accuracy,
        chance=chance,
        p_value=_p_value(accuracy, chance),
        shared=max(
            sum(len(np.intersect1d(names[a], names[b])) > 0 for a, b in own)
            for own in folds
        ),
        n_folds=max(len(own) for own in folds),
    )


def _recordings(trials, recordings):
    """Return the number of the recording of each trial, from 0."""
    if recordings is None:
        recordings = [
            (trial.subject, trial.stimulus or index)
            for index, trial in enumerate(trials)
        ]
    elif isinstance(recordings, str) or not isinstance(recordings, Iterable):
        raise ValueError(
            f"recordings: expected one label for each of {len(trials)} trials, got "
            f"{recordings!r}"
        )
    recordings = list(recordings)
    if len(recordings) != len(trials):
        raise ValueError(
            f"recordings: expected one label for each of {len(trials)} trials, got "
            f"{len(recordings)}"
        )
    number = {one: n for n, one in enumerate(dict.fromkeys(recordings))}
    if len(number) < 2:
        raise ValueError(
            f"recordings: expected at least two, but all {len(trials)} trials are of "
            f"{recordings[0]!r}"
        )
    return np.array([number[one] for one in recordings])


def _n_sources(trials, references, names):
    """Check what labels are drawn from: number of sources of each trial."""
    if references is None:
        raise ValueError(
            "references: expected a list of Reference, since the estimator is no "
            "classifier, got None"
        )
    check_trials(trials, references)
    n_sources = np.array([reference.shape_of("sources")[0] for reference in references])
    first = {}
    for index, (trial, n, name) in enumerate(zip(trials, n_sources, names)):
        if n < 2:
            raise ValueError(
                f"{trial_name(index, trial, 'references')}: expected two or more "
                "sources to choose from, got one"
            )
        other = first.setdefault(name, index)
        if n != n_sources[other] or trial.instruments != trials[other].instruments:
            raise ValueError(
                f"{trial_name(index, trial)}: is of the same recording as "
                f"trials[{other}], but of {n} sources {trial.instruments} rather than "
                f"{n_sources[other]} {trials[other].instruments}; the same are expected"
            )
    return n_sources


def _band_powers(trials):
    """Log power of each channel and band, (n_trials, n_channels * n_bands)."""
    nyquist = min(trial.eeg_sfreq for trial in trials) / 2
    bands = [band for band in BANDS.values() if band[1] <= nyquist]
    if not bands:
        raise ValueError(
            f"trials: eeg is sampled at {2 * nyquist:g} Hz; at least "
            f"{2 * BANDS['delta'][1]:g} Hz are expected for a classifier"
        )
    table = []
    for index, trial in enumerate(trials):
        sfreq, eeg = trial.eeg_sfreq, trial.eeg.astype(np.float64)
        if eeg.shape[1] < _SHORTEST * sfreq:
            raise ValueError(
                f"{trial_name(index, trial)}: eeg lasts {eeg.shape[1] / sfreq:g} s; at "
                f"least {_SHORTEST:g} s are expected for a classifier"
            )
        n_segment = min(eeg.shape[1], round(_SEGMENT * sfreq))
        freqs, density = welch(eeg, sfreq, nperseg=n_segment)
        power = [
            density[:, (freqs >= low) & (freqs < high)].mean(axis=1)
            for low, high in bands
        ]
        table.append(np.log10(np.maximum(power, np.finfo(float).tiny)).ravel())
    return np.array(table)


def _folds(trials, cv, labels):
    """Folds of each draw, as a list of (train, test)."""
    if not hasattr(cv, "split"):
        if isinstance(cv, str) or not isinstance(cv, Iterable):
            raise ValueError(
                f"cv: expected a splitter or pairs of train and test, got {cv!r}"
            )
        folds = _checked_folds(cv, len(trials))
        yield from [folds] * len(labels)
        return
    groups = {}
    if get_routing_for_object(cv).consumes("split", ["groups"]):
        stimuli = [trial.stimulus or index for index, trial in enumerate(trials)]
        number = {one: n for n, one in enumerate(dict.fromkeys(stimuli))}
        groups = {"groups": [number[one] for one in stimuli]}
    for y in labels:
        yield _checked_folds(cv.split(trials, y, **groups), len(trials))


def _checked_folds(folds, n_trials):
    checked = []
    for fold in folds:
        if not isinstance(fold, (tuple, list)) or len(fold) != 2:
            raise ValueError(f"cv: expected pairs of train and test, got {fold!r}")
        pair = []
        for name, indices in zip(("train", "test"), fold):
            indices = np.asarray(indices)
            sound = indices.ndim == 1 and indices.dtype.kind in "iu" and indices.size
            if not sound or indices.min() < 0 or indices.max() >= n_trials:
                raise ValueError(
                    f"cv: {name} of fold {len(checked)}: expected at least one index "
                    f"from 0 to {n_trials - 1}, got {indices!r}"
                )
            pair.append(indices)
        checked.append(tuple(pair))
    if not checked:
        raise ValueError("cv: expected at least one fold, got none")
    return checked


def _right(task, estimator, labels, folds):
    """Whether each tested trial of a draw is decoded right."""
    with one_thread():
        return np.concatenate(
            [task.right(clone(estimator), labels, *fold) for fold in folds]
        )


@dataclass(frozen=True, eq=False)
class _Classification:
    """Tell labels 0 and 1 from a table."""

    table: np.ndarray

    def right(self, estimator, labels, train, test):
        (known,) = np.unique(labels[train])[:1]
        if np.any(labels[train] != known):
            estimator.fit(self.table[train], labels[train])
            known = estimator.predict(self.table[test])
        return known == labels[test]


@dataclass(frozen=True, eq=False)
class _Decoding:
    """Tell the source that is said to be attended from trials."""

    trials: list[Trial]
    references: list[Reference]

    def right(self, estimator, labels, train, test):
        said = [replace(self.references[i], attended=int(labels[i])) for i in train]
        estimator.fit([self.trials[i] for i in train], said)
        chosen = _chosen(
            estimator,
            [self.trials[i] for i in test],
            [self.references[i] for i in test],
        )
        return np.array(chosen) == labels[test]


def _chosen(estimator, trials, references):
    """Index of the source that a fitted estimator chooses in each trial."""
    steps = getattr(estimator, "best_estimator_", estimator)
    steps = steps if isinstance(steps, Pipeline) else Pipeline([("last", steps)])
    last = steps[-1]
    # Components that are not learned belong to no instrument.
    named = getattr(last, "dictionary", "learned") in WITH_CANDIDATES
    if not hasattr(last, "predict_attended") or not named:
        pairs = zip(references, estimator.predict(trials))
        return [closest_source(reference.sources, one) for reference, one in pairs]
    for _, step in steps.steps[:-1]:
        if step is not None and step != "passthrough":
            trials = step.transform(trials)
    # Candidates go to those that compare them with a reconstruction.
    compares = "candidates" in signature(last.predict_attended).parameters
    chosen = last.predict_attended(trials, *([references] if compares else []))
    return [
        index_of(one, trial) if isinstance(one, str) else one
        for trial, one in zip(trials, chosen)
    ]


def _p_value(accuracy, chance):
    n, lead = len(accuracy), accuracy.mean() - chance
    error = accuracy.std(ddof=1) / np.sqrt(n)
    # All draws may agree, but for the last digits.
    if error < 1e-12:
        p = 0.0 if lead > 1e-12 else 1.0
    else:
        p = float(student_t.sf(lead / error, n - 1))
    return max(p, 2.0**-n)
