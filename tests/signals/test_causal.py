import mne
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import butter, sosfilt

from sklearn_cnmf.signals import CausalFilter, CausalResampler, band_pass, resample

CAUSAL = ("minimum", "forward")


@pytest.fixture
def rng():
    return np.random.default_rng(0)


BAND = {"l_freq": 1.0, "h_freq": 8.0}


def in_chunks(process, x, sizes):
    """What a process makes of chunks of these sizes, in turn."""
    found, first = [], 0
    while first < x.shape[1]:
        size = sizes[len(found) % len(sizes)]
        found.append(process(x[:, first : first + size]))
        first += size
    return np.hstack(found)


@pytest.mark.parametrize("sizes", [(1,), (7, 100, 1), (64,), (333,)])
@pytest.mark.parametrize("phase", CAUSAL)
def test_chunks_are_filtered_like_the_whole(rng, phase, sizes):
    x = rng.standard_normal((3, 1000))
    whole = band_pass(x, 128.0, **BAND, phase=phase)
    found = in_chunks(CausalFilter(128.0, **BAND, phase=phase), x, sizes)
    assert_array_equal(found, whole)


@pytest.mark.parametrize("phase", CAUSAL)
def test_the_future_has_no_part(rng, phase):
    x = rng.standard_normal((1, 800))
    changed = x.copy()
    changed[:, 500:] += 10
    found = [band_pass(one, 100.0, **BAND, phase=phase) for one in (x, changed)]
    assert_array_equal(found[0][:, :500], found[1][:, :500])
    assert not np.allclose(found[0][:, 500:], found[1][:, 500:])


def test_forward_is_a_butterworth_filter(rng):
    x = rng.standard_normal((2, 600)) * np.linspace(0, 1, 600)
    sos = butter(2, [1.0, 8.0], "bandpass", fs=128.0, output="sos")
    expected = sosfilt(sos, x)
    assert_allclose(band_pass(x, 128.0, **BAND, phase="forward"), expected, atol=1e-12)


def test_minimum_phase_is_what_mne_makes_of_it(rng):
    x = np.zeros((1, 4000))
    x[:, 2000:2400] = rng.standard_normal(400)
    expected = mne.filter.filter_data(x, 128.0, 1.0, 8.0, phase="minimum", verbose=0)
    found = band_pass(x, 128.0, **BAND, phase="minimum")
    assert_allclose(found, expected, atol=1e-9)


@pytest.mark.parametrize("phase", CAUSAL)
@pytest.mark.parametrize(
    ("band", "passed"), [(BAND, 0.0), ({"l_freq": None, "h_freq": 8.0}, 1.0)]
)
def test_a_constant_has_no_transient(phase, band, passed):
    x = np.full((1, 500), 1e6)
    found = band_pass(x, 128.0, **band, phase=phase)
    assert_allclose(found, passed * x, rtol=1e-5, atol=1e-3)


def test_without_edges_nothing_is_filtered(rng):
    x = rng.standard_normal((1, 50))
    found = band_pass(x, 64.0, l_freq=None, h_freq=None, phase="forward")
    assert_array_equal(found, x)


@pytest.mark.parametrize(
    "rates", [(512.0, 64.0), (100.0, 64.0), (64.0, 64.0), (50.0, 64.0)]
)
@pytest.mark.parametrize("sizes", [(1,), (17, 3), (400,)])
def test_chunks_are_resampled_like_the_whole(rng, rates, sizes):
    x = rng.standard_normal((2, 700))
    found = in_chunks(CausalResampler(*rates), x, sizes)
    times = np.arange(700) / rates[0]
    new_times = np.arange(int(times[-1] * rates[1]) + 1) / rates[1]
    expected = [np.interp(new_times, times, one) for one in x]
    assert_allclose(found, expected, atol=1e-9)


def test_slow_signals_are_resampled_as_both_ways():
    times = np.arange(1280) / 128.0
    x = np.sin(2 * np.pi * 4.0 * times)[np.newaxis]
    found = CausalResampler(128.0, 64.0)(x)
    assert_allclose(found[:, 32:-32], resample(x, 128.0, 64.0)[:, 32:-32], atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"phase": "zero"}, r"phase: expected one of \['minimum', 'forward'\]"),
        ({"h_freq": 64.0}, "h_freq"),
        ({"l_freq": 9.0}, "l_freq"),
    ],
)
def test_bad_filters_are_named(changes, message):
    with pytest.raises(ValueError, match=message):
        CausalFilter(128.0, **{**BAND, "phase": "forward", **changes})
    if "phase" not in changes:
        with pytest.raises(ValueError, match=message):
            band_pass(np.zeros((1, 50)), 128.0, **{**BAND, **changes}, phase="minimum")


def test_bad_phases_and_rates_are_named():
    with pytest.raises(ValueError, match=r"phase: expected one of \['zero', 'min"):
        band_pass(np.zeros((1, 50)), 128.0, **BAND, phase="linear")
    with pytest.raises(ValueError, match="new_sfreq"):
        CausalResampler(64.0, 0.0)
    with pytest.raises(ValueError, match="signals"):
        CausalResampler(64.0, 32.0)(np.zeros(5))
