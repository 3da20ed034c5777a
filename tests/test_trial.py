import copy
import pickle
from dataclasses import FrozenInstanceError, replace
from fractions import Fraction

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf import Reference, Trial, check_trials
from sklearn_cnmf.trial import is_trials


def make(n_channels=3, **change):
    rng = np.random.default_rng(0)
    sources = rng.standard_normal((2, 8000))
    fields = {
        "eeg": rng.standard_normal((n_channels, 64)),
        "eeg_sfreq": 64.0,
        "mixture": sources.sum(0),
        "audio_sfreq": 8000,
        "instruments": ("violin", "oboe"),
        "subject": "S1",
        "stimulus": "duet",
        "ch_names": tuple("abcdefgh"[:n_channels]),
    }
    return Trial(**{**fields, **change}), Reference(sources, 1)


def test_records_are_frozen_scalars_for_numpy():
    trial, reference = make()
    with pytest.raises(FrozenInstanceError):
        trial.subject = "S2"
    assert not hasattr(trial, "__len__")
    assert not hasattr(trial, "__getitem__")
    assert trial != replace(trial)
    assert np.asarray([trial, trial], dtype=object).shape == (2,)
    assert "3 x 64 at 64 Hz" in repr(trial)
    assert len(repr(trial)) + len(repr(reference)) < 300
    back = pickle.loads(pickle.dumps(trial))
    assert_array_equal(back.eeg, trial.eeg)
    assert copy.copy(reference).attended == 1


def test_only_four_fields_are_required():
    check_trials([Trial(np.ones((1, 10)), 10.0, np.ones(100), 100.0)])


def test_good_trials_pass_unchanged():
    made = [make(), make(mixture=np.zeros((2, 8000)))]
    check_trials([t for t, _ in made], require_instruments=True)
    trial, reference = make()
    for array in (trial.eeg, trial.mixture, reference.sources):
        array.setflags(write=False)
    check_trials([trial], [reference])


def test_eeg_may_differ_from_audio_by_one_sample():
    for n_times in (63, 65):
        check_trials([make(eeg=np.ones((3, n_times)))[0]])
    for n_times in (62, 66):
        with pytest.raises(ValueError, match="may differ by one EEG sample"):
            check_trials([make(eeg=np.ones((3, n_times)))[0]])


BAD = np.ones((3, 64))
BAD[1, 7] = np.inf


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eeg": BAD}, r"eeg: found 1 NaN or infinite values, the first at \(1, 7\)"),
        ({"eeg": np.ones(64)}, r"eeg: expected 2-D, got shape \(64,\)"),
        ({"eeg": [[1.0]]}, "eeg: expected an ndarray, got list"),
        ({"eeg": np.ones((3, 64)) * 1j}, "eeg: expected real numbers, got dtype compl"),
        ({"eeg": np.ones((0, 64))}, "eeg: the array is empty"),
        ({"eeg_sfreq": 0}, "eeg_sfreq: expected a positive rate in Hz, got 0"),
        ({"mixture": np.ones((1, 1, 8000))}, "mixture: expected 1-D or 2-D"),
        ({"mixture": np.full(8000, np.nan)}, "mixture: found 8000 NaN"),
        ({"audio_sfreq": np.nan}, "audio_sfreq: expected a positive rate"),
        ({"ch_names": ("a", "b")}, "ch_names has 2 names for 3 channels"),
        ({"guide": np.ones((1, 1, 5)), "guide_sfreq": 1.0}, "guide: expected 2-D"),
        ({"guide": np.ones(5), "guide_sfreq": 1.0}, "guide lasts 5.00000 s .*1.00000"),
        ({"guide": np.ones(62), "guide_sfreq": 64.0}, "one frame of the guide at most"),
        (
            {
                "guide": np.ones(64),
                "guide_sfreq": 64.0,
                "guide_weights": np.ones(2),
            },
            "guide_weights has 2 entries for 1 rows",
        ),
        (
            {"eeg": np.ma.masked_array(np.ones((3, 64)), np.eye(3, 64))},
            "eeg: got a masked array",
        ),
        ({"mixture": np.ones((8000, 2))}, "soundfile reads .* pass audio.T"),
        ({"guide": np.ones((1, 5))}, "guide_sfreq: expected a positive rate"),
    ],
)
def test_bad_fields_are_named(change, message):
    with pytest.raises(ValueError, match=message) as error:
        check_trials([make()[0], make(**change)[0]])
    assert str(error.value).startswith("trials[1] (subject 'S1', stimulus 'duet')")


