"""Mixtures, guides and spectra of `benchmarks.quality`."""

from dataclasses import dataclass, replace
from functools import cached_property

import librosa
import numpy as np
from scipy.optimize import linear_sum_assignment
from scipy.signal import butter, sosfiltfilt

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.metrics import bss_eval, si_sdr
from sklearn_cnmf.separation import (
    candidate_probabilities,
    contrastive_nmf,
    guide_support,
    split_components,
)
from sklearn_cnmf.signals import audio_envelope

GUIDE_SFREQ = 64.0
DEFAULT = ContrastiveNMF()
# What n_components=None is where nothing is learned.
N_COMPONENTS = 48


def n_guide_times(audio, sfreq):
    """Count the times of a guide to some audio."""
    return round(audio.shape[-1] / sfreq * GUIDE_SFREQ)


def envelope_of(audio, sfreq, n_times):
    """Envelope at the times of a guide, (1, n_times)."""
    return audio_envelope(audio, sfreq, np.arange(n_times) / GUIDE_SFREQ)


def no_eeg(audio, sfreq):
    """A silent channel, for trials that get their guide from elsewhere."""
    return np.zeros((1, n_guide_times(audio, sfreq)))


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


def magnitudes_of(stft):
    """Magnitudes to factorise, (n_frames, n_bins)."""
    return np.ascontiguousarray(np.abs(stft).T)


class Mixture:
    """Spectra of a mixture, and waveforms of parts of it.

    Parameters
    ----------
    audio : ndarray of shape (n_samples,)
        The mixture.
    sfreq : float
        Its sampling rate in Hz.
    n_fft : int
        Window in samples; the hop is a quarter of it.
    """

    def __init__(self, audio, sfreq, n_fft):
        self.audio, self.sfreq = audio, sfreq
        self.n_fft, self.hop_length = n_fft, n_fft // 4
        self.stft = self.transform(audio)
        self.magnitudes = magnitudes_of(self.stft)

    def transform(self, audio):
        """Short-time Fourier transform, (n_bins, n_frames)."""
        return librosa.stft(audio, n_fft=self.n_fft, hop_length=self.hop_length)

    def frame_times(self):
        """Times of the frames in seconds."""
        return np.arange(len(self.magnitudes)) * self.hop_length / self.sfreq

    def factorize(self, A, W, *, fixed, follow=None, guide=None, **changes):
        """Activations and spectra, from given ones to start from.

        Parameters
        ----------
        A, W : ndarray
            Starting factors.
        fixed : bool
            Whether the spectra stay as they are.
        follow : ndarray of bool, default=None
            Components that are to follow the guide.
        guide : ndarray of shape (n_guides, n_times), default=None
            Signed guide.
        **changes
            Parameters of `contrastive_nmf`; without contrast unless told.
        """
        if guide is not None:
            guide = self.guide_at_frames(guide)
            guide = guide - guide.min(axis=0)
        result = contrastive_nmf(
            self.magnitudes,
            activations=A,
            components=W.astype(self.magnitudes.dtype),
            fixed=np.full(len(W), fixed),
            attended=follow,
            guide=guide,
            **{
                "delta": 0.0,
                "max_iter": DEFAULT.max_iter,
                "tol": DEFAULT.tol,
                **changes,
            },
        )
        return result.activations, result.components

    def guide_at_frames(self, guide, n_repetitions=1):
        """Guide at the times of the frames of all repetitions, (n_frames, n_guides)."""
        duration = len(self.audio) / self.sfreq
        starts = np.arange(n_repetitions)[:, None] * duration
        at = (starts + self.frame_times()).ravel() * GUIDE_SFREQ
        own = np.arange(guide.shape[1])
        return np.stack([np.interp(at, own, row) for row in guide], axis=1)

    def split(self, A, W, guide, n_repetitions=1):
        """Probability that each component is part of what the guide follows."""
        at_frames = self.guide_at_frames(guide, n_repetitions)
        tiled = np.tile(A, (n_repetitions, 1))
        return split_components(tiled, W, at_frames, self.sfreq)

    def share(self, A, W, attended):
        """Waveform of some components, weighted if `attended` is not boolean."""
        attended = np.asarray(attended, dtype=A.dtype)
        return self.masked((A * attended) @ W, (A * (1 - attended)) @ W)

    def masked(self, wanted, rest):
        """Waveform of the share of `wanted`, both raised to the power of the mask."""
        power = DEFAULT.mask_power
        wanted, rest = (m.astype(np.float64) ** power for m in (wanted, rest))
        total = wanted + rest
        mask = np.divide(wanted, total, out=np.full_like(total, 0.5), where=total > 0)
        return librosa.istft(
            self.stft * mask.T,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            length=len(self.audio),
        )


