"""What decodes attention better than ridge regression to the envelope.

Nested folds throughout: a held-out piece (or part of the real recording) is never
seen, and penalties are chosen within the others, leaving one of them out in turn.
"""

from itertools import pairwise

import numpy as np
from scipy.linalg import eigh, svd

from sklearn_cnmf.decoding import audio_envelope, mel_bands
from sklearn_cnmf.decoding._activations import learn_spectra
from sklearn_cnmf.decoding._features import onsets
from sklearn_cnmf.decoding._lagged import (
    lag_samples,
    lagged_product,
    lagged_sums,
    moments,
)
from sklearn_cnmf.decoding._preparation import band_pass
from sklearn_cnmf.decoding._ridge import _correlations, covariances, ridge_path
from sklearn_cnmf.decoding._trials import eeg_of_trials

SFREQ = 64.0
BAND = {"l_freq": 1.0, "h_freq": 8.0}
WINDOWS = (5, 10, 20)
ALPHAS = tuple(10.0**k for k in np.arange(-4, 6.1))


class Recording:
    """Lagged EEG of one trial, features of its candidates, and the attended one."""

    def __init__(self, x, features, attended, group):
        self.x, self.features, self.attended, self.group = x, features, attended, group

    def target(self, feature):
        return self.features[feature][self.attended]


def full(cov):
    """Both triangles of a covariance of which the upper one is set."""
    return np.triu(cov) + np.triu(cov, 1).T


class Ridge:
    """Ridge with a penalty on differences between lags, or towards a prior.

    The penalty matrix over lags is I + smooth D^T D, D being differences of the
    given order, brought to a mean diagonal of one.
    """

    def __init__(self, feature, smooths=(0.0,), order=1, per_output=False):
        self.feature, self.smooths, self.order = feature, smooths, order
        self.per_output = per_output

    def fit(self, recordings, lags, prior=None):
        sums = {}
        for one in recordings:
            own = lagged_sums(one.x, one.target(self.feature), lags)
            sums.setdefault(one.group, []).append((own, one.target(self.feature)))
        groups = {g: moments(s for s, _ in own) for g, own in sums.items()}
        total = moments(s for own in sums.values() for s, _ in own)
        n_channels = recordings[0].x.shape[1]
        scores = np.zeros((len(self.smooths), len(ALPHAS), total.y.shape[0]))
        for group, own in groups.items():
            y = np.concatenate([y[: s.n_valid] for s, y in sums[group]])
            for row, smooth in enumerate(self.smooths):
                path = self._path(total - own, smooth, n_channels, lags, ALPHAS, prior)
                scores[row] += _correlations(own, y, path)
        if not self.per_output:
            scores[:] = scores.mean(axis=2, keepdims=True)
        weights = np.empty((total.z.shape[0], total.y.shape[0]))
        chosen = {}
        for output in range(total.y.shape[0]):
            best = np.unravel_index(scores[:, :, output].argmax(), scores.shape[:2])
            if best not in chosen:
                smooth, alpha = self.smooths[best[0]], ALPHAS[best[1]]
                chosen[best] = self._path(
                    total, smooth, n_channels, lags, [alpha], prior
                )[0]
            weights[:, output] = chosen[best][:, output]
        self.weights, self.lags = weights, lags
        return self

    def _path(self, sums, smooth, n_channels, lags, alphas, prior):
        cov_zz, cov_zy = covariances(sums)
        cov_zz = full(cov_zz)
        if prior is not None:
            cov_zy = cov_zy - cov_zz @ prior
        root = None
        if smooth:
            d = np.diff(np.eye(len(lags)), self.order, axis=0)
            penalty = np.eye(len(lags)) + smooth * d.T @ d
            penalty *= len(lags) / np.trace(penalty)
            values, vectors = np.linalg.eigh(penalty)
            root = vectors / np.sqrt(values) @ vectors.T
            cov_zz = _both(root, cov_zz, n_channels)
            cov_zy = _left(root, cov_zy, n_channels)
        path = ridge_path(cov_zz, cov_zy, alphas)
        if root is not None:
            path = np.stack([_left(root, w, n_channels) for w in path])
        return path if prior is None else path + prior

    def pairs(self, recording, features):
        """Signals to correlate, for every set of candidate features."""
        predicted = lagged_product(recording.x, self.weights, self.lags)
        return [(predicted, one) for one in features]


