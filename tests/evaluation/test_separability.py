from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import norm

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.evaluation import audit_separability

SFREQ = 2000.0


def drawn(alike, seed=0, n_sources=2, seconds=20.0):
    """Noise whose slow envelopes share `alike` of their variance."""
    rng = np.random.default_rng(seed)
    n = int(seconds * SFREQ)
    knots = rng.random((n_sources + 1, int(seconds * 10)))
    mixed = np.sqrt(alike) * knots[-1] + np.sqrt(1 - alike) * knots[:-1]
    clock = np.arange(n) / SFREQ
    at = np.arange(knots.shape[1]) / 10
    envelopes = np.array([np.interp(clock, at, row) for row in mixed])
    sources = envelopes * np.sign(rng.standard_normal(envelopes.shape))
    trial = Trial(
        np.zeros((1, int(seconds * 64))), 64.0, sources.sum(axis=0), SFREQ,
        stimulus=f"alike{alike}", instruments=tuple("abc"[:n_sources]),
    )  # fmt: skip
    return trial, Reference(sources, 0)


def audit(*pairs, **options):
    trials, references = [t for t, _ in pairs], [r for _, r in pairs]
    options = {"random_state": 0, "n_draws": 400, **options}
    return audit_separability(trials, references, **options)


def test_sources_that_do_the_same_can_not_be_told_apart():
    found = audit(drawn(0.0), drawn(0.9, 1), drawn(1.0, 2))
    assert found.correlation[0] < 0.2
    assert 0.75 < found.correlation[1] < 0.97
    assert found.correlation[2] > 0.98
    assert found.accuracy[0, 0] > found.accuracy[0, 1] + 0.1
    assert found.accuracy[0, 2] < 0.65
    assert found.similar() == [
        "trials[2] (stimulus 'alike1.0')",
        "trials[1] (stimulus 'alike0.9')",
    ]
    assert found.rival == ("b", "b", "b")
    # The better the guide, the more often.
    assert np.all(np.diff(found.accuracy[:, :2], axis=0) >= -0.05)


def test_the_share_is_that_of_normal_noise():
    decoder = EnvelopeDecoder(feature="envelope", l_freq=None, h_freq=4.0)
    trial, reference = drawn(0.5, seed=3)
    r = np.array([0.1, 0.2, 0.3])
    found = audit((trial, reference), decoder=decoder, guide_r=r, n_draws=4000)
    # White noise up to 4 Hz in 20 s has 160 degrees of freedom.
    lead = r * (1 - found.correlation[0])
    spread = np.sqrt((1 - r**2) * 2 * (1 - found.correlation[0]) / 160)
    assert_allclose(found.accuracy[:, 0], norm.cdf(lead / spread), atol=0.02)


def test_same_seed_same_audit_and_the_weights_of_a_fit_count():
    pairs = [drawn(0.5, seed) for seed in range(4)]
    pairs = [
        (replace(t, stimulus=str(i), eeg=np.random.default_rng(i).random((2, 1280))), r)
        for i, (t, r) in enumerate(pairs)
    ]
    one, two = audit(*pairs, n_draws=20), audit(*pairs, n_draws=20)
    assert_array_equal(one.accuracy, two.accuracy)
    fitted = EnvelopeDecoder(alpha=1.0).fit(
        [t for t, _ in pairs], [r for _, r in pairs]
    )
    fitted.model_.output_weights[:] = [1.0, 0.0]
    alone = audit(*pairs, decoder=fitted, n_draws=20)
    level = audit(*pairs, decoder=EnvelopeDecoder(feature="envelope"), n_draws=20)
    assert not np.array_equal(alone.accuracy, one.accuracy)
    assert_allclose(alone.accuracy, level.accuracy, atol=0.3)


def test_the_nearest_of_several_is_the_rival():
    trial, reference = drawn(0.3, n_sources=3)
    sources = reference.sources.copy()
    sources[2] = np.abs(sources[0]) * np.sign(sources[2])
    trial = replace(trial, mixture=sources.sum(axis=0))
    found = audit((trial, Reference(sources, 0)), n_draws=20)
    assert found.rival == ("c",)
    nameless = replace(trial, instruments=None)
    assert audit((nameless, Reference(sources, 0)), n_draws=20).rival == (2,)
    assert audit((nameless, Reference(sources, 2)), n_draws=20).rival == (0,)


def test_it_prints_the_most_alike_first():
    pairs = [drawn(alike, seed) for seed, alike in enumerate([0.0, 0.9] * 6)]
    lines = str(audit(*pairs, n_draws=5)).splitlines()
    assert "mean of 12 trials" in lines[2]
    assert all("alike0.9" in line for line in lines[3:9])
    assert lines[-1] == "and 2 trials that are less alike"


def test_bad_input_is_refused():
    trial, reference = drawn(0.0, seconds=4.0)
    alone = Reference(reference.sources[:1], 0)
    single = replace(trial, mixture=reference.sources[0], instruments=("a",))
    with pytest.raises(ValueError, match=r"trials\[0\].*one source alone"):
        audit((single, alone))
    silent = Reference(reference.sources * [[0], [1]], 0)
    quiet = replace(trial, mixture=silent.sources.sum(axis=0))
    with pytest.raises(ValueError, match="attended source is silent or constant"):
        audit((quiet, silent))
    with pytest.raises(ValueError, match="guide_r"):
        audit((trial, reference), guide_r=[0.0])
    with pytest.raises(ValueError, match="references: expected a list"):
        audit_separability([trial], None)
    with pytest.raises(ValueError, match="activations"):
        audit((trial, reference), decoder=EnvelopeDecoder(feature="activations"))
