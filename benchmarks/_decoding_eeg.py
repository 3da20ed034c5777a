"""How well the envelope of speech is decoded from real EEG.

python -m benchmarks.decoding eeg
"""

import numpy as np

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial

SFREQ = 64.0
WINDOW = 10.0
PARTS = (1, 3, 4)


def heard(audio, sfreq, times):
    """The recording comes with the envelope alone, which stands in for the audio."""
    return audio[None]


def trials_of(data):
    """Three trials of 30 s from each part of 90 s, and the part of each."""
    trials, references, parts = [], [], []
    for part in PARTS:
        eeg = np.array_split(data[f"eeg_{part}"] * data["scale_uV"], 3, axis=1)
        envelopes = np.array_split(data[f"env_{part}"].astype(np.float64), 3)
        for number, (x, envelope) in enumerate(zip(eeg, envelopes)):
            stimulus = f"{part}.{number}"
            trials.append(Trial(x, SFREQ, envelope, SFREQ, stimulus=stimulus))
            references.append(Reference(envelope[None], 0))
            parts.append(part)
    return trials, references, np.array(parts)


def reconstruct(data, tmax=0.3):
    """Held-out reconstruction and envelope of each part, and the penalties."""
    trials, references, parts = trials_of(data)
    found, alphas = [], []
    for part in PARTS:
        kept = np.flatnonzero(parts != part)
        decoder = EnvelopeDecoder(
            tmax=tmax,
            feature=heard,
            alphas=tuple(10.0 ** np.arange(-4, 4.1, 0.5)),
            l_freq=None,
            h_freq=None,
        ).fit([trials[i] for i in kept], [references[i] for i in kept])
        own = [trial for trial, p in zip(trials, parts) if p == part]
        found.append(np.concatenate([guide[0] for guide in decoder.predict(own)]))
        alphas.append(decoder.alpha_)
    return found, [data[f"env_{part}"].astype(np.float64) for part in PARTS], alphas


def circular_correlations(a, b):
    """Pearson r of `a` with every circular shift of `b`."""
    a, b = ((c - c.mean()) / c.std() for c in (a, b))
    spectrum = np.fft.rfft(a) * np.fft.rfft(b).conj()
    return np.fft.irfft(spectrum, len(a)) / len(a)


def window_correlations(a, b, window):
    """Pearson r of every window of `a` with every window of `b`."""
    n = round(window * SFREQ)
    cut = [c[: len(c) // n * n].reshape(-1, n) for c in (a, b)]
    cut = [c - c.mean(axis=1, keepdims=True) for c in cut]
    cut = [c / np.linalg.norm(c, axis=1, keepdims=True) for c in cut]
    return cut[0] @ cut[1].T


def share_matched(tables):
    """Share of pairs in which the own window matches better than another one."""
    shares = []
    for r in tables:
        own = np.diag(r)[:, None]
        shares.append(np.sum(own > r) / (len(r) * (len(r) - 1)))
    return float(np.mean(shares))


def main(data, n_permutations=9999, seed=0):
    """Print mean r and the share of matches, with permutation p values."""
    rng = np.random.default_rng(seed)
    found, envelopes, alphas = reconstruct(data)
    curves = [circular_correlations(a, b) for a, b in zip(found, envelopes)]
    observed = np.mean([curve[0] for curve in curves])
    # Envelopes shifted against the reconstruction by 10 s at least, each on its own.
    far = round(WINDOW * SFREQ)
    null = np.mean(
        [rng.choice(curve[far:-far], n_permutations) for curve in curves], axis=0
    )
    p = (1 + np.sum(null >= observed)) / (1 + n_permutations)
    each = ", ".join(f"{curve[0]:.3f}" for curve in curves)
    print(
        f"mean r {observed:.3f} ({each}), p = {p:.4f} "
        f"({n_permutations} circular shifts, largest {null.max():.3f}); "
        f"alpha {', '.join(f'{alpha:.3g}' for alpha in alphas)}"
    )
    tables = [window_correlations(a, b, WINDOW) for a, b in zip(found, envelopes)]
    observed = share_matched(tables)
    null = np.array(
        [
            share_matched([r[:, rng.permutation(len(r))] for r in tables])
            for _ in range(n_permutations)
        ]
    )
    p = (1 + np.sum(null >= observed)) / (1 + n_permutations)
    n_pairs = sum(len(r) * (len(r) - 1) for r in tables)
    print(
        f"match versus mismatch in {WINDOW:g} s windows: {observed:.3f} of {n_pairs} "
        f"pairs, p = {p:.4f} ({n_permutations} permutations of the windows, largest "
        f"{null.max():.3f})"
    )
