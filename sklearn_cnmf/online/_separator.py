"""The attended instrument turned up while the listener listens."""

from collections import deque
from collections.abc import Sequence
from numbers import Real

import numpy as np
from numpy.typing import ArrayLike
from sklearn.pipeline import Pipeline

from .._typing import MaybeNone
from .._validation import (
    as_signals,
    check_number,
    check_time_last,
)
from ..separation._stft import audio_dtype, hop_of, masks_of
from ..signals import CausalFilter
from ._clock import Regular, Synchronizer, as_times, check_ahead
from ._eeg import StreamedGuide
from ._evidence import Evidence
from ._features import StreamedFeature
from ._levels import StreamedLevels
from ._pipeline import causal_phase, causal_steps, present_of
from ._spectra import FixedSpectra
from ._stft import StreamedAudio, StreamedSpectra

# Frames of the mixture that are explained at a time: four are a window.
_FRAMES_AT_A_TIME = 4
# Seconds by which the evidence that decides a sample is older than what its features
# and the lags of the decoder need, so that EEG may come late.
_MARGIN = 0.25
# Seconds after a gap in the EEG in which filters still remember it.
_SETTLING = 1.0
# Seconds in which a gain may go from nothing to all.
_FADE = 0.25
# Seconds of probabilities that are kept.
_KEPT = 3600.0
# Rates of EEG in Hz.
_SLOWEST, _FASTEST = 1.0, 1e6
# Values whose squares float32 can add up, and more than any converter's whole numbers.
_LARGEST = 1e12
# Channels of a chunk that may hold fewer samples than channels.
_MOST_CHANNELS = 64


