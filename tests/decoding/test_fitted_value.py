"""What a fit of the decoder leaves behind, and what may be done with it."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.linear_model import Ridge

from sklearn_cnmf.decoding import EEGPreparation, EnvelopeDecoder

RNG = np.random.default_rng(0)
EEG = RNG.standard_normal((300, 6))
NAMES = ("flute", "harp")
KINDS = {
    "array": {},
    "trials": {},
    "instruments": {"per_instrument": True},
    "activations": {"feature": "activations", "n_bands": 2},
    "regressor": {"estimator": Ridge(1.0)},
    "cv": {"alpha": "cv", "alphas": (0.1, 1.0, 10.0)},
}
DEFAULTS = {
    "alpha": 1.0,
    "per_instrument": False,
    "estimator": None,
    "feature": "envelope",
}


@pytest.fixture(scope="module")
def data(request):
    make = request.getfixturevalue("make_trials")
    trials, references = make(4)
    return [replace(trial, instruments=NAMES) for trial in trials], references


def fit(kind, data, decoder=None):
    decoder = EnvelopeDecoder() if decoder is None else decoder
    decoder.set_params(**{**DEFAULTS, **KINDS[kind]})
    if kind == "array":
        return decoder.fit(EEG, EEG[:, 2])
    return decoder.fit(*data)


def fitted_attributes(decoder):
    return sorted(name for name in vars(decoder) if name.endswith("_"))


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
@pytest.mark.filterwarnings("ignore:alphas. the best value")
def test_a_fit_leaves_nothing_of_the_one_before(data, first, second):
    fresh = fit(second, data)
    again = fit(second, data, fit(first, data))
    assert fitted_attributes(again) == fitted_attributes(fresh)
    given = EEG if second == "array" else data[0]
    for one, two in zip(again.predict(given), fresh.predict(given)):
        assert_array_equal(one, two)


def test_the_other_kind_of_input_is_refused_in_one_sentence(data):
    decoder = fit("trials", data)
    message = "X: this EnvelopeDecoder was fitted on a list of Trial, but X is an array"
    for call in (decoder.predict, decoder.transform, lambda X: decoder.score(X, X)):
        with pytest.raises(ValueError, match=message):
            call(EEG)
    message = "X: this EnvelopeDecoder was fitted on an array, but X is a list of Trial"
    with pytest.raises(ValueError, match=message):
        fit("array", data).transform(data[0])


@pytest.mark.parametrize(
    "change",
    [
        {"sfreq": 32.0},
        {"sfreq": 0},
        {"l_freq": None},
        {"h_freq": 4.0},
        {"tmin": 0.05},
        {"tmax": 0.1},
        {"feature": "onset"},
        {"per_instrument": True},
        {"alpha": 2.0},
        {"alphas": np.array([1.0, 2.0])},
        {"alpha_per_output": True},
        {"estimator": Ridge(1.0)},
    ],
)
def test_what_decided_the_fit_can_not_change_after_it(data, change):
    decoder = fit("trials", data).set_params(**change)
    (name,) = change
    for method in (
        decoder.predict,
        decoder.transform,
        lambda trials: decoder.score(trials, data[1]),
        lambda trials: decoder.predict_attended(trials, data[1]),
    ):
        with pytest.raises(ValueError, match=f"{name}: was .* in fit and is .* now"):
            method(data[0])


def test_a_regressor_can_not_change_after_the_fit_either():
    decoder = EnvelopeDecoder(estimator=Ridge(1.0)).fit(EEG, EEG[:, 2])
    expected = decoder.predict(EEG)
    decoder.set_params(estimator=Ridge(1.0))
    assert_array_equal(decoder.predict(EEG), expected)
    decoder.set_params(estimator__alpha=2.0)
    with pytest.raises(
        ValueError, match=r"estimator: was Ridge\(\) in fit and is Ridge"
    ):
        decoder.predict(EEG)


def test_numbers_that_are_equal_are_the_same(data):
    decoder = fit("trials", data)
    expected = decoder.predict(data[0])
    decoder.set_params(sfreq=np.float32(64), l_freq=1)
    for one, two in zip(expected, decoder.predict(data[0])):
        assert_array_equal(one, two)


def test_a_failed_fit_leaves_the_one_before(data):
    decoder = fit("trials", data)
    expected = decoder.predict(data[0])
    with pytest.raises(ValueError, match="requires y to be passed"):
        decoder.fit(data[0], None)
    assert_array_equal(decoder.predict(data[0])[0], expected[0])


@pytest.mark.parametrize(
    "change", [{"clamp": 2.0}, {"sfreq": 32.0}, {"standardize": False}]
)
def test_prepared_eeg_follows_its_fit(data, change):
    step = EEGPreparation().fit(data[0])
    with pytest.raises(ValueError, match=f"{next(iter(change))}: was .* in fit"):
        step.set_params(**change).transform(data[0])
    assert len(clone(step).fit_transform(data[0])) == 4


def test_a_user_can_not_write_to_what_a_feature_is_given(data):
    def feature(audio, sfreq, times):
        audio[:] = 0
        return times[None]

    with pytest.raises(ValueError, match="read-only"):
        EnvelopeDecoder(feature=feature, alpha=1.0).fit(*data)


@pytest.mark.parametrize("rate", [np.int64(128), np.float32(128), np.uint16(128)])
def test_rates_of_any_kind_decode_alike(data, rate):
    trials, references = data
    other = [replace(trial, eeg_sfreq=rate) for trial in trials]
    expected = fit("trials", data).score(trials, references)
    assert fit("trials", (other, references)).score(other, references) == expected


def test_stimuli_with_falsy_names_share_a_fold(data):
    trials, references = data
    named = [replace(t, stimulus=name) for t, name in zip(trials, "0011")]
    decoder = EnvelopeDecoder(alphas=(0.1, 1.0, 10.0))
    with pytest.raises(ValueError, match="stimulus: expected a str, got 0"):
        replace(trials[0], stimulus=0)

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "alphas")
        scores = decoder.fit(named, references).cv_scores_
        alone = decoder.fit(named[2:] + named[:2], references[2:] + references[:2])
    assert_allclose(scores, alone.cv_scores_[:, [2, 3, 0, 1]], rtol=1e-9)


def test_edges_of_the_grid_warn_once_a_fit(data):
    decoder = EnvelopeDecoder(alphas=(30.0, 300.0), per_instrument=True)
    trials, references = data
    with pytest.warns(UserWarning, match="at the edge.*so in . of 3 models") as caught:
        decoder.fit(trials, references)
    assert len([w for w in caught if "at the edge" in str(w.message)]) == 1


def test_long_fits_are_logged(data, caplog):
    with caplog.at_level("INFO", logger="sklearn_cnmf"):
        fit("instruments", data)
    assert caplog.messages == [
        "Fit a decoder to 4 trials of 4 stimuli",
        "Fit a decoder to 2 trials of flute",
        "Fit a decoder to 2 trials of harp",
    ]
