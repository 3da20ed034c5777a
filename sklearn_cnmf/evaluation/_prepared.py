"""An estimator as units clone it: unfitted, and with all its seeds."""

import copy
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, clone


def prepared_estimator(estimator: Any, random_state: int) -> Any:
    """Clone an estimator, with a seed wherever it has none.

    Parameters
    ----------
    estimator : estimator
        Stays as it is.
    random_state : int
        The seed.

    Returns
    -------
    estimator : estimator
        A clone.

    Raises
    ------
    ValueError
        If it is no estimator, one inside stays fitted, or has the state of a random
        generator.
    """
    if isinstance(estimator, type) or not hasattr(estimator, "fit"):
        raise ValueError(
            "estimator: expected an estimator with fit and predict, got "
            f"{estimator!r}" + (", a class" if isinstance(estimator, type) else "")
        )
    estimator = clone(estimator)
    _prepare(estimator, "estimator", random_state)
    return estimator


def prepared_splitter(cv: Any, random_state: int) -> Any:
    """Copy a splitter, with a seed if it shuffles without one."""
    if not hasattr(cv, "random_state"):
        return cv
    cv = copy.copy(cv)
    _set_seed(cv, "cv", random_state)
    return cv


def _prepare(value, name, seed):
    """Set seeds in all that a parameter holds; refuse what a fold would not refit."""
    if isinstance(value, dict):
        for key, inner in value.items():
            _prepare(inner, f"{name}[{key!r}]", seed)
    elif isinstance(value, (list, tuple)):
        for place, inner in enumerate(value):
            _prepare(inner, f"{name}[{place}]", seed)
    elif isinstance(value, BaseEstimator) or hasattr(value, "get_params"):
        if clone(value) is value:
            raise ValueError(
                f"{name}: {type(value).__name__} stays as it was fitted, on trials "
                "that may be tested here; give what it holds unfitted"
            )
        _set_seed(value, name, seed)
        for key, inner in value.get_params(deep=False).items():
            _prepare(inner, f"{name}.{key}", seed)
    elif hasattr(value, "random_state") and hasattr(value, "split"):
        _set_seed(value, name, seed)


def _set_seed(owner, name, seed):
    """Seed what draws; a splitter that does not shuffle draws nothing."""
    if not hasattr(owner, "random_state") or not getattr(owner, "shuffle", True):
        return
    state = owner.random_state
    if state is None:
        owner.random_state = seed
    elif isinstance(state, bool) or not isinstance(state, (int, np.integer)):
        raise ValueError(
            f"{name}.random_state: a {type(state).__name__} goes on from fold to fold; "
            "expected an int or None"
        )
