import mne
import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.neighbors import KNeighborsRegressor

from sklearn_cnmf import EnvelopeDecoder
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
