"""A guide out of EEG that arrives in chunks."""

import copy
from collections.abc import Sequence

import numpy as np

from ..decoding import EEGPreparation, EnvelopeDecoder
from ..signals import CausalFilter, CausalResampler
from ..trial import Trial
from ._pipeline import causal_phase


class StreamedPreparation:
    """What a fitted :class:`~sklearn_cnmf.decoding.EEGPreparation` does, in chunks.

    Parameters
    ----------
    step : EEGPreparation
        Fitted on trials, with causal filters.
    sfreq : float
        Rate of the EEG in Hz.
    """

    def __init__(self, step: EEGPreparation, sfreq: float):
        self._step = step = copy.deepcopy(step)  # what is set later has no part
        self._reference = step._reference_channels()
        self._filter = CausalFilter(
            sfreq,
            l_freq=step.l_freq,
            h_freq=step.h_freq,
            phase=causal_phase(step.phase),
        )
        self.sfreq = sfreq if step.sfreq is None else step.sfreq
        self._resampler = CausalResampler(sfreq, self.sfreq)

    def __call__(self, eeg: np.ndarray) -> np.ndarray:
        """Prepare what follows, (n_channels, n_times)."""
        eeg = np.array(eeg, dtype=np.float64)
        if self._reference is not None:
            eeg -= eeg[self._reference].mean(axis=0)
        return self._step._scaled(self._resampler(self._filter(eeg)))


class StreamedGuide:
    """What a fitted pipeline decodes from EEG, frame by frame.

    Parameters
    ----------
    preparations : sequence of EEGPreparation
        Fitted steps before the decoder, in their order.
    decoder : EnvelopeDecoder
        Fitted on trials.
    sfreq : float
        Rate of the EEG in Hz.
    instruments : tuple of str
        Those that are present.
    """

    def __init__(
        self,
        preparations: Sequence[EEGPreparation],
        decoder: EnvelopeDecoder,
        sfreq: float,
        instruments: tuple[str, ...],
    ):
        self._steps = []
        for step in preparations:
            self._steps.append(StreamedPreparation(step, sfreq))
            sfreq = self._steps[-1].sfreq
        self._model = model = decoder.model_
        self._filter = CausalFilter(
            sfreq,
            l_freq=model.l_freq,
            h_freq=model.h_freq,
            phase=causal_phase(model.phase),
        )
        self._resampler = CausalResampler(sfreq, model.sfreq)
        self._lags = model.pooled.lags
        n_channels = model.pooled.patterns.shape[1]
        self._waiting = np.zeros((0, n_channels))
        # What a decoder asks of a trial: which instruments are present.
        self._present = Trial(
            np.zeros((n_channels, 1)), 1.0, np.zeros(1), 1.0, instruments=instruments
        )

    def push(self, eeg: np.ndarray) -> np.ndarray:
        """Take what follows.

        Parameters
        ----------
        eeg : ndarray of shape (n_channels, n_times)
            The next samples, any number of them.

        Returns
        -------
        guide : ndarray of shape (n_guides, n_frames)
            What is known by now. A frame needs the EEG of all lags.
        """
        for step in self._steps:
            eeg = step(eeg)
        x = self._resampler(self._filter(eeg)).T
        self._waiting = np.concatenate([self._waiting, x])
        n_frames = max(0, len(self._waiting) - self._lags[-1])
        guide = np.zeros((len(self._model.pooled.patterns), n_frames))
        # One by one, so that the last digits do not depend on the chunks.
        for index in range(n_frames):
            window = self._waiting[index : index + self._lags[-1] + 1]
            guide[:, index] = self._model.reconstruct(window, self._present)[:, 0]
        self._waiting = self._waiting[n_frames:]
        return guide
