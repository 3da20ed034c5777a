"""Lists of arrays, as users of the mTRF toolbox have them."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.signals import pearson_r

pytestmark = pytest.mark.filterwarnings("ignore:alphas")
LENGTHS = (300, 420, 350, 500)


def recordings(n_outputs=None, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    X, y = [], []
    for n in LENGTHS:
        stimulus = rng.standard_normal((n, n_outputs or 1))
        eeg = rng.standard_normal((n, 5))
        eeg[6:, 2] += stimulus[:-6, 0]
        X.append(eeg.astype(dtype))
        y.append(stimulus if n_outputs else stimulus[:, 0])
    return X, y


@pytest.mark.parametrize("n_outputs", [None, 1, 3])
def test_each_recording_gives_what_it_would_alone(n_outputs):
    X, y = recordings(n_outputs)
    decoder = EnvelopeDecoder(alpha=0.1).fit(X, y)
    found = decoder.predict(X)
    assert [one.shape for one in found] == [one.shape for one in y]
    for x, one, features in zip(X, found, decoder.transform(X)):
        assert_array_equal(one, decoder.predict(x))
        assert_array_equal(features, one.reshape(len(one), -1))
    r = [pearson_r(a.reshape(len(a), -1), b.reshape(len(b), -1)).mean()
         for a, b in zip(y, found)]  # fmt: skip
    assert_allclose(decoder.score(X, y), np.mean(r))
    assert decoder.n_features_in_ == 5


def test_sums_are_those_of_all_recordings(explicit_ridge):
    X, y = recordings(2)
    decoder = EnvelopeDecoder(alpha=0.5).fit(X, y)
    centred = [x - decoder.mean_ for x in X]
    weights, _ = explicit_ridge(centred, y, decoder.lags_, 0.5)
    expected = weights.reshape(17, 5, 2).transpose(2, 1, 0)
    assert_allclose(decoder.coef_, expected, rtol=1e-6, atol=1e-10)


def test_groups_are_left_out_together():
    X, y = recordings()
    alone = EnvelopeDecoder().fit(X, y)
    together = EnvelopeDecoder().fit(X, y, groups=["a", "b", "a", "b"])
    assert alone.cv_scores_.shape == together.cv_scores_.shape == (13, 4)
    best = EnvelopeDecoder(alpha=1.0)
    expected = [
        EnvelopeDecoder(alpha=1.0).fit(X[1::2], y[1::2]),
        EnvelopeDecoder(alpha=1.0).fit(X[::2], y[::2]),
    ]
    at = list(best.alphas).index(1.0)
    for index in range(4):
        n_valid = LENGTHS[index] - 16
        r = pearson_r(
            expected[index % 2].predict(X[index])[:n_valid, None],
            y[index][:n_valid, None],
        )[0]
        assert_allclose(together.cv_scores_[at, index], r, atol=1e-3)
    assert not np.allclose(alone.cv_scores_, together.cv_scores_)


def test_single_precision_is_kept():
    X, y = recordings(dtype=np.float32)
    decoder = EnvelopeDecoder(alpha=0.1).fit(X, y)
    assert decoder.coef_.dtype == np.float32
    assert all(one.dtype == np.float32 for one in decoder.predict(X))


def test_inputs_are_not_written_to():
    X, y = recordings()
    kept = [x.copy() for x in X]
    for x in X:
        x.flags.writeable = False
    EnvelopeDecoder(alpha=0.1).fit(X, y).predict(X)
    for x, before in zip(X, kept):
        assert_array_equal(x, before)


def test_a_matrix_as_nested_lists_is_one_recording():
    X, y = recordings()
    whole = EnvelopeDecoder(alpha=0.1).fit(X[0], y[0])
    nested = EnvelopeDecoder(alpha=0.1).fit(X[0].tolist(), y[0].tolist())
    assert_allclose(whole.coef_, nested.coef_)
    rows = EnvelopeDecoder(alpha=0.1).fit(list(X[0]), y[0])
    assert_allclose(whole.coef_, rows.coef_)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda X, y: (X, y[:2]), "y: expected a list of 4 arrays"),
        (lambda X, y: (X, y[0]), "y: expected a list of 4 arrays.*got ndarray"),
        (lambda X, y: ([*X[:3], X[3][:, :4]], y), r"X\[3\]: expected 5 channels, got"),
        (lambda X, y: (X, [*y[:3], y[3][:-1]]), r"y\[3\]: expected shape \(500,\)"),
        (lambda X, y: ([*X[:3], X[3][:10]], [*y[:3], y[3][:10]]), r"X\[3\]: 10 samp"),
        (lambda X, y: ([*X[:3], X[3] * np.nan], y), r"X\[3\]: found .* NaN"),
        (lambda X, y: (X, [0 * one for one in y]), "y: the target is constant"),
        (lambda X, y: (X[:1], y[:1]), "only one among 1; pass a number"),
    ],
)
def test_bad_recordings_are_named(change, message):
    X, y = recordings()
    with pytest.raises(ValueError, match=message):
        EnvelopeDecoder().fit(*change(X, y))


def test_groups_belong_to_lists(make_trials):
    X, y = recordings()
    with pytest.raises(ValueError, match="groups: expected one for each of 4"):
        EnvelopeDecoder().fit(X, y, groups=[1, 2])
    with pytest.raises(ValueError, match="groups: belong to a list of arrays"):
        EnvelopeDecoder().fit(X[0], y[0], groups=[1])
    with pytest.raises(ValueError, match="groups: belong to a list of arrays"):
        EnvelopeDecoder().fit(*make_trials(2), groups=[1, 2])
    with pytest.raises(ValueError, match="per_instrument"):
        EnvelopeDecoder(per_instrument=True).fit(X, y)


def test_other_channels_are_refused():
    X, y = recordings()
    decoder = EnvelopeDecoder(alpha=0.1).fit(X, y)
    with pytest.raises(ValueError, match=r"X\[0\]: expected 5 channels, got 3"):
        decoder.predict([x[:, :3] for x in X])
