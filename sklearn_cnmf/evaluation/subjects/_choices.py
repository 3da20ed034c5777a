"""What the candidates of the estimator give, chosen one way or another."""

import copy
from typing import NamedTuple

from ...separation import ContrastiveNMF, Separation
from ...separation._selection import candidate_features, weigh_candidates
from ...signals import pearson_r
from ...trial import Trial
from .._named import check_named
from ._outcome import Heard, Outcome, attempt


class Variant(NamedTuple):
    """A trial to separate, with the guide that a method gives it."""

    one: Heard
    found: tuple[dict[str, Outcome], dict[str, str]]
    method: str
    trial: Trial


def separated(
    separator: ContrastiveNMF, variants: list[Variant], *, known: bool = False
) -> list[Separation | None]:
    """Separate all; one after another where that fails, None for those that do.

    Parameters
    ----------
    separator : ContrastiveNMF
        Fitted.
    variants : list of Variant
        Trials with guides; errors are noted with them.
    known : bool, default=False
        Whether to tell which instrument is attended.
    """

    def separate(some):
        told = [str(variant.one.attended) for variant in some] if known else None
        return separator.separate([v.trial for v in some], attended=told)

    try:
        return separate(variants) if variants else []
    except (MemoryError, OSError):
        raise
    except Exception:  # each is tried alone, and what fails then is noted
        return [
            attempt(v.found, v.method, lambda v: separate([v])[0], v) for v in variants
        ]


def outcome_of(separation: Separation, variant: Variant) -> Outcome:
    """Take what a separation gives back."""
    one, trial = variant.one, variant.trial
    source = one.reference.sources[one.reference.attended]
    (truth,) = candidate_features([source], trial)
    r = float(pearson_r(truth[:1].T, trial.guide[:1].T)[0])
    outcome = Outcome(separation.attended, guide_r=r)
    if separation.support is None:
        return outcome
    return outcome._replace(**_choice(separation, one))


def add_choices(
    separator: ContrastiveNMF,
    variants: list[Variant],
    separations: list[Separation | None],
    methods: tuple[str, ...],
) -> None:
    """Add what other choices among the estimator's candidates give.

    With a contrast, which moves the likeliest candidate, trials are separated once
    more without it, and with the truth.

    Parameters
    ----------
    separator : ContrastiveNMF
        Fitted.
    variants : list of Variant
        The trials as the estimator hears them.
    separations : list of Separation or None
        What it made of them.
    methods : tuple of str
        Names of methods.
    """
    plain = known = separations
    if separator.delta:
        if not {"no-contrast", "random-choice"}.isdisjoint(methods):
            without = copy.copy(separator).set_params(delta=0.0)
            plain = separated(without, _renamed(variants, "no-contrast"))
        if "known-choice" in methods:
            known = separated(separator, _renamed(variants, "known-choice"), known=True)
    makers = {
        "hard": (_likeliest, separations),
        "soft": (_weighed, separations),
        "no-contrast": (outcome_of, plain),
        "random-choice": (_drawn, plain),
        "known-choice": (_attended, known),
    }
    for method in [name for name in makers if name in methods]:
        make, source = makers[method]
        for variant, separation in zip(variants, source):
            if separation is not None:
                attempt(variant.found, method, make, separation, variant)


def _renamed(variants, method):
    return [variant._replace(method=method) for variant in variants]


def _choice(separation, one):
    """Fields of an outcome that took the likeliest candidate, or weighed all."""
    check_named(separation, one.trial)
    names, chosen, p = (
        separation.instruments,
        separation.chosen,
        separation.probabilities,
    )
    fields = {
        "chosen": chosen,
        "right": chosen == one.attended,
        "chance": 1 / len(names),
    }
    if p is not None:
        fields["p_chosen"] = float(p[names.index(chosen)])
        fields["p_attended"] = float(p[one.reference.attended])
        fields["probabilities"] = tuple(p.tolist())
    return fields


def _candidates(separation, one):
    if separation.candidates is None:
        raise ValueError("the fitted separator gives no candidates with names")
    check_named(separation, one.trial)
    return separation.candidates


def _likeliest(separation, variant):
    index = separation.instruments.index(separation.chosen)
    return Outcome(
        _candidates(separation, variant.one)[index], **_choice(separation, variant.one)
    )


def _weighed(separation, variant):
    p = separation.probabilities
    if p is None:
        raise ValueError("guide_weights is None, so that candidates can't be weighed")
    waveform = weigh_candidates(_candidates(separation, variant.one), p)
    return Outcome(waveform, **_choice(separation, variant.one))


def _attended(separation, variant):
    return Outcome(_candidates(separation, variant.one)[variant.one.reference.attended])


def _drawn(separation, variant):
    names, one = separation.instruments, variant.one
    candidates = _candidates(separation, one)
    index = int(one.generator("random-choice").integers(len(names)))
    even = 1 / len(names)
    return Outcome(
        candidates[index],
        names[index],
        right=index == one.reference.attended,
        chance=even,
        p_chosen=even,
        p_attended=even,
        probabilities=(even,) * len(names),
    )