def _left(root, w, n_channels):
    n_lags = len(root)
    return np.tensordot(root, w.reshape(n_lags, n_channels, -1), 1).reshape(
        n_lags * n_channels, -1
    )


def _both(root, cov, n_channels):
    half = _left(root, cov, n_channels)
    return _left(root, half.T, n_channels).T


class CCA:
    """Regularised canonical correlation of lagged EEG and lagged features."""

    def __init__(self, feature, n_components, n_side=8, shrink=1e-2):
        self.feature, self.n_components = feature, n_components
        self.n_side, self.shrink = n_side, shrink

    def _lagged(self, y):
        n = self.n_side
        padded = np.pad(y, ((n, n), (0, 0)))
        return np.hstack([padded[k : k + len(y)] for k in range(2 * n + 1)])

    def fit(self, recordings, lags):
        sums, powers = {}, {}
        for one in recordings:
            s = self._lagged(one.target(self.feature))
            own = lagged_sums(one.x, s, lags)
            sums.setdefault(one.group, []).append(own)
            powers[one.group] = powers.get(one.group, 0) + s.T @ s
        groups = {g: moments(own) for g, own in sums.items()}
        total = moments(s for own in sums.values() for s in own)
        power = sum(powers.values())
        scores = np.zeros(len(ALPHAS))
        for group, own in groups.items():
            found = self._solve(total - own, power - powers[group], ALPHAS)
            zz, zy = covariances(own)
            zz, yy = full(zz), powers[group] / own.n_valid
            for row, (u, v) in enumerate(found):
                common = np.sum(u * (zy @ v), axis=0)
                norm = np.sum(u * (zz @ u), axis=0) * np.sum(v * (yy @ v), axis=0)
                scores[row] += np.mean(common / np.sqrt(norm))
        [(self.u, self.v)] = self._solve(total, power, [ALPHAS[scores.argmax()]])
        self.lags = lags
        return self

    def _solve(self, sums, power, alphas):
        zz, zy = covariances(sums)
        values, vectors = eigh(full(zz))
        yy = power / sums.n_valid
        y_values, y_vectors = eigh(yy)
        y_white = y_vectors / np.sqrt(y_values + self.shrink * np.mean(y_values))
        rotated = vectors.T @ zy @ y_white
        found = []
        for alpha in alphas:
            white = 1 / np.sqrt(np.maximum(values, 0) + alpha * np.mean(values))
            u, _, vt = svd(white[:, None] * rotated, full_matrices=False)
            k = self.n_components
            found.append((vectors @ (white[:, None] * u[:, :k]), y_white @ vt[:k].T))
        return found

    def pairs(self, recording, features):
        predicted = lagged_product(recording.x, self.u, self.lags)
        return [(predicted, self._lagged(one) @ self.v) for one in features]


