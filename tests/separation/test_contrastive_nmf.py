from dataclasses import replace

import librosa
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning, NotFittedError

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation import _contrastive_nmf, _parts, contrastive_nmf
from sklearn_cnmf.separation._per_mixture import separate_mixture
from sklearn_cnmf.separation._stft import (
    attended_mask,
    guide_at_frames,
    hop_of,
    mask_waveform,
    spectra,
    stft_size,
)
from sklearn_cnmf.signals import audio_envelope

SFREQ = 8000
PITCHES = {"low": (220, 330), "high": (880, 1320), "noise": None}


def source(instrument, seed, seconds=4):
    """Notes of one invented instrument at random times."""
    rng = np.random.default_rng(seed)
    n = SFREQ // 4
    notes = []
    for _ in range(4 * seconds):
        if PITCHES[instrument] is None:
            note = 0.3 * rng.standard_normal(n)
        else:
            pitch = rng.choice(PITCHES[instrument])
            note = np.sin(2 * np.pi * pitch * np.arange(n) / SFREQ)
        notes.append(note * np.hanning(n) * (rng.random() < 0.6))
    return np.concatenate(notes)


def make_trial(instruments, attended, seed, *, channels=None, guide_gain=1.0):
    sources = np.stack([source(i, 10 * seed + k) for k, i in enumerate(instruments)])
    if channels is not None:
        sources = sources[:, None, :] * np.asarray(channels)[:, :, None]
    n_times = 4 * 64
    guide = guide_gain * audio_envelope(
        sources[attended], SFREQ, np.arange(n_times) / 64
    )
    trial = Trial(
        np.random.default_rng(seed).standard_normal((2, n_times)),
        64.0,
        sources.sum(0),
        SFREQ,
        instruments=instruments,
        stimulus=f"piece {seed}",
        guide=guide - guide.mean(),
        guide_sfreq=64.0,
    )
    return trial, Reference(sources, attended)