class OnlineSeparator:
    """A fitted pipeline, run on streams of EEG and audio.

    Each instrument's share of a frame of the mixture is found with fixed spectra, each
    frame on its own. The EEG says how likely each instrument is the attended one, by
    all that was heard until then, of which what lies a half-life back counts half. The
    attended signal is the sum of all shares, each as loud as it is likely, but never
    softer than `depth`.

    The output does not depend on how the streams are cut into chunks, as long as EEG
    comes no later than the audio of the same time is put out.

    Without stamps, both streams begin at the same moment, keep their rates and lose
    nothing. With stamps (`times`), on one clock for both, the output keeps to the clock
    of the audio:

    =================  ===============================================================
    less than 0.1 s    jitter, which is smoothed; a loss as short shifts what follows
    off                until the clock is followed, some 10 s
    drift              both clocks are followed; EEG is interpolated
    EEG is lost        evidence fades until lags and filters (1 s) have left the gap
    EEG is not finite  interpolated up to 0.1 s, else as lost
    audio is lost      silence takes its place
    samples come       those that were taken before are left out
    twice
    EEG comes late     frames whose turn has come without are decided without
    EEG stops          evidence fades, with the half-life, to what is known of nothing:
                       all are as likely, and as loud
    audio stops        nothing is put out; after a minute of EEG an error is raised
    gap of more than   an error is raised when the stream goes on; so it is where the
    a minute           streams lie as far apart
    =================  ===============================================================

    Parameters
    ----------
    pipeline : Pipeline
        Fitted on trials. Its steps are any number of
        :class:`~sklearn_cnmf.decoding.EEGPreparation`, an
        :class:`~sklearn_cnmf.EnvelopeDecoder` and a
        :class:`~sklearn_cnmf.ContrastiveNMF` with ``dictionary="learned"``. All filters
        are causal (`phase` is not "zero" where there is a band), and the decoder
        leaves scaling (``scale=None``) to a preparation, since the spread of a whole
        recording is not known while it lasts.
    instruments : sequence of str
        Those that are present, in any order.
    eeg_sfreq : float
        Rate of the EEG in Hz, from 1 to a million.
    half_life : float, default=10.0
        Seconds after which evidence counts half. A short one follows a listener who
        turns to another instrument, a long one is surer of one who does not.
    depth : float, default=30.0
        By how many dB what is surely not attended is turned down.

    Attributes
    ----------
    audio_sfreq : float
        Rate of the audio in Hz, that of the training mixtures.
    n_channels : int
        Of the EEG.
    latency : float
        Seconds from a sample of the mixture to that of the output, less the time that
        is needed to compute it: the window, and three hops.
    instruments : tuple of str
        In the order of the probabilities.
    probabilities : ndarray of shape (n_frames, n_instruments)
        How likely each was attended, at `times`; of the last hour.
    latest : ndarray of shape (n_instruments,)
        The last of them; all the same before the first.
    times : ndarray of shape (n_frames,)
        Seconds of the output at which each of these took effect.
    n_missing : int
        Frames of the guide whose EEG had not come when they were needed, or was lost.
    n_lost_audio, n_repeated : int
        Samples of audio that were lost, and of both streams that were left out since
        others had been taken at their time, by their stamps.

    Raises
    ------
    ValueError
        If a parameter is not as described, or an instrument was never learned.
    sklearn.exceptions.NotFittedError
        If the pipeline is not fitted.

    See Also
    --------
    sklearn_cnmf.ContrastiveNMF : Whole trials.

    Examples
    --------
    >>> from sklearn.pipeline import Pipeline
    >>> from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
    >>> from sklearn_cnmf.datasets import load_example_stems, simulate_trials
    >>> from sklearn_cnmf.decoding import EEGPreparation
    >>> from sklearn_cnmf.online import OnlineSeparator
    >>> trials, references = simulate_trials(
    ...     load_example_stems()[:1], n_subjects=1, n_repetitions=1, random_state=0)
    >>> pipeline = Pipeline([
    ...     ("prepare", EEGPreparation(sfreq=None)),
    ...     ("decode", EnvelopeDecoder(phase="forward", scale=None, alpha=1.0)),
    ...     ("separate", ContrastiveNMF(random_state=0))]).fit(trials, references)
    >>> online = OnlineSeparator(
    ...     pipeline, instruments=trials[0].instruments, eeg_sfreq=trials[0].eeg_sfreq)
    >>> online.push_eeg(trials[0].eeg[:, :256])
    >>> attended, rest = online.push_audio(trials[0].mixture[:22050])
    >>> round(online.latency, 2), len(attended) >= 22050 * (1 - online.latency) - 1
    (0.33, True)
    """

    def __init__(
        self,
        pipeline: Pipeline,
        *,
        instruments: Sequence[str],
        eeg_sfreq: float,
        half_life: float = 10.0,
        depth: float = 30.0,
    ):
        preparations, decoder, separator = causal_steps(pipeline)
        check_number("eeg_sfreq", eeg_sfreq, least=_SLOWEST, most=_FASTEST)
        if not (isinstance(half_life, Real) and half_life == np.inf):
            check_number("half_life", half_life, above=0)
        check_number("depth", depth, above=0)
        learned = separator.model_
        self.instruments = present_of(instruments, learned)
        self.audio_sfreq = learned.audio_sfreq
        self._n_fft = learned.n_fft
        model = decoder.model_
        self._sfreq = model.sfreq
        self.n_channels = len(model.pooled.mean)
        self._guide = StreamedGuide(
            preparations, decoder, float(eeg_sfreq), self.instruments
        )
        self._guide_frames: deque[np.ndarray | None] = deque()
        self._spectra = FixedSpectra(learned, self.instruments)
        self._mask_power = separator.mask_power
        self._features = StreamedFeature(model.feature, self.audio_sfreq, self._sfreq)
        self._feature_frames: deque[np.ndarray] = deque()
        band = model.l_freq, model.h_freq
        self._evidence = Evidence(
            model.weights,
            len(self.instruments),
            self._sfreq,
            band,
            half_life,
        )
        self._band = CausalFilter(
            self._sfreq,
            l_freq=model.l_freq,
            h_freq=model.h_freq,
            phase=causal_phase(model.phase),
        )
        needed = max(self._features.n_needed, int(model.pooled.lags[-1]))
        # At low rates the margin is less than the next frame.
        self._behind = needed / self._sfreq + max(_MARGIN, 1 / self._sfreq)
        self._least = 10 ** (-depth / 20)
        self._lags = model.pooled.lags[0], model.pooled.lags[-1]
        self._eeg_sfreq = float(eeg_sfreq)
        self._n_eeg = self._n_eeg_frames = self._n_decided = self._n_out = 0
        # Seconds of EEG that are lost, and until filters have forgotten it.
        self._gaps: deque[tuple[float, float]] = deque()
        self._clocks: Synchronizer | MaybeNone = None
        self._is_stamped: bool | None = None
        self._is_over = False
        self.n_missing = 0
        n_kept = round(_KEPT * self._sfreq)
        self._decided: deque[np.ndarray] = deque(maxlen=n_kept)
        self._gains = np.full((1, len(self.instruments)), 1 / len(self.instruments))
        self._shape: tuple[int, ...] | MaybeNone = None
        self._in: StreamedSpectra | MaybeNone = None
        self._mixture: np.ndarray | MaybeNone = None

    @property
    def latency(self) -> float:
        n_samples = self._n_fft + (_FRAMES_AT_A_TIME - 1) * hop_of(self._n_fft)
        return n_samples / self.audio_sfreq

    @property
    def probabilities(self) -> np.ndarray:
        return np.array(self._decided).reshape(-1, len(self.instruments))

    @property
    def latest(self) -> np.ndarray:
        if not self._decided:
            return np.full(len(self.instruments), 1 / len(self.instruments))
        return self._decided[-1].copy()

    @property
    def times(self) -> np.ndarray:
        first = self._n_decided - len(self._decided)
        return np.arange(first, self._n_decided) / self._sfreq + self._behind

    @property
    def n_lost_audio(self) -> int:
        return 0 if self._clocks is None else self._clocks.n_lost_audio

    @property
    def n_repeated(self) -> int:
        return 0 if self._clocks is None else self._clocks.n_repeated

    def push_eeg(self, eeg: ArrayLike, times: ArrayLike | None = None) -> None:
        """Take the EEG that follows.

        Parameters
        ----------
        eeg : array-like of shape (n_channels, n_times)
            The next samples, one at least, in the order of the channels of the
            training trials. With stamps, those that are not finite in some channel
            count as lost.
        times : array-like of shape (n_times,), default=None
            When they were taken, in seconds of a clock that `push_audio` has, too.

        Raises
        ------
        ValueError
            If an array has another shape, is not finite or beyond 1e12, if stamps are
            given for some chunks alone or jump by more than a minute, or if the EEG is
            more than a minute ahead of the audio. The chunk has then no part in what
            follows.
        """
        self._check_open()
        lost = None
        if times is not None:
            eeg, lost = _without_lost(eeg)
        eeg = _bounded("eeg", as_signals("eeg", eeg, (2,)))
        if len(eeg) != self.n_channels:
            raise ValueError(
                f"eeg: expected {self.n_channels} channels, got {len(eeg)}"
            )
        stamps = self._stamps(times, eeg.shape[1])
        if stamps is None:
            until = (self._n_eeg + eeg.shape[1]) / self._eeg_sfreq
            check_ahead(until - self._n_decided / self._sfreq)
            regular = Regular(eeg, np.zeros(eeg.shape[1], bool))
        else:
            clocks = self._clocks or Synchronizer(self._eeg_sfreq, self.audio_sfreq)
            clocks.push_eeg(eeg, stamps, lost)
            self._clocks = clocks
            regular = clocks.pull()
        self._is_stamped = stamps is not None
        self._take_eeg(regular)

    def push_audio(
        self, audio: ArrayLike, times: ArrayLike | None = None
    ) -> tuple[np.ndarray, np.ndarray]:
        """Take the audio that follows, and put out what is complete.

        Parameters
        ----------
        audio : array-like of shape (n_samples,) or (n_audio_channels, n_samples)
            The next samples of the mixture, one at least.
        times : array-like of shape (n_samples,), default=None
            When they were taken, in seconds of a clock that `push_eeg` has, too.

        Returns
        -------
        attended, rest : ndarray of shape (n_out,) or (n_audio_channels, n_out)
            What follows what was put out before; they add up to the mixture.

        Raises
        ------
        ValueError
            If an array has another shape, is not finite or beyond 1e12, or if stamps
            are given for some chunks alone or jump by more than a minute. The chunk has
            then no part in what follows.
        """
        self._check_open()
        audio = _bounded("audio", as_signals("audio", audio, (1, 2)))
        shape = audio.shape[:-1]
        if self._shape is None:
            if audio.ndim == 2 and len(audio) > _MOST_CHANNELS:
                check_time_last("audio", audio)
        elif shape != self._shape:
            raise ValueError(
                f"audio: expected shape {(*self._shape, None)} as before, got "
                f"{audio.shape}"
            )
        stamps = self._stamps(times, audio.shape[-1])
        dtype = np.dtype(audio_dtype(audio)) if self._in is None else self._dtype
        audio = np.atleast_2d(audio).astype(dtype, copy=False)
        clocks = self._clocks
        if stamps is not None:
            clocks = clocks or Synchronizer(self._eeg_sfreq, self.audio_sfreq)
            audio = clocks.push_audio(audio, stamps)
        self._clocks, self._is_stamped = clocks, stamps is not None
        if self._in is None:
            self._begin(shape, len(audio), dtype)
        if clocks is not None:
            self._take_eeg(clocks.pull())
        return self._take_audio(audio)

    def _stamps(self, times, n_times):
        if self._is_stamped not in (None, times is not None):
            with_or_without = "with" if self._is_stamped else "without"
            raise ValueError(
                f"times: all chunks of both streams so far came {with_or_without} "
                "stamps; give them for all or for none"
            )
        return None if times is None else as_times("times", times, n_times)

    def _take_eeg(self, regular):
        eeg, missing = regular
        if not eeg.size:
            return
        edges = np.flatnonzero(np.diff(missing, prepend=False, append=False))
        seconds = (self._n_eeg + edges) / self._eeg_sfreq
        for begin, end in zip(seconds[::2], seconds[1::2]):
            self._gaps.append((begin, end + _SETTLING if begin else end))
        self._n_eeg += eeg.shape[1]
        for frame in self._guide.push(eeg).T:
            if self._n_eeg_frames >= self._n_decided:
                self._guide_frames.append(None if self._in_gap() else frame)
            self._n_eeg_frames += 1

    def _in_gap(self):
        """Whether the next frame of the guide has to do with a gap in the EEG."""
        first, last = ((self._n_eeg_frames + n) / self._sfreq for n in self._lags)
        while self._gaps and self._gaps[0][1] <= first:
            self._gaps.popleft()
        return any(begin <= last for begin, _ in self._gaps)

    def _take_audio(self, audio):
        self._mixture = np.concatenate([self._mixture, audio], axis=1)
        stft = self._in.push(audio, _FRAMES_AT_A_TIME)
        nothing = np.zeros((len(self.instruments), len(audio), 0), self._dtype)
        blocks = [
            self._separate(stft[:, first : first + _FRAMES_AT_A_TIME])
            for first in range(0, stft.shape[1], _FRAMES_AT_A_TIME)
        ]
        return self._put_out(np.concatenate([nothing, *blocks], axis=-1))

    def finish(self) -> tuple[np.ndarray, np.ndarray]:
        """End the streams: put out what the last window holds back.

        Returns
        -------
        attended, rest : ndarray
            As from :meth:`push_audio`. All that was put out is as long as the mixture.
        """
        self._check_open()
        if self._shape is None:
            raise ValueError("finish: no audio was pushed")
        left = self._mixture.shape[1]
        n_silent = round(self.latency * self.audio_sfreq) + 1
        attended, rest = self._take_audio(
            np.zeros((len(self._mixture), n_silent), self._dtype)
        )
        self._is_over = True
        return attended[..., :left], rest[..., :left]

    def _check_open(self):
        if self._is_over:
            raise ValueError("the streams are finished; make another OnlineSeparator")

    def _begin(self, shape, n_channels, dtype):
        self._shape, self._dtype = shape, dtype
        self._in = StreamedSpectra(self._n_fft, n_channels, dtype)
        shares = len(self.instruments), n_channels
        self._out = StreamedAudio(self._n_fft, shares, dtype)
        self._mixture = np.zeros((n_channels, 0), dtype)
        self._levels = StreamedLevels(
            *shares[::-1], self.audio_sfreq / hop_of(self._n_fft)
        )

    def _separate(self, stft):
        """Audio of each instrument that a block of frames completes."""
        power, channels = self._mask_power, np.abs(stft)
        magnitudes = np.sqrt(np.sum(np.square(channels), axis=0))
        models = self._spectra.models(magnitudes)
        levels = np.ones((1, len(models)))
        if len(channels) > 1:
            levels = self._levels.update(channels, models)
        masks = [
            list(masks_of([level * own for level, own in zip(channel, models)], power))
            for channel in levels.astype(magnitudes.dtype)
        ]
        candidates = self._out.push(np.swapaxes(masks, 0, 1) * stft)
        features = self._features.push(candidates)
        if features.size:
            shape = features.shape
            features = self._band(features.reshape(-1, shape[-1])).reshape(shape)
            self._feature_frames.extend(np.moveaxis(features, -1, 0))
        return candidates

    def _put_out(self, candidates):
        n_out = candidates.shape[-1]
        gains = self._gains_of(n_out)
        attended = np.einsum("it,ict->ct", gains, candidates).astype(self._dtype)
        rest = self._mixture[:, :n_out] - attended
        self._mixture = self._mixture[:, n_out:]
        self._n_out += n_out
        shape = *self._shape, n_out
        return attended.reshape(shape), rest.reshape(shape)

    def _gains_of(self, n_out):
        """Gain of each instrument at the next samples, (n_instruments, n_out)."""
        samples = np.arange(self._n_out, self._n_out + n_out + 1)
        places = (samples / self.audio_sfreq - self._behind) * self._sfreq
        while n_out and self._n_decided <= places[-2] + 1:
            self._decide()
        first = self._n_decided - len(self._gains)
        frames = np.arange(first, self._n_decided)
        gains = np.array([np.interp(places[:-1], frames, own) for own in self._gains.T])
        # Those that the next sample lies between are still needed.
        self._gains = self._gains[max(0, int(places[-1]) - first) :]
        return gains

    def _decide(self):
        """Take the next frame of the guide, or none if it has not come."""
        guide = self._guide_frames.popleft() if self._guide_frames else None
        self.n_missing += guide is None
        probabilities = self._evidence.update(guide, self._feature_frames.popleft())
        self._n_decided += 1
        self._decided.append(probabilities)
        wanted = self._least + (1 - self._least) * probabilities
        largest = 1 / (_FADE * self._sfreq)
        step = np.clip(wanted - self._gains[-1], -largest, largest)
        self._gains = np.vstack([self._gains, self._gains[-1] + step])


def _without_lost(eeg):
    """EEG without samples that are not finite, and which they were; None for none."""
    array = np.asarray(eeg)
    if array.ndim != 2 or array.dtype.kind != "f":
        return eeg, None
    lost = ~np.isfinite(array).all(axis=0)
    if not lost.any():
        return eeg, None
    return np.where(lost, 0, array), lost


def _bounded(name, signals):
    """Refuse what would overflow."""
    largest = max(abs(float(signals.min())), abs(float(signals.max())))
    if largest > _LARGEST:
        raise ValueError(
            f"{name}: found values as large as {largest:g}; at most {_LARGEST:g} is "
            "expected"
        )
    return signals
