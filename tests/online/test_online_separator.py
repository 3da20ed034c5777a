import pickle
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.online import OnlineSeparator

from .conftest import make_trial

INF = float("inf")


def run(separator, trial, *, eeg_sizes=(16,), audio_sizes=(500,), late=0.0, skip=()):
    """Push a trial, EEG up to the time of the audio less `late` seconds."""
    eeg, audio, put_out, n_pushed = 0, 0, [], 0
    while audio < trial.mixture.shape[-1]:
        size = audio_sizes[n_pushed % len(audio_sizes)]
        end = (audio + size) / trial.audio_sfreq - late
        while eeg < min(end * trial.eeg_sfreq, trial.eeg.shape[1]):
            n_eeg = eeg_sizes[n_pushed % len(eeg_sizes)]
            if not any(a <= eeg / trial.eeg_sfreq < b for a, b in skip):
                separator.push_eeg(trial.eeg[:, eeg : eeg + n_eeg])
            eeg += n_eeg
        put_out.append(separator.push_audio(trial.mixture[..., audio : audio + size]))
        audio += size
        n_pushed += 1
    put_out.append(separator.finish())
    return [np.concatenate(parts, axis=-1) for parts in zip(*put_out)]


def make(streams, pipeline=None, **changes):
    options = {"instruments": ("flute", "horn"), "eeg_sfreq": 128.0, **changes}
    return OnlineSeparator(pipeline or streams.pipeline, **options)


@pytest.fixture(scope="module")
def whole(streams):
    separator = make(streams, half_life=INF)
    return separator, *run(separator, streams.trial)


def test_both_parts_add_up_to_the_mixture(streams, whole):
    _, attended, rest = whole
    assert attended.shape == streams.trial.mixture.shape
    assert_allclose(attended + rest, streams.trial.mixture, atol=1e-12)


@pytest.mark.parametrize(
    "sizes",
    [
        {"eeg_sizes": (1,), "audio_sizes": (77, 1203, 1)},
        {"eeg_sizes": (5, 31), "audio_sizes": (64,)},
        {"late": 0.1},
    ],
)
def test_chunks_make_no_difference(streams, whole, sizes):
    separator = make(streams, half_life=INF)
    attended, rest = run(separator, streams.trial, **sizes)
    assert separator.n_missing == 0
    assert_array_equal(attended, whole[1])
    assert_array_equal(rest, whole[2])
    assert_array_equal(separator.probabilities, whole[0].probabilities)


