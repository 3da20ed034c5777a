"""Let `set_output` act on arrays and leave lists of trials alone."""

import inspect
from functools import wraps

from .trial import is_trials


class ContainersForArraysOnly:
    """Mixin that keeps `set_output` from wrapping lists of trials.

    scikit-learn wraps whatever `transform` returns once an estimator names its
    output features. It must come first among the bases of an estimator.
    """

    def __init_subclass__(cls, **kwargs):
        methods = ("transform", "fit_transform")
        plain = [inspect.unwrap(getattr(cls, method)) for method in methods]
        super().__init_subclass__(**kwargs)
        for method, function in zip(methods, plain):
            setattr(cls, method, _dispatch(function, getattr(cls, method)))


def _dispatch(for_trials, for_arrays):
    @wraps(for_trials)
    def method(self, X, *args, **kwargs):
        return (for_trials if is_trials(X) else for_arrays)(self, X, *args, **kwargs)

    return method
