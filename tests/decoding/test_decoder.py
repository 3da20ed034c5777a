from dataclasses import replace

import numpy as np
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import BaseEstimator, clone
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline

from sklearn_cnmf.decoding import EnvelopeDecoder
from sklearn_cnmf.decoding._targets import targets_of_trials
from sklearn_cnmf.signals import audio_envelope

AS_IS = {"l_freq": None, "h_freq": None}
RAW = {"feature": "envelope", "scale": None}


def _coef(weights, n_channels):
    return weights.reshape(-1, n_channels, weights.shape[1]).transpose(2, 1, 0)


def _recording(n_times=400, n_channels=4, n_outputs=1, seed=0):
    rng = np.random.default_rng(seed)
    y = rng.standard_normal((n_times, n_outputs))
    x = rng.standard_normal((n_times, n_channels))
    x[3:, 1] += 2 * y[:-3, 0]
    return x @ rng.standard_normal((n_channels, n_channels)) + 5, y


@pytest.mark.parametrize("n_channels", [1, 4])
@pytest.mark.parametrize("n_outputs", [1, 3])
@pytest.mark.parametrize("tmin", [0.0, 0.02])
def test_array_fit_equals_explicit_ridge(n_channels, n_outputs, tmin, explicit_ridge):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, n_channels)) + 3
    y = rng.standard_normal((300, n_outputs)) - 7
    decoder = EnvelopeDecoder(tmin=tmin, tmax=0.1, alpha=0.2).fit(x, y)
    weights, intercept = explicit_ridge([x], [y], decoder.lags_, 0.2)
    expected = _coef(weights, n_channels)
    assert_allclose(decoder.coef_, expected, rtol=1e-8, atol=1e-12)
    assert_allclose(decoder.intercept_, intercept, rtol=1e-8)


def test_an_offset_of_a_million_does_no_harm():
    x, y = _recording()
    plain = EnvelopeDecoder(alpha=0.01).fit(x, y)
    raised = EnvelopeDecoder(alpha=0.01).fit(x + 1e6, y + 1e6)
    assert_allclose(raised.coef_, plain.coef_, atol=1e-7 * abs(plain.coef_).max())
    assert_allclose(raised.predict(x + 1e6) - 1e6, plain.predict(x), atol=1e-6)


def test_stimulus_is_sought_in_later_eeg():
    rng = np.random.default_rng(1)
    y = rng.standard_normal(1000)
    x = 0.1 * rng.standard_normal((1000, 3))
    x[6:, 1] += y[:-6]
    decoder = EnvelopeDecoder(tmin=0.04, alpha=1e-3).fit(x, y)
    channel, lag = np.unravel_index(np.abs(decoder.coef_[0]).argmax(), (3, 14))
    assert (channel, decoder.lags_[lag]) == (1, 6)
    assert decoder.score(x, y) > 0.97
    reversed_ = EnvelopeDecoder(tmin=0.04, alpha=1e-3).fit(x[::-1], y[::-1])
    assert reversed_.score(x[::-1], y[::-1]) < 0.5


def test_eeg_beyond_the_end_counts_as_its_training_mean(explicit_lags):
    x, y = _recording(n_outputs=2)
    decoder = EnvelopeDecoder(alpha=0.1).fit(x, y)
    padded = np.vstack([x[:50], np.tile(x.mean(axis=0), (16, 1))])
    weights = decoder.coef_.transpose(2, 1, 0).reshape(-1, 2)
    expected = explicit_lags(padded, decoder.lags_) @ weights + decoder.intercept_
    assert_allclose(decoder.predict(x[:50]), expected, rtol=1e-9, atol=1e-9)
    assert decoder.predict(x[:1]).shape == (1, 2)