def windowed(signal, window):
    """Windows standardised: (n_windows, n_frames, n_outputs), columns of norm one."""
    n = round(window * SFREQ)
    cut = signal[: len(signal) // n * n].reshape(-1, n, signal.shape[1])
    cut = cut - cut.mean(axis=1, keepdims=True)
    norm = np.linalg.norm(cut, axis=1, keepdims=True)
    return np.divide(cut, norm, out=np.zeros_like(cut), where=norm > 0)


def choices(model, recording):
    """Share of right choices by window length, of one trial with candidates."""
    pairs = model.pairs(recording, recording.features[model.feature])
    shares = []
    for window in WINDOWS:
        r = np.array(
            [
                np.sum(windowed(a, window) * windowed(b, window), 1).mean(1)
                for a, b in pairs
            ]
        )
        others = np.delete(r, recording.attended, axis=0)
        shares.append(np.mean(r[recording.attended] > others.max(axis=0)))
    return shares


def matches(model, recording):
    """Share of other windows that match worse than the own one, for each window."""
    [(predicted, heard)] = model.pairs(recording, recording.features[model.feature])
    shares = []
    for window in WINDOWS:
        a, b = windowed(predicted, window), windowed(heard, window)
        r = np.einsum("ito,jto->ij", a, b)
        own = np.diag(r)[:, None]
        shares.append(((own > r).sum(axis=1)) / (len(r) - 1))
    return shares


def real_recordings(data):
    """Three parts of 90 s, each cut into three for training alone."""
    parts = []
    for part in (1, 3, 4):
        x = (data[f"eeg_{part}"] * data["scale_uV"]).T.astype(np.float64)
        envelope = data[f"env_{part}"][None].astype(np.float64)
        rise = onsets(envelope)
        both = np.vstack([envelope / envelope.std(), rise / rise.std()])
        features = {
            "envelope": [envelope.T],
            "onset": [rise.T],
            "envelope and onset": [both.T],
        }
        parts.append(Recording(x - x.mean(axis=0), features, 0, part))
    return parts


def pieces_of(recording, n_pieces):
    """Cut a training recording so that some of it can be left out within."""
    borders = np.linspace(0, len(recording.x), n_pieces + 1).astype(int)
    return [
        Recording(
            recording.x[a:b],
            {k: [f[a:b] for f in v] for k, v in recording.features.items()},
            0,
            (recording.group, a),
        )
        for a, b in pairwise(borders)
    ]


def simulated_recordings(n_subjects, seed=0):
    """Trials of all example duos at the default, realistic level."""
    from sklearn_cnmf.datasets import simulate_trials

    trials, references = simulate_trials(n_subjects=n_subjects, random_state=seed)
    xs = eeg_of_trials(trials, sfreq=SFREQ, **BAND)
    features = {}
    for trial, reference, x in zip(trials, references, xs):
        if trial.stimulus in features:
            continue
        times = np.arange(len(x)) / SFREQ
        made = {}
        for source in reference.sources:
            audio = (source, trial.audio_sfreq, times)
            envelope = audio_envelope(*audio)
            rise = onsets(envelope)
            both = np.vstack([envelope / envelope.std(), rise / rise.std()])
            mel = mel_bands(*audio, n_bands=8)
            for name, values in (
                ("envelope", envelope),
                ("onset", rise),
                ("envelope and onset", both),
                ("mel", mel),
                ("mel onset", onsets(mel)),
            ):
                made.setdefault(name, []).append(band_pass(values, SFREQ, **BAND).T)
        features[trial.stimulus] = made
    by_subject = {}
    for trial, reference, x in zip(trials, references, xs):
        one = Recording(x, features[trial.stimulus], reference.attended, trial.stimulus)
        by_subject.setdefault(trial.subject, []).append(one)
    sources = {}
    for trial, reference in zip(trials, references):
        sources.setdefault(
            trial.stimulus, [(s, trial.audio_sfreq) for s in reference.sources]
        )
    return by_subject, sources


def add_activations(by_subject, sources, held_out, n_bands=8):
    """Activations of spectra learned without the held-out pieces, for all pieces."""
    training = [one for p, own in sources.items() if p not in held_out for one in own]
    function = learn_spectra(training, n_bands)
    lengths = {o.group: len(o.x) for own in by_subject.values() for o in own}
    made = {}
    for piece, own in sources.items():
        times = np.arange(lengths[piece]) / SFREQ
        made[piece] = [
            band_pass(function(audio, rate, times) ** 0.6, SFREQ, **BAND).T
            for audio, rate in own
        ]
    for recordings in by_subject.values():
        for one in recordings:
            one.features["activations"] = made[one.group]


METHODS = {
    "ridge, envelope": lambda: Ridge("envelope"),
    "ridge, onset": lambda: Ridge("onset"),
    "ridge, envelope and onset": lambda: Ridge("envelope and onset"),
    "ridge, 8 mel bands": lambda: Ridge("mel"),
    "ridge, 8 mel bands, alpha per output": lambda: Ridge("mel", per_output=True),
    "ridge, 8 mel onsets": lambda: Ridge("mel onset"),
    "ridge, 8 activations": lambda: Ridge("activations"),
    "CCA, envelope, 1 component": lambda: CCA("envelope", 1),
    "CCA, envelope, 3 components": lambda: CCA("envelope", 3),
    "CCA, envelope and onset, 3 components": lambda: CCA("envelope and onset", 3),
    "Tikhonov over lags (1st differences)": lambda: Ridge(
        "envelope", smooths=(1.0, 10.0, 100.0), order=1
    ),
    "Laplacian over lags (2nd differences)": lambda: Ridge(
        "envelope", smooths=(1.0, 10.0, 100.0), order=2
    ),
}


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


def compare_real(data, tmax=0.3):
    """Match against mismatch on the real recording, one part left out."""
    lags = lag_samples(0.0, tmax, SFREQ)
    parts = real_recordings(data)
    results = {}
    for name, make in METHODS.items():
        if make().feature not in parts[0].features:
            continue
        rows = []
        for held_out in parts:
            training = [
                piece for p in parts if p is not held_out for piece in pieces_of(p, 3)
            ]
            rows.append(matches(make().fit(training, lags), held_out))
        results[name] = rows
    header("Real EEG: one subject, 3 x 90 s of speech, match against mismatch, %")
    print_rows(results, lambda rows, c: np.concatenate([row[c] for row in rows]))


def folds(names, n_folds):
    """Held-out pieces of each fold."""
    return [set(names[k::n_folds]) for k in range(n_folds)]


def compare_simulated(n_subjects=8, n_folds=6, seed=0):
    """Attended against unattended instrument, decoders per subject."""
    lags = lag_samples(0.0, 0.25, SFREQ)
    by_subject, sources = simulated_recordings(n_subjects, seed)
    results = {name: [] for name in METHODS}
    for held_out in folds(list(sources), n_folds):
        add_activations(by_subject, sources, held_out)
        for subject, own in by_subject.items():
            training = [one for one in own if one.group not in held_out]
            test = [one for one in own if one.group in held_out]
            for name, make in METHODS.items():
                model = make().fit(training, lags)
                results[name] += [
                    (subject, one.group, *choices(model, one)) for one in test
                ]
    header(f"Simulated: {n_subjects} subjects, 12 duos, right choices, %")
    print_rows(results, _cells)
    return by_subject


def compare_subjects(by_subject, n_folds=6, few=3):
    """Decoders per subject, pooled over the others, and pooled then adapted."""
    lags = lag_samples(0.0, 0.25, SFREQ)
    names = list(dict.fromkeys(o.group for own in by_subject.values() for o in own))
    results = {
        "own trials, all pieces": [],
        f"own trials, {few} pieces": [],
        "other subjects": [],
        f"other subjects, adapted to {few} pieces": [],
        "other subjects, adapted to all pieces": [],
        "own and other subjects together": [],
        "together, envelope and onset": [],
    }
    for held_out in folds(names, n_folds):
        known = [name for name in names if name not in held_out]
        for subject, own in by_subject.items():
            mine = [one for one in own if one.group not in held_out]
            some = [one for one in mine if one.group in known[:few]]
            others = [
                one
                for other, theirs in by_subject.items()
                if other != subject
                for one in theirs
                if one.group not in held_out
            ]
            pooled = Ridge("envelope").fit(others, lags)
            models = (
                Ridge("envelope").fit(mine, lags),
                Ridge("envelope").fit(some, lags),
                pooled,
                Ridge("envelope").fit(some, lags, prior=pooled.weights),
                Ridge("envelope").fit(mine, lags, prior=pooled.weights),
                Ridge("envelope").fit(mine + others, lags),
                Ridge("envelope and onset").fit(mine + others, lags),
            )
            test = [one for one in own if one.group in held_out]
            for rows, model in zip(results.values(), models):
                rows += [(subject, one.group, *choices(model, one)) for one in test]
    header("Simulated: whose trials, right choices, %")
    print_rows(results, _cells)


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
