import numpy as np
import pytest

from sklearn_cnmf import Reference, Trial
from sklearn_cnmf.metrics import bss_eval, closest_source, score_trial, si_sdr


def make_trial(sources, subject="", stimulus=""):
    sources = np.asarray(sources)
    eeg = np.zeros((2, sources.shape[-1] // 100))
    mixture = sources.sum(axis=0)
    return Trial(eeg, 80.0, mixture, 8000.0, subject=subject, stimulus=stimulus)


@pytest.fixture
def sources(rng):
    return rng.standard_normal((3, 4000))


def test_scores_are_those_of_the_metrics(sources, rng):
    trial = make_trial(sources)
    estimate = sources[1] + 0.1 * sources[2] + 0.01 * rng.standard_normal(4000)
    scores = score_trial(trial, Reference(sources, 1), estimate)
    own = bss_eval(sources, estimate, target=1)
    mixture = bss_eval(sources, trial.mixture, target=1)
    expected = {
        "si_sdr": si_sdr(sources[1], estimate),
        **own._asdict(),
        "si_sdr_improvement": si_sdr(sources[1], estimate)
        - si_sdr(sources[1], trial.mixture),
        "sdr_improvement": own.sdr - mixture.sdr,
        "sir_improvement": own.sir - mixture.sir,
        "closest": 1,
    }
    assert list(scores) == list(expected)
    assert scores == pytest.approx(expected, abs=1e-9)
    assert type(scores["closest"]) is int
    assert all(type(scores[name]) is float for name in list(scores)[:-1])


def test_channels(rng):
    sources = rng.standard_normal((2, 2, 4000))
    estimate = sources[0] + 0.1 * rng.standard_normal((2, 4000))
    scores = score_trial(make_trial(sources), Reference(sources, 0), estimate)
    assert scores["si_sdr"] == pytest.approx(si_sdr(sources[:1], estimate[None])[0])
    assert scores["sar"] == pytest.approx(bss_eval(sources, estimate, target=0).sar)
    assert scores["closest"] == 0


@pytest.mark.parametrize(("dtype", "lowest"), [("f4", -138.4731), ("f8", -313.0712)])
def test_silent_estimate_is_scored_lowest(sources, dtype, lowest):
    sources = sources.astype(dtype)
    trial = make_trial(sources)
    scores = score_trial(trial, Reference(sources, 0), np.zeros(4000, dtype))
    for name in ("si_sdr", "sdr", "sir", "sar"):
        assert scores[name] == pytest.approx(lowest, abs=1e-3)
    unprocessed = si_sdr(sources[0], trial.mixture)
    expected = pytest.approx(lowest - unprocessed, abs=1e-3)
    assert scores["si_sdr_improvement"] == expected
    assert scores["closest"] == -1


def test_refused_trials_are_named(sources):
    reference = Reference(sources, 0)
    trial = make_trial(sources, "07", "duo")
    name = r"\(subject '07', stimulus 'duo'\)"
    with pytest.raises(ValueError, match=rf"{name}: estimate has shape \(10,\)"):
        score_trial(trial, reference, np.ones(10))
    with pytest.raises(ValueError, match=rf"{name}: estimate: found 4000 NaN"):
        score_trial(trial, reference, np.full(4000, np.nan))
    with pytest.raises(ValueError, match=f"{name}: each of sources"):
        score_trial(trial, Reference(sources[:, 1:], 0), trial.mixture)
    for silent, message in (
        ([1.0, 0.0, 0.0], "no source sounds but the attended one"),
        ([0.0, 1.0, 1.0], r"the attended source, sources\[0\], is silent"),
    ):
        some = sources * np.array(silent)[:, np.newaxis]
        trial = make_trial(some, "07", "duo")
        with pytest.raises(ValueError, match=f"{name}: {message}"):
            score_trial(trial, Reference(some, 0), sources[0])
    cancelled = np.stack([sources[0], -sources[0]])
    trial = make_trial(cancelled, "07", "duo")
    with pytest.raises(ValueError, match=f"{name}: mixture is silent"):
        score_trial(trial, Reference(cancelled, 0), sources[0])
    with pytest.raises(ValueError, match="expected Trial"):
        score_trial(reference, reference, sources[0])


def test_closest_source(sources):
    for index in range(3):
        estimate = -0.2 * (sources[index] + 0.4 * sources[index - 1])
        assert closest_source(sources, estimate) == index


def test_silent_sources_are_never_closest(sources):
    sources[0] = 0
    assert closest_source(sources, sources[2]) == 2
    assert closest_source(0 * sources, sources[2]) == -1
    assert closest_source(sources, 0 * sources[2]) == -1


def test_ties_are_closest_to_none(sources):
    twins = np.stack([sources[0], sources[1], -2 * sources[0]])
    assert closest_source(twins, sources[0] + 0.1 * sources[1]) == -1
    assert closest_source(twins, sources[1]) == 1


def test_closest_refuses_other_shapes(sources):
    with pytest.raises(ValueError, match=r"estimate has shape \(5,\)"):
        closest_source(sources, np.ones(5))
    with pytest.raises(ValueError, match="reference: expected 2-D or 3-D"):
        closest_source(sources[0], sources[0])


def test_scores_tell_errors_down_to_rounding(sources, rng):
    estimate = sources[1] + 1e-12 * rng.standard_normal(4000)
    scores = score_trial(make_trial(sources), Reference(sources, 1), estimate)
    assert scores["si_sdr"] == pytest.approx(240, abs=0.5)
