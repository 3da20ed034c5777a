"""Guide and mixture in, attended source and rest out."""

from ._contrastive_nmf import ContrastiveNMF
from ._cost import contrast_value, contrastive_cost, kl_divergence
from ._factorization import Factorization, contrastive_nmf

__all__ = [
    "ContrastiveNMF",
    "Factorization",
    "contrast_value",
    "contrastive_cost",
    "contrastive_nmf",
    "kl_divergence",
]
