from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.evaluation.subjects._controls import (
    guided_by,
    randomise_phases,
    with_eeg,
)
from sklearn_cnmf.evaluation.subjects._outcome import Heard
from sklearn_cnmf.separation._selection import candidate_features


@pytest.mark.parametrize("n_times", [256, 257])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_random_phases_leave_spectra_and_covariances(n_times, dtype):
    rng = np.random.default_rng(0)
    eeg = (rng.standard_normal((3, 3)) @ rng.standard_normal((3, n_times))).astype(
        dtype
    )
    eeg += 5
    kept = eeg.copy()
    found = randomise_phases(eeg, np.random.default_rng(1))
    assert_array_equal(eeg, kept)
    assert found.dtype == dtype
    assert found.shape == eeg.shape
    assert_allclose(np.abs(np.fft.rfft(found)), np.abs(np.fft.rfft(eeg)), atol=2e-3)
    assert_allclose(np.cov(found), np.cov(eeg), rtol=1e-4, atol=1e-4)
    assert abs(np.corrcoef(found[0], eeg[0])[0, 1]) < 0.3
    again = randomise_phases(eeg, np.random.default_rng(1))
    assert_array_equal(found, again)
    assert not np.array_equal(found, randomise_phases(eeg, np.random.default_rng(2)))


@pytest.fixture
def heard():
    rng = np.random.default_rng(0)
    sources = rng.standard_normal((3, 40000)) * [[1.0], [0.1], [2.0]]
    trial = Trial(
        rng.standard_normal((2, 320)),
        64.0,
        sources.sum(axis=0),
        8000.0,
        guide=rng.standard_normal((2, 320)),
        guide_sfreq=64.0,
        guide_feature="envelope_onset",
        guide_band=(1.0, 8.0),
    )
    donor = replace(trial, eeg=rng.standard_normal((2, 250)), stimulus="other")
    return Heard(trial, Reference(sources, 1), donor, 7)


def test_guides_are_features_of_sources(heard):
    features = candidate_features(list(heard.reference.sources), heard.trial)
    found = guided_by(heard.trial, heard, "true-guide")
    assert_array_equal(found.guide, features[1])
    found = guided_by(heard.trial, heard, "unattended-guide")
    assert_array_equal(found.guide, features[2])  # the loudest other source


def test_eeg_of_another_trial_is_repeated_or_cut_to_fit(heard):
    found = with_eeg(heard, "other-trial-eeg")
    expected = np.concatenate([heard.donor.eeg, heard.donor.eeg[:, :70]], axis=1)
    assert_array_equal(found.eeg, expected)
    assert found.mixture is heard.trial.mixture
    long = replace(heard, donor=replace(heard.donor, eeg=np.ones((2, 400))))
    assert with_eeg(long, "other-trial-eeg").eeg.shape == (2, 320)


def test_without_another_stimulus_there_is_no_other_eeg(heard):
    with pytest.raises(ValueError, match="no trial of another stimulus"):
        with_eeg(replace(heard, donor=None), "other-trial-eeg")


def test_phases_are_drawn_for_each_trial(heard):
    one = with_eeg(heard, "phase-randomised-eeg").eeg
    assert_array_equal(one, with_eeg(heard, "phase-randomised-eeg").eeg)
    other = with_eeg(replace(heard, seed=8), "phase-randomised-eeg").eeg
    assert not np.allclose(one, other)


def test_phase_randomised_eeg_decodes_nothing(listeners):
    trials, references = listeners
    own = [i for i, t in enumerate(trials) if t.subject == "sim01"]
    train, test = own[:4], own[4:]
    decoder = EnvelopeDecoder(alpha=1.0)
    decoder.fit([trials[i] for i in train], [references[i] for i in train])
    true, null = [], []
    for index in test:
        one = Heard(trials[index], references[index], None, index)
        for found, trial in (
            (true, one.trial),
            (null, with_eeg(one, "phase-randomised-eeg")),
        ):
            found.append(decoder.score([trial], [references[index]]))
    assert np.mean(true) > 0.3
    assert abs(np.mean(null)) < 0.15
