"""Guide and mixture in, attended source and rest out."""

from .._public import set_public_module
from ._arrays import ArrayFactorization
from ._audio import separate_audio
from ._blind import OwnSpectra
from ._contrastive_nmf import ContrastiveNMF
from ._grouping import split_components
from ._guided import GuidedStart
from ._harmonic import HarmonicVoices
from ._learned import LearnedSpectra
from ._mixture import Separation
from ._parameters import MisfitWarning
from ._selection import candidate_probabilities, guide_support
from .factorization import (
    Factorization,
    contrast_value,
    contrastive_cost,
    contrastive_nmf,
    kl_divergence,
)

__all__ = [
    "ArrayFactorization",
    "ContrastiveNMF",
    "Factorization",
    "GuidedStart",
    "HarmonicVoices",
    "LearnedSpectra",
    "MisfitWarning",
    "OwnSpectra",
    "Separation",
    "candidate_probabilities",
    "contrast_value",
    "contrastive_cost",
    "contrastive_nmf",
    "guide_support",
    "kl_divergence",
    "separate_audio",
    "split_components",
]

set_public_module(globals())
