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
# Standard deviation of the prior in units of each slope. Mean log loss of windows of 5,
# 10, 20 and 30 s for 0 (the rate alone), 0.25 and 0.5, with 3 to 13 minutes of
# training: real EEG of five listeners, against other times 0.4075 0.4077 0.4084, with
# two stems of music 0.4367 0.4381 0.4412; six simulated listeners 0.4796 0.4799 0.4822.
_SPREAD = 0.25
# Length in seconds of the windows to learn from, and with how many other times each is
# compared at most.
WINDOW = 10.0
_MOST_OTHERS = 20


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
    unattended sources, or where a trial has one source only, against that of up to
    twenty other windows.

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
    tracked = np.mean([z @ prior for _, z, _ in windows])
    rate = np.clip(tracked / _TYPICAL, *_RATES)
    start = rate * prior
    evidence, present, shares = _choices(windows)
    if len(evidence) == 0:
        return start

    def loss(weights):
        distance = (weights - start) / (_SPREAD * start)
        log_odds = np.where(present, evidence @ weights, -np.inf)
        missed = softmax(log_odds, axis=1)
        missed[:, 0] -= 1
        value = 0.5 * distance @ distance - shares @ log_softmax(log_odds, axis=1)[:, 0]
        slope = np.einsum("r,rc,rco->o", shares, missed, evidence)
        return value, distance / (_SPREAD * start) + slope

    return minimize(loss, start, jac=True, method="BFGS").x


def _windows(held_out, candidates, attended, sfreq):
    """Seconds, z of the attended source, and that of others, of each window.

    The others come as one array (n_others, n_outputs) for each choice: all sources of
    the trial together, or where there is only one, its other times one by one.
    """
    found, alone = [], []
    for y, of_trial, own in zip(held_out, candidates, attended):
        n_window = min(round(WINDOW * sfreq), len(y))
        others = [c for i, c in enumerate(of_trial) if i != own and np.ptp(c) > 0]
        for start in range(0, len(y) - n_window + 1, n_window):
            part = slice(start, start + n_window)
            edges = (start == 0) + (start + n_window == len(y))
            seconds = max((n_window / sfreq) - edges * EDGE_SECONDS / 2, 0.0)
            z = _z(y[part], of_trial[own][part])
            if others:
                rest = np.array([_z(y[part], other[part]) for other in others])
                found.append((seconds, z, [rest]))
            else:
                alone.append((seconds, z, y[part], of_trial[own][part]))
    for number, (seconds, z, y, _) in enumerate(alone):
        n_others = min(len(alone) - 1, _MOST_OTHERS)
        steps = 1 + np.arange(n_others) * (len(alone) - 1) // max(n_others, 1)
        others = [alone[(number + step) % len(alone)][-1] for step in steps]
        found.append((seconds, z, [_z(y, other)[None] for other in others]))
    return found


def _z(a, b):
    n = min(len(a), len(b))
    return fisher_z(pearson_r(a[:n], b[:n]))


def _choices(windows):
    """Evidence (n_choices, n_candidates, n_outputs), which is there, and its share."""
    rows = [
        (seconds * np.vstack([own, rest]), 1 / len(others))
        for seconds, own, others in windows
        for rest in others
    ]
    n_candidates = max((len(z) for z, _ in rows), default=0)
    present = np.array([np.arange(n_candidates) < len(z) for z, _ in rows])
    evidence = np.zeros((len(rows), n_candidates, len(windows[0][1])))
    for row, (z, _) in zip(evidence, rows):
        row[: len(z)] = z
    return evidence, present, np.array([share for _, share in rows])
