from dataclasses import replace
from typing import ClassVar

import joblib
import numpy as np
import pandas as pd
import pytest
import sklearn
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline, make_pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference
from sklearn_cnmf.evaluation import StimulusKFold, evaluate
from sklearn_cnmf.evaluation._prepared import (
    prepared_estimator,
    prepared_splitter,
)
from sklearn_cnmf.evaluation.subjects import _work
from sklearn_cnmf.evaluation.subjects._baselines import _Compared
from sklearn_cnmf.evaluation.subjects._choices import (
    Variant,
    add_choices,
    separated,
)
from sklearn_cnmf.evaluation.subjects._controls import guided_by
from sklearn_cnmf.evaluation.subjects._methods import (
    BASELINES,
    CONTROLS,
    methods_to_compare,
)
from sklearn_cnmf.evaluation.subjects._outcome import Heard
from sklearn_cnmf.metrics import closest_source, score_trial, separation_scorer
from sklearn_cnmf.separation import candidate_probabilities
from sklearn_cnmf.separation._selection import candidate_features

from .conftest import Unprocessed

FOLDS = StimulusKFold(2)


@pytest.fixture(scope="module")
def one_listener(listeners):
    trials, references = listeners
    own = [i for i, trial in enumerate(trials) if trial.subject == "sim01"]
    return [trials[i] for i in own], [references[i] for i in own]


@pytest.fixture(scope="module")
def everything(one_listener):
    """All methods of one listener."""
    model = make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(20))
    return evaluate(model, *one_listener, cv=FOLDS)


def value_of(result, method, trial, metric):
    table = result.table
    rows = table[
        (table["method"] == method)
        & (table["trial"] == trial)
        & (table["metric"] == metric)
    ]
    assert len(rows) == 1
    return rows.iloc[0]["value"]


def test_every_method_scores_every_trial_once(everything, one_listener):
    table = everything.table
    assert list(dict.fromkeys(table["method"])) == [
        "estimator",
        *(name for name in BASELINES if name not in ("soft", "no-contrast")),
        *CONTROLS,
    ]
    gains = table[table["metric"] == "si_sdr_improvement"]
    assert (gains.groupby("method").size() == len(one_listener[0])).all()
    assert not table.duplicated(["method", "subject", "fold", "trial", "metric"]).any()
    assert len(everything.errors) == 0
    assert np.isfinite(table["value"]).all()
    assert set(table.loc[table["unit"] == "dB", "metric"]) == {
        "si_sdr_improvement",
        "sdr_improvement",
        "sir_improvement",
        "sar",
    }
    assert len(table[(table["method"] == "mixture") & (table["metric"] == "sar")]) == 0


def test_the_estimator_scores_as_when_fitted_and_scored_by_hand(
    everything, one_listener
):
    trials, references = one_listener
    for train, test in FOLDS.split(trials):
        decoder = EnvelopeDecoder(alpha=1.0)
        separator = ContrastiveNMF(20, random_state=0)
        model = make_pipeline(decoder, separator)
        model.fit([trials[i] for i in train], [references[i] for i in train])
        for index in test:
            trial, reference = trials[index], references[index]
            (decoded,) = decoder.transform([trial])
            (found,) = separator.separate([decoded])
            candidates = dict(zip(found.instruments, found.candidates))
            attended = trial.instruments[reference.attended]
            for method, waveform in (
                ("estimator", found.attended),
                ("hard", candidates[found.chosen]),
                ("known-choice", candidates[attended]),
                ("mixture", trial.mixture),
            ):
                scores = score_trial(trial, reference, waveform)
                for metric in ("si_sdr_improvement", "sir_improvement"):
                    assert_allclose(
                        value_of(everything, method, index, metric),
                        scores[metric],
                        atol=1e-9,
                    )
                assert value_of(everything, method, index, "closest") == (
                    scores["closest"] == reference.attended
                )
            assert value_of(everything, "estimator", index, "p_chosen") == max(
                found.probabilities
            )
            assert value_of(everything, "estimator", index, "correct") == (
                found.chosen == attended
            )
            source = reference.sources[reference.attended]
            (feature,) = candidate_features([source], decoded)
            guided = replace(decoded, guide=feature)
            (told,) = separator.separate([guided])
            assert_allclose(
                value_of(everything, "true-guide", index, "si_sdr_improvement"),
                score_trial(trial, reference, told.attended)["si_sdr_improvement"],
                atol=1e-9,
            )
            r = np.corrcoef(guided.guide[0], decoded.guide[0])[0, 1]
            assert_allclose(value_of(everything, "estimator", index, "guide_r"), r)


