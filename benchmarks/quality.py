"""How well the attended instrument is separated, by kind of guide and of spectra.

    python -m benchmarks.quality [--quick] [--tables NAME ...]

Example stems. "learned" spectra come from all other pieces. Guides are the true
envelope; the envelope with noise from 1 to 8 Hz added, so that it correlates by r;
reconstructions from simulated EEG at the documented level (decoders within subjects,
one piece left out, four repetitions); and, as a control, those of another trial. SDR,
SIR and SAR follow BSS Eval. Gains are SI-SDR above the mixture's, in dB, mean and
median over n trials. A piece is separated once, and its repetitions share the result.
"""

import argparse
import time
import warnings
from collections import defaultdict
from pathlib import Path

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks._quality_cases import (
    DEFAULT,
    decoded_guides,
    make_cases,
    noisy,
    settings,
    true_envelope,
)
from benchmarks._quality_figures import plot_gain_against_delta
from benchmarks._quality_rates import gains_at_rates
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.separation._grouping import attended_probabilities, sound_affinity
from sklearn_cnmf.separation._selection import guide_support
from sklearn_cnmf.separation._separation import candidate_envelopes, separate_from_start

R = (1.0, 0.5, 0.2, 0.1)
DELTAS = (0.0, 0.01, 0.03, 0.1, 0.3)
PUBLISHED_DELTAS = (0.003, 0.01, 0.03)
PUBLISHED_COMPONENTS = 16
FIGURE = Path(__file__).parent.parent / "docs" / "images" / "gain_against_delta.png"


def artificial_guide(case, attended, r):
    envelope = true_envelope(case.piece.stems[attended], case.piece.sfreq)
    seed = sum(case.piece.name.encode()) * 10 + attended
    return envelope if r == 1 else noisy(envelope, r, seed)


def choose(case, guide):
    """Index of the instrument that the guide supports best."""
    envelopes = candidate_envelopes(case.candidates, case.mixture.trial)
    return int(np.argmax(guide_support(guide, repeated(envelopes, guide.shape[1]))))


def repeated(envelopes, n_times):
    """Envelopes of a piece played over and over, on the exact clock."""
    count = round(n_times / envelopes.shape[1])
    period = n_times / count
    times = np.arange(n_times) % period
    own = np.arange(envelopes.shape[1])
    return np.stack([np.interp(times, own, row) for row in envelopes])


def split_blind(case, guide, n_repetitions=1):
    """Estimate from the mixture's own components, split by sound and guide."""
    A, W = case.blind(DEFAULT.n_components)
    hop = case.mixture.hop_length / case.piece.sfreq
    duration = case.piece.stems.shape[1] / case.piece.sfreq
    starts = np.arange(n_repetitions)[:, None] * duration
    times = (starts + np.arange(len(A)) * hop).ravel() * 64
    at_frames = np.stack([np.interp(times, np.arange(len(g)), g) for g in guide], 1)
    probabilities = attended_probabilities(
        np.tile(A, (n_repetitions, 1)), sound_affinity(W, case.piece.sfreq), at_frames
    )
    return probabilities


class Table:
    """Rows of gains, split by kind of piece."""

    def __init__(self):
        self.rows = defaultdict(lambda: defaultdict(list))
        self.levels = {}

    def add(self, row, case, attended, estimate, *, key, right=None, bss=True):
        piece = case.piece
        key = (piece.name, attended, *key)
        if key not in self.levels:
            levels = case.bss(attended, estimate) if bss else [np.nan] * 3
            self.levels[key] = [case.gain(attended, estimate), *levels]
        values = [*self.levels[key], np.nan if right is None else 100 * right]
        for kind in (piece.ensemble, *(["same rhythm"] if piece.same_rhythm else [])):
            self.rows[kind][row].append(values)

    def print(self, title):
        for kind, rows in self.rows.items():
            print(f"\n{title}: {kind}")
            print(
                f"{'':34s} {'gain':>6s} {'median':>6s} {'SDR':>6s} {'SIR':>6s} "
                f"{'SAR':>6s} {'right %':>7s} {'n':>5s}",
                flush=True,
            )
            for row, values in rows.items():
                values = np.array(values)
                gain, sdr, sir, sar, right = values.mean(axis=0)
                share = "" if np.isnan(right) else f"{right:7.1f}"
                print(
                    f"{row:34s} {gain:6.2f} {np.median(values[:, 0]):6.2f} {sdr:6.2f} "
                    f"{sir:6.2f} {sar:6.2f} {share:>7s} {len(values):5d}",
                    flush=True,
                )


def learned_table(cases, decoded):
    table = Table()
    rng = np.random.default_rng(0)
    for case in cases:
        for attended in range(len(case.piece.stems)):
            mixture = case.piece.mixture
            table.add("mixture", case, attended, mixture, key=("mixture",))
            mask = case.ratio_mask(attended)
            table.add("ideal ratio mask", case, attended, mask, key=("mask",))
            choices = [("right instrument given", attended)]
            for r in R:
                guide = artificial_guide(case, attended, r)
                choices.append((f"guide of r = {r:g}", choose(case, guide)))
            chance = int(rng.integers(len(case.piece.stems)))
            choices.append(("random choice", chance))
            for guide, other, truth in decoded_for(case, attended, decoded):
                reference = int(np.argmax(guide_support(guide, truth)))
                choices.append(("decoded, true references", reference))
                choices.append(("decoded from simulated EEG", choose(case, guide)))
                choices.append(("EEG of another trial", choose(case, other)))
            for row, chosen in choices:
                table.add(
                    row,
                    case,
                    attended,
                    case.candidates[chosen],
                    key=("learned", chosen),
                    right=chosen == attended,
                )
    table.print("Learned spectra, delta = 0")


