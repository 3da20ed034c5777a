"""What decodes attention better than ridge regression to the envelope.

    python -m benchmarks.decoding compare [--subjects N]

A held-out piece (or part of the real recording) is never seen, and penalties are chosen
within the others, leaving one of them out in turn.
"""

import tempfile
import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.cross_decomposition import PLSRegression
from sklearn.linear_model import Ridge

from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold
from sklearn_cnmf.signals import onsets, standardize

from ._decoding_eeg import PARTS, SFREQ, heard, trials_of

WINDOWS = (5, 10, 20)


class RidgeOverLags(RegressorMixin, BaseEstimator):
    """Ridge with a penalty on differences between neighbouring lags.

    The penalty matrix over lags is I + smooth D^T D, D being differences of the given
    order, brought to a mean diagonal of one. Columns of X are sorted by lag, then by
    channel; X has unit power, so that `alpha` is in units of that of `EnvelopeDecoder`.
    """

    def __init__(self, n_channels=1, alpha=1.0, smooth=1.0, order=1):
        self.n_channels, self.alpha = n_channels, alpha
        self.smooth, self.order = smooth, order

    def fit(self, X, y):
        n_lags = X.shape[1] // self.n_channels
        differences = np.diff(np.eye(n_lags), self.order, axis=0)
        penalty = np.eye(n_lags) + self.smooth * differences.T @ differences
        penalty *= n_lags / np.trace(penalty)
        values, vectors = np.linalg.eigh(penalty)
        root = vectors / np.sqrt(values) @ vectors.T
        ridge = Ridge(alpha=self.alpha * len(X)).fit(self._mixed(X, root), y)
        self.coef_ = self._mixed(np.atleast_2d(ridge.coef_), root)
        self.intercept_ = np.ravel(ridge.intercept_)
        return self

    def predict(self, X):
        return X @ self.coef_.T + self.intercept_

    def _mixed(self, rows, root):
        by_lag = rows.reshape(len(rows), len(root), self.n_channels)
        return np.einsum("tlc,lk->tkc", by_lag, root).reshape(len(rows), -1)


def onset_heard(audio, sfreq, times):
    """Onsets of an envelope that stands in for the audio."""
    return onsets(audio[None])


def both_heard(audio, sfreq, times):
    """An envelope that stands in for the audio, and its onsets."""
    return np.vstack([heard(audio, sfreq, times), onset_heard(audio, sfreq, times)])


FEATURES = {
    "ridge, envelope": {"feature": "envelope"},
    "ridge, onset": {"feature": "onset"},
    "ridge, envelope and onset": {"feature": "envelope_onset"},
    "ridge, 8 mel bands": {"feature": "mel"},
    "ridge, 8 mel bands, alpha per output": {
        "feature": "mel",
        "alpha_per_output": True,
    },
    "ridge, 8 mel onsets": {"feature": "mel_onset"},
    "ridge, 8 activations": {"feature": "activations"},
}
FEATURES_HEARD = {
    "ridge, envelope": {"feature": heard},
    "ridge, onset": {"feature": onset_heard},
    "ridge, envelope and onset": {"feature": both_heard},
}


def fitted_methods(trials, references, methods, common):
    """Yield the name and the decoder of each method, fitted.

    The first of `methods` is ridge regression to the envelope. Models other than ridge
    reconstruct the same; those with penalties on differences take its alpha.
    """
    baseline = None
    for name, parameters in methods.items():
        decoder = EnvelopeDecoder(**parameters, **common).fit(trials, references)
        baseline = decoder if baseline is None else baseline
        yield name, decoder
    feature = baseline.feature
    n_channels, alpha = trials[0].eeg.shape[0], float(baseline.alpha_)
    models = {"PLS, envelope, 4 components": PLSRegression(4, scale=False)}
    for order, title in ((1, "1st"), (2, "2nd")):
        for smooth in (1.0, 100.0):
            name = f"ridge, {title} differences of lags, {smooth:g}"
            models[name] = RidgeOverLags(n_channels, alpha, smooth, order)
    for name, model in models.items():
        decoder = EnvelopeDecoder(feature=feature, estimator=model, **common)
        yield name, decoder.fit(trials, references)


def right_choices(decoder, trials, references):
    """Rows of subject, piece and share of right choices by window length."""
    shares = [
        [
            decoder.score_attended([trial], [reference], window=window)
            for window in WINDOWS
        ]
        for trial, reference in zip(trials, references)
    ]
    return [(t.subject, t.stimulus, *row) for t, row in zip(trials, shares)]


def windowed(signal, window):
    """Standardised windows, (n_windows, n_frames, n_outputs)."""
    n = round(window * SFREQ)
    starts = range(0, signal.shape[1] - n + 1, n)
    return np.stack([standardize(signal[:, i : i + n].T) for i in starts])


def matches(predicted, truth):
    """Share of other windows that match worse than the own one, for each window."""
    shares = []
    for window in WINDOWS:
        a, b = windowed(predicted, window), windowed(truth, window)
        r = np.einsum("ito,jto->ij", a, b)
        own = np.diag(r)[:, None]
        shares.append((own > r).sum(axis=1) / (len(r) - 1))
    return shares


