"""Methods to compare the estimator with."""

from functools import cached_property
from typing import Any

import numpy as np

from ...metrics import closest_source
from ...separation import ContrastiveNMF
from ...separation._baselines import OwnComponents, ideal_ratio_mask
from ...separation._selection import (
    candidate_correlations,
    candidate_features,
    support_and_probabilities,
    weigh_candidates,
)
from ...trial import Trial
from ._methods import BLIND, SEQUENTIAL
from ._outcome import Heard, Outcome, attempt
from ._separators import named_candidates


def add_baselines(
    separator: ContrastiveNMF | None,
    heard: list[Heard],
    decoded: list[Trial | None],
    methods: tuple[str, ...],
    candidates: Any,
    found: list[tuple[dict[str, Outcome], dict[str, str]]],
) -> None:
    """Add outcomes of what is not the estimator.

    Parameters
    ----------
    separator : ContrastiveNMF or None
        The estimator's last step, whose window and mask the baselines use.
    heard : list of Heard
        Trials of one mixture.
    decoded : list of Trial or None
        The same trials with their guides; without one, what needs it is left out.
    methods : tuple of str
        Names of methods.
    candidates : object
        As in :func:`evaluate`.
    found : list of (dict, dict)
        Of each trial the outcomes and errors to add to.
    """
    compared = _Compared(separator, candidates, heard[0])
    for one, trial, own in zip(heard, decoded, found):
        for method in ("mixture", "ratio-mask", *BLIND, "published"):
            needs_guide = method in ("blind-guided", "published")
            if method in methods and not (needs_guide and trial is None):
                attempt(own, method, compared.outcome, method, one, trial)
        if trial is None or set(SEQUENTIAL).isdisjoint(methods):
            continue
        both = attempt(own, SEQUENTIAL[0], compared.sequential, one, trial)
        if both is not None:
            outcomes, _ = own
            outcomes |= {m: both[m] for m in SEQUENTIAL if m in methods and m in both}


class _Compared:
    """Baselines of the trials of one mixture, which is factorised when first needed."""

    def __init__(self, separator, candidates, first):
        default = ContrastiveNMF() if separator is None else separator
        self.stft = {"window": default.window, "mask_power": default.mask_power}
        self.memory = default.memory
        self.candidates = candidates
        self.first = first

    @cached_property
    def components(self):
        model = ContrastiveNMF(
            dictionary="blind", memory=self.memory, random_state=0, **self.stft
        )
        return OwnComponents(self.first.trial, model)

    @cached_property
    def offered(self):
        """Names of the candidates, None where they have none, and waveforms."""
        if self.candidates is None:
            n_sources = len(self.first.reference.sources)
            return None, self.components.by_sound(n_sources)
        named = named_candidates(self.candidates, self.first.trial)
        return tuple(named), list(named.values())

    def outcome(self, method, one, trial):
        reference = one.reference
        if method == "mixture":
            waveform = one.trial.mixture
        elif method == "ratio-mask":
            waveform = ideal_ratio_mask(one.trial, reference, **self.stft)
        elif method == "blind-guided":
            waveform = self.components.by_guide(trial)
        elif method == "blind-oracle":
            waveform = self.components.by_truth(reference)[reference.attended]
        elif method == "blind-random":
            rng = one.generator(method)
            waveform = self.components.randomly(len(reference.sources), rng)[0]
        else:
            model = ContrastiveNMF(
                dictionary="guided",
                contrast="components",
                solver="published",
                random_state=0,
                **self.stft,
            )
            (waveform,) = model.fit([trial]).predict([trial])
        return Outcome(waveform)

    def sequential(self, one, trial):
        """Let the EEG choose among what was separated without it."""
        names, waveforms = self.offered
        features = candidate_features(waveforms, trial)
        correlations = candidate_correlations(features, trial)
        support, p = support_and_probabilities(correlations, trial)
        best = int(np.argmax(support))
        attended, sources = one.reference.attended, one.reference.sources
        known = names is not None and one.attended in names
        if known:
            fits = [name == one.attended for name in names]
        else:
            fits = [closest_source(sources, own) == attended for own in waveforms]
        hard = Outcome(
            waveforms[best],
            names[best] if names else "",
            right=bool(fits[best]),
            chance=float(np.mean(fits)),
        )
        if p is None:
            return {SEQUENTIAL[1]: hard}
        hard = hard._replace(p_chosen=float(p[best]), probabilities=tuple(p.tolist()))
        if known:
            hard = hard._replace(p_attended=float(p[names.index(one.attended)]))
        soft = hard._replace(waveform=weigh_candidates(waveforms, p))
        return dict(zip(SEQUENTIAL, (soft, hard)))
