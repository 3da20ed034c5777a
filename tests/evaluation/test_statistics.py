import itertools

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import binom, binomtest, wilcoxon

from sklearn_cnmf.evaluation import (
    _statistics,
    cluster_bootstrap,
    holm,
    paired_difference,
    selection_accuracy,
    twin_test,
)


def crossed(n_subjects, n_stimuli):
    """Labels of every subject with every stimulus."""
    subjects = np.repeat([f"s{i}" for i in range(n_subjects)], n_stimuli)
    return subjects, np.tile(np.arange(n_stimuli), n_subjects)


def flags(n_right, n_trials):
    return np.arange(n_trials) < n_right


@pytest.mark.parametrize(("n_right", "n_trials"), [(0, 7), (7, 7), (13, 20), (60, 90)])
@pytest.mark.parametrize("chance", [0.5, 1 / 3])
def test_equal_chances_are_a_binomial_test(n_right, n_trials, chance):
    found = selection_accuracy(flags(n_right, n_trials), chance, level=0.9)
    expected = binomtest(n_right, n_trials, chance, alternative="greater")
    interval = binomtest(n_right, n_trials).proportion_ci(0.9, method="exact")
    assert_allclose(found.p_value, expected.pvalue, rtol=1e-10)
    assert_allclose(found.interval, (interval.low, interval.high))
    assert (found.n_right, found.n_trials) == (n_right, n_trials)
    assert found.accuracy == n_right / n_trials
    assert_allclose(found.chance, chance)
    assert found.level == 0.9
    assert found.clustered_interval is None
    assert found.n_subjects is None
    assert found.n_stimuli is None


@pytest.mark.parametrize("n_right", [0, 1, 2, 3])
def test_unequal_chances_are_enumerated(n_right):
    chance = [1 / 2, 1 / 3, 1 / 4]
    expected = sum(
        np.prod([p if hit else 1 - p for p, hit in zip(chance, hits)])
        for hits in itertools.product([False, True], repeat=3)
        if sum(hits) >= n_right
    )
    found = selection_accuracy(flags(n_right, 3), chance)
    assert_allclose(found.p_value, expected)
    assert_allclose(found.chance, 13 / 36)


def test_unequal_chances_by_hand():
    found = selection_accuracy([True, True, False], [1 / 2, 1 / 3, 1 / 3])
    # 1/2 * (1 - 4/9) of at least one of the thirds, and 1/2 * 1/9 of both without it.
    assert_allclose(found.p_value, 5 / 18 + 1 / 18)


def test_p_values_of_guesses_are_exact_or_conservative():
    rng = np.random.default_rng(0)
    chance = rng.choice([1 / 2, 1 / 3], 60)
    by_number = [selection_accuracy(flags(n, 60), chance).p_value for n in range(61)]
    p = np.array(by_number)[(rng.random((20000, 60)) < chance).sum(axis=1)]
    for alpha in (0.05, 0.2, 0.5):
        assert np.mean(p <= alpha) < alpha + 3 * np.sqrt(alpha * (1 - alpha) / 20000)
        assert np.mean(p <= alpha) > alpha / 2
    # Of a discrete test the mean is above one half by half the mean atom.
    assert 0.51 < p.mean() < 0.56


def test_clustered_interval_is_the_bootstrap_over_what_is_given():
    subjects, stimuli = crossed(5, 4)
    right = np.random.default_rng(1).random(20) < 0.7
    options = {"level": 0.8, "n_bootstrap": 500, "random_state": 3}
    both = selection_accuracy(right, 0.5, subjects=subjects, stimuli=stimuli, **options)
    expected = cluster_bootstrap(right, subjects, stimuli, **options)
    assert both.clustered_interval == expected
    assert (both.n_subjects, both.n_stimuli) == (5, 4)
    one = selection_accuracy(right, 0.5, stimuli=stimuli, **options)
    assert one.clustered_interval == cluster_bootstrap(right, stimuli, **options)
    assert (one.n_subjects, one.n_stimuli) == (None, 4)
    assert one.clustered_interval != both.clustered_interval


