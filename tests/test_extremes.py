"""Inputs at the edge of what there is: tiny, huge, silent, broken, long."""

import subprocess
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.decoding._eeg import scale_channels
from sklearn_cnmf.metrics import bss_eval, score_trial, si_sdr
from sklearn_cnmf.separation import MisfitWarning, contrastive_nmf
from sklearn_cnmf.separation.harmonic._candidates import candidate_pitches
from sklearn_cnmf.signals import audio_envelope

EEG, AUDIO = 64.0, 2000.0
SECONDS = 4.0
INSTRUMENTS = ("flute", "horn")
DICTIONARIES = ("learned", "harmonic", "blind", "guided")
NAMED = ("learned", "harmonic")
RNG = np.random.default_rng(0)
# What float64 holds of a number at this power of ten, relative to it.
POWERS = {-12: 1e-9, 12: 1e-9, -310: 1e-9, -320: 1e-2, 150: 1e-9}


def make_pair(seed, n_channels=3):
    """A trial of two tones that come and go, and its reference."""
    rng = np.random.default_rng(seed)
    times = np.arange(round(SECONDS * AUDIO)) / AUDIO
    envelopes = [np.interp(times, np.arange(5), rng.uniform(0, 1, 5)) for _ in "ab"]
    sources = np.stack(
        [e * np.sin(2 * np.pi * f * times) for e, f in zip(envelopes, (220.0, 523.0))]
    )
    eeg = rng.standard_normal((n_channels, round(SECONDS * EEG)))
    eeg[0] += 3 * audio_envelope(sources[0], AUDIO, np.arange(eeg.shape[1]) / EEG)[0]
    trial = Trial(
        eeg,
        EEG,
        sources.sum(axis=0),
        AUDIO,
        instruments=INSTRUMENTS,
        stimulus=f"piece {seed}",
    )
    return trial, Reference(sources, 0)


PAIRS = [make_pair(seed) for seed in range(3)]
TRIALS = [trial for trial, _ in PAIRS]
REFERENCES = [reference for _, reference in PAIRS]


def make_pipeline(dictionary, **changes):
    separator = ContrastiveNMF(
        2 if dictionary == "harmonic" else 4,
        dictionary=dictionary,
        window=0.064,
        max_iter=10,
        tol=0.0,
        random_state=0,
    )
    decoder = EnvelopeDecoder(feature="envelope", alpha=1.0)
    pipeline = Pipeline([("decode", decoder), ("separate", separator)])
    return pipeline.set_params(**changes)


@pytest.fixture(scope="module")
def fitted():
    """A fitted pipeline of each dictionary, and its estimates."""
    pipelines = {d: make_pipeline(d).fit(TRIALS, REFERENCES) for d in DICTIONARIES}
    return {d: (p, p.predict(TRIALS)[0]) for d, p in pipelines.items()}


def sound(pipeline, trial):
    """Predict one trial and assert what holds for any; return its estimate."""
    (done,) = pipeline.transform([trial])
    loudest = np.abs(trial.mixture).max()
    assert np.isfinite(done.estimate).all()
    assert_allclose(done.estimate.sum(axis=0), trial.mixture, atol=1e-12 * loudest)
    assert np.abs(done.estimate).max() <= 2 * loudest
    if pipeline["separate"].dictionary in NAMED:
        (probabilities,) = pipeline.predict_proba([trial])
        assert probabilities.sum() == pytest.approx(1.0)
        assert (probabilities >= 0).all()
    return done.estimate[0]


@pytest.mark.parametrize("power", POWERS)
@pytest.mark.parametrize("dictionary", DICTIONARIES)
def test_scaled_audio_gives_the_scaled_estimate(fitted, dictionary, power):
    pipeline, expected = fitted[dictionary]
    scaled = TRIALS[0].mixture * 10.0**power
    found = sound(pipeline, replace(TRIALS[0], mixture=scaled))
    if power > -310:
        tolerance = 1e-5 * np.abs(expected).max()
        assert_allclose(found / 10.0**power, expected, atol=tolerance)


