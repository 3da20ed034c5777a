import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation import kl_divergence
from sklearn_cnmf.separation.factorization import Regularizer
from sklearn_cnmf.separation.harmonic import contrasted_levels


@pytest.fixture
def problem():
    rng = np.random.default_rng(0)
    models = rng.gamma(1.0, size=(2, 40, 30))
    X = models.sum(0) * rng.uniform(0.8, 1.2, (40, 30))
    guide = rng.random((40, 1))
    return X, models, guide / np.linalg.norm(guide)


def regularizer(X, guide, delta, attended=0):
    return Regularizer(
        guide, np.arange(2) == attended, delta, 0.0, 0.0, X.sum(), "group"
    )


def cost(X, models, guide, delta):
    """The stated cost, written out."""
    envelopes = models.sum(axis=2)
    cosines = (envelopes @ guide)[:, 0] / np.linalg.norm(envelopes, axis=1)
    divergence = kl_divergence(X, models.sum(0)) / X.sum()
    return divergence - delta * (cosines[0] ** 2 - cosines[1] ** 2)


@pytest.mark.parametrize("delta", [0.02, 0.3, 2.0])
def test_stated_cost_falls(problem, delta):
    X, models, guide = problem
    scaled, converged = contrasted_levels(
        X, models, regularizer(X, guide, delta), max_iter=5000, tol=1e-9
    )
    assert converged
    reached = cost(X, scaled, guide, delta)
    assert reached < cost(X, models, guide, delta) - 1e-4
    rng = np.random.default_rng(1)
    for _ in range(20):
        gains = np.exp(0.02 * rng.standard_normal((2, 40, 1)))
        assert cost(X, scaled * gains, guide, delta) > reached - 1e-6


def test_spectra_of_each_frame_stay(problem):
    X, models, guide = problem
    scaled, _ = contrasted_levels(
        X, models, regularizer(X, guide, 0.3), max_iter=50, tol=1e-6
    )
    ratio = scaled / models
    assert_allclose(ratio, np.repeat(ratio[..., :1], 30, axis=2))


def test_guide_draws_the_attended_voice(problem):
    X, models, guide = problem

    def cosine(models, voice):
        envelope = models[voice].sum(axis=1)
        return envelope @ guide[:, 0] / np.linalg.norm(envelope)

    for attended in (0, 1):
        scaled, _ = contrasted_levels(
            X, models, regularizer(X, guide, 0.3, attended), max_iter=100, tol=1e-6
        )
        assert cosine(scaled, attended) > cosine(models, attended) + 0.01
        assert cosine(scaled, 1 - attended) < cosine(models, 1 - attended) - 0.01


def test_silent_voice_stays_silent(problem):
    X, models, guide = problem
    models[1, 10:20] = 0
    scaled, _ = contrasted_levels(
        X, models, regularizer(X, guide, 0.3), max_iter=50, tol=1e-6
    )
    assert_array_equal(scaled[1, 10:20], 0)
    assert np.isfinite(scaled).all()
