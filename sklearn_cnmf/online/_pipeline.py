"""Pipelines that can run on streams."""

from collections.abc import Sequence

import numpy as np
from sklearn.pipeline import Pipeline

from .._estimator import fitted_value
from .._validation import check_kind, check_names
from ..decoding import EEGPreparation, EnvelopeDecoder
from ..separation import ContrastiveNMF, LearnedSpectra


def causal_steps(
    pipeline: Pipeline,
) -> tuple[list[EEGPreparation], EnvelopeDecoder, ContrastiveNMF]:
    """Take a fitted pipeline apart.

    Raises
    ------
    ValueError
        If it can't run along, as :class:`OnlineSeparator` says.
    """
    check_kind("pipeline", pipeline, Pipeline)
    steps = [step for _, step in pipeline.steps if step not in (None, "passthrough")]
    kinds = [EEGPreparation] * (len(steps) - 2) + [EnvelopeDecoder, ContrastiveNMF]
    if len(steps) < 2 or not all(map(isinstance, steps, kinds)):
        raise ValueError(
            "pipeline: expected any number of EEGPreparation, an EnvelopeDecoder and a "
            f"ContrastiveNMF, got {[type(step).__name__ for step in steps]}"
        )
    for step in steps:
        fitted_value(step, trials=True)
    *preparations, decoder, separator = steps
    n_channels = len(decoder.model_.pooled.mean)
    for step in preparations:
        if step.n_features_in_ != n_channels:
            raise ValueError(
                f"pipeline: EEGPreparation was fitted on {step.n_features_in_} "
                f"channels, EnvelopeDecoder on {n_channels}"
            )
    if not isinstance(separator.model_, LearnedSpectra):
        raise ValueError(
            "pipeline: expected a ContrastiveNMF with dictionary='learned', got "
            f"{separator.dictionary!r}"
        )
    for step in (*preparations, decoder):
        name, looks_ahead = type(step).__name__, step.phase == "zero"
        if looks_ahead and (step.l_freq, step.h_freq) != (None, None):
            raise ValueError(
                f"pipeline: phase of {name} is 'zero', whose band-pass needs the "
                "future; fit it with phase='forward' or 'minimum'"
            )
        if looks_ahead and isinstance(step, EEGPreparation) and step.sfreq is not None:
            raise ValueError(
                f"pipeline: sfreq of {name} is {step.sfreq:g} and its phase 'zero', "
                "whose resampling needs the future; fit it with sfreq=None, or with "
                "h_freq and another phase"
            )
        if np.size(getattr(step, "notch_freqs", ())):
            raise ValueError(f"pipeline: notch_freqs of {name} need the future")
    if decoder.scale is not None:
        raise ValueError(
            f"pipeline: scale of EnvelopeDecoder is {decoder.scale!r}, which needs the "
            "whole recording; fit it with scale=None after an EEGPreparation"
        )
    for name, used in (("delta", 0.0), ("choice", "soft"), ("choice_window", None)):
        given = getattr(separator, name)
        if given != used and not (name == "delta" and given is None):
            raise ValueError(
                f"pipeline: {name} of ContrastiveNMF is {given!r}, which has no part "
                f"in a stream; expected {used!r}"
            )
    if decoder.model_.output_weights is None:
        raise ValueError(
            "pipeline: the EnvelopeDecoder has no output_weights_, and without them "
            "nothing says how likely a choice is"
        )
    return preparations, decoder, separator


def present_of(instruments: Sequence[str], learned: LearnedSpectra) -> tuple[str, ...]:
    """Check which instruments are present."""
    check_names("instruments", instruments)
    unknown = sorted(set(instruments) - set(learned.instruments))
    if unknown or len(instruments) < 2:
        raise ValueError(
            f"instruments: expected two or more of {list(learned.instruments)}, got "
            f"{list(instruments)}"
        )
    return tuple(instruments)


def causal_phase(phase: str) -> str:
    """Return the causal phase for a filter: "forward" for "zero"."""
    return "forward" if phase == "zero" else phase
