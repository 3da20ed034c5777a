"""Causal filters, which go on where they stopped."""

import math
from fractions import Fraction

import numpy as np
from scipy.signal import lfilter, lfilter_zi, sosfilt, sosfilt_zi

from .._validation import as_signals, check_band, check_choice, check_number

# How a band-pass treats time: both ways, or as a filter that runs along does.
PHASES = ("zero", "minimum", "forward")
# Of a Butterworth filter on either side.
_ORDER = 2


class CausalFilter:
    """Band-pass of signals that arrive in chunks.

    All chunks together are filtered like the whole, bit for bit. What came before the
    first sample is taken to be equal to it.

    Parameters
    ----------
    sfreq : float
        Rate of the signals in Hz.
    l_freq, h_freq : float or None
        Edges in Hz; None leaves that edge alone.
    phase : {"minimum", "forward"}
        A FIR filter of minimum phase, or a Butterworth filter of second order on
        either side, both as MNE designs them.

    Raises
    ------
    ValueError
        If an argument is not as described.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import CausalFilter
    >>> x = np.random.default_rng(0).standard_normal((1, 512))
    >>> whole = CausalFilter(64.0, l_freq=1.0, h_freq=8.0, phase="forward")(x)
    >>> one = CausalFilter(64.0, l_freq=1.0, h_freq=8.0, phase="forward")
    >>> np.array_equal(np.hstack([one(x[:, :100]), one(x[:, 100:])]), whole)
    True
    """

    def __init__(
        self, sfreq: float, *, l_freq: float | None, h_freq: float | None, phase: str
    ):
        check_number("sfreq", sfreq, above=0)
        check_band(l_freq, h_freq, sfreq)
        check_choice("phase", phase, PHASES[1:])
        self._taps: np.ndarray | None = None
        self._sections: np.ndarray | None = None
        self._state: np.ndarray | None = None
        self._offset: np.ndarray | None = None
        self._has_offset = l_freq is None
        if l_freq is None and h_freq is None:
            return
        from mne.filter import create_filter

        edges = float(sfreq), l_freq, h_freq
        if phase == "minimum":
            self._taps = create_filter(None, *edges, phase=phase, verbose="error")
            return
        design = create_filter(
            None,
            *edges,
            method="iir",
            phase=phase,
            iir_params={"order": _ORDER, "ftype": "butter", "output": "sos"},
            verbose="error",
        )
        self._sections = design["sos"]

    def __call__(self, signals: np.ndarray) -> np.ndarray:
        """Filter what follows.

        Parameters
        ----------
        signals : ndarray of shape (n_signals, n_times)
            Always as many signals; they are not modified.

        Returns
        -------
        filtered : ndarray of shape (n_signals, n_times), float64
        """
        signals = as_signals("signals", signals, (2,)).astype(np.float64)
        if not self._has_offset:
            # What a filter leaves of an offset is larger than most signals.
            if self._offset is None:
                self._offset = signals[:, :1].copy()
            signals = signals - self._offset
        if self._taps is not None:
            if self._state is None:
                self._state = signals[:, :1] * lfilter_zi(self._taps, 1.0)
            # With a second coefficient it runs along rather than convolves, whose
            # rounding would depend on the chunks.
            run = self._taps, [1.0, 0.0], signals
            signals, self._state = lfilter(*run, zi=self._state)
        elif self._sections is not None:
            if self._state is None:
                steady = sosfilt_zi(self._sections)[:, np.newaxis]
                self._state = steady * signals[:, :1]
            signals, self._state = sosfilt(self._sections, signals, zi=self._state)
        return signals


class CausalResampler:
    """Signals that arrive in chunks, at another rate, on an exact clock.

    Sample k of the result lies at k / `new_sfreq` seconds and is interpolated between
    its two neighbours, so it is known no later than one old sample afterwards. The
    signals should be slow: at 8 Hz of 128 Hz the error is at most 2 %.

    Parameters
    ----------
    old_sfreq, new_sfreq : float
        Rates in Hz.

    Raises
    ------
    ValueError
        If a rate is not positive.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.signals import CausalResampler
    >>> resample = CausalResampler(100.0, 64.0)
    >>> resample(np.arange(5.0)[np.newaxis]).round(2)
    array([[0.  , 1.56, 3.12]])
    >>> resample(np.arange(5.0, 10.0)[np.newaxis]).round(2)
    array([[4.69, 6.25, 7.81]])
    """

    def __init__(self, old_sfreq: float, new_sfreq: float):
        check_number("old_sfreq", old_sfreq, above=0)
        check_number("new_sfreq", new_sfreq, above=0)
        self._step = Fraction(float(old_sfreq)) / Fraction(float(new_sfreq))
        self._n_old = self._n_new = 0
        self._last: np.ndarray | None = None

    def __call__(self, signals: np.ndarray) -> np.ndarray:
        """Resample what follows.

        Parameters
        ----------
        signals : ndarray of shape (n_signals, n_times)
            Always as many signals; they are not modified.

        Returns
        -------
        resampled : ndarray of shape (n_signals, n_new_times), float64
            All samples that are known by now.
        """
        signals = as_signals("signals", signals, (2,)).astype(np.float64)
        first = self._n_old
        if self._last is not None:
            signals, first = np.hstack([self._last, signals]), first - 1
        self._n_old = first + signals.shape[1]
        self._last = signals[:, -1:]
        n_known = math.floor((self._n_old - 1) / self._step) + 1
        places = [k * self._step - first for k in range(self._n_new, n_known)]
        self._n_new = max(n_known, self._n_new)
        below = np.array([math.floor(place) for place in places], dtype=int)
        share = np.array([float(place - math.floor(place)) for place in places])
        above = np.minimum(below + 1, signals.shape[1] - 1)
        return signals[:, below] * (1 - share) + signals[:, above] * share
