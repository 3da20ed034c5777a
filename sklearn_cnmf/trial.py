"""The two records everything else is written in: what is known, and the truth."""

from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from numbers import Real
from typing import Any, ClassVar, TypeGuard

import numpy as np

from ._onsets import onset_samples
from ._stored import Source, Stored
from ._typing import MaybeNone
from ._validation import (
    as_signals,
    check_array,
    check_callable,
    check_choice,
    check_names,
    check_number,
    check_rate,
    check_time_last,
    trial_name,
)
from .signals import FEATURES, PHASES

# References may miss the mixture by this much (dB below the mixture) before
# they are refused: enough for lossy codecs and dither, not for a wrong gain.
SUM_TOLERANCE_DB = -40.0


@dataclass(frozen=True, eq=False)
class Trial(Stored):
    """All that is known of one trial when a prediction is made.

    EEG and audio start at the same instant and last equally long, to within
    one EEG sample. Arrays are never modified.

    Parameters
    ----------
    eeg : ndarray of shape (n_channels, n_times)
        EEG in any unit, one unit for all trials.
    eeg_sfreq : float
        Sampling rate of `eeg` in Hz; kept as a float, whatever kind of number it is.
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
    guide : ndarray of shape (n_guides, n_frames) or (n_frames,), default=None
        What the attended source does over time, decoded from the EEG. Filled
        by :meth:`sklearn_cnmf.EnvelopeDecoder.transform`. One of one dimension is
        kept as a single row.
    guide_sfreq : float, default=None
        Rate of `guide` in Hz. Its first column is at time zero.
    guide_feature : str or callable, default=None
        What each row of `guide` is a copy of, as in
        :class:`sklearn_cnmf.EnvelopeDecoder`; None means "envelope".
    guide_weights : ndarray of shape (n_guides,), default=None
        How far to trust each row of `guide`, in log-odds per second and unit of
        Fisher z; None where nobody learned it.
    estimate : ndarray of shape (2, ...), default=None
        Attended source and rest, each shaped like `mixture`. Filled by
        :meth:`sklearn_cnmf.ContrastiveNMF.transform`.
    guide_band : tuple of (float or None, float or None), default=None
        Edges in Hz of the band-pass filter that `guide` went through; None means that
        it holds all frequencies.
    guide_phase : {"zero", "minimum", "forward"}, default="zero"
        Of that filter, as in :class:`sklearn_cnmf.EnvelopeDecoder`.
    source : object, default=None
        Where `eeg` and `mixture` are read from whenever they are used, if they are
        given as None; readers of files set it. Such a trial holds no arrays, and goes to
        workers as the name of a file and a key.

    Raises
    ------
    ValueError
        If a rate is no number, `subject` or `stimulus` no str, or `instruments` or
        `ch_names` no sequence of different names. Arrays are checked once they are
        used, with :func:`check_trials`.

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
    instruments: tuple[str, ...] | MaybeNone = None
    subject: str = ""
    stimulus: str = ""
    ch_names: tuple[str, ...] | MaybeNone = None
    guide: np.ndarray | MaybeNone = None
    guide_sfreq: float | MaybeNone = None
    guide_feature: str | Callable | None = None
    guide_weights: np.ndarray | MaybeNone = None
    estimate: np.ndarray | MaybeNone = None
    guide_band: tuple[float | None, float | None] | None = None
    guide_phase: str = "zero"
    source: Source | None = None
    _STORED: ClassVar[tuple[str, ...]] = ("eeg", "mixture")

    def __post_init__(self):
        self._leave_on_disk()
        for field in ("eeg_sfreq", "audio_sfreq", "guide_sfreq"):
            rate = getattr(self, field)
            if isinstance(rate, np.ndarray) and rate.ndim == 0:
                rate = rate.item()  # as npz and HDF5 files give them
            if rate is None:
                continue
            if not isinstance(rate, Real) or isinstance(rate, (bool, np.bool_)):
                raise ValueError(f"{field}: expected a rate in Hz, got {rate!r}")
            object.__setattr__(self, field, float(rate))
        for field in ("subject", "stimulus"):
            value = getattr(self, field)
            if not isinstance(value, str):
                raise ValueError(f"{field}: expected a str, got {value!r}")
        for field in ("instruments", "ch_names"):
            names = getattr(self, field)
            if names is not None:
                check_names(field, names)
                object.__setattr__(self, field, tuple(str(name) for name in names))
        if isinstance(self.guide, np.ndarray) and self.guide.ndim == 1:
            object.__setattr__(self, "guide", self.guide[np.newaxis])

    @classmethod
    def from_raw(
        cls,
        raw: Any,
        mixture: np.ndarray,
        audio_sfreq: float,
        *,
        onset: float | str = 0.0,
        **fields: Any,
    ) -> "Trial":
        """Cut a trial out of a recording.

        Parameters
        ----------
        raw : mne.io.Raw
            The recording; its EEG channels that are not marked bad are taken.
        mixture : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
            The audio that was played. The trial lasts as long.
        audio_sfreq : float
            Sampling rate of `mixture` in Hz.
        onset : float or str, default=0.0
            When it began: in seconds after the first sample of the recording; or the
            description of an annotation, or ``"trigger:N"`` for the value N of a
            trigger channel, which occurs once.
        **fields
            Other fields of the trial, such as `instruments` and `stimulus`.

        Returns
        -------
        trial : Trial

        Raises
        ------
        ValueError
            If `raw` is no recording or has no EEG, `mixture` is no audio, the onset is
            not in the recording, or it ends before the mixture does.

        Examples
        --------
        >>> import mne
        >>> import numpy as np
        >>> from sklearn_cnmf import Trial
        >>> raw = mne.io.RawArray(np.zeros((2, 2560)), mne.create_info(2, 256.0, "eeg"),
        ...                       verbose="error")
        >>> Trial.from_raw(raw, np.zeros(88200), 22050.0, onset=3.0, stimulus="a")
        Trial(subject='', stimulus='a', eeg=2 x 1024 at 256 Hz, mixture=88200 at 22050 Hz)
        """  # noqa: E501
        import mne

        if not isinstance(raw, mne.io.BaseRaw):
            raise ValueError(f"raw: expected mne.io.Raw, got {type(raw).__name__}")
        picks = mne.pick_types(raw.info, eeg=True)
        if not len(picks):
            raise ValueError("raw: found no EEG channel that is not marked bad")
        check_rate("audio_sfreq", audio_sfreq)
        check_time_last("mixture", as_signals("mixture", mixture, (1, 2)))
        sfreq = float(raw.info["sfreq"])
        (start,) = onset_samples(raw, [onset], ["raw"], None)
        n_times = round(np.shape(mixture)[-1] / audio_sfreq * sfreq)
        if start + n_times > raw.n_times + 1:
            raise ValueError(
                f"raw: lasts {raw.n_times / sfreq:.3f} s, but the mixture that began "
                f"at {start / sfreq:.3f} s lasts until "
                f"{(start + n_times) / sfreq:.3f} s"
            )
        eeg = raw.get_data(picks, start=start, stop=min(start + n_times, raw.n_times))
        names = tuple(raw.ch_names[pick] for pick in picks)
        return cls(eeg, sfreq, mixture, audio_sfreq, ch_names=names, **fields)

    def __repr__(self):
        parts = [f"subject={self.subject!r}", f"stimulus={self.stimulus!r}"]
        if self.instruments is not None:
            parts.append(f"instruments={self.instruments!r}")
        parts.append(f"eeg={_signal(self.shape_of('eeg'), self.eeg_sfreq)}")
        mixture = _signal(self.shape_of("mixture"), self.audio_sfreq)
        parts.append(f"mixture={mixture}")
        if self.guide is not None:
            parts.append(f"guide={_signal(np.shape(self.guide), self.guide_sfreq)}")
        if self.estimate is not None:
            parts.append(f"estimate={_shape(np.shape(self.estimate))}")
        return f"Trial({', '.join(parts)})"


@dataclass(frozen=True, eq=False)
class Reference(Stored):
    """The truth of one trial, never seen at prediction.

    Parameters
    ----------
    sources : ndarray of shape (n_sources, ...)
        The isolated sources, each shaped like the mixture, in the order of
        `Trial.instruments`. They add up to the mixture.
    attended : int
        Index of the attended source.
    source : object, default=None
        Where `sources` are read from whenever they are used, if they are given as
        None; as in :class:`Trial`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Reference
    >>> Reference(np.zeros((2, 220500)), attended=1)
    Reference(sources=2 x 220500, attended=1)
    """

    sources: np.ndarray
    attended: int
    source: Source | None = None
    _STORED: ClassVar[tuple[str, ...]] = ("sources",)

    def __post_init__(self):
        self._leave_on_disk()

    def __repr__(self):
        shape = self.shape_of("sources")
        sources = "None" if shape is None else _shape(shape)
        return f"Reference(sources={sources}, attended={self.attended})"


def check_trials(
    trials: Sequence[Trial],
    references: Sequence[Reference] | None = None,
    *,
    require_instruments: bool = False,
    require_guide: bool = False,
) -> None:
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
    ValueError
        If `trials` or `references` is not a list of such records, or is empty; if a
        field has the wrong shape, is not numeric, NaN or infinite; if EEG and audio
        differ in duration by more than one EEG sample, or the guide from both by more
        than one frame; if trials differ in their number or names of EEG channels; if a
        reference does not fit its trial or its sources miss the mixture by more than
        -40 dB. The message names the field and the trial.

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
    check_list("trials", trials, Trial)
    named = next((pair for pair in enumerate(trials) if pair[1].ch_names), None)
    for index, trial in enumerate(trials):
        where = trial_name(index, trial)
        _check_trial(trial, where)
        _check_same_channels(trial, trials[0], named, where)
        if require_instruments and trial.instruments is None:
            raise ValueError(
                f"{where}: instruments is None, but the names of the sources present "
                "are needed here"
            )
        if require_guide and trial.guide is None:
            raise ValueError(
                f"{where}: guide is None; decode it from the EEG first, for instance "
                "with EnvelopeDecoder.transform"
            )
    if references is None:
        return
    check_list("references", references, Reference)
    if len(references) != len(trials):
        raise ValueError(
            f"references has {len(references)} entries for {len(trials)} trials; "
            "one per trial is expected"
        )
    for index, (trial, reference) in enumerate(zip(trials, references)):
        _check_reference(reference, trial, trial_name(index, trial, "references"))


def is_recordings(X: Any) -> TypeGuard[list[np.ndarray]]:
    """Whether `X` is meant as several recordings, arrays, rather than as one."""
    return (
        isinstance(X, (list, tuple))
        and len(X) > 0
        and all(isinstance(x, np.ndarray) and x.ndim == 2 for x in X)
    )


def is_trials(X: Any) -> TypeGuard[list[Trial]]:
    """Whether `X` is meant as trials rather than as one array.

    Raises
    ------
    ValueError
        If `X` is a single `Trial` outside a list, an empty list, or a container whose
        order is not that of a list.
    """
    if isinstance(X, Trial):
        raise ValueError(
            "X: expected a list of Trial, got a single Trial; pass [trial]"
        )
    held = (
        isinstance(X, np.ndarray)
        and X.dtype == object
        and X.size > 0
        and _is_record(X.flat[0])
    )
    if type(X) is dict or isinstance(X, (Iterator, Set)) or held:
        raise ValueError(
            f"X: expected a list of Trial or an array, got {type(X).__name__}"
        )
    if not isinstance(X, (list, tuple)):
        return False
    if len(X) == 0:
        raise ValueError("X: expected at least one trial or sample, got an empty list")
    return any(_is_record(one) for one in X)


def _is_record(one):
    return isinstance(one, (Trial, Reference))


def check_list(name: str, records: Any, kind: type) -> None:
    """Refuse what is not a list of at least one record of a kind."""
    if not isinstance(records, (list, tuple)):
        raise ValueError(
            f"{name}: expected a list of {kind.__name__}, got {type(records).__name__}"
        )
    if len(records) == 0:
        raise ValueError(f"{name}: the list is empty; at least one is expected")
    for index, record in enumerate(records):
        if not isinstance(record, kind):
            raise ValueError(
                f"{name}[{index}]: expected {kind.__name__}, "
                f"got {type(record).__name__}"
            )


def _check_trial(trial, where):
    check_array(f"{where}: eeg", trial.eeg, (2,))
    check_rate(f"{where}: eeg_sfreq", trial.eeg_sfreq)
    check_rate(f"{where}: audio_sfreq", trial.audio_sfreq)
    _check_mixture(trial, where)
    eeg_duration = trial.eeg.shape[-1] / trial.eeg_sfreq
    audio_duration = trial.mixture.shape[-1] / trial.audio_sfreq
    if abs(eeg_duration - audio_duration) * trial.eeg_sfreq > 1 + 1e-6:
        raise ValueError(
            f"{where}: eeg lasts {eeg_duration:.5f} s ({trial.eeg.shape[-1]} samples "
            f"at {trial.eeg_sfreq:g} Hz) but mixture lasts {audio_duration:.5f} s "
            f"({trial.mixture.shape[-1]} samples at {trial.audio_sfreq:g} Hz); they "
            "may differ by one EEG sample at most"
        )
    if trial.ch_names is not None and len(trial.ch_names) != trial.eeg.shape[0]:
        raise ValueError(
            f"{where}: ch_names has {len(trial.ch_names)} names for "
            f"{trial.eeg.shape[0]} channels of eeg"
        )
    if trial.guide is not None:
        _check_guide(trial, where, eeg_duration, audio_duration)


def _check_mixture(trial, where):
    check_array(f"{where}: mixture", trial.mixture, (1, 2))
    check_time_last(f"{where}: mixture", trial.mixture)


def _check_guide(trial, where, eeg_duration, audio_duration):
    check_array(f"{where}: guide", trial.guide, (2,))
    check_rate(f"{where}: guide_sfreq", trial.guide_sfreq)
    duration = trial.guide.shape[1] / trial.guide_sfreq
    missed = min(abs(duration - eeg_duration), abs(duration - audio_duration))
    if missed * trial.guide_sfreq > 1 + 1e-6:
        raise ValueError(
            f"{where}: guide lasts {duration:.5f} s ({trial.guide.shape[1]} frames at "
            f"{trial.guide_sfreq:g} Hz) but mixture lasts {audio_duration:.5f} s; they "
            "may differ by one frame of the guide at most"
        )
    if trial.guide_feature is not None:
        check_callable(f"{where}: guide_feature", trial.guide_feature, FEATURES)
    _check_band(trial.guide_band, f"{where}: guide_band", trial.guide_sfreq)
    check_choice(f"{where}: guide_phase", trial.guide_phase, PHASES)
    if trial.guide_weights is not None:
        check_array(f"{where}: guide_weights", trial.guide_weights, (1,))
        if len(trial.guide_weights) != len(trial.guide):
            raise ValueError(
                f"{where}: guide_weights has {len(trial.guide_weights)} entries for "
                f"{len(trial.guide)} rows of guide"
            )


def _check_band(band, what, sfreq):
    if band is None:
        return
    if not isinstance(band, tuple) or len(band) != 2:
        raise ValueError(f"{what}: expected a pair of frequencies in Hz, got {band!r}")
    for edge in band:
        if edge is not None:
            check_number(what, edge, above=0, below=sfreq / 2)
    if None not in band and band[0] >= band[1]:
        raise ValueError(f"{what}: expected a lower and a higher edge, got {band!r}")


def _check_same_channels(trial, first, named, where):
    if trial.eeg.shape[0] != first.eeg.shape[0]:
        raise ValueError(
            f"{where}: eeg has {trial.eeg.shape[0]} channels, but trials[0] has "
            f"{first.eeg.shape[0]}; all trials need the same channels"
        )
    if trial.ch_names is None:
        return
    other, first_named = named
    for channel, (name, expected) in enumerate(
        zip(trial.ch_names, first_named.ch_names)
    ):
        if name != expected:
            raise ValueError(
                f"{where}: ch_names[{channel}] is {name!r}, but in trials[{other}] it "
                f"is {expected!r}; all trials need the same channels in the same order"
            )


def _check_reference(reference, trial, where):
    sources, mixture = reference.sources, trial.mixture
    if mixture.ndim == 2 and np.ndim(sources) == 2:
        raise ValueError(
            f"{where}: sources has shape {np.shape(sources)}, so each source is mono, "
            f"but the mixture of the trial has {len(mixture)} audio channels; give "
            "each source its part in every channel (gain and panning), shape "
            f"(n_sources, {mixture.shape[0]}, {mixture.shape[1]})"
        )
    check_array(f"{where}: sources", sources, (mixture.ndim + 1,))
    if sources.shape[1:] != mixture.shape:
        raise ValueError(
            f"{where}: each of sources has shape {sources.shape[1:]}, but "
            f"the mixture of the trial has shape {mixture.shape}"
        )
    n_sources = sources.shape[0]
    if trial.instruments is not None and len(trial.instruments) != n_sources:
        raise ValueError(
            f"{where}: sources has {n_sources} rows for {len(trial.instruments)} "
            f"instruments {trial.instruments}"
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
    missed = missed_db(sources, mixture)
    if missed > SUM_TOLERANCE_DB:
        raise ValueError(
            f"{where}: the sum of sources misses the mixture by {missed:.1f} dB; at "
            f"most {SUM_TOLERANCE_DB:.0f} dB is expected. Gains and panning belong "
            "into sources"
        )


def missed_db(sources: np.ndarray, mixture: np.ndarray) -> float:
    """By how much the sum of sources misses a mixture, in dB below it."""
    power = np.sum(np.square(mixture, dtype=np.float64))
    missed = np.sum(np.square(sources.sum(axis=0, dtype=np.float64) - mixture))
    if power == 0 or missed == 0:
        return -np.inf if missed == 0 else np.inf
    return float(10 * np.log10(missed / power))


def sources_key(reference: Reference) -> Any:
    """Tell whether two references share the very array of their sources."""
    stored = "sources" not in vars(reference)
    return reference.source if stored else id(reference.sources)


def _signal(shape, sfreq):
    if shape is None:
        return "None"
    return _shape(shape) + ("" if sfreq is None else f" at {sfreq:g} Hz")


def _shape(shape):
    return " x ".join(str(n) for n in shape)