@pytest.mark.parametrize("power", [*POWERS, 300])
def test_scaled_eeg_gives_the_same_guide(fitted, power):
    decoder = fitted["learned"][0]["decode"]
    (expected,) = decoder.predict(TRIALS[:1])
    scaled = replace(TRIALS[0], eeg=TRIALS[0].eeg * 10.0**power)
    (found,) = decoder.predict([scaled])
    assert_allclose(found, expected, atol=POWERS.get(power, 1e-9))


def test_an_offset_of_the_eeg_changes_nothing(fitted):
    decoder = fitted["learned"][0]["decode"]
    (expected,) = decoder.predict(TRIALS[:1])
    (found,) = decoder.predict([replace(TRIALS[0], eeg=TRIALS[0].eeg + 1e6)])
    assert_allclose(found, expected, atol=1e-6)
    X, y = TRIALS[0].eeg.T, TRIALS[0].eeg[1]
    for alpha in (0.0, 1.0, "cv"):
        one = EnvelopeDecoder(alpha=alpha, alphas=(0.1, 1.0, 10.0))
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "alphas")
            shifted = one.fit(X + 1e6, y).predict(X + 1e6)
            assert_allclose(shifted, one.fit(X, y).predict(X), atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 1.0])
@pytest.mark.parametrize("power", [-90, -12, 12, 90])
def test_scaled_arrays_decode_alike(alpha, power):
    X, y = TRIALS[0].eeg.T, RNG.standard_normal(256)
    expected = EnvelopeDecoder(alpha=alpha).fit(X, y).predict(X)
    decoder = EnvelopeDecoder(alpha=alpha)
    scaled = X * 10.0**power
    assert_allclose(decoder.fit(scaled, y).predict(scaled), expected, atol=1e-9)
    found = decoder.fit(X, y * 10.0**power).predict(X)
    assert_allclose(found / 10.0**power, expected, atol=1e-9)


@pytest.mark.parametrize("power", [-310, -160, 160, 300])
def test_arrays_whose_squares_are_none_are_refused(power):
    X, y = TRIALS[0].eeg.T, RNG.standard_normal(256)
    decoder = EnvelopeDecoder(alpha=1.0)
    with pytest.raises(ValueError, match=r"^X: values span .* 1e-100 to 1e\+100 is"):
        decoder.fit(X * 10.0**power, y)
    with pytest.raises(ValueError, match=r"^X: values span"):
        decoder.fit([X * 10.0**power] * 2, [y, y])
    with pytest.raises(ValueError, match=r"^y: values span .* 1e-100 to 1e\+100 is"):
        decoder.fit(X, y * 10.0**power)


def test_rare_spikes_of_any_size_are_scaled():
    eeg = np.zeros((3, 50))
    eeg[0, ::9] = 1.0
    eeg[1] = 1e300 * RNG.standard_normal(50)
    scaled = scale_channels(eeg, None)
    assert scaled[0].std() == pytest.approx(1.0)
    assert_allclose(scaled[1], scale_channels(eeg[1:2] / 1e300, None)[0])
    assert not scaled[2].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 6), (40, 1), (40, 6)])
@pytest.mark.parametrize("power", POWERS)
def test_scaled_magnitudes_have_scaled_parts(shape, power):
    X, scaled = np.random.default_rng(1).random(shape), None
    scaled = X * 10.0**power
    guide, attended = X[:, 0], [True, False]
    parts = []
    for given in (X, scaled):
        done = contrastive_nmf(
            given, 2, guide=guide, attended=attended, random_state=0, max_iter=20
        )
        assert np.diff(done.objective).max(initial=0) <= 1e-12
        model = ContrastiveNMF(2, random_state=0, max_iter=20, tol=0.0)
        model.fit(given, guide=guide)
        whole = model.transform(given) @ model.components_
        parts.append((done.activations @ done.components, whole, model.predict(given)))
    for one, other in zip(*parts):
        assert_allclose(other / 10.0**power, one, atol=max(1e-8, POWERS[power]))


