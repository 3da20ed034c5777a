import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation import _explain
from sklearn_cnmf.separation._bands import in_bands
from sklearn_cnmf.separation._dictionary import transpose
from sklearn_cnmf.separation._explain import explain
from sklearn_cnmf.separation._mixture import Solving

SOLVING = Solving(mu=0.0, beta=0.0, solver="mu", max_iter=200, tol=1e-5)


def peaks(*places, n_bins=400, width=2.0):
    """Spectra with partials at some bins, each summing to one."""
    bins = np.arange(n_bins)
    spectra = [
        sum(np.exp(-(((bins - k * place) / width) ** 2)) for k in range(1, 5)) + 1e-5
        for place in places
    ]
    return np.array([row / row.sum() for row in spectra])


@pytest.fixture
def scene():
    """What was played of two instruments, and what they play in a mixture."""
    rng = np.random.default_rng(0)
    played = [peaks(40, 50), peaks(67, 83)]
    truth = np.concatenate([peaks(40, 50, width=3.0), peaks(67, 83, width=3.0)])
    A = rng.random((80, 4)) * (rng.random((80, 4)) < 0.6) + 0.01
    return (A @ truth).astype(np.float32), played, truth


def explained(X, spectra, transposition=2, **changes):
    return explain(X, spectra, transposition, 3, 0, SOLVING._replace(**changes))


def test_spectra_adapt_to_the_mixture(scene):
    X, played, truth = scene
    found = explained(X, played)
    (A, W, converged), owner, sparsity, misfit = found
    assert converged
    assert misfit > 1
    assert_allclose(W.sum(1), 1, rtol=1e-5)
    for index, spectra in enumerate(played):
        own = np.flatnonzero((owner == index) & (sparsity == 0))
        loudest = own[A[:, own].sum(0).argmax()]
        k = np.abs(W[loudest] - np.concatenate(played)).sum(1).argmin()
        before = np.abs(np.concatenate(played)[k] - truth[k]).sum()
        assert np.abs(W[loudest] - truth[k]).sum() < 0.9 * before
        assert len(spectra) == 2


def test_adapting_starts_from_fitted_activations(scene, monkeypatch):
    _, played, _ = scene
    monkeypatch.setattr(_explain, "_N_ADAPTING", 1)
    monkeypatch.setattr(_explain, "with_fewer_notes", lambda X, A, *others: A)
    rng = np.random.default_rng(1)
    A = rng.random((80, 4)) * (rng.random((80, 4)) < 0.6) + 0.01
    X = (A @ np.concatenate(played)).astype(np.float32)
    (found, _, _), owner, _, _ = explained(X, played, transposition=0)
    assert_array_equal(owner, [0, 0, 1, 1])
    assert np.abs(found - A).sum() < 0.05 * A.sum()


def test_a_copy_costs_its_semitones_and_what_was_played_wins(scene):
    _, played, _ = scene
    A = np.random.default_rng(1).random((80, 4))
    X = (A @ np.concatenate(played)).astype(np.float32)
    (found, _, _), owner, sparsity, _ = explained(X, played)
    assert set(np.unique(sparsity)) <= {0.0, 0.05, 0.1}
    magnitudes = found.sum(0)
    assert magnitudes[sparsity == 0].sum() > 0.97 * magnitudes.sum()
    for index in (0, 1):
        truth = A[:, 2 * index : 2 * index + 2].sum(1)
        own = found[:, owner == index].sum(1)
        assert np.corrcoef(own, truth)[0, 1] > 0.99


def test_what_was_never_played_is_explained_by_copies(scene):
    _, played, _ = scene
    higher = [transpose(spectra, 1) for spectra in played]
    A = np.random.default_rng(1).random((80, 4))
    X = (A @ np.concatenate(higher)).astype(np.float32)
    (found, _, _), _, sparsity, _ = explained(X, played)
    magnitudes = found.sum(0)
    assert magnitudes[sparsity == 0.05].sum() > 0.9 * magnitudes.sum()


def test_spectra_of_before_stay_as_they_are(scene):
    X, played, _ = scene
    (_, W, _), owner, _, misfit = explained(X, played, transposition=None)
    assert misfit is None
    assert_allclose(W, np.concatenate(played), rtol=1e-5)
    assert_array_equal(owner, [0, 0, 1, 1])


def test_an_unknown_candidate_takes_what_the_known_one_leaves(scene):
    X, played, truth = scene
    (A, W, _), owner, _, misfit = explained(X, [None, played[1]], transposition=0)
    assert misfit is None
    assert_array_equal(owner, [1, 1, 0, 0, 0])
    assert_allclose(W[:2], played[1], rtol=1e-5)
    free = W[2:][A[:, 2:].sum(0).argmax()]
    assert np.abs(free - truth[:2]).sum(1).min() < np.abs(free - truth[2:]).sum(1).min()


def test_the_published_rule_knows_no_cost(scene):
    X, played, _ = scene
    found = explained(X, played, solver="published", max_iter=20)
    assert found.sparsity is None


def test_what_comes_last_is_few_notes_at_a_time(scene, monkeypatch):
    X, played, _ = scene
    plain = explained(X, played, transposition=0)
    seen = []

    def halved(X, A, W, owner, sparsity):
        seen.append((X.shape, W.shape, owner.tolist(), sparsity.shape))
        return A / 2

    monkeypatch.setattr(_explain, "with_fewer_notes", halved)
    found = explained(X, played, transposition=0)
    assert seen == [
        (
            in_bands(X, 48).shape,
            in_bands(plain.factors.W, 48).shape,
            plain.owner.tolist(),
            plain.sparsity.shape,
        )
    ]
    assert_array_equal(found.factors.W, plain.factors.W)
    assert found.factors.A.sum() < 0.7 * plain.factors.A.sum()
