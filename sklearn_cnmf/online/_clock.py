"""Two streams on one clock: jitter, drift, and what was lost on the way."""

import copy
from collections import deque
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._typing import MaybeNone
from .._validation import as_signals

# Stamps further from where they are expected mean that samples were lost, or come
# twice.
_LOSS = 0.1
# Seconds after which a stream is said to have stopped, rather than to have a gap.
LONGEST_GAP = 60.0
# Seconds since whatever a clock begins with, 3000 years. The steps of larger floats are
# as long as a sample of audio.
_LATEST = 1e11
# Of the loop that follows a clock, in Hz, and how often it looks. Of jitter of 10 ms
# 0.3 ms are left (rms; 0.6 to 0.9 if 0.05 s have it in common). A clock that is wrong
# by 100 ppm is off by 0.35 ms at most, after 10 s, and by a tenth of that after 32 s.
_BANDWIDTH, _LOOKS_PER_SECOND = 0.02, 100


class Placed(NamedTuple):
    """Where samples belong.

    Parameters
    ----------
    indices : ndarray of shape (n_times,) of int
        Which sample of a stream that lost none each is. It jumps where some were lost,
        and goes back where some come twice.
    times : ndarray of shape (n_times,)
        Seconds at which they were taken.
    """

    indices: np.ndarray
    times: np.ndarray


class Clock:
    """When the samples of a stream were taken, less the jitter of their stamps.

    A delay-locked loop of second order follows the stamps, so it knows offset and
    drift of the clock that took the samples. The result does not depend on chunks.

    Parameters
    ----------
    name : str
        Of the stream, for messages.
    sfreq : float
        Nominal rate in Hz.
    """

    def __init__(self, name: str, sfreq: float):
        self._name = name
        self._block = max(1, round(sfreq / _LOOKS_PER_SECOND))
        omega = 2 * np.pi * _BANDWIDTH * self._block / sfreq
        self._offset_gain, self._drift_gain = np.sqrt(2) * omega, omega**2
        self._period = 1 / sfreq
        self._loss = max(_LOSS, 0.75 * self._period)
        self._index = self._since = self._n_looks = 0
        self._begin: float | MaybeNone = None  # of the block

    def push(self, times: np.ndarray) -> Placed:
        """Place the samples that follow by their stamps, (n_times,) in seconds.

        Raises
        ------
        ValueError
            If a stamp is more than a minute from where it is expected. The clock is
            then as it was before.
        """
        before = vars(self).copy()
        try:
            return self._place(times)
        except ValueError:
            vars(self).update(before)
            raise

    def _place(self, times):
        indices = np.empty(len(times), dtype=np.int64)
        smooth = np.empty(len(times))
        done = 0
        if self._begin is None and len(times):
            self._begin = float(times[0])
        while done < len(times):
            part = times[done : done + self._block - self._since]
            steps = self._since + np.arange(len(part))
            errors = part - (self._begin + self._period * steps)
            jumps = np.flatnonzero(np.abs(errors) > self._loss)
            if jumps.size and jumps[0] == 0:
                self._jump(float(errors[0]))
                continue
            if self._since == 0:
                self._look(float(errors[0]))
            n = int(jumps[0]) if jumps.size else len(part)
            here = slice(done, done + n)
            indices[here] = self._index + steps[:n]
            smooth[here] = self._begin + self._period * steps[:n]
            done += n
            self._since += n
            if self._since == self._block:
                self._next_block()
        return Placed(indices, smooth)

    def _look(self, error):
        self._n_looks += 1
        self._begin += max(self._offset_gain, 1 / self._n_looks) * error
        self._period += self._drift_gain * error / self._block

    def _next_block(self):
        self._begin += self._period * self._since
        self._index += self._since
        self._since = 0

    def _jump(self, error):
        if abs(error) > LONGEST_GAP:
            what = "nothing came for" if error > 0 else "time goes back by"
            raise ValueError(
                f"times of {self._name}: {what} {abs(error):.6g} s, more than "
                f"{LONGEST_GAP:g} s; begin anew with another OnlineSeparator"
            )
        if self._since:
            self._next_block()
        n_lost = round(error / self._period)
        self._index += n_lost
        self._begin += n_lost * self._period


class Regular(NamedTuple):
    """Samples on the clock of the audio.

    Parameters
    ----------
    eeg : ndarray of shape (n_channels, n_times)
        Interpolated where samples are missing.
    missing : ndarray of shape (n_times,) of bool
        Where they are.
    """

    eeg: np.ndarray
    missing: np.ndarray


