"""Speed and memory of the decoder beside mTRFpy and MNE, equal results asserted.

    python -m benchmarks.decoding speed [--repeats N]

Every pair is timed in one run, in turns; the least CPU time of several repeats counts,
which other work on the machine disturbs least. Set OMP_NUM_THREADS=1.
"""

import time
import tracemalloc
import warnings
from importlib.util import find_spec

import numpy as np

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial

SFREQ, TMIN, TMAX = 64.0, 0.0, 0.25
LAST_LAG = round(TMAX * SFREQ)
ALPHAS = tuple(10.0**k for k in range(-6, 7))


def recordings(n_trials, duration, n_channels, n_outputs, seed=0):
    """Correlated channels that follow smooth outputs with a delay, in noise."""
    rng = np.random.default_rng(seed)
    n_times = round(duration * SFREQ)
    mixing = rng.standard_normal((n_channels, n_channels)) / np.sqrt(n_channels)
    topography = rng.standard_normal((n_outputs, n_channels))
    kernel = np.hanning(9)[:, None]
    xs, ys = [], []
    for _ in range(n_trials):
        y = rng.standard_normal((n_times + 8, n_outputs))
        y = sum(kernel[k] * y[k : k + n_times] for k in range(9))
        x = rng.standard_normal((n_times, n_channels)) @ mixing
        x[6:] += 0.3 * y[:-6] @ topography / np.sqrt(n_outputs)
        xs.append(x)
        ys.append(y)
    return xs, ys


def as_heard(audio, sfreq, times):
    """The outputs stand in for the audio, one output in each of its channels."""
    return audio


def decoder_of_trials(alpha):
    """A decoder that takes EEG and outputs of trials as they are."""
    return EnvelopeDecoder(
        sfreq=SFREQ,
        tmin=TMIN,
        tmax=TMAX,
        feature=as_heard,
        alpha=alpha,
        alphas=ALPHAS,
        l_freq=None,
        h_freq=None,
    )


def as_trials(xs, ys):
    """Trials whose audio holds the outputs, and their references."""
    trials = [Trial(x.T, SFREQ, y.T, SFREQ) for x, y in zip(xs, ys)]
    return trials, [Reference(y.T[None], 0) for y in ys]


def interleaved(functions, repeats):
    """Least time of each function, called in turns, and what it returned."""
    best = {name: np.inf for name in functions}
    results = {}
    for _ in range(repeats):
        for name, function in functions.items():
            start = time.process_time()
            results[name] = function()
            best[name] = min(best[name], time.process_time() - start)
    return best, results


def peak_memory(function):
    """Most bytes that numpy held at once above those held before."""
    tracemalloc.start()
    function()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def mean_power(xs):
    """Variance of the EEG, averaged over channels."""
    x = np.concatenate(xs)
    return np.mean((x - x.mean(axis=0)) ** 2)


def print_row(label, best, difference, function):
    """One line of the table."""
    print(
        f"{label:38s} {best['ours']:8.4f} {best['theirs']:8.4f} "
        f"{best['theirs'] / best['ours']:7.1f} {difference:11.1e} "
        f"{peak_memory(function) / 2**20:9.0f}",
        flush=True,
    )


def cross_validation(label, n_trials, duration, n_channels, n_outputs, repeats):
    """Choice of alpha, leaving one trial out, beside mTRFpy."""
    from mtrf.model import TRF
    from mtrf.stats import pearsonr

    xs, ys = recordings(n_trials, duration, n_channels, n_outputs)
    trials, references = as_trials(xs, ys)
    n_times, n_valid = len(xs[0]), len(xs[0]) - LAST_LAG
    # Theirs adds lambda * fs to the mean over trials of the sum of products.
    lambdas = [alpha * mean_power(xs) * n_times / SFREQ for alpha in ALPHAS]

    def ours():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return decoder_of_trials("cv").fit(trials, references)

    def theirs():
        # Theirs pads the edges with zeros (zeropad=False fails in version 2.1.2);
        # both score the times whose lag window lies within the trial.
        model = TRF(
            direction=-1, metric=lambda y, p: pearsonr(y[:n_valid], p[:n_valid])
        )
        return model.train(
            ys, xs, SFREQ, TMIN, TMAX, lambdas, k=-1, seed=0, verbose=False
        )

    best, results = interleaved({"ours": ours, "theirs": theirs}, repeats)
    curve = results["ours"].cv_scores_.mean(axis=1)
    difference = np.max(np.abs(curve - results["theirs"]))
    print_row(label, best, difference, ours)
    assert difference < 0.01, difference


