"""Streams, by a layer in place of mne-lsl; the real one is in cli/test_live.py."""

import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.online import _lsl
from sklearn_cnmf.online._lsl import Inlet, this_machine_alone


class Info(SimpleNamespace):
    def get_channel_names(self):
        return self.names

    def get_channel_units(self):
        return self.units


def info(name="eeg", **changes):
    made = {
        "sfreq": 128.0,
        "n_channels": 3,
        "dtype": np.float32,
        "names": ["A", "B", "C"],
        "units": ["microvolts", "V", "-3"],
    }
    return Info(name=name, **{**made, **changes})


class FakeInlet:
    def __init__(self, sinfo, **options):
        self.info, self.options, self.is_open = sinfo, options, False
        self.chunks = list(getattr(sinfo, "chunks", []))

    def open_stream(self, timeout):
        self.is_open = True

    def close_stream(self):
        self.is_open = False

    def get_sinfo(self, timeout):
        return self.info

    def pull_chunk(self, max_samples):
        if not self.chunks:
            return np.zeros((0, 3)), np.zeros(0)
        return self.chunks.pop(0)


@pytest.fixture
def layer(monkeypatch):
    layer = SimpleNamespace(there=[info()], StreamInlet=FakeInlet)
    layer.resolve_streams = lambda timeout, name=None: [
        one for one in layer.there if name in (None, one.name)
    ]
    monkeypatch.setattr(_lsl, "lsl", lambda: layer)
    return layer


def test_channels_are_found_by_name_in_volts(layer):
    picks, volts = Inlet("eeg").eeg_channels(["C", "A", "B"], 3)
    assert_array_equal(picks, [2, 0, 1])
    assert_allclose(volts, [1e-3, 1e-6, 1.0])


def test_a_model_without_names_takes_all_channels(layer):
    layer.there = [info(units=None, names=None)]
    picks, volts = Inlet("eeg").eeg_channels(None, 3)
    assert_array_equal(picks, [0, 1, 2])
    assert np.isnan(volts).all()
    with pytest.raises(ValueError, match="'eeg': expected 4 channels, found 3"):
        Inlet("eeg").eeg_channels(None, 4)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, r"has no channels \['D'\]; it has \['A', 'B', 'C'\]"),
        ({"names": None}, r"has no channels \['A', 'D'\]; it has 3 without names"),
    ],
)
def test_channels_that_are_missing_are_named(layer, changes, words):
    layer.there = [info(**changes)]
    with pytest.raises(ValueError, match=words):
        Inlet("eeg").eeg_channels(["A", "D"], 2)


def test_units_of_something_else_are_refused(layer):
    layer.there = [info(units=["kelvin"] * 3)]
    with pytest.raises(ValueError, match="unit 'kelvin' is none of voltage"):
        Inlet("eeg").eeg_channels(["A"], 1)


@pytest.mark.parametrize(
    ("there", "words"),
    [
        ([info("other")], r"no stream of this name .* there are \['other'\]"),
        ([info(), info()], "2 streams of this name"),
        ([info(sfreq=0.0)], "has no regular rate"),
        ([info(dtype="string")], "expected numbers, found text"),
    ],
)
def test_streams_that_cannot_be_used_are_refused(layer, there, words):
    layer.there = there
    with pytest.raises(ValueError, match=f"stream 'eeg': {words}"):
        Inlet("eeg")


def test_all_that_has_come_is_pulled_at_once(layer):
    rng = np.random.default_rng(0)
    chunks = [(rng.standard_normal((n, 3)), np.arange(n) + 10.0 * n) for n in (4, 2)]
    layer.there = [info(chunks=chunks)]
    inlet = Inlet("eeg")
    samples, times = inlet.pull()
    assert_array_equal(samples, np.concatenate([chunks[0][0], chunks[1][0]]).T)
    assert_array_equal(times, [40, 41, 42, 43, 20, 21])
    samples, times = inlet.pull()
    assert samples.shape == (3, 0)
    assert times.shape == (0,)
    inlet.close()
    assert not inlet._inlet.is_open


def test_whole_numbers_are_fractions_of_one_as_audio(layer):
    chunk = np.array([[-32768, 0, 16384]], dtype=np.int16), np.zeros(1)
    layer.there = [info(chunks=[chunk], dtype=np.int16)]
    samples, _ = Inlet("eeg").pull_audio()
    assert_array_equal(samples[:, 0], [-1, 0, 0.5])


def test_streams_stay_on_this_machine(monkeypatch):
    monkeypatch.delenv("LSLAPICFG", raising=False)
    with this_machine_alone():
        text = Path(os.environ["LSLAPICFG"]).read_text()
        assert "ResolveScope = machine" in text
        assert "IPv6 = disable" in text
    assert "LSLAPICFG" not in os.environ


def test_a_configuration_of_the_user_stays_in_force(monkeypatch, tmp_path):
    monkeypatch.setenv("LSLAPICFG", str(tmp_path / "own.cfg"))
    with this_machine_alone():
        assert os.environ["LSLAPICFG"] == str(tmp_path / "own.cfg")
    assert os.environ["LSLAPICFG"] == str(tmp_path / "own.cfg")


def test_without_mne_lsl_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "mne_lsl", None)
    with pytest.raises(ImportError, match=r"pip install 'mne-lsl>=1\.14'"):
        _lsl.lsl()
