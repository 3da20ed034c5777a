"""Controls without information choose right by chance, over many simulated seeds.

The tests marked "slow" are left out unless asked for:
``python -m pytest -m slow tests/evaluation/subjects/test_nulls.py``.
"""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.evaluation import evaluate

from .conftest import make_pieces

NULLS = ("other-trial-eeg", "phase-randomised-eeg")
N_PER_SEED = {"random": 24, "each": 48}


def outcomes(attend, snr_db, n_seeds, controls=NULLS):
    """Evaluate three listeners of eight short duos for each seed."""
    tables = []
    for seed in range(n_seeds):
        trials, references = simulate_trials(
            make_pieces(8, seed=seed, seconds=2.0),
            n_subjects=3,
            n_repetitions=1,
            snr_db=snr_db,
            attend=attend,
            random_state=seed,
        )
        result = evaluate(
            make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(4, max_iter=30)),
            trials,
            references,
            cv=2,
            metrics=("si_sdr",),
            baselines=("random-choice",),
            controls=controls,
            n_jobs=1,
            progress=False,
        )
        assert len(result.errors) == 0
        tables.append(result.table)
    return pd.concat(tables)


def shares(table, n_trials):
    """Right choices of each method, with what a message says of it."""
    found = {}
    for method in table["method"].unique():
        own = table[table["method"] == method].groupby("metric")["value"]
        right = own.get_group("correct")
        assert len(right) == n_trials
        found[method] = (
            int(right.sum()),
            f"{method}: {right.sum():.0f} of {n_trials} choices are right "
            f"({right.mean():.1%}); mean p_chosen {own.mean()['p_chosen']:.3f}",
        )
    return found


def assert_at_chance(counted, n_trials, margin):
    n_right, told = counted
    told = f"{told}; p = {binomtest(n_right, n_trials).pvalue:.2g}"
    print(told)
    assert abs(n_right / n_trials - 0.5) < margin, told
    assert binomtest(n_right, n_trials).pvalue > 0.001, told


def assert_share(counted, n_trials, least, most):
    n_right, told = counted
    print(told)
    assert least <= n_right / n_trials <= most, told


def test_few_trials_tell_the_estimator_from_its_controls():
    found = shares(outcomes("random", 0.0, 2, ("unattended-guide", *NULLS)), 48)
    assert_share(found["estimator"], 48, 0.85, 1.0)
    assert_share(found["unattended-guide"], 48, 0.0, 0.05)
    for method in (*NULLS, "random-choice"):
        assert_at_chance(found[method], 48, 0.24)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("attend", "n_seeds", "margin"), [("random", 32, 0.06), ("each", 6, 0.1)]
)
def test_controls_choose_right_by_chance(attend, n_seeds, margin):
    n_trials = n_seeds * N_PER_SEED[attend]
    found = shares(outcomes(attend, 0.0, n_seeds), n_trials)
    assert_share(found["estimator"], n_trials, 0.85, 1.0)
    for method in (*NULLS, "random-choice"):
        assert_at_chance(found[method], n_trials, margin)


@pytest.mark.slow
def test_nothing_is_decoded_where_nothing_is_evoked():
    found = shares(outcomes("random", -np.inf, 24, controls=()), 24 * 24)
    for method in ("estimator", "random-choice"):
        assert_at_chance(found[method], 24 * 24, 0.065)
