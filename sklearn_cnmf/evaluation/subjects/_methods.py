"""What is compared in an evaluation, and what each method needs."""

from collections.abc import Sequence
from typing import Any

from sklearn.model_selection._search import BaseSearchCV
from sklearn.pipeline import Pipeline

from ..._validation import check_choice
from ...separation import ContrastiveNMF
from ...separation._parameters import WITH_CANDIDATES

ESTIMATOR = "estimator"

# What each name stands for, in the order of tables.
BASELINES = {
    "mixture": "the mixture as it is",
    "random-choice": "the estimator's candidates, one drawn without EEG",
    "hard": "the estimator's likeliest candidate alone",
    "soft": "the estimator's candidates, weighed by their probabilities",
    "no-contrast": "the estimator with delta = 0, so that its separation hears no EEG",
    "known-choice": "the estimator's candidate that is truly attended",
    "sequential": "separated without EEG, then weighed by what the EEG says",
    "sequential-hard": "separated without EEG, then the likeliest alone",
    "blind-random": "components of the mixture alone, grouped at random",
    "blind-oracle": "components of the mixture alone, grouped by the true sources",
    "blind-guided": "components of the mixture alone, grouped by sound and guide",
    "published": "the published rule: components that follow the guide from the start",
    "ratio-mask": "the mask that the true sources make",
}
CONTROLS = {
    "true-guide": "the estimator with the attended source's own feature as guide",
    "unattended-guide": "the estimator with the loudest other source's feature",
    "other-trial-eeg": "the estimator with EEG of another stimulus",
    "phase-randomised-eeg": "the estimator with EEG of random phases",
}
# Methods whose estimate is a sum of the sources, so that SAR says nothing.
WITHOUT_ARTIFACTS = ("mixture",)
# Methods whose candidates are those of the estimator.
OF_CANDIDATES = ("random-choice", "hard", "soft", "no-contrast", "known-choice")
# Baselines that use the truth, and so are ceilings rather than alternatives.
CEILINGS = ("known-choice", "blind-oracle", "ratio-mask")
# Controls that change the guide, and those that change the EEG.
OF_GUIDES = ("true-guide", "unattended-guide")
NEEDS_DONOR = "other-trial-eeg"
OF_EEG = (NEEDS_DONOR, "phase-randomised-eeg")
SEQUENTIAL = ("sequential", "sequential-hard")
BLIND = ("blind-random", "blind-oracle", "blind-guided")
# Methods that use a guide, or one of another kind.
_GUIDED = (*SEQUENTIAL, "blind-guided", "published", *OF_GUIDES)


def split_steps(estimator: Any) -> tuple[list[Any], ContrastiveNMF | None]:
    """Tell what makes the guide and what separates, of a model fitted or not.

    Parameters
    ----------
    estimator : estimator
        A pipeline, a search over one, or any other estimator.

    Returns
    -------
    steps : list of transformer
        What trials pass before they are separated.
    separator : ContrastiveNMF or None
        The last step, None where it is another.
    """
    if isinstance(estimator, BaseSearchCV):
        estimator = getattr(estimator, "best_estimator_", estimator.estimator)
    steps = [estimator]
    if isinstance(estimator, Pipeline):
        steps = [s for _, s in estimator.steps if s is not None and s != "passthrough"]
    if not isinstance(steps[-1], ContrastiveNMF):
        return [], None
    return steps[:-1], steps[-1]


def methods_to_compare(
    kind: str, names: Sequence[str] | None, known: dict[str, str], estimator: Any
) -> tuple[str, ...]:
    """Check names of baselines or controls; all that apply to the estimator if None.

    Parameters
    ----------
    kind : str
        How messages call them.
    names : sequence of str or None
        What was asked for.
    known : dict of str to str
        What there is.
    estimator : estimator
        Decides what applies.

    Returns
    -------
    names : tuple of str
        In the order of `known`.
    """
    reasons = {name: _reason_against(name, estimator) for name in known}
    apply = [name for name, reason in reasons.items() if reason is None]
    if names is None:
        return tuple(apply)
    if isinstance(names, str) or not isinstance(names, (list, tuple)):
        raise ValueError(
            f"{kind}: expected a list or tuple of names, or None for all that apply, "
            f"got {names!r}"
        )
    for name in names:
        check_choice(kind, name, list(known))
        if name not in apply:
            raise ValueError(
                f"{kind}: {name!r} does not apply to {type(estimator).__name__}: "
                f"{reasons[name]}"
            )
    return tuple(name for name in known if name in names)


def _reason_against(name, estimator):
    steps, separator = split_steps(estimator)
    is_search = isinstance(estimator, BaseSearchCV)
    if name in OF_EEG and separator is not None and not steps:
        return "its guide does not come from the EEG"
    if name in _GUIDED and separator is None:
        return "it needs a guide, and the last step is no ContrastiveNMF"
    if name not in OF_CANDIDATES:
        return None
    if separator is None:
        return "it needs candidates, and the last step is no ContrastiveNMF"
    if separator.dictionary not in WITH_CANDIDATES and not is_search:
        return (
            "it needs candidates with names, and dictionary is "
            f"{separator.dictionary!r}"
        )
    if name in ("hard", "soft") and separator.choice_window is not None:
        return "choice_window makes the choice anew within a trial"
    if name == "no-contrast" and not is_search and not separator.delta:
        return "delta is 0 already"
    if name == separator.choice and not is_search:
        return f"choice={name!r} is what the estimator itself does"
    return None