class Synchronizer:
    """EEG and audio by their stamps, both on the clock of the audio.

    The first sample of the audio is at zero. EEG is interpolated linearly between its
    samples; what was taken before the audio began is left out, and where the EEG begins
    later, its first sample is held.

    Parameters
    ----------
    eeg_sfreq, audio_sfreq : float
        Nominal rates in Hz.
    """

    def __init__(self, eeg_sfreq: float, audio_sfreq: float):
        self._eeg_sfreq, self._audio_sfreq = float(eeg_sfreq), float(audio_sfreq)
        self._eeg_clock = Clock("eeg", eeg_sfreq)
        self._audio_clock = Clock("audio", audio_sfreq)
        self._n_audio = 0  # samples placed
        self._audio_begin: float | MaybeNone = None
        # Some samples of the audio, and when they were taken.
        self._every = max(1, round(audio_sfreq / _LOOKS_PER_SECOND))
        self._knots: deque[tuple[int, float]] = deque(
            maxlen=round(2 * LONGEST_GAP * _LOOKS_PER_SECOND)
        )
        self._waiting: deque[tuple[np.ndarray, Placed]] = deque()
        # The last sample of the EEG that was placed: where, which, and its values.
        self._last: tuple[float, int, np.ndarray] | None = None
        self._n_eeg = 0  # samples on the clock of the audio
        self.n_lost_audio = self.n_repeated = 0

    def push_audio(self, audio: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Take what follows, (n_channels, n_samples); silence is where some was lost.

        Raises
        ------
        ValueError
            If a stamp is more than a minute from where it is expected.
        """
        placed, taken = self._audio_clock.push(times)
        new = self._new(placed, self._n_audio)
        audio, placed, taken = audio[:, new], placed[new], taken[new]
        if not len(placed):
            return audio
        if self._audio_begin is None:
            self._audio_begin = float(taken[0])
        known = placed % self._every == 0
        self._knots.extend(zip(placed[known].tolist(), taken[known].tolist()))
        complete = np.zeros((len(audio), placed[-1] + 1 - self._n_audio), audio.dtype)
        complete[:, placed - self._n_audio] = audio
        self.n_lost_audio += complete.shape[1] - len(placed)
        self._n_audio += complete.shape[1]
        return complete

    def push_eeg(
        self, eeg: np.ndarray, times: np.ndarray, lost: np.ndarray | None = None
    ) -> None:
        """Take what follows, (n_channels, n_times), to be pulled when audio has come.

        Parameters
        ----------
        eeg : ndarray of shape (n_channels, n_times)
            Samples.
        times : ndarray of shape (n_times,)
            Their stamps.
        lost : ndarray of shape (n_times,) of bool, default=None
            Those that are to be left out.

        Raises
        ------
        ValueError
            If a stamp is more than a minute from where it is expected, or from the
            audio, or if the EEG begins more than a minute after the audio.
        """
        before = copy.copy(self._eeg_clock)
        placed = self._eeg_clock.push(times)
        try:
            self._check_together(placed.times)
        except ValueError:
            self._eeg_clock = before
            raise
        if lost is not None:
            eeg, placed = eeg[:, ~lost], Placed(*(part[~lost] for part in placed))
        if eeg.shape[1]:
            self._waiting.append((eeg, placed))
        if not self._knots:
            self._leave_out_what_is_old()

    def pull(self) -> Regular:
        """Return the EEG that audio of its time has come for."""
        found = []
        while self._knots and self._waiting:
            eeg, placed = self._waiting.popleft()
            latest = np.maximum.accumulate(placed.times)
            n = int(np.searchsorted(latest, self._knots[-1][1]))
            if n:
                found.append(
                    self._interpolated(eeg[:, :n], placed.indices[:n], placed.times[:n])
                )
            if n < eeg.shape[1]:
                self._waiting.appendleft((eeg[:, n:], Placed(*(x[n:] for x in placed))))
                break
        if not found:
            return Regular(np.zeros((0, 0)), np.zeros(0, bool))
        return Regular(
            np.concatenate([one.eeg for one in found], axis=1),
            np.concatenate([one.missing for one in found]),
        )

    @property
    def seconds_waiting(self) -> float:
        """Seconds of EEG that came ahead of the audio."""
        return sum(eeg.shape[1] for eeg, _ in self._waiting) / self._eeg_sfreq

    def _check_together(self, times):
        if not self._knots:
            return
        ahead = float(times.max()) - self._knots[-1][1]
        check_ahead(ahead)
        if ahead < -LONGEST_GAP:
            raise ValueError(
                f"times: the eeg is {-ahead:.6g} s behind the audio, more than "
                f"{LONGEST_GAP:g} s; stamps of both are expected on one clock"
            )
        begins = float(times[0]) - self._audio_begin
        if self._last is None and not self._waiting and begins > LONGEST_GAP:
            raise ValueError(
                f"times: the eeg begins {begins:.6g} s after the audio, more than "
                f"{LONGEST_GAP:g} s; begin anew with another OnlineSeparator"
            )

    def _leave_out_what_is_old(self):
        """Keep a minute of the EEG that comes before the audio begins."""
        n_old = round((self.seconds_waiting - LONGEST_GAP) * self._eeg_sfreq)
        while n_old > 0:
            eeg, placed = self._waiting.popleft()
            if n_old < eeg.shape[1]:
                kept = Placed(*(x[n_old:] for x in placed))
                self._waiting.appendleft((eeg[:, n_old:], kept))
            n_old -= eeg.shape[1]

    def _new(self, placed, n_placed):
        """Which samples lie behind all before them, and behind those placed."""
        furthest = np.maximum.accumulate(np.concatenate([[n_placed - 1], placed]))
        new = placed > furthest[:-1]
        self.n_repeated += int(np.sum(~new))
        return new

    def _interpolated(self, eeg, indices, times):
        places = self._on_audio(times) * self._eeg_sfreq
        if self._last is not None:
            last = self._last
            new = self._new(indices, last[1] + 1)
            eeg = np.concatenate([last[2], eeg[:, new]], axis=1)
            indices = np.concatenate([[last[1]], indices[new]])
            places = np.concatenate([[last[0]], places[new]])
        else:
            new = self._new(indices, int(indices[0]))
            eeg, indices, places = eeg[:, new], indices[new], places[new]
        # By the jitter of the first looks a sample may lie before the one before it.
        places = np.maximum.accumulate(places)
        self._last = float(places[-1]), int(indices[-1]), eeg[:, -1:]
        n_until = max(self._n_eeg, int(np.ceil(places[-1])))
        grid = np.arange(self._n_eeg, n_until)
        self._n_eeg = n_until
        after = np.searchsorted(places, grid, "right")
        before = np.maximum(after - 1, 0)
        gap = places[after] - places[before]
        weights = (grid - places[before]) / np.where(gap > 0, gap, 1)
        weights = np.where(after > 0, weights, 0.0)
        values = eeg[:, before] + (eeg[:, after] - eeg[:, before]) * weights
        missing = (indices[after] - indices[before] > 1) & (
            gap > _LOSS * self._eeg_sfreq
        )
        if places[0] > _LOSS * self._eeg_sfreq:
            missing |= after == 0
        return Regular(values, missing)

    def _on_audio(self, times):
        """Seconds of audio that had been taken at some times."""
        index, at = np.array(self._knots).T
        at = np.maximum.accumulate(at)
        samples = np.interp(times, at, index)
        early = times < at[0]
        samples[early] = index[0] + (times[early] - at[0]) * self._audio_sfreq
        # Of what lies behind all EEG, one is enough.
        for _ in range(int(np.searchsorted(at, times.min() - 2 * _LOSS)) - 1):
            self._knots.popleft()
        return samples / self._audio_sfreq


def as_times(name: str, times: ArrayLike, n_times: int) -> np.ndarray:
    """Validate stamps of so many samples, in seconds."""
    times = as_signals(name, times, (1,)).astype(np.float64)
    if len(times) != n_times:
        raise ValueError(f"{name}: expected {n_times} stamps, got {len(times)}")
    latest = np.abs(times).max()
    if latest > _LATEST:
        raise ValueError(
            f"{name}: expected seconds, at most {_LATEST:g}, got {latest:g}"
        )
    if n_times > 1 and np.ptp(times) == 0:
        raise ValueError(
            f"{name}: expected when each sample was taken, got {times[0]:.10g} for all "
            f"{n_times}"
        )
    return times


def check_ahead(seconds: float) -> None:
    """Refuse EEG that is more than a minute ahead of the audio."""
    if seconds > LONGEST_GAP:
        raise ValueError(
            f"eeg: is {seconds:.0f} s ahead of the audio, more than {LONGEST_GAP:g} s; "
            "the audio has stopped"
        )
