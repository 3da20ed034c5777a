# ruff: noqa: E501
"""Streams that can't be separated, and pipelines that can't run along."""

import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.decoding import EEGPreparation
from sklearn_cnmf.online import OnlineSeparator

NAMES = ("flute", "horn")
EEG, AUDIO = 32.0, 4000.0


def online(w, **parameters):
    pipeline = parameters.pop("pipeline", w.live)
    good = {"instruments": NAMES, "eeg_sfreq": EEG}
    return OnlineSeparator(pipeline, **{**good, **parameters})


def make(**parameters):
    return lambda w: online(w, **parameters)


def of(pipeline):
    return lambda w: online(w, pipeline=pipeline(w))


def steps(w):
    return [step for _, step in w.live.steps]


def other(**parameters):
    """Fit the same pipeline with other parameters."""

    def run(w):
        pipeline = clone(w.live).set_params(**parameters)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of filters longer than the trials
            pipeline.fit(w.trials, w.references)
        online(w, pipeline=pipeline)

    return run


def changed(**parameters):
    """Change parameters after the fit."""

    def run(w):
        pipeline = clone(w.live).fit(w.trials, w.references)
        online(w, pipeline=pipeline.set_params(**parameters))

    return run


def two_channels(trial):
    return replace(trial, eeg=trial.eeg[:2], ch_names=trial.ch_names[:2])


def three(w):
    return w.trials[0].eeg[:, :16].copy()


def heard(w):
    return w.trials[0].mixture[:2000].copy()


def with_nan(array):
    array = np.array(array, dtype=float)
    array[..., 5] = np.nan
    return array


def eeg(bad):
    return lambda w: online(w).push_eeg(bad(w))


def audio(bad):
    return lambda w: online(w).push_audio(bad(w))


def eeg_times(bad):
    return lambda w: online(w).push_eeg(three(w), times=bad)


def audio_times(bad):
    return lambda w: online(w).push_audio(heard(w), times=bad)


def twice(first, second):
    def run(w):
        separator = online(w)
        first(separator, w)
        second(separator, w)

    return run