@pytest.fixture(scope="module")
def duets():
    pairs = [("low", "high"), ("high", "noise"), ("noise", "low")]
    made = [make_trial(pairs[seed % 3], seed // 3 % 2, seed) for seed in range(12)]
    return [t for t, _ in made], [r for _, r in made]


@pytest.fixture(scope="module")
def fitted(duets):
    trials, references = duets
    model = ContrastiveNMF(6, delta=0.0, choice="hard", random_state=0)
    return model.fit(trials[:6], references[:6])


def assert_same_spectra(one, two):
    assert one.instruments_ == two.instruments_
    for name, spectra_of in one.spectra_.items():
        assert_array_equal(spectra_of, two.spectra_[name])


def gains(trials, references, estimates):
    return [
        si_sdr(r.sources[r.attended], e) - si_sdr(r.sources[r.attended], t.mixture)
        for t, r, e in zip(trials, references, estimates)
    ]


def test_learned_spectra_separate_the_attended(duets, fitted):
    trials, references = duets[0][6:], duets[1][6:]
    estimates = fitted.predict(trials)
    assert min(gains(trials, references, estimates)) > 8
    names = [t.instruments[r.attended] for t, r in zip(trials, references)]
    assert fitted.predict_attended(trials) == names
    assert fitted.instruments_ == ("high", "low", "noise")
    assert list(fitted.spectra_) == list(fitted.instruments_)
    assert {len(own) for own in fitted.spectra_.values()} == {6}


def test_the_guide_decides_which_instrument(duets, fitted):
    trial, reference = duets[0][7], duets[1][7]
    other = 1 - reference.attended
    times = np.arange(trial.guide.shape[1]) / 64
    turned = replace(
        trial, guide=audio_envelope(reference.sources[other], SFREQ, times)
    )
    assert fitted.predict_attended([turned]) == [trial.instruments[other]]
    assert si_sdr(reference.sources[other], fitted.predict([turned])[0]) > 5


@pytest.mark.parametrize("contrast", ["components", "group"])
def test_contrast_keeps_the_choice_and_changes_the_estimate(duets, fitted, contrast):
    trials, references = duets[0][6:], duets[1][6:]
    model = clone(fitted).set_params(delta=0.01, contrast=contrast, max_iter=2000)
    model.fit(duets[0][:6], duets[1][:6])
    assert model.predict_attended(trials) == fitted.predict_attended(trials)
    estimates, plain = model.predict(trials), fitted.predict(trials)
    assert max(np.abs(e - p).max() for e, p in zip(estimates, plain)) > 1e-3
    assert np.mean(gains(trials, references, estimates)) > 8


def test_transform_fills_the_estimate(duets, fitted):
    trials = duets[0][6:8]
    new = fitted.transform(trials)
    for trial, filled, attended in zip(trials, new, fitted.predict(trials)):
        assert trial.estimate is None
        assert filled.estimate.shape == (2, len(trial.mixture))
        assert_array_equal(filled.estimate[0], attended)
        assert_allclose(filled.estimate.sum(0), trial.mixture, atol=1e-12)
        assert filled.guide is trial.guide


def test_order_of_trials_does_not_matter(duets, fitted):
    trials = duets[0][6:10]
    forward, backward = fitted.predict(trials), fitted.predict(trials[::-1])
    for one, two in zip(forward, backward[::-1]):
        assert_array_equal(one, two)


def test_stereo_gets_a_mask_for_each_channel():
    channels = [(0.8, 0.2), (0.3, 0.7)]
    made = [
        make_trial(("low", "high"), seed % 2, seed, channels=channels)
        for seed in range(4)
    ]
    trials, references = [t for t, _ in made], [r for _, r in made]
    model = ContrastiveNMF(6, delta=0.0, choice="hard", random_state=0).fit(
        trials[:2], references[:2]
    )
    for trial, reference, estimate in zip(
        trials[2:], references[2:], model.predict(trials[2:])
    ):
        assert estimate.shape == trial.mixture.shape == (2, 4 * SFREQ)
        truth = reference.sources[[reference.attended]]
        gain = si_sdr(truth, estimate[None]) - si_sdr(truth, trial.mixture[None])
        assert gain[0] > 12


def test_blind_follows_the_guide(duets):
    trials, references = duets[0][6:], duets[1][6:]
    model = ContrastiveNMF(
        8,
        dictionary="blind",
        contrast="group",
        delta=0.3,
        max_iter=2000,
        random_state=0,
    )
    estimates = model.fit(trials).predict(trials)
    assert np.mean(gains(trials, references, estimates)) > 3
    with pytest.raises(ValueError, match="'blind' components belong to no instrument"):
        model.predict_attended(trials)


def test_blind_splits_by_sound_and_guide_without_contrast(duets):
    trials, references = duets[0][6:], duets[1][6:]
    model = ContrastiveNMF(
        8, dictionary="blind", delta=0.0, tol=1e-4, random_state=0
    ).fit(trials)
    assert np.mean(gains(trials, references, model.predict(trials))) > 3
    guided = clone(model).set_params(dictionary="guided").fit(trials).predict(trials)
    assert np.mean(gains(trials, references, guided)) < 2


def test_blind_without_evidence_shares_the_mixture(duets):
    trial = replace(duets[0][6], guide=np.ones((1, 256)))
    model = ContrastiveNMF(6, dictionary="blind", delta=0.0, tol=1e-3, random_state=0)
    with pytest.warns(UserWarning, match="guide is constant"):
        (estimate,) = model.fit([trial]).predict([trial])
    assert_allclose(estimate, trial.mixture / 2, atol=1e-6)


def test_published_setting_is_the_rule_from_a_random_start(duets):
    trial = duets[0][0]
    model = ContrastiveNMF(
        8, dictionary="guided", solver="published", contrast="components", delta=0.005,
        tol=0, max_iter=50, random_state=0,
    ).fit([trial])  # fmt: skip
    n_fft = stft_size(0.186, SFREQ)
    hop = hop_of(n_fft)
    stft, X = spectra(trial.mixture, n_fft, hop)
    guide = guide_at_frames(trial.guide, 64.0, len(X), hop / SFREQ)
    result = contrastive_nmf(
        X, 8, guide=guide - guide.min(), delta=0.005, solver="published", tol=0,
        max_iter=50, random_state=np.random.RandomState(model.model_.seed),
        contrast="components",
    )  # fmt: skip
    H, W = result.activations, result.components
    mask = attended_mask(H[:, :4] @ W[:4], H[:, 4:] @ W[4:], 2.0)
    expected = mask_waveform(stft, mask, hop, len(trial.mixture))
    # Trials are factorised in single precision.
    assert_allclose(model.predict([trial])[0], expected, atol=1e-5)


def test_published_setting_runs(duets):
    model = ContrastiveNMF(
        8, dictionary="guided", solver="published", contrast="components", delta=0.005,
        tol=0, max_iter=50, random_state=0,
    )  # fmt: skip
    trials = duets[0][:2]
    first, second = (model.fit(trials).predict(trials) for _ in range(2))
    assert_array_equal(first[1], second[1])
    assert np.isfinite(first[0]).all()


def test_learning_is_cached_and_does_not_depend_on_delta(duets, tmp_path, monkeypatch):
    trials, references = duets[0][:3], duets[1][:3]
    plain = ContrastiveNMF(4, random_state=0).fit(trials, references)
    model = ContrastiveNMF(4, random_state=0, memory=str(tmp_path))
    model.fit(trials, references)
    assert_same_spectra(model, plain)

    def fail(*args, **kwargs):
        raise AssertionError("learned again")

    module = "sklearn_cnmf.separation._dictionary.spectra"
    monkeypatch.setattr(module, fail)
    again = clone(model).set_params(delta=0.1).fit(trials, references)
    assert_same_spectra(again, plain)
    with pytest.raises(AssertionError, match="learned again"):
        clone(model).set_params(n_components=5).fit(trials, references)


def test_silent_mixture_gives_silence(duets, fitted):
    trial = replace(duets[0][6], mixture=np.zeros(4 * SFREQ, dtype=np.float32))
    with pytest.warns(UserWarning, match=r"trials\[1\].*piece 6.*: mixture is silent"):
        estimates = fitted.predict([duets[0][7], trial])
    assert_array_equal(estimates[1], 0)
    assert estimates[1].dtype == np.float32


def test_float32_stays_float32(duets):
    trials = [replace(t, mixture=t.mixture.astype(np.float32)) for t in duets[0][:3]]
    references = [
        Reference(r.sources.astype(np.float32), r.attended) for r in duets[1][:3]
    ]
    model = ContrastiveNMF(4, delta=0.0, choice="hard", random_state=0).fit(
        trials, references
    )
    assert model.spectra_["low"].dtype == np.float32
    assert model.predict(trials)[0].dtype == np.float32


def test_constant_guide_supports_nobody(duets, fitted):
    trial = replace(duets[0][6], guide=np.ones((1, 256)))
    with pytest.warns(UserWarning, match="guide is constant"):
        assert fitted.predict_attended([trial]) == [trial.instruments[0]]


def test_unfinished_factorizations_are_counted(duets, fitted):
    model = clone(fitted).fit(duets[0][:6], duets[1][:6])
    model.set_params(max_iter=3, delta=0.1)
    with pytest.warns(ConvergenceWarning, match="2 of 2 factorisations stopped at max"):
        model.predict(duets[0][:2])


@pytest.mark.parametrize(
    ("parameters", "change", "message"),
    [
        ({}, {"guide": None}, r"trials\[1\].*piece 7.*guide is None"),
        ({}, {"instruments": None}, r"trials\[1\].*instruments is None"),
        (
            {"n_free": 0},
            {"instruments": ("oboe", "low")},
            r"trials\[1\].*\['oboe'\] were never learned; known are \['high', 'low'",
        ),
        (
            {},
            {"instruments": ("oboe", "tuba")},
            r"\['oboe', 'tuba'\] were never learned; .* at most 1 may be unknown",
        ),
        ({}, {"audio_sfreq": 8001}, r"trials\[1\].*8001 Hz, but the model .*8000 Hz"),
        ({"delta": -1}, {}, "delta: expected a finite number >= 0, got -1"),
        ({"mask_power": 0}, {}, "mask_power: expected a finite number > 0, got 0"),
        ({"n_free": -1}, {}, "n_free: expected a whole number >= 0"),
        ({"transposition": 0.5}, {}, "transposition: expected a whole number >= 0"),
        ({"transposition": -1}, {}, "transposition: expected a whole number >= 0"),
    ],
)
def test_bad_trials_are_named(duets, fitted, parameters, change, message):
    model = clone(fitted).fit(duets[0][:6], duets[1][:6]).set_params(**parameters)
    trials = [duets[0][6], replace(duets[0][7], **change)]
    with pytest.raises(ValueError, match=message):
        model.predict(trials)


def test_bad_fits_are_named(duets):
    trials, references = duets[0][:2], duets[1][:2]
    with pytest.raises(ValueError, match="references: None, but dictionary='learned'"):
        ContrastiveNMF().fit(trials)
    with pytest.raises(ValueError, match=r"references has 1 entries for 2 trials"):
        ContrastiveNMF().fit(trials, references[:1])
    anonymous = [replace(t, instruments=None) for t in trials]
    with pytest.raises(ValueError, match=r"trials\[0\].*instruments is None"):
        ContrastiveNMF().fit(anonymous, references)
    with pytest.raises(ValueError, match="audio_sfreq: trials have the rates"):
        ContrastiveNMF().fit(
            [trials[0], replace(trials[1], audio_sfreq=8001)], references
        )
    with pytest.raises(ValueError, match="got an empty list"):
        ContrastiveNMF().fit([])
    with pytest.raises(ValueError, match="guide: trials carry their own"):
        ContrastiveNMF().fit(trials, references, guide=np.ones((3, 1)))
    with pytest.raises(ValueError, match="dictionary: expected one of"):
        ContrastiveNMF(dictionary="none").fit(trials, references)
    with pytest.raises(ValueError, match="n_attended: expected at most n_components=4"):
        ContrastiveNMF(4, n_attended=5).fit(trials, references)
    with pytest.raises(NotFittedError):
        ContrastiveNMF().predict(trials)


def test_arrays_follow_their_guide():
    rng = np.random.default_rng(0)
    tracks = rng.gamma(0.3, size=(200, 2))
    parts = [tracks[:, [k]] @ rng.gamma(0.3, size=(1, 30)) for k in range(2)]
    X, guide = sum(parts), tracks[:, :1]
    model = ContrastiveNMF(4, delta=0.05, n_attended=1, random_state=0, max_iter=2000)
    H = model.fit_transform(X, guide=guide)
    assert_array_equal(model.attended_, [True, False, False, False])
    assert_allclose(np.linalg.norm(H, axis=0), 1)
    assert model.objective_.shape == (model.n_iter_ + 1,)
    assert model.contrast_ > 0
    expected = contrastive_nmf(
        X, 4, guide=guide, attended=model.attended_, delta=0.05, random_state=0,
        max_iter=2000, contrast="group",
    )  # fmt: skip
    assert_array_equal(H, expected.activations)
    assert_allclose(model.inverse_transform(H), X, atol=0.2 * X.max())
    predicted = model.predict(X)
    similarity = [np.sum(predicted * p) / np.linalg.norm(p) for p in parts]
    assert similarity[0] > 0.9 * np.linalg.norm(predicted)
    assert similarity[1] < 0.6 * np.linalg.norm(predicted)
    with pytest.raises(ValueError, match="X: expected 4 columns"):
        model.inverse_transform(H[:, :3])
    with pytest.raises(ValueError, match="X: expected a list of Trial"):
        model.predict_attended(X)


def test_set_output_names_components_and_leaves_trials(duets, fitted):
    X = np.random.default_rng(0).random((20, 5))
    model = ContrastiveNMF(3, delta=0, random_state=0, tol=0, max_iter=20)
    frame = model.set_output(transform="pandas").fit_transform(X)
    assert list(frame.columns) == [f"contrastivenmf{k}" for k in range(3)]
    model = clone(fitted).set_output(transform="pandas")
    new = model.fit(duets[0][:6], duets[1][:6]).transform(duets[0][:1])
    assert isinstance(new, list)


def test_librosa_decomposes_with_it():
    S = np.random.default_rng(0).random((33, 50))
    model = ContrastiveNMF(4, delta=0, random_state=0, tol=0, max_iter=100)
    components, activations = librosa.decompose.decompose(S, transformer=model)
    assert components.shape == (33, 4)
    assert np.linalg.norm(components @ activations - S) < 0.6 * np.linalg.norm(S)


def test_a_mixture_of_other_sounds_is_warned_of_once(duets):
    fitted = ContrastiveNMF(choice="hard").fit(duets[0][:4], duets[1][:4])
    trials = [duets[0][6], duets[0][9]]
    noise = np.random.default_rng(0).standard_normal(trials[0].mixture.shape)
    foreign = [replace(trial, mixture=noise.astype(np.float32)) for trial in trials]
    with pytest.warns(UserWarning, match=r"explain the mixture \d+ times worse") as log:
        separations = fitted.separate([duets[0][0], *foreign])
    assert len([w for w in log if "times worse" in str(w.message)]) == 1
    assert "2 of 3 trials are" in str(log[0].message)
    assert separations[0].misfit < 25 < separations[1].misfit


def test_an_instrument_that_was_never_learned_gets_free_components(duets):
    trial, reference = duets[0][0], duets[1][0]
    solo = replace(
        trial, mixture=reference.sources[0], instruments=("low",), guide=trial.guide
    )
    model = ContrastiveNMF(choice="hard", n_free=2, random_state=0)
    model.fit([solo], [Reference(reference.sources[:1], 0)])
    with pytest.warns(UserWarning, match="'high' was never learned.*1 of 1 trials"):
        (done,) = model.separate([trial])
    assert done.instruments == trial.instruments == ("low", "high")
    assert done.misfit is None
    for source, candidate in zip(reference.sources, done.candidates):
        assert si_sdr(source, candidate) > si_sdr(source, trial.mixture) + 10
    assert done.chosen == trial.instruments[reference.attended]
    again = clone(model).fit([solo], [Reference(reference.sources[:1], 0)])
    with pytest.warns(UserWarning, match="never learned"):
        assert_array_equal(again.separate([trial])[0].candidates, done.candidates)


@pytest.mark.parametrize("dictionary", ["learned", "blind"])
@pytest.mark.parametrize("gain", [1e-30, 1e30])
def test_loudness_of_a_recording_does_not_matter(duets, dictionary, gain):
    trials, references = duets[0][:2], duets[1][:2]
    model = ContrastiveNMF(
        8, dictionary=dictionary, choice="hard", tol=1e-3, random_state=0
    ).fit(trials, references)
    (plain,) = model.predict(trials[:1])
    scaled = replace(trials[0], mixture=trials[0].mixture * gain)
    assert_allclose(model.predict([scaled])[0] / gain, plain, atol=1e-4)


def test_a_search_explains_a_mixture_once(duets, tmp_path, monkeypatch):
    trials, references = duets[0][:2], duets[1][:2]
    model = ContrastiveNMF(8, choice="hard", random_state=0).fit(trials, references)
    plain = model.predict(trials)
    model.set_params(memory=str(tmp_path))
    assert_array_equal(model.predict(trials)[0], plain[0])

    def fail(*args, **kwargs):
        raise AssertionError("explained again")

    module = "sklearn_cnmf.separation._explain.factorize"
    monkeypatch.setattr(module, fail)
    assert_array_equal(model.predict(trials)[1], plain[1])
    model.set_params(delta=0.1).predict(trials)
    model.set_params(choice="soft", mask_power=1.0)
    with pytest.warns(UserWarning, match="'soft' is 'hard'"):
        model.predict(trials)
    with pytest.raises(AssertionError, match="explained again"):
        model.set_params(mu=0.1).predict(trials)


def test_a_mixture_of_its_own_spectra_is_factorised_once(duets, tmp_path, monkeypatch):
    trials = duets[0][:2]
    model = ContrastiveNMF(6, dictionary="blind", tol=1e-3, random_state=0).fit(trials)
    plain = model.predict(trials)
    model.set_params(memory=str(tmp_path))
    assert_array_equal(model.predict(trials)[0], plain[0])

    def fail(*args, **kwargs):
        raise AssertionError("factorised again")

    monkeypatch.setattr("sklearn_cnmf.separation._mixture.solve", fail)
    assert_array_equal(model.predict(trials)[1], plain[1])
    with pytest.raises(AssertionError, match="factorised again"):
        model.set_params(tol=1e-2).predict(trials)


@pytest.mark.parametrize("dictionary", ["learned", "blind", "guided"])
def test_listeners_of_one_mixture_share_its_factorisation(
    duets, dictionary, monkeypatch
):
    trials, references = duets[0][:2], duets[1][:2]
    model = ContrastiveNMF(
        8, dictionary=dictionary, choice="hard", tol=1e-3, random_state=0
    ).fit(trials, references)
    other = replace(trials[0], guide=-trials[0].guide, subject="another")
    shared = [trials[0], trials[1], other]
    alone = [model.predict([trial])[0] for trial in shared]
    explained = []
    explain = type(model.model_).explain

    def counted(self, trial, settings):
        explained.append(trial.stimulus)
        return explain(self, trial, settings)

    monkeypatch.setattr(type(model.model_), "explain", counted)
    for one, own in zip(model.predict(shared), alone):
        assert_array_equal(one, own)
    assert explained == ["piece 0", "piece 1"]
    assert np.abs(alone[0] - alone[2]).max() > 0


@pytest.mark.parametrize("delta", [0.0, 0.3])
def test_long_mixtures_are_explained_in_parts(duets, fitted, monkeypatch, delta):
    trials, references = duets[0][:1], duets[1][:1]
    model = clone(fitted).set_params(delta=delta).fit(*duets)
    monkeypatch.setattr(_parts, "_LONGEST", 1.5)
    monkeypatch.setattr(_parts, "_FADING", 0.2)
    (done,) = model.separate(trials)
    assert len(_parts.parts_of(32000, 8000.0)) == 3
    assert gains(trials, references, [done.attended])[0] > 40
    assert_allclose(
        done.candidates[0] + done.candidates[1],
        trials[0].mixture,
        atol=1e-6 if delta == 0 else 1,
    )


def test_a_silent_part_stays_silent(duets, fitted, monkeypatch):
    monkeypatch.setattr(_parts, "_LONGEST", 1.5)
    mixture = duets[0][0].mixture.copy()
    mixture[:12000] = 0
    (done,) = fitted.separate([replace(duets[0][0], mixture=mixture)])
    assert (done.candidates[:, :8000] == 0).all()
    assert np.abs(done.attended[16000:]).max() > 0
    assert np.isfinite(done.attended).all()


def test_what_only_separate_returns_is_not_sent_back(duets, fitted, monkeypatch):
    sent = []

    def watched(*arguments):
        found = separate_mixture(*arguments)
        sent.extend(found)
        return found

    monkeypatch.setattr(_contrastive_nmf, "separate_mixture", watched)
    fitted.predict(duets[0][:1])
    fitted.predict_attended(duets[0][:1])
    assert [done.candidates for done in sent] == [None, None]
    fitted.separate(duets[0][:1])
    assert sent[2].candidates.shape == (2, 32000)
