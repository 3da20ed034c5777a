"""Trials whose EEG or guide is not what it should be, as controls."""

from dataclasses import replace

import numpy as np

from ..._validation import trial_label
from ...separation._selection import candidate_features
from ...trial import Trial
from ._methods import ESTIMATOR
from ._outcome import Heard


def with_eeg(one: Heard, method: str) -> Trial:
    """Return the trial with the EEG that a control has in its place."""
    if method == ESTIMATOR:
        return one.trial
    if method == "phase-randomised-eeg":
        return replace(
            one.trial, eeg=randomise_phases(one.trial.eeg, one.generator(method))
        )
    if one.donor is None:
        raise ValueError(
            f"trial{trial_label(one.trial)}: no trial of another stimulus has EEG of "
            "the same rate and channels"
        )
    n_times = one.trial.eeg.shape[1]
    eeg = one.donor.eeg[:, :n_times]
    return replace(
        one.trial, eeg=np.pad(eeg, [(0, 0), (0, n_times - eeg.shape[1])], "wrap")
    )


def randomise_phases(eeg: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draw the phase of each frequency anew, the same for all channels.

    Spectra and covariances of the channels stay as they are.

    Parameters
    ----------
    eeg : ndarray of shape (n_channels, n_times)
        EEG.
    rng : Generator
        Draws the phases.

    Returns
    -------
    randomised : ndarray of shape (n_channels, n_times)
    """
    spectrum = np.fft.rfft(np.asarray(eeg, dtype=np.float64), axis=1)
    turn = np.exp(2j * np.pi * rng.random(spectrum.shape[1]))
    turn[0] = 1.0
    if eeg.shape[1] % 2 == 0:
        turn[-1] = 1.0
    return np.fft.irfft(spectrum * turn, n=eeg.shape[1], axis=1).astype(eeg.dtype)


def guided_by(trial: Trial, one: Heard, method: str) -> Trial:
    """Return the trial with the feature of one of its sources as guide."""
    sources, index = one.reference.sources, one.reference.attended
    if method == "unattended-guide":
        power = [np.sum(np.square(s, dtype=np.float64)) for s in sources]
        power[index] = -1.0
        index = int(np.argmax(power))
    (guide,) = candidate_features([sources[index]], trial)
    return replace(trial, guide=guide)
