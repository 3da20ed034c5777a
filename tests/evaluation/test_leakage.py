from dataclasses import replace

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import ttest_1samp
from sklearn.base import BaseEstimator
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    StratifiedKFold,
)
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold, audit_leakage

WINDOWS = KFold(5, shuffle=True, random_state=0)
LINEAR = make_pipeline(StandardScaler(), LogisticRegression())


def drawn(n_recordings=12, n_windows=5, seed=0, sfreq=64.0, seconds=2.0, apart=True):
    """Windows of noise, whose channels are as strong as their recording has it."""
    rng = np.random.default_rng(seed)
    found = []
    for recording in range(n_recordings):
        gain = rng.uniform(1, 9, (4, 1)) if apart else 1.0
        for _ in range(n_windows):
            eeg = gain * rng.standard_normal((4, round(sfreq * seconds)))
            audio = np.zeros(round(1000 * seconds))
            found.append(Trial(eeg, sfreq, audio, 1000.0, stimulus=f"r{recording}"))
    return found


def cut(trials, references, seconds=5.0):
    """Windows of trials that follow one another."""
    pairs = []
    for trial, reference in zip(trials, references):
        n, n_audio = (round(seconds * f) for f in (trial.eeg_sfreq, trial.audio_sfreq))
        for k in range(trial.eeg.shape[1] // n):
            eeg = trial.eeg[:, k * n : (k + 1) * n]
            part = slice(k * n_audio, (k + 1) * n_audio)
            trial_part = replace(trial, eeg=eeg, mixture=trial.mixture[part])
            pairs.append(
                (trial_part, replace(reference, sources=reference.sources[:, part]))
            )
    return [t for t, _ in pairs], [r for _, r in pairs]


@pytest.fixture(scope="module")
def named():
    """Windows of 8 pieces and two listeners, audio at 2 kHz."""
    pieces = load_example_stems(ensemble="duo")[:8]
    pieces = [replace(p, stems=p.stems[:, ::11], sfreq=p.sfreq / 11) for p in pieces]
    options = {"attend": "random", "snr_db": -20.0, "random_state": 0}
    return cut(*simulate_trials(pieces, n_subjects=2, **options))


@pytest.fixture(scope="module")
def simulated(named):
    """Those windows without the names of instruments, any of which may be unknown."""
    return [replace(trial, instruments=None) for trial in named[0]], named[1]


def test_windows_of_simulated_recordings_leak_and_stimuli_do_not(simulated):
    # Electrodes dry and shift: simulated here as gains of each recording that drift.
    rng = np.random.default_rng(0)
    gains, trials = {}, []
    for trial in simulated[0]:
        own = (trial.subject, trial.stimulus)
        if own not in gains:
            gains[own] = np.exp(0.5 * rng.standard_normal((20, 1)))
        gains[own] = gains[own] * np.exp(0.05 * rng.standard_normal((20, 1)))
        trials.append(replace(trial, eeg=trial.eeg * gains[own]))
    leaking = audit_leakage(LINEAR, trials, WINDOWS)
    honest = audit_leakage(LINEAR, trials, StimulusKFold(4))
    assert leaking.leaks
    assert leaking.mean > 0.65
    assert leaking.shared == leaking.n_folds == 5
    assert leaking.n_recordings == 16
    assert not honest.leaks
    assert abs(honest.mean - 0.5) < 0.06
    assert (honest.shared, honest.n_folds) == (0, 4)


def test_windows_of_real_recordings_leak_and_recordings_do_not(shared_data):
    found = np.load(shared_data / "eeg_speech_4_listeners_64Hz.npz")
    trials = []
    for name in map(str, found["recordings"]):
        eeg = found[f"eeg_{name}"] * float(found[f"scale_uV_{name}"])
        for k in range(eeg.shape[1] // 320):
            part = eeg[:, 320 * k : 320 * (k + 1)]
            trials.append(Trial(part, 64.0, np.zeros(5000), 1000.0, stimulus=name))
    leaking = audit_leakage(LINEAR, trials, WINDOWS)
    honest = audit_leakage(LINEAR, trials, StimulusKFold(6), n_draws=40)
    print(f"real EEG, windows of 5 s: {leaking}\n{honest}")
    assert leaking.leaks
    assert leaking.mean > 0.9
    assert not honest.leaks
    assert abs(honest.mean - 0.5) < 4 * honest.standard_error


def test_what_tells_recordings_apart_is_always_right():
    found = audit_leakage(KNeighborsClassifier(1), drawn(seconds=8.0), WINDOWS)
    assert_array_equal(found.accuracy, 1.0)
    # The least that 20 draws can tell.
    assert found.p_value == 2.0**-20
    few = audit_leakage(KNeighborsClassifier(1), drawn(seconds=8.0), WINDOWS, n_draws=6)
    assert not few.leaks


def test_alike_recordings_do_not_leak():
    found = audit_leakage(LINEAR, drawn(apart=False), WINDOWS)
    assert not found.leaks
    assert found.shared == 5


def test_the_rate_of_false_alarms_is_small():
    trials = drawn(6, 3)
    n_alarms = sum(
        audit_leakage(GaussianNB(), trials, StimulusKFold(3), random_state=seed).leaks
        for seed in range(25)
    )
    assert n_alarms <= 2


def test_labels_are_those_of_recordings_drawn_evenly():
    always_one = DummyClassifier(strategy="constant", constant=1)
    trials = drawn(10, 4)
    # In a training set of one label the classifier is not asked.
    found = audit_leakage(always_one, trials, [(range(40), range(40))], n_draws=500)
    ones = found.accuracy * 10
    assert_allclose(ones, ones.round(), atol=1e-9)
    assert_allclose(ones.mean(), 5, atol=0.3)
    assert_allclose(ones.var(), 2.5, atol=0.5)
    own = audit_leakage(
        always_one, trials, [(range(40), range(40))], recordings=np.arange(40) // 20,
        n_draws=50,
    )  # fmt: skip
    assert set(own.accuracy) == {0.5, 1.0}
    assert own.n_recordings == 2
    unnamed = [replace(trial, stimulus="") for trial in trials]
    assert audit_leakage(always_one, unnamed, WINDOWS).n_recordings == 40
    listeners = [replace(t, subject=str(i % 2)) for i, t in enumerate(trials)]
    assert audit_leakage(always_one, listeners, WINDOWS).n_recordings == 20


def test_p_is_that_of_a_t_test_against_chance():
    found = audit_leakage(LINEAR, drawn(8, 2, apart=False), StimulusKFold(4))
    expected = ttest_1samp(found.accuracy, 0.5, alternative="greater").pvalue
    assert_allclose(found.p_value, expected)
    error = found.accuracy.std(ddof=1) / np.sqrt(20)
    assert_allclose([found.mean, found.standard_error], [found.accuracy.mean(), error])


def test_all_kinds_of_splits():
    trials = drawn()
    pairs = list(StimulusKFold(4).split(trials))
    ours = audit_leakage(LINEAR, trials, StimulusKFold(4))
    assert_array_equal(audit_leakage(LINEAR, trials, pairs).accuracy, ours.accuracy)
    again = audit_leakage(LINEAR, trials, iter(pairs))
    assert_array_equal(again.accuracy, ours.accuracy)
    assert audit_leakage(LINEAR, trials, GroupKFold(3)).shared == 0
    # Splits that depend on the labels get them.
    assert audit_leakage(LINEAR, trials, StratifiedKFold(2)).shared > 0


def test_bands_are_those_below_half_the_rate():
    class Width(DummyClassifier):
        def fit(self, X, y):
            seen.append(X.shape[1])
            return super().fit(X, y)

    seen = []
    for sfreq in (64.0, 60.0, 59.0, 26.0, 25.0, 8.0):
        audit_leakage(Width(), drawn(sfreq=sfreq), [(range(60), range(60))], n_draws=2)
    assert seen[::2] == [16, 16, 12, 12, 8, 4]


def test_table_holds_the_power_of_bands():
    class Table(DummyClassifier):
        def fit(self, X, y):
            seen.append(X)
            return super().fit(X, y)

    seen = []
    clock = np.arange(640) / 64
    # Power of a channel in one band each, and ten times the amplitude in window 1.
    tones = np.array([np.sin(2 * np.pi * f * clock) for f in (2.0, 6.0, 10.0, 20.0)])
    silent = Trial(np.zeros((4, 640)), 64.0, np.zeros(10000), 1000.0)
    trials = [replace(silent, eeg=tones), replace(silent, eeg=10 * tones), silent]
    whole = [(range(3), range(3))]
    audit_leakage(Table(), trials, whole)
    power = seen[0].reshape(3, 4, 4)
    assert_array_equal(power[0].argmax(axis=0), range(4))
    assert_allclose(np.diagonal(power[1] - power[0]), 2.0)
    assert np.isfinite(power[2]).all()


@pytest.mark.parametrize("kind", ["classifier", "decoder"])
def test_same_seed_same_audit_whatever_n_jobs(kind, simulated):
    if kind == "classifier":
        # It draws at random itself.
        arguments = SGDClassifier(max_iter=5, tol=None), drawn(seconds=1.0), WINDOWS
        options = {"n_draws": 4}
    else:
        trials, references = (some[:12] for some in simulated)
        decoder = EnvelopeDecoder(feature="envelope", alpha=1.0)
        trials = [replace(t, eeg=t.eeg[::5], ch_names=None) for t in trials]
        arguments = decoder, trials, StimulusKFold(3)
        options = {"n_draws": 3, "references": references}
    one = audit_leakage(*arguments, n_jobs=1, **options)
    two = audit_leakage(*arguments, n_jobs=2, **options)
    assert_array_equal(one.accuracy, two.accuracy)
    other = audit_leakage(*arguments, random_state=1, **options)
    assert not np.array_equal(other.accuracy, one.accuracy)


def test_a_decoder_is_at_chance_on_stimuli_it_did_not_see(simulated):
    trials, references = (some[:24] for some in simulated)
    before = [trial.eeg.copy() for trial in trials]
    attended = [reference.attended for reference in references]
    decoder = EnvelopeDecoder(feature="envelope", alpha=1.0)
    few = [replace(t, eeg=t.eeg[::5], ch_names=None) for t in trials]
    honest = audit_leakage(
        decoder, few, StimulusKFold(3), references=references, n_draws=8
    )
    assert not honest.leaks
    assert honest.chance == 0.5
    assert abs(honest.mean - 0.5) < 4 * honest.standard_error
    # What was trained on is fitted, whatever is said to be attended.
    leaking = audit_leakage(
        decoder.set_params(alpha=1e-6), trials[:8], [(range(8), range(8))],
        references=references[:8], n_draws=7,
    )  # fmt: skip
    assert leaking.leaks
    assert leaking.mean > 0.7
    assert leaking.shared == 1
    # What was given is as it was.
    assert not hasattr(decoder, "model_")
    assert attended == [reference.attended for reference in references]
    for trial, eeg in zip(trials, before):
        assert_array_equal(trial.eeg, eeg)


def test_pipelines_and_searches_of_a_decoder_are_that_decoder(simulated, named):
    trials, references = (some[:12] for some in simulated)
    decoder = EnvelopeDecoder(feature="envelope", alpha=1.0)
    options = {"references": references, "n_draws": 2}
    alone = audit_leakage(decoder, trials, StimulusKFold(3), **options)
    piped = Pipeline([("nothing", "passthrough"), ("decode", decoder)])
    search = GridSearchCV(decoder, {"alpha": [1.0]}, cv=StimulusKFold(2))
    for other in (piped, search):
        found = audit_leakage(other, trials, StimulusKFold(3), **options)
        assert_array_equal(found.accuracy, alone.accuracy)
    folds = list(StimulusKFold(3).split(trials))
    found = audit_leakage(decoder, named[0][:12], folds, **options)
    assert_array_equal(found.accuracy, alone.accuracy)


# Few notes are enough to choose.
@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("dictionary", ["learned", "blind"])
def test_separators_choose(dictionary, named):
    trials, references = (some[:8] for some in named)
    decoder = EnvelopeDecoder(feature="envelope", alpha=1e-6)
    separator = ContrastiveNMF(16, dictionary=dictionary, max_iter=10)
    found = audit_leakage(
        Pipeline([("decode", decoder), ("separate", separator)]), trials,
        [(range(8), range(8))], references=references, n_draws=3,
    )  # fmt: skip
    assert found.mean > {"learned": 0.7, "blind": 0.4}[dictionary]


class Remember(BaseEstimator):
    """Give the waveform that was attended in a recording, or else the first."""

    def fit(self, trials, references):
        pairs = zip(trials, references)
        self.known_ = {t.stimulus: r.attended for t, r in pairs}
        return self

    def predict(self, trials):
        clock = np.arange(1, 4)[:, None] * np.arange(2000) / 1000
        tones = np.sin(2 * np.pi * 50 * clock)
        return [tones[self.known_.get(trial.stimulus, 0)] for trial in trials]


@pytest.fixture
def trios():
    tones = np.sin(2 * np.pi * 50 * np.arange(1, 4)[:, None] * np.arange(2000) / 1000)
    trials = [replace(trial, mixture=tones.sum(axis=0)) for trial in drawn(30, 2)]
    return trials, [Reference(tones, 0) for _ in trials]


def test_waveforms_are_compared_with_the_sources(trios):
    trials, references = trios
    leaking = audit_leakage(
        Remember(), trials, [(range(0, 60, 2), range(1, 60, 2))], references=references
    )
    assert_array_equal(leaking.accuracy, 1.0)
    assert leaking.shared == 1
    assert_allclose(leaking.chance, 1 / 3)
    honest = audit_leakage(
        Remember(), trials, StimulusKFold(3), references=references, n_draws=40
    )
    assert_allclose(honest.mean, 1 / 3, atol=0.05)
    assert not honest.leaks


def test_chance_is_that_of_the_tested_trials(trios):
    trials, references = trios
    two = references[0].sources[:2]
    trials = [replace(t, mixture=two.sum(axis=0)) for t in trials[:20]] + trials[20:]
    references = [Reference(two, 0)] * 20 + references[20:]
    found = audit_leakage(
        Remember(), trials, [(range(20, 60), range(30))], references=references
    )
    assert_allclose(found.chance, (20 / 2 + 10 / 3) / 30)


def test_it_prints_the_verdict():
    trials = drawn()
    found = audit_leakage(LINEAR, trials, WINDOWS)
    leaking = str(found).splitlines()
    share, error = 100 * found.mean, 100 * found.standard_error
    assert leaking[:3] == [
        f"Random labels decoded right in {share:.1f} % (chance 50.0 %)",
        f"20 draws, standard error {error:.1f} %, p = {found.p_value:.2g}",
        "60 trials in 12 recordings, which 5 of 5 folds tear apart",
    ]
    assert leaking[3:] == ["Above chance: the split leaks"]
    honest = str(audit_leakage(LINEAR, trials, StimulusKFold(3))).splitlines()
    assert honest[2].endswith("12 recordings, which 0 of 3 folds tear apart")
    assert honest[3:] == ["Not above chance: no sign of a leak"]


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"n_draws": 1}, "n_draws: expected a whole number >= 2"),
        ({"estimator": object()}, "estimator: expected a classifier.*object has no"),
        ({"estimator": EnvelopeDecoder()}, "references: expected a list .* got None"),
        ({"recordings": "abc"}, "recordings: expected one label .* got 'abc'"),
        ({"recordings": [1, 2]}, "recordings: expected one label for each of 60.*2"),
        ({"recordings": [7] * 60}, "recordings: expected at least two.* 7"),
        ({"cv": 5}, "cv: expected a splitter or pairs of train and test, got 5"),
        ({"cv": []}, "cv: expected at least one fold"),
        ({"cv": [3]}, "cv: expected pairs of train and test, got 3"),
        ({"cv": [([], [1])]}, "cv: train of fold 0: expected at least one index"),
        ({"cv": [([0], [60])]}, r"cv: test of fold 0: .* from 0 to 59, got .*60"),
        ({"cv": [([0], [-1])]}, "cv: test of fold 0"),
        ({"cv": [([0], [True])]}, "cv: test of fold 0"),
        ({"trials": drawn(seconds=0.5)}, r"trials\[0\].*lasts 0.5 s; at least 1 s"),
        ({"trials": drawn(sfreq=7.0)}, "sampled at 7 Hz; at least 8 Hz"),
        ({"trials": []}, "trials: the list is empty"),
    ],
)
def test_bad_input_is_refused(changed, match):
    given = {"estimator": LINEAR, "trials": drawn(), "cv": WINDOWS, **changed}
    with pytest.raises(ValueError, match=match):
        audit_leakage(**given)


def test_references_that_leave_no_choice_are_refused(trios):
    trials, references = trios
    two = references[0].sources[:2]
    other = replace(trials[1], mixture=two.sum(axis=0))
    with pytest.raises(ValueError, match=r"trials\[1\].* of the same recording as"):
        audit_leakage(
            Remember(), [trials[0], other, *trials[2:]], WINDOWS,
            references=[references[0], Reference(two, 0), *references[2:]],
        )  # fmt: skip
    named = [replace(t, instruments=("a", "b", "c")) for t in trials]
    named[1] = replace(named[1], instruments=("b", "a", "c"))
    with pytest.raises(ValueError, match=r"trials\[1\].*'b', 'a', 'c'"):
        audit_leakage(Remember(), named, WINDOWS, references=references)
    alone = replace(trials[0], mixture=two[0])
    with pytest.raises(ValueError, match=r"references\[0\].*two or more sources"):
        audit_leakage(
            Remember(), [alone, *trials[1:]], WINDOWS,
            references=[Reference(two[:1], 0), *references[1:]],
        )  # fmt: skip