def test_array_cross_validation_equals_refitting(explicit_lags, explicit_ridge):
    x, y = _recording(n_times=403, n_outputs=2)
    alphas = (1e-3, 1e-1, 1.0, 1e2)
    decoder = EnvelopeDecoder(tmax=0.1, alphas=alphas).fit(x, y)
    borders = [403 * block // 5 for block in range(6)]
    xs, ys = np.split(x, borders[1:-1]), np.split(y, borders[1:-1])
    assert decoder.cv_scores_.shape == (4, 5)
    for block in range(5):
        kept = [other for other in range(5) if other != block]
        for a, alpha in enumerate(alphas):
            weights, intercept = explicit_ridge(
                [xs[i] for i in kept], [ys[i] for i in kept], decoder.lags_, alpha
            )
            predicted = explicit_lags(xs[block], decoder.lags_) @ weights + intercept
            target = ys[block][: len(predicted)]
            r = [np.corrcoef(predicted[:, o], target[:, o])[0, 1] for o in range(2)]
            assert_allclose(decoder.cv_scores_[a, block], np.mean(r), rtol=1e-8)
    assert decoder.alpha_ == alphas[decoder.cv_scores_.mean(axis=1).argmax()]
    weights, intercept = explicit_ridge([x], [y], decoder.lags_, decoder.alpha_)
    assert_allclose(decoder.coef_, _coef(weights, 4), rtol=1e-8, atol=1e-12)
    assert_allclose(decoder.intercept_, intercept, rtol=1e-8)


def test_trials_equal_explicit_ridge(make_trials, explicit_ridge, explicit_lags):
    stimuli = ("a", "b", "a", "", "")
    trials, references = make_trials(5, eeg_sfreq=64.0, stimuli=stimuli, noise=1.0)
    alphas = (1e-2, 1.0, 1e2)
    decoder = EnvelopeDecoder(alphas=alphas, **AS_IS, **RAW).fit(trials, references)
    lags = decoder.lags_
    xs = [trial.eeg.T for trial in trials]
    ys = targets_of_trials(
        trials, references, feature=audio_envelope, sfreq=64.0, **AS_IS
    )
    groups = ("a", "b", "a", 3, 4)
    assert decoder.cv_scores_.shape == (3, 5)
    for i, group in enumerate(groups):
        kept = [j for j in range(5) if groups[j] != group]
        for a, alpha in enumerate(alphas):
            weights, _ = explicit_ridge(
                [xs[j] for j in kept], [ys[j] for j in kept], lags, alpha
            )
            predicted = explicit_lags(xs[i], lags) @ weights
            r = np.corrcoef(predicted[:, 0], ys[i][: len(predicted), 0])[0, 1]
            assert_allclose(decoder.cv_scores_[a, i], r, rtol=1e-8)
    weights, intercept = explicit_ridge(xs, ys, lags, decoder.alpha_)
    assert_allclose(decoder.coef_, _coef(weights, 6), rtol=1e-8, atol=1e-12)
    assert_allclose(decoder.intercept_, intercept, rtol=1e-8)
    expected = [
        np.corrcoef(y[:, 0], p[0])[0, 1] for y, p in zip(ys, decoder.predict(trials))
    ]
    assert_allclose(decoder.score(trials, references), np.mean(expected), rtol=1e-9)


def test_prediction_of_trials_finds_the_envelope(make_trials):
    trials, references = make_trials(8, eeg_sfreq=250.0)
    decoder = EnvelopeDecoder(tmax=0.2).fit(trials[:6], references[:6])
    assert decoder.score(trials[6:], references[6:]) > 0.4
    unattended = [replace(r, attended=1 - r.attended) for r in references[6:]]
    assert abs(decoder.score(trials[6:], unattended)) < 0.3
    channel, lag = np.unravel_index(np.abs(decoder.patterns_[0]).argmax(), (6, 13))
    assert channel == 2
    assert abs(decoder.lags_[lag] - 6.4) < 1


def test_transform_fills_the_guide(make_trials):
    trials, references = make_trials(3, duration=8.01)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    made = decoder.transform(trials)
    for new, old, predicted in zip(made, trials, decoder.predict(trials)):
        assert_array_equal(new.guide, predicted)
        assert new.guide.shape == (2, 513)
        assert new.guide_sfreq == 64.0
        assert new.guide_feature == "envelope_onset"
        assert new.guide_band == (1.0, 8.0)
        assert_array_equal(new.guide_weights, decoder.output_weights_)
        assert new.eeg is old.eeg
        assert new.stimulus == old.stimulus
        assert old.guide is None
    for a, b in zip(made, clone(decoder).fit_transform(trials, references)):
        assert_array_equal(a.guide, b.guide)


def test_unit_of_the_eeg_does_not_matter(make_trials):
    trials, references = make_trials(4)
    volts = [replace(trial, eeg=trial.eeg * 1e-6) for trial in trials]
    a = EnvelopeDecoder(scale=None).fit(trials, references)
    b = EnvelopeDecoder(scale=None).fit(volts, references)
    assert a.alpha_ == b.alpha_
    assert_allclose(a.cv_scores_, b.cv_scores_, atol=1e-7)
    assert_allclose(a.coef_, b.coef_ * 1e-6, rtol=1e-6, atol=1e-9)
    for p, q in zip(a.predict(trials), b.predict(volts)):
        assert_allclose(p, q, atol=1e-8)


def test_alpha_does_not_depend_on_the_amount_of_data(make_trials):
    trials, references = make_trials(3)
    once = EnvelopeDecoder(alpha=0.5).fit(trials, references)
    thrice = EnvelopeDecoder(alpha=0.5).fit(trials * 3, references * 3)
    assert_allclose(once.coef_, thrice.coef_, rtol=1e-8, atol=1e-12)


def test_patterns_follow_the_formula(explicit_lags):
    x, y = _recording(n_outputs=2)
    decoder = EnvelopeDecoder(tmax=0.05, alpha=0.3).fit(x, y)
    z = explicit_lags(x, decoder.lags_)
    weights = decoder.coef_.transpose(2, 1, 0).reshape(-1, 2)
    estimated = np.cov((z @ weights).T)
    expected = np.cov(z.T) @ weights @ np.linalg.inv(estimated)
    assert decoder.patterns_.shape == decoder.coef_.shape == (2, 4, 4)
    assert_allclose(decoder.patterns_, _coef(expected, 4), rtol=1e-7, atol=1e-10)


def test_float32_stays_float32(make_trials):
    x, y = _recording()
    single = EnvelopeDecoder(alpha=0.1).fit(x.astype(np.float32), y)
    double = EnvelopeDecoder(alpha=0.1).fit(x, y)
    assert single.coef_.dtype == single.intercept_.dtype == np.float32
    assert single.predict(x.astype(np.float32)).dtype == np.float32
    assert_allclose(single.coef_, double.coef_, atol=1e-4 * abs(double.coef_).max())
    trials, references = make_trials(3, dtype=np.float32)
    guide = EnvelopeDecoder(alpha=0.1).fit_transform(trials, references)[0].guide
    assert guide.dtype == np.float32


def test_predictions_have_the_shape_of_the_target():
    x, y = _recording()
    decoder = EnvelopeDecoder(alpha=0.1)
    assert decoder.fit(x, y[:, 0]).predict(x).shape == (400,)
    assert decoder.transform(x).shape == (400, 1)
    assert decoder.fit(x, y).predict(x).shape == (400, 1)


def test_score_of_arrays_is_the_mean_correlation():
    x, y = _recording(n_outputs=2)
    decoder = EnvelopeDecoder(alpha=0.1).fit(x, y)
    predicted = decoder.predict(x)
    r = [np.corrcoef(predicted[:, o], y[:, o])[0, 1] for o in range(2)]
    assert_allclose(decoder.score(x, y), np.mean(r))
    y[:, 1] = 3.0
    assert_allclose(decoder.score(x, y), r[0] / 2)
    with pytest.raises(ValueError, match="1 outputs, but the decoder was fitted with"):
        decoder.score(x, y[:, 0])


def test_the_edge_of_the_grid_warns(make_trials):
    trials, references = make_trials(4)
    decoder = EnvelopeDecoder(alphas=(30.0, 300.0))
    with pytest.warns(UserWarning, match="the best value, 30, is at the edge"):
        decoder.fit(trials, references)
    EnvelopeDecoder(alphas=(3.0,)).fit(trials, references)


def test_one_stimulus_can_not_be_left_out(make_trials):
    trials, references = make_trials(3, stimuli=("a", "a", "a"))
    with pytest.raises(ValueError, match="pass a number as alpha"):
        EnvelopeDecoder().fit(trials, references)
    decoder = EnvelopeDecoder(alpha=2.0).fit(trials, references)
    assert decoder.alpha_ == 2.0
    assert not hasattr(decoder, "cv_scores_")


def test_short_arrays_fall_back_with_a_warning():
    x, y = _recording(n_times=60)
    with pytest.warns(UserWarning, match="60 samples are too few for cross-validation"):
        decoder = EnvelopeDecoder().fit(x, y)
    assert decoder.alpha_ == 1.0
    assert not hasattr(decoder, "cv_scores_")
    with pytest.warns(UserWarning, match="missing EEG counts as its mean"):
        decoder = EnvelopeDecoder(alpha=0.5).fit(x[:10], y[:10])
    assert np.isfinite(decoder.coef_).all()


def test_bad_arrays_are_refused_with_the_channel():
    pd = pytest.importorskip("pandas")
    x, y = _recording()
    frame = pd.DataFrame(x, columns=["Fz", "Cz", "Pz", "Oz"])
    decoder = EnvelopeDecoder(alpha=0.1).fit(frame, y)
    assert_array_equal(decoder.feature_names_in_, frame.columns)
    bad = frame.copy()
    bad.loc[7, "Pz"] = np.nan
    for method in (decoder.predict, lambda x: decoder.fit(x, y)):
        with pytest.raises(ValueError, match=r"NaN or infinity.*\['Pz'\]"):
            method(bad)
    bad["Pz"] = 4.0
    with pytest.warns(UserWarning, match=r"channels \['Pz'\] of the EEG are constant"):
        decoder.fit(bad, y)
    assert_allclose(decoder.coef_[:, 2], 0, atol=1e-12)
    with pytest.raises(ValueError, match="3 features, but EnvelopeDecoder is expecti"):
        EnvelopeDecoder(alpha=0.1).fit(x, y).predict(x[:, :3])
    with pytest.raises(ValueError, match="the target is constant"):
        decoder.fit(frame, np.ones(400))


def test_no_penalty_with_dependent_channels_gives_a_finite_solution():
    x, y = _recording()
    x = np.hstack([x, x[:, :2]])
    doubled = EnvelopeDecoder(alpha=0.0).fit(x, y)
    plain = EnvelopeDecoder(alpha=0.0).fit(x[:, :4], y)
    assert_allclose(doubled.predict(x), plain.predict(x[:, :4]), atol=1e-7)
    assert_allclose(doubled.coef_[:, :2], doubled.coef_[:, 4:], atol=1e-8)


def test_set_output_leaves_a_list_of_recordings_alone():
    rng = np.random.default_rng(0)
    X = [rng.standard_normal((300, 4)) for _ in range(3)]
    y = [rng.standard_normal(300) for _ in range(3)]
    decoder = EnvelopeDecoder(alpha=0.1)
    expected = decoder.fit(X, y).transform(X)
    framed = clone(decoder).set_output(transform="pandas")
    for found in (framed.fit_transform(X, y), framed.transform(X)):
        assert isinstance(found, list)
        for one, other in zip(found, expected, strict=True):
            assert type(one) is np.ndarray
            assert_array_equal(one, other)


def test_set_output_acts_on_arrays_and_leaves_trials_alone(make_trials):
    pd = pytest.importorskip("pandas")
    x, y = _recording(n_outputs=2)
    trials, references = make_trials(2)
    decoder = EnvelopeDecoder(alpha=0.1).set_output(transform="pandas")
    frame = decoder.fit_transform(x, y)
    assert isinstance(frame, pd.DataFrame)
    assert list(frame.columns) == ["envelopedecoder0", "envelopedecoder1"]
    assert isinstance(decoder.transform(x), pd.DataFrame)
    assert isinstance(decoder.fit_transform(trials, references), list)
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(decoder.transform(trials), list)


def test_works_in_a_pipeline_as_a_step(make_trials):
    class GuideMean(BaseEstimator):
        def fit(self, X, y):
            self.n_seen_ = len(X)
            return self

        def predict(self, X):
            return [float(trial.guide.mean()) for trial in X]

    trials, references = make_trials(3)
    pipe = Pipeline([("decode", EnvelopeDecoder(alpha=1.0)), ("mean", GuideMean())])
    found = pipe.fit(trials, references).predict(trials)
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    assert_allclose(found, [p.mean() for p in decoder.predict(trials)])


def test_search_in_parallel_over_read_only_trials(make_trials):
    trials, references = make_trials(
        4, n_channels=64, eeg_sfreq=256.0, duration=9.0, audio_sfreq=16000.0
    )
    assert trials[0].eeg.nbytes > 2**20

    def score(estimator, X, y):
        assert not X[0].eeg.flags.writeable
        assert not y[0].sources.flags.writeable
        return estimator.score(X, y)

    search = GridSearchCV(
        Pipeline([("decode", EnvelopeDecoder())]),
        {"decode__alpha": [1e-2, 1.0]},
        scoring=score,
        cv=GroupKFold(2),
        n_jobs=2,
        error_score="raise",
    )
    before = [trial.eeg.copy() for trial in trials]
    search.fit(trials, references, groups=[trial.stimulus for trial in trials])
    for trial, eeg in zip(trials, before):
        assert_array_equal(trial.eeg, eeg)
    alone = GridSearchCV(
        search.estimator, search.param_grid, cv=GroupKFold(2), error_score="raise"
    ).fit(trials, references, groups=[trial.stimulus for trial in trials])
    assert_allclose(
        search.cv_results_["mean_test_score"],
        alone.cv_results_["mean_test_score"],
        rtol=1e-6,
    )


@pytest.mark.parametrize("feature", ["envelope", "mel", "activations"])
def test_a_cache_saves_work_and_changes_no_result(
    make_trials, tmp_path, monkeypatch, feature
):
    import mne

    filtered, plain_filter = [], mne.filter.filter_data

    def counting(signals, *args, **kwargs):
        filtered.append(len(signals))
        return plain_filter(signals, *args, **kwargs)

    monkeypatch.setattr("mne.filter.filter_data", counting)
    trials, references = make_trials(3)
    options = {"feature": feature, "n_bands": 2}
    plain = EnvelopeDecoder(**options, alpha=1.0).fit(trials, references)
    assert filtered.count(6) == 3
    for alpha in (2.0, 1.0):
        found = EnvelopeDecoder(**options, alpha=alpha, memory=str(tmp_path))
        found.fit(trials, references)
    assert filtered.count(6) == 6
    assert_array_equal(found.coef_, plain.coef_)
    assert found.score(trials, references) == plain.score(trials, references)


def test_real_eeg_is_decoded_far_above_chance(shared_data):
    path = shared_data / "eeg_speech_64ch_64Hz_3x90s.npz"
    if not path.exists():
        pytest.skip(f"{path.name} is not in {shared_data}")
    with np.load(path) as data:
        xs = [(data[f"eeg_{part}"] * data["scale_uV"]).T for part in (1, 3, 4)]
        ys = [data[f"env_{part}"] for part in (1, 3, 4)]
    scores, null = [], []
    for part in range(3):
        kept = [other for other in range(3) if other != part]
        decoder = EnvelopeDecoder(tmax=0.3)
        decoder.fit(
            np.concatenate([xs[i] for i in kept]), np.concatenate([ys[i] for i in kept])
        )
        scores.append(decoder.score(xs[part], ys[part]))
        shifts = range(640, 5760 - 640, 160)
        null += [decoder.score(xs[part], np.roll(ys[part], s)) for s in shifts]
    assert np.mean(scores) > 0.28
    assert min(scores) > np.max(null)


def test_recordings_shorter_than_the_lags_say_so():
    rng = np.random.default_rng(0)
    X, y = rng.standard_normal((40, 2)), rng.standard_normal(40)
    decoder = EnvelopeDecoder(alpha=1.0, tmin=0.1, tmax=0.5)
    with pytest.warns(UserWarning, match="X: 40 samples are too few .* up to 32;"):
        decoder.fit(X, y)
