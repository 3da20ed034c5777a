"""Mixtures, guides and dictionaries of `benchmarks.quality`."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.signal import butter, sosfiltfilt

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.decoding import audio_envelope
from sklearn_cnmf.metrics import bss_eval, si_sdr
from sklearn_cnmf.separation._separation import (
    Mixture,
    Settings,
    explain,
    explain_blind,
)
from sklearn_cnmf.separation._spectrogram import (
    attended_mask,
    mask_waveform,
    spectra,
    stft_sizes,
)

GUIDE_SFREQ = 64.0
DEFAULT = ContrastiveNMF()


def settings(**changes):
    """Settings of a factorisation, the estimator's defaults but for `changes`."""
    defaults = {name: getattr(DEFAULT, name) for name in Settings._fields}
    return Settings(**(defaults | {"delta": 0.0} | changes))


def true_envelope(source, sfreq):
    """Envelope of a source at the rate of guides, (1, n_times)."""
    n_times = int(source.shape[-1] / sfreq * GUIDE_SFREQ)
    return audio_envelope(source, sfreq, np.arange(n_times) / GUIDE_SFREQ)


def no_eeg(audio, sfreq):
    """A silent channel, for trials that get their guide from elsewhere."""
    return np.zeros((1, round(audio.shape[-1] / sfreq * GUIDE_SFREQ)))


def noisy(envelope, r, seed):
    """The envelope plus noise from 1 to 8 Hz, so that both correlate by exactly r."""
    rng = np.random.default_rng(seed)
    sos = butter(2, [1, 8], "bandpass", fs=GUIDE_SFREQ, output="sos")
    margin = 128
    noise = sosfiltfilt(sos, rng.standard_normal(envelope.shape[1] + 2 * margin))
    noise = noise[margin:-margin] - noise[margin:-margin].mean()
    truth = (envelope[0] - envelope.mean()) / envelope.std()
    noise -= truth * (noise @ truth) / (truth @ truth)
    return (r * truth + np.sqrt(1 - r**2) * noise / noise.std())[None]


@dataclass
class Case:
    """A piece, its mixture once explained by learned and once by its own spectra."""

    piece: object
    dictionaries: list

    @cached_property
    def mixture(self):
        piece = self.piece
        trial = Trial(
            no_eeg(piece.mixture, piece.sfreq),
            GUIDE_SFREQ,
            piece.mixture,
            piece.sfreq,
            instruments=piece.instruments,
            stimulus=piece.name,
            guide=true_envelope(piece.stems[0], piece.sfreq),
            guide_sfreq=GUIDE_SFREQ,
        )
        return Mixture(trial, *stft_sizes(piece.sfreq))

    def guided(self, guide):
        """The mixture with another guide at the same times."""
        other = object.__new__(Mixture)
        other.__dict__.update(self.mixture.__dict__)
        other.trial = replace(self.mixture.trial, guide=guide)
        frames = np.arange(len(self.mixture.magnitudes)) * self.mixture.hop_length
        times = np.arange(guide.shape[1]) / GUIDE_SFREQ
        frames = frames / self.piece.sfreq
        other.guide = np.stack([np.interp(frames, times, row) for row in guide], 1)
        return other

    @cached_property
    def learned(self):
        """Activations, spectra and their owners."""
        return explain(self.mixture, self.dictionaries, settings())[:3]

    @cached_property
    def candidates(self):
        """Each instrument's share of the mixture."""
        A, W, owner = self.learned
        return [
            self.mixture.waveform(A, W, owner == i, DEFAULT.mask_power)
            for i in range(len(self.dictionaries))
        ]

    def blind(self, n_components):
        """Activations and spectra of the mixture's own."""
        if not hasattr(self, "_blind"):
            self._blind = explain_blind(
                self.mixture,
                n_components,
                settings(),
                init="random",
                rng=np.random.RandomState(0),
            )[:2]
        return self._blind

    @cached_property
    def stem_magnitudes(self):
        return [
            spectra(stem, *stft_sizes(self.piece.sfreq))[1] for stem in self.piece.stems
        ]

    def ratio_mask(self, attended):
        """Estimate with the ideal ratio mask of the default power."""
        wanted = self.stem_magnitudes[attended]
        rest = sum(m for i, m in enumerate(self.stem_magnitudes) if i != attended)
        mask = attended_mask(wanted, rest, DEFAULT.mask_power)
        return mask_waveform(
            self.mixture.stft,
            mask,
            self.mixture.hop_length,
            self.piece.stems.shape[1],
        )

    def oracle_owner(self, n_components):
        """Stem that explains most of each of the mixture's own components."""
        A, W = self.blind(n_components)
        model = np.maximum(A @ W, np.finfo(A.dtype).tiny)
        shares = [np.sum(A * ((m / model) @ W.T), 0) for m in self.stem_magnitudes]
        return np.argmax(shares, axis=0)

    def gain(self, attended, estimate):
        """SI-SDR above that of the mixture, in dB."""
        source = self.piece.stems[attended]
        return si_sdr(source, estimate) - si_sdr(source, self.piece.mixture)

    def bss(self, attended, estimate):
        """SDR, SIR and SAR in dB."""
        order = [attended, *(i for i in range(len(self.piece.stems)) if i != attended)]
        result = bss_eval(self.piece.stems[order], estimate[None], target=[0])
        return [float(np.squeeze(v)) for v in (result.sdr, result.sir, result.sar)]


def make_cases(pieces, tested, **parameters):
    """One case per tested piece, spectra learned from all other pieces."""
    cases = []
    for piece in tested:
        others = [p for p in pieces if p.name != piece.name]
        cases.append(Case(piece, dictionaries_of(piece, others, **parameters)))
    return cases


def dictionaries_of(piece, others, **parameters):
    """Spectra of the piece's instruments, learned from the other pieces."""
    trials, references = [], []
    for other in others:
        for name, stem in zip(other.instruments, other.stems):
            if name in piece.instruments:
                trials.append(
                    Trial(
                        no_eeg(stem, other.sfreq),
                        GUIDE_SFREQ,
                        stem,
                        other.sfreq,
                        instruments=(name,),
                    )
                )
                references.append(Reference(stem[None], 0))
    model = ContrastiveNMF(random_state=0, **parameters).fit(trials, references)
    return [model._spectra_of(name) for name in piece.instruments]


def decoded_guides(pieces, n_subjects, seed):
    """Guides from simulated EEG, decoders within subjects, one piece left out.

    Returns
    -------
    guides : list of (piece name, attended, guide, true envelopes)
        Of four repetitions of each piece.
    """
    trials, references = simulate_trials(
        pieces, n_subjects=n_subjects, random_state=seed
    )
    found, envelopes = [], {}
    for trial, reference in zip(trials, references):
        if trial.stimulus not in envelopes:
            envelopes[trial.stimulus] = np.concatenate(
                [true_envelope(s, trial.audio_sfreq) for s in reference.sources]
            )
    for subject in dict.fromkeys(trial.subject for trial in trials):
        own = [i for i, trial in enumerate(trials) if trial.subject == subject]
        for piece in pieces:
            kept = [i for i in own if trials[i].stimulus != piece.name]
            held = [i for i in own if trials[i].stimulus == piece.name]
            decoder = EnvelopeDecoder().fit(
                [trials[i] for i in kept], [references[i] for i in kept]
            )
            for i, trial in zip(held, decoder.transform([trials[i] for i in held])):
                found.append(
                    (
                        piece.name,
                        references[i].attended,
                        trial.guide,
                        envelopes[piece.name],
                    )
                )
    return found