@dataclass
class Case:
    """A piece, its mixture factorised once with learned and once with own spectra.

    Parameters
    ----------
    piece : Piece
        The piece.
    model : ContrastiveNMF
        Fitted on its instruments in other pieces.
    """

    piece: object
    model: ContrastiveNMF

    def __post_init__(self):
        self._envelopes = {}

    @cached_property
    def mixture(self):
        n_fft = self.model.model_.n_fft
        return Mixture(self.piece.mixture, self.piece.sfreq, n_fft)

    def trial(self, guide):
        """Trial of the piece with a guide."""
        mixture, sfreq = self.piece.mixture, self.piece.sfreq
        return Trial(
            no_eeg(mixture, sfreq),
            GUIDE_SFREQ,
            mixture,
            sfreq,
            instruments=self.piece.instruments,
            stimulus=self.piece.name,
            guide=guide,
            guide_sfreq=GUIDE_SFREQ,
        )

    def separated(self, attended, guide, **parameters):
        """What is found of a mixture where the attended instrument is known."""
        self.model.set_params(**parameters)
        name = self.piece.instruments[attended]
        return self.model.separate([self.trial(guide)], attended=[name])[0]

    @cached_property
    def learned(self):
        """What learned spectra find, without contrast."""
        return self.separated(0, self.true_envelope(0), delta=0.0)

    @cached_property
    def blind(self):
        """Activations and spectra of the mixture's own, without contrast."""
        result = contrastive_nmf(
            self.mixture.magnitudes, N_COMPONENTS, delta=0.0, random_state=0
        )
        return result.activations, result.components

    @property
    def candidates(self):
        """Each instrument's share of the mixture."""
        return self.learned.candidates

    def choose(self, guide, candidates=None):
        """Index of the candidate that a guide supports best.

        Parameters
        ----------
        guide : ndarray of shape (1, n_times)
            Guide to the piece, played once or over and over.
        candidates : {None, "true"}
            Whether to choose among the separated shares or the true stems.
        """
        n_times = guide.shape[1]
        key = candidates, n_times
        if key not in self._envelopes:
            sources = self.piece.stems if candidates == "true" else self.candidates
            times = self.n_repetitions(guide)
            self._envelopes[key] = np.concatenate(
                [
                    envelope_of(np.tile(source, times), self.piece.sfreq, n_times)
                    for source in sources
                ]
            )
        return int(np.argmax(guide_support(guide, self._envelopes[key])))

    def n_repetitions(self, guide):
        """How often the piece is played while a guide lasts."""
        duration = self.piece.stems.shape[1] / self.piece.sfreq
        return max(1, round(guide.shape[1] / GUIDE_SFREQ / duration))

    def true_envelope(self, attended):
        """Envelope of a stem at the times of a guide, (1, n_times)."""
        stem = self.piece.stems[attended]
        n_times = n_guide_times(stem, self.piece.sfreq)
        return envelope_of(stem, self.piece.sfreq, n_times)

    @cached_property
    def stem_magnitudes(self):
        return [magnitudes_of(self.mixture.transform(s)) for s in self.piece.stems]

    def ratio_mask(self, attended):
        """Estimate with the ideal ratio mask of the default power."""
        wanted = self.stem_magnitudes[attended]
        rest = sum(m for i, m in enumerate(self.stem_magnitudes) if i != attended)
        return self.mixture.masked(wanted, rest)

    @cached_property
    def oracle_owner(self):
        """Stem that most of each of the mixture's own components is due to."""
        A, W = self.blind
        model = np.maximum(A @ W, np.finfo(A.dtype).tiny)
        shares = [np.sum(A * ((m / model) @ W.T), 0) for m in self.stem_magnitudes]
        return np.argmax(shares, axis=0)

    def published(self, guide, **parameters):
        """Estimate in the setting of the publication."""
        trial = self.trial(guide)
        model = ContrastiveNMF(
            dictionary="guided",
            solver="published",
            contrast="components",
            random_state=0,
            **parameters,
        )
        return model.fit([trial]).predict([trial])[0]

    def gain(self, attended, estimate):
        """SI-SDR above that of the mixture, in dB."""
        source = self.piece.stems[attended]
        return si_sdr(source, estimate) - si_sdr(source, self.piece.mixture)

    def levels(self, attended, estimates):
        """Gain, SDR, SIR and SAR in dB, (n_estimates, 4)."""
        gains = [self.gain(attended, estimate) for estimate in estimates]
        targets = [attended] * len(estimates)
        bss = bss_eval(self.piece.stems, np.stack(estimates), target=targets)
        return np.column_stack([gains, bss.sdr, bss.sir, bss.sar])