def test_methods_stand_where_they_should(everything):
    gains = everything.table[everything.table["metric"] == "si_sdr_improvement"]
    means = gains.groupby("method")["value"].mean()
    assert means["mixture"] == 0
    assert means["ratio-mask"] > means["known-choice"] > means["random-choice"]
    assert means["known-choice"] >= means["hard"]
    assert means["blind-oracle"] > means["blind-guided"] > means["blind-random"]
    assert means["true-guide"] > 20 > -20 > means["unattended-guide"]
    right = everything.table[everything.table["metric"] == "correct"]
    shares = right.groupby("method")["value"].mean()
    assert shares["true-guide"] == 1
    assert shares["unattended-guide"] == 0


def test_what_is_known_of_a_trial_is_in_the_table(everything, one_listener):
    trials, references = one_listener
    for index, of_trial in everything.table.groupby("trial"):
        row = of_trial.iloc[0]
        assert row["subject"] == "sim01"
        assert row["stimulus"] == trials[index].stimulus
        assert row["n_instruments"] == 2
        assert row["attended"] == trials[index].instruments[references[index].attended]
        p = row["probabilities"].split()
        assert_allclose(sum(map(float, p)), 1)
    units = everything.units
    assert list(units["n_train"]) == list(units["n_test"]) == [4, 4]
    assert (units["how"] == "computed").all()
    assert (units["seconds"] >= units["fit_seconds"]).all()


def test_an_estimator_that_only_predicts_has_baselines_that_need_no_guide(one_listener):
    result = evaluate(Unprocessed(), *one_listener, cv=FOLDS)
    assert list(dict.fromkeys(result.table["method"])) == [
        "estimator",
        "mixture",
        "blind-random",
        "blind-oracle",
        "ratio-mask",
        "other-trial-eeg",
        "phase-randomised-eeg",
    ]
    gains = result.table[result.table["metric"] == "si_sdr_improvement"]
    assert_allclose(gains.loc[gains["method"] == "estimator", "value"], 0, atol=1e-6)
    with pytest.raises(ValueError, match="baselines: 'published' does not apply to Un"):
        evaluate(Unprocessed(), *one_listener, baselines=("published",))
    blind = ContrastiveNMF(20, dictionary="blind")
    with pytest.raises(ValueError, match="needs candidates with names, and dictionary"):
        evaluate(
            make_pipeline(EnvelopeDecoder(), blind), *one_listener, baselines=["hard"]
        )


def test_soft_and_hard_are_the_same_whichever_the_estimator_is(
    everything, one_listener
):
    model = make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(20, choice="hard"))
    result = evaluate(
        model,
        *one_listener,
        cv=FOLDS,
        baselines=("soft",),
        controls=(),
        metrics=("si_sdr_improvement",),
    )
    for index in range(len(one_listener[0])):
        for own, other in (("estimator", "hard"), ("soft", "estimator")):
            assert_allclose(
                value_of(result, own, index, "si_sdr_improvement"),
                value_of(everything, other, index, "si_sdr_improvement"),
                atol=1e-5,
            )
    with pytest.raises(ValueError, match="choice='hard' is what the estimator itself"):
        evaluate(model, *one_listener, baselines=("hard",))