def test_at_the_end_it_knows_what_the_whole_trial_says(streams, whole):
    separator, attended, _ = whole
    expected = streams.pipeline.predict_proba([streams.trial])[0]
    assert_allclose(separator.probabilities[-1], expected, atol=0.03)
    assert separator.probabilities[-1, streams.reference.attended] > 0.9
    source = streams.reference.sources[streams.reference.attended]
    offline = streams.pipeline.predict([streams.trial])[0]
    last = slice(len(source) // 2, None)
    gained = si_sdr(source[last], attended[last])
    assert gained > si_sdr(source[last], offline[last]) - 1
    assert gained > si_sdr(source[last], streams.trial.mixture[last]) + 6


def test_nothing_is_known_before_it_is_heard(streams, whole):
    trial = streams.trial
    changed = trial.mixture.copy()
    changed[30000:] = np.random.default_rng(0).standard_normal(len(changed) - 30000)
    eeg = trial.eeg.copy()
    eeg[:, 960:] = 0
    separator = make(streams, half_life=INF)
    attended, _ = run(separator, replace(trial, mixture=changed, eeg=eeg))
    n_same = 30000 - round(separator.latency * trial.audio_sfreq)
    assert_array_equal(attended[:n_same], whole[1][:n_same])
    assert not np.allclose(attended[30000:], whole[1][30000:])


def test_what_is_put_out_is_late_by_the_latency(streams):
    separator = make(streams)
    assert separator.latency == pytest.approx(0.064 * 7 / 4)
    n_latency = round(separator.latency * 4000)
    n_in = n_out = 0
    for start in range(0, 8000, 37):
        attended, _ = separator.push_audio(streams.trial.mixture[start : start + 37])
        n_in, n_out = n_in + 37, n_out + len(attended)
        assert n_in - n_out <= n_latency


def test_a_listener_who_turns_is_followed_the_sooner_the_shorter_the_half_life(streams):
    turned = make_trial(6, 1 - streams.reference.attended)[0]
    both = np.hstack([streams.trial.eeg[:, :768], turned.eeg[:, 768:]])
    seconds = []
    for half_life in (1.5, INF):
        separator = make(streams, half_life=half_life)
        run(separator, replace(streams.trial, eeg=both))
        new = separator.probabilities[:, 1 - streams.reference.attended]
        assert new[separator.times < 6][-1] < 0.35
        seconds.append(separator.times[np.flatnonzero(new < 0.5)[-1]] - 6)
    assert seconds[0] < seconds[1] - 0.5
    assert seconds[0] < 4


def test_gains_change_slowly_and_never_reach_silence(streams):
    mixture = np.zeros(48000)
    mixture[::64] = 1.0  # all frames are alike, and so are the masks
    separator = make(streams, depth=20.0, half_life=INF)
    attended, _ = run(separator, replace(streams.trial, mixture=mixture))
    share = attended[::64][8:-8]
    assert share.min() >= 0.1 - 1e-9
    assert np.abs(np.diff(share)).max() <= 4 * 64 / 4000 + 1e-9


def test_a_sudden_turn_is_faded(streams, monkeypatch):
    mixture = np.zeros(48000)
    mixture[::64] = 1.0
    separator = make(streams)
    said = iter([[1.0, 0.0]] * 300 + [[0.0, 1.0]] * 700)
    monkeypatch.setattr(
        separator._evidence, "update", lambda guide, features: np.array(next(said))
    )
    attended, _ = run(separator, replace(streams.trial, mixture=mixture))
    share = attended[::64][8:-8]
    steps = np.abs(np.diff(share))
    assert np.ptp(share) > 0.2
    # A gain goes from nothing to all in a quarter of a second, and no mask exceeds one.
    assert steps.max() <= 64 / 4000 / 0.25 + 1e-9


def test_eeg_that_is_missing_is_counted_and_decides_nothing(streams):
    separator = make(streams)
    attended, rest = run(separator, replace(streams.trial, eeg=np.zeros((4, 0))))
    assert_allclose(attended + rest, streams.trial.mixture, atol=1e-12)
    assert separator.n_missing > 700
    assert_allclose(separator.probabilities, 0.5)


def test_eeg_that_comes_too_late_is_left_out(streams):
    """All of it is two seconds late, and nothing is taken for what comes later."""
    separator = make(streams, half_life=INF)
    run(separator, streams.trial, late=2.0)
    assert separator.n_missing > 700
    assert_allclose(separator.probabilities, 0.5)


def test_times_are_those_of_the_output(streams, whole):
    separator = whole[0]
    assert_array_equal(separator.latest, separator.probabilities[-1])
    assert_array_equal(make(streams).latest, [0.5, 0.5])
    assert len(separator.times) == len(separator.probabilities)
    assert separator.times[0] == pytest.approx(16 / 64 + 0.25)
    assert np.diff(separator.times) == pytest.approx(1 / 64)
    assert 11.9 < separator.times[-1] < 12.2


def test_both_channels_of_the_middle_are_masked_as_one(streams, whole):
    trial = replace(streams.trial, mixture=np.stack([streams.trial.mixture] * 2))
    attended, rest = run(make(streams, half_life=INF), trial)
    assert attended.shape == rest.shape == trial.mixture.shape
    assert_allclose(attended, np.stack([whole[1]] * 2), atol=1e-4)


def test_sources_at_the_sides_gain_from_the_levels_of_the_channels(streams, whole):
    sources, own = streams.reference.sources, streams.reference.attended
    panned = np.array([[0.9, 0.1], [0.1, 0.9]])[..., np.newaxis] * sources[:, None]
    trial = replace(streams.trial, mixture=panned.sum(axis=0))
    attended, rest = run(make(streams, half_life=INF), trial)
    assert_allclose(attended + rest, trial.mixture, atol=1e-12)
    late = slice(24000, None)
    for channel, least in ((own, 11), (1 - own, 24)):
        source, mixture = panned[own, channel, late], trial.mixture[channel, late]
        gained = si_sdr(source, attended[channel, late]) - si_sdr(source, mixture)
        assert gained > least


@pytest.mark.parametrize("channel", [0, 1])
def test_a_channel_that_was_dead_is_separated_once_it_lives(streams, channel):
    sources, own = streams.reference.sources, streams.reference.attended
    panned = np.array([[0.7, 0.3], [0.3, 0.7]])[..., np.newaxis] * sources[:, None]
    gains = []
    for n_dead in (0, 8000):
        mixture = panned.sum(axis=0)
        mixture[channel, :n_dead] = 0
        trial = replace(streams.trial, mixture=mixture)
        attended, _ = run(make(streams, half_life=INF), trial)
        late = slice(32000, None)
        gains.append(si_sdr(panned[own, channel, late], attended[channel, late]))
    assert gains[1] > gains[0] - 1


def test_single_precision_stays_so(streams, whole):
    mixture = streams.trial.mixture.astype(np.float32)
    attended, rest = run(
        make(streams, half_life=INF), replace(streams.trial, mixture=mixture)
    )
    assert attended.dtype == rest.dtype == np.float32
    assert_allclose(attended, whole[1], atol=1e-4)


def test_inputs_are_left_as_they_are(streams):
    eeg, audio = streams.trial.eeg.copy(), streams.trial.mixture.copy()
    separator = make(streams)
    separator.push_eeg(eeg)
    separator.push_audio(audio)
    assert_array_equal(eeg, streams.trial.eeg)
    assert_array_equal(audio, streams.trial.mixture)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"instruments": ("flute",)}, r"instruments: expected two or more of"),
        (
            {"instruments": ("flute", "oboe")},
            r"instruments: expected .* got \['flute', ",
        ),
        ({"instruments": "flute"}, "instruments"),
        ({"eeg_sfreq": 0}, "eeg_sfreq"),
        ({"eeg_sfreq": 10.0}, "h_freq"),
        ({"half_life": 0.0}, "half_life"),
        ({"depth": -1.0}, "depth"),
        ({"pipeline": ContrastiveNMF()}, "pipeline: expected a Pipeline"),
    ],
)
def test_bad_arguments_are_named(streams, changes, message):
    with pytest.raises(ValueError, match=message):
        make(streams, **changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"decode__phase": "zero"}, "phase of EnvelopeDecoder is 'zero'"),
        ({"decode__scale": "robust"}, "scale of EnvelopeDecoder is 'robust'"),
        (
            {"prepare__sfreq": 64.0},
            "sfreq of EEGPreparation is 64 and its phase 'zero'",
        ),
        ({"prepare__notch_freqs": (50.0,)}, "notch_freqs of EEGPreparation"),
        ({"separate__delta": 0.1}, "delta of ContrastiveNMF is 0.1"),
        ({"separate__choice": "hard"}, "choice of ContrastiveNMF is 'hard'"),
        ({"separate__choice_window": 5.0}, "choice_window of ContrastiveNMF is 5.0"),
        ({"separate__dictionary": "harmonic", "separate__n_components": 2}, "learned"),
    ],
)
def test_what_needs_the_future_is_refused(streams, changes, message):
    pipeline = clone(streams.pipeline).set_params(**changes)
    pipeline.fit([streams.trial], [streams.reference])
    with pytest.raises(ValueError, match=message):
        make(streams, pipeline)