def test_a_printed_accuracy_says_what_it_is():
    right, (subjects, stimuli) = flags(15, 20), crossed(5, 4)
    found = selection_accuracy(
        right, 0.5, subjects=subjects, stimuli=stimuli, level=0.9, n_bootstrap=100
    )
    text = str(found)
    assert "right 75.0 % (15 of n = 20 trials), chance 50.0 %" in text
    assert "exact one-sided p = 0.0207" in text
    assert "90 % Clopper-Pearson interval, trials independent: 54.4 to 89.6 %" in text
    low, high = (100 * end for end in found.clustered_interval)
    over = "90 % bootstrap interval over 5 subjects and 4 stimuli: "
    assert f"{over}{low:.1f} to {high:.1f} %" in text
    single = selection_accuracy(right, 0.5, subjects=[1] * 20, n_bootstrap=100)
    assert "over one cluster: nan to nan" in str(single)
    assert "bootstrap" not in str(selection_accuracy(right, 0.5))


def test_the_bootstrap_of_one_factor_is_that_of_its_sums():
    """Unequal clusters, against draws of clusters one at a time."""
    rng = np.random.default_rng(2)
    sizes = [1, 5, 2, 8, 3, 3, 6, 4]
    labels = np.repeat(np.arange(8), sizes)
    values = rng.standard_normal(len(labels)) + labels
    groups = [values[labels == label] for label in range(8)]
    means = [
        np.concatenate([groups[i] for i in rng.integers(8, size=8)]).mean()
        for _ in range(20000)
    ]
    found = cluster_bootstrap(values, labels, n_bootstrap=20000)
    assert_allclose(found, np.quantile(means, [0.025, 0.975]), atol=0.06)


def test_the_bootstrap_of_two_factors_multiplies_weights():
    """Two subjects and two stimuli: all 16 draws are known."""
    values, subjects, stimuli = [0.0, 1.0, 4.0], [0, 0, 1], [0, 1, 0]
    table = np.array([[0.0, 1.0], [4.0, 0.0]])
    held = np.array([[1, 1], [1, 0]])
    counts = [np.bincount(d, minlength=2) for d in itertools.product([0, 1], repeat=2)]
    means = []
    for rows, columns in itertools.product(counts, counts):
        weights = held * np.outer(rows, columns)
        if weights.sum():
            means.append((weights * table).sum() / weights.sum())
    assert len(means) == 15
    for level in (0.3, 0.5, 0.75):
        found = cluster_bootstrap(values, subjects, stimuli, level=level)
        ends = [(1 - level) / 2, (1 + level) / 2]
        expected = np.quantile(means, ends, method="inverted_cdf")
        assert_allclose(found, expected)


def test_draws_without_weight_are_drawn_again():
    """Each subject has a stimulus of its own: many draws hold no trial."""
    values = np.arange(4.0)
    low, high = cluster_bootstrap(values, range(4), range(4), n_bootstrap=2000)
    assert (low, high) == (0.0, 3.0)
    assert_allclose(cluster_bootstrap([5.0] * 4, range(4), range(4)), (5, 5))
    cells, ones = np.tile(np.arange(4), (2, 1)), np.ones(4)
    rng = np.random.default_rng(0)
    means = _statistics._resampled_means(cells, values[None], ones[None], 2000, rng)
    assert means.shape == (2000, 1)


def test_without_clusters_trials_are_drawn():
    values = np.random.default_rng(3).standard_normal(400)
    low, high = cluster_bootstrap(values)
    half = 1.96 * values.std() / 20
    assert_allclose(
        (low, high), (values.mean() - half, values.mean() + half), atol=0.01
    )
    assert (low, high) == cluster_bootstrap(
        values, np.argsort(np.argsort(values)) + 1000
    )


