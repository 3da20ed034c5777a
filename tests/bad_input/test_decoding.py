# ruff: noqa: E501
"""Decoders given what they can't decode."""

import mne
import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.decoding import (
    EEGPreparation,
    nmf_activations,
    pattern_to_evoked,
)

TIMES = np.arange(32) / 32
INFO = mne.create_info(["Fz", "Cz", "Pz"], 32.0, "eeg")


def decoder(**parameters):
    return EnvelopeDecoder(sfreq=32.0, l_freq=None, h_freq=None, alpha=1.0).set_params(
        **parameters
    )


def fit(**parameters):
    return lambda w: decoder(**parameters).fit(w.trials, w.references)


def prepare(**parameters):
    return lambda w: EEGPreparation(**parameters).fit(w.trials)


def changed(**parameters):
    """Predict with parameters that are not those of the fit."""

    def predict(w):
        model = clone(w.decoder).fit(w.trials, w.references)
        return model.set_params(**parameters).transform(w.trials)

    return predict


def activations(**arguments):
    good = {"components": np.ones((2, 9)), "components_sfreq": 4000.0}
    return lambda w: nmf_activations(
        w.trials[0].mixture, 4000.0, TIMES, **{**good, **arguments}
    )


ROWS = [
    # Parameters of the decoder.
    ("sfreq negative", fit(sfreq=-1.0), ValueError, "sfreq: expected a finite number > 0"),
    ("tmin NaN", fit(tmin=np.nan), ValueError, "tmin: expected a finite number"),
    ("tmax milliseconds", fit(tmax=250), ValueError, "tmax: ... in milliseconds"),
    ("tmax longer than trials", fit(tmax=4.0), ValueError, "trials[0] ... lag"),
    ("feature returns None", fit(feature=lambda a, s, t: None), ValueError, "feature"),
    ("feature of other length", fit(feature=lambda a, s, t: t[1:]), ValueError, "feature"),
    ("feature NaN", fit(feature=lambda a, s, t: t * np.nan), ValueError, "feature"),
    ("feature list", fit(feature=["envelope"]), ValueError, "feature: expected one of"),
    ("n_bands bool", fit(n_bands=True), ValueError, "n_bands: expected a whole number"),
    ("alpha None", fit(alpha=None), ValueError, "alpha: expected"),
    ("alpha 2-D", fit(alpha=[[1.0]]), ValueError, "alpha: expected 'cv'"),
    ("alpha ragged", fit(alpha=[[1.0], [1.0, 2.0]]), ValueError, "alpha: expected"),
    ("alpha per output too many", fit(feature="envelope", alpha=[1.0, 2.0]), ValueError, "alpha: 2 penalties for 1 outputs"),
    ("alphas str", fit(alphas=("1", "2")), ValueError, "alphas: expected a finite number"),
    ("alphas None", fit(alphas=None), ValueError, "alphas: expected a sequence"),
    ("alphas set", fit(alphas={1.0, 2.0}), ValueError, "alphas: expected a sequence"),
    ("band above Nyquist", fit(h_freq=16.0), ValueError, "h_freq: ... half of sfreq=32"),
    ("band NaN", fit(l_freq=np.nan), ValueError, "l_freq: expected a finite number"),
    ("scale unknown", fit(scale="minmax"), ValueError, "scale: expected one of"),
    ("scale bool", fit(scale=True), ValueError, "scale: expected one of"),
    ("clamp zero", fit(clamp=0), ValueError, "clamp: expected a finite number > 0"),
    ("clamp str", fit(clamp="5"), ValueError, "clamp: expected a finite number > 0"),
    ("per_instrument int", fit(per_instrument=1), ValueError, "per_instrument: expected True or False"),
    ("estimator str", fit(estimator="ridge"), ValueError, "estimator: expected None"),
    ("memory int", fit(memory=1), ValueError, "memory"),
    ("unknown parameter", lambda w: decoder(alfa=1), ValueError, "Invalid parameter 'alfa'"),
    # What it is fitted on.
    ("fit one trial", lambda w: decoder().fit(w.trials[0], w.references), ValueError, "expected a list of Trial, got a single Trial"),
    ("fit nothing", lambda w: decoder().fit([], []), ValueError, "got an empty list"),
    ("fit trials in a dict", lambda w: decoder().fit({0: w.trials[0]}, w.references), ValueError, "X"),
    ("fit trials as object array", lambda w: decoder().fit(np.array(w.trials, dtype=object), w.references), ValueError, "X"),
    ("fit a generator", lambda w: decoder().fit((t for t in w.trials), w.references), ValueError, "X"),
    ("fit without references", lambda w: decoder().fit(w.trials, None), ValueError, "y: requires y to be passed"),
    ("fit references fewer", lambda w: decoder().fit(w.trials, w.references[:2]), ValueError, "references has 2 entries for 6 trials"),
    ("fit references swapped", lambda w: decoder().fit(w.references, w.trials), ValueError, "trials[0]: expected Trial, got Reference"),
    ("fit arrays as references", lambda w: decoder().fit(w.trials, w.y), ValueError, "references: expected a list of Reference, got ndarray"),
    ("fit trial NaN", lambda w: decoder().fit(w.but(w.trials, 4, eeg=lambda e: e * np.nan), w.references), ValueError, "trials[4] (subject 'a', stimulus 'piece 2'): eeg: found 192 NaN"),
    ("fit mixed list", lambda w: decoder().fit([*w.trials[:2], w.x], w.references[:3]), ValueError, "trials[2]: expected Trial, got ndarray"),
    ("fit mixed list, array first", lambda w: decoder().fit([w.x, w.trials[0]], [w.y, w.references[0]]), ValueError, "trials[0]: expected Trial, got ndarray"),
    ("fit groups for trials", lambda w: decoder().fit(w.trials, w.references, groups=[0] * 6), ValueError, "groups: belong to a list of arrays; trials carry their stimulus"),
    ("fit groups for an array", lambda w: decoder().fit(w.x, w.y, groups=[0] * 100), ValueError, "groups: belong to a list of arrays"),
    ("fit groups too few", lambda w: decoder().fit([w.x, w.x], [w.y, w.y], groups=[0]), ValueError, "groups: expected one for each of 2"),
    ("fit groups NaN", lambda w: decoder().fit([w.x, w.x], [w.y, w.y], groups=[np.nan, 1]), ValueError, "groups"),
    ("fit groups str", lambda w: decoder().fit([w.x, w.x], [w.y, w.y], groups="ab"), ValueError, "groups"),
    ("fit array transposed", lambda w: decoder().fit(w.x.T, w.y), ValueError, "inconsistent numbers of samples: [3, 100]"),
    ("fit array sparse", lambda w: decoder().fit(scipy.sparse.csr_matrix(w.x), w.y), TypeError, "Sparse data was passed for X"),
    ("fit array masked", lambda w: decoder().fit(np.ma.masked_less(w.x, 0), w.y), ValueError, "X: got a masked array"),
    ("fit target masked", lambda w: decoder().fit(w.x, np.ma.masked_less(w.y, 0)), ValueError, "y: got a masked array"),
    ("score target masked", lambda w: decoder().fit(w.x, w.y).score(w.x, np.ma.masked_less(w.y, 0)), ValueError, "y: got a masked array"),
    ("fit recordings masked", lambda w: decoder().fit([w.x, np.ma.masked_less(w.x, 0)], [w.y, w.y]), ValueError, "X[1]: got a masked array"),
    ("fit targets of recordings masked", lambda w: decoder().fit([w.x, w.x], [w.y, np.ma.masked_less(w.y, 0)]), ValueError, "y[1]: got a masked array"),
    ("prepare masked", lambda w: EEGPreparation().fit(np.ma.masked_less(w.x, 0)), ValueError, "X: got a masked array"),
    ("proba candidates masked", lambda w: w.decoder.predict_proba(w.trials[:1], [np.ma.masked_less(w.references[0].sources, 0)]), ValueError, "trials[0] ... candidates: got a masked array"),
    ("fit array complex", lambda w: decoder().fit(w.x[:2] * 1j, w.y[:2]), ValueError, "Complex data not supported"),
    ("fit array str", lambda w: decoder().fit(w.x.astype(str).astype(object) + "a", w.y), ValueError, "could not convert string to float"),
    ("fit array NaN", lambda w: decoder().fit(np.where(w.x == w.x[3], np.nan, w.x), w.y), ValueError, "X: found NaN or infinity (inf) in channels [0, 1, 2]"),
    ("fit target NaN", lambda w: decoder().fit(w.x, w.y * np.nan), ValueError, "Input y contains NaN"),
    ("fit target names", lambda w: decoder().fit(w.x, ["a"] * 100), ValueError, "y"),
    ("fit frames, one NaN", lambda w: decoder().fit(pd.DataFrame(w.x, columns=["Fz", "Cz", "Pz"]).mask(lambda f: f == f.Cz.max()), w.y), ValueError, "X: found NaN or infinity (inf) in channels ['Cz']"),
    ("fit recordings of other channels", lambda w: decoder().fit([w.x, w.x[:, :2]], [w.y, w.y]), ValueError, "X[1]: expected 3 channels, got 2"),
    ("fit recordings of other lengths", lambda w: decoder().fit([w.x, w.x], [w.y, w.y[1:]]), ValueError, "y[1]: expected shape (100,), got (99,)"),
    ("fit recordings with one target", lambda w: decoder().fit([w.x, w.x], w.y), ValueError, "y: expected a list of 2 arrays"),
    ("fit recordings NaN", lambda w: decoder().fit([w.x, w.x * np.inf], [w.y, w.y]), ValueError, "X[1]: found"),
    ("fit recordings too short", lambda w: decoder().fit([w.x, w.x[:3]], [w.y, w.y[:3]]), ValueError, "X[1]: 3 samples; at least"),
    # What it is used on.
    ("unfitted predict", lambda w: decoder().predict(w.trials), NotFittedError, "EnvelopeDecoder instance is not fitted yet"),
    ("unfitted transform", lambda w: decoder().transform(w.x), NotFittedError, "EnvelopeDecoder instance is not fitted yet"),
    ("unfitted score", lambda w: decoder().score(w.trials, w.references), NotFittedError, "EnvelopeDecoder instance is not fitted yet"),
    ("unfitted predict_proba", lambda w: decoder().predict_proba(w.trials, w.references), AttributeError, "'EnvelopeDecoder' has no attribute 'predict_proba'"),
    ("array to a decoder of trials", lambda w: w.decoder.predict(w.x), ValueError, "fitted on a list of Trial, but X is an array"),
    ("trials to a decoder of arrays", lambda w: w.array_decoder.predict(w.trials), ValueError, "fitted on an array, but X is a list of Trial"),
    ("recordings to a decoder of trials", lambda w: w.decoder.transform([w.x, w.x]), ValueError, "fitted on a list of Trial"),
    ("predict one trial", lambda w: w.decoder.predict(w.trials[0]), ValueError, "pass [trial]"),
    ("predict nothing", lambda w: w.decoder.predict([]), ValueError, "got an empty list"),
    ("predict other channels", lambda w: w.decoder.predict(w.but(w.trials, 0, eeg=lambda e: e[:2], ch_names=("Fz", "Cz"))[:1]), ValueError, "trials[0] ... eeg has 2 channels, but EnvelopeDecoder is expecting 3"),
    ("predict channels renamed", lambda w: w.decoder.predict(w.but(w.trials, 0, ch_names=("C3", "Cz", "C4"))[:1]), ValueError, "trials[0] ... ch_names[0] is 'C3', but in training it was 'Fz'"),
    ("predict array of other channels", lambda w: w.array_decoder.predict(w.x[:, :2]), ValueError, "X has 2 features, but EnvelopeDecoder is expecting 3"),
    ("predict array 1-D", lambda w: w.array_decoder.predict(w.y[:4]), ValueError, "Expected 2D array, got 1D array"),
    ("score targets fewer", lambda w: w.array_decoder.score(w.x, w.y[1:]), ValueError, "inconsistent numbers of samples: [100, 99]"),
    ("score without targets", lambda w: w.array_decoder.score(w.x, None), ValueError, "y: requires y"),
    ("score without references", lambda w: w.decoder.score(w.trials, None), ValueError, "y: requires y"),
    ("proba candidates fewer", lambda w: w.decoder.predict_proba(w.trials, w.references[1:]), ValueError, "5 ... 6"),
    ("rate changed", changed(sfreq=16.0), ValueError, "sfreq: was 32.0 in fit and is 16.0 now"),
    ("feature changed", changed(feature="onset"), ValueError, "feature: was 'envelope' in fit and is 'onset' now"),
    ("scale changed", changed(scale=None), ValueError, "scale: was 'robust' in fit and is None now"),
    ("lags changed", changed(tmax=0.5), ValueError, "tmax: was 0.25 in fit and is 0.5 now"),
    # Preparation.
    ("prepare sfreq NaN", prepare(sfreq=np.nan), ValueError, "sfreq: expected a finite number > 0"),
    ("prepare sfreq str", prepare(sfreq="64"), ValueError, "sfreq: expected a finite number > 0"),
    ("prepare band turned", prepare(l_freq=8.0, h_freq=1.0), ValueError, "l_freq, h_freq: l_freq < h_freq"),
    ("prepare band above the eeg", prepare(sfreq=None, h_freq=30.0), ValueError, "h_freq"),
    ("prepare notch number", prepare(notch_freqs=50.0), ValueError, "notch_freqs: expected a sequence"),
    ("prepare notch str", prepare(notch_freqs="50"), ValueError, "notch_freqs: expected a sequence"),
    ("prepare notch above Nyquist", prepare(notch_freqs=(50.0,)), ValueError, "notch_freqs"),
    ("prepare reference unknown", prepare(reference=["A1"]), ValueError, "reference ... 'A1'"),
    ("prepare reference str", prepare(reference="Cz"), ValueError, "reference: expected None, 'average' or names"),
    ("prepare reference int", prepare(reference=[0]), ValueError, "reference"),
    ("prepare standardize None", prepare(standardize=None), ValueError, "standardize: expected True or False"),
    ("prepare clamp negative", prepare(clamp=-1), ValueError, "clamp: expected a finite number > 0"),
    ("prepare unfitted", lambda w: EEGPreparation().transform(w.trials), NotFittedError, "EEGPreparation instance is not fitted yet"),
    ("prepare array after trials", lambda w: EEGPreparation(sfreq=None).fit(w.trials).transform(w.x), ValueError, "fitted on a list of Trial, but X is an array"),
    ("prepare trials after array", lambda w: EEGPreparation(sfreq=32.0).fit(w.x).transform(w.trials), ValueError, "fitted on an array, but X is a list of Trial"),
    ("prepare array without rate", lambda w: EEGPreparation(sfreq=None).fit(w.x), ValueError, "sfreq: None keeps the rate of trials, but X is an array"),
    ("prepare array notch above", lambda w: EEGPreparation(notch_freqs=[50.0]).fit(w.x), ValueError, "X: notch_freqs=50 Hz is not below half"),
    ("prepare changed", lambda w: EEGPreparation(sfreq=None).fit(w.trials).set_params(standardize=False).transform(w.trials), ValueError, "standardize: was True in fit and is False now"),
    ("prepare other channels", lambda w: EEGPreparation(sfreq=32.0).fit(w.x).transform(w.x[:, :1]), ValueError, "X has 1 features"),
    # Activations of components.
    ("components 1-D", activations(components=np.ones(9)), ValueError, "components: expected 2-D, got shape (9,)"),
    ("components one bin", activations(components=np.ones((2, 1))), ValueError, "components"),
    ("components negative", activations(components=-np.ones((2, 9))), ValueError, "components ... negative"),
    ("components NaN", activations(components=np.full((2, 9), np.nan)), ValueError, "components: found 18 NaN"),
    ("components all zero", activations(components=np.zeros((2, 9))), ValueError, "components"),
    ("components rate zero", activations(components_sfreq=0), ValueError, "components_sfreq: expected"),
    ("components rate of others", activations(components_sfreq=16000.0), ValueError, "the spectra ... were learned at 16000 Hz"),
    # Patterns.
    ("pattern of no decoder", lambda w: pattern_to_evoked(w.separator, INFO), ValueError, "decoder: expected"),
    ("pattern unfitted", lambda w: pattern_to_evoked(decoder(), INFO), NotFittedError, "EnvelopeDecoder instance is not fitted yet"),
    ("pattern info missing", lambda w: pattern_to_evoked(w.decoder, None), ValueError, "info: expected an Info, got NoneType"),
    ("pattern info of a dict", lambda w: pattern_to_evoked(w.decoder, {"ch_names": ["Fz"]}), ValueError, "info: expected an Info, got dict"),
    ("pattern info of others", lambda w: pattern_to_evoked(w.decoder, mne.create_info(["Fz"], 32.0, "eeg")), ValueError, "info: has no channels ['Cz', 'Pz']"),
    ("pattern output negative", lambda w: pattern_to_evoked(w.decoder, INFO, output=-2), ValueError, "output: expected a whole number >= -1, got -2"),
    ("pattern output str", lambda w: pattern_to_evoked(w.decoder, INFO, output="onset"), ValueError, "output: expected"),
    ("pattern instrument unknown", lambda w: pattern_to_evoked(w.decoder, INFO, instrument="oboe"), ValueError, "instrument: expected"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse):
    refuse(row)
