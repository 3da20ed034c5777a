"""What holds for any input: properties that Hypothesis tries to break."""

import copy
import pickle
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.model_io import load_model, save_model

EEG, AUDIO = 64.0, 2000.0
INSTRUMENTS = ("flute", "horn")

pytestmark = pytest.mark.filterwarnings("ignore")
few = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    # An example takes a second, so that to shrink one takes minutes.
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)

# Loudness from far below to far above anything that was ever recorded.
powers = st.integers(-12, 12)
seeds = st.integers(0, 2**16)


def make_trial(seed, n_channels=2, seconds=2.0, eeg_power=-6, audio_power=0, **kinds):
    """A trial of two sources, and its reference; `kinds` spoil it."""
    rng = np.random.default_rng(seed)
    n_times, n_samples = round(seconds * EEG), round(seconds * AUDIO)
    times = np.arange(n_samples) / AUDIO
    envelopes = [np.interp(times, np.arange(0, 9), rng.uniform(0, 1, 9)) for _ in "ab"]
    tones = [np.sin(2 * np.pi * f * times) for f in (220.0, 523.0)]
    sources = np.array([e * t for e, t in zip(envelopes, tones)])
    sources += 0.01 * rng.standard_normal(sources.shape)
    eeg = rng.standard_normal((n_channels, n_times))
    eeg[0] += 3 * np.interp(np.arange(n_times) / EEG, times, envelopes[0])
    if kinds.get("silent_source"):
        sources[1] = 0.0
    if kinds.get("silent_half"):
        sources[:, : n_samples // 2] = 0.0
    if kinds.get("identical"):
        sources[1] = sources[0]
    if kinds.get("clipped"):
        sources = np.clip(sources, -0.2, 0.2)
    if kinds.get("offset"):
        eeg += 1e6
    if kinds.get("dead_channel") and n_channels > 1:
        eeg[-1] = 0.0
    if kinds.get("burst"):
        eeg[0, n_times // 3 : n_times // 3 + 8] += 1e4
    sources = sources * 10.0**audio_power
    trial = Trial(
        eeg * 10.0**eeg_power,
        EEG,
        sources.sum(axis=0),
        AUDIO,
        instruments=INSTRUMENTS,
        subject="s",
        stimulus=f"piece {seed % 5}",
    )
    return trial, Reference(sources, seed % 2)


def make_trials(seed, n_trials=4, **options):
    made = [make_trial(5 * seed + k, **options) for k in range(n_trials)]
    return [trial for trial, _ in made], [reference for _, reference in made]


def make_pipeline(dictionary="learned", **changes):
    return Pipeline(
        [
            ("decode", EnvelopeDecoder(feature="envelope", alpha=1.0)),
            (
                "separate",
                ContrastiveNMF(
                    2 if dictionary == "harmonic" else 4,
                    dictionary=dictionary,
                    window=0.064,
                    transposition=0,
                    max_iter=10,
                    random_state=0,
                ).set_params(**changes),
            ),
        ]
    )


spoilt = st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("silent_half", "identical", "clipped", "offset", "dead_channel", "burst"),
        st.booleans(),
    ),
)
dictionaries = st.sampled_from(["learned", "harmonic", "blind", "guided"])


@few
@given(
    seed=seeds,
    dictionary=dictionaries,
    n_channels=st.integers(1, 4),
    eeg_power=powers,
    audio_power=powers,
    spoils=spoilt,
    single=st.booleans(),
)
def test_finite_in_finite_out_and_both_parts_add_up(
    seed, dictionary, n_channels, eeg_power, audio_power, spoils, single
):
    options = {"n_channels": n_channels, "eeg_power": eeg_power, **spoils}
    trials, references = make_trials(seed, audio_power=audio_power, **options)
    pipeline = make_pipeline(dictionary).fit(trials, references)
    if single:
        dtype = np.float32
        trials = [
            replace(t, eeg=t.eeg.astype(dtype), mixture=t.mixture.astype(dtype))
            for t in trials
        ]
    for trial in pipeline.transform(trials):
        assert trial.estimate.dtype == trial.mixture.dtype
        assert np.isfinite(trial.estimate).all()
        missed = trial.estimate.sum(axis=0) - trial.mixture
        loud = np.abs(trial.mixture).max()
        assert np.abs(missed).max() <= 1e-3 * loud
    if dictionary in ("learned", "harmonic"):
        for p in pipeline.predict_proba(trials):
            assert ((p >= 0) & (p <= 1)).all()
            assert p.sum() == pytest.approx(1.0)


