"""How well the attended instrument is separated, by kind of guide and of spectra.

    python -m benchmarks.quality [--quick] [--tables NAME ...] [--sets NAME ...]

Two sets of stems that share nothing but some scores: the example stems, and the harder
set (`benchmarks._hard_stems`; it is rendered on first use, which takes fluidsynth and
two sound fonts). "learned" spectra come from all other pieces of a set, of "transfer"
from the other set, and of "unknown" for one instrument of two alone. Guides are the
true envelope; the envelope with noise from 1 to 8 Hz added, so that it correlates by
r; reconstructions from simulated EEG at the documented level (decoders within
subjects, one piece left out, four repetitions); and, as a control, those of another
trial. SDR, SIR and SAR follow BSS Eval. Gains are SI-SDR above the mixture's, in dB:
mean, median and 10th percentile over n trials. A mixture is factorised once without
contrast, with learned and with its own spectra, and all guides and repetitions share
the result.

"harmonic" tracks voices without references, and tells apart pieces of melodic
instruments alone, which suit it, from all others. Gains of each source are of its own
voice, beside learned spectra and the mixture's own components in oracle groups;
"explained" is that of `Separation`. Noise is drawn ten times for each source and r.
Soft answers weigh the voices by their probabilities, with the weight of a listener of
such guides by the prior, and with that of noise of its band.

"harmonic-limits" needs no stems: synthetic duos, one difficulty at a time
(`benchmarks._voice_limits`).
"""

import argparse
import tempfile
import time
import warnings
from collections import defaultdict
from dataclasses import replace

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks._hard_stems import load_hard_stems
from benchmarks._quality_cases import (
    Case,
    decoded_guides,
    make_cases,
    make_voices_cases,
    noisy,
)
from benchmarks._quality_rates import gains_at_rates
from benchmarks._voice_limits import N_DUOS, print_limits
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.separation import MisfitWarning

R = (1.0, 0.5, 0.2, 0.1)
# Tables of sets of stems, and one of synthetic duos.
LIMITS = "harmonic-limits"
OF_SETS = ("learned", "transfer", "unknown", "blind", "harmonic", "rates", "stereo")
TABLES = (*OF_SETS, LIMITS)
SETS = {"example": load_example_stems, "hard": load_hard_stems}
# Share of the first source in the left channel, of the second in the right.
PANS = (0.5, 0.6, 0.7, 0.8, 0.98)
PUBLISHED_DELTAS = (0.003, 0.01, 0.03)
PUBLISHED_COMPONENTS = 16
MELODIC = {"violin", "clarinet", "flute", "cello", "trumpet"}
DRAWS = 10
# Log-odds per second and unit of Fisher z. A listener has the prior slope of one, times
# a rate of z / 0.17 from 0.3 to 3 (`EnvelopeDecoder`). Noise of 7 Hz has 14 independent
# samples a second.
WEIGHTS = {
    "listener": lambda r: np.clip(np.arctanh(r) / 0.17, 0.3, 3.0),
    "noise": lambda r: 14 * r / (1 - r**2),
}


def artificial_guide(case, attended, r, draw=0):
    envelope = case.true_envelope(attended)
    seed = sum(case.piece.name.encode()) * 10 + attended + 100_000 * draw
    return envelope if r == 1 else noisy(envelope, r, seed)


class Table:
    """Rows of gains, split by kind of piece."""

    def __init__(self):
        self.rows = defaultdict(lambda: defaultdict(list))

    def add(self, case, attended, entries):
        """Add the entries of one attended instrument.

        Parameters
        ----------
        case : Case
            The piece.
        attended : int
            The attended instrument.
        entries : list of (row, estimate, right)
            An estimate that occurs again is scored once. `right` is None where
            nothing is chosen.
        """
        distinct = {id(estimate): estimate for _, estimate, _ in entries}
        levels = case.levels(attended, list(distinct.values()))
        levels = dict(zip(distinct, levels))
        piece = case.piece
        for row, estimate, right in entries:
            share = np.nan if right is None else 100 * right
            values = [*levels[id(estimate)], share]
            kinds = [piece.ensemble, *(["same rhythm"] if piece.same_rhythm else [])]
            for kind in kinds:
                self.rows[kind][row].append(values)

    def print(self, title):
        for kind, rows in self.rows.items():
            print(f"\n{title}: {kind}")
            print(
                f"{'':34s} {'gain':>6s} {'median':>6s} {'10 %':>6s} {'SDR':>6s} "
                f"{'SIR':>6s} {'SAR':>6s} {'right %':>7s} {'n':>5s}",
                flush=True,
            )
            for row, values in rows.items():
                values = np.array(values)
                gain, sdr, sir, sar, right = values.mean(axis=0)
                share = "" if np.isnan(right) else f"{right:7.1f}"
                print(
                    f"{row:34s} {gain:6.2f} {np.median(values[:, 0]):6.2f} "
                    f"{np.percentile(values[:, 0], 10):6.2f} {sdr:6.2f} {sir:6.2f} "
                    f"{sar:6.2f} {share:>7s} {len(values):5d}",
                    flush=True,
                )


