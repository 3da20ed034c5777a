"""The factorisation of magnitudes: cost, solver, function."""

from ._contrastive_nmf import (
    DEFAULT_DELTA,
    Factorization,
    activations_for,
    check_factorization_parameters,
    contrastive_nmf,
    solve,
)
from ._cost import (
    CONTRASTS,
    contrast_value,
    contrastive_cost,
    kl_divergence,
    unit_columns,
)
from ._kernels import Workspace
from ._regularizer import Regularizer
from ._start import random_factors

__all__ = [
    "CONTRASTS",
    "DEFAULT_DELTA",
    "Factorization",
    "Regularizer",
    "Workspace",
    "activations_for",
    "check_factorization_parameters",
    "contrast_value",
    "contrastive_cost",
    "contrastive_nmf",
    "kl_divergence",
    "random_factors",
    "solve",
    "unit_columns",
]
