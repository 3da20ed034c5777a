"""The two records everything else is written in: what is known, and the truth."""

from dataclasses import dataclass
from typing import Any

import numpy as np

# References may miss the mixture by this much (dB below the mixture) before
# they are refused: enough for lossy codecs and dither, not for a wrong gain.
_SUM_TOLERANCE_DB = -40.0


@dataclass(frozen=True, eq=False)
class Trial:
    """All that is known of one trial when a prediction is made.

    EEG and audio start at the same instant and last equally long, to within
    one EEG sample. Arrays are never modified.

    Parameters
    ----------
    eeg : ndarray of shape (n_channels, n_times)
        EEG in any unit, one unit for all trials.
    eeg_sfreq : float
        Sampling rate of `eeg` in Hz.
    mixture : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        The audio that was played.
    audio_sfreq : float
        Sampling rate of `mixture` in Hz.
    instruments : sequence of str, default=None
        Names of the sources present, all different, in a fixed order that says
        nothing about attention.
    subject : str, default=""
        Who listened.
    stimulus : str, default=""
        Which mixture was played. Trials that share it must share a fold.
    ch_names : sequence of str, default=None
        Names of the EEG channels.
    guide : ndarray of shape (n_guides, n_frames), default=None
        What the attended source does over time, decoded from the EEG. Filled
        by :meth:`sklearn_cnmf.EnvelopeDecoder.transform`.
    guide_sfreq : float, default=None
        Rate of `guide` in Hz. Its first column is at time zero.
    estimate : ndarray of shape (2, ...), default=None
        Attended source and rest, each shaped like `mixture`. Filled by
        :meth:`sklearn_cnmf.ContrastiveNMF.transform`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Trial
    >>> trial = Trial(np.zeros((20, 640)), 64.0, np.zeros(220500), 22050.0,
    ...               instruments=("violin", "clarinet"), subject="0001")
    >>> trial
    Trial(subject='0001', stimulus='', instruments=('violin', 'clarinet'), eeg=20 x 640 at 64 Hz, mixture=220500 at 22050 Hz)
    """  # noqa: E501

    eeg: np.ndarray
    eeg_sfreq: float
    mixture: np.ndarray
    audio_sfreq: float
    instruments: tuple[str, ...] | None = None
    subject: str = ""
    stimulus: str = ""
    ch_names: tuple[str, ...] | None = None
    guide: np.ndarray | None = None
    guide_sfreq: float | None = None
    estimate: np.ndarray | None = None

    def __repr__(self):
        parts = [f"subject={self.subject!r}", f"stimulus={self.stimulus!r}"]
        if self.instruments is not None:
            parts.append(f"instruments={tuple(self.instruments)!r}")
        parts.append(f"eeg={_shape(self.eeg)} at {self.eeg_sfreq:g} Hz")
        parts.append(f"mixture={_shape(self.mixture)} at {self.audio_sfreq:g} Hz")
        if self.guide is not None:
            parts.append(f"guide={_shape(self.guide)} at {self.guide_sfreq:g} Hz")
        if self.estimate is not None:
            parts.append(f"estimate={_shape(self.estimate)}")
        return f"Trial({', '.join(parts)})"


@dataclass(frozen=True, eq=False)
class Reference:
    """The truth of one trial, never seen at prediction.

    Parameters
    ----------
    sources : ndarray of shape (n_sources, ...)
        The isolated sources, each shaped like the mixture, in the order of
        `Trial.instruments`. They add up to the mixture.
    attended : int
        Index of the attended source.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Reference
    >>> Reference(np.zeros((2, 220500)), attended=1)
    Reference(sources=2 x 220500, attended=1)
    """

    sources: np.ndarray
    attended: int

    def __repr__(self):
        return f"Reference(sources={_shape(self.sources)}, attended={self.attended})"


