"""Parameters of the estimator, checked before any work is done."""

import warnings
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from sklearn.utils.validation import check_memory

from .._validation import check_choice, check_number, check_whole, trial_name
from ..trial import Trial
from ._harmonic import check_n_voices
from ._mixture import Separation
from ._selection import check_choice_window, check_reach, check_weighted
from ._stft import check_window
from .factorization import check_factorization_parameters

DICTIONARIES = ("learned", "harmonic", "blind", "guided")
# Those whose candidates the guide chooses among.
WITH_CANDIDATES = ("learned", "harmonic")
CHOICES = ("soft", "hard")
# Components of a mixture, and the most spectra of an instrument that is learned.
DEFAULT_N_COMPONENTS, DEFAULT_N_SPECTRA = 48, 300
_MOST_SEMITONES = 12


class MisfitWarning(UserWarning):
    """Learned spectra or tracked voices explain a mixture badly.

    See the attributes `misfit` and `explained` of :class:`Separation`.
    """


def check_estimator_parameters(estimator: Any) -> None:
    """Raise a ValueError that names the first parameter out of its range."""
    check_factorization_parameters(
        delta=estimator.delta,
        contrast=estimator.contrast,
        mu=estimator.mu,
        beta=estimator.beta,
        solver=estimator.solver,
        max_iter=estimator.max_iter,
        tol=estimator.tol,
    )
    if estimator.n_components is not None:
        check_whole("n_components", estimator.n_components)
    check_whole("transposition", estimator.transposition, least=0)
    if estimator.transposition > _MOST_SEMITONES:
        raise ValueError(
            f"transposition: expected at most {_MOST_SEMITONES} semitones, got "
            f"{estimator.transposition!r}"
        )
    if estimator.n_attended is not None:
        check_whole("n_attended", estimator.n_attended)
        n_components = estimator.n_components or DEFAULT_N_COMPONENTS
        if estimator.n_attended > n_components:
            raise ValueError(
                f"n_attended: expected at most n_components={n_components}, got "
                f"{estimator.n_attended}"
            )
    check_choice("dictionary", estimator.dictionary, DICTIONARIES)
    if estimator.dictionary == "harmonic" and estimator.n_components is not None:
        check_n_voices("n_components", estimator.n_components)
    if estimator.dictionary == "harmonic" and estimator.solver == "published":
        raise ValueError(
            "solver: 'published' updates components, but dictionary='harmonic' fits "
            "voices; solver='mu' is expected"
        )
    check_choice("choice", estimator.choice, CHOICES)
    if estimator.choice_window is not None:
        check_choice_window("choice_window", estimator.choice_window)
    check_whole("n_free", estimator.n_free, least=0)
    check_window(estimator.window)
    check_number("mask_power", estimator.mask_power, above=0)
    check_memory(estimator.memory)


def check_trials_for_window(
    window: float, trials: list[Trial], has_names: bool
) -> None:
    """Refuse what can't be followed with a sliding window."""
    if not has_names:
        raise ValueError(
            "choice_window: components belong to no instrument; dictionary='learned' "
            "or 'harmonic' is needed to choose anew over time"
        )
    for index, trial in enumerate(trials):
        where = trial_name(index, trial)
        check_weighted(trial, where)
        check_reach(window, trial, where)


def given_attended(trials: list[Trial], attended: Any, model: Any) -> list[int | None]:
    """Return the index of each attended instrument, or None where nobody knows."""
    if attended is None:
        return [None] * len(trials)
    if not model.has_candidates:
        raise ValueError(
            "attended: components belong to no instrument; dictionary='learned' or "
            "'harmonic' is needed to say which one is attended"
        )
    listed = isinstance(attended, (Sequence, np.ndarray)) and not isinstance(
        attended, str
    )
    if not listed or len(attended) != len(trials):
        found = f"{len(attended)} names" if listed else repr(attended)
        raise ValueError(
            f"attended: expected the name of an instrument for each of {len(trials)} "
            f"trials, got {found}"
        )
    given = []
    for index, (trial, name) in enumerate(zip(trials, attended)):
        names = model.candidate_names(trial)
        if name not in names:
            raise ValueError(
                f"attended[{index}]: {name!r} is none of the instruments of "
                f"{trial_name(index, trial)}, {list(names)}"
            )
        given.append(names.index(name))
    return given


