from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation._baselines import OwnComponents, ideal_ratio_mask

SFREQ = 8000.0


def tones(*pitches, seed=0):
    """Notes of different times; sources without a common partial."""
    rng = np.random.default_rng(seed)
    times = np.arange(int(2 * SFREQ)) / SFREQ
    sources = []
    for pitch in pitches:
        gate = np.repeat(rng.random(20) > 0.4, len(times) // 20)
        sources.append(gate * np.sin(2 * np.pi * pitch * times))
    return np.array(sources, dtype=np.float32)


def trial_of(sources):
    n_times = round(sources.shape[-1] / SFREQ * 64)
    return Trial(np.zeros((1, n_times)), 64.0, sources.sum(axis=0), SFREQ)


def gains(sources, estimates):
    mixture = sources.sum(axis=0)
    return [
        si_sdr(s[None], e[None])[0] - si_sdr(s[None], mixture[None])[0]
        for s, e in zip(sources, estimates)
    ]


@pytest.fixture
def separator():
    return ContrastiveNMF(6, dictionary="blind", random_state=0, tol=1e-3)


def test_the_ratio_mask_is_that_of_the_true_magnitudes():
    import librosa

    sources = tones(440, 1000)
    trial = trial_of(sources)
    found = ideal_ratio_mask(trial, Reference(sources, 1), window=0.064, mask_power=2.0)
    stfts = librosa.stft(sources, n_fft=512, hop_length=128)
    power = np.abs(stfts) ** 2
    power += 1e-20
    mask = power[1] / power.sum(axis=0)
    expected = librosa.istft(mask * stfts.sum(axis=0), hop_length=128, length=16000)
    assert_allclose(found[600:-600], expected[600:-600], atol=2e-3)
    assert si_sdr(sources[1:], found[None])[0] > 20


def test_each_audio_channel_has_its_own_ratio_mask():
    left, right = tones(440, 1000), tones(440, 1000, seed=1)
    stereo = np.stack([left, right], axis=1)
    options = {"window": 0.064, "mask_power": 2.0}
    found = ideal_ratio_mask(trial_of(stereo), Reference(stereo, 0), **options)
    for channel, sources in zip(found, (left, right)):
        own = ideal_ratio_mask(trial_of(sources), Reference(sources, 0), **options)
        assert_array_equal(channel, own)


def test_components_grouped_by_the_truth_give_the_sources(separator):
    sources = tones(300, 1500)
    trial = trial_of(sources)
    own = OwnComponents(trial, separator)
    groups = own.by_truth(Reference(sources, 0))
    assert min(gains(sources, groups)) > 15
    # The order is that of the sources.
    turned = own.by_truth(Reference(sources[::-1], 0))
    assert_array_equal(turned[0], groups[1])


def test_groups_add_up_to_the_mixture(separator):
    sources = tones(300, 1500)
    trial = trial_of(sources)
    own = OwnComponents(trial, separator)
    for groups in (
        own.by_sound(2),
        own.by_truth(Reference(sources, 0)),
        own.randomly(2, np.random.default_rng(1)),
    ):
        assert_allclose(sum(groups), trial.mixture, atol=1e-5)
    assert len(own.by_sound(6)) == 6
    assert len(own.by_sound(9)) == 6  # no more than there are components


def test_random_groups_are_drawn(separator):
    own = OwnComponents(trial_of(tones(300, 1500)), separator)
    one = own.randomly(2, np.random.default_rng(1))[0]
    assert_array_equal(one, own.randomly(2, np.random.default_rng(1))[0])
    others = [own.randomly(2, np.random.default_rng(s))[0] for s in range(2, 6)]
    assert any(not np.array_equal(one, other) for other in others)


def test_a_guide_groups_as_the_estimator_does(separator):
    sources = tones(300, 1500)
    trial = trial_of(sources)
    guide = np.abs(sources[:1, ::125])
    heard = replace(trial, guide=guide, guide_sfreq=64.0)
    found = OwnComponents(trial, separator).by_guide(heard)
    assert_array_equal(found, separator.fit([heard]).predict([heard])[0])
