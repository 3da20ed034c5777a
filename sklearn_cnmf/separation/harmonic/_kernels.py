"""What is done for each frame with combs, compiled.

A comb is given by the first bin of each partial and the weights of its lobe, as
`lay_combs` lays it. Partials beyond the spectrum have weights of zero and come last.
"""

import numpy as np

from ..._compiled import compiled
from ._combs import LOBE_BINS, LOBE_FIRST


@compiled
def _count(weights):
    """Count the partials of a comb that lie in the spectrum."""
    n = 0
    while n < weights.shape[0] and weights[n, 1] + weights[n, 2] > 0:
        n += 1
    return n


@compiled
def pitch_activations(X, background, first, weights, n_iterations):
    """Activations of a dictionary of combs, by multiplicative updates.

    Parameters
    ----------
    X, background : ndarray of shape (n_frames, n_bins)
        Magnitudes, and what is there without any comb; positive.
    first : ndarray of shape (n_pitches, n_partials) of int32
        First bin of each partial.
    weights : ndarray of shape (n_pitches, n_partials, LOBE_BINS)
        Amplitude of each partial times its lobe; each comb sums to one.
    n_iterations : int
        Updates of the generalised Kullback-Leibler divergence.

    Returns
    -------
    activations : ndarray of shape (n_frames, n_pitches)
    """
    n_frames, n_bins = X.shape
    n_pitches = first.shape[0]
    n_partials = np.empty(n_pitches, np.int64)
    for p in range(n_pitches):
        n_partials[p] = _count(weights[p])
    activations = np.empty((n_frames, n_pitches))
    ratio = np.empty(n_bins)
    for n in range(n_frames):
        a = activations[n]
        a[:] = X[n].sum() / n_pitches
        for _ in range(n_iterations):
            ratio[:] = background[n]
            for p in range(n_pitches):
                for h in range(n_partials[p]):
                    start = first[p, h]
                    for i in range(LOBE_BINS):
                        ratio[start + i] += a[p] * weights[p, h, i]
            for k in range(n_bins):
                ratio[k] = X[n, k] / ratio[k]
            for p in range(n_pitches):
                total = 0.0
                for h in range(n_partials[p]):
                    start = first[p, h]
                    for i in range(LOBE_BINS):
                        total += weights[p, h, i] * ratio[start + i]
                a[p] *= total
    return activations


@compiled
def _add(model, lobe, amplitude):
    """Add a partial to its bins; all are read before one is written."""
    a, b = model[0] + amplitude * lobe[0], model[1] + amplitude * lobe[1]
    c, d = model[2] + amplitude * lobe[2], model[3] + amplitude * lobe[3]
    model[0], model[1], model[2], model[3] = a, b, c, d


@compiled
def _fit_state(
    combs,
    first,
    weights,
    heard,
    sizes,
    counts,
    envelopes,
    shape,
    n_iterations,
    model,
    amplitudes,
    updated,
    ratios,
):
    """Fit amplitudes of the comb of each voice, each with a gamma prior.

    The mean of the prior is the voice's envelope at the voice's level, and `ratios` are
    those of the amplitudes to it. `model` is the background before, and has the combs
    on it afterwards; what `amplitudes` and `updated` hold before does not matter.
    """
    for v in range(combs.size):
        c = combs[v]
        for h in range(counts[c]):
            amplitudes[v, h] = 0.5 * heard[c, h].sum() + 1e-9
            _add(model[first[c, h] :], weights[c, h], amplitudes[v, h])
    for _ in range(n_iterations):
        for v in range(combs.size):
            c = combs[v]
            for h in range(counts[c]):
                own, there = heard[c, h], model[first[c, h] :]
                total = own[0] / there[0] + own[1] / there[1]
                total += own[2] / there[2] + own[3] / there[3]
                updated[v, h] = amplitudes[v, h] * total
        for v in range(combs.size):
            c = combs[v]
            level, expected = 0.0, 1e-12
            for h in range(counts[c]):
                level += updated[v, h]
                expected += envelopes[v, h] * sizes[c, h]
            level /= expected
            for h in range(counts[c]):
                mean = level * envelopes[v, h] + 1e-9
                ratios[v, h] = (updated[v, h] + shape) / (sizes[c, h] * mean + shape)
                change = ratios[v, h] * mean - amplitudes[v, h]
                amplitudes[v, h] += change
                _add(model[first[c, h] :], weights[c, h], change)


