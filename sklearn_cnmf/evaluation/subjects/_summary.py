"""What the table of an evaluation says, with intervals and tests."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._validation import is_missing
from ...metrics import CalibrationTable, calibration_table
from .._statistics import (
    SelectionAccuracy,
    TwinTest,
    cluster_bootstrap,
    holm,
    paired_difference,
    selection_accuracy,
    twin_test,
)
from ._methods import CEILINGS, CONTROLS, ESTIMATOR

# Largest number of different values of a condition that are told apart.
MOST_VALUES = 12
# How missing values of a condition are called.
MISSING = "not given"


@dataclass(frozen=True, eq=False)
class EvaluationSummary:
    """Outcome of :meth:`EvaluationResult.summary`; prints as text.

    Parameters
    ----------
    separation : DataFrame
        A row for each method and metric in dB: `mean` over trials of each subject, then
        over subjects; `low` and `high`, the bootstrap interval of that mean over
        subjects, NaN with one subject; `median` and `p10` (10 %) over trials;
        `n_trials`, `n_subjects`.
    choices : dict of str to SelectionAccuracy
        Of each method that chooses among candidates.
    differences : DataFrame
        The estimator minus each other method, in the first metric: `mean` and `median`
        over subjects, `low`, `high`, `p_value` (Wilcoxon over subjects, two-sided),
        `p_holm` (adjusted for the number of baselines that know nothing of the truth;
        NaN of the others and of controls), `n_trials`, `n_subjects`.
    twins : TwinTest or None
        Of the estimator's choices; None without twins.
    calibration : CalibrationTable or None
        Of the estimator's probabilities; None where it gives none.
    conditions : DataFrame
        The estimator by `condition` and `value`: the same as in `separation` for the
        first metric, and `accuracy` with its exact interval, NaN without choices.
    level : float
        Confidence level of all intervals.
    text : str
        What is printed.
    """

    separation: Any
    choices: dict[str, SelectionAccuracy]
    differences: Any
    twins: TwinTest | None
    calibration: CalibrationTable | None
    conditions: Any
    level: float
    text: str

    def __str__(self):
        return self.text

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers as what JSON can express; NaN become None."""
        choices = {name: dict(vars(c)) for name, c in self.choices.items()}
        found = {
            "level": self.level,
            "separation": self.separation.to_dict("records"),
            "choices": choices,
            "differences": self.differences.to_dict("records"),
            "twins": None if self.twins is None else dict(vars(self.twins)),
            "calibration": None,
            "conditions": self.conditions.to_dict("records"),
        }
        if self.calibration is not None:
            table = self.calibration
            found["calibration"] = {
                **{name: np.asarray(v).tolist() for name, v in vars(table).items()},
                "expected_calibration_error": table.expected_calibration_error,
                "calibration_error_by_chance": table.calibration_error_by_chance,
            }
        return _plain(found)


def summarise(
    result: Any, *, level: float, n_bootstrap: int, random_state: int
) -> EvaluationSummary:
    """Sum up an evaluation; see :meth:`EvaluationResult.summary`."""
    options = {"level": level, "n_bootstrap": n_bootstrap, "random_state": random_state}
    table = result.table
    metrics, methods = metrics_of(result), _methods_of(result)
    separation = _separation(table, methods, metrics, options)
    choices = _choices(table, methods, options)
    differences = _differences(table, methods, metrics[0], options)
    conditions = _conditions(table, metrics[0], options)
    twins, calibration = _twins(table), _calibration(table)
    found = EvaluationSummary(
        separation, choices, differences, twins, calibration, conditions, level, ""
    )
    from ._summary_text import text_of

    return EvaluationSummary(**{**vars(found), "text": text_of(result, found)})


def metrics_of(result: Any) -> list[str]:
    """Metrics in dB of a result, in the order that was asked for."""
    table = result.table
    found = dict.fromkeys(table.loc[table["unit"] == "dB", "metric"])
    return _ordered(found, result.settings.get("metrics", ()))


