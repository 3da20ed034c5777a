from dataclasses import replace

import mne
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import GridSearchCV, GroupKFold
from sklearn.pipeline import Pipeline

from sklearn_cnmf.decoding import EEGPreparation, EnvelopeDecoder
from sklearn_cnmf.decoding._eeg import prepare_eeg

NAMES = ("Fz", "Cz", "Pz", "Oz", "C3", "C4")
NOTHING = {"sfreq": None, "standardize": False}
BAND = {"l_freq": 1.0, "h_freq": 8.0}


def test_filters_and_resamples_as_the_decoder_does(make_trials):
    trials, _ = make_trials(2, eeg_sfreq=250.0)
    found = EEGPreparation(**BAND, standardize=False).fit_transform(trials)
    for old, new in zip(trials, found):
        expected = prepare_eeg(old.eeg, 250.0, sfreq=64.0, l_freq=1.0, h_freq=8.0)
        assert_array_equal(new.eeg, expected)
        assert new.eeg_sfreq == 64.0
        assert new.mixture is old.mixture
        assert old.eeg_sfreq == 250.0


def test_with_everything_off_trials_stay_as_they_are(make_trials):
    trials, _ = make_trials(2, dtype=np.float32)
    for old, new in zip(trials, EEGPreparation(**NOTHING).fit_transform(trials)):
        assert_array_equal(new.eeg, old.eeg)
        assert new.eeg.dtype == np.float32
        assert new.eeg_sfreq == old.eeg_sfreq
        assert new.eeg is not old.eeg


def test_references_equal_those_of_mne(make_trials):
    trials, _ = make_trials(1, ch_names=NAMES)
    info = mne.create_info(list(NAMES), 128.0, "eeg")
    raw = mne.io.RawArray(trials[0].eeg, info, verbose="error")
    for reference, ours in (("average", "average"), (["Cz", "C3"], ["Cz", "C3"])):
        expected = raw.copy().set_eeg_reference(reference, verbose="error").get_data()
        [found] = EEGPreparation(**NOTHING, reference=ours).fit_transform(trials)
        assert_allclose(found.eeg, expected, atol=1e-12)


def test_notch_removes_line_noise(make_trials):
    trials, _ = make_trials(1, eeg_sfreq=256.0)
    times = np.arange(trials[0].eeg.shape[1]) / 256
    hum = 10 * np.sin(2 * np.pi * 50 * times)
    noisy = [replace(trials[0], eeg=trials[0].eeg + hum)]
    [found] = EEGPreparation(**NOTHING, notch_freqs=(50.0,)).fit_transform(noisy)
    spectrum = np.abs(np.fft.rfft(found.eeg, axis=1)).mean(axis=0)
    freqs = np.fft.rfftfreq(len(times), 1 / 256)
    before = np.abs(np.fft.rfft(noisy[0].eeg, axis=1)).mean(axis=0)
    hit = np.abs(freqs - 50) < 0.2
    assert spectrum[hit].max() < 0.1 * before[hit].max()
    kept = np.abs(freqs - 50) > 4
    original = np.abs(np.fft.rfft(trials[0].eeg, axis=1)).mean(axis=0)
    assert_allclose(spectrum[kept].mean(), original[kept].mean(), rtol=0.02)


def test_statistics_come_from_the_training_trials_alone(make_trials):
    trials, _ = make_trials(4)
    loud = [replace(trial, eeg=50 * trial.eeg + 7) for trial in trials[2:]]
    prepare = EEGPreparation(sfreq=None).fit(trials[:2])
    training = np.concatenate([trial.eeg for trial in trials[:2]], axis=1)
    assert_allclose(prepare.mean_, training.mean(axis=1))
    assert_allclose(prepare.scale_, training.std(axis=1))
    for old, new in zip(loud, prepare.transform(loud)):
        expected = (old.eeg - training.mean(axis=1)[:, None]) / training.std(axis=1)[
            :, None
        ]
        assert_allclose(new.eeg, expected)
    own = np.concatenate([t.eeg for t in prepare.transform(trials[:2])], axis=1)
    assert_allclose(own.std(axis=1), 1)


def test_clamp_cuts_at_deviations_of_the_training(make_trials):
    trials, _ = make_trials(2)
    eeg = trials[1].eeg.copy()
    eeg[3, 500] = 1e4
    bad = [replace(trials[1], eeg=eeg)]
    for standardize in (True, False):
        prepare = EEGPreparation(sfreq=None, clamp=3.0, standardize=standardize)
        [found] = prepare.fit(trials[:1]).transform(bad)
        limit = 3.0 if standardize else prepare.mean_[3] + 3 * prepare.scale_[3]
        assert_allclose(found.eeg[3, 500], limit)