def beside_mne(n_trials, duration, n_channels, repeats):
    """One fit at one alpha and its prediction, beside MNE's ReceptiveField."""
    from mne.decoding import ReceptiveField

    xs, ys = recordings(n_trials, duration, n_channels, 1)
    trials, references = as_trials(xs, ys)
    # MNE takes trials of one length; its penalty is added to sums of products.
    x3, y3 = np.stack(xs, axis=1), np.stack(ys, axis=1)
    alpha = 1e-2
    penalty = alpha * mean_power(xs) * n_trials * (len(xs[0]) - LAST_LAG)

    def ours():
        return decoder_of_trials(alpha).fit(trials, references)

    def theirs():
        # A backward model looks at later EEG: lags are negative in their convention.
        model = ReceptiveField(
            -TMAX, -TMIN, SFREQ, estimator=penalty, scoring="corrcoef"
        )
        return model.fit(x3, y3)

    best, fitted = interleaved({"ours": ours, "theirs": theirs}, repeats)
    # Theirs pads with zeros at the edges, so that weights differ a little.
    a = fitted["ours"].coef_[0]
    b = np.asarray(fitted["theirs"].coef_).reshape(n_channels, LAST_LAG + 1)[:, ::-1]
    r = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    print_row("one fit, one alpha: ReceptiveField", best, 1 - r, ours)
    assert r > 0.99, r

    predict = {
        "ours": lambda: fitted["ours"].predict(trials),
        "theirs": lambda: fitted["theirs"].predict(x3),
    }
    best, found = interleaved(predict, 5 * repeats)
    a = np.stack([one[0] for one in found["ours"]], axis=1)
    r = np.corrcoef(a.ravel(), found["theirs"].reshape(a.shape).ravel())[0, 1]
    print_row("predict: ReceptiveField", best, 1 - r, predict["ours"])
    assert r > 0.99, r


def of_arrays(n_trials, duration, n_channels, repeats):
    """Fit and prediction of one long recording."""
    xs, ys = recordings(n_trials, duration, n_channels, 1)
    x, y = np.concatenate(xs), np.concatenate(ys)
    decoder = EnvelopeDecoder(alpha=1e-2).fit(x, y)
    functions = {
        "fit": lambda: decoder.fit(x, y),
        "predict": lambda: decoder.predict(x),
    }
    best, _ = interleaved(functions, repeats)
    print(
        f"one array: fit {best['fit']:.4f} s, predict {best['predict']:.4f} s, "
        f"predict / fit {best['predict'] / best['fit']:.3f}; peak memory of predict "
        f"{peak_memory(functions['predict']) / 2**20:.0f} MiB"
    )


def main(repeats=3):
    """Print the table of ratios."""
    import mne

    mne.set_log_level("error")
    print(
        f"{'task':38s} {'ours, s':>8s} {'theirs':>8s} {'ratio':>7s} "
        f"{'difference':>11s} {'peak, MiB':>9s}"
    )
    beside_mne(18, 15, 64, repeats)
    if find_spec("mtrf") is None:
        print("mTRFpy is not installed (pip install mtrf): its rows are left out")
    else:
        label = "18 x 15 s x 64 ch, 13 alphas: mTRFpy"
        cross_validation(label, 18, 15, 64, 1, repeats)
        label = "32 x 24 s x 20 ch, 24 outputs: mTRFpy"
        cross_validation(label, 32, 24, 20, 24, repeats)
    of_arrays(18, 15, 64, 5 * repeats)