def test_eeg_is_no_control_where_the_guide_does_not_come_from_it(one_listener):
    separator = ContrastiveNMF(5)
    with pytest.raises(ValueError, match="its guide does not come from the EEG"):
        evaluate(separator, *one_listener, controls=("other-trial-eeg",))
    methods = methods_to_compare("controls", None, CONTROLS, separator)
    assert methods == ("true-guide", "unattended-guide")


class Eavesdropper(Unprocessed):
    """Remembers which EEG it was given."""

    heard: ClassVar = []

    def predict(self, X):
        self.heard.extend(trial.eeg for trial in X)
        return super().predict(X)


def test_controls_reach_an_estimator_that_only_predicts(one_listener):
    trials, references = one_listener
    Eavesdropper.heard.clear()
    evaluate(
        Eavesdropper(), trials, references, cv=FOLDS, baselines=(), metrics=("si_sdr",)
    )
    own = [trial.eeg for trial in trials]
    n_own = 0
    for eeg in Eavesdropper.heard:
        owners = [i for i, one in enumerate(own) if np.array_equal(one, eeg)]
        n_own += len(owners)
    # Its own EEG and that of another trial; the third time no trial's.
    assert len(Eavesdropper.heard) == 3 * len(trials)
    assert n_own == 2 * len(trials)


# Two spectra explain less than is expected of learned ones.
@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
def test_a_search_tunes_on_training_trials_alone(one_listener):
    trials, references = one_listener
    model = Pipeline(
        [("decode", EnvelopeDecoder(alpha=1.0)), ("separate", ContrastiveNMF(5))]
    )
    search = GridSearchCV(
        model,
        {"separate__n_components": [2, 20]},
        scoring=separation_scorer("si_sdr", choice="true"),
        cv=StimulusKFold(2),
        error_score="raise",
    )
    result = evaluate(
        search, trials, references, cv=FOLDS, baselines=("hard",), controls=()
    )
    for (train, _), unit in zip(FOLDS.split(trials), result.units.itertuples()):
        search.estimator.set_params(separate__random_state=0)
        search.fit([trials[i] for i in train], [references[i] for i in train])
        chosen = search.best_params_["separate__n_components"]
        assert unit.parameters == f'{{"separate__n_components": {chosen}}}'
    own = result.table[result.table["fold"] == 1]
    assert set(own["parameters"]) == {result.units["parameters"][1]}


def test_callbacks_of_a_search_travel_with_it(one_listener):
    callback = pytest.importorskip("sklearn.callback", reason="scikit-learn >= 1.9")
    trials, references = one_listener
    scorer = separation_scorer("si_sdr", choice="true")
    search = GridSearchCV(
        Pipeline([("d", EnvelopeDecoder(alpha=1.0)), ("s", ContrastiveNMF(5))]),
        {"s__delta": [0.0, 0.1]},
        scoring=scorer,
        cv=StimulusKFold(2),
    )
    options = {"cv": FOLDS, "baselines": (), "controls": (), "metrics": ("si_sdr",)}
    plain = evaluate(search, trials, references, **options)
    search.set_callbacks(callback.ScoringMonitor(scoring=scorer))
    with_callback = evaluate(search, trials, references, **options)
    pd.testing.assert_frame_equal(plain.table, with_callback.table, check_exact=True)
    assert set(with_callback.units["key"]) == set(plain.units["key"])


def separated_by_file(mixture, sfreq):
    """A separator that always gives the same two parts."""
    return {"low": 0.75 * mixture, "high": 0.25 * mixture}