def test_pitches_above_all_bins_are_no_candidates():
    X = np.full((4, 65), 1e-3)
    X[:, 14] = 1.0
    pitches = candidate_pitches(X, np.full_like(X, 1e-3), AUDIO / 128, 3)
    heard = 69 + 12 * np.log2(14 * AUDIO / 128 / 440)
    assert_allclose(pitches[:, 0], heard, atol=0.5)


def spoil_eeg(eeg, how):
    eeg = eeg.copy()
    if how == "bursts":
        eeg[1, 50:58] += 1e6
        eeg[2, 200:203] -= 1e9
    elif how == "one dead channel":
        eeg[2] = 0.0
    elif how == "dead half of the time":
        eeg[1, : eeg.shape[1] // 2] = 0.0
    return eeg


@pytest.mark.parametrize("how", ["bursts", "one dead channel", "dead half of the time"])
@pytest.mark.parametrize("dictionary", DICTIONARIES)
def test_broken_eeg_still_gives_a_sound_estimate(fitted, dictionary, how):
    pipeline, _ = fitted[dictionary]
    trial = replace(TRIALS[0], eeg=spoil_eeg(TRIALS[0].eeg, how))
    sound(pipeline, trial)


@pytest.mark.parametrize("level", [0.0, 3.0])
@pytest.mark.parametrize("dictionary", NAMED)
def test_eeg_that_is_constant_leaves_the_choice_open(fitted, dictionary, level):
    pipeline, _ = fitted[dictionary]
    trial = replace(TRIALS[0], eeg=np.full_like(TRIALS[0].eeg, level))
    assert not pipeline["decode"].predict([trial])[0].any()
    said = r"guide is constant; it supports no source, and the first one is taken$"
    with pytest.warns(UserWarning, match=said):
        sound(pipeline, trial)
    with pytest.warns(UserWarning, match=said):
        assert_allclose(pipeline.predict_proba([trial])[0], [0.5, 0.5])


def spoil_audio(audio, how):
    audio, half = audio.copy(), audio.shape[-1] // 2
    if how == "silent":
        audio[:] = 0.0
    elif how == "first half silent":
        audio[:half] = 0.0
    elif how == "last half silent":
        audio[half:] = 0.0
    elif how == "clipped":
        audio = np.clip(audio, -0.3, 0.3)
    elif how == "one click":
        audio[:] = 0.0
        audio[half] = 1.0
    return audio


@pytest.mark.parametrize(
    "how", ["silent", "first half silent", "last half silent", "clipped", "one click"]
)
@pytest.mark.parametrize("dictionary", DICTIONARIES)
def test_spoilt_audio_still_gives_a_sound_estimate(fitted, dictionary, how):
    pipeline, _ = fitted[dictionary]
    trial = replace(TRIALS[0], mixture=spoil_audio(TRIALS[0].mixture, how))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        estimate = sound(pipeline, trial)
    said = {str(w.message) for w in caught if w.category is not MisfitWarning}
    if how == "silent":
        assert len(said) == 1
        assert "mixture is silent, and so is its estimate" in said.pop()
        assert not estimate.any()
    assert not said
    # Windows of 64 ms reach that far into silence.
    reach, half = round(0.064 * AUDIO), len(estimate) // 2
    if how == "first half silent":
        assert np.abs(estimate[: half - reach]).max() < 1e-12
    elif how == "last half silent":
        assert np.abs(estimate[half + reach :]).max() < 1e-12


@pytest.mark.parametrize("silent", [0, 1])
def test_a_source_that_is_silent_gets_next_to_nothing(fitted, silent):
    pipeline, _ = fitted["learned"]
    mixture = REFERENCES[0].sources[1 - silent]
    candidates = (
        pipeline["separate"]
        .separate(pipeline["decode"].transform([replace(TRIALS[0], mixture=mixture)]))[
            0
        ]
        .candidates
    )
    energies = np.square(candidates).sum(axis=1)
    assert energies[silent] < 1e-2 * energies[1 - silent]


def test_sources_that_are_identical_are_equally_likely():
    same = [
        (replace(trial, mixture=2 * own.sources[0]), Reference(own.sources[[0, 0]], 0))
        for trial, own in PAIRS
    ]
    trials, references = [t for t, _ in same], [r for _, r in same]
    pipeline = make_pipeline("learned").fit(trials, references)
    estimate = sound(pipeline, trials[0])
    assert_allclose(pipeline.predict_proba(trials)[0], [0.5, 0.5], atol=1e-3)
    loudest = np.abs(trials[0].mixture).max()
    assert_allclose(estimate, trials[0].mixture / 2, atol=1e-2 * loudest)


@pytest.mark.parametrize("dictionary", DICTIONARIES)
def test_one_channel_and_one_trial_are_enough(dictionary):
    trial, reference = make_pair(0, n_channels=1)
    pipeline = make_pipeline(dictionary).fit([trial], [reference])
    sound(pipeline, trial)
    with pytest.raises(ValueError, match=r"^alpha='cv' .* only one .* pass a number"):
        pipeline.set_params(decode__alpha="cv").fit([trial], [reference])


@pytest.mark.parametrize("n_channels", [256])
def test_many_channels(n_channels):
    pairs = [make_pair(seed, n_channels) for seed in range(3)]
    trials, references = [t for t, _ in pairs], [r for _, r in pairs]
    pipeline = make_pipeline("learned").fit(trials, references)
    assert pipeline["decode"].coef_.shape == (1, n_channels, 17)
    sound(pipeline, trials[0])


def test_more_instruments_than_components():
    rng = np.random.default_rng(0)
    names = ("flute", "horn", "oboe", "tuba")
    times = np.arange(round(SECONDS * AUDIO)) / AUDIO
    pitches = np.array([[150.0], [260.0], [450.0], [780.0]])
    sources = np.sin(2 * np.pi * pitches * times) * np.repeat(
        rng.random((4, 16)), len(times) // 16, axis=1
    )
    trial = replace(TRIALS[0], mixture=sources.sum(axis=0), instruments=names)
    reference = Reference(sources, 2)
    pipeline = make_pipeline("learned", separate__n_components=1)
    pipeline.fit([trial], [reference])
    sound(pipeline, trial)
    assert pipeline.predict_proba([trial])[0].shape == (4,)
    for dictionary in ("blind", "guided"):
        few = make_pipeline(dictionary, separate__n_components=1)
        sound(few.fit([trial], [reference]), trial)


@pytest.mark.parametrize("guide", [np.zeros(40), np.full(40, 3.0)])
def test_a_guide_that_says_nothing_is_no_guide(guide):
    X = np.random.default_rng(1).random((40, 6))
    given = {"random_state": 0, "max_iter": 20, "tol": 0.0}
    plain = ContrastiveNMF(2, delta=0.0, **given).fit(X)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "guide", UserWarning)
        guided = ContrastiveNMF(2, **given).fit(X, guide=guide)
    assert np.isfinite(guided.predict(X)).all()
    if not guide.any():
        assert_allclose(guided.components_, plain.components_)


