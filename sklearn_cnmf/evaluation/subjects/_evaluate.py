"""Evaluate an estimator over subjects, beside baselines and controls."""

import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sklearn
from joblib.parallel import get_active_backend

from ..._validation import check_choice, check_flag, check_whole
from ...metrics._trial_scores import GAINED, METRICS
from ...trial import Reference, Trial, check_list
from .._keys import describe, digest, environment
from .._prepared import prepared_estimator, prepared_splitter
from .._store import UnitStore
from ._dispatch import work_all
from ._examined import contents_of, examine
from ._methods import BASELINES, CONTROLS, ESTIMATOR, methods_to_compare
from ._result import EvaluationResult, collect, columns_of_conditions, troubles
from ._separators import check_separator
from ._tasks import make_tasks
from ._units import SCHEMES, check_inner_folds, make_units
from ._work import Task

# Of scikit-learn's configuration, what results don't depend on.
_WITHOUT_EFFECT = ("display", "print_changed_only", "working_memory")
_IMPROVEMENTS = tuple(f"{name}_improvement" for name in GAINED)


def evaluate(
    estimator: Any,
    trials: list[Trial],
    references: list[Reference],
    *,
    scheme: str = "within-subject",
    cv: Any = None,
    metrics: Sequence[str] = (*_IMPROVEMENTS, "sar"),
    baselines: Sequence[str] | None = None,
    controls: Sequence[str] | None = None,
    candidates: Callable | Mapping | str | Path | None = None,
    conditions: Any = None,
    n_jobs: int | None = None,
    store: str | Path | None = None,
    random_state: int = 0,
    progress: bool | None = None,
) -> EvaluationResult:
    """Evaluate an estimator over subjects, beside its baselines and controls.

    The estimator is fitted once for each unit, a fold of stimuli of a subject, and
    tested on what was left out, whatever tuning it does inside. No stimulus, mixture
    or source is ever on both sides.

    Parameters
    ----------
    estimator : estimator
        Anything whose `fit` takes trials and references and whose `predict` returns
        an attended waveform for each trial: a pipeline, or a search over one, which
        then tunes on the trials of a unit's training alone. Where the last step is a
        :class:`~sklearn_cnmf.ContrastiveNMF` all baselines and controls apply. It is
        cloned, and each `random_state` in it that is None is set to `random_state`.
    trials, references : list of Trial, list of Reference
        All trials of all subjects. Those that stay on disk are read by the workers.
    scheme : str, default="within-subject"
        Who is trained on.

        - "within-subject": a model for each subject, of that subject's trials of other
          stimuli.
        - "pooled": one model for all subjects, of all trials of other stimuli, the
          tested subjects' own among them.
        - "across-subjects": the tested subject is left out. Where others heard the
          same stimuli this is refused, since they would be trained on.
        - "across-subjects-and-stimuli": neither the tested subject nor the tested
          stimuli are trained on; folds of stimuli for each subject.

    cv : int or splitter, default=None
        Folds of stimuli: a number of folds, or an object whose `split` takes trials.
        None is five, or as many as there are stimuli. Of each subject for
        "within-subject", of all trials otherwise; None for "across-subjects".
    metrics : sequence of str, default=("si_sdr_improvement", "sdr_improvement", \
            "sir_improvement", "sar")
        What to score estimates with, as :func:`~sklearn_cnmf.metrics.score_trial`
        names it, in dB.
    baselines, controls : sequence of str, default=None
        Names of methods to compare with, see Notes; None is all that apply.
    candidates : callable, mapping, str or path-like, default=None
        Another separator, from whose sources the EEG chooses in "sequential": a
        function (mixture, sfreq) -> dict of names to waveforms shaped like the mixture,
        defined at the top of a module; a dict of stimuli to such dicts; or a folder
        that holds a folder of audio files for each stimulus. None groups components of
        the mixture by how they sound.
    conditions : DataFrame or dict of str to sequence, default=None
        What is known of each trial, such as its genre; columns of the table, for which
        the summary tells results apart.
    n_jobs : int, default=None
        How many units to work on at a time, as in :class:`joblib.Parallel`, whose
        backend :func:`joblib.parallel_config` sets. It is the only level of
        parallelism; results do not depend on it.
    store : str or path-like, default=None
        Folder in which finished units are kept. The same call goes on where an earlier
        one stopped, and several processes may share the work.
    random_state : int, default=0
        Of folds and of all that is drawn.
    progress : bool, default=None
        Whether to show a bar with the time left; None does on a terminal.

    Returns
    -------
    result : EvaluationResult
        The table of all scores, with a row for each method, subject, fold, trial and
        metric; what failed; and a summary.

    Raises
    ------
    ValueError
        If an argument is not as described; if training and test of a unit would share
        a stimulus, a mixture or a source, or a trial is tested never or twice; if
        every trial fails, with the first reason.
    RuntimeError
        If a worker process died.

    Warns
    -----
    UserWarning
        If trials or methods failed, which are in `errors` of the result; if stored
        units were damaged, which are computed again.

    Notes
    -----
    Baselines:

    - "mixture": the mixture as it is.
    - "random-choice": one of the estimator's candidates, drawn without EEG.
    - "hard", "soft": the estimator's likeliest candidate alone, or all of them weighed
      by their probabilities: what the estimator itself does not do.
    - "known-choice": the candidate that is truly attended; what an estimator would
      reach whose choices are always right.
    - "sequential", "sequential-hard": `candidates`, weighed by how likely each is the
      attended one, or the likeliest alone. The guide is the estimator's.
    - "blind-random", "blind-oracle", "blind-guided": components of the mixture alone,
      put into as many groups as there are sources at random; by which source each is
      most of, which needs the truth; or by sound and guide.
    - "published": the published rule and its default weight, components that follow
      the estimator's guide from a random start.
    - "ratio-mask": the mask of the true sources' magnitudes, in the same spectra.

    Controls, all with the fitted estimator:

    - "true-guide": the guide is the feature of the attended source itself. What could
      be reached with perfect decoding.
    - "unattended-guide": that of the loudest other source.
    - "other-trial-eeg": the EEG is that of another stimulus, of the same subject where
      there is one; it is cut or repeated to fit.
    - "phase-randomised-eeg": the phase of each frequency of the EEG is drawn anew, the
      same for all channels, so that spectra and covariances stay.

    Besides `metrics`, the table has "closest" (1 if the estimate is closest in SI-SDR
    to the attended source, else 0), and where a method chooses among candidates
    "correct" (1 if it chose the attended one), "p_chosen" and "p_attended"; "guide_r"
    is Pearson's r of the guide's first row and the same feature of the attended source.
    Where candidates of "sequential" are not named like the instruments, "correct" says
    whether the chosen one is closest to the attended source.

    A unit is stored under a digest of the estimator's parameters, all other settings,
    the content of the trials trained and tested on, the source code of this package and
    the versions of those that compute for it. A trial or method that fails is noted and
    does not stop the others. Where files can't be read or memory runs out, the unit is
    noted as failed but not stored, so that another call tries again.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
    >>> from sklearn_cnmf.datasets import load_example_stems, simulate_trials
    >>> from sklearn_cnmf.evaluation import evaluate
    >>> pieces = load_example_stems(ensemble="duo")[:4]
    >>> trials, references = simulate_trials(
    ...     pieces, n_subjects=1, n_repetitions=1, snr_db=0.0, random_state=0)
    >>> model = make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(20))
    >>> result = evaluate(model, trials, references, cv=2, controls=(),
    ...                   baselines=("mixture",), metrics=("si_sdr_improvement",))
    >>> result
    EvaluationResult(2 methods, 1 subjects, 8 trials)
    >>> summary = result.summary()
    >>> summary.choices["estimator"].n_trials
    8
    """
    names = _checked_metrics(metrics)
    check_choice("scheme", scheme, SCHEMES)
    check_whole("random_state", random_state, least=0)
    estimator = prepared_estimator(estimator, random_state)
    cv = prepared_splitter(cv, random_state)
    _check_backend()
    _check_records(trials, references)
    check_separator(candidates)
    if progress is not None:
        check_flag("progress", progress)
    conditions = columns_of_conditions(conditions, len(trials))
    methods = (
        ESTIMATOR,
        *methods_to_compare("baselines", baselines, BASELINES, estimator),
        *methods_to_compare("controls", controls, CONTROLS, estimator),
    )
    if not all(trial.subject for trial in trials):
        n_unnamed = sum(not trial.subject for trial in trials)
        warnings.warn(
            f"trials: {n_unnamed} of {len(trials)} name no subject and are taken as "
            "one subject's",
            UserWarning,
            stacklevel=2,
        )
    kept = None if store is None else UnitStore(store)
    description = describe(estimator, "estimator")
    examined = examine(trials, references, n_jobs)
    if not any(found.mixture for found in examined):
        raise ValueError(f"trials: none is sound; {examined[0].error}")
    contents = contents_of(examined)
    units, skipped = make_units(trials, contents, scheme, cv, random_state)
    check_inner_folds(estimator, units, trials, contents)
    settings = {
        "estimator": description,
        "methods": list(methods),
        "metrics": list(names),
        "configuration": {
            name: value
            for name, value in sklearn.get_config().items()
            if name not in _WITHOUT_EFFECT
        },
        "environment": environment(),
    }
    tasks = make_tasks(
        units,
        (examined, contents),
        Task(
            estimator,
            trials,
            references,
            [],
            methods,
            names,
            candidates,
            sklearn.get_config(),
        ),
        random_state,
        settings,
    )
    done = work_all(tasks, kept, n_jobs, progress)
    settings |= {
        "scheme": scheme,
        "cv": repr(cv),
        "random_state": random_state,
        "candidates": _told(candidates),
        "trials": digest([found.digest for found in examined]),
    }
    result = collect(
        trials, references, (examined, skipped), units, done, conditions, settings
    )
    for message in troubles(result):
        warnings.warn(message, UserWarning, stacklevel=2)
    return result