def check_trials(
    trials,
    references=None,
    *,
    require_instruments=False,
    require_guide=False,
):
    """Refuse trials that nothing sound can be computed from.

    Parameters
    ----------
    trials : list of Trial
        The trials.
    references : list of Reference, default=None
        The truth of each trial; checked against it when given.
    require_instruments : bool, default=False
        Whether every trial must name its instruments.
    require_guide : bool, default=False
        Whether every trial must carry a guide.

    Raises
    ------
    TypeError
        If `trials` or `references` is not a list of such records.
    ValueError
        If the list is empty; if a field has the wrong shape, is not numeric,
        NaN or infinite; if EEG and audio differ in duration by more than one
        EEG sample; if trials differ in their number or names of EEG channels;
        if a reference does not fit its trial or its sources miss the mixture
        by more than -40 dB. The message names the field and the trial.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Trial, check_trials
    >>> check_trials([Trial(np.zeros((20, 64)), 64.0, np.zeros(44100), 22050.0)])
    Traceback (most recent call last):
        ...
    ValueError: trials[0]: eeg lasts 1.00000 s (64 samples at 64 Hz) but mixture \
lasts 2.00000 s (44100 samples at 22050 Hz); they may differ by one EEG sample at most
    """
    _check_list("trials", trials, Trial)
    for index, trial in enumerate(trials):
        _check_trial(trial, f"trials[{index}]{_label(trial)}")
        _check_same_channels(trial, trials[0], f"trials[{index}]{_label(trial)}")
        if require_instruments and trial.instruments is None:
            raise ValueError(
                f"trials[{index}]{_label(trial)}: instruments is None, but the names "
                "of the sources present are needed here"
            )
        if require_guide and trial.guide is None:
            raise ValueError(
                f"trials[{index}]{_label(trial)}: guide is None; decode it from the "
                "EEG first, for instance with EnvelopeDecoder.transform"
            )
    if references is None:
        return
    _check_list("references", references, Reference)
    if len(references) != len(trials):
        raise ValueError(
            f"references has {len(references)} entries for {len(trials)} trials; "
            "one per trial is expected"
        )
    for index, (trial, reference) in enumerate(zip(trials, references)):
        _check_reference(reference, trial, f"references[{index}]{_label(trial)}")


def is_trials(X):
    """Whether `X` is meant as trials rather than as one array.

    Raises
    ------
    TypeError
        If `X` is a single `Trial` outside a list.
    ValueError
        If `X` is an empty list.
    """
    if isinstance(X, Trial):
        raise TypeError("expected a list of Trial, got a single Trial; pass [trial]")
    if not isinstance(X, (list, tuple)):
        return False
    if len(X) == 0:
        raise ValueError("expected at least one trial or sample, got an empty list")
    return isinstance(X[0], Trial)


def _check_list(name, records, kind):
    if not isinstance(records, (list, tuple)):
        raise TypeError(
            f"{name}: expected a list of {kind.__name__}, got {type(records).__name__}"
        )
    if len(records) == 0:
        raise ValueError(f"{name}: the list is empty; at least one is expected")
    for index, record in enumerate(records):
        if not isinstance(record, kind):
            raise TypeError(
                f"{name}[{index}]: expected {kind.__name__}, "
                f"got {type(record).__name__}"
            )


def _check_trial(trial, where):
    _check_array(trial.eeg, f"{where}: eeg", (2,))
    _check_rate(trial.eeg_sfreq, f"{where}: eeg_sfreq")
    _check_array(trial.mixture, f"{where}: mixture", (1, 2))
    _check_rate(trial.audio_sfreq, f"{where}: audio_sfreq")
    eeg_duration = trial.eeg.shape[-1] / trial.eeg_sfreq
    audio_duration = trial.mixture.shape[-1] / trial.audio_sfreq
    if abs(eeg_duration - audio_duration) * trial.eeg_sfreq > 1 + 1e-6:
        raise ValueError(
            f"{where}: eeg lasts {eeg_duration:.5f} s ({trial.eeg.shape[-1]} samples "
            f"at {trial.eeg_sfreq:g} Hz) but mixture lasts {audio_duration:.5f} s "
            f"({trial.mixture.shape[-1]} samples at {trial.audio_sfreq:g} Hz); they "
            "may differ by one EEG sample at most"
        )
    if trial.instruments is not None:
        _check_names(trial.instruments, f"{where}: instruments")
    if trial.ch_names is not None:
        _check_names(trial.ch_names, f"{where}: ch_names")
        if len(trial.ch_names) != trial.eeg.shape[0]:
            raise ValueError(
                f"{where}: ch_names has {len(trial.ch_names)} names for "
                f"{trial.eeg.shape[0]} channels of eeg"
            )
    if trial.guide is not None:
        _check_array(trial.guide, f"{where}: guide", (2,))
        _check_rate(trial.guide_sfreq, f"{where}: guide_sfreq")


