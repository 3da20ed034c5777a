"""Speed and memory of the decoder beside mTRFpy and MNE, equal results asserted.

Every pair is timed in one run, in turns; the least CPU time of several repeats counts,
which other work on the machine disturbs least. Set OMP_NUM_THREADS=1.
"""

import time
import tracemalloc
import warnings

import numpy as np

from sklearn_cnmf.decoding import EnvelopeDecoder
from sklearn_cnmf.decoding._fitting import fit_ridge
from sklearn_cnmf.decoding._lagged import lag_samples

SFREQ, TMIN, TMAX = 64.0, 0.0, 0.25
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


def cross_validation(label, n_trials, duration, n_channels, n_outputs, repeats):
    """Choice of alpha, leaving one trial out, beside mTRFpy."""
    from mtrf.model import TRF
    from mtrf.stats import pearsonr

    xs, ys = recordings(n_trials, duration, n_channels, n_outputs)
    lags = lag_samples(TMIN, TMAX, SFREQ)
    mean = np.concatenate(xs).mean(axis=0)
    variance = np.mean((np.concatenate(xs) - mean) ** 2)
    n_times, n_valid = len(xs[0]), len(xs[0]) - lags[-1]
    # Theirs adds lambda * fs to the mean over trials of the sum of products.
    lambdas = [alpha * variance * n_times / SFREQ for alpha in ALPHAS]

    def ours():
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            return fit_ridge(xs, ys, range(n_trials), lags, alpha="cv", alphas=ALPHAS)

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
    curve = results["ours"].cv_scores.mean(axis=1)
    difference = np.max(np.abs(curve - results["theirs"]))
    print(
        f"{label:38s} {best['ours']:8.3f} {best['theirs']:8.2f} "
        f"{best['theirs'] / best['ours']:7.1f} {difference:11.1e} "
        f"{peak_memory(ours) / 2**20:9.0f}",
        flush=True,
    )


def one_fit(n_trials, duration, n_channels, repeats):
    """One fit at one alpha beside MNE's ReceptiveField."""
    from mne.decoding import ReceptiveField

    xs, ys = recordings(n_trials, duration, n_channels, 1)
    lags = lag_samples(TMIN, TMAX, SFREQ)
    # MNE takes trials of one length; its penalty is added to sums of products.
    x3, y3 = np.stack(xs, axis=1), np.stack(ys, axis=1)
    mean = np.concatenate(xs).mean(axis=0)
    variance = np.mean((np.concatenate(xs) - mean) ** 2)
    alpha = 1e-2
    penalty = alpha * variance * n_trials * (len(xs[0]) - lags[-1])

    def ours():
        groups = range(n_trials)
        return fit_ridge(xs, ys, groups, lags, alpha=alpha, alphas=ALPHAS)

    def theirs():
        # A backward model looks at later EEG: lags are negative in their convention.
        model = ReceptiveField(
            -TMAX, -TMIN, SFREQ, estimator=penalty, scoring="corrcoef"
        )
        return model.fit(x3, y3)

    best, results = interleaved({"ours": ours, "theirs": theirs}, repeats)
    # Theirs pads with zeros at the edges, so that weights differ a little.
    a = results["ours"].coef[0]
    b = np.asarray(results["theirs"].coef_).reshape(n_channels, len(lags))[:, ::-1]
    r = np.corrcoef(a.ravel(), b.ravel())[0, 1]
    print(
        f"{'one fit, one alpha: MNE ReceptiveField':38s} {best['ours']:8.3f} "
        f"{best['theirs']:8.2f} {best['theirs'] / best['ours']:7.1f} {1 - r:11.1e} "
        f"{peak_memory(ours) / 2**20:9.0f}",
        flush=True,
    )
    assert r > 0.99, r


def prediction(n_trials, duration, n_channels, repeats):
    """Prediction of all trials beside a fit of them."""
    xs, ys = recordings(n_trials, duration, n_channels, 1)
    x, y = np.concatenate(xs), np.concatenate(ys)
    decoder = EnvelopeDecoder(alpha=1e-2)
    functions = {
        "fit": lambda: decoder.fit(x, y),
        "predict": lambda: decoder.predict(x),
    }
    decoder.fit(x, y)
    best, _ = interleaved(functions, repeats)
    print(
        f"fit {best['fit']:.4f} s, predict {best['predict']:.4f} s, "
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
    cross_validation("18 x 15 s x 64 ch, 13 alphas: mTRFpy", 18, 15, 64, 1, repeats)
    one_fit(18, 15, 64, repeats)
    cross_validation("32 x 24 s x 20 ch, 24 outputs: mTRFpy", 32, 24, 20, 24, repeats)
    prediction(18, 15, 64, 5 * repeats)
