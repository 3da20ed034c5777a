"""What the publication claims, put to the test on whatever was evaluated."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from .._statistics import cluster_bootstrap, selection_accuracy
from ._methods import ESTIMATOR
from ._summary import stimuli_of, subjects_of, trials_of
from ._summary_text import wrapped

# Conditions that say which cases are difficult, and the value that does.
_DIFFICULT = {"same_rhythm": "True", "rhythm": "same"}


@dataclass(frozen=True)
class Claim:
    """A claim and what the data say.

    Parameters
    ----------
    claim : str
        The claim.
    verdict : {"supported", "contradicted", "undecided", "not tested"}
        Whether the interval of each figure lies above zero or chance; or below; or
        neither; or whether no method that it needs was evaluated.
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
    """Test three claims; see :meth:`EvaluationResult.claims`."""
    table = result.table
    db = table.loc[table["unit"] == "dB", "metric"]
    metric = "si_sdr_improvement" if (db == "si_sdr_improvement").any() else db.iloc[0]
    return [
        _joint_improves(table, metric, random_state),
        _difficult_cases(table, metric, random_state),
        _automatic(table, metric, random_state),
        _without_references(table, random_state),
    ]


def _joint_improves(table, metric, random_state):
    found = [
        _gain_over(table, method, metric, random_state)
        for method in ("sequential", "blind-guided", "published")
    ]
    claim = "joint decoding and separation improves on separation without EEG"
    return _claim(claim, found)


def _difficult_cases(table, metric, random_state):
    claim = "and does so more where the sources are hard to tell apart"
    found = []
    for method in ("sequential", "blind-guided", "published"):
        own, difference = _differences(table, method, metric)
        if own is None:
            continue
        what, part = _difficult(own)
        if part.all() or not part.any():
            continue
        low, high = cluster_bootstrap(
            difference, *_clusters(own), part=part, random_state=random_state
        )
        mean = difference[part].mean() - difference[~part].mean()
        found.append(
            (
                low,
                high,
                f"gain over {method}, {what} ({_count(part)}) minus others "
                f"({_count(~part)}): {mean:+.1f} dB ({low:+.1f} to {high:+.1f})",
            )
        )
    return _claim(claim, found)


def _automatic(table, metric, random_state):
    found = [
        _gain_over(table, method, metric, random_state)
        for method in ("mixture", "random-choice")
    ]
    return _claim("the attended source is separated automatically", found)


def _without_references(table, random_state):
    claim = "attention is decoded without reference sources"
    rows = trials_of(table, ESTIMATOR, "correct")
    if not len(rows):
        return _claim(claim, [])
    chance = 1 / rows["n_instruments"].to_numpy()
    accuracy = selection_accuracy(
        rows["value"].to_numpy() == 1,
        chance,
        subjects=subjects_of(rows),
        stimuli=stimuli_of(rows),
        random_state=random_state,
    )
    low, high = accuracy.clustered_interval
    line = (
        f"chosen right among separated candidates: {100 * accuracy.accuracy:.1f} % of "
        f"{accuracy.n_trials} trials ({100 * low:.1f} to {100 * high:.1f} %), chance "
        f"{100 * accuracy.chance:.1f} %, exact one-sided p = {accuracy.p_value:.2g}"
    )
    return _claim(claim, [(low - accuracy.chance, high - accuracy.chance, line)])


def _gain_over(table, method, metric, random_state):
    own, difference = _differences(table, method, metric)
    if own is None:
        return None
    low, high = cluster_bootstrap(
        difference, *_clusters(own), random_state=random_state
    )
    return (
        low,
        high,
        f"estimator minus {method}: {difference.mean():+.1f} dB ({low:+.1f} to "
        f"{high:+.1f}), mean over {len(own)} trials",
    )


def _differences(table, method, metric):
    """Rows of the estimator, and by how much it is above another method."""
    own, other = (trials_of(table, name, metric) for name in (ESTIMATOR, method))
    shared = own.index.intersection(other.index)
    if len(shared) == 0:
        return None, None
    own = own.loc[shared]
    return own, own["value"].to_numpy() - other.loc[shared, "value"].to_numpy()


def _clusters(rows):
    return subjects_of(rows), stimuli_of(rows)


def _difficult(rows):
    """Which cases are difficult: by a condition that says so, else by envelopes."""
    for name, value in _DIFFICULT.items():
        if name in rows:
            same = np.array([str(one) == value for one in rows[name]])
            return f"{name} {value}", same
    return (
        "envelopes more alike than the median",
        (rows["alike"] > rows["alike"].median()).to_numpy(),
    )


def _claim(claim, found):
    found = [one for one in found if one is not None]
    if not found:
        return Claim(claim, "not tested", ("no method that it needs was evaluated",))
    if all(low > 0 for low, _, _ in found):
        verdict = "supported"
    elif all(high < 0 for _, high, _ in found):
        verdict = "contradicted"
    else:
        verdict = "undecided"
    return Claim(claim, verdict, tuple(line for _, _, line in found))


def _count(part):
    return f"n = {np.count_nonzero(part)}"