@compiled
def state_evidence(
    X, background, first, weights, states, envelopes, shape, n_iterations
):
    """Log-evidence of each state of a frame: which candidate each voice sounds.

    Parameters
    ----------
    X, background : ndarray of shape (n_frames, n_bins)
        Magnitudes, and what is there without any voice; positive.
    first : ndarray of shape (n_frames, n_candidates, n_partials) of int32
        First bin of each partial of each candidate.
    weights : ndarray of shape (n_frames, n_candidates, n_partials, LOBE_BINS)
        Lobe of each.
    states : ndarray of shape (n_frames, n_states, n_voices) of int
        Candidate of each voice; `n_candidates` where it is silent, -1 where there is no
        such state.
    envelopes : ndarray of shape (n_voices, n_partials)
        Expected amplitudes of each voice's partials.
    shape : float
        Of the gamma prior of each amplitude, whose mean the envelope is.
    n_iterations : int
        Updates of the amplitudes.

    Returns
    -------
    evidence : ndarray of shape (n_frames, n_states)
        Relative to silence of all voices; minus infinity where there is no state.
    """
    n_frames, n_states, n_voices = states.shape
    n_candidates, n_partials = first.shape[1:]
    evidence = np.full((n_frames, n_states), -np.inf)
    # Silence comes last and has no partials.
    counts = np.zeros(n_candidates + 1, np.int64)
    heard = np.empty((n_candidates, n_partials, LOBE_BINS))
    sizes = np.empty((n_candidates, n_partials))
    amplitudes = np.empty((n_voices, n_partials))
    updated, ratios = np.empty_like(amplitudes), np.empty_like(amplitudes)
    for n in range(n_frames):
        model = background[n].copy()
        for c in range(n_candidates):
            counts[c] = _count(weights[n, c])
            for h in range(counts[c]):
                sizes[c, h] = weights[n, c, h].sum()
                for i in range(LOBE_BINS):
                    heard[c, h, i] = weights[n, c, h, i] * X[n, first[n, c, h] + i]
        for s in range(n_states):
            combs = states[n, s]
            if combs[0] < 0:
                continue
            _fit_state(
                combs,
                first[n],
                weights[n],
                heard,
                sizes,
                counts,
                envelopes,
                shape,
                n_iterations,
                model,
                amplitudes,
                updated,
                ratios,
            )
            gain = 0.0
            for v in range(n_voices):
                for h in range(counts[combs[v]]):
                    ratio, start = ratios[v, h], first[n, combs[v], h]
                    gain += shape * (np.log(ratio) - ratio + 1)
                    for k in range(start, start + LOBE_BINS):
                        # What is added to a bin of two partials is counted once.
                        if model[k] > background[n, k]:
                            gain += X[n, k] * np.log(model[k] / background[n, k])
                            gain -= model[k] - background[n, k]
                        model[k] = background[n, k]
            evidence[n, s] = gain
    return evidence


@compiled
def best_path(evidence, pitches, reach, cost, cap, silent):
    """State of each frame of the path with the most evidence less its jumps.

    Parameters
    ----------
    evidence : ndarray of shape (n_frames, n_states)
        Of each state.
    pitches : ndarray of shape (n_frames, n_states, n_voices)
        MIDI number of each voice in each state; NaN where it is silent.
    reach, cost, cap : float
        Semitones that a voice may move from frame to frame at no cost, cost of each
        semitone beyond, and the most that a jump costs.
    silent : float
        Cost of falling silent or of beginning to sound.

    Returns
    -------
    path : ndarray of shape (n_frames,) of int
    score : float
        What the path has.
    """
    n_frames, n_states, n_voices = pitches.shape
    score, before = evidence[0].copy(), np.empty(n_states)
    came_from = np.zeros((n_frames, n_states), np.int32)
    for n in range(1, n_frames):
        before[:] = score
        for s in range(n_states):
            score[s] = -np.inf
            if evidence[n, s] == -np.inf:
                continue
            best = -np.inf
            for b in range(n_states):
                value = before[b]
                if value <= best:
                    continue
                for v in range(n_voices):
                    here, there = pitches[n, s, v], pitches[n - 1, b, v]
                    if np.isnan(here) and np.isnan(there):
                        continue
                    if np.isnan(here) or np.isnan(there):
                        value -= silent
                    else:
                        jump = cost * max(abs(here - there) - reach, 0.0)
                        value -= min(jump, cap)
                if value > best:
                    best = value
                    came_from[n, s] = b
            score[s] = best + evidence[n, s]
    path = np.empty(n_frames, np.int64)
    path[-1] = np.argmax(score)
    for n in range(n_frames - 1, 0, -1):
        path[n - 1] = came_from[n, path[n]]
    return path, score[path[-1]]


