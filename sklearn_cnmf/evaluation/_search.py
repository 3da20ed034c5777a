"""Choose delta by cross-validation over stimuli."""

import math
import tempfile
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from .._validation import check_kind, check_method, check_numbers
from ..decoding import EnvelopeDecoder
from ..metrics import separation_scorer
from ..separation import ContrastiveNMF, MisfitWarning
from ..trial import Reference, Trial, check_trials
from ._workers import deaths_explained

# How the decoder's warning begins that its penalty is at the edge of the grid.
_EDGE = "alphas: the best value"


@dataclass(frozen=True)
class DeltaSearch:
    """What a search found.

    Parameters
    ----------
    model : Pipeline
        Fitted on all training trials with the best delta, without cache.
    delta : float
        The best delta.
    scores : list of dict
        For each delta, the SI-SDR improvement in dB of the instrument that is truly
        attended, in each fold and their mean; the difference of that mean to the best,
        and the standard error of the difference over folds, NaN with one fold.
    n_fits : int
        Number of decoders fitted in folds, one per fold and delta, and in the end.
    n_at_edge : int
        How many of them chose a penalty at the edge of its grid, beyond which a better
        one may lie.
    n_unfinished : int
        How many fold scores rest on factorisations that were cut short.
    n_misfits : int
        How many fold scores rest on mixtures that the learned spectra explain badly.
    """

    model: Pipeline
    delta: float
    scores: list
    n_fits: int
    n_at_edge: int
    n_unfinished: int
    n_misfits: int


class FoldScorer:
    """Score a fold, and count what would have been warned of.

    Parameters
    ----------
    marks : Path
        Folder in which each call leaves an empty file, so that another process sees
        how far the search is.
    """

    def __init__(self, marks: Path):
        self.marks = marks
        self.score = separation_scorer("si_sdr", choice="true")

    def __call__(
        self, estimator: Pipeline, X: list[Trial], y: list[Reference]
    ) -> dict[str, float]:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            level = self.score(estimator, X, y)
        counted = {"unfinished": ConvergenceWarning, "misfit": MisfitWarning}
        found = dict.fromkeys(counted, False)
        for warning in caught:
            for name, category in counted.items():
                found[name] |= issubclass(warning.category, category)
            if not issubclass(warning.category, tuple(counted.values())):
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        tempfile.mkstemp(dir=self.marks)
        return {
            "si_sdr": level,
            "at_edge": bool(estimator[0].model_.pooled.at_edge),
            **found,
        }


def search_delta(
    decoder: EnvelopeDecoder,
    separator: ContrastiveNMF,
    trials: list[Trial],
    references: list[Reference],
    *,
    deltas: Sequence[float],
    cv: Any,
    n_jobs: int | None = None,
    progress: Callable[[int, Callable[[], int]], AbstractContextManager] | None = None,
) -> DeltaSearch:
    """Choose delta with folds of stimuli and fit the best on all trials.

    Parameters
    ----------
    decoder, separator : EnvelopeDecoder, ContrastiveNMF
        Steps of the pipeline; they are not modified.
    trials, references : list of Trial, list of Reference
        For training.
    deltas : sequence of float
        Values to choose from.
    cv : splitter
        Folds that leave out whole stimuli, such as :class:`StimulusKFold`.
    n_jobs : int, default=None
        Number of processes, as in :class:`sklearn.model_selection.GridSearchCV`.
    progress : callable, default=None
        Gets the number of fold scores and a function that tells how many are done;
        returns a context manager that is open while they are computed.

    Returns
    -------
    search : DeltaSearch

    Raises
    ------
    ValueError
        If a step is of another kind, there are no values or a negative one, a
        trial or reference is not sound, or `cv` is no splitter or tests a stimulus that
        it trains on.
    RuntimeError
        If a worker process died.
    """
    check_kind("decoder", decoder, EnvelopeDecoder)
    check_kind("separator", separator, ContrastiveNMF)
    check_numbers("deltas", deltas, least=0)
    check_method("cv", cv, "get_n_splits")
    check_trials(trials, references)
    for fold, (train, test) in enumerate(cv.split(trials, references)):
        stimuli = ({trials[i].stimulus for i in part} - {""} for part in (train, test))
        if shared := set.intersection(*stimuli):
            raise ValueError(
                f"cv: fold {fold} trains on and tests the stimulus {min(shared)!r}; "
                "leave out whole stimuli, as StimulusKFold does"
            )
    with tempfile.TemporaryDirectory() as scratch:
        marks = Path(scratch, "marks")
        marks.mkdir()
        cached = clone(separator).set_params(memory=str(Path(scratch, "spectra")))
        return _search(
            Pipeline([("decode", clone(decoder)), ("separate", cached)]),
            (trials, references),
            deltas,
            cv,
            n_jobs,
            marks,
            progress or (lambda n_scores, n_done: nullcontext()),
        )


def _search(pipeline, data, deltas, cv, n_jobs, marks, progress):
    search = GridSearchCV(
        pipeline,
        {"separate__delta": list(deltas)},
        scoring=FoldScorer(marks),
        refit="si_sdr",
        cv=cv,
        n_jobs=n_jobs,
        error_score="raise",
    )
    n_folds = cv.get_n_splits()
    n_scores = len(deltas) * n_folds
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", _EDGE, UserWarning)
        with (
            deaths_explained(),
            progress(n_scores, lambda: len(list(marks.iterdir()))),
        ):
            search.fit(*data)
    model = search.best_estimator_.set_params(separate__memory=None)
    found = search.cv_results_
    folds = [
        [float(found[f"split{fold}_test_si_sdr"][i]) for fold in range(n_folds)]
        for i in range(len(deltas))
    ]
    best = np.array(folds[search.best_index_])
    scores = [
        {
            "delta": float(delta),
            "mean_si_sdr_gain_db": float(mean),
            "difference_db": float(np.mean(levels - best)),
            "standard_error_db": _standard_error(levels - best),
            "si_sdr_gain_db_by_fold": levels,
        }
        for delta, mean, levels in zip(deltas, found["mean_test_si_sdr"], folds)
    ]
    return DeltaSearch(
        model=model,
        delta=float(search.best_params_["separate__delta"]),
        scores=scores,
        n_fits=n_scores + 1,
        n_at_edge=_total(found, "at_edge", n_folds)
        + bool(model[0].model_.pooled.at_edge),
        n_unfinished=_total(found, "unfinished", n_folds),
        n_misfits=_total(found, "misfit", n_folds),
    )


def _standard_error(values):
    if len(values) < 2:
        return math.nan
    return float(np.std(values, ddof=1) / np.sqrt(len(values)))


def _total(found, name, n_folds):
    return int(sum(found[f"split{fold}_test_{name}"].sum() for fold in range(n_folds)))