def test_what_is_not_fitted_or_another_pipeline_is_refused(streams):
    with pytest.raises(NotFittedError):
        make(streams, clone(streams.pipeline))
    with pytest.raises(ValueError, match=r"pipeline: expected any number of EEGPrep"):
        make(streams, Pipeline([("decode", EnvelopeDecoder())]))


def test_bad_chunks_are_named(streams):
    separator = make(streams)
    with pytest.raises(ValueError, match="eeg: expected 4 channels, got 3"):
        separator.push_eeg(np.zeros((3, 10)))
    with pytest.raises(ValueError, match="eeg"):
        separator.push_eeg(np.full((4, 10), np.nan))
    with pytest.raises(ValueError, match="no audio"):
        separator.finish()
    separator.push_audio(np.zeros(100))
    with pytest.raises(ValueError, match=r"audio: expected .* as before"):
        separator.push_audio(np.zeros((2, 100)))
    with pytest.raises(ValueError, match="audio"):
        separator.push_audio(np.full(100, np.inf))


def test_after_the_end_nothing_is_taken(streams):
    separator = make(streams)
    separator.push_audio(streams.trial.mixture[:2000])
    separator.finish()
    for call in (
        lambda: separator.push_audio(np.zeros(10)),
        lambda: separator.push_eeg(np.zeros((4, 10))),
        separator.finish,
    ):
        with pytest.raises(ValueError, match="the streams are finished"):
            call()