def test_trials_need_the_same_channels():
    with pytest.raises(ValueError, match=r"trials\[1\].*eeg has 4 channels.*has 3"):
        check_trials([make()[0], make(4)[0]])
    swapped = make(ch_names=("a", "c", "b"))[0]
    with pytest.raises(ValueError, match=r"ch_names\[1\] is 'c', but .* it is 'b'"):
        check_trials([make()[0], swapped])


def test_lists_are_checked():
    trial, reference = make()
    with pytest.raises(ValueError, match="trials: the list is empty"):
        check_trials([])
    with pytest.raises(ValueError, match="trials: expected a list of Trial, got Trial"):
        check_trials(trial)
    with pytest.raises(ValueError, match=r"trials\[1\]: expected Trial, got int"):
        check_trials([trial, 1])
    with pytest.raises(ValueError, match=r"references\[0\]: expected Reference"):
        check_trials([trial], [trial])
    with pytest.raises(ValueError, match="references has 2 entries for 1 trials"):
        check_trials([trial], [reference, reference])
    with pytest.raises(ValueError, match="instruments is None"):
        check_trials([replace(trial, instruments=None)], require_instruments=True)
    with pytest.raises(ValueError, match="guide is None; decode it"):
        check_trials([trial], require_guide=True)


def test_references_are_held_against_their_trial():
    trial, reference = make()
    sources = reference.sources

    def refused(message, sources=sources, attended=1):
        with pytest.raises(ValueError, match=message) as error:
            check_trials([trial], [Reference(sources, attended)])
        assert str(error.value).startswith("references[0] (subject 'S1'")

    refused(r"each of sources has shape \(7999,\)", sources[:, 1:])
    refused("sources has 3 rows for 2 instruments", np.vstack([sources, sources[:1]]))
    refused("sources: found 1 NaN", np.where(sources == sources[0, 0], np.nan, sources))
    for attended in (2, -1, 0.5, True, None):
        refused("attended is .*; an index from 0 to 1", attended=attended)
    refused("misses the mixture by -?[0-9.]+ dB; at most -40 dB", 1.5 * sources)

    rng = np.random.default_rng(1)
    noise = rng.standard_normal(8000) * np.linalg.norm(trial.mixture) / 8000**0.5
    for level, fine in ((-41, True), (-39, False)):
        off = sources + np.stack([noise * 10 ** (level / 20), np.zeros(8000)])
        if fine:
            check_trials([trial], [Reference(off, 1)])
        else:
            refused("misses the mixture by -39.0 dB", off)


def test_silent_mixtures_need_silent_sources():
    trial, _ = make(mixture=np.zeros(8000))
    check_trials([trial], [Reference(np.zeros((2, 8000)), 0)])
    with pytest.raises(ValueError, match="misses the mixture by inf dB"):
        check_trials([trial], [Reference(np.ones((2, 8000)), 0)])


def test_what_counts_as_trials():
    trial = make()[0]
    assert is_trials([trial])
    assert is_trials((trial,))
    assert not is_trials(np.ones((3, 3)))
    assert not is_trials([[1.0, 2.0]])
    with pytest.raises(ValueError, match=r"got a single Trial; pass \[trial\]"):
        is_trials(trial)
    with pytest.raises(ValueError, match="empty list"):
        is_trials([])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"eeg_sfreq": "64"}, "eeg_sfreq: expected a rate in Hz, got '64'"),
        ({"audio_sfreq": True}, "audio_sfreq: expected a rate in Hz, got True"),
        ({"subject": 3}, "subject: expected a str, got 3"),
        ({"stimulus": 0}, "stimulus: expected a str, got 0"),
        ({"instruments": "violin"}, "instruments: expected a list or tuple of str"),
        ({"instruments": {"a", "b"}}, "instruments: .* whose order is definite"),
        ({"instruments": (c for c in "ab")}, "instruments: expected a list or tuple"),
        ({"instruments": ()}, "instruments: expected at least one name"),
        ({"instruments": ("a", "a")}, r"instruments: \['a'\] occur more than once"),
        ({"ch_names": {"a": 1}}, "ch_names: expected a list or tuple of str"),
    ],
)
def test_what_no_trial_can_be_made_of(change, message):
    with pytest.raises(ValueError, match=message):
        make(**change)


