"""The summary of an evaluation in words and tables."""

from typing import Any

import numpy as np

from ..._words import number_of
from ._methods import ESTIMATOR
from ._summary import MOST_VALUES, condition_groups, metrics_of, trials_of
from ._units import SCHEMES

_WIDTH = 88
# Metrics as they are called in text.
METRIC_NAMES = {
    "si_sdr": "SI-SDR",
    "sdr": "SDR",
    "sir": "SIR",
    "sar": "SAR",
    "si_sdr_improvement": "SI-SDR gain",
    "sdr_improvement": "SDR gain",
    "sir_improvement": "SIR gain",
}
# Below so many, percentile intervals over subjects are too narrow.
FEW_SUBJECTS = 10
# Estimates below so many dB are silent or nearly so.
_LOWEST = -100
# Other metrics that fit in a line.
_MOST_METRICS = 5
# Errors of one kind that are printed.
_MOST_ERRORS = 5


def text_of(result: Any, summary: Any) -> str:
    """Write a summary in lines of at most 88 characters, but for names."""
    metrics = metrics_of(result)
    blocks = [
        _failures(result),
        _task(result),
        _separation(result, summary, metrics),
        _choices(summary),
        _differences(summary),
        _twins(summary),
        _calibration(summary),
        _conditions(result, summary, metrics[0]),
        _warnings(result),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def _task(result):
    table, settings = result.table, result.settings
    n_trials, n_subjects = table["trial"].nunique(), table["subject"].nunique()
    n_stimuli = len(
        set(zip(table["stimulus"], table["trial"].where(table["stimulus"] == "", -1)))
    )
    scheme = settings["scheme"]
    lines = [
        f"{number_of(n_trials, 'trial')} of {number_of(n_subjects, 'subject')} and "
        f"{number_of(n_stimuli, 'stimulus', 'stimuli')}, "
        f"{number_of(int((result.units['how'] != 'failed').sum()), 'model')}",
        *wrapped(f"{scheme}: {SCHEMES[scheme]}"),
    ]
    return lines


def _failures(result):
    errors, table = result.errors, result.table
    if not len(errors):
        return []
    left = errors["trial"].isin(table["trial"])
    whole = errors.loc[~left, "trial"].nunique()
    parts = errors.loc[left, "trial"].nunique()
    of_all = f"of {number_of(table['trial'].nunique() + whole, 'trial')}"
    lost = set(errors["subject"]) - set(table["subject"])
    lines = ["!" * _WIDTH]
    if whole:
        of_lost = f"; nothing is left of {number_of(len(lost), 'subject')}"
        lines += wrapped(
            f"FAILED: {whole} {of_all}, in no figure below{of_lost if lost else ''}."
        )
    if parts:
        lines += wrapped(
            f"FAILED: single methods in {parts} {of_all}, which the figures of these "
            "methods leave out."
        )
    counts = errors.groupby(["method", "error"], sort=False).size()
    for (method, error), n in list(counts.items())[:_MOST_ERRORS]:
        said = f"{n} x {method + ': ' if method else ''}{' '.join(error.split())}"
        lines += wrapped(said, "  ")
    n_others = len(counts) - _MOST_ERRORS
    if n_others > 0:
        lines.append(
            f"and {number_of(n_others, 'other kind')}, see errors of the result"
        )
    return [*lines, "!" * _WIDTH]


def _separation(result, summary, metrics):
    table = summary.separation
    first, others = metrics[0], metrics[1:]
    level = f"{100 * summary.level:g} %"
    lines = [
        *wrapped(
            f"Separation of the attended source: {METRIC_NAMES[first]} in dB, mean "
            "over the trials of each subject, then over subjects; "
            f"{level} bootstrap interval of this mean over subjects; median and 10 % "
            f"quantile over trials.{_variants(metrics)}"
        ),
        f"{'':22s}{'mean':>8s}{'interval':>18s}{'median':>8s}{'10 %':>8s}{'trials':>8s}"
        f"{'subjects':>10s}",
    ]
    by_metric = {m: table[table["metric"] == m].set_index("method") for m in metrics}
    for row in by_metric[first].itertuples():
        lines.append(
            f"{row.Index:22s}{row.mean:8.1f}{_interval(row.low, row.high):>18s}"
            f"{row.median:8.1f}{row.p10:8.1f}{row.n_trials:8d}{row.n_subjects:10d}"
        )
    n = table["n_subjects"].max()
    if n == 1:
        lines.append("With one subject there is no interval over subjects.")
    elif n < FEW_SUBJECTS:
        lines.append("Bootstrap intervals over so few subjects tend to be too narrow.")
    lines += _silent(result.table, first)
    if others:
        lines += [
            "",
            *wrapped(
                "Separation by other metrics in dB, means over the trials of each "
                "subject, then over subjects."
            ),
        ]
    for start in range(0, len(others), _MOST_METRICS):
        part = others[start : start + _MOST_METRICS]
        heads = "".join(f"{METRIC_NAMES[m]:>12s}" for m in part)
        lines.append(f"{'':20s}{heads}{'trials':>8s}")
        for method in dict.fromkeys(table["method"]):
            held = [m for m in part if method in by_metric[m].index]
            means = "".join(
                f"{by_metric[m]['mean'][method]:12.1f}" if m in held else f"{'-':>12s}"
                for m in part
            )
            if held:
                n = by_metric[held[0]]["n_trials"][method]
                lines.append(f"{method:20s}{means}{n:8d}")
    return lines


def _silent(table, metric):
    """Tell of estimates that are so bad that means say little."""
    low = table[(table["metric"] == metric) & (table["value"] < _LOWEST)]
    counts = low.groupby("method", sort=False).size()
    said = ", ".join(f"{m} {number_of(n, 'trial')}" for m, n in counts.items())
    if not said:
        return []
    return wrapped(
        f"Below {_LOWEST} dB, as silent estimates are, which rules the means: {said}."
    )


def _variants(metrics):
    said = ""
    if any(m.removesuffix("_improvement") in ("sdr", "sir", "sar") for m in metrics):
        said += " SDR, SIR and SAR are those of BSS Eval v3 with filters of 512 taps,"
        said += " all sources of the mixture given."
    if any(m.endswith("_improvement") for m in metrics):
        said += " Gains are over the mixture as it is."
    return said


def _choices(summary):
    if not summary.choices:
        return []
    level = f"{100 * summary.level:g} %"
    lines = [
        *wrapped(
            "Choice of the attended instrument: right choices, and their share in % of "
            f"trials; its exact binomial {level} interval, which takes trials as "
            f"independent; its {level} bootstrap interval over subjects and stimuli, "
            "which does not; what is right by chance in %, where each candidate is as "
            "likely; exact one-sided p of as many right or more by chance, trials "
            "independent, not adjusted for the number of methods."
        ),
        f"{'':22s}{'right':>13s}{'%':>6s}{'exact':>15s}{'clustered':>15s}"
        f"{'chance':>7s}{'p':>8s}",
    ]
    for method, found in summary.choices.items():
        clustered = found.clustered_interval
        lines.append(
            f"{method:22s}{f'{found.n_right} of {found.n_trials}':>13s}"
            f"{100 * found.accuracy:6.1f}{_percents(found.interval):>15s}"
            f"{_percents(clustered):>15s}{100 * found.chance:7.1f}"
            f"{_p(found.p_value):>8s}"
        )
    return lines


def _differences(summary):
    table = summary.differences
    if not len(table):
        return []
    level = f"{100 * summary.level:g} %"
    n_tests = int(table["p_holm"].notna().sum())
    lines = [
        *wrapped(
            f"The estimator minus each other method: {METRIC_NAMES[table['metric'][0]]}"
            " in dB on the trials that both have, mean over the trials of each "
            "subject, then over subjects; "
            f"{level} bootstrap interval of this mean over subjects; p of Wilcoxon's "
            "signed-rank test over subjects (two-sided), and adjusted by Holm for "
            f"{number_of(n_tests, 'comparison')} with baselines that know nothing of "
            "the truth."
        ),
        f"{'':22s}{'mean':>8s}{'interval':>18s}{'p':>8s}{'p Holm':>8s}{'trials':>8s}"
        f"{'subjects':>10s}",
    ]
    for row in table.itertuples():
        lines.append(
            f"{row.method:22s}{row.mean:+8.1f}{_interval(row.low, row.high, '+'):>18s}"
            f"{_p(row.p_value):>8s}{_p(row.p_holm):>8s}{row.n_trials:8d}"
            f"{row.n_subjects:10d}"
        )
    n_subjects = int(table["n_subjects"].max())
    smallest = 2.0 ** (1 - n_subjects)
    if n_subjects == 1:
        lines.append("With 1 subject there is no test over subjects.")
    elif smallest > 0.05:
        lines.append(f"With {n_subjects} subjects the test can't give a p below 0.05.")
    elif n_tests * smallest > 0.05:
        lines.append(
            f"With {n_subjects} subjects and {n_tests} comparisons no p by Holm can be "
            "below 0.05."
        )
    return lines


def _twins(summary):
    if summary.twins is None:
        return []
    return [
        *wrapped(
            "Twins, pairs of trials of one subject and mixture with either instrument "
            "attended: what always prefers one instrument is right in one of them. "
            "Pairs are taken as independent."
        ),
        *wrapped(str(summary.twins)),
    ]


def _calibration(summary):
    if summary.calibration is None:
        return []
    *rows, foot = str(summary.calibration).splitlines()
    return [
        *wrapped(
            "Probabilities of the estimator's likeliest candidates, in bins, against "
            "the share of trials in which these are attended."
        ),
        *rows,
        *wrapped(foot),
    ]


def _conditions(result, summary, metric):
    table = summary.conditions
    _, left_out = condition_groups(trials_of(result.table, ESTIMATOR, metric))
    said = ", ".join(left_out)
    lines = []
    if left_out:
        lines = wrapped(
            f"Of more than {MOST_VALUES} values and not told apart: {said}."
        )
    if not len(table):
        return lines
    level = f"{100 * summary.level:g} %"
    rows = []
    for name in dict.fromkeys(table["condition"]):
        rows.append(name)
        for row in table[table["condition"] == name].itertuples():
            right = "-" if np.isnan(row.accuracy) else f"{100 * row.accuracy:.1f}"
            exact = _percents((row.accuracy_low, row.accuracy_high))
            rows.append(
                f"  {row.value:20s}{row.mean:8.1f}{_interval(row.low, row.high):>18s}"
                f"{row.median:8.1f}{right:>8s}{exact:>15s}{row.n_trials:8d}"
            )
    return [
        *wrapped(
            f"The estimator by what is known of the trials: {METRIC_NAMES[metric]} in "
            "dB, mean over the trials of each subject, then over subjects; "
            f"{level} bootstrap interval of this mean over subjects; median over "
            f"trials; right choices in % of trials and their exact {level} interval. "
            "Not tests, and not adjusted for the number of groups."
        ),
        f"{'':22s}{'mean':>8s}{'interval':>18s}{'median':>8s}{'right':>8s}"
        f"{'exact':>15s}{'trials':>8s}",
        *rows,
        *lines,
    ]


def _warnings(result):
    if not len(result.warnings):
        return []
    counts = result.warnings.groupby("kind", sort=False)["count"].sum()
    said = ", ".join(
        f"{kind} {number_of(int(n), 'time')}" for kind, n in counts.items()
    )
    return wrapped(f"Warnings in the units (see warnings of the result): {said}")


def _interval(low, high, sign=""):
    if np.isnan(low):
        return "-"
    return f"{low:{sign}.1f} to {high:{sign}.1f}"


def _percents(interval):
    low, high = interval
    if np.isnan(low):
        return "-"
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _p(value):
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def wrapped(text: str, indent: str = "") -> list[str]:
    """Break text into lines; all but the first begin with the indent."""
    import textwrap

    return textwrap.wrap(
        text,
        _WIDTH,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
