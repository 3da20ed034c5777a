import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.online._clock import Clock, Synchronizer, as_times

START = 1e5  # such as a computer's clock says


def stamps(n, sfreq, *, ppm=0.0, jitter=0.0, start=START, seed=0):
    true = start + np.arange(n) / sfreq * (1 + ppm * 1e-6)
    return true, true + jitter * np.random.default_rng(seed).standard_normal(n)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.fixture
def synchronizer():
    return Synchronizer(100.0, 1000.0)


def through(synchronizer, eeg, eeg_times, audio, audio_times, n_eeg=7, n_audio=80):
    """What comes out, EEG and audio pushed in turn as their stamps have it."""
    found, heard, missing = [], [], []
    eeg_at = audio_at = 0
    while audio_at < audio.shape[1]:
        part = slice(audio_at, audio_at + n_audio)
        heard.append(synchronizer.push_audio(audio[:, part], audio_times[part]))
        audio_at += n_audio
        until = audio_times[: audio_at + 1][-1]
        while eeg_at < eeg.shape[1] and eeg_times[eeg_at] < until:
            part = slice(eeg_at, eeg_at + n_eeg)
            synchronizer.push_eeg(eeg[:, part], eeg_times[part])
            eeg_at += n_eeg
        regular = synchronizer.pull()
        if regular.eeg.size:
            found.append(regular.eeg)
            missing.append(regular.missing)
    return tuple(np.concatenate(x, axis=-1) for x in (found, missing, heard))


@pytest.mark.parametrize("sfreq", [64.0, 512.0, 44100.0])
def test_jitter_is_smoothed(sfreq):
    true, stamped = stamps(round(20 * sfreq), sfreq, jitter=0.01)
    indices, times = Clock("eeg", sfreq).push(stamped)
    assert_array_equal(indices, np.arange(len(true)))
    late = slice(round(10 * sfreq), None)
    assert np.std(times[late] - true[late]) < 0.002 * np.sqrt(max(1, 100 / sfreq))
    assert np.abs(times - true).max() < np.abs(stamped[0] - true[0]) + 0.01


def test_drift_is_followed():
    true, stamped = stamps(200 * 120, 200.0, ppm=200.0)
    _, times = Clock("eeg", 200.0).push(stamped)
    assert np.abs(times - true).max() < 2e-3
    assert np.abs(times - true)[-200:].max() < 1e-5


def test_chunks_make_no_difference():
    _, stamped = stamps(3000, 200.0, ppm=100.0, jitter=0.01)
    stamped = np.delete(stamped, slice(1000, 1100))
    whole = Clock("eeg", 200.0).push(stamped)
    clock = Clock("eeg", 200.0)
    parts = [clock.push(part) for part in np.array_split(stamped, 611)]
    for one, other in zip(whole, zip(*parts)):
        assert_array_equal(one, np.concatenate(other))


@pytest.mark.parametrize("n_lost", [25, 33, 500])
def test_samples_that_are_lost_are_counted(n_lost):
    true, stamped = stamps(3000, 200.0, jitter=0.002)
    kept = np.delete(np.arange(3000), slice(1003, 1003 + n_lost))
    indices, times = Clock("eeg", 200.0).push(stamped[kept])
    assert_array_equal(indices[:1003], kept[:1003])
    assert_allclose(indices[1003:], kept[1003:], atol=1)  # jitter of one stamp
    assert np.abs(times - true[kept]).max() < 0.006


def test_samples_that_come_twice_go_back():
    _, stamped = stamps(400, 200.0)
    clock = Clock("eeg", 200.0)
    clock.push(stamped[:300])
    assert_array_equal(clock.push(stamped[240:260]).indices, np.arange(240, 260))
    assert_array_equal(clock.push(stamped[300:]).indices, np.arange(300, 400))


@pytest.mark.parametrize(
    ("shift", "words"), [(61, "nothing came"), (-61, "time goes back")]
)
def test_more_than_a_minute_is_no_gap(shift, words):
    clock = Clock("audio", 100.0)
    clock.push(np.arange(10) / 100)
    with pytest.raises(ValueError, match=f"times of audio: {words}.* 61 s"):
        clock.push(np.array([0.1 + shift]))


@pytest.mark.parametrize("sfreq", [1.0, 2.0, 4.0, 5.0])
def test_stamps_of_slow_streams_may_be_off_by_less_than_a_sample(sfreq):
    true, stamped = stamps(50, sfreq)
    stamped[20] += 0.11
    indices, times = Clock("eeg", sfreq).push(stamped)
    assert_array_equal(indices, np.arange(50))
    assert_allclose(times, true, atol=0.11)


def test_eeg_of_another_clock_is_told_from_late_eeg(synchronizer):
    synchronizer.push_audio(np.zeros((1, 1000)), stamps(1000, 1000.0, start=1.7e9)[0])
    with pytest.raises(ValueError, match=r"the eeg is 1\.6999e\+09 s behind the audio"):
        synchronizer.push_eeg(np.zeros((1, 10)), stamps(10, 100.0)[0])
    with pytest.raises(ValueError, match=r"is 61 s ahead of the audio"):
        synchronizer.push_eeg(np.zeros((1, 10)), 1.7e9 + 62 + np.arange(10) / 100)


def test_eeg_that_begins_a_minute_after_the_audio_is_refused(synchronizer):
    for second in range(70):
        times = stamps(1000, 1000.0, start=START + second)[0]
        synchronizer.push_audio(np.zeros((1, 1000)), times)
    with pytest.raises(ValueError, match=r"begins 69\.5 s after the audio"):
        synchronizer.push_eeg(np.zeros((1, 10)), START + 69.5 + np.arange(10) / 100)


