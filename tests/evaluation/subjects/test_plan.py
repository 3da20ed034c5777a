from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

MIB = 2**20


def result_with(result_of, scheme, units):
    """A result of two subjects whose units are given."""
    trials = [{"subject": s, "values": {"estimator": 1.0}} for s in ("s1", "s2")]
    result = result_of(trials, scheme=scheme)
    units = pd.DataFrame(
        units,
        columns=["how", "seconds", "fit_seconds", "peak_mib", "train_mib",
                 "bytes_in", "bytes_out"],
    )  # fmt: skip
    return replace(result, units=units)


UNITS = [
    ("computed", 30.0, 10.0, 500.0, 100.0, MIB // 4, MIB // 64),
    ("computed", 50.0, 20.0, 600.0, 100.0, MIB // 2, MIB // 64),
    ("reused", 900.0, 900.0, 9000.0, 100.0, MIB // 4, MIB // 64),
    ("failed", np.nan, np.nan, np.nan, 100.0, MIB // 4, 10),
]


def test_subjects_of_their_own_models_cost_the_same_each(result_of):
    plan = result_with(result_of, "within-subject", UNITS).plan(100, n_workers=10)
    # Two units a subject, 40 s each in the mean of those that were computed here.
    assert plan.n_units == 200
    assert_allclose(plan.core_hours, 200 * 40 / 3600)
    assert_allclose(plan.hours, plan.core_hours / 10)
    assert plan.worker_mib == 600
    assert_allclose(plan.sent_mib, 200 * 0.375)
    assert_allclose(plan.returned_mib, 200 / 64)
    assert plan.largest_task_mib == 0.5
    assert (plan.n_measured, plan.n_subjects_measured) == (2, 2)


def test_models_of_other_subjects_grow_with_their_number(result_of):
    scheme = "across-subjects-and-stimuli"
    plan = result_with(result_of, scheme, UNITS).plan(101, n_workers=1)
    # Trained on 100 subjects rather than one; tested on one, as before.
    assert plan.n_units == 202
    assert_allclose(plan.core_hours, 202 * (15 * 100 + 25) / 3600)
    assert plan.worker_mib == 600 + 99 * 100
    assert plan.largest_task_mib == 50


def test_pooled_models_are_as_many_and_grow(result_of):
    plan = result_with(result_of, "pooled", UNITS).plan(20, n_workers=100)
    assert plan.n_units == 4
    assert_allclose(plan.core_hours, 4 * 40 * 10 / 3600)
    # There are fewer units than workers.
    assert_allclose(plan.hours, plan.core_hours / 4)
    assert plan.worker_mib == 600 + 9 * 100
    assert_allclose(plan.returned_mib, 4 * 10 / 64)


def test_a_plan_prints_what_it_rests_on(result_of):
    result = result_with(result_of, "within-subject", UNITS)
    lines = str(result.plan(1000)).splitlines()
    assert lines == [
        "Plan of 1000 subjects (within-subject), extrapolated from 2 units of 2 "
        "subjects",
        "  units               2000",
        "  time                22.2 core hours; 0.22 h with 100 workers of one core",
        "  memory per worker   600 MiB",
        "  scheduler traffic   750.0 MiB to workers, at most 0.50 MiB a task",
        "                      31.2 MiB back",
    ]
    result.units["bytes_in"] *= 10
    assert "Trials are sent whole" in str(result.plan(1000))


def test_what_was_not_measured_is_not_planned(result_of):
    result = result_with(result_of, "within-subject", UNITS[2:])
    with pytest.raises(ValueError, match="units: none was computed in this run"):
        result.plan(1000)
    with pytest.raises(ValueError, match="n_subjects: expected a whole number"):
        result.plan(0)
    with pytest.raises(ValueError, match="n_workers: expected a whole number"):
        result.plan(10, n_workers=0.5)