class VoicesCase(Case):
    """A piece whose voices are tracked without references.

    Candidates are in the order of the stems: of all ways to give each stem a voice of
    its own, the one of the largest sum of gains.
    """

    @cached_property
    def voices(self):
        """What is found of the mixture, without contrast."""
        return self.model.separate([self.trial(self.true_envelope(0))])[0]

    @cached_property
    def candidates(self):
        voices = self.voices.candidates
        stems = range(len(self.piece.stems))
        gains = [[self.gain(stem, voice) for voice in voices] for stem in stems]
        _, own = linear_sum_assignment(gains, maximize=True)
        return voices[own]

    def weighed(self, guide, weight):
        """Soft answer, and the probability of each candidate.

        Parameters
        ----------
        guide : ndarray of shape (1, n_times)
            Guide to the piece.
        weight : float
            How far to trust it, in log-odds per second and unit of Fisher z.
        """
        trial = replace(self.trial(guide), guide_weights=np.array([weight]))
        probabilities = candidate_probabilities(self.candidates, trial)
        return np.tensordot(probabilities, self.candidates, 1), probabilities


def make_voices_cases(tested, memory):
    """One case per piece, its voices to be tracked."""
    cases = []
    for piece in tested:
        model = ContrastiveNMF(
            dictionary="harmonic", choice="hard", delta=0.0, memory=memory
        )
        case = VoicesCase(piece, model)
        model.fit([case.trial(case.true_envelope(0))])
        cases.append(case)
    return cases


def make_cases(pieces, tested, memory, *, but=None):
    """One case per tested piece, spectra learned from all other pieces.

    Parameters
    ----------
    pieces : list of Piece
        What to learn from; a piece of the name of the tested one is left out.
    tested : list of Piece
        The pieces that are separated.
    memory : str
        Folder of a cache.
    but : str, default=None
        An instrument that is not to be learned.

    Returns
    -------
    cases : list of Case
        Of the pieces whose other instruments all play in other pieces.
    """
    cases = []
    for piece in tested:
        others = [other for other in pieces if other.name != piece.name]
        wanted = {name for name in piece.instruments if name != but}
        if wanted <= {name for other in others for name in other.instruments}:
            cases.append(Case(piece, fit_model(wanted, others, memory)))
    return cases


def fit_model(instruments, pieces, memory):
    """Model of some instruments, learned from pieces."""
    trials, references = [], []
    for piece in pieces:
        for name, stem in zip(piece.instruments, piece.stems):
            if name in instruments:
                eeg = no_eeg(stem, piece.sfreq)
                trials.append(
                    Trial(eeg, GUIDE_SFREQ, stem, piece.sfreq, instruments=(name,))
                )
                references.append(Reference(stem[None], 0))
    model = ContrastiveNMF(choice="hard", memory=memory, random_state=0)
    return model.fit(trials, references)


def decoded_guides(pieces, n_subjects, seed):
    """Guides from simulated EEG, decoders within subjects, one piece left out.

    Returns
    -------
    guides : list of (piece name, attended, guide)
        Of four repetitions of each piece.
    """
    trials, references = simulate_trials(
        pieces, n_subjects=n_subjects, random_state=seed
    )
    found = []
    for subject in dict.fromkeys(trial.subject for trial in trials):
        own = [i for i, trial in enumerate(trials) if trial.subject == subject]
        for piece in pieces:
            kept = [i for i in own if trials[i].stimulus != piece.name]
            held = [i for i in own if trials[i].stimulus == piece.name]
            decoder = EnvelopeDecoder(feature="envelope").fit(
                [trials[i] for i in kept], [references[i] for i in kept]
            )
            for i, guide in zip(held, decoder.predict([trials[i] for i in held])):
                found.append((piece.name, references[i].attended, guide))
    return found
