import numpy as np
from numpy.testing import assert_allclose

from sklearn_cnmf.online._levels import StreamedLevels

FRAMES_PER_SECOND = 20.0


def blocks(rng, n, levels):
    """So many blocks of four frames: channels, and models of their sources."""
    for _ in range(n):
        models = list(rng.random((2, 4, 100)) * rng.random((2, 1, 100)))
        yield np.tensordot(levels, models, axes=1), models


def test_levels_are_those_of_the_channels():
    rng = np.random.default_rng(0)
    true = np.array([[0.6, 0.8], [0.8, 0.6]])
    levels = StreamedLevels(2, 2, FRAMES_PER_SECOND)
    for channels, models in blocks(rng, 50, true):
        found = levels.update(channels, models)
    assert_allclose(found, true, atol=0.01)


def test_sources_that_move_are_followed_in_some_seconds():
    rng = np.random.default_rng(0)
    true = np.array([[0.6, 0.8], [0.8, 0.6]])
    levels = StreamedLevels(2, 2, FRAMES_PER_SECOND)
    for channels, models in blocks(rng, 300, true):
        before = levels.update(channels, models)
    found = []
    for channels, models in blocks(rng, 100, true[::-1]):
        found.append(levels.update(channels, models)[0, 0])
    # From 0.6 to 0.8; a block lasts 0.2 s. One block alone moves little.
    assert_allclose(before[0, 0], 0.6, atol=0.01)
    assert found[0] < 0.61
    assert 0.62 < found[24] < 0.7
    assert found[99] > 0.69


def test_silence_changes_nothing():
    rng = np.random.default_rng(0)
    levels = StreamedLevels(2, 2, FRAMES_PER_SECOND)
    for channels, models in blocks(rng, 20, np.array([[0.6, 0.8], [0.8, 0.6]])):
        before = levels.update(channels, models)
    nothing = np.zeros((2, 4, 100))
    assert_allclose(levels.update(nothing, list(nothing)), before)
