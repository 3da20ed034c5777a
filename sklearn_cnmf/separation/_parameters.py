"""Ranges of the parameters, checked before any work is done."""

import numbers

import numpy as np

from ._initialization import INITIALIZATIONS

CONTRASTS = ("components", "group")
DICTIONARIES = ("learned", "blind")
SOLVERS = ("mu", "plain", "published")


def check_factorization_parameters(
    *, delta, contrast, mu, beta, solver, init, max_iter, tol
):
    """Raise a ValueError that names the first parameter out of its range."""
    for name, value in (("delta", delta), ("mu", mu), ("beta", beta), ("tol", tol)):
        number = isinstance(value, numbers.Real) and not isinstance(value, bool)
        if not number or not np.isfinite(value) or value < 0:
            raise ValueError(f"{name}: expected a number >= 0, got {value!r}")
    check_count("max_iter", max_iter)
    for name, value, known in (
        ("contrast", contrast, CONTRASTS),
        ("solver", solver, SOLVERS),
        ("init", init, INITIALIZATIONS),
    ):
        if value not in known:
            raise ValueError(f"{name}: expected one of {list(known)}, got {value!r}")
    if solver == "published" and contrast != "components":
        raise ValueError(
            f"contrast: solver='published' knows only 'components', got {contrast!r}"
        )


def check_count(name, value):
    """Raise a ValueError unless `value` is a whole number of at least one."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{name}: expected a whole number >= 1, got {value!r}")


def check_estimator_parameters(estimator):
    """Raise a ValueError that names the first parameter out of its range."""
    check_factorization_parameters(
        delta=estimator.delta,
        contrast=estimator.contrast,
        mu=estimator.mu,
        beta=estimator.beta,
        solver=estimator.solver,
        init=estimator.init,
        max_iter=estimator.max_iter,
        tol=estimator.tol,
    )
    check_count("n_components", estimator.n_components)
    transposition = estimator.transposition
    whole = isinstance(transposition, numbers.Integral)
    if not whole or isinstance(transposition, bool) or transposition < 0:
        raise ValueError(
            f"transposition: expected a whole number >= 0, got {transposition!r}"
        )
    for name in ("n_fft", "hop_length", "n_attended"):
        value = getattr(estimator, name)
        if value is not None:
            check_count(name, value)
    n_attended, n_components = estimator.n_attended, estimator.n_components
    if n_attended is not None and n_attended > n_components:
        raise ValueError(
            f"n_attended: expected at most n_components={n_components}, "
            f"got {n_attended}"
        )
    if estimator.dictionary not in DICTIONARIES:
        raise ValueError(
            f"dictionary: expected one of {list(DICTIONARIES)}, got "
            f"{estimator.dictionary!r}"
        )
    power = estimator.mask_power
    if not isinstance(power, numbers.Real) or not 0 < power < np.inf:
        raise ValueError(f"mask_power: expected a number > 0, got {power!r}")
