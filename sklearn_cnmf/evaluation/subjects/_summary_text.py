"""The summary of an evaluation in words and tables."""

from typing import Any

import numpy as np

from ._units import SCHEMES

_WIDTH = 88
# Metrics as they are called in text, and what else there is to know of them.
_NAMES = {
    "si_sdr": "SI-SDR",
    "sdr": "SDR",
    "sir": "SIR",
    "sar": "SAR",
    "si_sdr_improvement": "SI-SDR gain",
    "sdr_improvement": "SDR gain",
    "sir_improvement": "SIR gain",
}
# Below so many, percentile intervals over subjects are too narrow.
_FEW_SUBJECTS = 10
# Errors of one kind that are printed.
_MOST_ERRORS = 5


def text_of(result: Any, summary: Any) -> str:
    """Write a summary in lines of at most 88 characters, but for names."""
    blocks = [
        _task(result),
        _failures(result),
        _separation(summary),
        _choices(summary),
        _differences(summary),
        _twins(summary),
        _calibration(summary),
        _conditions(summary),
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
        f"{_count(n_trials, 'trial')} of {_count(n_subjects, 'subject')} and "
        f"{_count(n_stimuli, 'stimulus', 'stimuli')}, "
        f"{_count(len(result.units), 'model')}",
        *wrapped(f"{scheme}: {SCHEMES[scheme]}"),
    ]
    return lines


def _failures(result):
    errors = result.errors
    if not len(errors):
        return []
    whole = errors.loc[errors["method"] == "", "trial"].nunique()
    parts = errors.loc[errors["method"] != "", ["trial", "method"]]
    lines = ["!" * _WIDTH]
    if whole:
        lines.append(f"FAILED: {_count(whole, 'trial')}. They are in no figure below.")
    if len(parts):
        lines.append(
            f"FAILED: single methods in {_count(parts['trial'].nunique(), 'trial')}, "
            "which these methods' figures leave out."
        )
    counts = errors.groupby(["method", "error"], sort=False).size()
    for (method, error), n in list(counts.items())[:_MOST_ERRORS]:
        said = f"{n} x {method + ': ' if method else ''}{' '.join(error.split())}"
        lines += wrapped(said, "  ")
    if len(counts) > _MOST_ERRORS:
        lines.append(f"  and {len(counts) - _MOST_ERRORS} other kinds, see errors")
    return [*lines, "!" * _WIDTH]


def _separation(summary):
    table = summary.separation
    metrics = list(dict.fromkeys(table["metric"]))
    first = metrics[0]
    level = f"{100 * summary.level:g} %"
    others = "".join(f"{_NAMES[m]:>9s}" for m in metrics[1:])
    lines = [
        *wrapped(
            f"Separation of the attended source in dB: {_NAMES[first]} (mean over the "
            f"trials of each subject, then over subjects; its {level} bootstrap "
            "interval over subjects; median and 10 % over trials)"
            + (
                f"; means of {', '.join(_NAMES[m] for m in metrics[1:])}"
                if metrics[1:]
                else ""
            )
            + "."
            + _variants(metrics)
        ),
        f"{'':21s}{'mean':>6s}{'interval':>15s}{'median':>8s}{'10 %':>7s}{others}"
        f"{'n':>5s}",
    ]
    for method in dict.fromkeys(table["method"]):
        rows = table[table["method"] == method].set_index("metric")
        own = rows.loc[first]
        line = (
            f"{method:21s}{own['mean']:6.1f}{_interval(own['low'], own['high']):>15s}"
            f"{own['median']:8.1f}{own['p10']:7.1f}"
        )
        for metric in metrics[1:]:
            mean = rows["mean"].get(metric, np.nan)
            line += f"{'-' if np.isnan(mean) else format(mean, '.1f'):>9s}"
        lines.append(f"{line}{int(own['n_trials']):5d}")
    n = table["n_subjects"].max()
    lines.append(f"n trials of {_count(int(n), 'subject')}")
    if n == 1:
        lines.append("With one subject there is no interval over subjects.")
    elif n < _FEW_SUBJECTS:
        lines.append("Bootstrap intervals over so few subjects tend to be too narrow.")
    return lines


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
            "Choice of the attended instrument: share right; its exact binomial "
            f"{level} interval, which takes trials as independent; its {level} "
            "bootstrap interval over subjects and stimuli, which does not; exact "
            "one-sided p of as many right by chance, one of the instruments present."
        ),
        f"{'':22s}{'right':>14s}{'%':>7s}{'exact':>15s}{'clustered':>15s}"
        f"{'chance':>8s}{'p':>9s}",
    ]
    for method, found in summary.choices.items():
        clustered = (np.nan, np.nan)
        if found.clustered_interval is not None:
            clustered = found.clustered_interval
        lines.append(
            f"{method:22s}{f'{found.n_right} of {found.n_trials}':>14s}"
            f"{100 * found.accuracy:7.1f}{_percents(found.interval):>15s}"
            f"{_percents(clustered):>15s}{100 * found.chance:8.1f}"
            f"{_p(found.p_value):>9s}"
        )
    return lines


