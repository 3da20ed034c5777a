from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import median_abs_deviation

from sklearn_cnmf.decoding import EnvelopeDecoder
from sklearn_cnmf.decoding._eeg import prepare_eeg, scale_channels


def test_spread_is_the_median_absolute_deviation_of_scipy():
    eeg = np.random.default_rng(0).standard_t(3, (4, 2000)) * [[1], [1e-6], [50], [3]]
    eeg += 7
    spread = median_abs_deviation(eeg, axis=1, scale="normal")
    expected = (eeg - np.median(eeg, axis=1, keepdims=True)) / spread[:, None]
    assert_allclose(scale_channels(eeg, None), expected, rtol=1e-4)
    assert_allclose(scale_channels(eeg, 5.0), np.clip(expected, -5, 5), rtol=1e-4)


def test_constant_and_mostly_constant_channels():
    eeg = np.zeros((2, 1000))
    eeg[0] = 0.1
    eeg[1, 300:310] = 4.0
    scaled = scale_channels(eeg, None)
    assert_array_equal(scaled[0], 0)
    assert_allclose(scaled[1, 305], 4.0 / eeg[1].std())
    assert np.isfinite(scaled).all()


def test_units_and_kinds_of_numbers_do_not_matter():
    eeg = np.random.default_rng(0).integers(-500, 500, (3, 1000)).astype(np.int16)
    eeg.flags.writeable = False
    expected = scale_channels(eeg.astype(float) * 1e-6, 5.0)
    assert_allclose(scale_channels(eeg, 5.0), expected, rtol=1e-9)


def test_scaling_comes_before_the_filter():
    eeg = np.random.default_rng(0).standard_normal((2, 2560))
    eeg[1, 1000] = 1e6
    band = {"sfreq": 64.0, "l_freq": 1.0, "h_freq": 8.0}
    found = prepare_eeg(eeg, 256.0, **band, scale="robust", clamp=5.0)
    expected = prepare_eeg(scale_channels(eeg, 5.0), 256.0, **band)
    assert_array_equal(found, expected)
    assert np.abs(found[1]).max() < 5
    assert np.abs(prepare_eeg(eeg, 256.0, **band)[1]).max() > 1000


def test_trials_in_other_units_decode_alike(make_trials):
    trials, references = make_trials(4)
    other = [replace(t, eeg=t.eeg * 10.0**i) for i, t in enumerate(trials)]
    decoder = EnvelopeDecoder(alpha=1.0)
    expected = decoder.fit(trials, references).score(trials, references)
    found = decoder.fit(other, references).score(other, references)
    assert_allclose(found, expected, rtol=1e-6)


def test_a_bad_channel_does_little_harm(make_trials):
    trials, references = make_trials(8, noise=2.0)
    rng = np.random.default_rng(0)
    bad = []
    for trial in trials:
        eeg = trial.eeg.copy()
        eeg[4] = 1e4 * np.cumsum(rng.standard_normal(eeg.shape[1]))
        bad.append(replace(trial, eeg=eeg))

    def score(trials, scale):
        decoder = EnvelopeDecoder(alpha=1.0, scale=scale)
        decoder.fit(trials[:6], references[:6])
        return decoder.score(trials[6:], references[6:])

    good = score(trials, "robust")
    assert score(bad, "robust") > 0.8 * good
    assert score(bad, None) < 0.6 * good


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"scale": "standard"}, r"scale: expected one of \['robust'\], got 'standard'"),
        ({"clamp": 0}, "clamp: expected a finite number > 0, got 0"),
    ],
)
def test_other_scalings_are_refused(make_trials, parameters, message):
    with pytest.raises(ValueError, match=message):
        EnvelopeDecoder(**parameters).fit(*make_trials(2))
