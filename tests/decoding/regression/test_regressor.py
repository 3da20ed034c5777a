from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, Ridge
from sklearn.neighbors import KNeighborsRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_cnmf.decoding import EnvelopeDecoder


def _recording(n_times=300, n_outputs=2, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((n_times, n_outputs)) * 3 + 1
    x = rng.standard_normal((n_times, 3))
    x[3:, 1] += y[:-3, 0]
    return x * 10 + 5, y


@pytest.mark.parametrize("n_outputs", [1, 2])
def test_ridge_as_a_regressor_equals_the_fast_path(n_outputs):
    x, y = _recording(n_outputs=n_outputs)
    fast = EnvelopeDecoder(tmax=0.1, alpha=0.2).fit(x, y)
    n_valid = len(x) - fast.lags_[-1]
    z = np.hstack([x[lag : lag + n_valid] for lag in fast.lags_])
    mean_eigenvalue = np.var(z, axis=0).mean()
    scale = np.var(x, axis=0).mean()
    alpha = 0.2 * n_valid * mean_eigenvalue / scale
    slow = EnvelopeDecoder(tmax=0.1, estimator=Ridge(alpha)).fit(x, y)
    assert_allclose(slow.coef_, fast.coef_, rtol=1e-8, atol=1e-10)
    assert_allclose(slow.intercept_, fast.intercept_, rtol=1e-8)
    assert_allclose(slow.predict(x), fast.predict(x), rtol=1e-8)
    assert_allclose(slow.patterns_, fast.patterns_, rtol=1e-7, atol=1e-9)
    assert not hasattr(slow, "alpha_")
    assert not hasattr(fast, "estimator_")


@pytest.mark.parametrize(
    "estimator",
    [
        Lasso(alpha=0.05),
        ElasticNet(alpha=0.05),
        PLSRegression(n_components=2),
        make_pipeline(StandardScaler(), LinearRegression()),
        KNeighborsRegressor(10),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
@pytest.mark.parametrize("n_outputs", [1, 2])
def test_any_regressor_serves(estimator, n_outputs):
    x, y = _recording(n_outputs=n_outputs)
    decoder = EnvelopeDecoder(tmax=0.1, estimator=estimator).fit(x, y)
    assert decoder.predict(x).shape == y.shape
    assert np.corrcoef(decoder.predict(x)[:, 0], y[:, 0])[0, 1] > 0.5
    channel, lag = np.unravel_index(np.abs(decoder.patterns_[0]).argmax(), (3, 7))
    assert (channel, decoder.lags_[lag]) == (1, 3)
    small = EnvelopeDecoder(tmax=0.1, estimator=estimator).fit(x * 1e-6, y)
    assert_allclose(small.predict(x * 1e-6), decoder.predict(x), rtol=1e-6)
    assert hasattr(decoder, "coef_") == hasattr(decoder.estimator_, "coef_")
    assert not hasattr(estimator, "n_features_in_")


def test_weights_of_a_linear_regressor_predict_what_it_predicts():
    x, y = _recording()
    decoder = EnvelopeDecoder(tmax=0.1, estimator=Lasso(alpha=0.05)).fit(x, y)
    assert np.count_nonzero(decoder.coef_) < decoder.coef_.size / 2
    n_valid = len(x) - decoder.lags_[-1]
    by_hand = decoder.intercept_ + sum(
        x[lag : lag + n_valid] @ decoder.coef_[:, :, number].T
        for number, lag in enumerate(decoder.lags_)
    )
    assert_allclose(decoder.predict(x)[:n_valid], by_hand, rtol=1e-9)


def test_trials_and_float32_with_a_regressor(make_trials):
    trials, references = make_trials(4, dtype=np.float32)
    decoder = EnvelopeDecoder(estimator=Lasso(alpha=0.01)).fit(trials, references)
    assert decoder.predict(trials)[0].dtype == np.float32
    assert decoder.score(trials, references) > 0.5
    same = [replace(trial, stimulus="x") for trial in trials]
    decoder.fit(same, references)


def test_a_recording_shorter_than_the_lags_is_refused():
    x, y = _recording(n_times=12)
    decoder = EnvelopeDecoder(estimator=Ridge())
    with pytest.raises(ValueError, match="X: 12 samples are too few for lags of up to"):
        decoder.fit(x, y)
