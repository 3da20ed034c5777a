"""What our estimators share: two kinds of input, one fitted value."""

import inspect
from collections.abc import Collection
from functools import wraps
from typing import Any

from sklearn.utils.validation import check_is_fitted

from ._validation import check_unchanged
from .trial import is_recordings, is_trials


class ContainersForArraysOnly:
    """Mixin that keeps `set_output` from wrapping lists of trials or of recordings.

    scikit-learn wraps whatever `transform` returns once an estimator names its
    output features. It must come first among the bases of an estimator.
    """

    def __init_subclass__(cls, **kwargs):
        methods = ("transform", "fit_transform")
        plain = [inspect.unwrap(getattr(cls, method)) for method in methods]
        super().__init_subclass__(**kwargs)
        for method, function in zip(methods, plain):
            setattr(cls, method, _dispatch(function, getattr(cls, method)))


def _dispatch(for_lists, for_arrays):
    @wraps(for_lists)
    def method(self, X, *args, **kwargs):
        is_list = is_trials(X) or is_recordings(X)
        return (for_lists if is_list else for_arrays)(self, X, *args, **kwargs)

    return method


def forget(estimator: Any, *, keep: Collection[str] = ()) -> None:
    """Remove everything that an earlier fit left on an estimator, but for `keep`."""
    for name in list(vars(estimator)):
        if name.endswith("_") and not name.startswith("_") and name not in keep:
            delattr(estimator, name)


def fitted_value(estimator: Any, *, trials: bool) -> Any:
    """Return the fitted value of an estimator, once it is sure to fit the input.

    Parameters
    ----------
    estimator : estimator
        Keeps its fitted value in `model_`, which says in `for_trials` what it takes
        and in `parameters` what decided it.
    trials : bool
        Whether the input is a list of trials.

    Returns
    -------
    model : object
        The fitted value.

    Raises
    ------
    NotFittedError
        If there is none.
    ValueError
        If it was fitted on the other kind of input, or a parameter that decided it
        has changed.
    """
    check_is_fitted(estimator, "model_")
    model = estimator.model_
    if model.for_trials != trials:
        kinds = ("an array", "a list of Trial")
        raise ValueError(
            f"X: this {type(estimator).__name__} was fitted on "
            f"{kinds[model.for_trials]}, but X is {kinds[trials]}; fit it on what it "
            "is to be used on"
        )
    check_unchanged(model.parameters, estimator)
    return model