def test_copies_within_a_cluster_widen_the_interval():
    subjects = np.repeat(np.arange(10), 16)
    copied = np.repeat(np.random.default_rng(4).random(10) < 0.6, 16)
    assert 0 < copied.sum() < 160
    naive, clustered = cluster_bootstrap(copied), cluster_bootstrap(copied, subjects)
    assert_allclose(np.ptp(clustered) / np.ptp(naive), 4, rtol=0.15)
    exact = selection_accuracy(copied, 0.5, subjects=subjects)
    assert np.ptp(exact.clustered_interval) > 3 * np.ptp(exact.interval)
    once = cluster_bootstrap(copied[::16], np.arange(10))
    assert_allclose(clustered, once)


def test_coverage_is_near_nominal_where_the_naive_interval_fails():
    rng = np.random.default_rng(5)
    subjects, stimuli = crossed(20, 15)
    covered = np.zeros((200, 2), dtype=bool)
    for run in range(200):
        effects = np.add.outer(rng.standard_normal(20), rng.standard_normal(15))
        values = effects.ravel() + rng.standard_normal(300)
        for kind, clusters in enumerate([(subjects, stimuli), ()]):
            low, high = cluster_bootstrap(
                values, *clusters, n_bootstrap=400, random_state=run
            )
            covered[run, kind] = low <= 0 <= high
    clustered, naive = covered.mean(axis=0)
    assert 0.89 < clustered < 0.98
    assert naive < 0.6


def test_a_factor_with_one_label_is_ignored():
    _, stimuli = crossed(6, 5)
    values = np.random.default_rng(6).standard_normal(30)
    alone = cluster_bootstrap(values, stimuli)
    assert cluster_bootstrap(values, ["one"] * 30, stimuli) == alone
    assert np.isfinite(alone).all()
    assert_array_equal(cluster_bootstrap(values, ["one"] * 30), (np.nan, np.nan))
    assert_array_equal(cluster_bootstrap([1.0]), (np.nan, np.nan))


def test_the_order_of_trials_and_the_kind_of_labels_make_no_difference():
    rng = np.random.default_rng(7)
    subjects, stimuli = crossed(12, 11)
    values, others = rng.standard_normal((2, 132)) * np.exp(9 * rng.random(132))
    right, chance = values > 0, rng.choice([0.5, 1 / 3], 132)
    order = rng.permutation(132)
    assert cluster_bootstrap(values) == cluster_bootstrap(values[order])
    found = cluster_bootstrap(values, subjects)
    assert found == cluster_bootstrap(values[order], subjects[order])
    found = cluster_bootstrap(values, subjects, stimuli)
    assert found == cluster_bootstrap(values[order], subjects[order], stimuli[order])
    assert found == cluster_bootstrap(
        list(values), pd.Series(subjects, index=order), tuple(stimuli.astype(str))
    )
    first = selection_accuracy(right, chance, subjects=subjects)
    second = selection_accuracy(right[order], chance[order], subjects=subjects[order])
    assert str(first) == str(second)
    first = paired_difference(values, others, subjects)
    second = paired_difference(values[order], others[order], subjects[order])
    assert vars(first) == vars(second)


def test_random_state():
    subjects, stimuli = crossed(8, 6)
    values = np.random.default_rng(8).standard_normal(48)

    def found(random_state):
        return cluster_bootstrap(
            values, subjects, stimuli, n_bootstrap=200, random_state=random_state
        )

    assert (
        found(0)
        == found(0)
        == cluster_bootstrap(values, subjects, stimuli, n_bootstrap=200)
    )
    assert found(0) != found(1)
    assert found(0) == found(np.random.default_rng(0))
    legacy = np.random.RandomState(0)
    assert found(legacy) != found(legacy)
    assert found(np.random.RandomState(0)) == found(np.random.RandomState(0))
    assert np.isfinite(found(None)).all()


