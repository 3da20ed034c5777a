from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import Trial
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.evaluation import Alignment, check_alignment
from sklearn_cnmf.signals import audio_envelope, band_pass

SFREQ = 22050.0
PIECES = {piece.name: piece.mixture for piece in load_example_stems()}


def played(first, seconds=12.0):
    """A trial in which all pieces are played in turn, beginning with one of them."""
    names = list(PIECES)
    at = names.index(first)
    mixture = np.concatenate([PIECES[name] for name in names[at:] + names[:at]])
    mixture = mixture[: int(seconds * SFREQ)]
    return Trial(np.zeros((1, int(seconds * 64))), 64.0, mixture, SFREQ)


def recorded(trial, sfreq, lag=0.0, *, drift=0.0, low_pass=True, snr=None, seed=0):
    """Sound of a trial as it arrives: late by `lag` s in the middle, and drifting."""
    seconds = trial.mixture.shape[-1] / SFREQ
    audio = np.atleast_2d(trial.mixture).sum(axis=0)
    if low_pass:
        spectrum = np.fft.rfft(audio)
        spectrum[np.fft.rfftfreq(len(audio), 1 / SFREQ) > 0.4 * sfreq] = 0
        audio = np.fft.irfft(spectrum, len(audio))
    clock = np.arange(round(seconds * sfreq)) / sfreq
    clock = clock - lag - 1e-6 * drift * (clock - seconds / 2)
    sound = np.interp(clock * SFREQ, np.arange(len(audio)), audio, left=0, right=0)
    if snr is not None:
        noise = np.random.default_rng(seed).standard_normal(len(sound))
        sound = sound + noise * sound.std() * 10 ** (-snr / 20)
    return sound


def check(trial, sound, sfreq, **options):
    return check_alignment(trial, sound=sound, sound_sfreq=sfreq, **options)


@pytest.mark.parametrize("lag", [0.0, 0.1234, -0.2507, 0.9])
@pytest.mark.parametrize("sfreq", [256.0, 1000.0, 5000.0])
def test_the_lag_is_found_within_a_sample(sfreq, lag):
    trial = played("bach_invention")
    for low_pass in (True, False):
        sound = recorded(trial, sfreq, lag, low_pass=low_pass)
        found = check(trial, sound, sfreq)
        assert_allclose(found.lag, lag, atol=min(2e-4, 1 / sfreq))
        assert found.compared == "waveform"
        assert found.r > (0.7 if low_pass else 0.4)
        assert found.p < 0.02
        assert found.drift is None
        assert found.max_lag == 1.0
        if lag == 0:
            assert_allclose(found.r, found.r_at_zero, rtol=0.05)
        else:
            assert abs(found.r_at_zero) < 0.5


@pytest.mark.parametrize("name", ["backbeat", "mozart_sonata", "fanfare", "siciliana"])
@pytest.mark.parametrize("snr", [20, 0, -10])
def test_noise_clipping_hum_offset_and_polarity_do_no_harm(name, snr):
    trial = played(name)
    for sfreq in (1000.0, 5000.0):
        sound = -1e-6 * recorded(trial, sfreq, 0.3, snr=snr)
        sound = np.clip(sound, -2 * sound.std(), 2 * sound.std())
        hum = np.sin(2 * np.pi * 50 * np.arange(len(sound)) / sfreq)
        sound += (2 * hum + 1000) * sound.std()
        found = check(trial, sound, sfreq)
        assert_allclose(found.lag, 0.3, atol=2e-4)
        assert found.r < 0
        assert found.p < 0.05
        assert "inverted" in str(found)


def test_sound_at_the_rate_of_the_eeg_of_a_mixture_in_stereo():
    trial = played("backbeat")
    stereo = replace(trial, mixture=np.stack([0.3 * trial.mixture, trial.mixture]))
    sound = recorded(stereo, 64.0, -0.05, low_pass=False)
    assert_allclose(check_alignment(stereo, sound=sound).lag, -0.05, atol=1e-3)
    cancelling = replace(trial, mixture=np.stack([trial.mixture, -trial.mixture]))
    assert_allclose(check_alignment(cancelling, sound=sound).lag, -0.05, atol=1e-3)


def test_an_envelope_is_enough():
    # Another waveform of the same loudness, as after a loudspeaker in a room.
    trial = played("backbeat")
    clock = np.arange(12 * 1000) / 1000
    level = audio_envelope(trial.mixture, SFREQ, clock, power=1.0, window=0.02)[0]
    sound = np.random.default_rng(0).standard_normal(len(clock)) * level
    sound = np.roll(sound, 150)
    found = check(trial, sound, 1000.0)
    assert found.compared == "envelope"
    assert_allclose(found.lag, 0.15, atol=0.01)
    assert found.p < 0.05


@pytest.mark.parametrize(
    ("drift", "lag", "sfreq", "snr"),
    [(50.0, 0.02, 1000.0, 20), (-80.0, -0.3, 256.0, 0), (0.0, 0.0, 5000.0, 0)],
)
def test_a_drifting_clock_is_found(drift, lag, sfreq, snr):
    trial = played("fanfare", seconds=64.0)
    sound = recorded(trial, sfreq, lag, drift=drift, snr=snr)
    found = check(trial, sound, sfreq)
    assert_allclose(found.drift, drift, atol=10)
    assert_allclose(found.lag, lag, atol=2e-4)
    assert f"changes by {found.drift:+.1f} ms in 1000 s" in str(found)


