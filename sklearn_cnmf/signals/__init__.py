"""Envelopes, spectra, filters and correlation: what every other part rests on."""

from .._public import set_public_module
from ._causal import PHASES, CausalFilter, CausalResampler
from ._correlation import pearson_r, sliding_pearson_r, standardize
from ._envelope import (
    audio_envelope,
    audio_onsets,
    envelope_and_onsets,
    mel_onsets,
    onsets,
)
from ._features import FEATURES, feature_function
from ._filtering import band_pass, n_resampled, resample
from ._probability import (
    EDGE_SECONDS,
    choice_probabilities,
    fisher_z,
    informative_seconds,
    probabilities_over_time,
)
from ._spectrogram import mel_bands, spectrogram

__all__ = [
    "EDGE_SECONDS",
    "FEATURES",
    "PHASES",
    "CausalFilter",
    "CausalResampler",
    "audio_envelope",
    "audio_onsets",
    "band_pass",
    "choice_probabilities",
    "envelope_and_onsets",
    "feature_function",
    "fisher_z",
    "informative_seconds",
    "mel_bands",
    "mel_onsets",
    "n_resampled",
    "onsets",
    "pearson_r",
    "probabilities_over_time",
    "resample",
    "sliding_pearson_r",
    "spectrogram",
    "standardize",
]

set_public_module(globals())
