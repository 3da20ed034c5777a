"""Time per iteration of the factorisation beside other ways of the same work.

    python -m benchmarks.factorization [--quick]

Each row compares pairs that take turns in one run; the figure is the best of several
rounds. The published rule is written in plain NumPy as a textbook would, its cost
trace included; scikit-learn's NMF is the multiplicative rule for the Kullback-Leibler
divergence, without a trace. The bound is the time of the four matrix products of an
iteration, done at once for the whole matrix in the same precision. Random input.
"""

import argparse
import time
import tracemalloc
import warnings

import numpy as np
from sklearn.decomposition import non_negative_factorization

from sklearn_cnmf.separation import contrastive_nmf

SIZES = {
    "513 x 2067 x 16": (513, 2067, 16),
    "2049 x 517 x 48": (2049, 517, 48),
    "1025 x 100000 x 16": (1025, 100_000, 16),
}


def published_in_plain_numpy(V, W, H, S, n_attended, delta, n_iter):
    """Columns are frames here, as in the paper; returns the trace of the cost."""
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
    return trace


def matrix_products(X, A, W):
    np.matmul(A, W)
    np.matmul(X, W.T)
    np.matmul(A, W)
    np.matmul(A.T, X)


def per_iteration(run, n_short, n_long):
    """Seconds per iteration, set-up excluded by the difference of two lengths."""
    times = []
    for n_iter in (n_short, n_long):
        start = time.perf_counter()
        run(n_iter)
        times.append(time.perf_counter() - start)
    return (times[1] - times[0]) / (n_long - n_short)


def best_of(runs, rounds, n_short, n_long):
    """Best seconds per iteration of each run, all taking turns."""
    best = dict.fromkeys(runs, np.inf)
    for _ in range(rounds):
        for name, run in runs.items():
            best[name] = min(best[name], per_iteration(run, n_short, n_long))
    return best


def compare(size, dtype, rounds, n_short, n_long):
    n_bins, n_frames, k = size
    rng = np.random.default_rng(0)
    X = rng.gamma(0.5, size=(n_frames, n_bins)).astype(dtype) + dtype(1e-6)
    A = rng.uniform(0.1, 1, (n_frames, k)).astype(dtype)
    W = rng.uniform(0.1, 1, (k, n_bins)).astype(dtype)
    guide = rng.random((n_frames, 1)).astype(dtype)
    S = (guide / np.linalg.norm(guide)).T
    start = {"activations": A, "components": W, "tol": 0}
    transposed = np.ascontiguousarray(X.T, dtype=np.float64)

    def ours(delta, solver):
        return lambda n: contrastive_nmf(
            X, guide=guide, delta=delta, solver=solver, max_iter=n, **start
        )

    def scikit_learn(n):
        non_negative_factorization(
            X, W=A.copy(), H=W.copy(), n_components=k, init="custom", solver="mu",
            beta_loss="kullback-leibler", max_iter=n, tol=0,
        )  # fmt: skip

    def published(n):
        published_in_plain_numpy(
            transposed, W.T.astype(float), A.T.astype(float), S.astype(float),
            k // 2, 0.01 * transposed.sum(), n,
        )  # fmt: skip

    def bound(n):
        for _ in range(n):
            matrix_products(X, A, W)

    runs = {
        "ours, delta = 0.01": ours(0.01, "plain"),
        "ours, delta = 0": ours(0.0, "plain"),
        "ours, delta = 0.01, extrapolated": ours(0.01, "mu"),
        "scikit-learn, delta = 0": scikit_learn,
        "published in NumPy, float64": published,
        "four matrix products": bound,
    }
    seconds = best_of(runs, rounds, n_short, n_long)
    tracemalloc.start()
    ours(0.01, "mu")(3)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    mine = seconds["ours, delta = 0.01"]
    for name, value in seconds.items():
        print(f"    {name:34s} {1e3 * value:9.2f} ms")
    print(
        f"    published / ours {seconds['published in NumPy, float64'] / mine:.1f}, "
        f"scikit-learn / ours at 0 "
        f"{seconds['scikit-learn, delta = 0'] / seconds['ours, delta = 0']:.1f}, "
        f"share of the bound {seconds['four matrix products'] / mine:.2f}, "
        f"extra memory / X {peak / X.nbytes:.2f}"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--quick", action="store_true", help="the first size alone")
    quick = parser.parse_args().quick
    warnings.simplefilter("ignore")
    for name, size in list(SIZES.items())[: 1 if quick else None]:
        large = size[1] > 10_000
        for dtype in (np.float64, np.float32):
            print(f"{name}, {dtype.__name__}: per iteration")
            compare(size, dtype, 1 if large else 5, 1, 3 if large else 11)


if __name__ == "__main__":
    main()
