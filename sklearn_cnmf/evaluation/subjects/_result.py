"""The table of an evaluation, what failed, and what it cost."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...trial import Reference, Trial
from ._claims import Claim, check_claims
from ._examined import Examined
from ._methods import ESTIMATOR
from ._plan import EvaluationPlan, plan_of
from ._summary import EvaluationSummary, summarise
from ._units import Unit
from ._work import WHOLE_TRIAL

_OWN_COLUMNS = (
    "method",
    "subject",
    "fold",
    "trial",
    "stimulus",
    "instruments",
    "n_instruments",
    "attended",
    "attended_index",
    "alike",
    "chosen",
    "probabilities",
    "parameters",
    "metric",
    "unit",
    "value",
)
_UNITS = {
    "correct": "",
    "chance": "",
    "closest": "",
    "p_chosen": "",
    "p_attended": "",
    "guide_r": "",
}


class Done(NamedTuple):
    """A unit that was worked on."""

    content: dict[str, Any]
    how: str
    key: str
    n_bytes: int


@dataclass(frozen=True, eq=False)
class EvaluationResult:
    """Outcome of :func:`evaluate`.

    Parameters
    ----------
    table : DataFrame
        A row for each method, subject, fold, trial and metric. `trial` is the index in
        the list that was given; `attended` and `chosen` are instruments, or where they
        have no names the index of the attended source; `attended_index` is that index
        in any case; `alike` is Pearson's r of the
        envelopes (1 to 8 Hz) of the attended source and of the most similar other one;
        `probabilities` are those of the candidates in the order of `instruments`, or
        of their names where another separator made them, in one str;
        `parameters` are those that a search chose, as JSON; `unit` is "dB" or empty.
        Conditions follow.
    errors : DataFrame
        `subject`, `fold`, `trial`, `method` and `error` of all that failed; `method`
        is empty where nothing is left of the trial.
    units : DataFrame
        `subject`, `fold`, `n_train`, `n_test`, `how` ("computed", "reused" from the
        store, "repaired" where the stored unit was damaged, or "failed"), `seconds`
        and of these `fit_seconds`, `peak_mib` of the worker's memory, `train_mib` of
        the arrays trained on, `bytes_in` and `bytes_out` of what a worker was sent and
        sent back, `parameters`, and the `key` in the store.
    warnings : DataFrame
        `kind`, `message`, and `count` of what was warned of in the units.
    settings : dict
        All that decided the result, and the versions; can be written as JSON.
    splits : tuple of (tuple of int, tuple of int)
        For each row of `units`, the indices of the trials that were trained on and
        those that were tested.
    """

    table: Any
    errors: Any
    units: Any
    warnings: Any
    settings: dict[str, Any]
    splits: tuple[tuple[tuple[int, ...], tuple[int, ...]], ...]

    def __repr__(self):
        table = self.table
        n_failed = self.errors["trial"].nunique()
        return (
            f"EvaluationResult({table['method'].nunique()} methods, "
            f"{table['subject'].nunique()} subjects, {table['trial'].nunique()} trials"
            + (f", {n_failed} trials with errors" if n_failed else "")
            + ")"
        )

    def summary(
        self,
        *,
        level: float = 0.95,
        n_bootstrap: int = 10000,
        random_state: int = 0,
    ) -> EvaluationSummary:
        """Sum up the table, with intervals and tests.

        Parameters
        ----------
        level : float, default=0.95
            Confidence level of all intervals.
        n_bootstrap : int, default=10000
            Number of bootstrap draws.
        random_state : int, default=0
            Draws them.

        Returns
        -------
        summary : EvaluationSummary
            Prints as text in which each figure comes with metric, unit, aggregation and
            number of trials; `to_dict` gives the figures.
        """
        return summarise(
            self, level=level, n_bootstrap=n_bootstrap, random_state=random_state
        )

    def claims(self, *, random_state: int = 0) -> list[Claim]:
        """Put what the publication claims to the test on these trials.

        Parameters
        ----------
        random_state : int, default=0
            Draws the bootstrap samples.

        Returns
        -------
        claims : list of Claim
            Each prints its verdict and the figures: that the model improves on
            separating first and choosing by EEG; that EEG improves the separation
            itself, with the same spectra; that the model improves more where sources
            are hard to tell apart; that the attended source is separated automatically;
            and that attention is decoded without reference sources.

        Notes
        -----
        A claim is supported if the 95 % bootstrap interval over subjects and stimuli
        (:func:`cluster_bootstrap`) of each of its figures is above zero, or above
        chance; contradicted if each is below; and undecided otherwise. The share of
        right choices has to be above chance by its exact interval as well. Separation
        without EEG is "sequential" and "blind-guided". Difficult are trials with a
        condition "same_rhythm" of True, or "rhythm" of "same"; without such a
        condition, those whose envelopes are more alike than the median. Trials of which
        it is not known are left out.
        """
        return check_claims(self, random_state=random_state)

    def plan(self, n_subjects: int = 1000, *, n_workers: int = 100) -> EvaluationPlan:
        """Tell what the same evaluation of more subjects would take.

        Parameters
        ----------
        n_subjects : int, default=1000
            Number of subjects, each with as many trials as those of this result.
        n_workers : int, default=100
            Number of worker processes, each with a core of its own like those of this
            run.

        Returns
        -------
        plan : EvaluationPlan
            Prints as text.

        Raises
        ------
        ValueError
            If no unit was computed in this run, so that nothing was measured.
        """
        return plan_of(self, n_subjects, n_workers)


def columns_of_conditions(conditions: Any, n_trials: int) -> dict[str, list]:
    """Check what is known of each trial.

    Parameters
    ----------
    conditions : DataFrame, dict or None
        As in :func:`evaluate`.
    n_trials : int
        Number of trials.

    Returns
    -------
    columns : dict of str to list
        Values of each trial.
    """
    if conditions is None:
        return {}
    if not isinstance(conditions, Mapping) and not hasattr(conditions, "columns"):
        raise ValueError(
            "conditions: expected a DataFrame or a dict of columns, got "
            f"{type(conditions).__name__}"
        )
    columns = {}
    for name, values in conditions.items():
        if not isinstance(name, str) or name in _OWN_COLUMNS:
            raise ValueError(
                f"conditions: {name!r} can't be the name of a column; expected a str "
                "that the table does not use itself"
            )
        if name in columns or isinstance(values, str):
            raise ValueError(
                f"conditions[{name!r}]: expected one column of values, got "
                + ("two" if name in columns else f"{values!r}")
            )
        values = [v.item() if isinstance(v, np.generic) else v for v in values]
        if len(values) != n_trials:
            raise ValueError(
                f"conditions[{name!r}]: {len(values)} values for {n_trials} trials"
            )
        columns[name] = values
    return columns


def collect(
    trials: list[Trial],
    references: list[Reference],
    known: tuple[list[Examined], dict[int, str]],
    units: list[Unit],
    done: list[Done],
    conditions: dict[str, list],
    settings: dict[str, Any],
) -> EvaluationResult:
    """Put together what the workers found."""
    import pandas as pd

    examined, skipped = known
    rows, errors, costs = [], [], []
    counts: dict = {}
    for index, found in enumerate(examined):
        reason = found.error or skipped.get(index)
        if reason:
            errors.append(_error(trials, index, None, WHOLE_TRIAL, reason))
    for unit, (content, how, key, n_bytes) in zip(units, done):
        train_mib = sum(examined[i].n_bytes for i in unit.train) / 2**20
        costs.append(_cost(unit, content, how, key, n_bytes, train_mib))
        for kind in content.get("warnings", ()):
            name = kind["kind"], kind["message"]
            counts[name] = counts.get(name, 0) + kind["count"]
        for place, index in enumerate(unit.test):
            if "failed" in content:
                reason = content["failed"]
                errors.append(_error(trials, index, unit, WHOLE_TRIAL, reason))
                continue
            of_trial = content["trials"][place]
            for method, reason in of_trial["errors"].items():
                errors.append(_error(trials, index, unit, method, reason))
            known = _of_trial(trials[index], references[index], unit, index)
            known["alike"] = of_trial["alike"]
            known["parameters"] = content["parameters"]
            known |= {name: values[index] for name, values in conditions.items()}
            rows += _rows(known, of_trial["outcomes"], conditions)
    if not any(row["method"] == ESTIMATOR for row in rows):
        first = next(e for e in errors if e["method"] in (WHOLE_TRIAL, ESTIMATOR))
        raise ValueError(
            f"estimator: all {len(trials)} trials failed; the first: {first['error']}"
        )
    order = [*_OWN_COLUMNS, *conditions]
    kinds = [{"kind": k, "message": m, "count": n} for (k, m), n in counts.items()]
    return EvaluationResult(
        pd.DataFrame(rows, columns=order),
        pd.DataFrame(
            errors, columns=["subject", "fold", "trial", "stimulus", "method", "error"]
        ),
        pd.DataFrame(costs),
        pd.DataFrame(kinds, columns=["kind", "message", "count"]),
        settings,
        tuple((unit.train, unit.test) for unit in units),
    )


def troubles(result: EvaluationResult) -> list[str]:
    """Tell what a user should be warned of.

    Parameters
    ----------
    result : EvaluationResult
        The outcome.

    Returns
    -------
    messages : list of str
        Empty where all went well.
    """
    messages = []
    units, errors = result.units, result.errors
    repaired = units[units["how"] == "repaired"]
    if len(repaired):
        names = ", ".join(
            f"fold {fold} of subject {subject!r}"
            for subject, fold in zip(repaired["subject"], repaired["fold"])
        )
        messages.append(
            f"store: {len(repaired)} of {len(units)} units were damaged and have been "
            f"computed again: {names}"
        )
    is_of_estimator = errors["method"].isin([WHOLE_TRIAL, ESTIMATOR])
    lost, others = errors[is_of_estimator], errors[~is_of_estimator]
    if len(lost):
        n_lost = lost["trial"].nunique()
        n_trials = len(set(result.table["trial"]) | set(errors["trial"]))
        messages.append(
            f"{n_lost} of {n_trials} trials failed, see `errors`; the first: "
            f"{_told(lost)}"
        )
    others = others[~others["trial"].isin(lost["trial"])]
    for method in others["method"].unique():
        own = others[others["method"] == method]
        messages.append(
            f"{method!r} failed in {len(own)} trials, see `errors`; the first: "
            f"{_told(own)}"
        )
    return messages


def _told(errors):
    first = errors.iloc[0]
    where = f"trials[{first['trial']}]"
    if first["error"].startswith((where, f"references[{first['trial']}]")):
        return first["error"]
    return (
        f"{where} (subject {first['subject']!r}, stimulus {first['stimulus']!r}): "
        f"{first['error']}"
    )


def _error(trials, index, unit, method, reason):
    trial = trials[index]
    return {
        "subject": trial.subject,
        "fold": -1 if unit is None else unit.fold,
        "trial": index,
        "stimulus": trial.stimulus,
        "method": method,
        "error": reason,
    }


def _cost(unit, content, how, key, n_bytes, train_mib):
    nothing = {"seconds": np.nan, "fit_seconds": np.nan, "peak_mib": np.nan}
    return {
        "subject": unit.subject,
        "fold": unit.fold,
        "n_train": len(unit.train),
        "n_test": len(unit.test),
        "how": how,
        **{name: content.get(name, value) for name, value in nothing.items()},
        "train_mib": train_mib,
        "bytes_in": n_bytes,
        "bytes_out": len(json.dumps(content)),
        "parameters": content.get("parameters", ""),
        "key": key,
    }


def _of_trial(trial, reference, unit, index):
    names, attended = trial.instruments, reference.attended
    return {
        "subject": trial.subject,
        "fold": unit.fold,
        "trial": index,
        "stimulus": trial.stimulus,
        "instruments": "" if names is None else " ".join(names),
        "n_instruments": reference.shape_of("sources")[0],
        "attended": str(attended if names is None else names[attended]),
        "attended_index": attended,
    }


def _rows(known, outcomes, conditions):
    """Rows of a trial: the estimator first, then the order of methods."""
    return [
        {
            **known,
            "method": method,
            "chosen": outcome["chosen"],
            "probabilities": " ".join(map(repr, outcome["probabilities"])),
            "metric": metric,
            "unit": _UNITS.get(metric, "dB"),
            "value": value,
        }
        for method, outcome in outcomes.items()
        for metric, value in outcome["values"].items()
    ]
