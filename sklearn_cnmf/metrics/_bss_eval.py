"""BSS Eval version 3, `sources` variant: SDR, SIR and SAR."""

from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.fft import irfft, next_fast_len, rfft
from scipy.linalg import cho_factor, cho_solve, toeplitz

from .._validation import as_signals
from ._signals import (
    decibels,
    is_silent,
    rounding_unit,
    scaled_to_unit_peak,
)


class BSSEval(NamedTuple):
    """Outcome of :func:`bss_eval`, in dB.

    Parameters
    ----------
    sdr : ndarray of shape (n_estimates,) or float
        Source to distortion ratio: source over all else.
    sir : ndarray of shape (n_estimates,) or float
        Source to interference ratio: source over the other sources.
    sar : ndarray of shape (n_estimates,) or float
        Source to artifacts ratio: all sources over what is none of them.

    Examples
    --------
    >>> from sklearn_cnmf.metrics import BSSEval
    >>> BSSEval(sdr=6.0, sir=10.0, sar=8.4).sir
    10.0
    """

    sdr: Any
    sir: Any
    sar: Any


def bss_eval(
    reference: ArrayLike,
    estimate: ArrayLike,
    *,
    target: int | Sequence[int] | None = None,
    filter_length: int = 512,
) -> BSSEval:
    r"""SDR, SIR and SAR of BSS Eval version 3.

    An estimate :math:`\hat s_j` of source :math:`j` is split in three by
    orthogonal projections [1]_: with :math:`P_j` the projection on the source
    delayed by 0 to `filter_length` - 1 samples, and :math:`P` that on all
    sources so delayed,

    .. math::

        \hat s_j = \underbrace{P_j \hat s_j}_{s_\mathrm{target}}
            + \underbrace{P \hat s_j - P_j \hat s_j}_{e_\mathrm{interf}}
            + \underbrace{\hat s_j - P \hat s_j}_{e_\mathrm{artif}} .

    SDR compares :math:`s_\mathrm{target}` with
    :math:`e_\mathrm{interf} + e_\mathrm{artif}`, SIR with
    :math:`e_\mathrm{interf}`, and SAR compares
    :math:`s_\mathrm{target} + e_\mathrm{interf}` with :math:`e_\mathrm{artif}`.
    So a source that was filtered in a way that does not change over time, or
    delayed, is no distortion. No permutation is searched.

    Parameters
    ----------
    reference : array-like of two or three dimensions
        All true sources, of shape (n_sources, n_samples) or (n_sources,
        n_channels, n_samples); they span the interference.
    estimate : array-like
        By default, the estimate of each source, of the shape of `reference`.
    target : int or sequence of int, default=None
        Which sources `estimate` estimates. With an index, `estimate` is one
        signal of shape (n_samples,) or (n_channels, n_samples) and the outcome
        three floats. With a sequence, it is of shape (n_estimates, n_samples)
        or (n_estimates, n_channels, n_samples); an index may occur repeatedly,
        to compare several estimates of one source at the price of one.
    filter_length : int, default=512
        Number of taps of the filters that are allowed for. With 1, SDR is
        SI-SDR (for one channel).

    Returns
    -------
    outcome : BSSEval
        `sdr`, `sir` and `sar` in dB, each of shape (n_estimates,), or floats
        where `target` is an index.

    Raises
    ------
    ValueError
        If an argument does not hold real numbers, or `target` or
        `filter_length` not integers;
        if shapes do not fit, a value is NaN or infinite, `target` or
        `filter_length` is out of range, or a source to be evaluated or its
        estimate is silent (all zeros). The message names it.

    See Also
    --------
    si_sdr : Allows for a scale instead of a filter.

    Notes
    -----
    Channels: each channel of an estimate is projected on the same channel of the
    sources, with filters of its own, and energies are summed over channels.

    Silent sources: a source that is not a target may be silent, in all or some
    channels. It drops out there, and the other figures are as if it had not been
    passed.

    Dependent sources: sources enter at equal energy, and a small ridge
    (10 n eps for n delayed sources, its bias reduced by refinement) keeps
    the projection defined when sources are dependent or have empty frequency
    bands. What sets one source apart from the others by less than about -115 dB
    of its energy does not count. A copy of the target among the sources
    therefore adds no interference: its SIR is that of the other sources.

    Limits: computed in float64. An energy below :math:`\epsilon^2 |\hat s_j|^2`
    counts as that, with :math:`\epsilon` of the coarser of the two dtypes. So no
    figure is outside :math:`\pm 20 \log_{10} \epsilon`, 313 dB in float64 and
    138 dB in float32, and none is NaN. A perfect estimate comes close: above
    100 dB in float64 even for sources with empty bands. SIR is at the limit
    where there is but one source, and 0 dB where an estimate is orthogonal to
    all.

    References
    ----------
    .. [1] E. Vincent, R. Gribonval and C. Févotte, "Performance measurement in
       blind audio source separation", IEEE Transactions on Audio, Speech, and
       Language Processing 14(4), 1462-1469, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.metrics import bss_eval
    >>> sources = np.random.default_rng(0).standard_normal((2, 8000))
    >>> mixture = sources.sum(axis=0)
    >>> sdr, sir, sar = bss_eval(sources, mixture, target=0)
    >>> bool(abs(sdr) < 1), bool(abs(sir) < 1), bool(sar > 200)
    (True, True, True)
    """
    reference = as_signals("reference", reference, (2, 3))
    if reference.shape[0] > reference.shape[-1]:
        raise ValueError(
            f"reference has shape {reference.shape}, more sources than samples; time "
            "along the last axis is expected"
        )
    estimate = as_signals("estimate", estimate, (reference.ndim - 1, reference.ndim))
    n_taps = _check_integer("filter_length", filter_length, 1, None)
    targets, one = _check_targets(target, reference.shape[0])
    _check_estimate(estimate, reference, targets, one)
    estimates = estimate[np.newaxis] if one else estimate
    _check_sound(reference, estimates, targets, one)

    n_estimates, n_samples = len(targets), reference.shape[-1]
    references = reference.reshape(reference.shape[0], -1, n_samples)
    estimates = scaled_to_unit_peak(estimates.reshape(n_estimates, -1))
    estimates = estimates.reshape(n_estimates, -1, n_samples)
    energies = np.zeros((5, n_estimates))
    for channel in range(references.shape[1]):
        span = _DelayedSources(references[:, channel], n_taps)
        for row, source in enumerate(targets):
            energies[:, row] += span.energies(estimates[row, channel], source)
    floor = rounding_unit(reference, estimate) ** 2
    floor = floor * np.sum(np.square(estimates), axis=(1, 2))
    own, every, distortion, interference, artifacts = energies
    outcome = (
        decibels(own, distortion, floor),
        decibels(own, interference, floor),
        decibels(every, artifacts, floor),
    )
    return BSSEval(*(float(level[0]) if one else level for level in outcome))


