"""The gate: search and nested cross-validation over ragged trials, in parallel.

Trials are simulated, with arrays above 1 MB, which joblib hands to its workers as
read-only memory maps.
"""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.signal import resample_poly
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import UnsetMetadataPassedError
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, check_trials
from sklearn_cnmf.datasets import Piece, load_example_stems, simulate_trials
from sklearn_cnmf.metrics import attention_scorer, separation_scorer
from sklearn_cnmf.separation import candidate_probabilities


@pytest.fixture(scope="module")
def simulated():
    return simulate_trials(
        duets_of("bass", "cello"),
        n_subjects=1,
        attend="random",
        snr_db=0.0,
        random_state=0,
    )


def duets_of(*instruments):
    """Six ragged duets of the same two instruments, so that any fold knows both."""
    stems = {instrument: [] for instrument in instruments}
    for piece in load_example_stems():
        for instrument, stem in zip(piece.instruments, piece.stems):
            if instrument in stems:
                stems[instrument].append(stem)
    duets = []
    for index in range(6):
        parts = [stems[i][index % len(stems[i])] for i in instruments]
        length = min(len(part) for part in parts)
        parts = resample_poly([part[:length] for part in parts], 1, 2, axis=1)
        duets.append(
            Piece(f"duet {index}", "duo", "pop", False, instruments, parts, 11025)
        )
    return duets


@pytest.fixture(scope="module")
def groups(simulated):
    return [trial.stimulus for trial in simulated[0]]


def search(n_jobs):
    pipeline = Pipeline(
        [
            ("decode", EnvelopeDecoder(alpha=0.1)),
            ("separate", ContrastiveNMF(30, tol=1e-2, random_state=0)),
        ]
    )
    return GridSearchCV(
        pipeline,
        {"separate__delta": [0.0, 0.1]},
        scoring=separation_scorer("si_sdr"),
        cv=GroupKFold(3),
        n_jobs=n_jobs,
        error_score="raise",
    )


def test_trials_are_ragged_and_large(simulated):
    trials, references = simulated
    check_trials(trials, references)
    assert len({trial.eeg.shape for trial in trials}) > 1
    assert min(trial.mixture.nbytes for trial in trials) > 2**20
    assert min(trial.eeg.nbytes for trial in trials) > 2**20


def test_search_gives_the_same_numbers_in_parallel(simulated, groups):
    trials, references = simulated
    before = trials[0].eeg.copy(), trials[0].mixture.copy()
    alone, parallel = (
        search(n_jobs).fit(trials, references, groups=groups) for n_jobs in (1, 2)
    )
    for key in ("mean_test_score", "std_test_score"):
        assert_array_equal(alone.cv_results_[key], parallel.cv_results_[key])
    assert alone.best_params_ == parallel.best_params_
    assert alone.best_score_ > 3
    for one, two in zip(alone.predict(trials[:2]), parallel.predict(trials[:2])):
        assert_array_equal(one, two)
    assert_array_equal(trials[0].eeg, before[0])
    assert_array_equal(trials[0].mixture, before[1])


# Invented duets have pitches that those of the inner folds lack.
@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
def test_search_nests_in_cross_validation(simulated, groups):
    trials, references = simulated
    results = [
        cross_validate(
            search(1),
            trials,
            references,
            groups=groups,
            params={"groups": groups},
            cv=GroupKFold(2),
            scoring={"gain": separation_scorer("si_sdr"), "right": attention_scorer()},
            n_jobs=n_jobs,
            error_score="raise",
        )
        for n_jobs in (1, 2)
    ]
    for key in ("test_gain", "test_right"):
        assert_array_equal(results[0][key], results[1][key])
    assert np.mean(results[0]["test_right"]) > 0.6
    assert np.mean(results[0]["test_gain"]) > 3


@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_groups_are_routed_to_the_splitters_alone(simulated, groups):
    def nested(decoder, **without_routing):
        steps = {
            "decode": decoder,
            "separate": ContrastiveNMF(10, max_iter=5, random_state=0),
        }
        search = GridSearchCV(
            Pipeline(list(steps.items())),
            {"separate__delta": [0.0]},
            cv=GroupKFold(2),
            scoring=separation_scorer("si_sdr"),
            error_score="raise",
        )
        return cross_validate(
            search,
            *simulated,
            params={"groups": groups},
            cv=GroupKFold(2),
            error_score="raise",
            **without_routing,
        )["test_score"]

    decoder = EnvelopeDecoder(alpha=0.1)
    expected = nested(decoder, groups=groups)
    with config_context(enable_metadata_routing=True):
        with pytest.raises(UnsetMetadataPassedError, match="groups"):
            nested(decoder)
        found = nested(decoder.set_fit_request(groups=False))
    assert_array_equal(found, expected)


def test_what_is_known_of_a_choice_comes_through_the_pipeline(simulated):
    trials, references = simulated
    pipeline = search(1).estimator.fit(trials, references)
    courses = pipeline.predict_proba(trials, window=5.0)
    names = [t.instruments[r.attended] for t, r in zip(trials, references)]
    told = pipeline.predict(trials, attended=names)
    sure = pipeline.predict_proba(trials)
    guided = pipeline[:-1].transform(trials)
    for trial, done, p, course, name, known in zip(
        trials, pipeline[-1].separate(guided), sure, courses, names, told
    ):
        n_frames = -(-trial.eeg.shape[1] // 4)
        assert course.shape == (n_frames, 2)
        assert_array_equal(p, done.probabilities)
        assert_array_equal(known, done.candidates[trial.instruments.index(name)])
    of_any = candidate_probabilities(done.candidates, guided[-1])
    assert_allclose(of_any, done.probabilities)
    scorer = separation_scorer("si_sdr", choice="true")
    levels = [scorer(pipeline, [t], [r]) for t, r in zip(trials, references)]
    assert scorer(pipeline, trials, references) == pytest.approx(np.mean(levels))
    hard = clone(pipeline).set_params(separate__choice="hard").fit(trials, references)
    assert np.mean(levels) >= separation_scorer()(hard, trials, references) - 1e-6