@few
@given(seed=seeds, dictionary=dictionaries, power=powers)
def test_loudness_of_eeg_changes_nothing_and_that_of_audio_only_itself(
    seed, dictionary, power
):
    trials, references = make_trials(seed)
    pipeline = make_pipeline(dictionary).fit(trials, references)
    expected = pipeline.predict(trials)
    scaled = [replace(trial, eeg=trial.eeg * 10.0**power) for trial in trials]
    for one, other in zip(expected, pipeline.predict(scaled)):
        assert_allclose(one, other, atol=1e-6 * np.abs(one).max())
    factor = 2.0**power
    scaled = [replace(trial, mixture=trial.mixture * factor) for trial in trials]
    for one, other in zip(expected, pipeline.predict(scaled)):
        assert_allclose(factor * one, other, atol=1e-6 * factor * np.abs(one).max())


@few
@given(seed=seeds, dictionary=dictionaries, order=st.permutations(range(4)))
def test_permuted_trials_give_permuted_results(seed, dictionary, order):
    trials, references = make_trials(seed)
    pipeline = make_pipeline(dictionary).fit(trials, references)
    expected = pipeline.predict(trials)
    found = pipeline.predict([trials[i] for i in order])
    for one, i in zip(found, order):
        assert_array_equal(one, expected[i])


def snapshot(records):
    return [
        {
            field.name: copy.deepcopy(getattr(record, field.name))
            for field in fields(record)
        }
        for record in records
    ]


def same(one, other):
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.tobytes() == other.tobytes()
    return one == other


@few
@given(seed=seeds, dictionary=dictionaries, stereo=st.booleans())
def test_inputs_are_left_as_they_are(seed, dictionary, stereo):
    trials, references = make_trials(seed)
    if stereo:
        trials = [
            replace(t, mixture=np.stack([t.mixture, 0.5 * t.mixture])) for t in trials
        ]
        references = [
            replace(r, sources=np.stack([r.sources, 0.5 * r.sources], axis=1))
            for r in references
        ]
    before = snapshot([*trials, *references])
    pipeline = make_pipeline(dictionary).fit(trials, references)
    pipeline.predict(trials)
    pipeline.transform(trials)
    if dictionary in ("learned", "harmonic"):
        pipeline.predict_proba(trials)
        pipeline["separate"].predict_attended(pipeline["decode"].transform(trials))
    pipeline["decode"].score(trials, references)
    for was, now in zip(before, snapshot([*trials, *references])):
        assert all(same(was[name], now[name]) for name in was)


@few
@given(seed=seeds, dictionary=dictionaries)
def test_copies_of_a_model_predict_the_same(seed, dictionary, tmp_path_factory):
    trials, references = make_trials(seed)
    pipeline = make_pipeline(dictionary).fit(trials, references)
    expected = pipeline.predict(trials)
    path = tmp_path_factory.mktemp("models") / "model.skops"
    save_model(pipeline, path)
    again = clone(pipeline).fit(trials, references)
    pickled = pickle.loads(pickle.dumps(pipeline))
    copied = copy.deepcopy(pipeline)
    for model in (again, pickled, copied, load_model(path)):
        for one, other in zip(expected, model.predict(trials)):
            assert_array_equal(one, other)
        assert repr(model.get_params()) == repr(pipeline.get_params())


@few
@given(seed=seeds, dictionary=dictionaries, n_jobs=st.sampled_from([1, 2]))
def test_results_do_not_depend_on_the_number_of_jobs(seed, dictionary, n_jobs):
    import joblib

    trials, references = make_trials(seed)
    with joblib.parallel_config("threading"):
        one = make_pipeline(dictionary).fit(trials, references)
        two = make_pipeline(dictionary, n_jobs=n_jobs).fit(trials, references)
        for a, b in zip(one.predict(trials), two.predict(trials)):
            assert_array_equal(a, b)
