"""Trials from any EEG that MNE reads, audio files, and a table."""

import warnings
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .._stored import in_memory, stamp_of
from .._validation import check_flag, check_number
from ..trial import SUM_TOLERANCE_DB, Reference, Trial, missed_db
from ._gains import fitted_gains
from ._recordings import audio_info
from ._table_recordings import Recordings
from ._table_rows import read_row, read_table
from ._table_source import Audio, TableTrial

if TYPE_CHECKING:
    import mne
    import pandas as pd

# Seconds by which EEG and audio of a trial may differ without a word.
_UNSAID = 0.1


def trials_from_table(
    table: "pd.DataFrame | str | Path",
    *,
    eeg: "str | Path | mne.io.BaseRaw | mne.BaseEpochs | None" = None,
    audio_sfreq: float | None = None,
    channel_mode: str = "keep",
    ch_names: Sequence[str] | None = None,
    stim_channel: str | None = None,
    fit_gains: bool = False,
    folder: str | Path | None = None,
    lazy: bool = True,
) -> tuple[list[Trial], list[Reference] | None, "pd.DataFrame"]:
    """Make trials of recordings, audio files, and a table that says what was when.

    Parameters
    ----------
    table : pandas.DataFrame or path-like
        A row for each trial, or a CSV or TSV file of such rows. Of the columns

        - ``eeg``: a file that MNE reads (not needed with `eeg`);
        - ``onset``: when the audio began, in seconds after the first sample of the EEG;
          or the description of an annotation; or ``"trigger:N"`` for the value N of a
          trigger channel. Rows that name the same event of a recording are its
          occurrences in their order (not needed with epochs);
        - ``duration``: in seconds; as long as the audio without;
        - ``mixture``: an audio file; the sum of the sources without;
        - ``sources``: audio files, separated by semicolons;
        - ``instruments``: names of the sources, separated by semicolons; the names of
          their files without;
        - ``attended``: name of the attended instrument, for a reference; trials without
          sources have none;
        - ``subject``: who listened;
        - ``stimulus``: what was played; the name of the mixture's file, or of those of
          its sources, without. Trials that share it share a fold;

        only those are needed that hold something. All others are kept as they are.
    eeg : path-like, mne.io.Raw or mne.Epochs, default=None
        The recording of all rows. Epochs start with the audio at time zero, and stand
        for the rows in their order; if some were dropped, the rows of those
        are left out.
    audio_sfreq : float, default=None
        Rate in Hz that audio is brought to; that of each mixture if None.
    channel_mode : {"keep", "mono"}, default="keep"
        Whether audio keeps its channels or becomes their mean.
    ch_names : sequence of str, default=None
        EEG channels to take; if None those that all recordings have and none marks as
        bad.
    stim_channel : str, default=None
        The trigger channel; what MNE takes for it if None.
    fit_gains : bool, default=False
        Whether to find how loud each source is in each channel of the mixture, by
        least squares. Otherwise sources are taken as they are, a mono one as in all
        channels alike.
    folder : path-like, default=None
        What names of files are relative to; the folder of the table, or the
        current one, if None.
    lazy : bool, default=True
        Whether EEG and audio stay in their files until they are used. EEG of `Raw` and
        `Epochs` does not.

    Returns
    -------
    trials : list of Trial
        EEG and audio cut to what both last.
    references : list of Reference or None
        None without the columns ``sources`` and ``attended``.
    report : pandas.DataFrame
        The rows that were used, with what was found: ``subject`` and ``stimulus`` as
        they are in the trials, ``onset_s`` and ``duration_s`` as cut, ``eeg_sfreq``, ``audio_sfreq``, ``missed_db`` (by how much sources, as they
        are, miss the mixture, in dB below it) and ``gains``.

    Raises
    ------
    OSError
        If a file does not exist.
    ValueError
        If columns are missing, a cell is not as described (told by the index of its row,
        from 0 where there is none), a file can't be read, or sources miss the mixture by more than -40 dB.

    Warns
    -----
    UserWarning
        If EEG ends more than 0.1 s before the audio or `duration` does, or
        recordings differ in their channels.

    See Also
    --------
    make_trials : The same with arrays and no table.

    Examples
    --------
    >>> import mne
    >>> import numpy as np
    >>> import pandas as pd
    >>> import soundfile
    >>> import tempfile
    >>> from sklearn_cnmf.datasets import trials_from_table
    >>> raw = mne.io.RawArray(np.zeros((2, 5120)), mne.create_info(2, 512.0, "eeg"),
    ...                       verbose="error")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("violin.wav", "flute.wav"):
    ...         soundfile.write(f"{folder}/{name}", np.random.rand(44100) - 0.5, 44100)
    ...     table = pd.DataFrame({"onset": [1.0, 5.0], "sources": "violin.wav;flute.wav",
    ...                           "attended": ["violin", "flute"]})
    ...     trials, references, report = trials_from_table(table, eeg=raw, folder=folder)
    >>> trials[1]
    Trial(subject='', stimulus='violin;flute', instruments=('violin', 'flute'), eeg=2 x 512 at 512 Hz, mixture=44100 at 44100 Hz)
    """  # noqa: E501
    if channel_mode not in ("keep", "mono"):
        raise ValueError(
            f"channel_mode: expected 'keep' or 'mono', got {channel_mode!r}"
        )
    check_flag("fit_gains", fit_gains)
    check_flag("lazy", lazy)
    if audio_sfreq is not None:
        check_number("audio_sfreq", audio_sfreq, above=0)
    frame, folder = read_table(table, folder)
    recordings = Recordings(eeg, ch_names, stim_channel, folder)
    frame = recordings.chosen(frame)
    rows = [read_row(frame, i, folder, recordings.needed) for i in range(len(frame))]
    trials, references, found = [], [], []
    for row, start in zip(rows, recordings.starts(rows)):
        audio, mixture = _audio(row, audio_sfreq, channel_mode == "mono")
        trial, reference, report = _trial(
            row, start, audio, mixture, recordings, fit_gains
        )
        trials.append(trial)
        references.append(reference)
        found.append(report)
    references = None if None in references else references
    if not lazy:
        trials = [in_memory(trial) for trial in trials]
        references = references and [in_memory(one) for one in references]
    return trials, references, _report(frame, found)


