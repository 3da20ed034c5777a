from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from sklearn.model_selection import GroupKFold, KFold

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.evaluation import (
    StimulusKFold,
    accuracy_by_window,
    cross_val_reconstruct,
)

DECODER = EnvelopeDecoder(alpha=0.1)


def arrays(seed=0):
    rng = np.random.default_rng(seed)
    y = [rng.standard_normal(n) for n in (200, 260, 220, 240)]
    X = [rng.standard_normal((len(s), 3)) for s in y]
    for x, s in zip(X, y):
        x[4:, 1] += s[:-4]
    return X, y


def trials(seed=0):
    rng = np.random.default_rng(seed)
    pairs = []
    for index in range(4):
        sources = np.repeat(rng.random((2, 80)), 100, axis=1)
        sources *= rng.standard_normal(sources.shape)
        trial = Trial(
            rng.standard_normal((3, 512)), 64.0, sources.sum(axis=0), 1000.0,
            stimulus=f"s{index // 2}",
        )  # fmt: skip
        pairs.append((trial, Reference(sources, index % 2)))
    return [t for t, _ in pairs], [r for _, r in pairs]


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_arrays_are_reconstructed_by_decoders_of_the_others(n_jobs):
    X, y = arrays()
    found = cross_val_reconstruct(DECODER, X, y, n_jobs=n_jobs)
    for index in range(4):
        others = [i for i in range(4) if i != index]
        fitted = EnvelopeDecoder(alpha=0.1).fit(
            [X[i] for i in others], [y[i] for i in others]
        )
        assert_array_equal(found[index], fitted.predict(X[index]))
    assert not hasattr(DECODER, "model_")


def test_groups_stay_together():
    X, y = arrays()
    found = cross_val_reconstruct(DECODER, X, y, groups=["b", "a", "a", "b"])
    fitted = EnvelopeDecoder(alpha=0.1).fit(X[1:3], y[1:3])
    assert_array_equal(found[3], fitted.predict(X[3]))
    folds = cross_val_reconstruct(
        DECODER, X, y, groups=["b", "a", "a", "b"], cv=GroupKFold(2)
    )
    for one, two in zip(found, folds):
        assert_array_equal(one, two)


def test_trials_of_a_stimulus_stay_together():
    X, y = trials()
    found = cross_val_reconstruct(DECODER, X, y)
    fitted = EnvelopeDecoder(alpha=0.1).fit(X[:2], y[:2])
    assert found[3].shape == (2, 512)
    assert_array_equal(found[3], fitted.predict(X[3:])[0])
    folds = cross_val_reconstruct(DECODER, X, y, cv=StimulusKFold(2))
    for one, two in zip(found, folds):
        assert_array_equal(one, two)


def test_leaks_and_gaps_are_refused():
    X, y = trials()
    with pytest.raises(ValueError, match=r"cv: 's[01]' is both trained on and"):
        cross_val_reconstruct(DECODER, X, y, cv=KFold(4))
    with pytest.raises(ValueError, match="groups: trials carry their stimulus"):
        cross_val_reconstruct(DECODER, X, y, groups=[1, 2, 3, 4])

    class Once:
        def split(self, X, y=None, groups=None):
            yield [2, 3], [0, 1]

    with pytest.raises(ValueError, match=r"cv: X\[2\] is left out 0 times"):
        cross_val_reconstruct(DECODER, X, y, cv=Once())
    with pytest.raises(ValueError, match="X: 4 recordings, but y has 3"):
        cross_val_reconstruct(DECODER, X, y[:3])


def test_accuracy_is_counted_in_each_window():
    rng = np.random.default_rng(0)
    candidates = [rng.standard_normal((3, n, 2)) for n in (100, 145, 60)]
    attended = [0, 2, 1]
    found = [
        c[own] + 3 * rng.standard_normal(c[own].shape)
        for c, own in zip(candidates, attended)
    ]
    weights = np.array([1.0, 0.5])
    table = accuracy_by_window(
        found, candidates, attended, sfreq=10.0, windows=(2.0, 8.0),
        output_weights=weights,
    )  # fmt: skip
    for row, (n_window, n_recordings) in enumerate([(20, 3), (80, 2)]):
        shares, n = [], 0
        for y, c, own in zip(found, candidates, attended):
            right = []
            for start in range(0, len(y) - n_window + 1, n_window):
                s = slice(start, start + n_window)
                z = [
                    sum(w * np.arctanh(np.corrcoef(one[s, o], y[s, o])[0, 1])
                        for o, w in enumerate(weights))
                    for one in c
                ]  # fmt: skip
                right.append(np.argmax(z) == own)
            if right:
                shares.append(np.mean(right))
                n += len(right)
        assert table.n_windows[row] == n
        assert table.n_recordings[row] == n_recordings
        assert table.accuracy[row] == pytest.approx(np.mean(shares))
        error = np.std(shares, ddof=1) / np.sqrt(len(shares))
        assert table.standard_error[row] == pytest.approx(error)
    assert str(table).splitlines()[1].split()[0] == "2"


def test_one_recording_has_no_error_and_ties_are_wrong():
    flat = np.ones((2, 50))
    table = accuracy_by_window([flat[0]], [flat], [0], sfreq=10.0, windows=(1.0,))
    assert table.accuracy[0] == 0
    assert np.isnan(table.standard_error[0])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"attended": [2]}, r"attended\[0\]: expected an index from 0 to 1"),
        ({"attended": [0, 1]}, "as many of each"),
        ({"candidates": [np.ones((2, 40))]}, r"candidates\[0\]: expected two or more"),
        ({"windows": (9.0,)}, "windows: 9 s are 90 samples at 10 Hz"),
        ({"windows": (0.1,)}, "windows: 0.1 s are 1 samples"),
        ({"output_weights": [1.0, 2.0]}, "output_weights: expected shape"),
        ({"sfreq": 0.0}, "sfreq"),
    ],
)
def test_bad_input_is_named(change, message):
    given = {
        "reconstructions": [np.ones(50)], "candidates": [np.ones((2, 50))],
        "attended": [0], "sfreq": 10.0, "windows": (1.0,),
    } | change  # fmt: skip
    with pytest.raises(ValueError, match=message):
        accuracy_by_window(**given)


def test_trials_without_stimulus_are_on_their_own():
    X, y = trials()
    X = [replace(trial, stimulus="") for trial in X]
    found = cross_val_reconstruct(DECODER, X, y)
    fitted = EnvelopeDecoder(alpha=0.1).fit(X[:3], y[:3])
    assert_array_equal(found[3], fitted.predict(X[3:])[0])
