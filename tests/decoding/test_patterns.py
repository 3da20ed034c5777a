from dataclasses import replace

import mne
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.decoding import EnvelopeDecoder, pattern_to_evoked

NAMES = ["Fz", "C3", "Pz", "O2"]


@pytest.fixture
def info():
    made = mne.create_info([*NAMES, "EOG"], 128.0, ["eeg"] * 4 + ["eog"])
    return made.set_montage("biosemi64", on_missing="ignore")


def _fitted(names=None):
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(1)
    y = rng.standard_normal((640, 2))
    x = 0.5 * rng.standard_normal((640, 4))
    x[8:, 2] += y[:-8, 0]
    x[3:, 1] += y[:-3, 1]
    x = x if names is None else pd.DataFrame(x, columns=names)
    return EnvelopeDecoder(tmin=0.03, alpha=0.01).fit(x, y)


def test_a_pattern_keeps_channel_time_and_output(info):
    decoder = _fitted(NAMES)
    shuffled = mne.pick_info(info, [4, 3, 2, 1, 0])
    for output, name, time in ((0, "Pz", 8 / 64), (1, "C3", 3 / 64)):
        evoked = pattern_to_evoked(decoder, shuffled, output=output)
        assert evoked.ch_names == NAMES
        assert_allclose(evoked.data, decoder.patterns_[output])
        assert_allclose(evoked.times, decoder.lags_ / 64)
        peak, at = evoked.get_peak(mode="pos")
        assert (peak, at) == (name, pytest.approx(time))
    positions = evoked.get_montage().get_positions()["ch_pos"]
    expected = info.get_montage().get_positions()["ch_pos"]
    for name in NAMES:
        assert_allclose(positions[name], expected[name], atol=1e-9)


def test_a_pattern_can_be_drawn(info):
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt

    figure = pattern_to_evoked(_fitted(NAMES), info).plot_topomap(
        times=[0.125], show=False
    )
    assert len(figure.axes) >= 1
    plt.close("all")


def test_patterns_need_known_channels_and_outputs(info):
    without_names = mne.pick_info(info, [0, 1, 2, 3])
    assert pattern_to_evoked(_fitted(), without_names).data.shape == (4, 15)
    with pytest.raises(ValueError, match="info: has 5 channels"):
        pattern_to_evoked(_fitted(), info)
    with pytest.raises(ValueError, match=r"info: has no channels \['T7'\]"):
        pattern_to_evoked(_fitted(["Fz", "C3", "T7", "O2"]), info)
    with pytest.raises(ValueError, match="output: 2 of 2 outputs"):
        pattern_to_evoked(_fitted(), without_names, output=2)


def test_the_pattern_of_one_instrument(make_trials, info):
    trials, references = make_trials(4)
    trials = [replace(trial, instruments=("flute", "harp")) for trial in trials]
    decoder = EnvelopeDecoder(alpha=1.0, per_instrument=True).fit(trials, references)
    six = mne.create_info(6, 128.0, "eeg")
    name = next(iter(decoder.decoders_))
    evoked = pattern_to_evoked(decoder, six, instrument=name)
    assert_allclose(evoked.data, decoder.decoders_[name].patterns[0])
    with pytest.raises(ValueError, match=r"instrument: expected one of .*'oboe'"):
        pattern_to_evoked(decoder, six, instrument="oboe")
