"""Time of the factorisation beside other ways of the same work.

    python -m benchmarks.factorization [--quick]

Whole runs of a fixed number of iterations from one random start: on real spectra (an
example duo, its frames repeated and its bins cut to the size asked for) and on random
data. All take turns; the least time of several rounds counts. The published rule is
written in plain NumPy as a textbook would, its cost trace included, in float64;
scikit-learn's NMF is the multiplicative rule for the Kullback-Leibler divergence,
without a trace. The bound is the time of the four matrix products of an iteration, done
at once for the whole matrix in the same precision. "divergence" is that of the result
relative to the sum of X: what the iterations achieved.

Then the same with known spectra, which is what prediction does: seconds until the
divergence is within 1e-4 of the least there is, beside scikit-learn's rule with
`update_H=False`. Spectra are those of the other example duos, as played and transposed.
All of it takes as many threads as BLAS is allowed (OPENBLAS_NUM_THREADS).
"""

import argparse
import time
import tracemalloc
import warnings

import librosa
import numpy as np
from sklearn.decomposition import non_negative_factorization

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.separation import contrastive_nmf, kl_divergence
from sklearn_cnmf.separation._dictionary import with_transpositions
from sklearn_cnmf.signals import audio_envelope

# Name, (bins, frames, components), iterations of a run, rounds.
SIZES = (
    ("513 x 2067 x 16", (513, 2067, 16), 100, 3),
    ("2049 x 517 x 48", (2049, 517, 48), 100, 3),
    ("1025 x 100000 x 16", (1025, 100_000, 16), 5, 1),
)
KNOWN = (2049, 517)
WITHIN = 1e-4
DELTA = 0.01
WINDOW, HOP = 4096, 1024
# What is divided by must not be zero in the published rule.
FLOOR = 1e-6


def real_data(n_bins, n_frames):
    """Magnitudes of a duo and the envelope of one of its instruments."""
    piece = load_example_stems(ensemble="duo")[0]
    stft = librosa.stft(piece.mixture, n_fft=WINDOW, hop_length=HOP)
    X = np.abs(stft[:n_bins]).T.astype(np.float64)
    times = np.arange(len(X)) * HOP / piece.sfreq
    guide = audio_envelope(piece.stems[0], piece.sfreq, times).T
    rows = np.arange(n_frames) % len(X)
    return X[rows] + FLOOR * X.max(), guide[rows]


def random_data(n_bins, n_frames):
    """Sparse random magnitudes and a random guide."""
    rng = np.random.default_rng(0)
    X = rng.gamma(0.5, size=(n_frames, n_bins))
    return X + FLOOR, rng.random((n_frames, 1))


def published_in_plain_numpy(V, W, H, S, n_attended, delta, n_iter):
    """Columns are frames here, as in the paper; returns W, H and the cost's trace."""
    trace = []
    for _ in range(n_iter):
        numerator = W.T @ (V / (W @ H))
        denominator = np.repeat(W.sum(0)[:, None], H.shape[1], axis=1)
        pull = delta * (H @ S.T) @ S
        numerator[:n_attended] += pull[:n_attended]
        denominator[n_attended:] += pull[n_attended:]
        H = np.maximum(H * numerator / denominator, 1e-9)
        norms = np.linalg.norm(H, axis=1)
        H, W = H / norms[:, None], W * norms
        W = W * ((V / (W @ H)) @ H.T) / H.sum(1)
        model = W @ H
        fit = np.sum(V * np.log(V / model) - V + model)
        support = np.sum((H @ S.T) ** 2, axis=1)
        trace.append(
            fit - delta * (support[:n_attended].sum() - support[n_attended:].sum())
        )
    return W, H, trace


def matrix_products(X, A, W):
    np.matmul(A, W)
    np.matmul(X, W.T)
    np.matmul(A, W)
    np.matmul(A.T, X)


def interleaved(runs, rounds):
    """Least seconds of each run, all taking turns, and the factors it returned."""
    best, factors = dict.fromkeys(runs, np.inf), {}
    for _ in range(rounds):
        for name, run in runs.items():
            start = time.perf_counter()
            factors[name] = run()
            best[name] = min(best[name], time.perf_counter() - start)
    return best, factors