def learned_table(title, cases, decoded):
    table = Table()
    rng = np.random.default_rng(0)
    for case in cases:
        for attended in range(len(case.piece.stems)):
            choices = [("right instrument given", attended)]
            for r in R:
                guide = artificial_guide(case, attended, r)
                choices.append((f"guide of r = {r:g}", case.choose(guide)))
            chance = int(rng.integers(len(case.piece.stems)))
            choices.append(("random choice", chance))
            for guide, other in decoded_for(case, attended, decoded):
                reference = case.choose(guide, "true")
                choices.append(("decoded, true references", reference))
                choices.append(("decoded from simulated EEG", case.choose(guide)))
                choices.append(("EEG of another trial", case.choose(other)))
            entries = [
                ("mixture", case.piece.mixture, None),
                ("ideal ratio mask", case.ratio_mask(attended), None),
            ]
            entries += [
                (row, case.candidates[chosen], chosen == attended)
                for row, chosen in choices
            ]
            table.add(case, attended, entries)
    table.print(f"{title}, learned spectra, delta = 0")


def misfit_table(title, cases):
    """Gains with the right instrument given, and how badly mixtures are explained."""
    print(f"\n{title}, right instrument given: SI-SDR gain, and misfit of the mixture")
    gains, misfits = [], []
    for case in cases:
        own = [case.gain(i, c) for i, c in enumerate(case.candidates)]
        misfit = case.learned.misfit
        misfits.append(np.nan if misfit is None else misfit)
        gains.append(own)
        row = " ".join(f"{gain:6.2f}" for gain in own)
        print(f"{case.piece.name:20s} {misfits[-1]:6.1f}  {row}", flush=True)
    gains = np.concatenate(gains)
    print(
        f"mean {gains.mean():.2f}, median {np.median(gains):.2f}, 10 % "
        f"{np.percentile(gains, 10):.2f}, n = {len(gains)}; median misfit "
        f"{np.median(misfits):.1f}",
        flush=True,
    )


def unknown_table(title, pieces, tested, memory):
    """Gains where one instrument of two was never learned."""
    gains = {"known": [], "unknown": []}
    for piece in tested:
        for unknown, name in enumerate(piece.instruments):
            for case in make_cases(pieces, [piece], memory, but=name):
                for i, candidate in enumerate(case.candidates):
                    kind = "unknown" if i == unknown else "known"
                    gains[kind].append(case.gain(i, candidate))
    print(f"\n{title}, one of two instruments never learned: SI-SDR gain in dB")
    for kind, values in gains.items():
        print(
            f"{kind:20s} mean {np.mean(values):6.2f} median {np.median(values):6.2f} "
            f"10 % {np.percentile(values, 10):6.2f} n = {len(values)}",
            flush=True,
        )


def decoded_for(case, attended, decoded):
    """Yield each guide and one from another piece's trial, brought to its length."""
    others = [guide for name, _, guide in decoded if name != case.piece.name]
    number = 13 * attended
    for name, target, guide in decoded:
        if (name, target) == (case.piece.name, attended):
            number += 7
            other = others[number % len(others)]
            onto = np.linspace(0, other.shape[1] - 1, guide.shape[1])
            moved = [np.interp(onto, np.arange(len(row)), row) for row in other]
            yield guide, np.array(moved)


def blind_table(title, cases, decoded):
    table = Table()
    for case in cases:
        for attended in range(len(case.piece.stems)):
            splits = [("oracle grouping", case.oracle_owner == attended)]
            for r in R:
                guide = artificial_guide(case, attended, r)
                split = case.mixture.split(*case.blind, guide)
                splits.append((f"guide of r = {r:g}", split))
            for guide, other in list(decoded_for(case, attended, decoded))[:4]:
                for row, one in (
                    ("decoded from simulated EEG", guide),
                    ("EEG of another trial", other),
                ):
                    times = case.n_repetitions(one)
                    splits.append((row, case.mixture.split(*case.blind, one, times)))
            entries = [
                (row, case.mixture.share(*case.blind, split), None)
                for row, split in splits
            ]
            for r in R[:2]:
                guide = artificial_guide(case, attended, r)
                for delta in PUBLISHED_DELTAS:
                    estimate = case.published(
                        guide, n_components=PUBLISHED_COMPONENTS, delta=delta
                    )
                    row = f"published, delta {delta:g}, r = {r:g}"
                    entries.append((row, estimate, None))
            table.add(case, attended, entries)
    table.print(f"{title}, blind, delta = 0 unless published")


