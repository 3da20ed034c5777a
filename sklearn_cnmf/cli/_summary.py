"""What the demo found, in words."""

import shlex
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import binomtest

from .._words import number_of
from ..evaluation import DeltaSearch
from ..separation import Separation
from ..trial import Trial
from ._report import PAGE

_METRICS = (
    ("SI-SDR", "si_sdr_db", "si_sdr_gain_db"),
    ("SDR", "sdr_db", "sdr_gain_db"),
    ("SIR", "sir_db", "sir_gain_db"),
    ("SAR", "sar_db", None),
)


def summary(
    *,
    out: Path,
    rows: list[dict[str, Any]],
    search: DeltaSearch,
    settings: dict[str, Any],
    first: Trial,
    unfinished: int,
    seconds: float,
) -> str:
    """Say what was done, how well it worked, and what to try next.

    Parameters
    ----------
    out : Path
        Folder of the results.
    rows : list of dict
        One for each trial that was held out.
    search : Search
        How delta was chosen.
    settings : dict
        Of the demo.
    first : Trial
        The trial whose EEG was written.
    unfinished : int
        How many factorisations of these trials were cut short.
    seconds : float
        Time it took.

    Returns
    -------
    text : str
    """
    lines = [
        "The EEG is SIMULATED. These figures say how the method works on simulated",
        "listeners, not on recordings.",
        "",
        *_task(rows, settings),
        "",
        *_choices(rows, first),
        "",
        *_scores(rows),
        "",
        *_deltas(search),
        *_warnings(search, rows, unfinished),
        "",
        *_files(out, rows),
        "",
        *_next(out, rows, first),
        "",
        f"{seconds:.0f} s",
    ]
    return "\n".join(lines)


def _task(rows, settings):
    kept, held = settings["pieces_in_training"], settings["pieces_held_out"]
    return [
        f"{number_of(settings['n_subjects'], 'listener')}, one decoder for all trials. "
        f"Trained on {len(kept)} pieces,",
        f"tested on {len(rows)} trials of {len(held)} others: {', '.join(held)}.",
    ]


def _scores(rows):
    lines = [
        f"Separation of the attended instrument in dB, n = {len(rows)} held-out trials",
        "(SI-SDR; SDR, SIR and SAR of BSS Eval v3 with filters of 512 taps)",
        f"{'':8s}{'mixture itself':>16s}{'estimate':>20s}{'gain':>20s}",
        f"{'':8s}{'mean  median':>16s}{'mean  median':>20s}{'mean  median':>20s}",
    ]
    for name, column, gain in _METRICS:
        own = np.array([row[column] for row in rows])
        cells = ["", _mean_median(own), ""]
        if gain is not None:
            gained = np.array([row[gain] for row in rows])
            cells = [_mean_median(own - gained), cells[1], _mean_median(gained, "+")]
        lines.append(f"{name:8s}{cells[0]:>16s}{cells[1]:>20s}{cells[2]:>20s}".rstrip())
    return lines


def _choices(rows, first):
    right = [row["chosen"] == row["attended"] for row in rows]
    n_right, n = sum(right), len(rows)
    low, high = binomtest(n_right, n).proportion_ci(0.95, method="exact")
    chance = np.mean([1 / len(row["instruments"].split()) for row in rows])
    sure = np.mean([row["p_chosen"] for row in rows])
    lines = [
        f"Attended instrument chosen right: {n_right} of {n}, {n_right / n:.0%}",
        f"(exact binomial 95 % interval {100 * low:.0f} to {100 * high:.0f} %; chance "
        f"{100 * chance:.0f} %, one of the instruments present)",
        f"Expected to be right by the probabilities {100 * sure:.0f} % (mean of the "
        "largest)",
    ]
    lines += ["", *_gains(rows, np.array(right))]
    r = [row["guide_r"] for row in rows]
    lines.append(
        f"Pearson r of guide and attended envelope: mean {np.mean(r):.3f}, median "
        f"{np.median(r):.3f}"
    )
    return lines