BAD_NUMBERS = (
    *(0, -1.0, np.nan, -np.inf, "x", None, True, 1j),
    *([10.0], np.array([1.0, 2.0]), 10**400),
)
STAMPS = np.arange(16) / EEG
FINISHED = "the streams are finished"
ROWS = [
    # Pipelines.
    ("pipeline None", make(pipeline=None), ValueError, "pipeline: expected a Pipeline, got NoneType"),
    ("pipeline a decoder", of(lambda w: w.decoder), ValueError, "pipeline: expected a Pipeline, got EnvelopeDecoder"),
    ("pipeline list of steps", of(steps), ValueError, "pipeline: expected a Pipeline, got list"),
    ("pipeline unfitted", of(lambda w: clone(w.live)), NotFittedError, "not fitted"),
    ("pipeline without a decoder", of(lambda w: make_pipeline(steps(w)[0], steps(w)[2])), ValueError, "pipeline: expected ... got ['EEGPreparation', 'ContrastiveNMF']"),
    ("pipeline without a separator", of(lambda w: make_pipeline(*steps(w)[:2])), ValueError, "pipeline: expected ... got ['EEGPreparation', 'EnvelopeDecoder']"),
    ("pipeline turned", of(lambda w: make_pipeline(*steps(w)[::-1])), ValueError, "pipeline: expected ... 'ContrastiveNMF', 'EnvelopeDecoder', 'EEGPreparation'"),
    ("pipeline of nothing", of(lambda w: make_pipeline("passthrough")), ValueError, "pipeline: expected ... got []"),
    ("pipeline decoder of arrays", of(lambda w: make_pipeline(w.array_decoder, steps(w)[2])), ValueError, "fitted on"),
    ("pipeline decoder of other channels", of(lambda w: make_pipeline(EEGPreparation(sfreq=None).fit([two_channels(trial) for trial in w.trials]), *steps(w)[1:])), ValueError, "pipeline: EEGPreparation was fitted on 2 channels, EnvelopeDecoder on 3"),
    ("pipeline separator unfitted", of(lambda w: make_pipeline(steps(w)[1], ContrastiveNMF(2))), NotFittedError, "not fitted"),
    ("pipeline scaled by the whole", other(envelopedecoder__scale="robust"), ValueError, "pipeline: scale of EnvelopeDecoder is 'robust'"),
    ("pipeline with a notch", other(eegpreparation__notch_freqs=(10.0,)), ValueError, "pipeline: notch_freqs"),
    ("pipeline both ways", other(eegpreparation__h_freq=8.0), ValueError, "pipeline: phase of EEGPreparation is 'zero'"),
    ("pipeline resampled", other(eegpreparation__sfreq=16.0, envelopedecoder__sfreq=16.0), ValueError, "pipeline: sfreq of EEGPreparation is 16"),
    ("pipeline hard choice", other(contrastivenmf__choice="hard"), ValueError, "pipeline: choice of ContrastiveNMF is 'hard'"),
    ("pipeline scale changed", changed(envelopedecoder__scale="robust"), ValueError, "scale: was None in fit and is 'robust' now"),
    ("pipeline phase changed", changed(envelopedecoder__phase="forward"), ValueError, "phase: was 'zero' in fit and is 'forward' now"),
    # Parameters.
    ("instruments str", make(instruments="flute"), ValueError, "instruments: expected a list or tuple of str"),
    ("instruments None", make(instruments=None), ValueError, "instruments: expected a list or tuple of str"),
    ("instruments none", make(instruments=()), ValueError, "instruments: expected at least one name"),
    ("instruments one", make(instruments=("flute",)), ValueError, "instruments: expected two or more of ['flute', 'horn'], got ['flute']"),
    ("instruments doubled", make(instruments=("flute", "flute")), ValueError, "instruments: ['flute'] occur more than once"),
    ("instruments unknown", make(instruments=("flute", "tuba")), ValueError, "instruments: expected two or more of ['flute', 'horn'] ... 'tuba'"),
    ("instruments numbers", make(instruments=(0, 1)), ValueError, "instruments: expected a list or tuple of str"),
    ("instruments set", make(instruments={"flute", "horn"}), ValueError, "instruments: expected a list or tuple of str, whose order is definite"),
    *[
        (f"{name} {value!r}"[:40], make(**{name: value}), ValueError, f"{name}: expected a finite number > 0")
        for name in ("half_life", "depth")
        for value in BAD_NUMBERS
    ],
    *[
        (f"eeg_sfreq {value!r}"[:40], make(eeg_sfreq=value), ValueError, "eeg_sfreq: expected a finite number >= 1 and <= 1e+06")
        for value in (*BAD_NUMBERS, np.inf, 1e-9, 1e12)
    ],
    ("depth infinite", make(depth=np.inf), ValueError, "depth: expected a finite number > 0, got inf"),
    # EEG.
    ("eeg None", eeg(lambda w: None), ValueError, "eeg: expected an array of numbers, got NoneType"),
    ("eeg str", eeg(lambda w: "eeg"), ValueError, "eeg: expected an array of numbers, got str"),
    ("eeg strings", eeg(lambda w: [["a"], ["b"], ["c"]]), ValueError, "eeg: expected real numbers, got dtype <U1"),
    ("eeg trial", eeg(lambda w: w.trials[0]), ValueError, "eeg: expected an array of numbers, got Trial"),
    ("eeg objects", eeg(lambda w: three(w).astype(object)), ValueError, "eeg: expected real numbers, got dtype object"),
    ("eeg booleans", eeg(lambda w: three(w) > 0), ValueError, "eeg: expected real numbers, got dtype bool"),
    ("eeg complex", eeg(lambda w: three(w) + 1j), ValueError, "eeg: expected real numbers, got dtype complex128"),
    ("eeg 1-D", eeg(lambda w: three(w)[0]), ValueError, "eeg: expected 2-D, got shape (16,)"),
    ("eeg 3-D", eeg(lambda w: three(w)[None]), ValueError, "eeg: expected 2-D, got shape (1, 3, 16)"),
    ("eeg ragged", eeg(lambda w: [[1.0], [1.0, 2.0], [1.0]]), ValueError, "eeg: signals of one length"),
    ("eeg empty", eeg(lambda w: three(w)[:, :0]), ValueError, "eeg: the array is empty, its shape is (3, 0)"),
    ("eeg turned", eeg(lambda w: three(w).T), ValueError, "eeg: expected 3 channels, got 16"),
    ("eeg fewer channels", eeg(lambda w: three(w)[:2]), ValueError, "eeg: expected 3 channels, got 2"),
    ("eeg NaN", eeg(lambda w: with_nan(three(w))), ValueError, "eeg: found 3 NaN or infinite values, the first at (0, 5)"),
    ("eeg inf", eeg(lambda w: np.full((3, 4), np.inf)), ValueError, "eeg: found 12 NaN or infinite values"),
    ("eeg too large", eeg(lambda w: 1e300 * three(w)), ValueError, "eeg: found values as large as ... at most 1e+12 is expected"),
    ("eeg masked", eeg(lambda w: np.ma.masked_greater(three(w), 0)), ValueError, "eeg: got a masked array"),
    ("eeg longer than a minute", eeg(lambda w: np.tile(three(w), 130)), ValueError, "eeg: is 65 s ahead of the audio"),
    # Audio.
    ("audio None", audio(lambda w: None), ValueError, "audio: expected an array of numbers, got NoneType"),
    ("audio number", audio(lambda w: 0.5), ValueError, "audio: expected an array of numbers, got float"),
    ("audio strings", audio(lambda w: ["a"]), ValueError, "audio: expected real numbers, got dtype <U1"),
    ("audio complex", audio(lambda w: heard(w) + 1j), ValueError, "audio: expected real numbers, got dtype complex128"),
    ("audio booleans", audio(lambda w: heard(w) > 0), ValueError, "audio: expected real numbers, got dtype bool"),
    ("audio 3-D", audio(lambda w: heard(w)[None, None]), ValueError, "audio: expected 1-D or 2-D, got shape (1, 1, 2000)"),
    ("audio empty", audio(lambda w: heard(w)[:0]), ValueError, "audio: the array is empty"),
    ("audio no channels", audio(lambda w: np.zeros((0, 5))), ValueError, "audio: the array is empty"),
    ("audio NaN", audio(lambda w: with_nan(heard(w))), ValueError, "audio: found 1 NaN or infinite values, the first at (5,)"),
    ("audio inf", audio(lambda w: np.full(9, -np.inf)), ValueError, "audio: found 9 NaN or infinite values"),
    ("audio turned", audio(lambda w: np.stack([heard(w)] * 2, axis=1)), ValueError, "audio has shape (2000, 2), 2000 audio channels of 2 samples"),
    ("audio too large", audio(lambda w: 1e300 * heard(w)), ValueError, "audio: found values as large as"),
    ("audio too large for float32", audio(lambda w: np.full(2000, 3e38, np.float32)), ValueError, "audio: found values as large as 3e+38"),
    ("audio masked", audio(lambda w: np.ma.masked_greater(heard(w), 0)), ValueError, "audio: got a masked array"),
    ("audio other channels", twice(lambda s, w: s.push_audio(heard(w)), lambda s, w: s.push_audio(np.stack([heard(w)] * 2))), ValueError, "audio: expected shape (None,) as before, got (2, 2000)"),
    ("audio one channel of two", twice(lambda s, w: s.push_audio(np.stack([heard(w)] * 2)), lambda s, w: s.push_audio(heard(w)[None])), ValueError, "audio: expected shape (2, None) as before, got (1, 2000)"),
    ("audio becomes too large", twice(lambda s, w: s.push_audio(heard(w).astype(np.float32)), lambda s, w: s.push_audio(np.full(2000, 1e200))), ValueError, "audio: found values as large as 1e+200"),
    # Stamps.
    ("eeg times fewer", eeg_times(STAMPS[:3]), ValueError, "times: expected 16 stamps, got 3"),
    ("eeg times equal", eeg_times(np.zeros(16)), ValueError, "times: expected when each sample was taken, got 0 for all 16"),
    ("eeg times NaN", eeg_times(with_nan(STAMPS)), ValueError, "times: found 1 NaN"),
    ("eeg times inf", eeg_times(np.full(16, np.inf)), ValueError, "times: found 16 NaN or infinite"),
    ("eeg times number", eeg_times(0.0), ValueError, "times: expected an array of numbers, got float"),
    ("eeg times 2-D", eeg_times(STAMPS[None]), ValueError, "times: expected 1-D, got shape (1, 16)"),
    ("eeg times strings", eeg_times(["now"] * 16), ValueError, "times: expected real numbers"),
    ("eeg times nanoseconds", eeg_times(10**9 * np.arange(16)), ValueError, "times of eeg: nothing came for 1e+09 s"),
    ("eeg times too large", eeg_times(1e300 + STAMPS), ValueError, "times: expected seconds, at most 1e+11, got 1e+300"),
    ("eeg times minutes back", eeg_times(-1e4 * STAMPS), ValueError, "times of eeg: time goes back by"),
    ("audio times fewer", audio_times(np.arange(3) / AUDIO), ValueError, "times: expected 2000 stamps, got 3"),
    ("audio times NaN", audio_times(with_nan(np.arange(2000) / AUDIO)), ValueError, "times: found 1 NaN"),
    ("audio times True", audio_times(True), ValueError, "times: expected an array of numbers, got bool"),
    ("audio times in samples", audio_times(1000 * np.arange(2000)), ValueError, "times of audio: nothing came for"),
    ("audio times dates", audio_times(np.datetime64("2026-01-01") + np.arange(2000)), ValueError, "times: expected real numbers"),
    ("stamps of eeg alone", twice(lambda s, w: s.push_eeg(three(w), STAMPS), lambda s, w: s.push_audio(heard(w))), ValueError, "times: all chunks of both streams so far came with stamps"),
    ("stamps of audio alone", twice(lambda s, w: s.push_eeg(three(w)), lambda s, w: s.push_audio(heard(w), np.arange(2000) / AUDIO)), ValueError, "times: all chunks of both streams so far came without stamps"),
    ("stamps of some eeg", twice(lambda s, w: s.push_eeg(three(w), STAMPS), lambda s, w: s.push_eeg(three(w))), ValueError, "times: all chunks"),
    ("eeg a minute ahead", twice(lambda s, w: s.push_audio(heard(w), np.arange(2000) / AUDIO), lambda s, w: [s.push_eeg(three(w), n / 2 + STAMPS) for n in range(200)]), ValueError, "eeg: is ... ahead of the audio"),
    # The end.
    ("finish without audio", lambda w: online(w).finish(), ValueError, "finish: no audio was pushed"),
    ("finish after eeg alone", twice(lambda s, w: s.push_eeg(three(w)), lambda s, w: s.finish()), ValueError, "finish: no audio was pushed"),
    ("finish twice", twice(lambda s, w: (s.push_audio(heard(w)), s.finish()), lambda s, w: s.finish()), ValueError, FINISHED),
    ("eeg after the end", twice(lambda s, w: (s.push_audio(heard(w)), s.finish()), lambda s, w: s.push_eeg(three(w))), ValueError, FINISHED),
    ("audio after the end", twice(lambda s, w: (s.push_audio(heard(w)), s.finish()), lambda s, w: s.push_audio(heard(w))), ValueError, FINISHED),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse):
    refuse(row)