def _methods_of(result):
    found = dict.fromkeys(result.table["method"])
    return _ordered(found, result.settings.get("methods", ()))


def _ordered(found, order):
    return [n for n in order if n in found] + [n for n in found if n not in order]


def trials_of(table: Any, method: str, metric: str) -> Any:
    """Rows of one method and metric, by trial."""
    rows = table[(table["method"] == method) & (table["metric"] == metric)]
    return rows.sort_values("trial").set_index("trial")


def choices_of(table: Any, method: str, metric: str = "correct") -> Any:
    """Rows of trials in which a method had a choice, with its chance of being right.

    Where the table does not tell it, it is one over the number of instruments.
    """
    rows = trials_of(table, method, metric)
    told = trials_of(table, method, "chance")["value"].reindex(rows.index)
    rows = rows.assign(chance=told.fillna(1 / rows["n_instruments"]))
    return rows[(rows["chance"] > 0) & (rows["chance"] < 1)]


def _mean_over_subjects(rows, options):
    """Mean over trials of each subject, then over subjects, and its interval."""
    means = rows.groupby("subject", sort=False)["value"].mean()
    low, high = cluster_bootstrap(means.to_numpy(), **options)
    if len(means) == 1:
        low = high = np.nan
    return {
        "mean": float(means.mean()),
        "low": low,
        "high": high,
        "median": float(rows["value"].median()),
        "p10": float(rows["value"].quantile(0.1)),
        "n_trials": len(rows),
        "n_subjects": len(means),
    }


def _separation(table, methods, metrics, options):
    import pandas as pd

    found = []
    for method in methods:
        for metric in metrics:
            rows = trials_of(table, method, metric)
            if len(rows):
                summed = _mean_over_subjects(rows, options)
                found.append({"method": method, "metric": metric, **summed})
    return pd.DataFrame(found)


def _choices(table, methods, options):
    found = {}
    for method in methods:
        rows = choices_of(table, method)
        if len(rows):
            found[method] = accuracy_of(rows, **options)
    return found


def accuracy_of(rows: Any, **options: Any) -> SelectionAccuracy:
    """Share of right choices in rows of :func:`choices_of`, against chance."""
    return selection_accuracy(
        rows["value"].to_numpy() == 1,
        rows["chance"].to_numpy(),
        subjects=subjects_of(rows),
        stimuli=stimuli_of(rows),
        **options,
    )


def subjects_of(rows: Any) -> list[str]:
    """Name the subject of each row; those without a name are one."""
    return [subject or "(unnamed)" for subject in rows["subject"]]


def stimuli_of(rows: Any) -> list[Any]:
    """Name the stimulus of each row; one without a name is on its own."""
    return [s or f"trial {i}" for i, s in zip(rows.index, rows["stimulus"])]


def _differences(table, methods, metric, options):
    import pandas as pd

    own = trials_of(table, ESTIMATOR, metric)
    found = []
    for method in methods:
        other = trials_of(table, method, metric)
        shared = own.index.intersection(other.index)
        if method == ESTIMATOR or len(shared) == 0:
            continue
        difference = paired_difference(
            own.loc[shared, "value"].to_numpy(),
            other.loc[shared, "value"].to_numpy(),
            subjects_of(own.loc[shared]),
            **options,
        )
        low, high = difference.interval
        found.append(
            {
                "method": method,
                "metric": metric,
                "mean": difference.mean,
                "low": low,
                "high": high,
                "median": difference.median,
                "p_value": difference.p_value,
                "n_trials": difference.n_trials,
                "n_subjects": difference.n_subjects,
            }
        )
    columns = ["method", "metric", "mean", "low", "high", "median", "p_value"]
    found = pd.DataFrame(found, columns=[*columns, "n_trials", "n_subjects"])
    ceilings = found["method"].isin([*CEILINGS, *CONTROLS])
    p_values = found["p_value"].mask(ceilings).to_numpy(dtype=float)
    found.insert(len(columns), "p_holm", holm(p_values) if len(found) else [])
    return found


