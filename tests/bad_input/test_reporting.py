# ruff: noqa: E501
"""Figures and pages of what can't be drawn."""

import os

import matplotlib
import numpy as np
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import Ridge

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.metrics import calibration_table, risk_coverage
from sklearn_cnmf.reporting import (
    ActivationsDisplay,
    CalibrationDisplay,
    CandidatesDisplay,
    DecoderDisplay,
    EvaluationDisplay,
    GuideDisplay,
    ListeningTrial,
    ObjectiveDisplay,
    RiskCoverageDisplay,
    SearchDisplay,
    SeparationDisplay,
    WindowLengthDisplay,
    listening_page,
    separation_figure,
)

matplotlib.use("Agg")

P = [np.array([0.7, 0.3]), np.array([0.4, 0.6])]
TRACKS = {"mixture": np.ones(800)}


def page(name="new.html", trials=None, **arguments):
    def make(w):
        shown = [ListeningTrial("one", TRACKS, 4000.0)] if trials is None else trials
        return listening_page(w.folder / name, shown, **{"title": "T", **arguments})

    return make


ROWS = [
    ("activations unfitted", lambda w: ActivationsDisplay.from_estimator(ContrastiveNMF(), w.X), NotFittedError, "ContrastiveNMF instance is not fitted yet"),
    ("activations of trials", lambda w: ActivationsDisplay.from_estimator(w.separator, w.X), ValueError, "estimator: expected one that was fitted on an array"),
    ("activations attended fewer", lambda w: ActivationsDisplay.from_predictions(w.factorised, [True]), ValueError, "attended: expected 3 values"),
    ("activations attended indices", lambda w: ActivationsDisplay.from_predictions(w.factorised, [0, 1, 2]), ValueError, "attended: expected ... bool"),
    ("activations attended names", lambda w: ActivationsDisplay.from_predictions(w.factorised, ["a", "b", "c"]), ValueError, "attended: expected ... bool"),
    ("activations of no result", lambda w: ActivationsDisplay.from_predictions(w.X, [True]), ValueError, "result: expected a Factorization, got ndarray"),
    ("activations frame rate", lambda w: ActivationsDisplay.from_predictions(w.factorised, [True, False, False], frame_rate=-1.0), ValueError, "frame_rate: expected"),
    ("activations ax str", lambda w: ActivationsDisplay.from_predictions(w.factorised, [True, False, False], ax="left"), ValueError, "ax: expected"),
    ("objective of no result", lambda w: ObjectiveDisplay.from_predictions(w.X), ValueError, "result: expected a Factorization, got ndarray"),
    ("objective of trials", lambda w: ObjectiveDisplay.from_estimator(w.separator), ValueError, "estimator: expected one that was fitted on an array"),
    ("objective unfitted", lambda w: ObjectiveDisplay.from_estimator(ContrastiveNMF()), NotFittedError, "ContrastiveNMF instance is not fitted yet"),
    ("decoder of a separator", lambda w: DecoderDisplay.from_estimator(w.separator), ValueError, "estimator: expected an EnvelopeDecoder"),
    ("decoder unfitted", lambda w: DecoderDisplay.from_estimator(EnvelopeDecoder()), NotFittedError, "EnvelopeDecoder instance is not fitted yet"),
    ("decoder output 9", lambda w: DecoderDisplay.from_estimator(w.decoder, output=9), ValueError, "output: expected 0 to 0, got 9"),
    ("decoder output str", lambda w: DecoderDisplay.from_estimator(w.decoder, output="onset"), ValueError, "output: expected"),
    ("decoder info", lambda w: DecoderDisplay.from_estimator(w.decoder, {"Fz": 1}), ValueError, "info: expected an Info, got dict"),
    ("guide missing", lambda w: GuideDisplay.from_predictions(w.trials[0]), ValueError, "trial: guide is None"),
    ("guide row", lambda w: GuideDisplay.from_predictions(w.guided[0], row=1), ValueError, "row: 1 of 1 rows of guide"),
    ("guide row float", lambda w: GuideDisplay.from_predictions(w.guided[0], row=0.0), ValueError, "row: expected"),
    ("guide of a list", lambda w: GuideDisplay.from_predictions(w.guided), ValueError, "trial: expected a Trial, got list"),
    ("guide of a reference", lambda w: GuideDisplay.from_predictions(w.references[0]), ValueError, "trial: expected a Trial, got Reference"),
    ("guide of another reference", lambda w: GuideDisplay.from_predictions(w.guided[0], w.references[2]), ValueError, "sum of sources misses"),
    ("guide of no decoder", lambda w: GuideDisplay.from_estimator(Ridge(), w.trials[0]), ValueError, "estimator: "),
    ("separation missing", lambda w: SeparationDisplay.from_predictions(w.trials[0]), ValueError, "trial: estimate is None"),
    ("separation of a list", lambda w: SeparationDisplay.from_predictions(w.trials), ValueError, "trial: expected a Trial, got list"),
    ("separation of no estimator", lambda w: SeparationDisplay.from_estimator("model", w.guided[0]), ValueError, "estimator: "),
    ("separation estimate of other shape", lambda w: SeparationDisplay.from_predictions(w.but(w.trials, 0, estimate=np.ones((2, 5)))[0]), ValueError, "estimate"),
    ("separation one axes", lambda w: SeparationDisplay.from_predictions(w.but(w.trials, 0, estimate=np.ones((2, 8000)))[0], ax=[]), ValueError, "ax: expected 3 axes, got 0"),
    ("candidates of no separation", lambda w: CandidatesDisplay.from_predictions(w.guided[0], None), ValueError, "separation: expected a Separation, got NoneType"),
    ("candidates of a decoder", lambda w: CandidatesDisplay.from_estimator(w.decoder, w.trials[0]), ValueError, "estimator: "),
    ("evaluation of a table", lambda w: EvaluationDisplay.from_predictions({"a": 1}), ValueError, "result: expected an EvaluationResult, got dict"),
    ("search of a model", lambda w: SearchDisplay.from_estimator(w.decoder), ValueError, "search: expected a fitted GridSearchCV"),
    ("search of None", lambda w: SearchDisplay.from_predictions(None), ValueError, "search: expected a DeltaSearch, got None"),
    ("calibration counts", lambda w: CalibrationDisplay.from_predictions(P, [0]), ValueError, "attended: 1 entries for 2 trials"),
    ("calibration sums", lambda w: CalibrationDisplay.from_predictions([2 * P[0]], [0]), ValueError, "probabilities[0]: ... sum"),
    ("calibration of a decoder unfitted", lambda w: CalibrationDisplay.from_estimator(EnvelopeDecoder(), w.trials, w.references), ValueError, "estimator: EnvelopeDecoder has no predict_proba"),
    ("calibration of a curve", lambda w: CalibrationDisplay(table=risk_coverage(P, [0, 1])).plot(), ValueError, "table: expected a CalibrationTable, got RiskCoverage"),
    ("risk of a table", lambda w: RiskCoverageDisplay(curve=calibration_table(P, [0, 1])).plot(), ValueError, "curve: expected a RiskCoverage, got CalibrationTable"),
    ("risk none", lambda w: RiskCoverageDisplay.from_predictions([], []), ValueError, "probabilities: expected those of one trial"),
    ("windows of numbers", lambda w: WindowLengthDisplay.from_predictions([0.5], chance=0.5), ValueError, "accuracy['decoder']: expected a WindowAccuracy, got list"),
    ("windows chance", lambda w: WindowLengthDisplay.from_predictions({}, chance=50), ValueError, "chance: expected a finite number > 0 and < 1, got 50"),
    ("windows of a separator", lambda w: WindowLengthDisplay.from_estimator(w.separator, w.trials, w.references), ValueError, "estimator: expected an EnvelopeDecoder"),
    ("figure of a list", lambda w: separation_figure(w.guided), ValueError, "trial: expected a Trial, got list"),
    ("figure without estimate", lambda w: separation_figure(w.trials[0]), ValueError, "trial: guide is None"),
    ("page of another ending", page("new.txt"), ValueError, "path: expected a name that ends in .html"),
    ("page of no trials", page(trials=[]), ValueError, "trials: "),
    ("page of a trial", lambda w: page(trials=w.trials)(w), ValueError, "trials[0]: expected a ListeningTrial, got Trial"),
    ("page title None", page(title=None), ValueError, "title: expected a str, got NoneType"),
    ("page format", page(audio_format="mp3"), ValueError, "audio_format: expected one of ogg, flac"),
    ("page rate", page(trials=[ListeningTrial("one", TRACKS, 0.0)]), ValueError, "trials[0].sfreq: expected"),
    ("page track NaN", page(trials=[ListeningTrial("one", {"a": np.full(800, np.nan)}, 4000.0)]), ValueError, "trials[0] ... 'a' ... not finite"),
    ("page track empty", page(trials=[ListeningTrial("one", {"a": np.zeros(0)}, 4000.0)]), ValueError, "trials[0] ... 'a' ... is empty"),
    ("page no tracks", page(trials=[ListeningTrial("one", {}, 4000.0)]), ValueError, "trials[0] ... tracks"),
    ("page tracks of other lengths", page(trials=[ListeningTrial("one", {"a": np.ones(800), "b": np.ones(80)}, 4000.0)]), ValueError, "trials[0] ... 'b'"),
    ("page into no folder", page("no/new.html"), OSError, "no"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse, w):
    before = sorted(os.listdir(w.folder))
    refuse(row)
    assert sorted(os.listdir(w.folder)) == before
