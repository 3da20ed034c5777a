"""The lag at which two signals agree best, how sure it is, and how it drifts."""

from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.optimize import minimize, minimize_scalar
from scipy.stats import norm, t

# Lags are this many times finer than samples, where they are searched and where the
# best one is refined.
_FINER, _FINEST = 2, 4
# Seconds of a part that is short enough for clocks that drift, and how many at most.
_PART, _MOST_PARTS = 4.0, 60
# Drifts that are searched (parts per million), and the recording that it takes (s).
_LARGEST_DRIFT, _DRIFT_SECONDS = 200.0, 30.0
# Every other part and the rest have to agree on the drift this well (ppm).
_SAME_DRIFT = 20.0
_MOST_SURROGATES = 40
# The tail beyond the surrogates is extrapolated, but no further than this.
_SMALLEST_P = 1e-6


@dataclass(frozen=True, eq=False)
class Agreement:
    """Where two signals agree best: see `Alignment` for lag, r, r_at_zero, p, drift."""

    lag: float
    r: float
    r_at_zero: float
    p: float
    drift: float | None


@dataclass(frozen=True, eq=False)
class _Lags:
    """Inner products of parts of a recording with what is expected, by lag."""

    values: np.ndarray  # (n_parts, n_lags)
    middles: np.ndarray  # (n_parts,), seconds from the middle of the recording
    step: float  # seconds between two lags
    max_lag: float  # seconds

    def at(self, lag, drift, chosen=slice(None)):
        """Sum over parts at a lag that drifts."""
        values, middles = self.values[chosen], self.middles[chosen]
        where = (lag + 1e-6 * drift * middles + self.max_lag) / self.step
        first = np.clip(where.astype(int), 1, values.shape[1] - 3)
        x = where - first
        a, b, c, d = (values[np.arange(len(first)), first + k] for k in (-1, 0, 1, 2))
        # The cubic through four points.
        linear = c - a / 3 - b / 2 - d / 6
        cubic = (d - a) / 6 + (b - c) / 2
        return float(np.sum(b + x * (linear + x * ((a + c) / 2 - b + x * cubic))))

    def best(self, drifts, either_sign):
        """Size, lag and drift of the best agreement on the grid."""
        best = (-np.inf, 0.0, 0.0)
        for drift in drifts:
            total = np.zeros(self.values.shape[1])
            shifts = np.round(1e-6 * drift * self.middles / self.step).astype(int)
            for row, shift in zip(self.values, shifts):
                kept = row[max(shift, 0) : len(row) + min(shift, 0)]
                total[max(-shift, 0) : max(-shift, 0) + len(kept)] += kept
            size = np.abs(total) if either_sign else total
            at = int(np.argmax(size))
            if size[at] > best[0]:
                best = (size[at], at * self.step - self.max_lag, drift)
        return best

    def refined(self, lag, drift, spacing, chosen=slice(None)):
        """Lag and drift at the top of the hill that a point of the grid is on."""
        sign = np.sign(self.at(lag, drift))

        def depth(x):
            return -sign * self.at(lag + x[0] * self.step, drift + x[1], chosen)

        if spacing is None:
            found = minimize_scalar(
                lambda x: depth((x, 0.0)), bounds=(-2, 2), method="bounded"
            )
            return lag + found.x * self.step, drift
        options = {
            "xatol": 1e-3,
            "fatol": 1e-9,
            "initial_simplex": [[0, 0], [1, 0], [0, spacing / 2]],
        }
        found = minimize(depth, np.zeros(2), method="Nelder-Mead", options=options)
        return lag + found.x[0] * self.step, drift + found.x[1]


