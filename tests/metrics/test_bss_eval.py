import json
import warnings

import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.metrics import BSSEval, bss_eval, si_sdr


def brute_force(references, estimate, target, n_taps, rcond=1e-9):
    """Projections by least squares on all delayed signals, SVD with a cut-off."""
    n_samples = references.shape[-1]
    delayed = np.zeros((len(references), n_taps, n_samples + n_taps - 1))
    for i, reference in enumerate(references):
        for delay in range(n_taps):
            delayed[i, delay, delay : delay + n_samples] = reference
    estimate = np.append(estimate, np.zeros(n_taps - 1))

    def project(rows):
        basis = rows.reshape(-1, len(estimate)).T
        return basis @ np.linalg.lstsq(basis, estimate, rcond=rcond)[0]

    source, everything = project(delayed[[target]]), project(delayed)
    pairs = [
        (source, estimate - source),
        (source, everything - source),
        (everything, estimate - everything),
    ]
    return [20 * np.log10(np.linalg.norm(a) / np.linalg.norm(b)) for a, b in pairs]


def mir_eval_outcome(references, estimates):
    separation = pytest.importorskip("mir_eval.separation")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return separation.bss_eval_sources(
            references, estimates, compute_permutation=False
        )[:3]


def read_wavs(folder):
    soundfile = pytest.importorskip("soundfile")
    return np.stack([soundfile.read(path)[0] for path in sorted(folder.glob("*.wav"))])


@pytest.mark.parametrize("case", ["01", "02", "03"])
def test_stored_outcomes(shared_data, case):
    folder = shared_data / "bss_eval"
    if not folder.is_dir():
        pytest.skip(f"the stored outcomes are not at {folder}")
    stored = json.loads((folder / f"output{case}.json").read_text())["Sources"]
    references = read_wavs(folder / f"ref{case}")
    estimates = read_wavs(folder / f"est{case}")
    estimates = estimates[stored["Source permutation"]]
    outcome = bss_eval(references, estimates)
    expected = [
        stored[f"Source to {what}"]
        for what in ("Distortion", "Interference", "Artifact")
    ]
    assert_allclose(outcome, expected, rtol=0, atol=1e-6)


def test_stems_like_mir_eval(shared_data):
    soundfile = pytest.importorskip("soundfile")
    paths = sorted((shared_data / "stems_cc0").glob("rubidium*.flac"))
    if not paths:
        pytest.skip("the shared stems are missing")
    stems = np.stack([soundfile.read(p, frames=88200, start=220500)[0] for p in paths])
    estimates = np.tanh(4 * (stems + 0.2 * stems.sum(axis=0)))
    outcome = bss_eval(stems, estimates)
    assert_allclose(outcome, mir_eval_outcome(stems, estimates), rtol=0, atol=1e-6)


def test_random_like_mir_eval(rng):
    references = rng.standard_normal((2, 4000))
    estimates = references + 0.3 * references[::-1] + 0.1 * rng.standard_normal(4000)
    outcome = bss_eval(references, estimates)
    assert_allclose(outcome, mir_eval_outcome(references, estimates), rtol=0, atol=1e-8)


@pytest.mark.parametrize("n_taps", [1, 2, 7, 40])
@pytest.mark.parametrize("n_samples", [30, 101])
def test_brute_force(rng, n_taps, n_samples):
    if n_samples < 3 * n_taps:
        n_samples *= 5
    references = rng.standard_normal((3, n_samples))
    estimate = references[1] + 0.5 * references[0] ** 3
    outcome = bss_eval(references, estimate, target=1, filter_length=n_taps)
    assert_allclose(outcome, brute_force(references, estimate, 1, n_taps), atol=1e-8)


def test_more_taps_than_samples(rng):
    references = rng.standard_normal((2, 10))
    estimate = rng.standard_normal(10)
    outcome = bss_eval(references, estimate, target=0, filter_length=25)
    assert np.isfinite(outcome).all()
    sdr = brute_force(references, estimate, 0, 25)[0]
    assert outcome.sdr == pytest.approx(sdr, abs=1e-6)