def play(w, stamped, disturb):
    """Push a trial in chunks; `disturb` may push something before each of them."""
    separator, found = online(w), []
    trial = w.trials[0]
    eeg_times = 100 + np.arange(trial.eeg.shape[1]) / EEG
    audio_times = 100 + np.arange(len(trial.mixture)) / AUDIO
    for n in range(4):
        some_eeg, some_audio = (slice(n * k, (n + 1) * k) for k in (16, 2000))
        disturb(separator)
        stamps = eeg_times[some_eeg], audio_times[some_audio]
        eeg_stamps, audio_stamps = stamps if stamped else (None, None)
        separator.push_eeg(trial.eeg[:, some_eeg], eeg_stamps)
        disturb(separator)
        found.append(separator.push_audio(trial.mixture[some_audio], audio_stamps))
    disturb(separator)
    found.append(separator.finish())
    return np.concatenate(found, axis=-1), separator


def refused(push, *arguments):
    with pytest.raises(ValueError, match=r"^(eeg|audio|times|finish)"):
        push(*arguments)


def push_nonsense(separator, w, stamped):
    good_eeg, good_audio = three(w), heard(w)
    last = {"eeg": 100 + 16 / EEG, "audio": 100 + 2000 / AUDIO}
    eeg_stamps = last["eeg"] + STAMPS
    audio_stamps = last["audio"] + np.arange(2000) / AUDIO
    eeg_stamps[-1] += 1e6
    audio_stamps[-1] += 1e6
    for times in (None, eeg_stamps):
        refused(separator.push_eeg, with_nan(good_eeg), times)
        refused(separator.push_eeg, good_eeg[:2], times)
        refused(separator.push_eeg, 1e300 * good_eeg, times)
    refused(separator.push_eeg, good_eeg, eeg_stamps)
    refused(separator.push_eeg, good_eeg, STAMPS[:3])
    refused(separator.push_audio, with_nan(good_audio))
    refused(separator.push_audio, good_audio[None, None])
    refused(separator.push_audio, good_audio.astype(np.float32), audio_stamps)
    refused(separator.push_audio, np.stack([good_audio] * 2), audio_stamps)
    refused(separator.push_audio, good_audio, audio_stamps[:5])
    if not stamped:
        refused(separator.push_eeg, np.tile(good_eeg, 200))


