"""Scores of an evaluation as they are drawn."""

from typing import Any

from .._words import number_of
from ..evaluation import EvaluationSummary
from ..evaluation.subjects._methods import CEILINGS
from ..evaluation.subjects._summary import choices_of, subjects_of, trials_of
from ..evaluation.subjects._summary_text import METRIC_NAMES

# Methods that are drawn as lines, and what these are called.
_LINES = {
    "mixture": "mixture",
    "known-choice": "known choice",
    "ratio-mask": "ideal mask",
}


def separation_levels(
    table: Any, summary: EvaluationSummary, metric: str
) -> dict[str, Any]:
    """Take means of methods in dB, and lines beside them.

    Parameters
    ----------
    table : DataFrame
        Of an evaluation.
    summary : EvaluationSummary
        Its summary.
    metric : str
        A metric in dB.

    Returns
    -------
    found : dict of str to object
        Parameters of :class:`EvaluationDisplay`.
    """
    found = summary.separation
    rows = found[found["metric"] == metric].set_index("method")
    lines = {"mixture": 0.0} if metric.endswith("_improvement") else {}
    lines |= {told: rows["mean"][m] for m, told in _LINES.items() if m in rows.index}
    rows = rows[~rows.index.isin(list(_LINES))]
    trials = {method: trials_of(table, method, metric) for method in rows.index}
    return {
        "subject_means": {m: _by_subject(own) for m, own in trials.items()},
        "means": {
            row.Index: (row.mean, row.low, row.high) for row in rows.itertuples()
        },
        "lines": lines,
        "label": f"{METRIC_NAMES[metric]} (dB), mean over trials, then subjects\n"
        + _counts(trials.values())
        + f"\nbars: {100 * summary.level:g} % bootstrap interval over subjects",
    }


def right_choices(
    table: Any, summary: EvaluationSummary, metric: str
) -> dict[str, Any]:
    """Take right choices in %, and what is right by chance.

    Parameters
    ----------
    table : DataFrame
        Of an evaluation.
    summary : EvaluationSummary
        Its summary.
    metric : str
        Their column.

    Returns
    -------
    found : dict of str to object
        Parameters of :class:`EvaluationDisplay`.
    """
    found = {m: own for m, own in summary.choices.items() if m not in CEILINGS}
    trials = {method: choices_of(table, method, metric) for method in found}
    first = next(iter(found.values()))
    ends = {m: own.clustered_interval for m, own in found.items()}
    return {
        "subject_means": {m: 100 * _by_subject(own) for m, own in trials.items()},
        "means": {
            m: (100 * own.accuracy, 100 * ends[m][0], 100 * ends[m][1])
            for m, own in found.items()
        },
        "lines": {"chance": 100 * first.chance},
        "label": "Right choices (% of trials)\n"
        + _counts(trials.values())
        + f"\nbars: {100 * summary.level:g} % bootstrap interval over\n"
        "subjects and stimuli",
    }


def _by_subject(rows):
    return rows["value"].groupby(subjects_of(rows)).mean().to_numpy()


def _counts(trials):
    """Tell how many subjects and trials there are; methods may differ."""
    n_subjects = [len(set(subjects_of(rows))) for rows in trials]
    n_trials = [len(rows) for rows in trials]
    return (
        f"n = {_number_of(n_subjects, 'subject')}, {_number_of(n_trials, 'trial')}; "
        "dots: subjects"
    )


def _number_of(numbers, what):
    least, most = min(numbers), max(numbers)
    return f"{least} to {most} {what}s" if least < most else number_of(most, what)