def test_band_limited_sources(rng):
    """Empty bands leave the Gram matrix singular."""
    spectra = np.fft.rfft(rng.standard_normal((3, 600)))
    spectra[:, 75:] = 0
    low = np.fft.irfft(spectra, 600)
    estimate = low[0] + 0.2 * low[1] + 0.01 * rng.standard_normal(600)
    outcome = bss_eval(low, estimate, target=0, filter_length=50)
    expected = brute_force(low, estimate, 0, 50, rcond=1e-7)
    assert_allclose(outcome, expected, rtol=0, atol=0.01)


def test_one_tap_is_si_sdr(rng):
    references = rng.standard_normal((3, 400))
    estimates = references + rng.standard_normal((3, 400))
    sdr = bss_eval(references, estimates, filter_length=1).sdr
    assert_allclose(sdr, si_sdr(references, estimates), atol=1e-10)


@pytest.mark.parametrize("level", [-20.0, 0.0, 35.0])
def test_known_interference(level):
    """Two impulses far apart: their delayed copies are orthogonal."""
    references = np.zeros((2, 3000))
    references[0, 100] = references[1, 1500] = 1.0
    estimate = references[0] + 10 ** (-level / 20) * references[1]
    sdr, sir, sar = bss_eval(references, estimate, target=0)
    assert sdr == pytest.approx(level, abs=1e-9)
    assert sir == pytest.approx(level, abs=1e-9)
    assert sar > 300


def test_orthogonal_noise_is_artifact():
    references = np.zeros((2, 3000))
    references[0, 100] = references[1, 1000] = 1.0
    estimate = 0.6 * references[0] + 0.8 * references[1]
    estimate[2500] = 0.1
    sdr, sir, sar = bss_eval(references, estimate, target=0)
    assert sar == pytest.approx(20.0, abs=1e-9)
    assert sir == pytest.approx(20 * np.log10(0.6 / 0.8), abs=1e-9)
    assert sdr == pytest.approx(10 * np.log10(0.36 / (0.64 + 0.01)), abs=1e-9)


def test_delays_up_to_the_filter_length_are_allowed(rng):
    references = rng.standard_normal((2, 20000))
    references[:, -600:] = 0
    for delay, high in ((100, True), (511, True), (512, False), (-1, False)):
        estimate = np.roll(references[0], delay)
        assert (bss_eval(references, estimate, target=0).sdr > 200) is high
        assert si_sdr(references[0], estimate) < -15


@pytest.mark.parametrize("scale", [-1.0, 1e-200, 1e200])
def test_scales_and_signs_play_no_part(rng, scale):
    references = rng.standard_normal((2, 1500))
    estimate = references[0] + 0.1 * references[1] + 0.05 * rng.standard_normal(1500)
    expected = bss_eval(references, estimate, target=0)
    assert_allclose(
        bss_eval(references, scale * estimate, target=0), expected, atol=1e-9
    )
    references[1] *= scale
    assert_allclose(bss_eval(references, estimate, target=0), expected, atol=1e-9)


def test_forms_of_target(rng):
    references = rng.standard_normal((3, 1500))
    estimates = references + rng.standard_normal((3, 1500))
    every = bss_eval(references, estimates)
    assert isinstance(every, BSSEval)
    assert every.sdr.shape == every.sir.shape == every.sar.shape == (3,)
    one = bss_eval(references, estimates[2], target=np.int64(2))
    assert all(isinstance(level, float) for level in one)
    assert_allclose(one, np.array(every)[:, 2])
    several = bss_eval(references, estimates[[2, 0, 2]], target=[2, 0, 0])
    expected = bss_eval(references, estimates[2], target=0)
    assert_allclose(np.array(several)[:, :2], np.array(every)[:, [2, 0]])
    assert_allclose(np.array(several)[:, 2], expected)


def test_sources_may_be_permuted(rng):
    references = rng.standard_normal((3, 1500))
    estimates = references + 0.2 * rng.standard_normal((3, 1500))
    order = [2, 0, 1]
    assert_allclose(
        bss_eval(references[order], estimates[order]),
        np.array(bss_eval(references, estimates))[:, order],
    )