def compare(data, size, dtype, n_iter, rounds):
    n_bins, n_frames, k = size
    X, guide = data(n_bins, n_frames)
    X, guide = X.astype(dtype), guide.astype(dtype)
    rng = np.random.default_rng(1)
    A = rng.uniform(0.1, 1, (n_frames, k)).astype(dtype)
    W = rng.uniform(0.1, 1, (k, n_bins)).astype(dtype)
    W *= X.mean() / np.mean(A @ W[:, :1])
    S = (guide / np.linalg.norm(guide)).T.astype(np.float64)
    transposed = np.ascontiguousarray(X.T, dtype=np.float64)

    def ours(delta, contrast="components", max_iter=n_iter):
        def run():
            result = contrastive_nmf(
                X, guide=guide, delta=delta, contrast=contrast, max_iter=max_iter,
                activations=A, components=W, tol=0,
            )  # fmt: skip
            return result.activations, result.components

        return run

    def scikit_learn():
        return non_negative_factorization(
            X, W=A.copy(), H=W.copy(), n_components=k, init="custom", solver="mu",
            beta_loss="kullback-leibler", max_iter=n_iter, tol=0,
        )[:2]  # fmt: skip

    def published():
        found, H, _ = published_in_plain_numpy(
            transposed, W.T.astype(float), A.T.astype(float), S,
            k // 2, DELTA * transposed.sum(), n_iter,
        )  # fmt: skip
        return H.T, found.T

    def bound():
        for _ in range(n_iter):
            matrix_products(X, A, W)

    runs = {
        f"ours, delta = {DELTA}, components": ours(DELTA),
        f"ours, delta = {DELTA}, group": ours(DELTA, "group"),
        "ours, delta = 0": ours(0.0),
        "scikit-learn, delta = 0": scikit_learn,
        "published in NumPy, float64": published,
        "four matrix products": bound,
    }
    seconds, factors = interleaved(runs, rounds)
    tracemalloc.start()
    ours(DELTA, max_iter=3)()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    total = X.sum(dtype=np.float64)
    for name, value in seconds.items():
        reached = ""
        if factors[name] is not None:
            found, spectra = factors[name]
            reached = f"divergence {kl_divergence(X, found @ spectra) / total:.4f}"
        print(f"    {name:32s} {1e3 * value / n_iter:9.2f} ms  {reached}")
    components, group, without, theirs, rule, least = seconds.values()
    print(
        f"    published / ours {rule / components:.1f}, "
        f"published / ours by group {rule / group:.1f}, "
        f"scikit-learn / ours at 0 {theirs / without:.1f}, "
        f"share of the bound {least / components:.2f}, "
        f"extra memory / X {peak / X.nbytes:.2f}",
        flush=True,
    )


def known_spectra():
    """Spectra of the instruments of the first duo, learned from all others."""
    first, *others = load_example_stems(ensemble="duo")
    wanted = set(first.instruments)
    trials, references = [], []
    for piece in others:
        for name, stem in zip(piece.instruments, piece.stems):
            if name in wanted:
                eeg = np.zeros((1, int(len(stem) / piece.sfreq * 64)))
                trials.append(Trial(eeg, 64.0, stem, piece.sfreq, instruments=(name,)))
                references.append(Reference(stem[None], 0))
    window = WINDOW / first.sfreq
    model = ContrastiveNMF(48, window=window, random_state=0).fit(trials, references)
    played = [model.spectra_[name] for name in first.instruments]
    transposed = [with_transpositions(own, 2)[0] for own in played]
    return {"as played": np.vstack(played), "transposed": np.vstack(transposed)}


def compare_known(X, W):
    """Print seconds to near the least divergence, ours and scikit-learn's."""
    X, W = X.astype(np.float32), W.astype(np.float32)
    n_frames, k = len(X), len(W)
    A = np.repeat(X.sum(1, keepdims=True) / k, k, axis=1) / W.sum(1)

    def ours(X, n_iter):
        return contrastive_nmf(
            X, components=W, activations=A, fixed=np.ones(k, dtype=bool), delta=0.0,
            max_iter=n_iter, tol=0,
        )  # fmt: skip

    def theirs(n_iter):
        return non_negative_factorization(
            X, W=A.copy(), H=W, n_components=k, init="custom", update_H=False,
            solver="mu", beta_loss="kullback-leibler", max_iter=n_iter, tol=0,
        )[0]  # fmt: skip

    least = ours(X.astype(np.float64), 2000).objective[-1]
    start = time.perf_counter()
    found = ours(X, 200)
    per_iteration = (time.perf_counter() - start) / found.n_iter
    needed = int(np.argmax(found.objective <= least + WITHIN))
    total = X.sum(dtype=np.float64)
    for n_iter in (50, 100, 200, 400, 800, 1600):
        start = time.perf_counter()
        activations = theirs(n_iter)
        seconds = time.perf_counter() - start
        if kl_divergence(X, activations @ W) / total <= least + WITHIN:
            break
    mine = needed * per_iteration
    print(
        f"    {n_frames} frames, {k} spectra: ours {needed} iterations, {mine:.2f} s; "
        f"scikit-learn up to {n_iter}, {seconds:.2f} s; ratio {seconds / mine:.1f}",
        flush=True,
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the first size alone")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    real = SIZES[: 1 if quick else None]
    kinds = ("real spectra", real_data, real), ("random data", random_data, SIZES[:1])
    for title, data, sizes in kinds:
        for name, size, n_iter, rounds in sizes:
            for dtype in (np.float64, np.float32):
                print(
                    f"{title}, {name}, {dtype.__name__}: per iteration of a run of "
                    f"{n_iter}"
                )
                compare(data, size, dtype, n_iter, rounds)
    print(f"real spectra, float32, known components, to within {WITHIN:g} of the least")
    X, _ = real_data(*KNOWN)
    for name, W in known_spectra().items():
        print(f"  {name}")
        compare_known(X, W)


if __name__ == "__main__":
    main()
