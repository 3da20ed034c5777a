import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.online._evidence import Evidence
from sklearn_cnmf.signals import choice_probabilities, fisher_z, pearson_r

WEIGHTS, SFREQ = np.array([0.4, 1.3]), 64.0
INF = float("inf")


def rows(seed, n_frames=640):
    """A guide, and two candidates of which it follows the first."""
    rng = np.random.default_rng(seed)
    guide, first, second = rng.standard_normal((3, n_frames, 2))
    return 5 + guide + 0.4 * first, np.stack([first, second])


def fed(evidence, guide, features):
    return np.array(
        [evidence.update(g, f) for g, f in zip(guide, features.transpose(1, 0, 2))]
    )


def test_without_forgetting_it_is_that_of_the_whole():
    guide, features = rows(0)
    evidence = Evidence(WEIGHTS, 2, SFREQ, (None, None), INF)
    found = fed(evidence, guide, features)
    z = fisher_z([pearson_r(own, guide) for own in features])
    expected = choice_probabilities(z, 0.9 * WEIGHTS, 10.0)
    assert_allclose(found[-1], expected, rtol=1e-9)
    assert_allclose(found.sum(axis=1), 1.0)


@pytest.mark.parametrize("half_life", [1.0, 5.0])
def test_what_lies_back_weighs_less(half_life):
    guide, features = rows(1)
    band = (1.0, 8.0)
    found = fed(Evidence(WEIGHTS, 2, SFREQ, band, half_life), guide, features)[-1]
    weights = 2.0 ** (-np.arange(640)[::-1] / (half_life * SFREQ))
    r = np.empty((2, 2))
    for i, own in enumerate(features):
        for k in range(2):
            covariance = np.cov(own[:, k], guide[:, k], aweights=weights)
            r[i, k] = covariance[0, 1] / np.sqrt(np.prod(np.diag(covariance)))
    seconds = weights.sum() / SFREQ - 1
    expected = choice_probabilities(fisher_z(r), 0.9 * WEIGHTS, seconds)
    assert_allclose(found, expected, rtol=1e-9)


def test_frames_that_are_missing_only_let_it_fade():
    guide, features = rows(2)
    evidence = Evidence(WEIGHTS, 2, SFREQ, (None, None), 1.0)
    before = fed(evidence, guide, features)[-1]
    nothing = [evidence.update(None, features[:, 0]) for _ in range(640)]
    surest = [abs(p[0] - 0.5) for p in (before, nothing[0], nothing[63], nothing[-1])]
    assert surest == sorted(surest, reverse=True)
    assert surest[-1] < 0.01


def test_a_constant_says_nothing():
    guide, features = rows(3)
    for changed in (
        (np.full_like(guide, 3.0), features),
        (guide, np.full_like(features, 1e6)),
    ):
        evidence = Evidence(WEIGHTS, 2, SFREQ, (None, None), INF)
        assert_allclose(fed(evidence, *changed), 0.5)