class _DelayedSources:
    """The space that the sources of one channel span, each delayed by 0 ... L - 1.

    Silent sources are left out. The others are brought to unit energy.

    Parameters
    ----------
    sources : ndarray of shape (n_sources, n_samples)
        The sources of one channel.
    n_taps : int
        Number of delays, L.
    """

    def __init__(self, sources, n_taps):
        self.n_taps = n_taps
        self.n_fft = next_fast_len(sources.shape[-1] + n_taps - 1, real=True)
        self.sounding = np.flatnonzero(np.any(sources, axis=1))
        scaled = scaled_to_unit_peak(sources[self.sounding])
        scaled /= np.linalg.norm(scaled, axis=1, keepdims=True)
        self.spectra = rfft(scaled, self.n_fft)
        self._solvers = {}

    @cached_property
    def gram(self):
        """Inner products of delayed sources, block Toeplitz.

        Entry (i L + a, j L + b) is <source i delayed by a, source j delayed by b>.
        """
        n_rows, n_taps = len(self.sounding), self.n_taps
        gram = np.empty((n_rows, n_taps, n_rows, n_taps))
        for i in range(n_rows):
            for j in range(i, n_rows):
                r = irfft(self.spectra[i] * self.spectra[j].conj(), self.n_fft)
                back = np.concatenate((r[:1], r[:0:-1][: n_taps - 1]))
                block = toeplitz(back, r[:n_taps])
                gram[i, :, j] = block
                gram[j, :, i] = block.T
        return gram

    def energies(self, estimate, source):
        """Split an estimate and return the energies of the parts.

        Parameters
        ----------
        estimate : ndarray of shape (n_samples,)
            Estimate of the source.
        source : int
            Which source.

        Returns
        -------
        energies : ndarray of shape (5,)
            Of the source, of all sources, of the distortion, of the interference
            and of the artifacts.
        """
        spectrum = rfft(estimate, self.n_fft)
        rows = tuple(range(len(self.sounding)))
        own = self._project(spectrum, tuple(np.flatnonzero(self.sounding == source)))
        every = self._project(spectrum, rows)
        parts = (own, every, spectrum - own, every - own, spectrum - every)
        return np.array([self._energy(part) for part in parts])

    def _project(self, spectrum, rows):
        """Spectrum of the projection on the given rows of the sources."""
        if not rows:
            return np.zeros_like(spectrum)
        rows = list(rows)
        correlations = irfft(spectrum * self.spectra[rows].conj(), self.n_fft)
        filters = self._solve(rows, correlations[:, : self.n_taps].reshape(-1))
        filters = rfft(filters.reshape(len(rows), -1), self.n_fft)
        return np.sum(filters * self.spectra[rows], axis=0)

    def _solve(self, rows, correlations):
        key = tuple(rows)
        if key not in self._solvers:
            gram = self.gram[rows][:, :, rows]
            self._solvers[key] = _ridge_solver(gram.reshape(2 * (correlations.size,)))
        return self._solvers[key](correlations)

    def _energy(self, spectrum):
        """Energy of the signal that has this half spectrum (Parseval)."""
        power = np.square(spectrum.real) + np.square(spectrum.imag)
        once = power[0] + (power[-1] if self.n_fft % 2 == 0 else 0.0)
        return (2.0 * np.sum(power) - once) / self.n_fft


