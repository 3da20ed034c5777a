"""Scores of a search along one of its parameters."""

from collections.abc import Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np


class SearchCurve(NamedTuple):
    """Scores of the best candidate for each value of a parameter.

    Parameters
    ----------
    param : str
        Name of the parameter.
    values : list
        Its values: numbers in rising order, anything else in the order of the search.
    scores : ndarray of shape (n_values, n_splits)
        Scores of the candidate.
    chosen : int
        Which value was chosen.
    """

    param: str
    values: list[Any]
    scores: np.ndarray
    chosen: int


def search_curve(search: Any, param: str | None, score: str | None) -> SearchCurve:
    """Take the best candidate for each value of a parameter.

    Parameters
    ----------
    search : GridSearchCV or RandomizedSearchCV
        Fitted.
    param : str or None
        Name of the parameter; None if a single one varies.
    score : str or None
        Name of the scorer; None for the one that was chosen by.

    Returns
    -------
    curve : SearchCurve
        At the chosen value, of the chosen candidate.

    Raises
    ------
    ValueError
        If the search is none that is fitted and chose, there is no such parameter or
        score, or several parameters vary and none is named.
    """
    results = getattr(search, "cv_results_", None)
    if results is None or not hasattr(search, "best_index_") or "iter" in results:
        raise ValueError(
            "search: expected a fitted GridSearchCV or RandomizedSearchCV with "
            f"best_index_, got {type(search).__name__}"
        )
    candidates, best = results["params"], int(search.best_index_)
    param = _param_to_show(candidates, param)
    scores = _scores(results, search, score)
    means = scores.mean(axis=1)
    if param not in candidates[best]:
        raise ValueError(f"param: the chosen candidate has no {param!r}")
    groups: dict[Any, list[int]] = {}
    for index, candidate in enumerate(candidates):
        if param in candidate:
            groups.setdefault(_key(candidate[param]), []).append(index)
    # A mean of NaN, of a candidate that failed, is below all others.
    order = np.where(np.isnan(means), -np.inf, means)
    shown = [
        best if best in group else group[int(np.argmax(order[group]))]
        for group in groups.values()
    ]
    values = [candidates[index][param] for index in shown]
    if are_numbers(values):
        shown = [shown[place] for place in np.argsort(values, kind="stable")]
    values = [candidates[index][param] for index in shown]
    return SearchCurve(param, values, scores[shown], shown.index(best))


def paired(scores: np.ndarray, chosen: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean scores, and standard errors of their differences to the chosen one.

    Parameters
    ----------
    scores : ndarray of shape (n_values, n_splits)
        Score in each split.
    chosen : int
        Index of the chosen value.

    Returns
    -------
    mean, standard_error : ndarray of shape (n_values,)
        Over splits; errors are NaN with one split.
    """
    n_splits = scores.shape[1]
    errors = np.full(len(scores), np.nan)
    if n_splits > 1:
        differences = scores - scores[chosen]
        errors = differences.std(axis=1, ddof=1) / np.sqrt(n_splits)
    return scores.mean(axis=1), errors


def set_scale(ax: Any, values: np.ndarray) -> None:
    """Choose a logarithmic scale where positive values span a factor of ten."""
    positive = values[values > 0]
    if values.min() < 0 or not len(positive) or values.max() < 10 * positive.min():
        return
    if values.min() > 0:
        ax.set_xscale("log")
        return
    smallest = positive.min()
    ax.set_xscale("symlog", linthresh=smallest, linscale=0.5)
    ax.set_xlim(-0.2 * smallest, 1.3 * values.max())


def are_numbers(values: Sequence[Any]) -> bool:
    """Tell whether all values are numbers."""
    return all(
        isinstance(value, Real) and not isinstance(value, (bool, np.bool_))
        for value in values
    )


def label_of(value: Any) -> str:
    """Write a value of a parameter, numbers to six digits."""
    return f"{float(value):g}" if are_numbers([value]) else str(value)


def _key(value):
    """Return what tells values apart; equal numbers of different types are alike."""
    return float(value) if are_numbers([value]) else str(value)


def _param_to_show(candidates, param):
    known = list(dict.fromkeys(name for own in candidates for name in own))
    if param is None:
        varied = [
            name
            for name in known
            if len({_key(own.get(name, "")) for own in candidates}) > 1
        ]
        (param,) = varied if len(varied) == 1 else known if len(known) == 1 else [None]
        if param is None:
            raise ValueError(
                f"param: expected one of {varied or known}, which one is shown, got "
                "None"
            )
    elif param not in known:
        raise ValueError(f"param: expected one of {known}, got {param!r}")
    return param


def _scores(results, search, score):
    """Scores of each candidate in each split."""
    known = [
        name.removeprefix("mean_test_")
        for name in results
        if name.startswith("mean_test_")
    ]
    if score is None:
        refit = getattr(search, "refit", None)
        score = known[0] if len(known) == 1 else refit
    if not isinstance(score, str) or score not in known:
        raise ValueError(f"score: expected one of {known}, got {score!r}")
    splits = [results[f"split{k}_test_{score}"] for k in range(search.n_splits_)]
    return np.stack(splits, axis=1)
