import mne
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.decoding import EnvelopeDecoder, make_trials, pattern_to_evoked

NAMES = ["Fz", "C3", "Pz", "O2"]
RNG = np.random.default_rng(0)
DATA = RNG.standard_normal((3, 5, 256)) * 1e-6
MIXTURES = [RNG.standard_normal(16000) for _ in range(3)]


@pytest.fixture
def info():
    made = mne.create_info([*NAMES, "EOG"], 128.0, ["eeg"] * 4 + ["eog"])
    return made.set_montage("biosemi64", on_missing="ignore")


def _raw(data, info):
    return mne.io.RawArray(data, info, verbose="error")


def test_raw_gives_one_trial_of_its_eeg(info):
    [trial] = make_trials(_raw(DATA[0], info), MIXTURES[0], 8000, subject="s1")
    assert_array_equal(trial.eeg, DATA[0, :4])
    assert trial.ch_names == tuple(NAMES)
    assert (trial.eeg_sfreq, trial.audio_sfreq, trial.subject) == (128.0, 8000.0, "s1")
    assert trial.mixture is MIXTURES[0]


def test_bad_channels_are_left_out_of_all_raws(info):
    raws = [_raw(data, info) for data in DATA]
    for raw in raws:
        raw.info["bads"] = ["C3"]
    trials = make_trials(raws, MIXTURES, 8000, stimuli=["a", "b", "a"])
    assert [trial.stimulus for trial in trials] == ["a", "b", "a"]
    assert_array_equal(trials[2].eeg, DATA[2, [0, 2, 3]])
    assert trials[0].ch_names == ("Fz", "Pz", "O2")


@pytest.mark.parametrize("tmin", [0.0, -0.25])
def test_epochs_are_cut_at_time_zero(info, tmin):
    n_before = round(-tmin * 128)
    before = np.ones((3, 5, n_before))
    epochs = mne.EpochsArray(
        np.concatenate([before, DATA], axis=2), info, tmin=tmin, verbose="error"
    )
    instruments = [("flute", "harp"), ("flute", "oboe"), ("harp", "oboe")]
    trials = make_trials(epochs, MIXTURES, 8000, instruments=instruments)
    for trial, data, present in zip(trials, DATA, instruments):
        assert_allclose(trial.eeg, data[:4])
        assert trial.instruments == present


def test_epochs_that_start_late_are_refused(info):
    epochs = mne.EpochsArray(DATA, info, tmin=0.1, verbose="error")
    with pytest.raises(ValueError, match=r"epochs start at 0\.1"):
        make_trials(epochs, MIXTURES, 8000)


def test_arrays_of_three_dimensions_and_ragged_lists():
    trials = make_trials(
        DATA, MIXTURES, 8000, eeg_sfreq=128, instruments=("flute", "harp")
    )
    assert_array_equal(trials[1].eeg, DATA[1])
    assert trials[1].instruments == ("flute", "harp")
    ragged = make_trials(
        [DATA[0], DATA[1, :, :128]],
        [MIXTURES[0], MIXTURES[1][:8000]],
        8000,
        eeg_sfreq=128,
        ch_names=[*NAMES, "EOG"],
    )
    assert [trial.eeg.shape for trial in ragged] == [(5, 256), (5, 128)]
    assert ragged[1].ch_names[4] == "EOG"


@pytest.mark.parametrize(
    ("eeg", "options", "error", "message"),
    [
        (DATA, {}, ValueError, "eeg_sfreq: None"),
        (DATA[0], {"eeg_sfreq": 128}, ValueError, r"eeg: expected shape .*\(5, 256\)"),
        ("raw", {}, TypeError, "eeg: expected mne.io.Raw"),
        (DATA[:2], {"eeg_sfreq": 128}, ValueError, "mixtures: 3 entries for 2 trials"),
        (
            DATA,
            {"eeg_sfreq": 128, "stimuli": ["a"]},
            ValueError,
            "stimuli: 1 entries for 3 trials",
        ),
        (DATA, {"eeg_sfreq": 100}, ValueError, r"trials\[0\]: eeg lasts 2.56"),
    ],
)
def test_what_does_not_fit_is_refused(eeg, options, error, message):
    with pytest.raises(error, match=message):
        make_trials(eeg, MIXTURES, 8000, **options)


def test_raw_without_eeg_is_refused(info):
    raw = _raw(DATA[0], info).pick(["EOG"], verbose="error")
    with pytest.raises(ValueError, match="no EEG channel"):
        make_trials(raw, MIXTURES[0], 8000)


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