def _audio(row, audio_sfreq, mono):
    """Read what was played in a row, as far as all of its files last."""
    first = row.mixture if row.mixture is not None else row.sources[0]
    sfreq = audio_info(first).sfreq if audio_sfreq is None else float(audio_sfreq)
    audio = Audio(row.mixture, row.sources, sfreq, mono)
    mixture = audio.read_mixture()
    files = row.sources if row.mixture is None else (row.mixture, *row.sources)
    lengths = {path: audio.length(path) for path in files}
    longest = max(lengths.values())
    for path, n_samples in lengths.items():
        missing = (longest - n_samples) / sfreq
        if missing > _UNSAID:
            raise ValueError(
                f"{row.where}: {path} is {missing:.3f} s shorter than what was played"
            )
    return audio, mixture[..., : min(lengths.values())]


def _trial(row, start, audio, mixture, recordings, fit_gains):
    """Trial and reference of a row, and what is told of them."""
    first, n_times, sfreq = recordings.samples(row, start)
    wanted = mixture.shape[-1] / audio.sfreq
    if row.duration is not None:
        if row.duration > wanted + _UNSAID:
            raise ValueError(
                f"{row.where}: duration: {row.duration:g} s, but the audio lasts "
                f"{wanted:.3f} s"
            )
        wanted = min(row.duration, wanted)
    seconds = min(wanted, n_times / sfreq)
    n_eeg = min(n_times, round(seconds * sfreq))
    n_samples = min(mixture.shape[-1], round(seconds * audio.sfreq))
    audio, report = _adding_up(
        row, replace(audio, n_samples=n_samples), mixture[..., :n_samples], fit_gains
    )
    files = [recordings.path(row), row.mixture, *row.sources]
    source = TableTrial(
        recording=recordings.path(row),
        ch_names=recordings.names,
        start=first,
        n_eeg=n_eeg,
        eeg_sfreq=sfreq,
        audio=audio,
        n_channels=1 if mixture.ndim == 1 else len(mixture),
        stamps=tuple(stamp_of(path) for path in files if path is not None),
    )
    trial = Trial(
        recordings.read(row, start, first, n_eeg),
        sfreq,
        None,
        audio.sfreq,
        instruments=row.instruments,
        subject=row.subject,
        stimulus=row.stimulus,
        ch_names=recordings.names,
        source=source,
    )
    reference = None
    if row.sources and row.attended is not None:
        attended = row.instruments.index(row.attended)
        reference = Reference(None, attended, source)
    begin = np.nan if recordings.epochs is not None else first / sfreq
    return (
        trial,
        reference,
        {
            "subject": trial.subject,
            "stimulus": trial.stimulus,
            "onset_s": begin,
            "duration_s": n_samples / audio.sfreq,
            "eeg_sfreq": sfreq,
            "audio_sfreq": audio.sfreq,
            "missing_s": wanted - seconds,
            **report,
        },
    )


def _adding_up(row, audio, mixture, fit_gains):
    """Make sources add up to the mixture, or refuse them; tell how well they do."""
    if not row.sources:
        return audio, {}
    n_channels = 1 if mixture.ndim == 1 else len(mixture)
    sources = audio.read_sources(n_channels)
    if sources.shape[1:] != mixture.shape:
        raise ValueError(
            f"{row.where}: sources have shape {sources.shape[1:]}, but the mixture has "
            f"{mixture.shape}; channel_mode='mono' makes both mono"
        )
    missed = missed_db(sources, mixture)
    report = {"missed_db": missed}
    advice = "fit_gains=True finds how loud each is"
    if fit_gains and row.mixture is not None:
        gains = fitted_gains(sources, mixture)
        missed = missed_db(gains * sources, mixture)
        gains = gains.reshape(len(sources), -1).tolist()
        audio = replace(audio, gains=tuple(map(tuple, gains)))
        report |= {"gains": audio.gains, "missed_fitted_db": missed}
        advice = (
            "no gains make up for that. Leave the mixture out to have the sum of the "
            "sources separated"
        )
    if missed > SUM_TOLERANCE_DB:
        raise ValueError(
            f"{row.where}: the sum of sources misses the mixture by {missed:.1f} dB; "
            f"at most {SUM_TOLERANCE_DB:.0f} dB is expected; {advice}"
        )
    return audio, report


def _report(frame, found):
    import pandas as pd

    found = pd.DataFrame(found, index=frame.index)
    report = frame.drop(columns=found.columns, errors="ignore").join(found)
    missing = [
        f"row {number} {seconds:.2f} s"
        for number, seconds in report.pop("missing_s").items()
        if seconds > _UNSAID
    ]
    if missing:
        warnings.warn(
            f"the EEG ends before the audio does, which is cut: {', '.join(missing)}",
            stacklevel=3,
        )
    return report.reset_index(drop=True)
