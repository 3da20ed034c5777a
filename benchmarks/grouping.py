"""What the constants of grouping are worth: the table beside them.

    python -m benchmarks.grouping [--stems FOLDER] [--pairs N]

SI-SDR gain over the mixture in dB with ``dictionary="blind"``, mean over n attended
sources, one constant changed at a time, on two kinds of audio that share nothing: the
example duos, and pairs of stems of recorded songs (`benchmarks.contrast`). Guides are
the attended envelope, with noise from 1 to 8 Hz so that both correlate by r. A
mixture is factorised once.
"""

import argparse
import time
from pathlib import Path

import numpy as np

from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation import _grouping, contrastive_nmf
from sklearn_cnmf.separation._stft import stft_size

from ._quality_cases import DEFAULT, N_COMPONENTS, Mixture, envelope_of, noisy
from .contrast import GUIDE_SFREQ, stem_cases

R = (1.0, 0.5, 0.2)
CHANGES = {
    "_SOUND": (0.0, 1.2, 2.4, 4.8, 14.4),
    "_TRUST": (0.25, 0.5, 0.7, 1.0),
    "_ENVELOPE_POWER": (0.4, 0.6, 1.0),
    "_CEPSTRUM": (slice(1, 4), slice(1, 5), slice(1, 8), slice(1, 13)),
    "_N_STARTS": (1, 3, 6),
}


def factorised(stems, sfreq, name):
    """Mixture, its own components, and a guide of each quality to each source."""
    mixture = Mixture(stems.sum(axis=0), sfreq, stft_size(DEFAULT.window, sfreq))
    found = contrastive_nmf(
        mixture.magnitudes, N_COMPONENTS, delta=0.0, max_iter=100, random_state=0
    )
    n_times = int(stems.shape[1] / sfreq * GUIDE_SFREQ)
    guides = [
        {
            r: noisy(envelope_of(stem, sfreq, n_times), r, sum(map(ord, name)) + i)
            for r in R
        }
        for i, stem in enumerate(stems)
    ]
    return mixture, (found.activations, found.components), stems, guides


def gains(cases):
    """Mean gain for each r, with the constants as they are."""
    rows = []
    for mixture, factors, stems, guides in cases:
        for stem, of_stem in zip(stems, guides):
            before = si_sdr(stem, mixture.audio)
            row = []
            for r in R:
                split = mixture.split(*factors, of_stem[r])
                row.append(si_sdr(stem, mixture.share(*factors, split)) - before)
            rows.append(row)
    return np.mean(rows, axis=0), len(rows)


def table(title, cases):
    header = "".join(f"   r = {r:<4g}" for r in R)
    print(f"\n{title}, n = {gains(cases)[1]}\n{'':32s}{header}")
    for name, values in CHANGES.items():
        default = getattr(_grouping, name)
        for value in values:
            setattr(_grouping, name, value)
            row = "".join(f"{gain:11.2f}" for gain in gains(cases)[0])
            mark = "*" if value == default else ""
            shown = value.stop - 1 if isinstance(value, slice) else value
            print(f"{name:18s} {shown!s:>8s} {mark:4s}{row}", flush=True)
        setattr(_grouping, name, default)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--stems", type=Path, help="folder of recorded stems")
    parser.add_argument("--pairs", type=int, default=12, help="mixtures of each kind")
    options = parser.parse_args()
    start = time.perf_counter()
    duos = load_example_stems(ensemble="duo")[: options.pairs]
    table("Example duos", [factorised(p.stems, p.sfreq, p.name) for p in duos])
    if options.stems is not None:
        cases = [
            factorised(stems, trial.audio_sfreq, trial.stimulus)
            for trial, stems, _ in stem_cases(options.stems, options.pairs)
        ]
        table("Recorded songs", cases)
    print(f"\n# {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
