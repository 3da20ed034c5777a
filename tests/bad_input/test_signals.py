# ruff: noqa: E501
"""Functions of signals given other things."""

import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from sklearn_cnmf.signals import (
    audio_envelope,
    audio_onsets,
    band_pass,
    choice_probabilities,
    envelope_and_onsets,
    feature_function,
    fisher_z,
    informative_seconds,
    mel_bands,
    mel_onsets,
    n_resampled,
    onsets,
    pearson_r,
    probabilities_over_time,
    resample,
    sliding_pearson_r,
    spectrogram,
    standardize,
)

AUDIO, TIMES = np.sin(np.arange(8000.0)), np.arange(64) / 32
R = np.random.default_rng(0).standard_normal((50, 2))


ROWS = [
    ("envelope of a path", lambda w: audio_envelope("a.wav", 4000.0, TIMES), ValueError, "audio: expected"),
    ("envelope of None", lambda w: audio_envelope(None, 4000.0, TIMES), ValueError, "audio: expected"),
    ("envelope of a sparse matrix", lambda w: audio_envelope(scipy.sparse.csr_matrix(AUDIO), 4000.0, TIMES), ValueError, "audio: expected"),
    ("envelope, one NaN", lambda w: audio_envelope(np.where(AUDIO[7] == AUDIO, np.nan, AUDIO), 4000.0, TIMES), ValueError, "audio: found 1 NaN or infinite values, the first at (7,)"),
    ("envelope, NaN in an integer list", lambda w: audio_envelope([0, None, 1], 4000.0, TIMES), ValueError, "audio: expected real numbers, got dtype object"),
    ("envelope as soundfile reads it", lambda w: audio_envelope(np.ones((8000, 2)), 4000.0, TIMES), ValueError, "audio ... pass audio.T"),
    ("envelope rate negative", lambda w: audio_envelope(AUDIO, -1, TIMES), ValueError, "sfreq: expected a finite number > 0, got -1"),
    ("envelope rate str", lambda w: audio_envelope(AUDIO, "4000", TIMES), ValueError, "sfreq: expected a finite number > 0"),
    ("envelope times falling", lambda w: audio_envelope(AUDIO, 4000.0, TIMES[::-1]), ValueError, "times: expected equally spaced"),
    ("envelope times NaN", lambda w: audio_envelope(AUDIO, 4000.0, TIMES * np.nan), ValueError, "times: found 64 NaN"),
    ("envelope times a rate", lambda w: audio_envelope(AUDIO, 4000.0, 32.0), ValueError, "times: expected an array of numbers, got float"),
    ("envelope one time", lambda w: audio_envelope(AUDIO, 4000.0, [0.0]), ValueError, "times: expected at least two, got 1"),
    ("envelope power zero", lambda w: audio_envelope(AUDIO, 4000.0, TIMES, power=0), ValueError, "power: expected a finite number > 0"),
    ("envelope window NaN", lambda w: audio_envelope(AUDIO, 4000.0, TIMES, window=np.nan), ValueError, "window: expected"),
    ("envelope, arguments swapped", lambda w: audio_envelope(4000.0, AUDIO, TIMES), ValueError, "sfreq: expected a finite number > 0"),
    ("onsets of bools", lambda w: audio_onsets(AUDIO > 0, 4000.0, TIMES), ValueError, "audio: expected real numbers, got dtype bool"),
    ("both of complex", lambda w: envelope_and_onsets(AUDIO * 1j, 4000.0, TIMES), ValueError, "audio: expected real numbers, got dtype complex128"),
    ("spectrogram of 3-D", lambda w: spectrogram(AUDIO.reshape(1, 1, -1), 4000.0, TIMES), ValueError, "audio: expected 1-D or 2-D"),
    ("spectrogram window str", lambda w: spectrogram(AUDIO, 4000.0, TIMES, window="hann"), ValueError, "window: expected a finite number > 0"),
    ("mel bands float", lambda w: mel_bands(AUDIO, 4000.0, TIMES, n_bands=8.0), ValueError, "n_bands: expected a whole number >= 1"),
    ("mel bands too many", lambda w: mel_bands(AUDIO, 4000.0, TIMES, n_bands=400), ValueError, "n_bands: 400 mel bands are too many"),
    ("mel bands power str", lambda w: mel_bands(AUDIO, 4000.0, TIMES, power="0.6"), ValueError, "power: expected a finite number > 0"),
    ("mel onsets of nothing", lambda w: mel_onsets(AUDIO[:0], 4000.0, TIMES), ValueError, "audio: the array is empty"),
    ("feature unknown", lambda w: feature_function("chroma"), ValueError, "feature: expected one of ... 'chroma'"),
    ("feature None", lambda w: feature_function(None), ValueError, "feature: expected one of ... or a callable, got None"),
    ("onsets of str", lambda w: onsets("envelope"), ValueError, "values: expected"),
    ("onsets of NaN", lambda w: onsets(np.array([[1.0, np.nan, 2.0]])), ValueError, "values: found 1 NaN"),
    ("onsets of a number", lambda w: onsets(3.0), ValueError, "values: expected"),
    ("band pass of 1-D", lambda w: band_pass(AUDIO, 4000.0, l_freq=1.0, h_freq=8.0), ValueError, "signals: expected 2-D, got shape (8000,)"),
    ("band pass of NaN", lambda w: band_pass(AUDIO[None] * np.nan, 4000.0, l_freq=None, h_freq=8.0), ValueError, "signals: found 8000 NaN"),
    ("band pass of complex", lambda w: band_pass(AUDIO[None] * 1j, 4000.0, l_freq=None, h_freq=8.0), ValueError, "signals: expected real numbers"),
    ("band pass edges turned", lambda w: band_pass(AUDIO[None], 4000.0, l_freq=8.0, h_freq=1.0), ValueError, "l_freq < h_freq"),
    ("band pass edge str", lambda w: band_pass(AUDIO[None], 4000.0, l_freq="1", h_freq=8.0), ValueError, "l_freq: expected a finite number"),
    ("band pass edge above", lambda w: band_pass(AUDIO[None], 4000.0, l_freq=None, h_freq=2000.0), ValueError, "h_freq: expected None or a frequency between 0 and half"),
    ("band pass rate zero", lambda w: band_pass(AUDIO[None], 0, l_freq=None, h_freq=8.0), ValueError, "sfreq: expected a finite number > 0"),
    ("resample 1-D", lambda w: resample(AUDIO, 4000.0, 32.0), ValueError, "signals: expected 2-D, got shape (8000,)"),
    ("resample NaN", lambda w: resample(AUDIO[None] * np.nan, 4000.0, 32.0), ValueError, "signals: found 8000 NaN"),
    ("resample nothing", lambda w: resample(AUDIO[None, :0], 4000.0, 32.0), ValueError, "signals: the array is empty"),
    ("resample to zero", lambda w: resample(AUDIO[None], 4000.0, 0), ValueError, "new_sfreq: expected a finite number > 0, got 0"),
    ("resample from NaN", lambda w: resample(AUDIO[None], np.nan, 32.0), ValueError, "old_sfreq: expected a finite number > 0, got nan"),
    ("resample to str", lambda w: resample(AUDIO[None], 4000.0, "32"), ValueError, "new_sfreq: expected a finite number > 0"),
    ("count of nothing", lambda w: n_resampled(0, 4000.0, 32.0), ValueError, "n_times: expected a whole number >= 1"),
    ("count to a negative rate", lambda w: n_resampled(8000, 4000.0, -32.0), ValueError, "new_sfreq: expected a finite number > 0"),
    ("correlation of other lengths", lambda w: pearson_r(R, R[1:]), ValueError, "b: expected shape"),
    ("correlation of NaN", lambda w: pearson_r(R, R * np.nan), ValueError, "b: found 100 NaN"),
    ("correlation of str", lambda w: pearson_r("a", R), ValueError, "a: expected"),
    ("correlation of complex", lambda w: pearson_r(R, R * 1j), ValueError, "b: expected real numbers"),
    ("correlation of nothing", lambda w: pearson_r(R[:0], R[:0]), ValueError, "a: the array is empty"),
    ("sliding window too long", lambda w: sliding_pearson_r(R, R, 51), ValueError, "n_window: expected"),
    ("sliding window float", lambda w: sliding_pearson_r(R, R, 5.0), ValueError, "n_window: expected"),
    ("sliding of other lengths", lambda w: sliding_pearson_r(R, R[1:], 5), ValueError, "b: expected shape"),
    ("sliding of NaN", lambda w: sliding_pearson_r(R * np.nan, R, 5), ValueError, "a: found 100 NaN"),
    ("fisher z of 2", lambda w: fisher_z([0.5, 2.0]), ValueError, "r: expected correlations from -1 to 1, got one of 2.0"),
    ("fisher z of NaN", lambda w: fisher_z([0.5, np.nan]), ValueError, "r: found 1 NaN"),
    ("fisher z of str", lambda w: fisher_z("0.5"), ValueError, "r: expected real numbers"),
    ("seconds negative", lambda w: informative_seconds(-1.0, None), ValueError, "duration: expected a finite number >= 0"),
    ("seconds NaN", lambda w: informative_seconds(np.nan, (1.0, 8.0)), ValueError, "duration: expected a finite number >= 0"),
    ("seconds, band a number", lambda w: informative_seconds(10.0, 8.0), ValueError, "band: expected a pair"),
    ("choice z 1-D", lambda w: choice_probabilities([0.1, 0.2], [1.0], 10.0), ValueError, "z: expected 2-D or 3-D, got shape (2,)"),
    ("choice z ragged", lambda w: choice_probabilities([[0.1], [0.2, 0.3]], [1.0], 10.0), ValueError, "z: "),
    ("choice weights too many", lambda w: choice_probabilities([[0.1], [0.2]], [1.0, 1.0], 10.0), ValueError, "weights: expected shape (1,), got (2,)"),
    ("choice weights NaN", lambda w: choice_probabilities([[0.1], [0.2]], [np.nan], 10.0), ValueError, "weights: found 1 NaN"),
    ("choice seconds negative", lambda w: choice_probabilities([[0.1], [0.2]], [1.0], -1.0), ValueError, "seconds: expected a finite number >= 0"),
    ("course of candidates fewer", lambda w: probabilities_over_time([R, R], [R], [1.0, 1.0], n_window=5, sfreq=10.0), ValueError, "features: expected 2"),
    ("course of nothing", lambda w: probabilities_over_time([], [], [1.0], n_window=5, sfreq=10.0), ValueError, "reconstructions"),
    ("course of other lengths", lambda w: probabilities_over_time([R, R], [R, R[1:]], [1.0, 1.0], n_window=5, sfreq=10.0), ValueError, "b: expected shape"),
    ("course rate zero", lambda w: probabilities_over_time([R, R], [R, R], [1.0, 1.0], n_window=5, sfreq=0.0), ValueError, "sfreq: expected a finite number > 0"),
    ("standardize NaN", lambda w: standardize(R * np.nan), ValueError, "columns: found 100 NaN"),
    ("standardize str", lambda w: standardize("columns"), ValueError, "columns: expected"),
    ("standardize a frame of names", lambda w: standardize(pd.DataFrame({"a": ["x", "y"]})), ValueError, "columns: expected real numbers"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse):
    refuse(row)