def test_channels_sum_energies(rng):
    references = rng.standard_normal((2, 2, 400))
    estimate = references[1] * [[1.0], [3.0]] + rng.standard_normal((2, 400))
    sdr, _, _ = bss_eval(references, estimate, target=1, filter_length=10)
    own = rest = 0.0
    for channel in range(2):
        level = brute_force(references[:, channel], estimate[channel], 1, 10)[0]
        energy = np.sum(estimate[channel] ** 2)
        own += energy / (1 + 10 ** (-level / 10))
        rest += energy / (1 + 10 ** (level / 10))
    assert sdr == pytest.approx(10 * np.log10(own / rest), abs=1e-9)


def test_channels_may_be_permuted_together(rng):
    references = rng.standard_normal((2, 2, 400))
    estimates = references + rng.standard_normal((2, 2, 400))
    expected = bss_eval(references, estimates)
    assert_allclose(bss_eval(references[:, ::-1], estimates[:, ::-1]), expected)
    crossed = bss_eval(references, estimates[:, ::-1])
    assert np.all(crossed.sdr < expected.sdr - 1)


def test_silent_other_source_drops_out(rng):
    references = rng.standard_normal((3, 1500))
    references[1] = 0
    estimates = references + 0.3 * rng.standard_normal((3, 1500))
    outcome = bss_eval(references, estimates[[0, 2]], target=[0, 2])
    assert_allclose(outcome, bss_eval(references[[0, 2]], estimates[[0, 2]]))


def test_source_silent_in_one_channel(rng):
    """Hard panned sources: what is in a channel without them is artifact."""
    references = np.zeros((2, 2, 1500))
    references[0, 0], references[1, 1] = rng.standard_normal((2, 1500))
    estimate = references[0] + 0.1 * references[1]
    sdr, sir, sar = bss_eval(references, estimate, target=0)
    expected = 20 * np.log10(
        np.linalg.norm(references[0]) / np.linalg.norm(0.1 * references[1])
    )
    assert sdr == pytest.approx(expected, abs=1e-9)
    assert sir == pytest.approx(expected, abs=1e-9)
    assert sar > 250


def test_channel_without_any_source(rng):
    references = np.zeros((2, 2, 1500))
    references[:, 0] = rng.standard_normal((2, 1500))
    estimate = references[0].copy()
    estimate[1] = 0.1 * estimate[0]
    sdr, sir, sar = bss_eval(references, estimate, target=0)
    assert sdr == pytest.approx(20.0, abs=1e-9)
    assert sar == pytest.approx(20.0, abs=1e-9)
    assert sir > 250


def test_copies_among_the_sources_add_no_interference(rng):
    first, second = rng.standard_normal((2, 3000))
    estimate = first + 0.1 * second + 0.01 * rng.standard_normal(3000)
    expected = bss_eval([first, second], estimate, target=0)
    for copy in (first, -2 * first, first + 1e-8 * rng.standard_normal(3000)):
        outcome = bss_eval([first, copy, second], estimate, target=0)
        assert_allclose(outcome, expected, rtol=0, atol=1e-3)
    sdr, sir, sar = bss_eval([first, first], estimate, target=0)
    assert sir > 200
    assert sdr == pytest.approx(sar)


@pytest.mark.parametrize(
    "source",
    [
        np.ones(3000),
        np.sin(0.1 * np.arange(3000)),
        np.eye(1, 3000)[0],
        np.eye(1, 3000, 2999)[0],
        np.arange(3000.0),
    ],
    ids=["constant", "sine", "first sample", "last sample", "ramp"],
)
def test_degenerate_sources_give_finite_figures(rng, source):
    references = np.stack([source, source[::-1], source, source + 1])
    estimate = source + 0.1 * rng.standard_normal(3000)
    noisy = bss_eval(references, estimate, target=0)
    perfect = bss_eval(references, source, target=0)
    assert np.isfinite(noisy).all()
    assert np.isfinite(perfect).all()
    assert min(perfect) > 100


