"""Choose delta by cross-validation over stimuli."""

import tempfile
import warnings
from dataclasses import dataclass

from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from ..metrics import separation_scorer

# How the decoder's warning begins that its penalty is at the edge of the grid.
_EDGE = "alphas: the best value"


@dataclass(frozen=True)
class Search:
    """What a search found.

    Parameters
    ----------
    model : Pipeline
        Fitted on all training trials with the best delta, without cache.
    delta : float
        The best delta.
    scores : list of dict
        For each delta, the SI-SDR improvement in dB in each fold and their mean.
    n_fits : int
        Number of decoders fitted in folds, one per fold and delta, and in the end.
    n_at_edge : int
        How many of them chose a penalty at the edge of its grid.
    n_unfinished : int
        How many fold scores rest on factorisations that were cut short.
    """

    model: Pipeline
    delta: float
    scores: list
    n_fits: int
    n_at_edge: int
    n_unfinished: int


class FoldScorer:
    """Score a fold, and count what would have been warned of.

    Parameters
    ----------
    marks : Path
        Folder in which each call leaves an empty file, so that another process sees
        how far the search is.
    """

    def __init__(self, marks):
        self.marks = marks
        self.score = separation_scorer("si_sdr")

    def __call__(self, estimator, X, y):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            level = self.score(estimator, X, y)
        unfinished = False
        for warning in caught:
            if issubclass(warning.category, ConvergenceWarning):
                unfinished = True
            else:
                warnings.warn_explicit(
                    warning.message, warning.category, warning.filename, warning.lineno
                )
        tempfile.mkstemp(dir=self.marks)
        return {
            "si_sdr": level,
            "at_edge": at_edge(estimator[0]),
            "unfinished": unfinished,
        }


def search_delta(
    decoder,
    separator,
    trials,
    references,
    *,
    deltas,
    cv,
    n_jobs,
    scratch,
    progress,
):
    """Choose delta with folds of stimuli and fit the best on all trials.

    Parameters
    ----------
    decoder, separator : estimator
        Steps of the pipeline.
    trials, references : list of Trial, list of Reference
        For training.
    deltas : sequence of float
        Values to choose from.
    cv : GroupKFold
        Folds; the groups are stimuli.
    n_jobs : int
        Number of processes.
    scratch : Path
        An empty folder for learned spectra and marks of progress.
    progress : Progress
        Where to show how far the search is.

    Returns
    -------
    search : Search
    """
    marks, cache = scratch / "marks", scratch / "spectra"
    marks.mkdir()
    separator.set_params(memory=str(cache))
    search = GridSearchCV(
        Pipeline([("decode", decoder), ("separate", separator)]),
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
        with progress.bar(n_scores, lambda: len(list(marks.iterdir()))):
            search.fit(trials, references, groups=[t.stimulus for t in trials])
    model = search.best_estimator_.set_params(separate__memory=None)
    found = search.cv_results_
    folds = [
        [float(found[f"split{fold}_test_si_sdr"][i]) for fold in range(n_folds)]
        for i in range(len(deltas))
    ]
    scores = [
        {
            "delta": float(delta),
            "mean_si_sdr_gain_db": float(mean),
            "si_sdr_gain_db_by_fold": levels,
        }
        for delta, mean, levels in zip(deltas, found["mean_test_si_sdr"], folds)
    ]
    return Search(
        model=model,
        delta=float(search.best_params_["separate__delta"]),
        scores=scores,
        n_fits=n_scores + 1,
        n_at_edge=_total(found, "at_edge", n_folds) + at_edge(model[0]),
        n_unfinished=_total(found, "unfinished", n_folds),
    )


def at_edge(decoder):
    """Whether a fitted decoder chose the smallest or largest penalty of its grid."""
    return bool(decoder.alpha_ in (min(decoder.alphas), max(decoder.alphas)))


def _total(found, name, n_folds):
    return int(sum(found[f"split{fold}_test_{name}"].sum() for fold in range(n_folds)))