def test_long_lags_wait_for_their_eeg(streams):
    pipeline = clone(streams.pipeline).set_params(decode__tmax=0.6)
    pipeline.fit([streams.trial], [streams.reference])
    separator = make(streams, pipeline)
    run(separator, streams.trial, audio_sizes=(64,), eeg_sizes=(2,))
    assert separator.n_missing == 0


def test_parameters_that_are_set_later_have_no_part(streams, whole):
    pipeline = pickle.loads(pickle.dumps(streams.pipeline))
    separator = make(streams, pipeline, half_life=INF)
    pipeline.set_params(prepare__standardize=False, separate__mask_power=1.0)
    assert_array_equal(run(separator, streams.trial)[0], whole[1])


def test_empty_chunks_are_none(streams):
    with pytest.raises(ValueError, match="eeg"):
        make(streams).push_eeg(np.zeros((4, 0)))
    with pytest.raises(ValueError, match="audio"):
        make(streams).push_audio(np.zeros(0))


def stamped(trial, *, ppm=0.0, jitter=0.0, lost=None, seed=0):
    """Chunks of both streams in the order of their coming, with stamps."""
    rng = np.random.default_rng(seed)
    chunks = []
    for what, data, sfreq, size, wrong in (
        ("eeg", trial.eeg, trial.eeg_sfreq, 16, ppm),
        ("audio", trial.mixture, trial.audio_sfreq, 500, 0.0),
    ):
        for first in range(0, data.shape[-1], size):
            part = data[..., first : first + size]
            times = (first + np.arange(part.shape[-1])) / sfreq * (1 + wrong * 1e-6)
            late = (first + part.shape[-1]) / sfreq
            times = times + 1e5 + jitter * rng.standard_normal()
            if lost is None or lost[0] != what or not lost[1] <= late < lost[2]:
                chunks.append((late, what, part, times))
    return [chunk[1:] for chunk in sorted(chunks, key=lambda c: (c[0], c[1] != "eeg"))]


def run_stamped(separator, chunks):
    put_out = []
    for what, part, times in chunks:
        if what == "eeg":
            separator.push_eeg(part, times)
        else:
            put_out.append(separator.push_audio(part, times))
    put_out.append(separator.finish())
    return [np.concatenate(parts, axis=-1) for parts in zip(*put_out)]


def test_stamps_of_perfect_streams_change_nothing(streams, whole):
    separator = make(streams, half_life=INF)
    attended, rest = run_stamped(separator, stamped(streams.trial))
    assert_allclose(attended, whole[1], atol=1e-4)
    assert_allclose(rest, whole[2], atol=1e-4)
    assert separator.n_missing <= 1  # whose neighbour had not come


