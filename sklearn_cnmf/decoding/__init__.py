"""From EEG to what the attended source does over time."""

from .._public import set_public_module
from ._activations import nmf_activations
from ._decoder import EnvelopeDecoder
from ._eeg_preparation import ChannelScales, EEGPreparation
from ._fitted import ArrayDecoder, TrialDecoder
from ._patterns import pattern_to_evoked
from .regression import BackwardModel, LaggedRegressor

__all__ = [
    "ArrayDecoder",
    "BackwardModel",
    "ChannelScales",
    "EEGPreparation",
    "EnvelopeDecoder",
    "LaggedRegressor",
    "TrialDecoder",
    "nmf_activations",
    "pattern_to_evoked",
]

set_public_module(globals())