def test_dead_channels_of_the_training_have_no_weight():
    dead = [replace(t, eeg=spoil_eeg(t.eeg, "one dead channel")) for t in TRIALS]
    decoder = EnvelopeDecoder(feature="envelope", alpha=1.0)
    with pytest.warns(UserWarning, match=r"X: channels \[2\] .* zero weights"):
        decoder.fit(dead, REFERENCES)
    assert not decoder.coef_[:, 2].any()
    zero = [replace(t, eeg=np.zeros_like(t.eeg)) for t in TRIALS]
    with pytest.raises(ValueError, match=r"^X: all channels of the EEG are constant"):
        decoder.fit(zero, REFERENCES)


@pytest.mark.parametrize("power", [-12, 12])
def test_metrics_are_free_of_scale(power):
    sources = RNG.standard_normal((2, 2000))
    estimates = sources + 0.1 * RNG.standard_normal((2, 2000))
    scaled = 10.0**power * sources, 10.0**power * estimates
    assert_allclose(si_sdr(*scaled), si_sdr(sources, estimates))
    one = bss_eval(sources, estimates, filter_length=16)
    assert_allclose(bss_eval(*scaled, filter_length=16), one)
    sir = bss_eval(sources[:1], estimates[:1], filter_length=16).sir
    assert sir > 250