def test_blocks_are_bounded_and_complete(monkeypatch):
    values, (subjects, stimuli) = np.arange(120.0), crossed(12, 10)
    whole = cluster_bootstrap(values, subjects, stimuli, n_bootstrap=3000)
    sizes = []

    def recorded(n_labels, n_draws, rng):
        sizes.append(n_draws)
        return drawn(n_labels, n_draws, rng)

    drawn = _statistics._times_drawn
    monkeypatch.setattr(_statistics, "_times_drawn", recorded)
    monkeypatch.setattr(_statistics, "_BLOCK", 120 * 7)
    blocks = cluster_bootstrap(values, subjects, stimuli, n_bootstrap=3000)
    assert max(sizes) == 7
    assert sum(sizes) == 2 * 3000
    assert_allclose(blocks, whole, atol=4)


def test_twins_by_hand():
    right = [True, True, True, False, False, False, True, True, True, True]
    test = twin_test(right, [(0, 1), (3, 2), (4, 5), (6, 7)])
    assert test.n_pairs == 4
    assert (test.both_right, test.both_wrong, test.one_right) == (2, 1, 1)
    # At least 2 of 3 heads.
    assert_allclose(test.p_value, 4 / 8)
    every = twin_test(right, np.array([[0, 1], [6, 7], [8, 9]]))
    assert_allclose(every.p_value, 1 / 8)
    text = "n = 3 pairs: both right 3, both wrong 0, one right 0; exact one-sided"
    assert text in str(every)


def test_twins_of_a_decoder_that_prefers_one_instrument_tell_nothing():
    right = np.tile([True, False], 30)
    test = twin_test(right, [(2 * i, 2 * i + 1) for i in range(30)])
    assert (test.one_right, test.p_value) == (30, 1.0)
    assert twin_test(right, []).p_value == 1.0
    assert twin_test(right, []).n_pairs == 0


@pytest.mark.parametrize("preference", [(0.5, 0.5), (0.8, 0.2), (0.3, 0.3)])
def test_twins_are_conservative_without_attention(preference):
    rng = np.random.default_rng(9)
    pairs = [(2 * i, 2 * i + 1) for i in range(50)]
    chance = np.tile(preference, 50)
    p = [twin_test(rng.random(100) < chance, pairs).p_value for _ in range(2000)]
    assert np.mean(np.array(p) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / 2000)
    attending = [twin_test(rng.random(100) < 0.7, pairs).p_value for _ in range(200)]
    assert np.mean(np.array(attending) <= 0.05) > 0.8


def test_paired_differences_by_hand():
    subjects = ["b", "a", "b", "a", "c", "c", "c"]
    values = np.array([1.0, 2.0, 3.0, 4.0, 9.0, 9.0, 12.0])
    others = np.array([1.0, 0.0, 1.0, 0.0, 1.0, 1.0, 1.0])
    found = paired_difference(values, others, subjects, level=0.8)
    # a: 3, b: 1, c: 9
    assert_allclose([found.mean, found.median], [13 / 3, 3])
    assert (found.n_subjects, found.n_trials, found.level) == (3, 7, 0.8)
    assert found.p_value == 0.25
    assert found.interval == cluster_bootstrap([3.0, 1.0, 9.0], level=0.8)
    mirrored = paired_difference(others, values, subjects, level=0.8)
    assert_allclose(mirrored.mean, -found.mean)
    assert mirrored.p_value == found.p_value
    assert "mean difference 4.33, median 3 (n = 3 subjects, 7 trials)" in str(found)
    low, high = found.interval
    assert (
        f"80 % bootstrap interval of the mean over subjects: {low:.3g} to {high:.3g}; "
        "Wilcoxon signed-rank two-sided p = 0.25"
    ) in str(found)


@pytest.mark.parametrize("n_subjects", [2, 8, 20, 60])
def test_the_p_value_is_that_of_wilcoxon(n_subjects):
    rng = np.random.default_rng(10)
    means = rng.standard_normal(n_subjects) + 0.4
    spread = np.array([-0.5, 0.0, 0.5])
    values = np.add.outer(means, spread).ravel()
    subjects = np.repeat(np.arange(n_subjects), 3)
    found = paired_difference(values, np.zeros(len(values)), subjects, n_bootstrap=10)
    assert_allclose(found.p_value, wilcoxon(means).pvalue)