def _check_same_channels(trial, first, where):
    if trial.eeg.shape[0] != first.eeg.shape[0]:
        raise ValueError(
            f"{where}: eeg has {trial.eeg.shape[0]} channels, but trials[0] has "
            f"{first.eeg.shape[0]}; all trials need the same channels"
        )
    if trial.ch_names is None or first.ch_names is None:
        return
    for channel, (name, expected) in enumerate(zip(trial.ch_names, first.ch_names)):
        if name != expected:
            raise ValueError(
                f"{where}: ch_names[{channel}] is {name!r}, but in trials[0] it is "
                f"{expected!r}; all trials need the same channels in the same order"
            )


def _check_reference(reference, trial, where):
    n_dims = trial.mixture.ndim + 1
    _check_array(reference.sources, f"{where}: sources", (n_dims,))
    if reference.sources.shape[1:] != trial.mixture.shape:
        raise ValueError(
            f"{where}: each of sources has shape {reference.sources.shape[1:]}, but "
            f"the mixture of the trial has shape {trial.mixture.shape}"
        )
    n_sources = reference.sources.shape[0]
    if trial.instruments is not None and len(trial.instruments) != n_sources:
        raise ValueError(
            f"{where}: sources has {n_sources} rows for {len(trial.instruments)} "
            f"instruments {tuple(trial.instruments)}"
        )
    attended = reference.attended
    if (
        isinstance(attended, bool)
        or not isinstance(attended, (int, np.integer))
        or not 0 <= attended < n_sources
    ):
        raise ValueError(
            f"{where}: attended is {attended!r}; an index from 0 to {n_sources - 1} "
            "into sources is expected"
        )
    power = np.sum(np.square(trial.mixture, dtype=np.float64))
    total = np.sum(reference.sources, axis=0, dtype=np.float64)
    missed = np.sum(np.square(total - trial.mixture))
    if missed > power * 10 ** (_SUM_TOLERANCE_DB / 10):
        level = 10 * np.log10(missed / power) if power > 0 else np.inf
        raise ValueError(
            f"{where}: the sum of sources misses the mixture by {level:.1f} dB; at "
            f"most {_SUM_TOLERANCE_DB:.0f} dB is expected. Gains and panning belong "
            "into sources"
        )


def _check_array(array, what, n_dims):
    if not isinstance(array, np.ndarray):
        raise ValueError(f"{what}: expected an ndarray, got {type(array).__name__}")
    if array.ndim not in n_dims:
        expected = " or ".join(f"{n}-D" for n in n_dims)
        raise ValueError(f"{what}: expected {expected}, got shape {array.shape}")
    if array.size == 0:
        raise ValueError(f"{what}: the array is empty, its shape is {array.shape}")
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{what}: expected real numbers, got dtype {array.dtype}")
    finite = np.isfinite(array)
    if not finite.all():
        first = tuple(int(i) for i in np.argwhere(~finite)[0])
        raise ValueError(
            f"{what}: found {np.size(finite) - np.count_nonzero(finite)} NaN or "
            f"infinite values, the first at {first}; finite numbers are expected"
        )


def _check_rate(rate: Any, what):
    number = isinstance(rate, (int, float, np.integer, np.floating))
    if not number or isinstance(rate, bool) or not np.isfinite(rate) or rate <= 0:
        raise ValueError(f"{what}: expected a positive rate in Hz, got {rate!r}")


def _check_names(names, what):
    if isinstance(names, str) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"{what}: expected a sequence of str, got {names!r}")
    repeated = sorted({name for name in names if list(names).count(name) > 1})
    if repeated:
        raise ValueError(
            f"{what}: {repeated} occur more than once; give each a name of its own"
        )


def _shape(array):
    return " x ".join(str(n) for n in np.shape(array))


def _label(trial):
    named = [f"{k} {v!r}" for k in ("subject", "stimulus") if (v := getattr(trial, k))]
    return f" ({', '.join(named)})" if named else ""