def decoded_for(case, attended, decoded):
    """Yield guide, a guide from another piece's trial, and true envelopes."""
    others = [guide for name, _, guide, _ in decoded if name != case.piece.name]
    number = 13 * attended
    for name, target, guide, truth in decoded:
        if (name, target) == (case.piece.name, attended):
            number += 7
            other = others[number % len(others)]
            onto = np.linspace(0, other.shape[1] - 1, guide.shape[1])
            moved = [np.interp(onto, np.arange(len(row)), row) for row in other]
            yield guide, np.array(moved), truth


def blind_table(cases, decoded):
    table = Table()
    for case in cases:
        owner = case.oracle_owner(DEFAULT.n_components)
        A, W = case.blind(DEFAULT.n_components)
        for attended in range(len(case.piece.stems)):
            splits = [("oracle grouping", owner == attended)]
            for r in R:
                guide = artificial_guide(case, attended, r)
                splits.append((f"guide of r = {r:g}", split_blind(case, guide)))
            own = list(decoded_for(case, attended, decoded))[:4]
            for guide, other, _ in own:
                splits.append(
                    ("decoded from simulated EEG", split_blind(case, guide, 4))
                )
                splits.append(("EEG of another trial", split_blind(case, other, 4)))
            for number, (row, split) in enumerate(splits):
                estimate = case.mixture.waveform(A, W, split, DEFAULT.mask_power)
                table.add(row, case, attended, estimate, key=("blind", number))
            for r in R[:2]:
                mixture = case.guided(artificial_guide(case, attended, r))
                for delta in PUBLISHED_DELTAS:
                    estimate, _ = separate_from_start(
                        mixture,
                        PUBLISHED_COMPONENTS,
                        PUBLISHED_COMPONENTS // 2,
                        settings(
                            solver="published", contrast="components", delta=delta
                        ),
                        init="random",
                        rng=np.random.RandomState(0),
                    )
                    table.add(
                        f"published, delta {delta:g}, r = {r:g}",
                        case,
                        attended,
                        estimate,
                        key=("published", delta, r),
                        bss=False,
                    )
    table.print("Blind, delta = 0 unless published")


def delta_table(cases):
    gains = defaultdict(list)
    for case in cases:
        for attended in range(len(case.piece.stems)):
            for r in R:
                guide = artificial_guide(case, attended, r)
                mixture = case.guided(guide)
                chosen = choose(case, guide)
                A, W, owner = case.learned
                blind_A, blind_W = case.blind(DEFAULT.n_components)
                split = split_blind(case, guide)
                starts = {
                    "learned": (A, W, owner == chosen, owner == chosen, True),
                    "blind": (blind_A, blind_W, split > 0.5, split, False),
                }
                for kind, (A, W, follow, share, fixed) in starts.items():
                    for contrast in ("group", "components"):
                        for delta in DELTAS:
                            a, w = A, W
                            if delta > 0:
                                options = settings(delta=delta, contrast=contrast)
                                a, w, _, _ = mixture.factorize(
                                    A, W, follow, options, fixed=fixed
                                )
                            estimate = mixture.waveform(a, w, share, DEFAULT.mask_power)
                            key = (kind, contrast, r)
                            gain = case.gain(attended, estimate)
                            gains[key, delta].append(gain)
    curves = {}
    print(f"\nSI-SDR gain against delta, mean of {len(gain_list(gains))} duo targets")
    print(f"{'':30s}" + "".join(f"{delta:>8g}" for delta in DELTAS))
    for key in dict.fromkeys(key for key, _ in gains):
        curves[key] = [np.mean(gains[key, delta]) for delta in DELTAS]
        kind, contrast, r = key
        row = "".join(f"{gain:8.2f}" for gain in curves[key])
        print(f"{kind:8s} {contrast:11s} r = {r:<4g} {row}")
    plot_gain_against_delta(curves, DELTAS, FIGURE)


def gain_list(gains):
    return next(iter(gains.values()))


def rates_table(pieces, tested):
    print("\nSame pieces at other sampling rates, learned, true envelope")
    for sfreq, gains in gains_at_rates(pieces, tested, (22050, 44100, 48000)):
        print(f"{sfreq:6d} Hz: {np.mean(gains):6.2f} dB, n = {len(gains)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a third of the pieces")
    parser.add_argument("--subjects", type=int, default=9)
    parser.add_argument(
        "--tables",
        nargs="+",
        default=["learned", "blind", "delta", "rates"],
        choices=["learned", "blind", "delta", "rates"],
    )
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    # A weak response is decoded equally well by all large penalties.
    warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
    start = time.perf_counter()
    pieces = load_example_stems()
    duos = [piece for piece in pieces if piece.ensemble == "duo"]
    tested = duos[::3] if options.quick else pieces
    cases = make_cases(pieces, tested)
    in_duos = [case for case in cases if case.piece.ensemble == "duo"]
    decoded = []
    if {"learned", "blind"} & set(options.tables):
        decoded = decoded_guides(duos, 1 if options.quick else options.subjects, 0)
    if "learned" in options.tables:
        learned_table(cases, decoded)
    if "blind" in options.tables:
        blind_table(in_duos, decoded)
    if "delta" in options.tables:
        delta_table(in_duos)
    if "rates" in options.tables:
        rates_table(pieces, duos[:1] if options.quick else duos[::3])
    print(f"\n# {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