def is_melodic(piece):
    return set(piece.instruments) <= MELODIC


def voices_tables(title, cases, learned, foreign):
    """Gains of each source, the choice given, of duos and trios.

    Parameters
    ----------
    title : str
        What the pieces are.
    cases : list of VoicesCase
        The pieces.
    learned, foreign : list of Case
        The same pieces with learned spectra of the same and of the other set, those
        there are.
    """
    others = [{case.piece.name: case for case in of} for of in (foreign, learned)]
    for kind in ("duo", "trio"):
        own = [case for case in cases if case.piece.ensemble == kind]
        if own:
            print(f"\n{title}, right voice given, SI-SDR gain: {kind}")
            voices_table(own, others)


def voices_table(cases, others):
    columns = ["voices", "other set", "same set", "blind"]
    print(f"{'':31s} {'explained':>9s}", *(f"{name:>9s}" for name in columns))
    rows = []
    for case in cases:
        name, explained = case.piece.name, case.voices.explained
        for i, instrument in enumerate(case.piece.instruments):
            group = case.mixture.share(*case.blind, case.oracle_owner == i)
            known = [of[name].candidates[i] if name in of else None for of in others]
            estimates = [case.candidates[i], *known, group]
            gains = [np.nan if e is None else case.gain(i, e) for e in estimates]
            rows.append([explained, *gains])
            print(f"{name:20s} {instrument:10s} {format_row(rows[-1])}", flush=True)
    rows = np.array(rows)
    print_summary("all", rows)
    in_both = np.isfinite(rows[:, 2])
    if in_both.any() and not in_both.all():
        print_summary("in both sets", rows[in_both])


def print_summary(name, rows):
    known = np.isfinite(rows).any(axis=0)
    found = np.full((3, rows.shape[1]), np.nan)
    found[0, known] = np.nanmean(rows[:, known], axis=0)
    found[1:, known] = np.nanpercentile(rows[:, known], [50, 10], axis=0)
    for row, values in zip(("mean", "median", "10 %"), found):
        print(f"{name:20s} {row:10s} {format_row(values)}")
    counts = " ".join(f"{count:9d}" for count in np.isfinite(rows).sum(axis=0))
    print(f"{name:20s} {'n':10s} {counts}", flush=True)


def format_row(values):
    explained, *gains = values
    cells = ["" if np.isnan(gain) else f"{gain:.2f}" for gain in gains]
    return " ".join([f"{explained:9.3f}", *(f"{cell:>9s}" for cell in cells)])


def guided_voices_table(title, cases, decoded):
    table = Table()
    for case in cases:
        for attended in range(len(case.piece.stems)):
            choices = [("right voice given", attended)]
            for r in R:
                for draw in range(1 if r == 1 else DRAWS):
                    guide = artificial_guide(case, attended, r, draw)
                    reference = case.choose(guide, "true")
                    choices.append((f"r = {r:g}, true references", reference))
                    choices.append((f"guide of r = {r:g}", case.choose(guide)))
            for guide, other in decoded_for(case, attended, decoded):
                reference = case.choose(guide, "true")
                choices.append(("decoded, true references", reference))
                choices.append(("decoded from simulated EEG", case.choose(guide)))
                choices.append(("EEG of another trial", case.choose(other)))
            entries = [("ideal ratio mask", case.ratio_mask(attended), None)]
            voices = list(case.candidates)
            entries += [(row, voices[i], i == attended) for row, i in choices]
            table.add(case, attended, entries)
    table.print(f"{title}, voices, hard choice")


def soft_voices_table(title, cases):
    """Gains of soft answers beside hard ones, and whether probabilities are right."""
    rows = defaultdict(lambda: defaultdict(list))
    for case in cases:
        for attended in range(len(case.piece.stems)):
            gains = [case.gain(attended, voice) for voice in case.candidates]
            for r in R[1:]:
                for draw in range(DRAWS):
                    guide = artificial_guide(case, attended, r, draw)
                    for name, weight in WEIGHTS.items():
                        soft, p = case.weighed(guide, weight(r))
                        chosen = int(np.argmax(p))
                        gain = case.gain(attended, soft)
                        rows[case.piece.ensemble][r, name].append(
                            [gains[chosen], gain, p[chosen], chosen == attended]
                        )
    for kind, of_kind in rows.items():
        print(f"\n{title}, voices, hard and soft, mean and 10 % of the gain: {kind}")
        print(
            f"{'':22s} {'weight':>7s} {'hard':>6s} {'10 %':>6s} {'soft':>6s} "
            f"{'10 %':>6s} {'likely %':>8s} {'right %':>7s} {'n':>5s}"
        )
        for (r, name), values in of_kind.items():
            values = np.array(values)
            hard, soft, likely, right = values.mean(axis=0)
            low = np.percentile(values[:, :2], 10, axis=0)
            print(
                f"{f'r = {r:g}, {name}':22s} {WEIGHTS[name](r):7.2f} {hard:6.2f} "
                f"{low[0]:6.2f} {soft:6.2f} {low[1]:6.2f} {100 * likely:8.1f} "
                f"{100 * right:7.1f} {len(values):5d}",
                flush=True,
            )