def subset(values, indices):
    return [values[i] for i in indices]


def compare_real(data, tmax=0.3):
    """Match versus mismatch on the real recording, one part left out."""
    trials, references, parts = trials_of(data)
    common = {"tmax": tmax, "l_freq": None, "h_freq": None}
    results = {}
    for part in PARTS:
        kept, held = np.flatnonzero(parts != part), np.flatnonzero(parts == part)
        envelope = data[f"env_{part}"].astype(np.float64)
        training = subset(trials, kept), subset(references, kept)
        for name, decoder in fitted_methods(*training, FEATURES_HEARD, common):
            predicted = np.hstack(decoder.predict(subset(trials, held)))
            truth = decoder.feature(envelope, SFREQ, None)
            results.setdefault(name, []).append(matches(predicted, truth))
    header("Real EEG: one subject, 3 x 90 s of speech, match versus mismatch, %")
    print_rows(results, lambda rows, c: np.concatenate([row[c] for row in rows]))


def compare_simulated(n_subjects, n_folds=6, seed=0):
    """Attended against unattended instrument: by method, then by training trials."""
    trials, references = simulate_trials(n_subjects=n_subjects, random_state=seed)
    with tempfile.TemporaryDirectory() as memory, warnings.catch_warnings():
        # A weak response is decoded equally well by all large penalties.
        warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
        common = {"memory": memory}
        methods = compare_methods(trials, references, common, n_folds)
        header(f"Simulated: {n_subjects} subjects, 12 duos, right choices, %")
        print_rows(methods, _cells)
        if n_subjects > 1:
            pooled = compare_subjects(trials, references, common, n_folds)
            header("Simulated: whose trials, right choices, %")
            print_rows(pooled, _cells)


def compare_methods(trials, references, common, n_folds):
    """Right choices of every method, decoders per subject."""
    subjects = np.array([trial.subject for trial in trials])
    results = {}
    for train, test in StimulusKFold(n_folds).split(trials):
        for subject in dict.fromkeys(subjects):
            kept, held = (part[subjects[part] == subject] for part in (train, test))
            training = subset(trials, kept), subset(references, kept)
            tested = subset(trials, held), subset(references, held)
            for name, decoder in fitted_methods(*training, FEATURES, common):
                results.setdefault(name, []).extend(right_choices(decoder, *tested))
    return results


def compare_subjects(trials, references, common, n_folds, few=3):
    """Right choices of decoders per subject, of the other subjects, and together."""
    subjects = np.array([trial.subject for trial in trials])
    pieces = np.array([trial.stimulus for trial in trials])
    results = {}
    for train, test in StimulusKFold(n_folds).split(trials):
        everyone = subset(trials, train), subset(references, train)
        together = {
            "own and other subjects together": "envelope",
            "together, envelope and onset": "envelope_onset",
        }
        together = {
            name: EnvelopeDecoder(feature=feature, **common).fit(*everyone)
            for name, feature in together.items()
        }
        first = list(dict.fromkeys(pieces[train]))[:few]
        for subject in dict.fromkeys(subjects):
            own = train[subjects[train] == subject]
            groups = {
                "own trials, all pieces": own,
                f"own trials, {few} pieces": own[np.isin(pieces[own], first)],
                "other subjects": train[subjects[train] != subject],
            }
            decoders = {
                name: EnvelopeDecoder(feature="envelope", **common).fit(
                    subset(trials, kept), subset(references, kept)
                )
                for name, kept in groups.items()
            }
            held = test[subjects[test] == subject]
            tested = subset(trials, held), subset(references, held)
            for name, decoder in {**decoders, **together}.items():
                results.setdefault(name, []).extend(right_choices(decoder, *tested))
    return results


def print_rows(results, cells):
    """Mean, and difference to the first row with its standard error over cells."""
    baseline = None
    for name, rows in results.items():
        text = f"{name:40s}"
        for column in range(len(WINDOWS)):
            values = cells(rows, column)
            if baseline is None:
                error = values.std(ddof=1) / np.sqrt(len(values))
                text += f"  {100 * values.mean():5.1f} (se {100 * error:3.1f})    "
            else:
                difference = values - baseline[column]
                error = difference.std(ddof=1) / np.sqrt(len(values))
                text += (
                    f"  {100 * values.mean():5.1f} ({100 * difference.mean():+5.1f} "
                    f"se {100 * error:3.1f})"
                )
        if baseline is None:
            baseline = [cells(rows, column) for column in range(len(WINDOWS))]
        print(text, flush=True)


def _cells(rows, column):
    """Mean over the trials of each subject and piece."""
    cells = {}
    for subject, piece, *shares in rows:
        cells.setdefault((subject, piece), []).append(shares[column])
    return np.array([np.mean(shares) for shares in cells.values()])


def header(title):
    """Print a title and the heads of the columns."""
    print(
        f"\n{title}\n{'':40s}" + "".join(f"  {w:3d} s                " for w in WINDOWS)
    )
