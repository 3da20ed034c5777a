"""Which notes are of one voice, by how they sound."""

import itertools

import numpy as np

# Partials that are compared, and the share of a note's level that each has at least.
_N_PARTIALS, _LEAST = 16, 1e-3
# Weight of a note of mean level, and cost of another order of the voices from one frame
# to the next.
_WEIGHT, _SWITCH = 20.0, 3.0
# Random orders that are begun with, most stretches of each, and rounds of each.
_N_STARTS, _MOST_STRETCHES, _N_ROUNDS = 20, 12, 15


def regroup(partials: np.ndarray) -> np.ndarray:
    """Group the notes of tracked voices by their envelopes, whatever their heights.

    Tracking begins with one voice above the other. Where they exchange their ranges for
    good, each voice learns a mean of two instruments, and no later pass leaves that.
    Here envelopes are learned by clustering: one for each voice, of notes that don't
    sound together.

    Parameters
    ----------
    partials : ndarray of shape (n_voices, n_frames, n_partials)
        Amplitudes; zero where a voice is silent.

    Returns
    -------
    orders : ndarray of shape (n_frames, n_voices) of int
        Tracked voice whose note each group has.
    """
    from ._kernels import steady_path

    n_voices, n_frames, _ = partials.shape
    partials = partials[..., :_N_PARTIALS]
    levels = partials.sum(axis=2)
    floor = _LEAST * levels.mean() / partials.shape[2]
    if not floor > 0:
        return np.tile(np.arange(n_voices), (n_frames, 1))
    shares = _summing_to_one(partials + floor)
    weights = _WEIGHT * np.sqrt(levels / levels.mean())
    # Kullback-Leibler divergences of shares from an envelope are this less `shares @
    # log(envelope)`.
    negentropy = np.sum(shares * np.log(shares), axis=2)
    orders = np.array(list(itertools.permutations(range(n_voices))))
    frames = np.arange(n_frames)[:, None]
    rng = np.random.default_rng(0)
    least, best = np.inf, None
    for _ in range(_N_STARTS):
        path = _random_stretches(n_frames, len(orders), rng)
        for _ in range(_N_ROUNDS):
            members = orders[path]
            own = weights[members, frames][..., None] * shares[members, frames]
            envelopes = _summing_to_one(own.sum(axis=0) + 1e-6)
            divergences = negentropy[..., None] - shares @ np.log(envelopes).T
            divergences *= weights[..., None]
            costs = sum(divergences[orders[:, k], :, k] for k in range(n_voices))
            before = path
            path, cost = steady_path(np.ascontiguousarray(costs.T), _SWITCH)
            if np.array_equal(path, before):
                break
        if cost < least:
            least, best = cost, path
    return orders[best]


def _summing_to_one(values):
    return values / values.sum(axis=-1, keepdims=True)


def _random_stretches(n_frames, n_orders, rng):
    n_stretches = rng.integers(2, _MOST_STRETCHES + 1)
    ends = np.sort(rng.integers(n_frames, size=n_stretches - 1))
    order = rng.integers(n_orders, size=n_stretches)
    return order[np.searchsorted(ends, np.arange(n_frames), side="right")]