def test_the_exact_signed_rank_probability_is_enumerated():
    means = np.array([0.5, -1.0, 2.0, 3.0, 4.0, 5.5])
    ranks = np.arange(1, 7)
    signs = np.array(list(itertools.product([0, 1], repeat=6)))
    expected = 2 * np.mean(signs @ ranks <= 2)
    found = paired_difference(means, np.zeros(6), range(6), n_bootstrap=10)
    assert_allclose(found.p_value, expected)


def test_zero_differences_and_single_subjects():
    ones = np.ones(6)
    assert paired_difference(ones, ones, list("aabbcc")).p_value == 1.0
    with_zeros = np.array([0.0, 0.0, 1.0, 2.0, 3.0, 4.0, 5.5])
    found = paired_difference(with_zeros, np.zeros(7), range(7), n_bootstrap=10)
    assert_allclose(found.p_value, wilcoxon(with_zeros[2:]).pvalue)
    assert_allclose(found.mean, with_zeros.mean())
    single = paired_difference(2 * ones, ones, ["a"] * 6)
    assert np.isnan(single.p_value)
    assert_array_equal(single.interval, (np.nan, np.nan))
    assert (single.mean, single.median, single.n_subjects) == (1, 1, 1)


def test_p_values_of_equal_methods_are_uniform_and_intervals_cover():
    rng = np.random.default_rng(11)
    subjects = np.repeat(np.arange(15), 4)
    found = []
    for seed in range(300):
        effect = np.repeat(rng.standard_normal(15), 4)
        values, others = rng.standard_normal((2, 60))
        values += effect
        found.append(
            paired_difference(
                values, others, subjects, n_bootstrap=300, random_state=seed
            )
        )
    p = np.array([one.p_value for one in found])
    for alpha in (0.05, 0.2, 0.5):
        assert abs(np.mean(p <= alpha) - alpha) < 0.02 + 3 * np.sqrt(
            alpha * (1 - alpha) / 300
        )
    covered = np.mean([one.interval[0] <= 0 <= one.interval[1] for one in found])
    assert 0.88 < covered < 0.97


def test_holm_by_hand():
    assert_allclose(holm([0.01, 0.04, 0.03, 0.005]), [0.03, 0.06, 0.06, 0.02])
    assert_allclose(holm([0.4, 0.9]), [0.8, 0.9])
    assert_allclose(holm([0.6, 0.7]), [1, 1])
    assert_allclose(holm([0.2]), [0.2])
    assert_allclose(holm([0, 1]), [0, 1])


def test_holm_is_rejecting_step_by_step():
    rng = np.random.default_rng(12)
    for n in (1, 2, 5, 9):
        p = rng.random(n) ** 2
        if n > 2:
            p[1] = p[0]
        adjusted = holm(p)
        for alpha in np.linspace(0.005, 0.995, 100):
            left, rejected = list(range(n)), set()
            while left and min(p[left]) * len(left) <= alpha:
                best = min(left, key=lambda i: p[i])
                rejected.add(best)
                left.remove(best)
            assert rejected == set(np.flatnonzero(adjusted <= alpha))


def test_holm_leaves_nan_out():
    p = np.array([np.nan, 0.02, 0.01, np.nan])
    before = p.copy()
    assert_allclose(holm(p), [np.nan, 0.02, 0.02, np.nan])
    assert_array_equal(p, before)
    assert_array_equal(holm([np.nan, np.nan]), [np.nan, np.nan])


def test_holm_holds_the_family_wise_error():
    rng = np.random.default_rng(13)
    errors = [holm(rng.random(5)).min() <= 0.05 for _ in range(4000)]
    expected = 1 - binom.pmf(0, 5, 0.01)
    assert abs(np.mean(errors) - expected) < 4 * np.sqrt(expected / 4000)


