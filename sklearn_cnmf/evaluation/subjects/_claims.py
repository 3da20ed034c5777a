"""What the publication claims, put to the test on whatever was evaluated."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..._words import number_of
from .._statistics import cluster_bootstrap
from ._methods import ESTIMATOR
from ._summary import (
    MISSING,
    accuracy_of,
    choices_of,
    label_of,
    metrics_of,
    stimuli_of,
    subjects_of,
    trials_of,
)
from ._summary_text import FEW_SUBJECTS, METRIC_NAMES, wrapped

# Conditions that say which cases are difficult, and the values that do.
_DIFFICULT = {"same_rhythm": ("True", "1"), "rhythm": ("same",)}
# Methods that learn no instruments and separate without EEG, which then chooses.
_CHOSEN_AFTERWARDS = ("sequential", "blind-guided")
# An interval narrower than this, in dB, shows that nothing could be resampled.
_NARROWEST = 1e-9


@dataclass(frozen=True)
class Claim:
    """A claim and what the data say.

    Parameters
    ----------
    claim : str
        The claim.
    verdict : {"supported", "contradicted", "undecided", "not tested"}
        Whether the interval of each figure lies above zero or chance; or below; or
        neither, or there is none; or whether what it needs was not evaluated.
    evidence : tuple of str
        The figures.
    """

    claim: str
    verdict: str
    evidence: tuple[str, ...]

    def __str__(self):
        lines = [f"{self.verdict.upper()}: {self.claim}"]
        for line in self.evidence:
            lines += wrapped(f"  {line}", "    ")
        return "\n".join(lines)


def check_claims(result: Any, *, random_state: int = 0) -> list[Claim]:
    """Test the claims; see :meth:`EvaluationResult.claims`."""
    table, metrics = result.table, metrics_of(result)
    preferred = "si_sdr_improvement"
    metric = preferred if preferred in metrics else metrics[0]
    return [
        _joint_improves(table, metric, random_state),
        _contrast_improves(table, metric, random_state),
        _difficult_cases(table, metric, random_state),
        _automatic(table, metric, random_state),
        _without_references(table, random_state),
    ]


def _joint_improves(table, metric, random_state):
    claim = "the model improves on separating first and choosing by EEG"
    return _gains(table, claim, _CHOSEN_AFTERWARDS, metric, random_state)


def _contrast_improves(table, metric, random_state):
    claim = "EEG improves the separation itself, beside the choice"
    found = _gains(table, claim, ("no-contrast",), metric, random_state)
    if found.verdict != "not tested":
        return found
    reason = "it needs the estimator and no-contrast, which applies where delta > 0"
    return Claim(claim, found.verdict, (reason,))


def _automatic(table, metric, random_state):
    claim = "the attended source is separated automatically"
    return _gains(table, claim, ("mixture", "random-choice"), metric, random_state)


def _gains(table, claim, methods, metric, random_state):
    found = []
    for method in methods:
        own, difference = _differences(table, method, metric)
        if len(own):
            interval = cluster_bootstrap(
                difference, *_clusters(own), random_state=random_state
            )
            between = _over(own, interval, "{:+.1f} to {:+.1f} dB")
            said = (
                f"{METRIC_NAMES[metric]} of the estimator minus {method}: "
                f"{difference.mean():+.1f} dB, mean over "
                f"{number_of(len(own), 'trial')} ({between})"
            )
            found.append((*_unless_narrow(interval), said))
    return _claim(claim, found, f"it needs the estimator and {' or '.join(methods)}")


def _difficult_cases(table, metric, random_state):
    claim = "it improves more where the sources are hard to tell apart"
    found, reason = [], f"it needs the estimator and {' or '.join(_CHOSEN_AFTERWARDS)}"
    for method in _CHOSEN_AFTERWARDS:
        own, difference = _differences(table, method, metric)
        if not len(own):
            continue
        what, known, part = _difficult(own)
        own, difference, part = own[known], difference[known], part[known]
        n_part = np.count_nonzero(part)
        if n_part in (0, len(part)):
            reason = f"{n_part} of {number_of(len(part), 'trial')} with {what}"
            continue
        interval = cluster_bootstrap(
            difference, *_clusters(own), part=part, random_state=random_state
        )
        mean = difference[part].mean() - difference[~part].mean()
        said = (
            f"{METRIC_NAMES[metric]} of the estimator minus {method}, mean over "
            f"{number_of(n_part, 'trial')} with {what} minus mean over "
            f"{number_of(len(part) - n_part, 'other')}: {mean:+.1f} dB "
            f"({_over(own, interval, '{:+.1f} to {:+.1f} dB')})"
        )
        found.append((*_unless_narrow(interval), said))
    return _claim(claim, found, reason)


def _without_references(table, random_state):
    claim = "attention is decoded without reference sources"
    rows = choices_of(table, ESTIMATOR)
    if not len(rows):
        return _claim(claim, [], "the estimator chose among candidates in no trial")
    accuracy = accuracy_of(rows, random_state=random_state)
    low, high = accuracy.clustered_interval
    exact_low, exact_high = accuracy.interval
    percent = (100 * low, 100 * high)
    said = (
        f"right choices among separated candidates: {accuracy.n_right} of "
        f"{number_of(len(rows), 'trial')}, {100 * accuracy.accuracy:.1f} % "
        f"({_over(rows, percent, '{:.1f} to {:.1f} %')}; 95 % exact interval "
        f"{100 * exact_low:.1f} to {100 * exact_high:.1f} %), chance "
        f"{100 * accuracy.chance:.1f} %, exact one-sided p = {accuracy.p_value:.2g}"
    )
    # Where all choices are right, so is each resampled one, however few they are.
    low, high = np.minimum(low, exact_low), np.maximum(high, exact_high)
    return _claim(claim, [(low - accuracy.chance, high - accuracy.chance, said)], "")


def _differences(table, method, metric):
    """Rows of the estimator, and by how much it is above another method."""
    own, other = (trials_of(table, name, metric) for name in (ESTIMATOR, method))
    shared = own.index.intersection(other.index)
    own = own.loc[shared]
    return own, own["value"].to_numpy() - other.loc[shared, "value"].to_numpy()


def _clusters(rows):
    return subjects_of(rows), stimuli_of(rows)


def _over(rows, interval, form):
    """Say between what and over what an interval is, or that there is none."""
    n_subjects, n_stimuli = (len(set(labels)) for labels in _clusters(rows))
    over = (
        f"{number_of(n_subjects, 'subject')} and "
        f"{number_of(n_stimuli, 'stimulus', 'stimuli')}"
    )
    if np.isnan(interval).any():
        return f"no interval over {over}"
    said = f"95 % bootstrap interval over {over} {form.format(*interval)}"
    # A factor of one label is not resampled.
    drawn = [n for n in (n_subjects, n_stimuli) if n > 1]
    return said + (", likely too narrow" if min(drawn) < FEW_SUBJECTS else "")


def _unless_narrow(interval):
    low, high = interval
    return interval if high - low > _NARROWEST else (np.nan, np.nan)


def _difficult(rows):
    """Say which cases are difficult: by a condition that does, else by envelopes.

    Returns what they are, of which trials it is known, and which they are.
    """
    for name, values in _DIFFICULT.items():
        if name in rows:
            labels = np.array([label_of(value) for value in rows[name]])
            return f"{name} {values[0]}", labels != MISSING, np.isin(labels, values)
    alike = rows["alike"]
    return (
        "envelopes more alike than the median",
        alike.notna().to_numpy(),
        (alike > alike.dropna().median()).to_numpy(),
    )


def _claim(claim, found, reason):
    """Judge intervals; the reason is why there are none."""
    if not found:
        return Claim(claim, "not tested", (reason,))
    if all(low > 0 for low, _, _ in found):
        verdict = "supported"
    elif all(high < 0 for _, high, _ in found):
        verdict = "contradicted"
    else:
        verdict = "undecided"
    return Claim(claim, verdict, tuple(said for _, _, said in found))
