# ruff: noqa: E501
"""Separators and factorisations given what they can't separate."""

import numpy as np
import pytest
import scipy.sparse
from sklearn.exceptions import NotFittedError

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.separation import (
    candidate_probabilities,
    contrast_value,
    contrastive_cost,
    contrastive_nmf,
    guide_support,
    kl_divergence,
    separate_audio,
    split_components,
)

H, W = np.ones((20, 3)), np.ones((3, 8))
GUIDE = 1 + np.sin(np.arange(20.0))
MASK = [True, False, False]


def fit(*arguments, **parameters):
    return lambda w: ContrastiveNMF(*arguments, **parameters).fit(
        w.guided, w.references
    )


def fit_array(guide=GUIDE, **parameters):
    return lambda w: ContrastiveNMF(3, **parameters).fit(w.X, guide=guide)


def array_model(w):
    return ContrastiveNMF(3, delta=0.0, max_iter=3, tol=0.0).fit(w.X, guide=GUIDE)


def refit(w, **parameters):
    model = ContrastiveNMF(2, max_iter=3, tol=0.0, random_state=0)
    return model.fit(w.guided, w.references).set_params(**parameters)


def separate(index=1, **fields):
    return lambda w: w.separator.separate(w.but(w.guided, index, **fields))


def nmf(**arguments):
    return lambda w: contrastive_nmf(
        **{"X": w.X, "n_components": 3, "guide": GUIDE, "max_iter": 2, **arguments}
    )


def cost(**arguments):
    good = {"activations": H, "components": W, "guide": GUIDE, "attended": MASK}
    return lambda w: contrastive_cost(**{"X": w.X, "delta": 1.0, **good, **arguments})


def contrast(**arguments):
    good = {"activations": H, "components": W, "guide": GUIDE, "attended": MASK}
    return lambda w: contrast_value(**{**good, **arguments})


def audio(**arguments):
    return lambda w: separate_audio(
        **{
            "audio": w.trials[0].mixture,
            "sfreq": 4000.0,
            "guide": w.guided[0].guide[0],
            "guide_sfreq": 32.0,
            "max_iter": 2,
            **arguments,
        }
    )


def candidates(change=lambda c: c, index=0, **arguments):
    def compare(w):
        trial = w.but(w.guided, 0, guide_weights=np.ones(1), **arguments)[0]
        return candidate_probabilities(change(w.references[0].sources), trial)

    return compare