def test_another_separator_offers_candidates(one_listener):
    trials, references = one_listener
    model = make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(5))
    offered = {
        trial.stimulus: dict(zip(trial.instruments, reference.sources))
        for trial, reference in zip(trials, references)
    }
    options = {
        "cv": FOLDS,
        "baselines": ("sequential", "sequential-hard"),
        "controls": (),
    }
    result = evaluate(model, trials, references, candidates=offered, **options)
    for train, test in FOLDS.split(trials):
        decoder = EnvelopeDecoder(alpha=1.0)
        decoder.fit([trials[i] for i in train], [references[i] for i in train])
        for index in test:
            (decoded,) = decoder.transform([trials[index]])
            sources, attended = references[index].sources, references[index].attended
            # In alphabetical order of names: high, low.
            p = candidate_probabilities(sources[::-1], decoded)
            assert_allclose(
                value_of(result, "sequential", index, "p_attended"), p[1 - attended]
            )
            mean = p[0] * sources[1] + p[1] * sources[0]
            scores = score_trial(trials[index], references[index], mean)
            assert_allclose(
                value_of(result, "sequential", index, "si_sdr_improvement"),
                scores["si_sdr_improvement"],
                atol=1e-3,
            )
            right = np.argmax(p) == 1 - attended
            assert value_of(result, "sequential-hard", index, "correct") == right
    called = evaluate(
        model, trials, references, candidates=separated_by_file, **options
    )
    rows = called.table[called.table["method"] == "sequential"]
    gains = rows.loc[rows["metric"] == "si_sdr_improvement", "value"]
    assert_allclose(gains, 0, atol=1e-4)


def test_candidates_without_names_of_instruments_are_told_by_what_is_closest(
    one_listener,
):
    trials, references = one_listener
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    (decoded,) = decoder.transform(trials[:1])
    sources, attended = references[0].sources, references[0].attended
    parts = [sources[0], 0.5 * sources[1], 0.5 * sources[1]]
    offered = {decoded.stimulus: dict(zip(("bass", "drums", "vocals"), parts))}
    heard = Heard(decoded, references[0], None, 0)
    compared = _Compared(None, offered, heard)
    found = compared.sequential(heard, decoded)["sequential-hard"]
    closest = closest_source(sources, found.waveform)
    assert found.right == (closest == attended)
    assert found.chance == [1, 2][attended] / 3
    assert np.isnan(found.p_attended)
    # Without weights there is nothing to weigh by.
    unsure = replace(decoded, guide_weights=None)
    assert list(compared.sequential(heard, unsure)) == ["sequential-hard"]


# Some tones end below the tolerance only after more iterations.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_contrast_is_told_from_the_spectra(one_listener):
    trials, references = one_listener
    names = ("random-choice", "no-contrast", "known-choice")
    options = {"cv": FOLDS, "controls": (), "metrics": ("si_sdr_improvement",)}
    decoder = EnvelopeDecoder(alpha=1.0)
    model = make_pipeline(decoder, ContrastiveNMF(20, delta=2.0))
    found = evaluate(model, trials, references, baselines=names, **options)
    plain = make_pipeline(decoder, ContrastiveNMF(20))
    without = evaluate(plain, trials, references, baselines=names[:1], **options)
    metric = "si_sdr_improvement"
    train, test = next(iter(FOLDS.split(trials)))
    model[-1].set_params(random_state=0)
    model.fit([trials[i] for i in train], [references[i] for i in train])
    told = [trials[i].instruments[references[i].attended] for i in test]
    decoded = decoder.transform([trials[i] for i in test])
    known = model[-1].separate(decoded, attended=told)
    for index, separation in zip(test, known):
        expected = score_trial(trials[index], references[index], separation.attended)
        assert_allclose(
            value_of(found, "known-choice", index, metric), expected[metric], atol=1e-6
        )
    differs = []
    for index in range(len(trials)):
        for method, other in (
            ("random-choice", "random-choice"),
            ("no-contrast", "estimator"),
        ):
            assert_allclose(
                value_of(found, method, index, metric),
                value_of(without, other, index, metric),
                atol=1e-6,
            )
        own = value_of(found, "estimator", index, metric)
        differs.append(own != value_of(found, "no-contrast", index, metric))
    assert any(differs)
    with pytest.raises(ValueError, match=r"'no-contrast' does not .*: delta is 0"):
        evaluate(plain, trials, references, baselines=names, **options)


