"""What an evaluation of many subjects takes, by what a small one took."""

from dataclasses import dataclass
from typing import Any

from ..._validation import check_whole

_COMPUTED = ("computed", "repaired")


@dataclass(frozen=True)
class EvaluationPlan:
    """Outcome of :meth:`EvaluationResult.plan`.

    Parameters
    ----------
    n_subjects, n_workers : int
        What was asked for.
    n_units : int
        Number of models to fit and test.
    core_hours : float
        Time of all units together.
    hours : float
        The same, shared among the workers.
    worker_mib : float
        Largest memory of a worker.
    sent_mib, returned_mib : float
        What the scheduler passes on to workers and back, all units together.
    largest_task_mib : float
        Of what a worker is sent at a time.
    n_measured : int
        Number of units that this rests on.
    n_subjects_measured : int
        Number of their subjects.
    scheme : str
        As in :func:`evaluate`.
    """

    n_subjects: int
    n_workers: int
    n_units: int
    core_hours: float
    hours: float
    worker_mib: float
    sent_mib: float
    returned_mib: float
    largest_task_mib: float
    n_measured: int
    n_subjects_measured: int
    scheme: str

    def __str__(self):
        rows = {
            "units": f"{self.n_units}",
            "time": f"{self.core_hours:.1f} core hours; {self.hours:.2f} h with "
            f"{self.n_workers} workers of one core",
            "memory per worker": f"{self.worker_mib:.0f} MiB",
            "scheduler traffic": f"{self.sent_mib:.1f} MiB to workers, at most "
            f"{self.largest_task_mib:.2f} MiB a task",
            "": f"{self.returned_mib:.1f} MiB back",
        }
        lines = [
            f"Plan of {self.n_subjects} subjects ({self.scheme}), extrapolated from "
            f"{self.n_measured} units of {self.n_subjects_measured} subjects",
            *(f"  {name:20s}{value}" for name, value in rows.items()),
        ]
        if self.largest_task_mib > 1:
            lines.append(
                "  Trials are sent whole; of those that stay on disk (load_trials, "
                "most readers)\n  workers read their own."
            )
        return "\n".join(lines)


def plan_of(result: Any, n_subjects: int, n_workers: int) -> EvaluationPlan:
    """Extrapolate the cost of a result's units.

    Seconds of fitting and arrays trained on are taken to grow with the number of
    subjects that a model is trained on, and seconds of testing with that of the
    subjects it is tested on.
    """
    check_whole("n_subjects", n_subjects, least=1)
    check_whole("n_workers", n_workers, least=1)
    units = result.units[result.units["how"].isin(_COMPUTED)]
    if len(units) == 0:
        raise ValueError(
            "units: none was computed in this run, so that nothing was measured; "
            "evaluate without a store, or a few subjects more"
        )
    scheme = result.settings["scheme"]
    n_measured = result.table["subject"].nunique()
    more = n_subjects / n_measured
    trained = {
        "within-subject": 1.0,
        "pooled": more,
        "across-subjects": (n_subjects - 1) / max(n_measured - 1, 1),
    }
    trained["across-subjects-and-stimuli"] = trained["across-subjects"]
    tested = more if scheme == "pooled" else 1.0
    n_units = len(result.units) * (1 if scheme == "pooled" else more)
    fit, whole = units["fit_seconds"], units["seconds"]
    seconds = (fit * trained[scheme] + (whole - fit) * tested).mean() * n_units
    grown = (trained[scheme] - 1) * units["train_mib"]
    sent = units["bytes_in"] * max(trained[scheme], tested)
    back = units["bytes_out"] * tested
    return EvaluationPlan(
        n_subjects=n_subjects,
        n_workers=n_workers,
        n_units=round(n_units),
        core_hours=float(seconds / 3600),
        hours=float(seconds / 3600 / min(n_workers, max(round(n_units), 1))),
        worker_mib=float((units["peak_mib"] + grown).max()),
        sent_mib=float(sent.mean() * n_units / 2**20),
        returned_mib=float(back.mean() * n_units / 2**20),
        largest_task_mib=float(sent.max() / 2**20),
        n_measured=len(units),
        n_subjects_measured=int(n_measured),
        scheme=scheme,
    )