@pytest.mark.parametrize("stamped", [False, True])
def test_what_is_refused_has_no_part_in_what_follows(w, stamped):
    expected, undisturbed = play(w, stamped, lambda separator: None)
    found, disturbed = play(
        w, stamped, lambda separator: push_nonsense(separator, w, stamped)
    )
    assert np.isfinite(found).all()
    assert found.shape == (2, 8000)
    assert_array_equal(found, expected)
    assert_array_equal(disturbed.probabilities, undisturbed.probabilities)
    assert disturbed.n_missing == undisturbed.n_missing
    assert disturbed.n_lost_audio == undisturbed.n_lost_audio == 0


def test_finish_that_is_refused_ends_nothing(w):
    separator = online(w)
    refused(separator.finish)
    attended, rest = separator.push_audio(heard(w))
    tail = separator.finish()
    assert len(attended) + len(tail[0]) == 2000
    assert len(rest) + len(tail[1]) == 2000


def test_eeg_long_before_the_audio_may_come_in_any_chunks(w):
    eeg = np.tile(w.trials[0].eeg, 50)
    times = np.arange(eeg.shape[1]) / EEG
    begin, found = times[-1] - 2, []
    for n_times in (eeg.shape[1], 100):
        separator = online(w)
        for first in range(0, eeg.shape[1], n_times):
            part = slice(first, first + n_times)
            separator.push_eeg(eeg[:, part], times[part])
        stamps = begin + np.arange(8000) / AUDIO
        found.append(separator.push_audio(w.trials[0].mixture, stamps))
        assert separator.n_missing < 2 * EEG
        assert len(separator.probabilities)
    assert_array_equal(*found)