def rates_table(title, pieces, tested, memory):
    print(f"\n{title}, at other sampling rates, learned, right instrument given")
    for sfreq, gains in gains_at_rates(pieces, tested, (22050, 44100, 48000), memory):
        print(f"{sfreq:6d} Hz: {np.mean(gains):6.2f} dB, n = {len(gains)}", flush=True)


def stereo_table(title, cases):
    print(f"\n{title}, sources of duos panned apart, learned, right instrument given")
    for pan in PANS:
        gains = []
        for case in cases:
            left = np.array([pan, 1 - pan])[:, None] * case.piece.stems
            stems = np.stack([left, case.piece.stems - left], axis=1)
            panned = Case(replace(case.piece, stems=stems), case.model)
            gains += [panned.gain(i, own) for i, own in enumerate(panned.candidates)]
        print(f"{pan:4g}: {np.mean(gains):6.2f} dB, n = {len(gains)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--quick",
        action="store_true",
        help="a third of the duos, one subject",
    )
    parser.add_argument("--subjects", type=int, default=9)
    parser.add_argument("--tables", nargs="+", default=TABLES, choices=TABLES)
    parser.add_argument("--sets", nargs="+", default=list(SETS), choices=list(SETS))
    options = parser.parse_args()
    warnings.filterwarnings("ignore", category=ConvergenceWarning)
    # Tables tell of both.
    warnings.filterwarnings("ignore", category=MisfitWarning)
    warnings.filterwarnings("ignore", ".*was never learned", UserWarning)
    # A weak response is decoded equally well by all large penalties.
    warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as memory:
        if set(options.tables) & set(OF_SETS):
            for name in options.sets:
                tables_of(name, options, memory)
        if LIMITS in options.tables:
            print_limits(memory, 1 if options.quick else N_DUOS)
    print(f"\n# {time.perf_counter() - start:.0f} s", flush=True)


def tables_of(name, options, memory):
    """Print the tables of one set of stems."""
    title = name.capitalize()
    pieces = SETS[name]()
    duos = [piece for piece in pieces if piece.ensemble == "duo"]
    tested = duos[::3] if options.quick else pieces
    few = duos[:1] if options.quick else duos[::3]
    cases = make_cases(pieces, tested, memory)
    in_duos = [case for case in cases if case.piece.ensemble == "duo"]
    example = name == "example"
    decoded = []
    if example and {"learned", "blind", "harmonic"} & set(options.tables):
        decoded = decoded_guides(duos, 1 if options.quick else options.subjects, 0)
    if "learned" in options.tables:
        learned_table(title, cases, decoded)
        misfit_table(title, in_duos)
    others = []
    if {"transfer", "harmonic"} & set(options.tables):
        others = next(load() for other, load in SETS.items() if other != name)
    if "transfer" in options.tables:
        in_both = [p for p in duos if p.name in {other.name for other in others}]
        foreign = make_cases(others, few if options.quick else in_both, memory)
        misfit_table(f"{title}, learned from the other set", foreign)
    if "unknown" in options.tables:
        unknown_table(title, pieces, few if options.quick else duos[::2], memory)
    if "blind" in options.tables:
        blind_table(title, in_duos if example else in_duos[::2], decoded)
    if "harmonic" in options.tables:
        names = {other.name for other in others}
        foreign = make_cases(others, [p for p in tested if p.name in names], memory)
        voices = make_voices_cases(tested, memory)
        melodic = [case for case in voices if is_melodic(case.piece)]
        rest = [case for case in voices if not is_melodic(case.piece)]
        voices_tables(f"{title}, melodic", melodic, cases, foreign)
        voices_tables(f"{title}, not melodic", rest, cases, foreign)
        guided_voices_table(f"{title}, melodic", melodic, decoded)
        soft_voices_table(f"{title}, melodic", melodic)
    if "stereo" in options.tables:
        stereo_table(title, in_duos[:: 1 if example else 2])
    if "rates" in options.tables and example:
        rates_table(title, pieces, few, memory)


if __name__ == "__main__":
    main()