# Some tones end below the tolerance only after more iterations.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_the_known_choice_is_contrasted_rightly_where_the_choice_is_wrong(one_listener):
    trials, references = one_listener
    decoder = EnvelopeDecoder(alpha=1.0).fit(trials, references)
    separator = ContrastiveNMF(20, delta=2.0, random_state=0).fit(trials, references)
    heard = Heard(trials[0], references[0], None, 0)
    (decoded,) = decoder.transform(trials[:1])
    wrong = guided_by(decoded, heard, "unattended-guide")
    variant = Variant(heard, ({}, {}), "estimator", wrong)
    separations = separated(separator, [variant])
    assert separations[0].chosen != heard.attended
    add_choices(separator, [variant], separations, ("known-choice", "hard"))
    outcomes, errors = variant.found
    assert errors == {}
    (known,) = separator.separate([wrong], attended=[heard.attended])
    assert_array_equal(outcomes["known-choice"].waveform, known.attended)
    index = wrong.instruments.index(separations[0].chosen)
    hard = separations[0].candidates[index]
    assert_array_equal(outcomes["hard"].waveform, hard)
    assert outcomes["hard"].right is False


def test_a_fitted_estimator_that_stays_fitted_is_refused(one_listener):
    frozen = FrozenEstimator(EnvelopeDecoder(alpha=1.0).fit(*one_listener))
    model = Pipeline([("decode", frozen), ("separate", ContrastiveNMF(5))])
    message = r"estimator\.steps\[0\]\[1\]: FrozenEstimator stays as it was fitted"
    with pytest.raises(ValueError, match=message):
        evaluate(model, *one_listener)
    with pytest.raises(ValueError, match="estimator: expected an estimator with fit"):
        evaluate(Unprocessed, *one_listener)


def test_seeds_are_set_wherever_there_are_none():
    inner = StimulusKFold(2, shuffle=True)
    search = GridSearchCV(
        ContrastiveNMF(),
        {"init": [ContrastiveNMF(), ContrastiveNMF(random_state=7)]},
        cv=inner,
    )
    found = prepared_estimator(search, 3)
    assert found.estimator.random_state == found.cv.random_state == 3
    assert [one.random_state for one in found.param_grid["init"]] == [3, 7]
    assert inner.random_state is search.estimator.random_state is None
    assert prepared_splitter(inner, 3).random_state == 3
    assert inner.random_state is None
    assert prepared_splitter(StimulusKFold(2), 3).random_state is None


def failing_scorer(estimator, X, y):
    raise ValueError("no score")


def test_a_search_without_scores_is_an_error(one_listener):
    search = GridSearchCV(
        make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(5)),
        {"contrastivenmf__delta": [0.0]},
        scoring=failing_scorer,
        cv=StimulusKFold(2),
    )
    with pytest.raises(ValueError, match="by a score of nan, since its scorer failed"):
        evaluate(search, *one_listener, cv=FOLDS, baselines=(), controls=())


def test_trials_without_a_subject_are_told_of(one_listener):
    trials, references = one_listener
    trials = [replace(trials[0], subject=""), *trials[1:]]
    options = {"cv": FOLDS, "baselines": (), "controls": (), "metrics": ("si_sdr",)}
    with pytest.raises(ValueError, match="all trials of subject '' are of the"):
        evaluate_quietly(trials, references, **options)
    unnamed = [replace(trial, subject="") for trial in trials]
    with pytest.warns(UserWarning, match="trials: 8 of 8 name no subject"):
        found = evaluate(Unprocessed(), unnamed, references, **options)
    assert set(found.table["subject"]) == {""}
    assert found.summary(n_bootstrap=10).separation["n_subjects"][0] == 1


def evaluate_quietly(*arguments, **options):
    with pytest.warns(UserWarning, match="trials: 1 of 8 name no subject"):
        return evaluate(Unprocessed(), *arguments, **options)


class Undecided(EnvelopeDecoder):
    """A decoder that fails with one piece."""

    def transform(self, X):
        if len(X) == 1 and X[0].stimulus == "piece1":
            raise ValueError("no idea")
        return super().transform(X)