GOOD = [
    ("audio of whole numbers", lambda x: np.round(1000 * x).astype(np.int16)),
    ("audio in a list", lambda x: x.tolist()),
    ("audio of half precision", lambda x: x.astype(np.float16)),
    ("audio of silence", np.zeros_like),
    ("audio of the largest values", lambda x: 1e12 * np.sign(x)),
    ("audio of the smallest values", lambda x: 1e-300 * x),
    ("audio in single precision, largest", lambda x: np.sign(x).astype("f4") * 9e11),
    ("audio that can't be written to", lambda x: np.broadcast_to(0.5, x.shape)),
]


@pytest.mark.parametrize(("name", "of_mixture"), GOOD, ids=[name for name, _ in GOOD])
def test_what_is_odd_but_allowed_stays_finite(w, name, of_mixture):
    separator = online(w, half_life=np.inf, depth=1e9)
    odd = of_mixture(w.trials[0].mixture)
    for eeg in np.split(1e9 * w.trials[0].eeg.astype(np.float32), 4, axis=1):
        separator.push_eeg(eeg)
    parts = [separator.push_audio(odd[:1]), separator.push_audio(odd[1:])]
    attended, rest = np.concatenate([*parts, separator.finish()], axis=-1)
    assert np.isfinite(attended).all()
    assert_allclose(attended + rest, odd, rtol=1e-5, atol=1e-6 * np.max(np.abs(odd)))
    assert np.isfinite(separator.probabilities).all()


@pytest.mark.parametrize(
    "times",
    [STAMPS[::-1], np.repeat(STAMPS[::2], 2), STAMPS.astype(np.float32)],
    ids=["falling", "in pairs", "single precision"],
)
def test_stamps_in_disorder_leave_the_output_finite(w, times):
    separator = online(w)
    separator.push_eeg(three(w), times)
    stamps = np.arange(8000) / AUDIO
    first = separator.push_audio(w.trials[0].mixture, stamps)
    separator.push_eeg(three(w), times + 0.5)
    attended, rest = np.concatenate([first, separator.finish()], axis=-1)
    assert_allclose(attended + rest, w.trials[0].mixture, atol=1e-12)
    assert np.isfinite(separator.probabilities).all()


def test_audio_whose_stamps_fall_is_left_out(w):
    separator = online(w)
    attended, _ = separator.push_audio(heard(w), -np.arange(2000) / AUDIO)
    tail, _ = separator.finish()
    assert np.isfinite(attended).all()
    assert len(attended) + len(tail) < 500