def test_without_faults_nothing_changes(synchronizer, rng):
    eeg, audio = rng.standard_normal((3, 500)), rng.standard_normal((1, 5000))
    times = stamps(500, 100.0)[0], stamps(5000, 1000.0)[0]
    found, missing, heard = through(synchronizer, eeg, times[0], audio, times[1])
    assert_array_equal(heard, audio)
    assert found.shape[1] > 495
    assert not missing.any()
    assert_allclose(found, eeg[:, : found.shape[1]], atol=1e-6)


def test_drift_between_the_streams_is_taken_out(synchronizer):
    # The EEG runs fast, the audio slow: 0.06 s in a minute.
    eeg_times = stamps(6100, 100.0, ppm=-500.0)[0]
    audio_times = stamps(60000, 1000.0, ppm=500.0)[0]

    def wave(t):
        return np.sin(2 * np.pi * 2 * (t - START))[np.newaxis]

    found, missing, heard = through(
        synchronizer, wave(eeg_times), eeg_times, wave(audio_times), audio_times
    )
    assert not missing.any()
    # Both say the same thing at the same sample.
    n = found.shape[1]
    heard = heard[:, : n * 10 : 10]
    assert np.abs(found - heard)[:, 3000:].max() < 0.01
    assert np.abs(wave(START + np.arange(n) / 100) - heard).max() > 0.1


def test_lost_eeg_is_marked_and_interpolated(synchronizer):
    times, audio_times = stamps(1000, 100.0)[0], stamps(10000, 1000.0)[0]
    ramp = np.arange(1000.0)[np.newaxis]
    kept = np.delete(np.arange(1000), slice(300, 350))
    found, missing, _ = through(
        synchronizer, ramp[:, kept], times[kept], np.zeros((1, 10000)), audio_times
    )
    # An end may lie on a sample, but for rounding.
    assert_allclose(np.flatnonzero(missing)[[0, -1]], [300, 349], atol=1)
    assert_allclose(missing.sum(), 50, atol=2)
    assert_allclose(found, ramp[:, : found.shape[1]], atol=1e-5)


def test_lost_audio_is_silence(synchronizer, rng):
    audio = rng.standard_normal((2, 5000))
    kept = np.delete(np.arange(5000), slice(2000, 2600))
    times = stamps(5000, 1000.0)[0]
    _, _, heard = through(
        synchronizer, np.ones((1, 500)), stamps(500, 100.0)[0], audio[:, kept],
        times[kept],
    )  # fmt: skip
    audio[:, 2000:2600] = 0
    assert_array_equal(heard, audio)
    assert synchronizer.n_lost_audio == 600


def test_what_comes_twice_is_left_out(synchronizer):
    times, ramp = stamps(300, 100.0)[0], np.arange(300.0)[np.newaxis]
    synchronizer.push_audio(np.zeros((1, 3100)), stamps(3100, 1000.0)[0])
    for part in (slice(0, 200), slice(150, 180), slice(200, 300)):
        synchronizer.push_eeg(ramp[:, part], times[part])
    found = synchronizer.pull()
    assert_allclose(found.eeg, ramp[:, :299], atol=1e-5)
    assert not found.missing.any()
    assert synchronizer.n_repeated == 30


@pytest.mark.parametrize("shift", [-0.5, 0.5])
def test_streams_may_begin_one_after_the_other(synchronizer, shift):
    times = stamps(300, 100.0, start=START + shift)[0]
    ramp = np.arange(300.0)[np.newaxis]
    found, missing, _ = through(
        synchronizer, ramp, times, np.zeros((1, 3000)), stamps(3000, 1000.0)[0]
    )
    before = round(max(shift, 0) * 100)
    assert_allclose(missing.sum(), before, atol=1)
    assert not missing[before + 1 :].any()
    expected = np.maximum(np.arange(found.shape[1]) - shift * 100, 0)
    assert_allclose(found[0], expected, atol=1e-5)


def test_eeg_waits_for_the_audio_of_its_time(synchronizer):
    synchronizer.push_eeg(np.ones((1, 200)), stamps(200, 100.0)[0])
    assert synchronizer.seconds_waiting == 2
    assert not synchronizer.pull().eeg.size
    synchronizer.push_audio(np.zeros((1, 1001)), stamps(1001, 1000.0)[0])
    assert synchronizer.pull().eeg.shape[1] in (99, 100, 101)
    assert synchronizer.seconds_waiting == pytest.approx(1, abs=0.02)


def test_eeg_long_before_the_audio_is_forgotten(synchronizer):
    for start in range(100):
        synchronizer.push_eeg(
            np.ones((1, 100)), stamps(100, 100.0, start=START + start)[0]
        )
    assert synchronizer.seconds_waiting <= 60
    synchronizer.push_audio(
        np.zeros((1, 500)), stamps(500, 1000.0, start=START + 99)[0]
    )
    found = synchronizer.pull()
    assert found.eeg.shape[1] in (48, 49, 50)
    assert not found.missing.any()


@pytest.mark.parametrize(
    ("times", "words"),
    [
        ([1.0], "times: expected 2 stamps, got 1"),
        ([[1.0, 2.0]], "times"),
        ([1.0, np.nan], "times"),
        ([3.0, 3.0], "expected when each sample was taken, got 3 for all 2"),
    ],
)
def test_bad_stamps_are_refused(times, words):
    with pytest.raises(ValueError, match=words):
        as_times("times", times, 2)