@pytest.mark.parametrize("fault", [{"jitter": 0.01}, {"ppm": 200.0}])
def test_jitter_and_drift_do_not_matter(streams, whole, fault):
    separator = make(streams, half_life=INF)
    run_stamped(separator, stamped(streams.trial, **fault))
    assert_allclose(separator.probabilities, whole[0].probabilities, atol=0.05)


def test_while_eeg_is_lost_evidence_fades(streams):
    separator = make(streams, half_life=4.0)
    run_stamped(separator, stamped(streams.trial, lost=("eeg", 6.0, 9.0)))
    probable = separator.probabilities[:, streams.reference.attended]
    times = separator.times - separator.times[0]
    before, at_end = probable[times < 6.0][-1], probable[times < 9.0][-1]
    assert 0.5 < at_end < before - 0.05
    expected = (3.0 + 1.0 + 0.25) * 64
    assert separator.n_missing == pytest.approx(expected, abs=12)


@pytest.mark.parametrize(("begin", "end"), [(6.0, 9.0), (4.0, 4.5)])
def test_frames_that_have_to_do_with_a_gap_are_counted(streams, begin, end):
    separator, missing = make(streams), []

    def update(guide, features):
        missing.append(guide is None)
        return np.full(2, 0.5)

    separator._evidence = SimpleNamespace(update=update)
    run_stamped(separator, stamped(streams.trial, lost=("eeg", begin, end)))
    missing = missing[: (11 * 64)]  # what follows lies after the end
    # Chunks of 0.125 s are lost; lags of 0.25 s reach into the gap, and filters
    # remember it for a second.
    lost = np.flatnonzero(missing) / 64
    assert lost[0] == pytest.approx(begin - 0.125 - 0.25, abs=0.05)
    assert lost[-1] == pytest.approx(end - 0.125 + 1.0, abs=0.05)
    assert len(lost) == round((lost[-1] - lost[0]) * 64) + 1


def test_eeg_that_begins_late_needs_no_time_to_settle(streams):
    separator = make(streams)
    run_stamped(separator, stamped(streams.trial, lost=("eeg", 0.0, 2.0)))
    # Lost are 15 chunks of 0.125 s.
    assert separator.n_missing == pytest.approx(15 * 0.125 * 64, abs=4)


@pytest.mark.parametrize("depth", [6.0, 40.0])
def test_what_is_not_attended_is_turned_down_by_the_depth(streams, depth):
    sources, own = streams.reference.sources, streams.reference.attended
    separator = make(streams, half_life=INF, depth=depth)
    separator._evidence = SimpleNamespace(update=lambda *_: np.eye(2)[1 - own])
    attended, _ = run(separator, streams.trial)
    late = slice(8000, None)
    # Of what the attended source has to itself, by projection on both sources.
    found, _, _, _ = np.linalg.lstsq(sources[:, late].T, attended[late], rcond=None)
    assert found[1 - own] == pytest.approx(1, abs=0.1)
    least = 10 ** (-depth / 20)
    assert separator._gains[-1, own] == pytest.approx(least)
    assert found[own] == pytest.approx(least, abs=0.1)


def test_lost_audio_leaves_the_rest_in_its_place(streams):
    separator = make(streams, half_life=INF)
    chunks = stamped(streams.trial, lost=("audio", 6.0, 7.0))
    attended, rest = run_stamped(separator, chunks)
    mixture = streams.trial.mixture.copy()
    silent = slice(round(6.0 * 4000) - 500, round(7.0 * 4000) - 500)
    mixture[silent] = 0
    assert separator.n_lost_audio == 4000
    assert_allclose(attended + rest, mixture, atol=1e-12)