def _ridge_solver(gram):
    """Return x -> gram^-1 x for a positive semidefinite matrix of unit diagonal.

    The ridge lets the factorization of a singular matrix pass. Two steps of
    refinement (iterated Tikhonov) leave (ridge / (ridge + v))^3 of its bias in
    the direction of eigenvalue v.
    """
    n = gram.shape[0]
    loaded = gram.copy()
    loaded[np.diag_indices(n)] += 10 * n * np.finfo(np.float64).eps
    factor = cho_factor(loaded, lower=True, overwrite_a=True, check_finite=False)

    def solve(right):
        solution = cho_solve(factor, right, check_finite=False)
        for _ in range(2):
            missed = right - gram @ solution
            solution = solution + cho_solve(factor, missed, check_finite=False)
        return solution

    return solve


def _check_integer(name, value, low, high):
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, np.integer)):
        raise ValueError(f"{name}: expected an integer, got {value!r}")
    if value < low or (high is not None and value > high):
        expected = f"at least {low}" if high is None else f"{low} to {high}"
        raise ValueError(f"{name}: expected {expected}, got {value}")
    return int(value)


def _check_targets(target, n_sources):
    """Return the list of targets, and whether it stands for a single index."""
    if target is None:
        return list(range(n_sources)), False
    if not isinstance(target, (Sequence, np.ndarray)) or isinstance(target, str):
        return [_check_integer("target", target, 0, n_sources - 1)], True
    targets = [
        _check_integer(f"target[{i}]", index, 0, n_sources - 1)
        for i, index in enumerate(target)
    ]
    if not targets:
        raise ValueError("target: at least one index is expected, got none")
    return targets, False


def _check_estimate(estimate, reference, targets, one):
    leading = () if one else (len(targets),)
    if estimate.shape != leading + reference.shape[1:]:
        raise ValueError(
            f"estimate has shape {estimate.shape}, but shape "
            f"{leading + reference.shape[1:]} is expected for {len(targets)} "
            f"target(s) and a reference of shape {reference.shape}"
        )


def _check_sound(reference, estimates, targets, one):
    for row, source in enumerate(targets):
        if is_silent(reference[source]):
            raise ValueError(
                f"reference[{source}] is silent (all zeros), so the metrics of its "
                "estimate are undefined; leave it out of target"
            )
        if is_silent(estimates[row]):
            raise ValueError(
                f"{'estimate' if one else f'estimate[{row}]'} is silent (all zeros), "
                f"so its metrics as source {source} are undefined"
            )
