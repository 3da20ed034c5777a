"""How far to trust each output of a decoder: slopes of a probability."""

import numpy as np
from scipy.optimize import minimize
from scipy.special import log_softmax, softmax

from ..signals import EDGE_SECONDS, fisher_z, pearson_r

# Log-odds per second and unit of Fisher z, from 18 listeners of real EEG of speech with
# one talker and one with two.
_PRIORS = {"envelope": (1.0,), "onset": (1.6,), "envelope_onset": (0.4, 1.3)}
_PER_BAND = {"mel_onset": 1.6}
# Mean log-odds per second of the attended source for a listener of rate one, and the
# range of rates.
_TYPICAL = 0.17
_RATES = 0.3, 3.0
# Standard deviation of the prior in units of each slope.
_SPREAD = 0.5
# Length in seconds of the windows to learn from.
WINDOW = 10.0


def prior_weights(feature: object, n_outputs: int) -> np.ndarray:
    """Slopes for a listener nobody knows.

    Parameters
    ----------
    feature : str or callable
        As in :class:`EnvelopeDecoder`.
    n_outputs : int
        Its number of outputs.

    Returns
    -------
    weights : ndarray of shape (n_outputs,)
        Log-odds per second and unit of Fisher z. Those of many bands, which say much
        the same, share the slope of one.
    """
    if isinstance(feature, str) and feature in _PRIORS:
        return np.array(_PRIORS[feature])
    together = _PER_BAND.get(feature, 1.0) if isinstance(feature, str) else 1.0
    return np.full(n_outputs, together / n_outputs)


def learn_weights(
    held_out: list[np.ndarray],
    candidates: list[list[np.ndarray]],
    attended: list[int],
    *,
    sfreq: float,
    prior: np.ndarray,
) -> np.ndarray:
    """Learn slopes from held-out reconstructions of training trials.

    The prior is multiplied with the listener's rate, which is how well the attended
    source is tracked, and then refined by logistic regression: attended against
    unattended sources, or where a trial has one source only, against the same source
    at other times.

    Parameters
    ----------
    held_out : list of ndarray of shape (n_frames, n_outputs)
        Reconstruction of each trial by a decoder that did not see its stimulus.
    candidates : list of list of ndarray of shape (n_frames, n_outputs)
        Feature of each source of each trial, in the band of the decoder.
    attended : list of int
        Which source was attended.
    sfreq : float
        Rate of both in Hz.
    prior : ndarray of shape (n_outputs,)
        Slopes to start from.

    Returns
    -------
    weights : ndarray of shape (n_outputs,)
        Log-odds per second and unit of Fisher z.
    """
    windows = _windows(held_out, candidates, attended, sfreq)
    z_attended = np.array([z[0] for _, z in windows])
    rate = np.clip(np.mean(z_attended @ prior) / _TYPICAL, *_RATES)
    start = rate * prior
    evidence = [seconds * z for seconds, z in windows if len(z) > 1]

    def loss(weights):
        distance = (weights - start) / (_SPREAD * start)
        value, slope = 0.5 * distance @ distance, distance / (_SPREAD * start)
        for z in evidence:
            value -= log_softmax(z @ weights)[0]
            slope = slope - z[0] + softmax(z @ weights) @ z
        return value, slope

    return minimize(loss, start, jac=True, method="BFGS").x


def _windows(held_out, candidates, attended, sfreq):
    """Seconds and Fisher z (n_candidates, n_outputs) of windows, attended first."""
    found, alone = [], []
    for y, of_trial, own in zip(held_out, candidates, attended):
        n_window = min(round(WINDOW * sfreq), len(y))
        others = [c for i, c in enumerate(of_trial) if i != own and np.ptp(c) > 0]
        for start in range(0, len(y) - n_window + 1, n_window):
            part = slice(start, start + n_window)
            sources = [source[part] for source in (of_trial[own], *others)]
            edges = (start == 0) + (start + n_window == len(y))
            seconds = max((n_window / sfreq) - edges * EDGE_SECONDS / 2, 0.0)
            if others:
                z = [fisher_z(pearson_r(source, y[part])) for source in sources]
                found.append((seconds, np.array(z)))
            else:
                alone.append((seconds, y[part], sources[0]))
    # The same source at other times: half of all windows further on.
    for number, (seconds, y, source) in enumerate(alone):
        *_, other = alone[(number + len(alone) // 2) % len(alone)]
        n = min(len(y), len(other))
        z = [fisher_z(pearson_r(s[:n], y[:n])) for s in (source, other)]
        found.append((seconds, np.array(z[: 2 if len(alone) > 1 else 1])))
    return found
