import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.separation._grouping import (
    attended_probabilities,
    independent_values,
    sound_affinity,
)

SFREQ = 16000
DARK, BRIGHT = 300.0, 2500.0


def spectrum(pitch, formant):
    frequencies = np.linspace(0, SFREQ / 2, 1025)
    partials = np.exp(-(((frequencies + pitch / 2) % pitch - pitch / 2) ** 2) / 100)
    return partials * np.exp(-np.abs(np.log2((frequencies + 50) / formant)) * 2) + 1e-4


@pytest.fixture
def two_instruments():
    """Three notes of a dark, three of a bright instrument, with their envelopes."""
    rng = np.random.default_rng(0)
    components = np.stack(
        [spectrum(p, DARK) for p in (200, 250, 330)]
        + [spectrum(p, BRIGHT) for p in (210, 260, 340)]
    )
    activations = np.zeros((400, 6))
    for half in (0, 3):
        notes = rng.integers(-2, 3, 40)
        for number, note in enumerate(notes):
            if note >= 0:
                activations[10 * number : 10 * number + 10, half + note] = 1
    owner = np.arange(6) >= 3
    envelopes = np.stack([activations[:, ~owner].sum(1), activations[:, owner].sum(1)])
    return components, activations, owner, envelopes


def test_notes_of_one_instrument_sound_alike(two_instruments):
    components, _, owner, _ = two_instruments
    affinity = sound_affinity(components, SFREQ)
    assert_allclose(affinity, affinity.T)
    assert_array_equal(np.diag(affinity), 0)
    same = owner[:, None] == owner
    others = ~np.eye(6, dtype=bool)
    assert affinity[same & others].min() > 0 > affinity[~same].max()


def test_affinity_does_not_depend_on_level_or_rate_of_bins(two_instruments):
    components = two_instruments[0]
    affinity = sound_affinity(components, SFREQ)
    scaled = components * np.geomspace(1e-3, 1e3, 6)[:, None]
    assert_allclose(sound_affinity(scaled, SFREQ), affinity, atol=1e-9)
    assert_allclose(sound_affinity(components[:, ::2], SFREQ), affinity, atol=0.2)


def test_components_that_sound_the_same_have_no_affinity():
    assert_array_equal(sound_affinity(np.ones((3, 129)), SFREQ), 0)
    assert_array_equal(sound_affinity(np.ones((1, 129)), SFREQ), 0)
    assert np.isfinite(sound_affinity(np.eye(3, 129), SFREQ)).all()


@pytest.mark.parametrize("attended", [0, 1])
def test_guide_chooses_the_half(two_instruments, attended):
    components, activations, owner, envelopes = two_instruments
    guide = envelopes[attended] + np.random.default_rng(1).standard_normal(400)
    probabilities = attended_probabilities(
        activations, sound_affinity(components, SFREQ), guide[:, None]
    )
    assert_array_equal(probabilities > 0.5, owner == attended)


def test_guide_corrects_the_sound(two_instruments):
    _, activations, owner, envelopes = two_instruments
    misled = np.where(np.eye(6, dtype=bool), 0, 0.3)
    misled[0, 1:] = misled[1:, 0] = -1
    probabilities = attended_probabilities(activations, misled, envelopes[1][:, None])
    assert_allclose(probabilities, owner, atol=0.05)


def test_guide_without_information_decides_nothing(two_instruments):
    components, activations, _, _ = two_instruments
    affinity = sound_affinity(components, SFREQ)
    for guide in (np.zeros((400, 1)), np.full((400, 2), 0.1)):
        assert_allclose(attended_probabilities(activations, affinity, guide), 0.5)


def test_weak_guide_is_less_certain_than_a_strong_one(two_instruments):
    components, activations, _, envelopes = two_instruments
    affinity = sound_affinity(components, SFREQ)
    noise = np.random.default_rng(2).standard_normal(400)
    certainty = [
        np.ptp(
            attended_probabilities(
                activations, affinity, (envelopes[0] + level * noise)[:, None]
            )
        )
        for level in (0.1, 8.0)
    ]
    assert certainty[0] > 0.9 > certainty[1]


def test_silent_components_and_mixtures_are_finite(two_instruments):
    components, activations, _, envelopes = two_instruments
    affinity = sound_affinity(components, SFREQ)
    for silent in ([4], range(6)):
        quiet = activations.copy()
        quiet[:, list(silent)] = 0
        p = attended_probabilities(quiet, affinity, envelopes[0][:, None])
        assert np.isfinite(p).all()
    assert_allclose(p, 0.5)


def test_independent_values_are_fewer_in_slow_series():
    rng = np.random.default_rng(0)
    white, other = rng.standard_normal((2, 2000))
    slow = np.convolve(white, np.ones(20), "same")
    assert_allclose(independent_values(white, other), 2000, rtol=0.3)
    assert independent_values(slow, slow) < 300
    assert independent_values(slow, np.zeros(2000)) == 0


def test_number_of_independent_values_matches_the_scatter_of_correlations():
    rng = np.random.default_rng(0)
    kernel = np.ones(8)
    made = [
        [np.convolve(rng.standard_normal(407), kernel, "valid") for _ in range(2)]
        for _ in range(300)
    ]
    r = [np.corrcoef(a, b)[0, 1] for a, b in made]
    expected = 1 / np.var(r)
    found = [independent_values(a - a.mean(), b - b.mean()) for a, b in made]
    assert_allclose(np.median(found), expected, rtol=0.3)
