"""From EEG to what the attended source does over time."""

from ._activations import nmf_activations
from ._decoder import EnvelopeDecoder
from ._eeg_preparation import EEGPreparation
from ._features import audio_envelope
from ._mne import make_trials, pattern_to_evoked
from ._spectral import mel_bands

__all__ = [
    "EEGPreparation",
    "EnvelopeDecoder",
    "audio_envelope",
    "make_trials",
    "mel_bands",
    "nmf_activations",
    "pattern_to_evoked",
]