@pytest.mark.parametrize(
    "rate",
    [np.int64(64), np.float32(64), np.uint8(64), Fraction(64), np.array(64)],
)
def test_rates_of_any_kind_are_floats(rate):
    trial, _ = make(eeg_sfreq=rate)
    assert type(trial.eeg_sfreq) is float
    check_trials([trial])


def test_names_are_kept_as_tuples_of_str():
    trial, _ = make(instruments=np.array(["a", "b"]), ch_names=["x", "y", "z"])
    assert trial.instruments == ("a", "b")
    assert all(type(name) is str for name in trial.instruments)
    assert trial.ch_names == ("x", "y", "z")


def test_a_guide_of_one_dimension_is_one_row():
    trial, _ = make(guide=np.ones(64), guide_sfreq=64.0)
    assert trial.guide.shape == (1, 64)
    check_trials([trial], require_guide=True)


def test_an_unfinished_trial_has_a_repr():
    trial = Trial(None, None, np.zeros(8000), 8000.0, guide=np.zeros(64))
    assert repr(trial) == (
        "Trial(subject='', stimulus='', eeg=None, mixture=8000 at 8000 Hz, "
        "guide=1 x 64)"
    )


def test_channel_names_are_compared_with_the_first_that_are_known():
    unnamed = make(ch_names=None)[0]
    named = make(ch_names=("a", "b", "c"))[0]
    swapped = make(ch_names=("a", "c", "b"))[0]
    with pytest.raises(ValueError, match=r"trials\[2\].*but in trials\[1\] it is 'b'"):
        check_trials([unnamed, named, swapped])


def test_mono_stems_under_a_stereo_mixture_are_explained():
    trial, reference = make(mixture=np.ones((2, 8000)))
    with pytest.raises(ValueError, match=r"each source is mono, .*\(n_sources, 2"):
        check_trials([trial], [reference])


@pytest.fixture
def raw():
    mne = pytest.importorskip("mne")
    data = np.arange(3 * 2560.0).reshape(3, 2560)
    info = mne.create_info(["Fz", "Cz", "EOG"], 256.0, ["eeg", "eeg", "eog"])
    made = mne.io.RawArray(data, info, first_samp=100, verbose="error")
    return made.set_annotations(mne.Annotations([2.0, 4.0, 6.0], 1.0, ["a", "b", "b"]))


def test_a_trial_is_cut_out_of_a_recording(raw):
    mixture = np.zeros((2, 44100), np.float32)
    for onset, start in ((0.0, 0), (2.5, 640), ("a", 512)):
        trial = Trial.from_raw(raw, mixture, 22050, onset=onset, stimulus="x")
        assert_array_equal(trial.eeg, raw.get_data()[:2, start : start + 512])
        assert trial.ch_names == ("Fz", "Cz")
        assert trial.mixture is mixture
        assert trial.stimulus == "x"
        check_trials([trial])
    raw.info["bads"] = ["Fz"]
    assert Trial.from_raw(raw, mixture, 22050).ch_names == ("Cz",)


@pytest.mark.parametrize(
    ("onset", "message"),
    [
        (
            9.0,
            r"lasts 10\.000 s, but the mixture .* at 9\.000 s lasts until 11",
        ),
        (10.0, "onset: 10 s is not within the recording"),
        (-1.0, "not within"),
        ("b", "'b' occurs 2 times in the recording, but 1 trials name it"),
        ("c", "'c' occurs 0 times.*annotations 'a', 'b'"),
        ("trigger:1", "no trigger channel"),
        (None, "expected seconds"),
    ],
)
def test_what_is_not_in_the_recording_is_refused(raw, onset, message):
    with pytest.raises(ValueError, match=message):
        Trial.from_raw(raw, np.zeros(44100), 22050, onset=onset)


def test_what_is_no_recording_is_refused(raw):
    with pytest.raises(ValueError, match=r"raw: expected mne\.io\.Raw, got ndarray"):
        Trial.from_raw(raw.get_data(), np.zeros(44100), 22050)
    with pytest.raises(ValueError, match="raw: found no EEG channel"):
        Trial.from_raw(raw.copy().pick("eog"), np.zeros(44100), 22050)