ROWS = [
    # Parameters of the estimator.
    ("n_components zero", fit(0), ValueError, "n_components: expected a whole number >= 1, got 0"),
    ("n_components float", fit(2.0), ValueError, "n_components: expected a whole number >= 1, got 2.0"),
    ("n_components bool", fit(True), ValueError, "n_components: expected a whole number"),
    ("delta str", fit(2, delta="big"), ValueError, "delta: expected a finite number >= 0, got 'big'"),
    ("delta negative", fit(2, delta=-1.0), ValueError, "delta: expected a finite number >= 0"),
    ("delta list", fit(2, delta=[1.0]), ValueError, "delta: expected a finite number >= 0"),
    ("contrast unknown", fit(2, contrast="groups"), ValueError, "contrast: expected one of"),
    ("mu NaN", fit(2, mu=np.nan), ValueError, "mu: expected a finite number >= 0"),
    ("beta inf", fit(2, beta=np.inf), ValueError, "beta: expected a finite number >= 0"),
    ("n_attended too many", fit(2, n_attended=3), ValueError, "n_attended: expected at most n_components=2, got 3"),
    ("dictionary None", fit(2, dictionary=None), ValueError, "dictionary: expected one of"),
    ("dictionary list", fit(2, dictionary=["blind"]), ValueError, "dictionary: expected one of"),
    ("harmonic of one voice", fit(1, dictionary="harmonic"), ValueError, "n_components: expected ... got 1"),
    ("choice unknown", fit(2, choice="firm"), ValueError, "choice: expected one of"),
    ("choice_window zero", fit(2, choice_window=0), ValueError, "choice_window"),
    ("choice_window str", fit(2, choice_window="5 s"), ValueError, "choice_window"),
    ("solver unknown", fit(2, solver="cd"), ValueError, "solver: expected one of"),
    ("max_iter zero", fit(2, max_iter=0), ValueError, "max_iter: expected a whole number >= 1"),
    ("tol negative", fit(2, tol=-1e-3), ValueError, "tol: expected a finite number >= 0"),
    ("window samples", fit(2, window=1024), ValueError, "window"),
    ("window zero", fit(2, window=0.0), ValueError, "window"),
    ("mask_power zero", fit(2, mask_power=0), ValueError, "mask_power: expected a finite number > 0"),
    ("transposition 13", fit(2, transposition=13), ValueError, "transposition: expected at most 12 semitones, got 13"),
    ("n_free negative", fit(2, n_free=-1), ValueError, "n_free: expected a whole number >= 0"),
    ("memory list", fit(2, memory=[]), ValueError, "memory"),
    ("n_jobs zero", fit(2, n_jobs=0), ValueError, "n_jobs"),
    ("n_jobs str", fit(2, n_jobs="all"), ValueError, "n_jobs"),
    ("random_state str", fit(2, random_state="seed"), ValueError, "'seed' cannot be used to seed"),
    ("random_state negative", fit(2, random_state=-1), ValueError, "Seed must be between 0"),
    # What it is fitted on.
    ("fit one trial", lambda w: ContrastiveNMF().fit(w.guided[0], w.references[0]), ValueError, "pass [trial]"),
    ("fit nothing", lambda w: ContrastiveNMF().fit([], []), ValueError, "got an empty list"),
    ("fit no references", lambda w: ContrastiveNMF().fit(w.guided), ValueError, "references: None, but dictionary='learned'"),
    ("fit guide for trials", lambda w: ContrastiveNMF().fit(w.guided, w.references, guide=GUIDE), ValueError, "guide: trials carry their own"),
    ("fit no instruments", lambda w: ContrastiveNMF(2).fit(w.but(w.guided, 3, instruments=None), w.references), ValueError, "trials[3] ... instruments is None"),
    ("fit rates", lambda w: ContrastiveNMF(2).fit(w.but(w.trials, 3, mixture=lambda m: m[::2], audio_sfreq=2000.0), w.but(w.references, 3, sources=lambda s: s[:, ::2])), ValueError, "audio_sfreq: trials have the rates [2000.0, 4000.0] Hz"),
    ("fit silent mixture", lambda w: ContrastiveNMF(2).fit(w.but(w.guided[:1], 0, mixture=lambda m: 0 * m), w.but(w.references[:1], 0, sources=lambda s: 0 * s)), ValueError, "silent"),
    ("fit array NaN", lambda w: ContrastiveNMF(2).fit(w.X * np.nan, guide=GUIDE), ValueError, "Input X contains NaN"),
    ("fit array negative", lambda w: ContrastiveNMF(2).fit(w.X - 1, guide=GUIDE), ValueError, "Negative values in data"),
    ("fit array sparse", lambda w: ContrastiveNMF(2).fit(scipy.sparse.csr_matrix(w.X), guide=GUIDE), TypeError, "Sparse data was passed for X"),
    ("fit array masked", lambda w: ContrastiveNMF(2).fit(np.ma.masked_less(w.X, 0.5), guide=GUIDE), ValueError, "X: got a masked array"),
    ("fit array silent", lambda w: ContrastiveNMF(2).fit(0 * w.X, guide=GUIDE), UserWarning, "X is silent"),
    ("fit array, y the guide", lambda w: ContrastiveNMF(2).fit(w.X, GUIDE), UserWarning, "y: ignored ... guide="),
    ("fit array, n_attended", fit_array(n_attended=4), ValueError, "n_attended: expected at most n_components=3"),
    ("guide of other length", fit_array(GUIDE[1:]), ValueError, "guide ... 20 ... 19"),
    ("guide NaN", fit_array(GUIDE * np.nan), ValueError, "guide: found 20 NaN or infinite"),
    ("guide str", fit_array("envelope"), ValueError, "guide"),
    ("guide zero", fit_array(0 * GUIDE), UserWarning, "guide is zero"),
    ("guide 3-D", fit_array(np.ones((1, 20, 1))), ValueError, "guide"),
    ("guide list of names", fit_array(["a"] * 20), ValueError, "guide: expected real numbers"),
    # What it is used on.
    ("unfitted predict", lambda w: ContrastiveNMF().predict(w.guided), NotFittedError, "ContrastiveNMF instance is not fitted yet"),
    ("unfitted separate", lambda w: ContrastiveNMF().separate(w.guided), NotFittedError, "ContrastiveNMF instance is not fitted yet"),
    ("unfitted predict_attended", lambda w: ContrastiveNMF().predict_attended(w.guided), NotFittedError, "ContrastiveNMF instance is not fitted yet"),
    ("unfitted transform", lambda w: ContrastiveNMF().transform(w.X), NotFittedError, "ContrastiveNMF instance is not fitted yet"),
    ("array to a model of trials", lambda w: w.separator.predict(w.X), ValueError, "fitted on a list of Trial, but X is an array"),
    ("trials to a model of arrays", lambda w: array_model(w).predict(w.guided), ValueError, "fitted on an array, but X is a list of Trial"),
    ("separate an array", lambda w: w.separator.separate(w.X), ValueError, "trials: expected a list of Trial, got ndarray"),
    ("predict one trial", lambda w: w.separator.predict(w.guided[0]), ValueError, "pass [trial]"),
    ("predict without guide", lambda w: w.separator.predict(w.trials), ValueError, "trials[0] ... guide is None; decode it"),
    ("one trial without guide", separate(3, guide=None), ValueError, "trials[3] ... guide is None; decode it"),
    ("other rate", separate(2, audio_sfreq=2000.0, mixture=lambda m: m[::2]), ValueError, "trials[2] ... audio_sfreq is 2000 Hz, but the model was fitted at 4000 Hz"),
    ("trial without instruments", separate(2, instruments=None), ValueError, "trials[2] ... instruments is None"),
    ("trial of two unknown", separate(2, instruments=("tuba", "harp")), ValueError, "trials[2] ... 'tuba'"),
    ("guide feature unknown", separate(2, guide_feature="chroma"), ValueError, "trials[2] ... guide_feature: expected one of ... 'chroma'"),
    ("guide feature number", separate(2, guide_feature=3), ValueError, "trials[2] ... guide_feature: expected one of ... 3"),
    ("guide rows too many", separate(2, guide=lambda g: np.vstack([g, g]), guide_weights=None), ValueError, "(subject 'a', stimulus 'piece 1'): guide_feature: gives shape (1, 64) for a guide of shape (2, 64)"),
    ("trial too short", lambda w: w.separator.predict(w.but(w.guided, 0, eeg=lambda e: e[:, :4], mixture=lambda m: m[:500], guide=lambda g: g[:, :4])[:1]), ValueError, "trials[0] ... mixture lasts 500 samples, less than the window"),
    ("attended unknown", lambda w: w.separator.predict(w.guided, attended=["tuba"] * 6), ValueError, "attended[0]: 'tuba' is none of the instruments of trials[0]"),
    ("attended fewer", lambda w: w.separator.predict(w.guided, attended=["horn"]), ValueError, "attended: expected the name of an instrument for each of 6 trials"),
    ("attended one str", lambda w: w.separator.predict(w.guided, attended="horn"), ValueError, "attended: expected the name of an instrument for each of 6 trials, got 'horn'"),
    ("attended int", lambda w: w.separator.predict(w.guided, attended=1), ValueError, "attended: expected the name of an instrument for each of 6 trials, got 1"),
    ("attended indices", lambda w: w.separator.predict(w.guided, attended=[0] * 6), ValueError, "attended[0]: 0 is none of the instruments"),
    ("attended references", lambda w: w.separator.predict(w.guided, attended=w.references), ValueError, "attended[0]: Reference"),
    ("attended of an array", lambda w: array_model(w).predict(w.X, attended=["horn"]), ValueError, "attended: names instruments of trials, but X is an array"),
    ("threshold two", lambda w: w.separator.predict_attended(w.guided, threshold=2), ValueError, "threshold: expected a finite number >= 0 and <= 1, got 2"),
    ("proba of an array", lambda w: w.separator.predict_proba(w.X), ValueError, "X: expected a list of Trial"),
    ("proba window zero", lambda w: w.separator.predict_proba(w.guided, window=0), ValueError, "window"),
    ("proba window longer", lambda w: w.separator.predict_proba(w.guided, window=60.0), ValueError, "trials[0] ... window"),
    ("proba without weights", lambda w: w.separator.predict_proba(w.but(w.guided, 3, guide_weights=None)), ValueError, "trials[3] ... guide_weights is None"),
    ("columns fewer", lambda w: array_model(w).transform(w.X[:, 1:]), ValueError, "X has 7 features, but ContrastiveNMF is expecting 8"),
    ("activations transposed", lambda w: array_model(w).inverse_transform(H.T), ValueError, "X: expected 3 columns, one per component, got 20"),
    ("dictionary changed", lambda w: refit(w, dictionary="blind").predict(w.guided), ValueError, "dictionary: was 'learned' in fit and is 'blind' now"),
    ("n_components changed", lambda w: refit(w, n_components=3).predict(w.guided), ValueError, "n_components: was 2 in fit and is 3 now"),
    ("window changed", lambda w: refit(w, window=0.1).predict(w.guided), ValueError, "window: was 0.186 in fit and is 0.1 now"),
    ("n_attended changed", lambda w: array_model(w).set_params(n_attended=1).predict(w.X), ValueError, "n_attended: was None in fit and is 1 now"),
    ("max_iter spoiled after fit", lambda w: array_model(w).set_params(max_iter=-1).transform(w.X), ValueError, "max_iter: expected a whole number >= 1"),
    # Factorisation.
    ("X 1-D", nmf(X=np.ones(8)), ValueError, "Expected 2D array, got 1D array"),
    ("X NaN", nmf(X=np.full((20, 8), np.nan)), ValueError, "Input X contains NaN"),
    ("X negative", nmf(X=-np.ones((20, 8))), ValueError, "Negative values in data passed to X"),
    ("X masked", nmf(X=np.ma.masked_less(np.eye(20, 8), 0.5)), ValueError, "X: got a masked array"),
    ("start masked", nmf(components=np.ma.masked_less(W, 0.5)), ValueError, "components: got a masked array"),
    ("start of activations masked", nmf(activations=np.ma.masked_less(H, 0.5)), ValueError, "activations: got a masked array"),
    ("guide masked", nmf(guide=np.ma.masked_less(GUIDE, 0.5)), ValueError, "guide: got a masked array"),
    ("candidates masked", candidates(lambda c: np.ma.masked_less(c, 0)), ValueError, "got a masked array"),
    ("inverse of masked activations", lambda w: array_model(w).inverse_transform(np.ma.masked_less(H, 0.5)), ValueError, "X: got a masked array"),
    ("X None", nmf(X=None), ValueError, "Expected 2D array, got scalar array"),
    ("X generator", nmf(X=(x for x in H)), TypeError, "not 'generator'"),
    ("guide transposed", nmf(guide=GUIDE[None]), ValueError, "guide"),
    ("guide longer", nmf(guide=np.ones(21)), ValueError, "guide"),
    ("attended out of range", nmf(attended=[3]), ValueError, "attended"),
    ("attended negative", nmf(attended=[-1]), ValueError, "attended"),
    ("attended floats", nmf(attended=[0.5]), ValueError, "attended"),
    ("attended names", nmf(attended=["flute"]), ValueError, "attended"),
    ("attended bools of other length", nmf(attended=[True, False]), ValueError, "attended"),
    ("attended 2-D", nmf(attended=[[0]]), ValueError, "attended"),
    ("start of other shape", nmf(activations=np.ones((20, 2))), ValueError, "activations"),
    ("start transposed", nmf(components=W.T), ValueError, "components"),
    ("start negative", nmf(components=-W), ValueError, "Negative values in data passed to components"),
    ("n_components against the start", nmf(n_components=2, components=W, activations=H), ValueError, "n_components"),
    ("fixed of other length", nmf(fixed=[True], components=W), ValueError, "fixed"),
    ("fixed out of range", nmf(fixed=[7], components=W), ValueError, "fixed"),
    ("fixed without components", nmf(fixed=[0]), ValueError, "fixed"),
    ("sparsity of other shape", nmf(sparsity=np.ones(2)), ValueError, "sparsity"),
    ("sparsity negative", nmf(sparsity=-np.ones(3)), ValueError, "sparsity"),
    ("prior negative", nmf(prior=-1.0), ValueError, "prior"),
    ("random_state float", nmf(random_state=0.5), ValueError, "0.5 cannot be used to seed"),
    ("cost X against activations", cost(X=np.ones((19, 8))), ValueError, "X: expected shape (20, 8), that of activations @ components"),
    ("cost components transposed", cost(components=W.T), ValueError, "components"),
    ("cost no attended", cost(attended=None), ValueError, "attended"),
    ("cost no guide", cost(guide=None), ValueError, "guide"),
    ("cost delta NaN", cost(delta=np.nan), ValueError, "delta: expected a finite number >= 0"),
    ("cost contrast", cost(contrast=1), ValueError, "contrast: expected one of"),
    ("contrast guide shorter", contrast(guide=GUIDE[1:]), ValueError, "guide"),
    ("contrast activations NaN", contrast(activations=H * np.nan), ValueError, "activations: found 60 NaN"),
    ("contrast components fewer", contrast(components=W[:2]), ValueError, "components"),
    ("contrast attended unknown", contrast(attended=[5]), ValueError, "attended"),
    ("divergence shapes", lambda w: kl_divergence(w.X, w.X[1:]), ValueError, "V: expected shape (20, 8) as X has, got (19, 8)"),
    ("divergence str", lambda w: kl_divergence("X", w.X), ValueError, "X: expected"),
    ("divergence NaN", lambda w: kl_divergence(w.X, w.X * np.nan), ValueError, "V: found 160 NaN"),
    # Audio.
    ("audio 3-D", audio(audio=np.ones((1, 1, 8000))), ValueError, "audio: expected 1-D or 2-D"),
    ("audio as soundfile reads it", audio(audio=np.ones((8000, 2))), ValueError, "audio ... audio.T"),
    ("audio path", audio(audio="a.wav"), ValueError, "audio"),
    ("audio empty", audio(audio=np.zeros(0)), ValueError, "audio: the array is empty"),
    ("audio shorter than a window", audio(audio=np.ones(100), guide=np.ones(1)), ValueError, "window"),
    ("audio rate None", audio(sfreq=None), ValueError, "sfreq: expected"),
    ("audio guide rate", audio(guide_sfreq=64.0), ValueError, "guide: expected 2.000 s as audio has, got 1.000 s"),
    ("audio guide missing", audio(guide=None), ValueError, "guide"),
    ("audio guide NaN", audio(guide=np.full(64, np.nan)), ValueError, "guide: found 64 NaN"),
    ("audio dictionary learned", audio(dictionary="learned"), ValueError, "dictionary: expected one of"),
    ("audio mask_power", audio(mask_power=-2), ValueError, "mask_power: expected a finite number > 0"),
    # Other functions.
    ("candidates of a trial of no guide", lambda w: candidate_probabilities(w.references[0].sources, w.trials[0]), ValueError, "trial ... guide is None"),
    ("candidates of other length", candidates(lambda c: c[:, 1:]), ValueError, "candidates"),
    ("candidates NaN", candidates(lambda c: c * np.nan), ValueError, "candidates"),
    ("candidates names", candidates(lambda c: ["flute", "horn"]), ValueError, "candidates"),
    ("candidates no list", candidates(lambda c: None), ValueError, "candidates"),
    ("candidates of no trial", lambda w: candidate_probabilities(w.references[0].sources, w.references[0]), ValueError, "trials[0]: expected Trial, got Reference"),
    ("candidates guide feature", candidates(guide_feature="chroma"), ValueError, "guide_feature"),
    ("support of other length", lambda w: guide_support(GUIDE[None], np.ones((2, 21))), ValueError, "envelopes"),
    ("support NaN", lambda w: guide_support(GUIDE[None], np.full((2, 20), np.nan)), ValueError, "envelopes"),
    ("support names", lambda w: guide_support("a", np.ones((2, 20))), ValueError, "guide"),
    ("split guide shorter", lambda w: split_components(H, W, GUIDE[1:, None], 10.0), ValueError, "guide"),
    ("split rate zero", lambda w: split_components(H, W, GUIDE[:, None], 0), ValueError, "sfreq"),
    ("split components fewer", lambda w: split_components(H, W[:2], GUIDE[:, None], 10.0), ValueError, "activations: expected shape ('any', 2), got (20, 3)"),
    ("split guide 1-D", lambda w: split_components(H, W, GUIDE, 10.0), ValueError, "guide: expected 2-D, got shape (20,)"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, refuse):
    refuse(row)