def test_inputs_are_not_modified():
    values, others = np.arange(12.0)[::-1].copy(), np.zeros(12)
    right, chance = values > 4, np.full(12, 0.5)
    subjects = np.repeat([2, 0, 1], 4)
    given = (values, others, right, chance, subjects)
    before = [one.copy() for one in given]
    for one in given:
        one.flags.writeable = False
    cluster_bootstrap(values, subjects, n_bootstrap=10)
    cluster_bootstrap(values, n_bootstrap=10)
    paired_difference(values, others, subjects, n_bootstrap=10)
    selection_accuracy(right, chance, subjects=subjects, n_bootstrap=10)
    twin_test(right, [(0, 1)])
    holm(chance)
    for one, was in zip(given, before):
        assert_array_equal(one, was)


RIGHT = [True, False, True]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: selection_accuracy([], 0.5), r"right: .* got shape \(0,\)"),
        (lambda: selection_accuracy([RIGHT], 0.5), r"right: .* got shape \(1, 3\)"),
        (lambda: selection_accuracy([1, 0], 0.5), "right: expected True or False"),
        (lambda: selection_accuracy([[True], RIGHT], 0.5), "right: .* ragged"),
        (
            lambda: selection_accuracy(np.ma.array(RIGHT), 0.5),
            "right: got a masked array",
        ),
        (lambda: selection_accuracy(RIGHT, 0.0), "chance: .* got 0 in trial 0"),
        (lambda: selection_accuracy(RIGHT, 1), "chance: .* got 1 in trial 0"),
        (
            lambda: selection_accuracy(RIGHT, [0.5, 0.5, 2]),
            "chance: expected numbers > 0 and < 1, got 2 in trial 2",
        ),
        (lambda: selection_accuracy(RIGHT, [0.5, 0.5]), "chance: .* 3, .* got 2"),
        (lambda: selection_accuracy(RIGHT, np.nan), "chance: found 3 NaN"),
        (lambda: selection_accuracy(RIGHT, "half"), "chance: expected real numbers"),
        (lambda: selection_accuracy(RIGHT, 0.5, level=1.0), "level: .* got 1.0"),
        (lambda: selection_accuracy(RIGHT, 0.5, n_bootstrap=0), "n_bootstrap: .* 0"),
        (
            lambda: selection_accuracy(RIGHT, 0.5, subjects=["a"]),
            "subjects: expected 3 labels, one for each trial, got 1",
        ),
        (
            lambda: selection_accuracy(RIGHT, 0.5, stimuli=["a", "b", None]),
            r"stimuli\[2\]: expected a label, got None",
        ),
        (lambda: cluster_bootstrap([1.0, np.nan]), "values: found 1 NaN"),
        (lambda: cluster_bootstrap([]), "values: the array is empty"),
        (lambda: cluster_bootstrap(["a", "b"]), "values: expected real numbers"),
        (lambda: cluster_bootstrap([1.0, 2.0], level=0), "level: .* got 0"),
        (lambda: cluster_bootstrap([1.0, 2.0], n_bootstrap=1.5), "n_bootstrap: .* 1.5"),
        (lambda: cluster_bootstrap([1.0, 2.0], random_state=-1), "random_state: .* -1"),
        (lambda: cluster_bootstrap([1.0, 2.0], "ab"), r"clusters\[0\]: .* got 'ab'"),
        (
            lambda: cluster_bootstrap([1.0], iter([0])),
            r"clusters\[0\]: .* sequence",
        ),
        (
            lambda: cluster_bootstrap([1.0, 2.0], [0, 1], [0, 1, 2]),
            r"clusters\[1\]: expected 2 labels, .* got 3",
        ),
        (lambda: cluster_bootstrap([1.0], [np.nan]), r"clusters\[0\]\[0\]: .* nan"),
        (lambda: cluster_bootstrap([1.0], [pd.NA]), r"clusters\[0\]\[0\]: .* <NA>"),
        (lambda: cluster_bootstrap([1.0], [""]), r"clusters\[0\]\[0\]: .* ''"),
        (lambda: cluster_bootstrap([1.0], [[0]]), r"clusters\[0\]: .* str or int"),
        (lambda: cluster_bootstrap([1.0], np.ones((1, 2))), r"clusters\[0\]\[0\]: "),
        (lambda: twin_test([1, 0], [(0, 1)]), "right: expected True or False"),
        (lambda: twin_test(RIGHT, [(0, 1), (1, 2)]), r"pairs\[1\]: trial 1 .*\[0\]"),
        (lambda: twin_test(RIGHT, [(2, 2)]), r"pairs\[0\]: trial 2 .* once"),
        (lambda: twin_test(RIGHT, [(0, 3)]), r"pairs\[0\]: .* from 0 to 2, got 3"),
        (lambda: twin_test(RIGHT, [(-1, 0)]), r"pairs\[0\]: .* got -1"),
        (lambda: twin_test(RIGHT, [(0.0, 1.0)]), r"pairs\[0\]: .* got 0.0"),
        (lambda: twin_test(RIGHT, [(True, 0)]), r"pairs\[0\]: .* got True"),
        (lambda: twin_test(RIGHT, [(0, 1, 2)]), r"pairs\[0\]: expected two indices"),
        (lambda: twin_test(RIGHT, [0, 1]), r"pairs\[0\]: expected two indices, got 0"),
        (
            lambda: paired_difference([1.0, 2.0], [1.0], ["a", "b"]),
            "others: expected 2 numbers, one for each of values, got 1",
        ),
        (lambda: paired_difference([np.inf], [1.0], ["a"]), "values: found 1 NaN or"),
        (lambda: paired_difference([1.0], [np.nan], ["a"]), "others: found 1 NaN"),
        (lambda: paired_difference([1.0], [1.0], "a"), "subjects: expected a sequence"),
        (lambda: paired_difference([1.0], [1.0], ["a"], level=2), "level: .* got 2"),
        (lambda: holm([0.5, 1.5]), r"p_values\[1\]: .* got 1.5"),
        (lambda: holm([-0.1, np.nan]), r"p_values\[0\]: .* got -0.1"),
        (lambda: holm([]), "p_values: the array is empty"),
        (lambda: holm(0.5), r"p_values: expected 1-D, got shape \(\)"),
        (lambda: holm([None, 0.5]), "p_values: expected real numbers"),
        (lambda: holm(np.ma.array([0.5])), "p_values: got a masked array"),
    ],
)
def test_bad_input_is_named(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_the_difference_of_two_parts_is_resampled_jointly():
    values = np.array([1.0, 2.0, 5.0, 7.0])
    subjects = ["a", "b", "a", "b"]
    part = np.array([True, True, False, False])
    low, high = cluster_bootstrap(values, subjects, part=part, level=0.999)
    # Draws hold a twice (1 - 5), b twice (2 - 7) or both (1.5 - 6).
    assert (low, high) == (-5.0, -4.0)
    low, high = cluster_bootstrap(values, subjects, part=~part, level=0.999)
    assert (low, high) == (4.0, 5.0)


def test_draws_without_one_of_two_parts_are_drawn_again():
    low, high = cluster_bootstrap([1.0, 5.0], ["a", "b"], part=[True, False])
    assert (low, high) == (-4.0, -4.0)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ([True, True], "part: all 2 trials are True"),
        ([False, False], "part: all 2 trials are False"),
        ([1, 0], "part: expected 2 of True or False, got int64"),
        ([True], r"part: expected 2 of True or False, got bool of shape \(1,\)"),
    ],
)
def test_parts_that_make_no_difference_are_refused(part, message):
    with pytest.raises(ValueError, match=message):
        cluster_bootstrap([1.0, 2.0], ["a", "b"], part=part)