def warn_of_unknown(trials: list[Trial], known: Collection[str]) -> None:
    """Warn, once, of instruments that were never learned."""
    missing = [sorted(set(trial.instruments) - set(known)) for trial in trials]
    count = sum(bool(names) for names in missing)
    if count:
        first = next(index for index, names in enumerate(missing) if names)
        warnings.warn(
            f"{trial_name(first, trials[first])}: instrument {missing[first][0]!r} was "
            f"never learned; its components are learned from the mixture ({count} of "
            f"{len(trials)} trials have such a one). Expect less of the separation",
            stacklevel=5,
        )


def warn_of_no_weights(trials: list[Trial]) -> None:
    """Warn, once, of guides that say nothing of how likely a choice is."""
    unknown = [i for i, trial in enumerate(trials) if trial.guide_weights is None]
    if unknown:
        warnings.warn(
            f"choice: 'soft' is 'hard' for {len(unknown)} of {len(trials)} trials, "
            f"trials[{unknown[0]}] first: guide_weights is None, so that nothing says "
            "how likely each instrument is. choice='hard' does the same silently",
            stacklevel=5,
        )


def warn_of_nothing(trial: Trial, where: str, chooses: bool) -> None:
    """Warn of a silent mixture or a constant guide."""
    if not trial.mixture.any():
        warnings.warn(
            f"{where}: mixture is silent, and so is its estimate", stacklevel=5
        )
    elif np.ptp(trial.guide, axis=1).max() == 0:
        taken = ", and the first one is taken" if chooses else ""
        warnings.warn(
            f"{where}: guide is constant; it supports no source{taken}", stacklevel=5
        )


def warn_of_misfit(trials: list[Trial], separations: list[Separation]) -> None:
    """Warn, once, of mixtures that the learned spectra explain badly."""
    bad = [
        index
        for index, done in enumerate(separations)
        if done.misfit is not None and done.misfit > Separation.LARGEST_MISFIT
    ]
    if bad:
        worst = max(bad, key=lambda index: separations[index].misfit)
        limit = Separation.LARGEST_MISFIT
        warnings.warn(
            f"{trial_name(worst, trials[worst])}: the learned spectra explain the "
            f"mixture {separations[worst].misfit:.0f} times worse than free components "
            f"do (more than {limit:g} is bad; {len(bad)} of {len(trials)} trials are). "
            "The mixture holds notes or sounds that the references lack, or other "
            "instruments play; the separation loses some decibels by it",
            MisfitWarning,
            stacklevel=5,
        )


def warn_of_unexplained(trials: list[Trial], separations: list[Separation]) -> None:
    """Warn, once, of mixtures that are more than a few pitched voices."""
    limit = Separation.LEAST_EXPLAINED
    bad = [
        index
        for index, done in enumerate(separations)
        if done.explained is not None and done.explained < limit
    ]
    if bad:
        worst = min(bad, key=lambda index: separations[index].explained)
        n_voices = len(separations[worst].instruments)
        warnings.warn(
            f"{trial_name(worst, trials[worst])}: {n_voices} pitched voices explain "
            f"{100 * separations[worst].explained:.0f} % of the mixture's energy (less "
            f"than {100 * limit:g} is bad; {len(bad)} of {len(trials)} trials are). "
            "Drums, chords or more instruments play; dictionary='harmonic' does not "
            "suit it",
            MisfitWarning,
            stacklevel=5,
        )


def warn_of_ignored(delta: float | None, guide: Any, y: Any) -> None:
    """Warn of what a fit on an array makes no use of."""
    if y is not None:
        warnings.warn(
            "y: ignored, since arrays have no references; what the attended source "
            "does over time is passed as guide=",
            stacklevel=3,
        )
    if guide is None and delta != 0:
        warnings.warn(
            "guide: None, so delta has no effect and which components are attended is "
            "arbitrary; pass guide=, or delta=0",
            stacklevel=3,
        )