def _checked_metrics(metrics):
    known = [*METRICS, *_IMPROVEMENTS]
    if isinstance(metrics, str) or not isinstance(metrics, (list, tuple)):
        raise ValueError(f"metrics: expected a list or tuple of names, got {metrics!r}")
    if len(metrics) == 0:
        raise ValueError("metrics: expected at least one name, got none")
    for name in metrics:
        check_choice("metrics", name, known)
    return tuple(dict.fromkeys(metrics))


def _check_records(trials, references):
    """Refuse what is no list of trials, each with its reference."""
    check_list("trials", trials, Trial)
    check_list("references", references, Reference)
    if len(trials) != len(references):
        raise ValueError(
            f"references: {len(references)} for {len(trials)} trials; one each is "
            "expected"
        )


def _check_backend():
    """Refuse threads, which share what warnings and libraries are told."""
    backend, _ = get_active_backend()
    if getattr(backend, "uses_threads", False):
        raise ValueError(
            f"joblib: {type(backend).__name__} runs units in threads, which share "
            "warnings and limits; use processes (loky) or dask"
        )


def _told(candidates):
    """Tell in a few words where candidates come from."""
    if candidates is None or isinstance(candidates, (str, Path)):
        return candidates and str(candidates)
    if isinstance(candidates, Mapping):
        return f"waveforms of {len(candidates)} stimuli"
    return getattr(candidates, "__qualname__", type(candidates).__qualname__)