@pytest.mark.parametrize(("dtype", "limit"), [("f4", 138.4731), ("f8", 313.0712)])
def test_limits(dtype, limit):
    references = np.zeros((2, 3000), dtype)
    references[0, 100] = references[1, 1500] = 1.0
    perfect = bss_eval(references, references)
    assert_allclose(perfect, np.full((3, 2), limit), atol=1e-3)
    swapped = bss_eval(references, references[::-1])
    assert_allclose(swapped.sdr, -limit, atol=1e-3)
    assert_allclose(swapped.sir, -limit, atol=1e-3)
    assert_allclose(swapped.sar, limit, atol=1e-3)
    before_all = np.zeros(3000, dtype)
    before_all[0] = 1.0
    assert_allclose(
        bss_eval(references, before_all, target=0), [-limit, 0, -limit], atol=1e-3
    )


def test_single_source_has_no_interference(rng):
    reference = rng.standard_normal((1, 1000))
    estimate = reference + 0.1 * rng.standard_normal((1, 1000))
    sdr, sir, sar = bss_eval(reference, estimate)
    assert sir[0] == pytest.approx(313.0712, abs=0.1)
    assert sdr[0] == pytest.approx(sar[0])


def test_inputs_are_not_written_to(rng):
    reference, estimate = rng.standard_normal((2, 2, 2, 300))
    reference.setflags(write=False)
    estimate.setflags(write=False)
    bss_eval(reference, estimate, filter_length=8)


NOISE = np.random.default_rng(1).standard_normal((2, 50))
SECOND_SILENT = NOISE * [[1.0], [0.0]]


@pytest.mark.parametrize(
    ("reference", "estimate", "options", "message"),
    [
        (SECOND_SILENT, NOISE, {}, r"reference\[1\] is silent.*leave it out of target"),
        (SECOND_SILENT, NOISE[0], {"target": 1}, r"reference\[1\] is silent"),
        (NOISE, SECOND_SILENT, {}, r"estimate\[1\] is silent .* as source 1"),
        (NOISE, np.zeros(50), {"target": 1}, "estimate is silent .* as source 1"),
        (NOISE * np.nan, NOISE, {}, "reference: found 100 NaN or infinite"),
        (NOISE, NOISE * np.inf, {}, "estimate: found 100 NaN or infinite"),
        (NOISE, NOISE[:, :-1], {}, r"shape \(2, 49\), but shape \(2, 50\)"),
        (NOISE, NOISE[:1], {}, r"shape \(1, 50\), but shape \(2, 50\)"),
        (NOISE, NOISE, {"target": 0}, r"shape \(2, 50\), but shape \(50,\)"),
        (NOISE, NOISE, {"target": [0]}, r"shape \(2, 50\), but shape \(1, 50\)"),
        (NOISE[0], NOISE[0], {}, r"reference: expected 2-D or 3-D, got shape \(50,\)"),
        (NOISE, NOISE[0], {"target": 2}, "target: expected 0 to 1, got 2"),
        (NOISE, NOISE[0], {"target": -1}, "target: expected 0 to 1, got -1"),
        (NOISE, NOISE, {"target": [0, 5]}, r"target\[1\]: expected 0 to 1, got 5"),
        (NOISE, NOISE, {"target": []}, "target: at least one"),
        (NOISE, NOISE, {"filter_length": 0}, "filter_length: expected at least 1"),
    ],
)
def test_refused(reference, estimate, options, message):
    with pytest.raises(ValueError, match=message):
        bss_eval(reference, estimate, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target": 0.0}, "target: expected an integer"),
        ({"target": True}, "target: expected an integer"),
        ({"target": ["0", 1]}, r"target\[0\]: expected an integer"),
        ({"filter_length": 512.0}, "filter_length: expected an integer"),
    ],
)
def test_refused_types(options, message):
    with pytest.raises(ValueError, match=message):
        bss_eval(NOISE, NOISE, **options)