def best_agreement(
    recorded: np.ndarray,
    expected: np.ndarray,
    sfreq: float,
    max_lag: float,
    *,
    either_sign: bool = False,
    may_drift: bool = False,
) -> Agreement:
    """Find the lag at which a recording agrees best with what is expected of it.

    Parameters
    ----------
    recorded, expected : ndarray of shape (n_signals, n_times)
        Of mean zero and equal norms; the longer one is cut. Exact zeros of `recorded`
        count as not recorded.
    sfreq : float
        Rate of both in Hz.
    max_lag : float
        Largest lag in seconds.
    either_sign : bool, default=False
        Whether a recording that is inverted agrees as well.
    may_drift : bool, default=False
        Whether to look for a lag that grows linearly, in recordings of 30 s or more.

    Returns
    -------
    agreement : Agreement
        Its p is that of the maximum over all lags and drifts, by the distribution of
        the same maximum over recordings shifted circularly by more than twice
        `max_lag`, or by anything and reversed in time, which have the same spectrum.
        An extreme value distribution is fitted to up to 40 of them, widened for that
        they are few.
    """
    n_times = min(recorded.shape[1], expected.shape[1])
    recorded, expected = recorded[:, :n_times], expected[:, :n_times]
    seconds = n_times / sfreq
    n_parts, drifts, spacing = 1, np.zeros(1), None
    if may_drift and seconds >= _DRIFT_SECONDS:
        n_parts = min(int(seconds / _PART), _MOST_PARTS)
        spacing = 1e6 / (sfreq * seconds)
        # No part may be shifted by more than half of the lags.
        n_drifts = int(min(_LARGEST_DRIFT, 1e6 * max_lag / seconds) / spacing)
        drifts = spacing * np.arange(-n_drifts, n_drifts + 1)
    lags = _lags(recorded, expected, sfreq, max_lag, n_parts)
    size, lag, drift = lags.best(drifts, either_sign)
    others = [
        _lags(one, expected, sfreq, max_lag, n_parts).best(drifts, either_sign)[0]
        for one in _surrogates(recorded, sfreq, max_lag)
    ]
    lags = _lags(recorded, expected, sfreq, max_lag, n_parts, _FINEST)
    lag, drift = lags.refined(lag, drift, spacing)
    told = False
    if spacing is not None:
        halves = [lags.refined(lag, drift, spacing, slice(k, None, 2)) for k in (0, 1)]
        told = abs(halves[0][1] - halves[1][1]) < _SAME_DRIFT
    r = lags.at(lag, drift) / _norm(recorded, expected, sfreq, lag, n_parts)
    r_at_zero = lags.at(0, 0) / _norm(recorded, expected, sfreq, 0, n_parts)
    return Agreement(
        lag=float(np.clip(lag, -max_lag, max_lag)),
        r=float(np.clip(r, -1, 1)),
        r_at_zero=float(np.clip(r_at_zero, -1, 1)),
        p=_tail(size, np.array(others)),
        drift=float(drift) if told else None,
    )


def _starts(n_times, sfreq, n_parts):
    """First samples of the parts, and how long each is."""
    n_part = n_times if n_parts == 1 else int(_PART * sfreq)
    return np.linspace(0, n_times - n_part, n_parts).round().astype(int), n_part


def _lags(recorded, expected, sfreq, max_lag, n_parts, finer=_FINER):
    n_times = recorded.shape[1]
    around = int(np.ceil(max_lag * sfreq))
    starts, n_part = _starts(n_times, sfreq, n_parts)
    padded = np.pad(expected, ((0, 0), (around, around)))
    n_fft = next_fast_len(n_part + 2 * around, real=True)
    values = np.empty((n_parts, 2 * around * finer + 1))
    for row, start in zip(values, starts):
        own = rfft(recorded[:, start : start + n_part], n_fft, axis=1)
        context = rfft(padded[:, start : start + n_part + 2 * around], n_fft, axis=1)
        cross = np.sum(np.conj(own) * context, axis=0)
        # Offset o into the context is the lag (around - o) / sfreq.
        row[::-1] = irfft(cross, n_fft * finer)[: len(row)] * finer
    middles = (starts + n_part / 2 - n_times / 2) / sfreq
    return _Lags(values, middles, 1 / sfreq / finer, around / sfreq)


def _norm(recorded, expected, sfreq, lag, n_parts):
    """Return what turns inner products at a lag into correlations."""
    n_times = recorded.shape[1]
    shift = round(lag * sfreq)
    starts, n_part = _starts(n_times, sfreq, n_parts)
    energy = np.zeros(2)
    for start in starts:
        first, last = max(start, shift), min(start + n_part, n_times + shift)
        if first < last:
            own = recorded[:, first:last]
            theirs = expected[:, first - shift : last - shift]
            energy += np.sum(own**2), np.sum(theirs**2 * (own != 0))
    return max(np.sqrt(energy.prod()), np.finfo(float).tiny)


def _surrogates(recorded, sfreq, max_lag):
    """Yield recordings of the same spectrum, none of which agrees but by chance."""
    n_times, n_lag = recorded.shape[1], max_lag * sfreq
    most = _MOST_SURROGATES // 2
    n_shifts = int(np.clip((n_times - 4 * n_lag) / n_lag + 1, 1, most))
    for shift in np.linspace(2 * n_lag, n_times - 2 * n_lag, n_shifts):
        yield np.roll(recorded, round(shift), axis=1)
    n_shifts = int(np.clip(n_times / n_lag, 1, most))
    for shift in np.linspace(0, n_times, n_shifts, endpoint=False):
        yield np.roll(recorded[:, ::-1], round(shift), axis=1)


def _tail(size, surrogates):
    """Probability of a maximum, by a Gumbel distribution fitted to surrogates."""
    spread = surrogates.std(ddof=1)
    if spread == 0:
        return 1.0
    z = (size - surrogates.mean()) / spread
    # Surrogates overlap by half; mean and spread are as well known as by half as many.
    n_free = len(surrogates) / 2
    z = norm.isf(t.sf(z / np.sqrt(1 + 1 / n_free), n_free - 1))
    p = -np.expm1(-np.exp(-np.pi / np.sqrt(6) * z - np.euler_gamma))
    return float(np.clip(p, _SMALLEST_P, 1.0))