def test_methods_that_need_what_failed_say_so(one_listener):
    model = make_pipeline(Undecided(alpha=1.0), ContrastiveNMF(5))
    names = ("mixture", "hard", "sequential", "published")
    with pytest.warns(UserWarning, match="2 of 8 trials failed"):
        found = evaluate(
            model,
            *one_listener,
            cv=FOLDS,
            baselines=names,
            controls=("true-guide",),
            metrics=("si_sdr",),
        )
    errors = found.errors.set_index("method")["error"]
    assert set(errors.index) == {"estimator", *names, "true-guide"} - {"mixture"}
    assert set(errors["estimator"]) == {"ValueError: no idea"}
    for name in ("hard", "sequential", "published", "true-guide"):
        assert set(errors[name]) == {"needs what failed: estimator"}
    counts = found.table[found.table["metric"] == "si_sdr"].groupby("method").size()
    assert counts["mixture"] == 8
    assert counts["hard"] == counts["estimator"] == 6


def test_many_trials_of_a_mixture_are_separated_in_turn(one_listener, monkeypatch):
    model = make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(5))
    options = {"cv": FOLDS, "controls": (), "metrics": ("si_sdr",)}
    options["baselines"] = ("blind-oracle", "random-choice")
    one = evaluate(model, *one_listener, **options)
    monkeypatch.setattr(_work, "_MOST_AT_ONCE", 1)
    other = evaluate(model, *one_listener, **options)
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)


def test_threads_are_refused(one_listener):
    with (
        joblib.parallel_config("threading", n_jobs=2),
        pytest.raises(ValueError, match="joblib: ThreadingBackend runs units"),
    ):
        evaluate(Unprocessed(), *one_listener)


class Configured(Unprocessed):
    """An estimator whose result depends on scikit-learn's configuration."""

    def predict(self, X):
        routed = sklearn.get_config()["enable_metadata_routing"]
        return [trial.mixture if routed else trial.mixture**2 for trial in X]


def test_workers_have_the_configuration_of_scikit_learn(one_listener):
    options = {"cv": FOLDS, "baselines": (), "controls": (), "metrics": ("si_sdr",)}
    tables, keys = [], []
    for routed in (False, True):
        for n_jobs in (None, 2):
            with sklearn.config_context(enable_metadata_routing=routed):
                found = evaluate(Configured(), *one_listener, n_jobs=n_jobs, **options)
            tables.append(found.table)
            keys.append(set(found.units["key"]))
    pd.testing.assert_frame_equal(tables[0], tables[1], check_exact=True)
    pd.testing.assert_frame_equal(tables[2], tables[3], check_exact=True)
    assert not tables[0]["value"].equals(tables[2]["value"])
    assert keys[0].isdisjoint(keys[2])


@pytest.mark.parametrize("scheme", ["pooled", "across-subjects-and-stimuli"])
def test_schemes_decide_who_is_trained_on(listeners, scheme):
    trials, references = listeners
    result = evaluate(
        Unprocessed(),
        trials,
        references,
        scheme=scheme,
        cv=FOLDS,
        baselines=(),
        controls=(),
        metrics=("si_sdr",),
    )
    n_train = {"pooled": 8, "across-subjects-and-stimuli": 4}[scheme]
    assert set(result.units["n_train"]) == {n_train}
    assert result.table["trial"].nunique() == len(trials)
    assert sorted(set(result.table["subject"])) == ["sim01", "sim02"]
    assert result.settings["scheme"] == scheme
    with pytest.raises(ValueError, match="which share the stimulus"):
        evaluate(Unprocessed(), trials, references, scheme="across-subjects")


def test_conditions_are_columns(one_listener):
    trials, references = one_listener
    genres = np.array(["pop", "jazz"] * 4)
    options = {"cv": FOLDS, "baselines": (), "controls": (), "metrics": ("si_sdr",)}
    for conditions in ({"genre": genres}, pd.DataFrame({"genre": genres})):
        result = evaluate(
            Unprocessed(), trials, references, conditions=conditions, **options
        )
        for row in result.table.itertuples():
            assert row.genre == genres[row.trial]


