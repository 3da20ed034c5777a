"""Reconstructions by decoders that did not see the stimulus."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.model_selection import LeaveOneGroupOut

from .._validation import (
    as_signals,
    check_kind,
    check_number,
    check_numbers,
    check_shape,
)
from ..decoding import EnvelopeDecoder
from ..decoding._attention import share_right
from ..decoding._inputs import require_target
from ..signals import fisher_z, pearson_r
from ..trial import Reference, Trial, is_recordings, is_trials


def cross_val_reconstruct(
    decoder: EnvelopeDecoder,
    X: list[Trial] | list[np.ndarray],
    y: list[Reference] | list[ArrayLike],
    *,
    groups: Sequence[Any] | None = None,
    cv: Any = None,
    n_jobs: int | None = None,
) -> list[np.ndarray]:
    """Reconstruct each recording with a decoder of the others.

    As :func:`sklearn.model_selection.cross_val_predict`, for recordings that differ in
    length.

    Parameters
    ----------
    decoder : EnvelopeDecoder
        Is cloned for each fold, not modified. A penalty that is chosen is chosen within
        each.
    X : list of Trial or list of ndarray of shape (n_times, n_channels)
        EEG.
    y : list of Reference or list of array-like of shape (n_times[, n_outputs])
        Stimulus.
    groups : sequence of shape (n_recordings,), default=None
        What recordings of a list of arrays share: those of a group stay together. Each
        is on its own if None. Trials have a `stimulus`.
    cv : splitter, default=None
        Folds, such as :class:`StimulusKFold`; each recording is left out once. One
        group or stimulus after another is left out if None.
    n_jobs : int, default=None
        Number of folds to fit at a time, as in :class:`joblib.Parallel`.

    Returns
    -------
    reconstructions : list of ndarray
        As from :meth:`~sklearn_cnmf.EnvelopeDecoder.predict`, in the order of X.

    Raises
    ------
    ValueError
        If `groups` come with trials, a recording is left out never or twice, or one of
        a group is trained on while another is left out.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import EnvelopeDecoder
    >>> from sklearn_cnmf.evaluation import cross_val_reconstruct
    >>> rng = np.random.default_rng(0)
    >>> y = [rng.standard_normal(n) for n in (300, 400, 500)]
    >>> X = [np.stack([np.roll(s, 5), rng.standard_normal(len(s))], 1) for s in y]
    >>> found = cross_val_reconstruct(EnvelopeDecoder(alpha=0.1), X, y)
    >>> [len(one) for one in found]
    [300, 400, 500]
    """
    check_kind("decoder", decoder, EnvelopeDecoder)
    require_target(y)
    trials = is_trials(X)
    if not trials and not is_recordings(X):
        raise ValueError(
            f"X: expected a list of Trial or of arrays, got {type(X).__name__}"
        )
    if trials and groups is not None:
        raise ValueError("groups: trials carry their stimulus, so None is expected")
    if is_trials(X):
        groups = [t.stimulus or f"trial {i}" for i, t in enumerate(X)]
    elif groups is None:
        groups = range(len(X))
    groups = list(groups)
    if len(groups) != len(X) or len(y) != len(X):
        raise ValueError(
            f"X: {len(X)} recordings, but y has {len(y)} entries and groups "
            f"{len(groups)}"
        )
    number = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    codes = [number[group] for group in groups]
    if trials and cv is not None:
        folds = list(cv.split(X, y))
    else:
        splitter = LeaveOneGroupOut() if cv is None else cv
        folds = list(splitter.split(codes, None, codes))
    _check_folds(folds, groups)
    work = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_reconstruct)(decoder, X, y, groups, trials, *fold)
        for fold in folds
    )
    found: list[Any] = [None] * len(X)
    for (_, test), reconstructed in zip(folds, work):
        for index, one in zip(test, reconstructed):
            found[index] = one
    return found


def _check_folds(folds, groups):
    times = np.bincount(np.concatenate([test for _, test in folds]), minlength=1)
    times = np.pad(times, (0, max(0, len(groups) - len(times))))
    wrong = np.flatnonzero(times != 1)
    if len(wrong):
        raise ValueError(
            f"cv: X[{wrong[0]}] is left out {times[wrong[0]]} times; once is expected"
        )
    for train, test in folds:
        shared = {groups[i] for i in train} & {groups[i] for i in test}
        if shared:
            raise ValueError(
                f"cv: {min(shared, key=str)!r} is both trained on and left out in one "
                "fold; recordings of one stimulus or group stay together"
            )


def _reconstruct(decoder, X, y, groups, trials, train, test):
    options = {} if trials else {"groups": [groups[i] for i in train]}
    fitted = clone(decoder).fit([X[i] for i in train], [y[i] for i in train], **options)
    return fitted.predict([X[i] for i in test])


@dataclass(frozen=True, eq=False)
class WindowAccuracy:
    """Outcome of :func:`accuracy_by_window`.

    Parameters
    ----------
    seconds : ndarray of shape (n_lengths,)
        Length of the windows.
    n_windows : ndarray of shape (n_lengths,) of int
        Number of windows of each length.
    accuracy : ndarray of shape (n_lengths,)
        Share in which the attended candidate is chosen, mean over recordings.
    standard_error : ndarray of shape (n_lengths,)
        Of that mean, over recordings; NaN of a single one.
    n_recordings : ndarray of shape (n_lengths,) of int
        Number of recordings that are as long.
    """

    seconds: np.ndarray
    n_windows: np.ndarray
    accuracy: np.ndarray
    standard_error: np.ndarray
    n_recordings: np.ndarray

    def __str__(self):
        lines = [f"{'s':>6s}  {'right %':>7s}  {'SE':>5s}  windows  recordings"]
        for row in zip(
            self.seconds,
            100 * self.accuracy,
            100 * self.standard_error,
            self.n_windows,
            self.n_recordings,
        ):
            lines.append("{:6g}  {:7.1f}  {:5.1f}  {:7d}  {:10d}".format(*row))
        return "\n".join(lines)


def accuracy_by_window(
    reconstructions: list[np.ndarray],
    candidates: list[ArrayLike],
    attended: Sequence[int],
    *,
    sfreq: float,
    windows: Sequence[float] = (5.0, 10.0, 20.0, 30.0),
    output_weights: ArrayLike | None = None,
) -> WindowAccuracy:
    """How often attention is decoded right, by the length of the window.

    For reconstructions as arrays;
    :meth:`~sklearn_cnmf.EnvelopeDecoder.score_attended` does it for trials.

    Parameters
    ----------
    reconstructions : list of ndarray of shape (n_times[, n_outputs])
        Of each recording, by a decoder that did not see its stimulus, as from
        :func:`cross_val_reconstruct`.
    candidates : list of array-like of shape (n_candidates, n_times[, n_outputs])
        The same feature of each candidate stimulus.
    attended : sequence of int
        Which candidate was attended.
    sfreq : float
        Rate of both in Hz.
    windows : sequence of float, default=(5.0, 10.0, 20.0, 30.0)
        Lengths in seconds. Windows follow one another, and what is left at the end is
        not used.
    output_weights : array-like of shape (n_outputs,), default=None
        Weights of the outputs' Fisher z; equal if None.

    Returns
    -------
    accuracy : WindowAccuracy
        Prints as a table. A tie is wrong.

    Raises
    ------
    ValueError
        If shapes do not fit, an index is out of range, or a window is longer than every
        recording.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.evaluation import accuracy_by_window
    >>> rng = np.random.default_rng(0)
    >>> stimuli = rng.standard_normal((4, 2, 1200))
    >>> found = [s[0] + 5 * rng.standard_normal(1200) for s in stimuli]
    >>> print(accuracy_by_window(found, list(stimuli), [0] * 4, sfreq=20.0,
    ...                          windows=(1.0, 30.0)))
         s  right %     SE  windows  recordings
         1     73.3    1.5      240           4
        30    100.0    0.0        8           4
    """
    check_number("sfreq", sfreq, above=0)
    pairs = _checked_pairs(reconstructions, candidates, attended)
    n_outputs = pairs[0][0].shape[1]
    weights = np.ones(n_outputs)
    if output_weights is not None:
        weights = as_signals("output_weights", output_weights, (1,))
        check_shape("output_weights", weights, (n_outputs,))
    check_numbers("windows", windows, above=0)
    rows = []
    for seconds in windows:
        n_window = round(seconds * sfreq)
        long = [pair for pair in pairs if len(pair[0]) >= max(n_window, 2)]
        if n_window < 2 or not long:
            raise ValueError(
                f"windows: {seconds:g} s are {n_window} samples at {sfreq:g} Hz; the "
                f"recordings have up to {max(len(y) for y, _, _ in pairs)}, and at "
                "least 2 are needed"
            )
        right = [_right(y, ys, i, n_window, weights) for y, ys, i in long]
        n_windows = sum(len(one) for one in right)
        rows.append((seconds, n_windows, [one.mean() for one in right]))
    return _averaged(rows)


def accuracy_in_trials(
    decoder: EnvelopeDecoder,
    trials: list[Trial],
    references: list[Reference],
    windows: Sequence[float],
) -> WindowAccuracy:
    """How often attention is decoded right in trials, by the length of the window.

    Parameters
    ----------
    decoder : EnvelopeDecoder
        Fitted on trials of other stimuli.
    trials, references : list of Trial, list of Reference
        Trials and their truth.
    windows : sequence of float
        Lengths in seconds.

    Returns
    -------
    accuracy : WindowAccuracy
        With trials as recordings.

    Raises
    ------
    ValueError
        If the decoder was not fitted to trials, trials or references are not sound, or
        a trial is shorter than a window.
    """
    if not hasattr(decoder, "attention_scores"):
        raise ValueError(
            "estimator: expected an EnvelopeDecoder fitted to trials, got "
            f"{type(decoder).__name__}"
        )
    # Checks trials, and warns of stimuli that were trained on.
    decoder.score_attended(trials, references)
    attended = [reference.attended for reference in references]
    check_numbers("windows", windows, above=0)
    rows = []
    for seconds in windows:
        scores = decoder.attention_scores(trials, references, window=seconds)
        shares = [share_right(*of_trial) for of_trial in zip(scores, attended)]
        rows.append((seconds, sum(map(len, scores)), shares))
    return _averaged(rows)


def _averaged(rows):
    """Average shares of right windows over recordings, for each length."""
    averaged = []
    for seconds, n_windows, shares in rows:
        error = np.nan
        if len(shares) > 1:
            error = np.std(shares, ddof=1) / np.sqrt(len(shares))
        averaged.append((seconds, n_windows, np.mean(shares), error, len(shares)))
    return WindowAccuracy(*(np.array(column) for column in zip(*averaged)))


def _checked_pairs(reconstructions, candidates, attended):
    n = len(reconstructions)
    if n == 0 or len(candidates) != n or len(attended) != n:
        raise ValueError(
            f"reconstructions: {n}, candidates: {len(candidates)}, attended: "
            f"{len(attended)}; as many of each, and at least one, are expected"
        )
    pairs = []
    for index, (y, of_trial, own) in enumerate(
        zip(reconstructions, candidates, attended)
    ):
        y = as_signals(f"reconstructions[{index}]", y, (1, 2))
        of_trial = as_signals(f"candidates[{index}]", of_trial, (2, 3))
        if of_trial.shape[1:] != y.shape or len(of_trial) < 2:
            raise ValueError(
                f"candidates[{index}]: expected two or more of shape {y.shape} as the "
                f"reconstruction, got {of_trial.shape}"
            )
        if not isinstance(own, (int, np.integer)) or not 0 <= own < len(of_trial):
            raise ValueError(
                f"attended[{index}]: expected an index from 0 to {len(of_trial) - 1}, "
                f"got {own!r}"
            )
        y = y.reshape(len(y), -1)
        pairs.append((y, of_trial.reshape(len(of_trial), *y.shape), own))
    if len({y.shape[1] for y, _, _ in pairs}) > 1:
        raise ValueError("reconstructions: numbers of outputs differ")
    return pairs


def _right(y, candidates, attended, n_window, weights):
    """Whether the attended candidate wins in each window."""
    right = []
    for start in range(0, len(y) - n_window + 1, n_window):
        part = slice(start, start + n_window)
        support = [fisher_z(pearson_r(c[part], y[part])) @ weights for c in candidates]
        others = np.delete(support, attended)
        right.append(support[attended] > others.max())
    return np.array(right)