def test_silent_references_are_named():
    sources = np.stack([np.zeros(500), RNG.standard_normal(500)])
    trial = Trial(np.ones((1, 16)), EEG, sources.sum(axis=0), 2000.0)
    with pytest.raises(ValueError, match=r"reference\[0\] is silent"):
        si_sdr(sources, sources + 1)
    with pytest.raises(ValueError, match=r"reference\[0\] is silent"):
        bss_eval(sources, sources + 1)
    for attended in (0, 1):
        with pytest.raises(ValueError, match=r"^trial: .*(silent|no source sounds)"):
            score_trial(trial, Reference(sources, attended), trial.mixture)


HOUR = """
import resource, sys
import numpy as np
from sklearn_cnmf import ContrastiveNMF, Reference, Trial

def play(seconds, seed, sfreq=22050):
    rng = np.random.default_rng(seed)
    held = sfreq // 4
    times = np.arange(held) / sfreq
    mixture = np.zeros(seconds * sfreq, np.float32)
    first = np.zeros(seconds * sfreq if seconds < 60 else 0, np.float32)
    guide = np.zeros((1, 64 * seconds))
    for note in range(4 * seconds):
        here = slice(note * held, (note + 1) * held)
        for low in (True, False):
            pitch = (220 if low else 660) * 2 ** (rng.integers(8) / 12)
            level = rng.uniform()
            partials = [np.sin(2 * np.pi * pitch * h * times) / h for h in (1, 2, 3)]
            tone = level * np.exp(-4 * times) * sum(partials)
            mixture[here] += tone
            if low:
                guide[0, note * 16 : (note + 1) * 16] = level * np.exp(
                    -np.arange(16) / 16
                )
                if len(first):
                    first[here] += tone
    trial = Trial(
        np.zeros((1, 64 * seconds)), 64.0, mixture, sfreq, instruments=("low", "high"),
        guide=guide, guide_sfreq=64.0, guide_weights=np.ones(1),
    )
    return trial, first

trial, first = play(20, 0)
sources = np.stack([first, trial.mixture - first])
model = ContrastiveNMF(random_state=0).fit([trial], [Reference(sources, 0)])
trial, _ = play(int(sys.argv[1]), 1)
(attended,) = model.predict([trial])
assert attended.shape == trial.mixture.shape and np.isfinite(attended).all()
assert 0.1 < np.linalg.norm(attended) / np.linalg.norm(trial.mixture) < 1.0
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def peak_of(seconds):
    """Largest memory in MiB of a process that separates so many seconds."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", HOUR, str(seconds)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


@pytest.mark.slow
def test_an_hour_of_audio_takes_less_than_two_gib():
    """22.05 kHz mono in single precision, learned: memory grows with the audio alone.

    A whole hour took 1821 MiB; here it is reckoned from two shorter ones.
    """
    shorter, longer = peak_of(120), peak_of(600)
    assert longer + (longer - shorter) * (3600 - 600) / (600 - 120) < 2048