def test_a_constant_channel_becomes_zero(make_trials):
    trials, _ = make_trials(2)
    flat = [replace(trial, eeg=trial.eeg.copy()) for trial in trials]
    for trial in flat:
        trial.eeg[4] = 0.1
    for options in ({}, BAND):
        prepare = EEGPreparation(**options).fit(flat)
        assert prepare.scale_[4] == 1
        assert_allclose(prepare.transform(flat)[0].eeg[4], 0, atol=1e-12)


def test_arrays_are_taken_at_the_rate(make_trials):
    x = np.random.default_rng(0).standard_normal((2000, 3)) + 4
    found = EEGPreparation(**BAND).fit_transform(x)
    expected = prepare_eeg(x.T, 64.0, sfreq=64.0, l_freq=1.0, h_freq=8.0).T
    assert_allclose(found, (expected - expected.mean(axis=0)) / expected.std(axis=0))
    assert EEGPreparation().fit_transform(x.astype(np.float32)).dtype == np.float32


def test_a_search_tunes_it(make_trials):
    trials, references = make_trials(4, noise=2.0)
    pipe = Pipeline(
        [
            ("prepare", EEGPreparation()),
            ("decode", EnvelopeDecoder(scale=None, feature="envelope")),
        ]
    )
    search = GridSearchCV(
        pipe.set_params(decode__alpha=1.0),
        {"prepare__clamp": [None, 2.0], "prepare__reference": [None, "average"]},
        cv=GroupKFold(2),
        error_score="raise",
    )
    search.fit(trials, references, groups=[trial.stimulus for trial in trials])
    assert len(set(search.cv_results_["mean_test_score"])) == 4
    assert search.predict(trials)[0].shape == (1, 768)


@pytest.mark.parametrize(
    ("parameters", "error", "message"),
    [
        ({"sfreq": 0}, ValueError, "sfreq: expected a finite number > 0"),
        ({"sfreq": "64"}, ValueError, "sfreq: expected a finite number > 0"),
        ({"h_freq": 40.0}, ValueError, "h_freq: .* half of sfreq=64"),
        ({"l_freq": 9.0, "h_freq": 8.0}, ValueError, "l_freq < h_freq"),
        (
            {"sfreq": None, "h_freq": 70.0},
            ValueError,
            r"trials\[0\].*h_freq=70 Hz is not below half of eeg_sfreq=128",
        ),
        (
            {"notch_freqs": (64.0,)},
            ValueError,
            r"trials\[0\].*notch_freqs=64 Hz is not below half of eeg_sfreq=128",
        ),
        ({"notch_freqs": 50.0}, ValueError, "notch_freqs: expected a sequence"),
        (
            {"notch_freqs": (-50.0,)},
            ValueError,
            "notch_freqs: expected a finite",
        ),
        ({"reference": "mastoids"}, ValueError, "reference: expected None, 'average'"),
        ({"reference": ["M1"]}, ValueError, r"reference: channels \['M1'\] are not am"),
        ({"standardize": "yes"}, ValueError, "standardize: expected True or False"),
        ({"clamp": 0}, ValueError, "clamp: expected a finite number > 0, got 0"),
        ({"clamp": "3"}, ValueError, "clamp: expected a finite number > 0"),
    ],
)
def test_parameters_are_refused_in_fit(make_trials, parameters, error, message):
    trials, _ = make_trials(1, ch_names=NAMES)
    with pytest.raises(error, match=message):
        EEGPreparation(**parameters).fit(trials)


def test_channels_must_be_those_of_the_training(make_trials):
    trials, _ = make_trials(1, ch_names=NAMES)
    prepare = EEGPreparation().fit(trials)
    assert_array_equal(prepare.feature_names_in_, NAMES)
    assert_array_equal(prepare.get_feature_names_out(), NAMES)
    other = [replace(trials[0], ch_names=NAMES[::-1])]
    with pytest.raises(ValueError, match=r"ch_names\[0\] is 'C4'"):
        prepare.transform(other)
    pd = pytest.importorskip("pandas")
    nan = pd.DataFrame(trials[0].eeg.T, columns=NAMES)
    with pytest.raises(ValueError, match="fitted on a list of Trial, but X is an arr"):
        prepare.transform(nan)
    prepare.fit(nan)
    nan.loc[3, "Cz"] = np.nan
    with pytest.raises(ValueError, match=r"NaN or infinity.*\['Cz'\]"):
        prepare.transform(nan)


def test_one_sample_has_no_spread():
    with pytest.raises(ValueError, match=r"1 sample.* minimum of 2 is required"):
        EEGPreparation().fit(np.ones((1, 3)))
