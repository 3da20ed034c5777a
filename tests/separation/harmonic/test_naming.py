from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf import ContrastiveNMF, Reference
from sklearn_cnmf.model_io import load_model, save_model
from sklearn_cnmf.separation.harmonic import Profile, assign_voices, learn_profile

N_PARTIALS = 10


def profile(envelope, heights):
    """Profile of a voice that plays all heights equally often."""
    found = np.tile(1000 * envelope / envelope.sum(), (len(heights), 1))
    return Profile(np.array(heights, float), found, np.full_like(found, 1000.0))


SOFT = 0.3 ** np.arange(N_PARTIALS)
BRIGHT = 0.8 ** np.arange(N_PARTIALS)
HOLLOW = np.where(np.arange(N_PARTIALS) % 2, 0.05, 0.7 ** np.arange(N_PARTIALS))


def test_voices_go_to_instruments_of_their_timbre():
    heights = [60, 64, 67]
    instruments = [profile(own, heights) for own in (SOFT, BRIGHT, HOLLOW)]
    voices = tuple(profile(own, [62, 65]) for own in (HOLLOW, SOFT, BRIGHT))
    assert_array_equal(assign_voices(voices, instruments), [1, 2, 0])


def test_what_is_assigned_fits_best_together():
    # Both voices are more like the soft one, but the second one even more so.
    heights = [60]
    first = profile(SOFT + 0.1 * BRIGHT, heights)
    second = profile(SOFT, heights)
    instruments = [profile(BRIGHT, heights), profile(SOFT, heights)]
    assert_array_equal(assign_voices((second, first), instruments), [1, 0])


def test_where_timbre_says_little_the_height_does():
    other = SOFT + 0.01 * BRIGHT
    low, high = profile(SOFT, [48, 50]), profile(other, [70, 72])
    voices = (profile(SOFT, [71]), profile(other, [49]))
    assert_array_equal(assign_voices(voices, [low, high]), [1, 0])


def exchanged(envelopes, heights):
    """Two instruments, and voices that each play where the other instrument does."""
    return tuple(
        tuple(
            Profile(np.array([h]), 1e12 * own[None], np.full((1, len(own)), 1e12))
            for own, h in zip(envelopes, order)
        )
        for order in (heights, heights[::-1])
    )


@pytest.mark.parametrize(
    ("semitones", "share", "named_by_height"),
    [(6, 0.39, True), (6, 0.285, False), (12, 0.26, True), (12, 0.235, False)],
)
def test_heights_weigh_a_tenth_of_partials(semitones, share, named_by_height):
    envelopes = np.array([[share, 1 - share], [1 - share, share]])
    instruments, voices = exchanged(envelopes, [60.0, 60.0 + semitones])
    near, far = 1e-3 + np.exp(-(np.array([0, semitones]) ** 2) / 18) / 3
    by_envelope = 2 * (1 - 2 * share) * np.log((1 - share) / share)
    assert (by_envelope < 0.1 * 2 * np.log(near / far)) == named_by_height
    order = [1, 0] if named_by_height else [0, 1]
    assert_array_equal(assign_voices(voices, list(instruments)), order)


@pytest.mark.parametrize(("partial", "compared"), [(20, True), (21, False)])
def test_twenty_partials_are_compared(partial, compared):
    envelopes = np.ones((2, 40))
    envelopes[1, partial - 1] = 1000
    envelopes /= envelopes.sum(axis=1, keepdims=True)
    instruments, voices = exchanged(envelopes, [60.0, 72.0])
    order = [0, 1] if compared else [1, 0]
    assert_array_equal(assign_voices(voices, list(instruments)), order)


def test_unknown_instrument_gets_what_is_left():
    voices = (profile(SOFT, [60]), profile(HOLLOW, [60]))
    for known, order in ((SOFT, [1, 0]), (HOLLOW, [0, 1])):
        instruments = [None, profile(known, [60])]
        assert_array_equal(assign_voices(voices, instruments), order)


def test_voice_that_never_sounds_is_assigned_last():
    silent = Profile(np.array([0.0]), np.zeros((1, 10)), np.zeros((1, 10)))
    voices = (silent, profile(SOFT, [60]))
    instruments = [profile(SOFT, [60]), profile(BRIGHT, [60])]
    assert_array_equal(assign_voices(voices, instruments), [1, 0])


def test_profile_is_that_of_the_partials_played(duet):
    learned = learn_profile([duet[1]], 1488, 8000.0)
    assert set(learned.heights[learned.found.sum(1) > 10]) <= set(range(53, 65))
    envelope = learned.envelopes_at(np.array([58.0]))[0]
    # Of the second voice only odd partials sound.
    assert envelope[1] < 0.3 * envelope[2]
    assert envelope[0] > envelope[2] > envelope[4]


def test_references_name_the_voices(duet, make_trial):
    names = ("clarinet", "violin")
    reference = Reference(duet[::-1], 0)
    trial, _ = make_trial(duet, 0, instruments=names)
    model = ContrastiveNMF(dictionary="harmonic").fit([trial], [reference])
    assert model.instruments_ == names
    (done,) = model.separate([trial])
    assert done.instruments == names
    assert done.chosen == "violin"
    plain = ContrastiveNMF(dictionary="harmonic").fit([trial]).separate([trial])[0]
    assert plain.instruments == ("higher", "lower")
    assert_array_equal(done.candidates, plain.candidates[::-1])
    swapped = replace(trial, instruments=names[::-1])
    (again,) = model.separate([swapped])
    assert again.instruments == names[::-1]
    assert_array_equal(again.candidates, plain.candidates)


def test_one_instrument_may_be_unknown(duet, make_trial):
    alone, reference = make_trial(duet[:1], 0, instruments=("violin",))
    model = ContrastiveNMF(2, dictionary="harmonic").fit([alone], [reference])
    trial, _ = make_trial(duet, 1, instruments=("oboe", "violin"))
    assert model.predict_attended([trial]) == ["oboe"]
    trial, _ = make_trial(duet, 1, instruments=("oboe", "horn"))
    assert model.predict_attended([trial]) == ["lower"]


def test_references_without_names_are_of_no_use(duet, make_trial):
    trial, reference = make_trial(duet, 0)
    with pytest.warns(UserWarning, match="references: of no use"):
        model = ContrastiveNMF(dictionary="harmonic").fit([trial], [reference])
    assert model.predict_attended([trial]) == ["higher"]


def test_names_are_saved(duet, make_trial, tmp_path):
    trial, reference = make_trial(duet, 0, instruments=("violin", "clarinet"))
    model = ContrastiveNMF(dictionary="harmonic").fit([trial], [reference])
    save_model(model, tmp_path / "voices.skops")
    loaded = load_model(tmp_path / "voices.skops")
    assert loaded.predict_attended([trial]) == ["violin"]