def _differences(summary):
    table = summary.differences
    if not len(table):
        return []
    level = f"{100 * summary.level:g} %"
    lines = [
        *wrapped(
            f"The estimator minus each other method, {_NAMES[table['metric'][0]]} in "
            "dB on the same trials: mean over subjects, its "
            f"{level} bootstrap interval over subjects, Wilcoxon's signed-rank test "
            "over subjects (two-sided), and "
            f"its p by Holm for {_count(len(table), 'comparison')}."
        ),
        f"{'':22s}{'mean':>7s}{'interval':>16s}{'p':>9s}{'p Holm':>9s}{'subjects':>10s}"
        f"{'trials':>8s}",
    ]
    for row in table.itertuples():
        lines.append(
            f"{row.method:22s}{row.mean:+7.1f}{_interval(row.low, row.high):>16s}"
            f"{_p(row.p_value):>9s}{_p(row.p_holm):>9s}{row.n_subjects:10d}"
            f"{row.n_trials:8d}"
        )
    n_subjects = int(table["n_subjects"].max())
    if n_subjects < 6:
        lines.append(
            f"With {_count(n_subjects, 'subject')} the test can't give a p below 0.05."
        )
    return lines


def _twins(summary):
    if summary.twins is None:
        return []
    return [
        *wrapped(
            "Twins, pairs of trials of one subject and mixture with either instrument "
            "attended: what always prefers one instrument is right in one of them."
        ),
        *wrapped(str(summary.twins)),
    ]


def _calibration(summary):
    if summary.calibration is None:
        return []
    return [
        "Probabilities of the estimator's choices against how often they are right:",
        *str(summary.calibration).splitlines()[:-1],
        *wrapped(str(summary.calibration).splitlines()[-1]),
    ]


def _conditions(summary):
    table = summary.conditions
    if not len(table):
        return []
    lines = [
        *wrapped(
            "The estimator by what is known of the trials: the first metric and "
            "choices as above."
        ),
        f"{'':34s}{'mean':>7s}{'interval':>16s}{'median':>8s}{'right %':>9s}{'n':>6s}",
    ]
    for name in dict.fromkeys(table["condition"]):
        lines.append(name)
        for row in table[table["condition"] == name].itertuples():
            right = "-" if np.isnan(row.accuracy) else f"{100 * row.accuracy:.1f}"
            lines.append(
                f"  {row.value:32s}{row.mean:7.1f}{_interval(row.low, row.high):>16s}"
                f"{row.median:8.1f}{right:>9s}{row.n_trials:6d}"
            )
    return lines


def _warnings(result):
    if not len(result.warnings):
        return []
    counts = result.warnings.groupby("kind", sort=False)["count"].sum()
    said = ", ".join(f"{kind} {_count(int(n), 'time')}" for kind, n in counts.items())
    return wrapped(f"Warnings in the units (see warnings of the result): {said}")


def _interval(low, high):
    if np.isnan(low) or np.isnan(high):
        return "-"
    return f"{low:.1f} to {high:.1f}"


def _percents(interval):
    low, high = interval
    if np.isnan(low):
        return "-"
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _p(value):
    if np.isnan(value):
        return "-"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def _count(number, what, several=None):
    if number == 1:
        return f"1 {what}"
    return f"{number} {several or what + 's'}"


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