@compiled
def steady_path(costs, switch):
    """State of each frame at the least cost in all.

    Parameters
    ----------
    costs : ndarray of shape (n_frames, n_states)
        Of each state.
    switch : float
        Cost of another state than in the frame before.

    Returns
    -------
    path : ndarray of shape (n_frames,) of int
    cost : float
    """
    n_frames, n_states = costs.shape
    total = costs[0].copy()
    came_from = np.zeros((n_frames, n_states), np.int32)
    for n in range(1, n_frames):
        cheapest = np.argmin(total)
        elsewhere = total[cheapest] + switch
        for s in range(n_states):
            came_from[n, s] = s if total[s] <= elsewhere else cheapest
            total[s] = min(total[s], elsewhere) + costs[n, s]
    path = np.empty(n_frames, np.int64)
    path[-1] = np.argmin(total)
    for n in range(n_frames - 1, 0, -1):
        path[n - 1] = came_from[n, path[n]]
    return path, total[path[-1]]


@compiled
def comb_models(first, weights, amplitudes, owner, n_voices, n_bins):
    """Modelled magnitudes of each voice.

    Parameters
    ----------
    first : ndarray of shape (n_frames, n_combs, n_partials) of int32
        First bin of each partial.
    weights : ndarray of shape (n_frames, n_combs, n_partials, LOBE_BINS)
        Lobe of each.
    amplitudes : ndarray of shape (n_frames, n_combs, n_partials)
        Of each partial.
    owner : ndarray of shape (n_combs,) of int
        Voice of each comb; -1 of one that is left out.
    n_voices, n_bins : int
        How many there are.

    Returns
    -------
    models : ndarray of shape (n_voices, n_frames, n_bins)
    """
    n_frames, n_combs, _ = first.shape
    models = np.zeros((n_voices, n_frames, n_bins))
    for n in range(n_frames):
        for c in range(n_combs):
            if owner[c] < 0:
                continue
            for h in range(_count(weights[n, c])):
                start = first[n, c, h]
                for i in range(LOBE_BINS):
                    part = amplitudes[n, c, h] * weights[n, c, h, i]
                    models[owner[c], n, start + i] += part
    return models


@compiled
def update_amplitudes(
    X, background, first, weights, amplitudes, rows, envelopes, trust, shape
):
    """Update the amplitudes of all combs once, in place.

    Parameters
    ----------
    X, background : ndarray of shape (n_frames, n_bins)
        Magnitudes, and what is there without any voice; positive.
    first, weights, amplitudes :
        As in `comb_models`.
    rows : ndarray of shape (n_frames, n_combs) of int
        Which envelope each comb has in each frame.
    envelopes : ndarray of shape (n_envelopes, n_partials)
        Expected amplitudes of the partials.
    trust : ndarray of shape (n_combs,)
        Factor of each comb's expected level, 1 or less.
    shape : float
        Of the gamma prior of each amplitude.

    Returns
    -------
    found, expected : ndarray of shape (n_envelopes, n_partials)
        Magnitude of the partials, and what their level alone would give.
    """
    n_frames, n_combs, _ = first.shape
    found, expected = np.zeros(envelopes.shape), np.zeros(envelopes.shape)
    ratio = np.empty(X.shape[1])
    counts = np.empty(n_combs, np.int64)
    for n in range(n_frames):
        ratio[:] = background[n]
        for c in range(n_combs):
            counts[c] = _count(weights[n, c])
            for h in range(counts[c]):
                start = first[n, c, h]
                for i in range(LOBE_BINS):
                    ratio[start + i] += amplitudes[n, c, h] * weights[n, c, h, i]
        for k in range(ratio.size):
            ratio[k] = X[n, k] / ratio[k]
        for c in range(n_combs):
            v = rows[n, c]
            level, whole = 0.0, 1e-12
            for h in range(counts[c]):
                start = first[n, c, h]
                own, size = 0.0, 0.0
                for i in range(LOBE_BINS):
                    own += weights[n, c, h, i] * ratio[start + i]
                    size += weights[n, c, h, i]
                amplitudes[n, c, h] *= own
                level += amplitudes[n, c, h]
                whole += envelopes[v, h] * size
            level *= trust[c] / whole
            for h in range(counts[c]):
                size = 0.0
                for i in range(LOBE_BINS):
                    size += weights[n, c, h, i]
                mean = level * envelopes[v, h] + 1e-12
                amplitude = (amplitudes[n, c, h] + shape) / (size + shape / mean)
                amplitudes[n, c, h] = amplitude
                found[v, h] += amplitude * size
                expected[v, h] += level * size
    return found, expected