def test_eeg_that_stops_leaves_all_as_likely(streams):
    separator = make(streams, half_life=0.5)
    run_stamped(separator, stamped(streams.trial, lost=("eeg", 4.0, 99.0)))
    assert_allclose(separator.probabilities[-1], 0.5, atol=0.01)


@pytest.mark.parametrize("with_stamps", [False, True])
def test_audio_that_stops_is_told_after_a_minute(streams, with_stamps):
    separator = make(streams)
    eeg, times = np.zeros((4, 63 * 128)), np.arange(63 * 128) / 128
    parts = slice(59 * 128), slice(59 * 128, None)
    stamps = [times[part] if with_stamps else None for part in parts]
    separator.push_audio(np.zeros(50), times[:50] if with_stamps else None)
    separator.push_eeg(eeg[:, parts[0]], stamps[0])
    with pytest.raises(ValueError, match=r"eeg: is 6. s ahead of the audio"):
        separator.push_eeg(eeg[:, parts[1]], stamps[1])


def test_samples_that_come_twice_are_counted(streams):
    separator = make(streams)
    times = np.arange(256) / 128
    separator.push_audio(np.zeros(4000), np.arange(4000) / 4e3)
    for part in (slice(0, 64), slice(32, 64), slice(64, 96)):
        separator.push_eeg(streams.trial.eeg[:, part], times[part])
    assert separator.n_repeated == 32


@pytest.mark.parametrize("sfreq", [2.0, 3.0, 8.0])
def test_slow_decoders_run(streams, sfreq):
    pairs = [make_trial(seed, seed % 2) for seed in range(4)]
    decoder = EnvelopeDecoder(
        sfreq=sfreq, l_freq=None, h_freq=None, phase="forward", scale=None, alpha=1.0,
        tmax=0.5,
    )  # fmt: skip
    pipeline = Pipeline([*streams.pipeline.steps[:1], ("decode", decoder),
                         ("separate", clone(streams.pipeline[-1]))])  # fmt: skip
    pipeline = clone(pipeline).fit([t for t, _ in pairs], [r for _, r in pairs])
    separator = make(streams, pipeline)
    attended, rest = run(separator, streams.trial)
    assert_allclose(attended + rest, streams.trial.mixture, atol=1e-12)
    assert separator.n_missing <= 1


def test_stamps_are_for_all_chunks_or_none(streams):
    separator = make(streams)
    separator.push_eeg(np.zeros((4, 2)), [0.0, 0.1])
    with pytest.raises(ValueError, match=r"times: .* with stamps"):
        separator.push_audio(np.zeros(4))
    with pytest.raises(ValueError, match="times: expected 4 stamps, got 2"):
        separator.push_audio(np.zeros(4), [0.0, 0.1])


def size_of(thing, seen):
    """Bytes in all arrays and containers of numbers below an object."""
    if id(thing) in seen or isinstance(thing, (str, type)):
        return 0
    seen.add(id(thing))
    if isinstance(thing, np.ndarray):
        return thing.nbytes
    if isinstance(thing, dict):
        return sum(size_of(value, seen) for value in thing.values())
    if isinstance(thing, (list, tuple, set)) or type(thing).__name__ == "deque":
        return 8 * len(thing) + sum(size_of(value, seen) for value in thing)
    return size_of(getattr(thing, "__dict__", {}), seen)


@pytest.mark.parametrize("with_stamps", [False, True])
def test_memory_is_bounded(streams, monkeypatch, with_stamps):
    monkeypatch.setattr("sklearn_cnmf.online._separator._KEPT", 5.0)
    separator, sizes = make(streams), []
    rng = np.random.default_rng(0)
    for second in range(24):
        stamps = [
            second + np.arange(n) / n if with_stamps else None for n in (128, 4000)
        ]
        separator.push_eeg(rng.standard_normal((4, 128)), stamps[0])
        separator.push_audio(0.1 * rng.standard_normal(4000), stamps[1])
        sizes.append(size_of(separator, set()))
    assert max(sizes[16:]) <= 1.01 * max(sizes[8:16])
