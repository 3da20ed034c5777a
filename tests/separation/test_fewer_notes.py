import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf.separation._bands import in_bands
from sklearn_cnmf.separation._fewer_notes import with_fewer_notes


def spectra(n_notes, n_bins=400, seed=0, peaks=20):
    rng = np.random.RandomState(seed)
    W = rng.rand(n_notes, n_bins).astype(np.float32) ** peaks
    return W / W.sum(1, keepdims=True)


def melody(n_notes, n_frames=60):
    A = np.zeros((n_frames, n_notes), np.float32)
    A[np.arange(n_frames), np.arange(n_frames) // 7 % n_notes] = 1
    return A


@pytest.fixture
def melodic():
    """Two melodies, and activations that leak into all other notes."""
    W = spectra(8, peaks=6)
    truth = np.concatenate([melody(4), melody(4)[::-1]], axis=1)
    truth[20:23] = 0
    X = truth @ W
    X *= np.random.RandomState(1).uniform(0.3, 1.7, X.shape).astype(np.float32)
    return X, 0.8 * truth + 0.05, W, np.repeat([0, 1], 4), truth


def leak(A, truth):
    return A[truth == 0].sum() / A.sum()


def test_what_is_not_the_note_fades(melodic):
    X, A, W, owner, truth = melodic
    inputs = [array.copy() for array in melodic]
    fewer = with_fewer_notes(X, A, W, owner, np.zeros(8, np.float32))
    for array, copy in zip(melodic, inputs):
        assert_array_equal(array, copy)
    assert fewer.dtype == np.float32
    assert np.isfinite(fewer).all()
    assert (fewer >= 0).all()
    plain = A.copy()
    X, W = in_bands(X, 48), in_bands(W, 48)
    for _ in range(15):
        plain = plain * ((X / (plain @ W + 1e-12)) @ W.T) / W.sum(1)
    assert leak(fewer, truth) < 0.75 * leak(plain, truth)


def test_other_instruments_do_not_matter():
    W = spectra(8)
    W[:4, 200:] = W[4:, :200] = 0
    A = np.concatenate([melody(4), np.ones((60, 4), np.float32)], axis=1)
    owner = np.repeat([0, 1], 4)
    fewer = with_fewer_notes(A @ W, A, W, owner, np.zeros(8, np.float32))
    alone = with_fewer_notes(
        A[:, :4] @ W[:4], A[:, :4], W[:4], owner[:4], np.zeros(4, np.float32)
    )
    np.testing.assert_allclose(fewer[:, :4], alone, rtol=1e-5)
    # Each note of a chord pays for what the others do not have in common with it.
    assert 1 - fewer[:, 4:].mean() > 1.5 * (1 - alone.max(1).mean()) > 0.06


def test_copies_of_one_note_are_one_note():
    W = np.repeat(spectra(2), 4, axis=0)
    A = np.repeat(melody(2), 4, axis=1) / 4
    fewer = with_fewer_notes(A @ W, A, W, np.zeros(8, int), np.zeros(8, np.float32))
    # They pay 0.05 / (1 + 0.05), as a single component does.
    expected = A.sum(1) / (1 + 0.05 / 1.05)
    np.testing.assert_allclose(fewer.sum(1), expected, rtol=1e-3)


def test_silence_stays_silent():
    W = spectra(4)
    A = np.zeros((5, 4), np.float32)
    owner = np.array([0, 0, 1, 1])
    fewer = with_fewer_notes(np.zeros((5, 400), np.float32), A, W, owner, np.ones(4))
    assert (fewer == 0).all()
