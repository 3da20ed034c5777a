"""Guide and mixture in, attended source and rest out."""

from ._cost import contrast_value, contrastive_cost, kl_divergence
from ._factorization import Factorization, contrastive_nmf

__all__ = [
    "Factorization",
    "contrast_value",
    "contrastive_cost",
    "contrastive_nmf",
    "kl_divergence",
]
