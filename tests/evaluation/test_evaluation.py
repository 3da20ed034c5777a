import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.model_selection import PredefinedSplit
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import (
    StimulusKFold,
    attended_envelope,
    evaluate_trial,
    search_delta,
)
from sklearn_cnmf.metrics import score_trial, separation_scorer
from sklearn_cnmf.signals import audio_envelope, band_pass


@pytest.fixture(scope="module")
def data():
    chosen = load_example_stems(ensemble="duo")[:4]  # each instrument plays in two
    return simulate_trials(
        chosen, n_subjects=1, n_repetitions=1, snr_db=0.0, random_state=0
    )


@pytest.fixture
def steps():
    decoder = EnvelopeDecoder(alpha=1.0)
    return decoder, ContrastiveNMF(60, delta=0.0, tol=1e-2, random_state=0)


def test_a_trial_is_decoded_separated_and_scored(data, steps):
    trials, references = data
    model = Pipeline(list(zip(("decode", "separate"), steps))).fit(trials, references)
    found = evaluate_trial(model, trials[0], references[0])
    assert_array_equal(found.separation.attended, model.predict(trials[:1])[0])
    scores = score_trial(trials[0], references[0], found.separation.attended)
    assert found.row["si_sdr_gain_db"] == scores["si_sdr_improvement"]
    assert found.row["sar_db"] == scores["sar"]
    names = trials[0].instruments
    assert found.row["instruments"] == " ".join(names)
    assert found.row["attended"] == names[references[0].attended]
    assert found.row["chosen"] == found.separation.chosen
    r = np.corrcoef(found.truth, found.decoded.guide[0])[0, 1]
    assert_allclose(found.row["guide_r"], r)
    times = np.arange(found.decoded.guide.shape[1]) / 64
    source = references[0].sources[references[0].attended]
    envelope = audio_envelope(source, trials[0].audio_sfreq, times)
    expected = band_pass(envelope, 64.0, l_freq=1.0, h_freq=8.0)[0]
    assert_array_equal(found.truth, expected)
    again = attended_envelope(model[0], found.decoded, references[0])
    assert_array_equal(found.truth, again)


# Four pieces lack notes of one another.
@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
def test_delta_is_searched_over_folds_of_stimuli(data, steps):
    trials, references = data
    told = []

    class Progress:
        def __init__(self, total, count):
            told.append((total, count()))
            self.count = count

        def __enter__(self):
            return self

        def __exit__(self, *_):
            told.append(self.count())

    found = search_delta(
        *steps,
        trials,
        references,
        deltas=(0.0, 0.01),
        cv=StimulusKFold(2),
        progress=Progress,
    )
    assert told == [(4, 0), 4]
    assert found.n_fits == 5
    assert found.n_unfinished == 0
    assert found.n_misfits in (2, 4)  # of both deltas alike
    assert [score["delta"] for score in found.scores] == [0.0, 0.01]
    means = [score["mean_si_sdr_gain_db"] for score in found.scores]
    assert found.delta == (0.0, 0.01)[int(np.argmax(means))]
    best, other = int(np.argmax(means)), int(np.argmin(means))
    folds = [np.array(score["si_sdr_gain_db_by_fold"]) for score in found.scores]
    lost = folds[other] - folds[best]
    assert_allclose(found.scores[other]["difference_db"], lost.mean())
    error = lost.std(ddof=1) / np.sqrt(2)
    assert_allclose(found.scores[other]["standard_error_db"], error)
    assert found.scores[best]["difference_db"] == 0
    assert found.model[1].delta == found.delta
    assert found.model[1].memory is None
    assert steps[1].memory is None
    assert not hasattr(steps[0], "model_")
    train, test = next(StimulusKFold(2).split(trials))
    model = Pipeline(list(zip(("decode", "separate"), steps)))
    model.fit([trials[i] for i in train], [references[i] for i in train])
    scorer = separation_scorer("si_sdr", choice="true")
    level = scorer(model, [trials[i] for i in test], [references[i] for i in test])
    assert_allclose(found.scores[0]["si_sdr_gain_db_by_fold"][0], level, atol=1e-6)


@pytest.mark.filterwarnings("ignore::sklearn_cnmf.separation.MisfitWarning")
def test_one_fold_has_no_standard_error(data, steps):
    _, test = next(StimulusKFold(2).split(data[0]))
    folds = np.full(len(data[0]), -1)
    folds[test] = 0
    found = search_delta(*steps, *data, deltas=(0.0,), cv=PredefinedSplit(folds))
    (score,) = found.scores
    assert len(score["si_sdr_gain_db_by_fold"]) == 1
    assert score["difference_db"] == 0
    assert np.isnan(score["standard_error_db"])


def test_deltas_are_checked_before_any_work(data, steps):
    with pytest.raises(ValueError, match="deltas: expected a finite number >= 0"):
        search_delta(*steps, *data, deltas=(0.0, -1.0), cv=StimulusKFold(2))


def test_gains_of_the_candidates_are_told(data, steps):
    trials, references = data
    model = Pipeline(list(zip(("decode", "separate"), steps))).fit(trials, references)
    trial = trials[0]
    rows = []
    for attended in (0, 1):
        reference = Reference(references[0].sources, attended)
        found = evaluate_trial(model, trial, reference)
        rows.append(found.row)
        for column, index in (
            ("hard_si_sdr_gain_db", trial.instruments.index(found.separation.chosen)),
            ("known_si_sdr_gain_db", attended),
        ):
            candidate = found.separation.candidates[index]
            expected = score_trial(trial, reference, candidate)["si_sdr_improvement"]
            assert_allclose(found.row[column], expected)
    # The choice is the same and right once.
    assert [row["chosen"] == row["attended"] for row in rows].count(True) == 1
