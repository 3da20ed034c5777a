"""Trials of an evaluation to listen to."""

import warnings
from pathlib import Path
from typing import Any

from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning

from .._stored import in_memory
from ..evaluation import EvaluationResult
from ..evaluation._prepared import prepared_estimator
from ..trial import Reference, Trial
from ._held_out import finish_trial, folder_name
from ._printing import one_line


def write_listened(
    folder: Path,
    estimator: Any,
    trials: list[Trial],
    references: list[Reference],
    result: EvaluationResult,
    *,
    n_models: int,
    random_state: int,
    kind: str,
) -> int:
    """Fit the first models of an evaluation again, and write what they separate.

    Parameters
    ----------
    folder : Path
        To make.
    estimator : estimator
        As in :func:`~sklearn_cnmf.evaluation.evaluate`.
    trials, references : list of Trial, list of Reference
        As there.
    result : EvaluationResult
        What was found.
    n_models : int
        How many models; those that failed do not count.
    random_state : int
        As in the evaluation, so that the models are the same.
    kind : str
        Of the EEG, for the figures.

    Returns
    -------
    n_trials : int
        How many were written.

    Warns
    -----
    UserWarning
        Where a trial can't be written, with the reason.
    """
    import pandas as pd

    folder.mkdir()
    prepared = prepared_estimator(estimator, random_state)
    worked = result.units["how"] != "failed"
    splits = [split for split, is_there in zip(result.splits, worked) if is_there]
    rows = []
    for train, test in splits[:n_models]:
        with warnings.catch_warnings():
            # The evaluation has told of them.
            warnings.simplefilter("ignore", ConvergenceWarning)
            warnings.simplefilter("ignore", UserWarning)
            fitted = clone(prepared).fit(
                [trials[i] for i in train], [references[i] for i in train]
            )
        model = getattr(fitted, "best_estimator_", fitted)
        for index in test:
            trial, reference = in_memory(trials[index]), in_memory(references[index])
            if trial.instruments is None:
                warnings.warn(
                    f"trials[{index}]: can't be listened to (names no instruments)",
                    stacklevel=2,
                )
                continue
            own = folder / f"{index:04d}_{folder_name(trial, reference)}"
            try:
                row, _, _ = finish_trial(model, trial, reference, own, kind=kind)
            except ValueError as error:
                warnings.warn(
                    f"trials[{index}]: can't be listened to ({one_line(error)})",
                    stacklevel=2,
                )
                continue
            rows.append({"trial": index, **row})
    table = pd.DataFrame(rows)
    table.to_csv(folder / "results.csv", index=False, float_format="%.6f")
    said = f"Held-out trials of an evaluation, {kind}.\n"
    (folder / "summary.txt").write_text(said, encoding="utf-8")
    return len(rows)
