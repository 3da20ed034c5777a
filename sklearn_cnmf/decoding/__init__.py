"""From EEG to what the attended source does over time."""

from ._decoder import EnvelopeDecoder
from ._features import audio_envelope

__all__ = ["EnvelopeDecoder", "audio_envelope"]