def test_unrelated_recordings_are_rarely_taken_for_the_sound():
    names = sorted(PIECES)
    by_chance = []
    for seed in range(40):
        rng = np.random.default_rng(seed)
        trial = played(names[seed % len(names)], seconds=10.0)
        sound = rng.standard_normal(2560)
        if seed % 2:
            sound = recorded(played(names[seed % len(names) - 1], seconds=10.0), 256.0)
        by_chance.append(check(trial, sound, 256.0).p)
    by_chance = np.array(by_chance)
    assert np.sum(by_chance < 0.05) <= 5
    assert np.sum(by_chance < 0.01) <= 1
    assert 0.3 < np.median(by_chance) < 0.7


def guided(trial, lag, noise, seed=0, rows=1):
    """The trial with a guide that follows its envelope, late and badly."""
    times = np.arange(trial.eeg.shape[1]) / 64
    late = audio_envelope(trial.mixture, SFREQ, times - lag)
    late = np.repeat(band_pass(late, 64.0, l_freq=1.0, h_freq=8.0), rows, axis=0)
    rng = np.random.default_rng(seed)
    other = rng.standard_normal(late.shape)
    other = band_pass(other, 64.0, l_freq=1.0, h_freq=8.0)
    guide = late / late.std() + noise * other / other.std()
    return replace(trial, guide=guide, guide_sfreq=64.0, guide_band=(1.0, 8.0))


def test_a_guide_tells_the_lag_too():
    trial = played("fanfare", seconds=64.0)
    for lag, rows in ((0.1, 1), (-0.2, 2), (0.0, 1)):
        found = check_alignment(guided(trial, lag, noise=3.0, rows=rows))
        assert found.compared == "guide"
        assert_allclose(found.lag, lag, atol=0.02)
        assert 0.2 < found.r < 0.45
        assert found.p < 0.05
        assert found.drift is None
    # It is a copy: one of the opposite sign is none.
    wrong = guided(trial, 0.1, noise=0.0)
    assert check_alignment(replace(wrong, guide=-wrong.guide)).r > 0


def test_a_guide_of_noise_tells_nothing():
    p = []
    for name in list(PIECES)[::2]:
        trial = guided(played(name), 0.0, noise=1.0)
        for seed in range(5):
            noise = np.random.default_rng(seed).standard_normal(trial.guide.shape)
            noise = band_pass(noise, 64.0, l_freq=1.0, h_freq=8.0)
            p.append(check_alignment(replace(trial, guide=noise)).p)
    assert len(p) == 45
    assert np.sum(np.array(p) < 0.05) <= 5
    assert 0.3 < np.median(p) < 0.7
    assert check_alignment(trial) == check_alignment(trial)


def test_inputs_are_not_modified():
    trial = played("fanfare")
    sound = recorded(trial, 256.0)
    for array in (sound, trial.mixture, trial.eeg):
        array.flags.writeable = False
    before = sound.copy()
    check(trial, sound, 256.0)
    assert_array_equal(sound, before)


def test_it_prints_what_it_means():
    found = Alignment("waveform", 0.1234, 0.9, 0.01, 1e-5, None, 1.0)
    assert str(found) == (
        "Not aligned: the recorded sound comes 123.4 ms later than the mixture says "
        "(waveform, r = 0.90 there, 0.01 as it is, p < 0.001)."
    )
    early = str(replace(found, lag=-0.004, r=-0.8, p=0.01, drift=12.3))
    assert early.startswith("Aligned: the recorded sound comes 4.0 ms earlier")
    assert early.endswith("It is inverted. The lag changes by +12.3 ms in 1000 s.")
    assert "p = 0.010" in early
    assert "increase max_lag" in str(replace(found, lag=-1.0))
    unsure = str(replace(found, compared="guide", p=0.3))
    assert unsure.startswith("Can't be told: within 1 s either way the guide agrees")


def test_bad_input_is_refused():
    trial = played("fanfare")
    sound = recorded(trial, 256.0)

    def refused(match, trial=trial, **options):
        with pytest.raises(ValueError, match=match):
            check_alignment(trial, **options)

    refused("Trial", trial=None, sound=sound)
    refused("sound: got None, and the trial has no guide")
    refused("sound_sfreq: got 256.0, but no sound", sound_sfreq=256.0)
    good = {"sound": sound, "sound_sfreq": 256.0}
    refused("max_lag: 2.5 s is too much for a trial of 12 s", max_lag=2.5, **good)
    refused("max_lag: expected a finite number > 0", max_lag=0.0, **good)
    refused("sound_sfreq: expected a positive rate", sound=sound, sound_sfreq=-1.0)
    refused("sound: lasts 48.0.* but eeg lasts 12", sound=sound)
    fast = replace(trial, eeg=np.zeros((1, 12 * 256)), eeg_sfreq=256.0)
    refused("sound: lasts 11.99", trial=fast, sound=sound[:-2])
    assert check_alignment(fast, sound=sound[:-1]).p < 0.05
    refused("sound: expected 1-D", sound=sound[None], sound_sfreq=256.0)
    refused("sound: expected real numbers", sound=sound * 1j, sound_sfreq=256.0)
    spoilt = sound.copy()
    spoilt[7] = np.nan
    refused("sound: found 1 NaN", sound=spoilt, sound_sfreq=256.0)
    refused("sound: found 3 at all times", sound=0 * sound + 3, sound_sfreq=256.0)
    silent = replace(trial, mixture=np.zeros_like(trial.mixture))
    refused("mixture: found silence", trial=silent, **good)
    flat = guided(trial, 0.0, 0.0, rows=2)
    flat.guide[1] = 1.0
    refused("guide: found row 1 constant", trial=flat)
    assert check_alignment(flat, **good).compared == "waveform"