def test_what_is_drawn_does_not_depend_on_the_order_of_trials(one_listener):
    trials, references = one_listener
    order = np.random.default_rng(0).permutation(len(trials))

    class ByName:
        """Folds that don't depend on the order."""

        def split(self, X, y=None, groups=None):
            halves = np.array([t.stimulus in ("piece0", "piece1") for t in X])
            for test in (halves, ~halves):
                yield np.flatnonzero(~test), np.flatnonzero(test)

    model = make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(5))
    methods = {
        "baselines": ("random-choice",),
        "controls": ("other-trial-eeg", "phase-randomised-eeg"),
        "metrics": ("si_sdr",),
        "cv": ByName(),
    }
    one = evaluate(model, trials, references, **methods).table
    other = evaluate(
        model, [trials[i] for i in order], [references[i] for i in order], **methods
    ).table
    other["trial"] = order[other["trial"]]
    by = ["method", "trial", "metric"]
    one, other = (t.sort_values(by).set_index(by) for t in (one, other))
    drawn = one.loc["random-choice"]["chosen"]
    assert_array_equal(drawn, other.loc["random-choice"]["chosen"])
    # Folds are fitted on the same trials in another order, which moves last digits.
    assert_allclose(one["value"], other["value"], atol=1e-3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"scheme": "between"}, "scheme: expected one of"),
        ({"metrics": "si_sdr"}, "metrics: expected a list or tuple of names, got 'si"),
        ({"metrics": ()}, "metrics: expected at least one name"),
        ({"metrics": ("pesq",)}, "metrics: expected one of"),
        ({"baselines": ("oracle",)}, "baselines: expected one of"),
        ({"baselines": "mixture"}, "baselines: expected a list or tuple of names"),
        ({"controls": ("mixture",)}, "controls: expected one of"),
        ({"random_state": None}, "random_state: expected a whole number"),
        ({"conditions": [1, 2]}, "conditions: expected a DataFrame or a dict"),
        ({"conditions": {"genre": ["pop"]}}, r"conditions\['genre'\]: 1 values for 8"),
        ({"conditions": {"fold": [1] * 8}}, "conditions: 'fold' can't be the name"),
        ({"conditions": {"genre": "jazzjazz"}}, r"conditions\['genre'\]: expected one"),
        ({"conditions": pd.Series([1] * 8)}, "conditions: expected a DataFrame or a"),
        (
            {"conditions": pd.DataFrame(np.ones((8, 2)), columns=["a", "a"])},
            r"conditions\['a'\]: expected one column of values, got two",
        ),
        ({"trials": []}, "trials: the list is empty"),
        ({"trials": None}, "trials: expected a list of Trial, got NoneType"),
        ({"references": [1] * 8}, r"references\[0\]: expected Reference, got int"),
        ({"references": [Reference(np.zeros((2, 9)), 0)]}, "references: 1 for 8"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(one_listener, changes, message):
    trials, references = one_listener
    given = {"trials": trials, "references": references, **changes}
    with pytest.raises(ValueError, match=message):
        evaluate(Unprocessed(), given.pop("trials"), given.pop("references"), **given)


def test_a_state_that_folds_would_share_is_refused(one_listener):
    separator = ContrastiveNMF(random_state=np.random.RandomState(0))
    with pytest.raises(ValueError, match="random_state: a RandomState goes on"):
        evaluate(make_pipeline(EnvelopeDecoder(), separator), *one_listener)


def test_the_estimator_stays_as_it_was(one_listener):
    model = Unprocessed()
    evaluate(model, *one_listener, cv=FOLDS, baselines=(), controls=())
    assert not hasattr(model, "fitted_")


def test_the_result_tells_what_it_holds(everything):
    assert repr(everything) == "EvaluationResult(16 methods, 1 subjects, 8 trials)"