@compiled
def best_shifts(X, rest, positions, amplitudes):
    """Which of several combs explains most beside all others, frame by frame.

    Parameters
    ----------
    X, rest : ndarray of shape (n_frames, n_bins)
        Magnitudes, and the model of all but this comb; positive.
    positions : ndarray of shape (n_shifts, n_frames)
        Fundamental frequency of each comb in bins; 0 where there is none.
    amplitudes : ndarray of shape (n_frames, n_partials)
        Of the partials, the same for all shifts.

    Returns
    -------
    shifts : ndarray of shape (n_frames,) of int
    """
    n_shifts, n_frames = positions.shape
    n_bins, n_partials = X.shape[1], amplitudes.shape[1]
    shifts = np.zeros(n_frames, np.int64)
    lobe = np.empty(LOBE_BINS)
    for n in range(n_frames):
        best = -np.inf
        for s in range(n_shifts):
            value = 0.0
            for h in range(n_partials):
                centre = positions[s, n] * (h + 1)
                start = int(centre) + LOBE_FIRST
                if centre == 0 or start + LOBE_BINS > n_bins:
                    break
                if start < 0:
                    continue
                lay_lobe(start - centre, lobe)
                for i in range(LOBE_BINS):
                    part = amplitudes[n, h] * lobe[i]
                    value += X[n, start + i] * np.log(1 + part / rest[n, start + i])
                    value -= part
            if value > best:
                best, shifts[n] = value, s
    return shifts


@compiled
def lay_partials(positions, n_bins, first, weights):
    """Write what `lay_combs` returns, for a row of positions, to arrays of zeros."""
    for c in range(positions.size):
        for h in range(first.shape[1]):
            centre = positions[c] * (h + 1)
            start = int(np.floor(centre)) + LOBE_FIRST
            if centre > 0 and start >= 0 and start + LOBE_BINS <= n_bins:
                first[c, h] = start
                lay_lobe(start - centre, weights[c, h])


@compiled
def lay_lobe(offset, lobe):
    """Write what `hann_lobe` gives at `offset`, `offset + 1`, ... into `lobe`.

    The sine is taken once: from bin to bin only its sign changes.
    """
    sine = np.sin(np.pi * offset)
    for i in range(lobe.shape[0]):
        distance = offset + i
        rest = 1 - distance**2
        if abs(distance) < 1e-6:
            lobe[i] = 1.0
        elif abs(rest) < 1e-6:
            lobe[i] = 0.5
        elif abs(distance) < LOBE_BINS / 2:
            lobe[i] = max(sine / (np.pi * distance * rest), 0.0)
        else:
            lobe[i] = 0.0
        sine = -sine


@compiled
def running_median(padded, size):
    """Median of `size` neighbours, an odd number of them, along each row.

    Parameters
    ----------
    padded : ndarray of shape (n_rows, n + size - 1)
        Values, with those beyond both ends.
    size : int
        How many values each median is of.

    Returns
    -------
    medians : ndarray of shape (n_rows, n)
    """
    n_rows, n = padded.shape[0], padded.shape[1] - size + 1
    medians = np.empty((n_rows, n))
    for r in range(n_rows):
        row = padded[r]
        ordered = np.sort(row[:size])
        medians[r, 0] = ordered[size // 2]
        for k in range(1, n):
            # The value that leaves makes room, and larger or smaller ones move up.
            i = 0
            while ordered[i] != row[k - 1]:
                i += 1
            new = row[k + size - 1]
            while i + 1 < size and ordered[i + 1] < new:
                ordered[i] = ordered[i + 1]
                i += 1
            while i > 0 and ordered[i - 1] > new:
                ordered[i] = ordered[i - 1]
                i -= 1
            ordered[i] = new
            medians[r, k] = ordered[size // 2]
    return medians
