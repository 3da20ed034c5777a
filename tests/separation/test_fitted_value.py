"""What a fit leaves behind, and what may be done with it."""

import copy
import pickle
import threading
from dataclasses import replace

import joblib
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from threadpoolctl import threadpool_info, threadpool_limits

from sklearn_cnmf import ContrastiveNMF, Reference, Trial, _memory
from sklearn_cnmf._threads import one_thread
from sklearn_cnmf.model_io import load_model, save_model

SFREQ = 8000.0
RNG = np.random.default_rng(0)
X = RNG.random((40, 6))
GUIDE = X[:, 0]


def duet(seed, dtype=np.float64):
    rng = np.random.default_rng(seed)
    seconds = np.arange(4 * SFREQ) / SFREQ
    gates = np.repeat(rng.integers(0, 2, (2, 16)), int(SFREQ) // 4, axis=1)
    sources = gates * np.sin(2 * np.pi * np.array([[440.0], [1200.0]]) * seconds)
    sources = (sources + 1e-3 * rng.standard_normal(sources.shape)).astype(dtype)
    trial = Trial(
        rng.standard_normal((2, 256)), 64.0, sources.sum(axis=0), SFREQ,
        instruments=("low", "high"), guide=gates[0][:: int(SFREQ) // 64].astype(float),
        guide_sfreq=64.0,
    )  # fmt: skip
    return trial, Reference(sources, 0)


PAIRS = [duet(seed) for seed in range(3)]
TRIALS, REFERENCES = [t for t, _ in PAIRS], [r for _, r in PAIRS]
KINDS = {
    "learned": {"dictionary": "learned"},
    "blind": {"dictionary": "blind"},
    "guided": {"dictionary": "guided"},
    "array": {},
}


def fit(kind, model=None, **parameters):
    settings = {"delta": 0.1, "random_state": 0, "tol": 1e-2, "choice": "hard"}
    settings |= KINDS[kind]
    model = ContrastiveNMF(4) if model is None else model
    model.set_params(**{**settings, **parameters})
    if kind == "array":
        return model.fit(X, guide=GUIDE)
    return model.fit(TRIALS, REFERENCES)


def fitted_attributes(model):
    return sorted(name for name in vars(model) if name.endswith("_"))


@pytest.mark.parametrize("first", KINDS)
@pytest.mark.parametrize("second", KINDS)
def test_a_fit_leaves_nothing_of_the_one_before(first, second):
    fresh = fit(second)
    again = fit(second, fit(first))
    assert fitted_attributes(again) == fitted_attributes(fresh)
    given = X if second == "array" else TRIALS
    for one, two in zip(again.predict(given), fresh.predict(given)):
        assert_array_equal(one, two)


def test_each_kind_publishes_its_own_attributes():
    assert fitted_attributes(fit("array")) == [
        "attended_", "components_", "contrast_", "model_", "n_features_in_", "n_iter_",
        "objective_", "objective_terms_",
    ]  # fmt: skip
    learned = ["audio_sfreq_", "instruments_", "model_", "spectra_"]
    assert fitted_attributes(fit("learned")) == learned
    assert fitted_attributes(fit("blind")) == ["audio_sfreq_", "model_"]
    assert fitted_attributes(fit("guided")) == ["audio_sfreq_", "model_"]


@pytest.mark.parametrize("kind", ["learned", "blind", "guided"])
def test_the_other_kind_of_input_is_refused_in_one_sentence(kind):
    message = "X: this ContrastiveNMF was fitted on a list of Trial, but X is an array"
    for method in ("transform", "predict", "inverse_transform"):
        with pytest.raises(ValueError, match=message):
            getattr(fit(kind), method)(X)
    message = "X: this ContrastiveNMF was fitted on an array, but X is a list of Trial"
    for method in ("transform", "predict", "separate"):
        with pytest.raises(ValueError, match=message):
            getattr(fit("array"), method)(TRIALS)


@pytest.mark.parametrize(
    ("kind", "change", "message"),
    [
        ("blind", {"dictionary": "learned"}, "dictionary: was 'blind' in fit and is"),
        ("learned", {"dictionary": "guided"}, "dictionary: was 'learned' in fit"),
        ("learned", {"n_components": 5}, "n_components: was 4 in fit and is 5 now"),
        ("learned", {"transposition": 0}, "transposition: was 2 in fit and is 0 now"),
        ("learned", {"window": 0.1}, "window: was 0.186 in fit and is 0.1 now"),
        ("blind", {"n_components": 5}, "n_components: was 4 in fit"),
        ("guided", {"n_attended": 1}, "n_attended: was None in fit and is 1 now"),
        ("array", {"n_components": 3}, "n_components: was 4 in fit"),
        ("array", {"delta": 0.2}, "delta: was 0.1 in fit and is 0.2 now"),
        ("array", {"tol": 0.1}, "tol: was 0.01 in fit"),
        ("array", {"random_state": 1}, "random_state: was 0 in fit"),
        ("blind", {"random_state": 1}, "random_state: was 0 in fit"),
    ],
)
def test_what_decided_the_fit_can_not_change_after_it(kind, change, message):
    model = fit(kind).set_params(**change)
    with pytest.raises(ValueError, match=message):
        model.predict(X if kind == "array" else TRIALS)


@pytest.mark.parametrize(
    "change", [{"delta": 0.5}, {"mask_power": 1.0}, {"contrast": "components"}]
)
def test_what_does_not_decide_the_fit_takes_effect_at_once(change):
    model = fit("learned")
    before = model.predict(TRIALS[:1])[0]
    after = model.set_params(**change).predict(TRIALS[:1])[0]
    assert np.abs(after - before).max() > 1e-6
    assert_array_equal(after, fit("learned", **change).predict(TRIALS[:1])[0])


@pytest.mark.parametrize("changed", [7, None, np.random.RandomState(0)])
def test_a_generator_can_not_change_after_the_fit(changed, tmp_path):
    model = fit("learned", random_state=np.random.RandomState(0))
    model.predict(TRIALS[:1])
    save_model(model, tmp_path / "model.skops")
    loaded = load_model(tmp_path / "model.skops")
    for one in (loaded, copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        one.predict(TRIALS[:1])
        one.set_params(random_state=changed)
        with pytest.raises(ValueError, match=r"random_state: was RandomState.* in fit"):
            one.predict(TRIALS[:1])


def test_a_failed_fit_leaves_the_one_before():
    model = fit("learned")
    with pytest.raises(ValueError, match="references: None"):
        model.fit(TRIALS)
    assert len(model.predict(TRIALS)) == 3


def test_a_mixture_is_factorised_once(monkeypatch):
    calls = []
    model = fit("learned", delta=0.0)
    kind = type(model.model_)
    separate = kind.separate

    def counted(self, trial, *args):
        calls.append(trial)
        return separate(self, trial, *args)

    monkeypatch.setattr(kind, "separate", counted)
    (done, *_) = model.separate(TRIALS)
    assert len(calls) == len(TRIALS)
    assert done.chosen in done.instruments
    assert done.instruments == ("low", "high")
    assert done.converged
    assert_array_equal(done.attended, model.predict(TRIALS)[0])
    assert_array_equal(done.support, model.decision_function(TRIALS)[0])


@pytest.mark.parametrize("kind", ["learned", "blind", "guided"])
def test_number_of_jobs_does_not_change_a_bit(kind):
    one = fit(kind).predict(TRIALS)
    two = fit(kind, n_jobs=2).predict(TRIALS)
    for a, b in zip(one, two):
        assert_array_equal(a, b)


def test_fits_of_arrays_warn_of_what_they_ignore():
    model = ContrastiveNMF(2, tol=1e-1, random_state=0)
    with pytest.warns(UserWarning, match="guide: None, so delta has no effect"):
        model.fit(X)
    with pytest.warns(UserWarning, match="y: ignored, .* is passed as guide="):
        model.set_params(delta=0.0).fit_transform(X, GUIDE)


def test_windows_that_make_no_sense_are_refused_before_any_work():
    for window in (3.0, 186, 4096, 0, -0.1, 0.001, "0.1", np.nan):
        with pytest.raises(ValueError, match="window: expected"):
            ContrastiveNMF(2, window=window).fit(TRIALS, REFERENCES)
    for semitones in (13000, 13, -1, 0.5):
        with pytest.raises(ValueError, match="transposition: expected"):
            ContrastiveNMF(2, transposition=semitones).fit(TRIALS, REFERENCES)
    short = replace(
        TRIALS[0], eeg=np.ones((2, 8)), mixture=np.ones(1000), guide=np.ones(8)
    )
    with pytest.raises(ValueError, match=r"mixture lasts 1000 samples, less than"):
        fit("learned").predict([short])


@pytest.mark.parametrize("window", [0.0501, 0.0999, 0.1861, 0.25])
def test_any_window_reconstructs_the_mixture(window):
    model = fit("blind", window=window)
    trial = replace(TRIALS[0], guide=np.ones((1, 256)))
    model.set_params(delta=0.0)
    with pytest.warns(UserWarning, match="guide is constant"):
        (half,) = model.predict([trial])
    assert_allclose(half, trial.mixture / 2, atol=1e-9)


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [
        (">f8", np.float64),
        (">f4", np.float32),
        (np.longdouble, np.float64),
        (np.int16, np.float64),
        (np.float32, np.float32),
    ],
)
def test_precision_of_the_mixture_is_kept(dtype, expected):
    model = fit("learned", delta=0.0)
    mixture = (1000 * TRIALS[0].mixture).astype(dtype)
    (attended,) = model.predict([replace(TRIALS[0], mixture=mixture)])
    assert attended.dtype == expected
    native = mixture.astype(expected)
    (reference,) = model.predict([replace(TRIALS[0], mixture=native)])
    assert_allclose(attended, reference, rtol=1e-5, atol=1e-3)


def blas_threads():
    return {
        lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"
    }


@pytest.fixture
def two_blas_threads():
    limits = threadpool_limits(limits=2, user_api="blas")
    yield
    limits.restore_original_limits()


def test_one_thread_is_for_the_time_inside_alone(two_blas_threads):
    with one_thread(), one_thread():
        assert blas_threads() == {1}
    assert blas_threads() == {2}


def test_the_first_thread_inside_is_told_what_blas_was_allowed(two_blas_threads):
    told = []

    def second():
        with one_thread() as n_threads:
            told.append(n_threads)

    with one_thread() as outer, one_thread() as inner:
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert (outer, inner, told) == (2, 2, [1])


def test_threads_that_overlap_leave_blas_as_it_was(two_blas_threads):
    before = blas_threads()
    inside, done = threading.Event(), threading.Event()
    seen = []

    def second():
        inside.wait()
        with one_thread():
            done.set()
            seen.append(blas_threads())

    thread = threading.Thread(target=second)
    thread.start()
    with one_thread():
        inside.set()
        done.wait()
    thread.join()
    assert seen == [{1}]
    assert blas_threads() == before


def test_several_threads_on_one_model_agree():
    model = fit("learned")
    expected = model.predict(TRIALS)
    found = joblib.Parallel(n_jobs=3, backend="threading")(
        joblib.delayed(model.predict)(TRIALS) for _ in range(3)
    )
    for of_thread in found:
        for one, two in zip(of_thread, expected):
            assert_array_equal(one, two)


def test_a_cache_of_other_code_is_not_used(tmp_path, monkeypatch):
    model = fit("learned", memory=str(tmp_path))
    monkeypatch.setattr(_memory, "_code", lambda: "another version")
    calls = []

    def counted(*args, **kwargs):
        calls.append(args)
        return original(*args, **kwargs)

    from sklearn_cnmf.separation import _dictionary

    original = _dictionary.spectra
    monkeypatch.setattr(_dictionary, "spectra", counted)
    fit("learned", clone(model))
    assert calls


@pytest.mark.parametrize("change", [{"n_components": 3}, {"window": 0.1}])
def test_every_setting_of_learning_is_part_of_the_key(tmp_path, change):
    first = fit("learned", memory=str(tmp_path))
    second = clone(first).set_params(**change).fit(TRIALS, REFERENCES)
    fresh = clone(second).set_params(memory=None).fit(TRIALS, REFERENCES)
    for name, spectra in fresh.spectra_.items():
        assert_array_equal(second.spectra_[name], spectra)


def test_long_fits_are_logged(caplog):
    with caplog.at_level("INFO", logger="sklearn_cnmf"):
        fit("learned").predict(TRIALS[:2])
    assert caplog.messages == [
        "Learn the spectra of high from 3 recordings, 96000 samples",
        "Learn the spectra of low from 3 recordings, 96000 samples",
        "Separated trial 1 of 2",
        "Separated trial 2 of 2",
    ]


@pytest.mark.parametrize(
    ("kind", "contrast", "delta"),
    [
        ("learned", "group", 0.0),
        ("blind", "components", 0.0),
        ("guided", "group", 0.3),
        ("guided", "components", 0.02),
        ("array", "group", 0.3),
        ("array", "components", 0.02),
    ],
)
def test_default_weight_of_the_contrast(kind, contrast, delta):
    by_default = fit(kind, delta=None, contrast=contrast)
    stated = fit(kind, delta=delta, contrast=contrast)
    given = X if kind == "array" else TRIALS[:1]
    for one, two in zip(by_default.predict(given), stated.predict(given)):
        assert_array_equal(one, two)