def _twins(table):
    """Pairs of trials of one subject and mixture that differ in attention alone."""
    rows = choices_of(table, ESTIMATOR)
    groups = {}
    for place, row in enumerate(rows.itertuples()):
        if row.stimulus:
            key = row.subject, row.stimulus, row.instruments
            groups.setdefault(key, {}).setdefault(row.attended, []).append(place)
    pairs = []
    for of_attended in groups.values():
        if len(of_attended) == 2:
            pairs += list(zip(*of_attended.values()))
    if not pairs:
        return None
    return twin_test(rows["value"].to_numpy() == 1, pairs)


def _calibration(table):
    """Compare probabilities with choices, where the estimator gives both."""
    rows = choices_of(table, ESTIMATOR, "p_attended")
    if not len(rows):
        return None
    probabilities = [
        np.array([float(one) for one in p.split()]) for p in rows["probabilities"]
    ]
    return calibration_table(probabilities, rows["attended_index"].tolist())


def _conditions(table, metric, options):
    """Sum up the estimator where trials differ in what is known of them."""
    import pandas as pd

    rows = trials_of(table, ESTIMATOR, metric)
    right = choices_of(table, ESTIMATOR)
    found = []
    for name, groups in condition_groups(rows)[0].items():
        for value, index in groups.items():
            entry = {"condition": name, "value": value}
            entry |= _mean_over_subjects(rows.loc[index], options)
            choices = right.loc[right.index.intersection(index)]
            entry |= {
                "accuracy": np.nan,
                "accuracy_low": np.nan,
                "accuracy_high": np.nan,
            }
            if len(choices):
                accuracy = accuracy_of(choices, **options)
                entry["accuracy"] = accuracy.accuracy
                entry["accuracy_low"], entry["accuracy_high"] = accuracy.interval
            found.append(entry)
    figures = ["mean", "low", "high", "median", "p10", "n_trials", "n_subjects"]
    exact = ["accuracy", "accuracy_low", "accuracy_high"]
    return pd.DataFrame(found, columns=["condition", "value", *figures, *exact])


def condition_groups(rows: Any) -> tuple[dict[str, dict[str, Any]], list[str]]:
    """Divide trials by what is known of them.

    Parameters
    ----------
    rows : DataFrame
        One row for each trial, indexed by it.

    Returns
    -------
    groups : dict of str to dict of str to Index
        Of each condition that takes several values the trials of each: the `alike` of
        the table, "above the median" or "up to the median"; the number of instruments;
        and the conditions that were given, by value, missing ones last.
    left_out : list of str
        Conditions of more than twelve values.
    """
    groups, left_out = {}, []
    alike = rows["alike"].dropna()
    above = alike > alike.median()
    if above.any():
        groups["r of envelopes, attended and most similar other source"] = {
            "up to the median": alike.index[~above],
            "above the median": alike.index[above],
        }
    given = list(rows.columns)[list(rows.columns).index("value") + 1 :]
    known = {"number of instruments": rows["n_instruments"]}
    known |= {name: rows[name] for name in given}
    for name, values in known.items():
        labels = np.array([label_of(value) for value in values])
        distinct = _in_order(dict(zip(labels.tolist(), values)))
        if len(distinct) > MOST_VALUES:
            left_out.append(name)
        elif len(distinct) > 1:
            groups[name] = {label: rows.index[labels == label] for label in distinct}
    return groups, left_out


def label_of(value: Any) -> str:
    """Write a value; whole numbers are alike, however a table holds them."""
    if is_missing(value):
        return MISSING
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def _in_order(values):
    """Labels in the order of what they stand for, missing ones last."""
    known = [label for label in values if label != MISSING]
    try:
        known = sorted(known, key=values.get)
    except TypeError:
        known = sorted(known)
    return known + [MISSING] * (MISSING in values)


def _plain(value):
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
