import matplotlib.pyplot as plt
import mne
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neighbors import KNeighborsRegressor

from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.decoding import pattern_to_evoked
from sklearn_cnmf.reporting import DecoderDisplay

CHANNELS = ["Fz", "F3", "F4", "Cz", "C3", "C4", "T7", "T8", "Pz", "P3", "P4", "Oz"]


@pytest.fixture(scope="module")
def info():
    info = mne.create_info(CHANNELS, 64.0, "eeg")
    return info.set_montage("biosemi32")


@pytest.fixture(scope="module")
def decoder():
    """Of EEG that follows the stimulus at 125 ms over the left."""
    rng = np.random.default_rng(0)
    stimulus = rng.standard_normal(2000)
    delayed = np.concatenate([np.zeros(8), stimulus[:-8]])
    left = np.array([0.1, 1, 0, 0.2, 1, 0, 0.7, 0, 0.1, 0.5, 0, 0.1])
    eeg = delayed[:, None] * left + rng.standard_normal((2000, 12))
    return EnvelopeDecoder(alpha=1.0).fit(eeg, stimulus)


def test_image(decoder, info, check_image):
    check_image(DecoderDisplay.from_estimator(decoder, info).figure_, "decoder")


def test_weights_of_all_channels_over_lags(decoder):
    display = DecoderDisplay.from_estimator(decoder)
    (ax,) = display.ax_
    assert len(ax.lines) == 12
    lags, weights = ax.lines[4].get_data()
    assert_allclose(lags, 1000 * decoder.lags_ / 64)
    assert_allclose(weights, decoder.coef_[0, 4])
    assert lags[np.argmax(weights)] == 125


def test_maps_stand_at_the_peaks_of_the_pattern(decoder, info):
    display = DecoderDisplay.from_estimator(decoder, info, n_maps=1)
    assert_allclose(display.peaks_, [0.125])
    topography, scale = display.ax_[1].child_axes
    assert topography.get_title() == "125 ms"
    assert [text.get_text() for text in scale.get_yticklabels()] == ["\u2212", "0", "+"]
    low, high = topography.images[0].get_clim()
    assert_allclose([low, high], np.abs(display.pattern.data).max() * np.r_[-1, 1])
    assert len(DecoderDisplay.from_estimator(decoder, info, n_maps=2).peaks_) == 2


def test_a_line_that_was_there_keeps_its_name(decoder):
    _, ax = plt.subplots()
    (mine,) = ax.plot([0, 200], [0, 0], label="mine")
    DecoderDisplay.from_estimator(decoder, ax=[ax])
    assert mine.get_label() == "mine"


def test_a_pattern_of_zeros_has_a_scale(decoder, info):
    display = DecoderDisplay.from_estimator(decoder, info)
    display.pattern.data[:] = 0
    display.plot()
    scale = display.ax_[1].child_axes[-1]
    assert [text.get_text() for text in scale.get_yticklabels()] == ["\u2212", "0", "+"]
    assert_allclose(scale.get_yticks(), [-1, 0, 1])


def test_what_does_not_exist_is_refused(decoder, info):
    with pytest.raises(ValueError, match="output: expected 0 to 0, got 1"):
        DecoderDisplay.from_estimator(decoder, output=1)
    with pytest.raises(ValueError, match=r"n_maps: .* 1, got 0"):
        DecoderDisplay.from_estimator(decoder, info, n_maps=0)
    fewer = mne.pick_info(info, [0, 1])
    with pytest.raises(ValueError, match="info: has 2 channels"):
        DecoderDisplay.from_estimator(decoder, fewer)
    rng = np.random.default_rng(0)
    neighbours = EnvelopeDecoder(estimator=KNeighborsRegressor())
    neighbours.fit(rng.standard_normal((200, 2)), rng.standard_normal(200))
    with pytest.raises(ValueError, match="estimator: its regressor has no coef_"):
        DecoderDisplay.from_estimator(neighbours)


def test_output_chooses_weights_and_pattern(info):
    rng = np.random.default_rng(0)
    stimuli = rng.standard_normal((1000, 2))
    mixing = rng.standard_normal((2, 12))
    eeg = stimuli @ mixing + rng.standard_normal((1000, 12))
    decoder = EnvelopeDecoder(alpha=1.0).fit(eeg, stimuli)
    display = DecoderDisplay.from_estimator(decoder, info, output=1)
    assert_allclose(display.weights, decoder.coef_[1])
    assert_allclose(
        display.pattern.data, pattern_to_evoked(decoder, info, output=1).data
    )


def test_words_name_curves_and_units(decoder):
    (ax,) = DecoderDisplay.from_estimator(decoder).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Lag (ms)", "Weight")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["standard deviation", "channel"]


def test_given_axes_are_used(decoder):
    _, ax = plt.subplots()
    display = DecoderDisplay.from_estimator(decoder, ax=[ax])
    assert list(display.ax_) == [ax]


def test_maps_stand_in_the_order_of_time_at_the_highest_peaks(info):
    levels = np.array([3.0, 1, 2, 1, 5, 1, 1, 4])
    pattern = mne.EvokedArray(np.outer(np.arange(12.0) - 5, levels), info)
    display = DecoderDisplay(
        weights=np.ones((12, 8)), lags=np.arange(8) / 64, pattern=pattern
    )
    display.plot(n_maps=3)
    assert_allclose(display.peaks_, np.array([0, 4, 7]) / 64)
    heads = [ax.get_title() for ax in display.ax_[1].child_axes[:3]]
    assert heads == ["0 ms", "62 ms", "109 ms"]