def _gains(rows, right):
    """Gains by how the choice is used, of all trials and where it was right or not."""
    kinds = (
        ("soft: all, weighed by probability", "si_sdr_gain_db"),
        ("hard: the likeliest alone", "hard_si_sdr_gain_db"),
        ("if the choice were always right", "known_si_sdr_gain_db"),
    )
    lines = [
        f"Gain in SI-SDR over the mixture in dB, n = {len(rows)} held-out trials "
        f"({np.sum(right)} right,",
        f"{np.sum(~right)} wrong choices)",
        f"{'':36s}{'mean':>7s}{'median':>8s}{'where right':>13s}{'where wrong':>13s}",
    ]
    for head, column in kinds:
        gains = np.array([row[column] for row in rows])
        parts = [gains[these] for these in (right, ~right)]
        means = [f"{np.mean(part):+.1f}" if len(part) else "" for part in parts]
        lines.append(
            f"{head:36s}{np.mean(gains):+7.1f}{np.median(gains):+8.1f}"
            f"{means[0]:>13s}{means[1]:>13s}".rstrip()
        )
    return lines


def _deltas(search):
    n_folds = len(search.scores[0]["si_sdr_gain_db_by_fold"])
    lines = [
        f"Weight of the contrast: delta = {search.delta:g} was chosen",
        "by the mean SI-SDR gain in dB, right instrument given, over "
        f"{n_folds} folds of the",
        "training pieces (difference to it and its standard error over folds):",
    ]
    for score in search.scores:
        lines.append(
            f"  delta {score['delta']:<6g} {score['mean_si_sdr_gain_db']:+6.2f}  "
            f"({score['difference_db']:+.2f} +- {score['standard_error_db']:.2f})"
        )
    return lines


def _warnings(search, rows, unfinished):
    lines = []
    if search.n_at_edge:
        lines.append(
            f"Warning: the decoder's penalty was at the edge of its grid in "
            f"{search.n_at_edge} of {search.n_fits} fits."
        )
    if search.n_unfinished or unfinished:
        lines.append(
            f"Warning: factorisations reached max_iter before tol in "
            f"{search.n_unfinished} of {search.n_fits - 1} fold scores and in "
            f"{unfinished} of {len(rows)} held-out trials."
        )
    limit = Separation.LARGEST_MISFIT
    misfits = sum(row["misfit"] > limit for row in rows)
    if search.n_misfits or misfits:
        lines.append(
            f"Warning: the learned spectra explain the mixture badly in {misfits} of "
            f"{len(rows)} held-out\ntrials (misfit > {limit:g} in results.csv): they "
            "hold notes or sounds that the training\npieces lack."
        )
    return lines


def _files(out, rows):
    return [
        f"Written to {out}:",
        "  results.csv    one row per held-out trial",
        f"  {rows[0]['folder']}/ and {len(rows) - 1} others:",
        "                 mixture.wav, attended.wav, rest.wav, reference.wav,",
        "                 figure.png",
        f"  {PAGE}    all trials to listen to, in a browser",
        "  model.skops    the fitted pipeline",
        "  live.skops     a causal pipeline, for sklearn-cnmf live",
        "  settings.json  what reproduces this",
        "  summary.txt    this text",
    ]


def _next(out, rows, first):
    trial = out / rows[0]["folder"]
    words = [
        "sklearn-cnmf separate",
        f"--model {shlex.quote(str(out / 'model.skops'))}",
        f"--eeg {shlex.quote(str(trial / 'eeg_raw.fif'))}",
        f"--mixture {shlex.quote(str(trial / 'mixture.wav'))}",
        f"--instruments {','.join(first.instruments)} --figure",
        f"--out {shlex.quote(f'{out}_separated')}",
    ]
    return [
        "Try next, then the same with files of yours:",
        "  " + " \\\n    ".join(words),
    ]


def _mean_median(values, sign=""):
    # Adding zero makes minus zero plain.
    mean, median = np.round([np.mean(values), np.median(values)], 1) + 0.0
    return f"{mean:{sign}.1f}  {median:{sign}6.1f}"
