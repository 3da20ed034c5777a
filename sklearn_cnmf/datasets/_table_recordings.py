"""The recordings that a table of trials refers to."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._onsets import onset_samples
from .._typing import MaybeNone
from ._raw import open_raw
from ._recordings import match_names
from ._table_rows import Row, file_in

if TYPE_CHECKING:
    import pandas as pd


class Recordings:
    """The recordings that rows refer to, each opened once."""

    def __init__(
        self,
        eeg: Any,
        ch_names: Sequence[str] | None,
        stim_channel: str | None,
        folder: Path,
    ):
        import mne

        self.stim_channel = stim_channel
        self.epochs = eeg if isinstance(eeg, mne.BaseEpochs) else None
        self.common = eeg
        if isinstance(eeg, (str, Path)):
            self.common = file_in(eeg, folder, "eeg")
        elif eeg is not None and not isinstance(eeg, (mne.io.BaseRaw, mne.BaseEpochs)):
            raise ValueError(
                "eeg: expected a file, mne.io.Raw or mne.Epochs, got "
                f"{type(eeg).__name__}"
            )
        self.needed: tuple[str, ...] = () if self.epochs is not None else ("onset",)
        if eeg is None:
            self.needed += ("eeg",)
        self.wanted = None if ch_names is None else tuple(ch_names)
        self.names: tuple[str, ...] | MaybeNone = None
        self._opened: dict[str, Any] = {}

    def chosen(self, frame: "pd.DataFrame") -> "pd.DataFrame":
        """Rows that are left: of epochs, some may have been dropped."""
        if self.epochs is None or len(frame) == len(self.epochs):
            return frame
        n_events = len(self.epochs.drop_log)
        if len(frame) != n_events:
            raise ValueError(
                f"table: {len(frame)} rows for {len(self.epochs)} epochs of {n_events} "
                "events; a row for each epoch or for each event is expected"
            )
        return frame.iloc[self.epochs.selection]

    def of(self, row: Row) -> Any:
        """Return the recording of a row."""
        recording = row.recording if self.common is None else self.common
        if not isinstance(recording, str):
            return recording
        if recording not in self._opened:
            self._opened[recording] = open_raw(recording)
        return self._opened[recording]

    def path(self, row: Row) -> str | None:
        """Name the file of a row's recording, None if it is in memory."""
        recording = row.recording if self.common is None else self.common
        return recording if isinstance(recording, str) else None

    def starts(self, rows: list[Row]) -> list[int]:
        """First sample of each row; number of its epoch where there are epochs."""
        self._choose_channels(rows)
        if self.epochs is not None:
            if self.epochs.tmin > 0.5 / self.epochs.info["sfreq"]:
                raise ValueError(
                    f"eeg: epochs start at {self.epochs.tmin:g} s; EEG from time zero "
                    "on, where the audio starts, is expected"
                )
            return list(range(len(rows)))
        by_recording: dict[int, list[int]] = {}
        for index, row in enumerate(rows):
            by_recording.setdefault(id(self.of(row)), []).append(index)
        starts = [0] * len(rows)
        for indices in by_recording.values():
            raw = self.of(rows[indices[0]])
            of_rows = [rows[i] for i in indices]
            found = onset_samples(
                raw,
                [_seconds(row.onset) for row in of_rows],
                [row.where for row in of_rows],
                self.stim_channel,
            )
            for index, sample in zip(indices, found):
                starts[index] = sample
        return starts

    def _choose_channels(self, rows):
        import mne

        infos = {id(self.of(row)): self.of(row).info for row in rows}
        good = [
            [info["ch_names"][pick] for pick in mne.pick_types(info, eeg=True)]
            for info in infos.values()
        ]
        if self.wanted is not None:
            for row in rows:
                where = self.path(row) or "eeg"
                match_names(self.wanted, self.of(row).ch_names, where)
            self.names = self.wanted
            return
        everywhere = set(good[0]).intersection(*good)
        self.names = tuple(name for name in good[0] if name in everywhere)
        if not self.names:
            raise ValueError(
                "eeg: found no EEG channel that all recordings have and none marks as "
                "bad"
            )
        left_out = sorted(set().union(*good) - everywhere)
        if left_out:
            warnings.warn(
                f"recordings differ in their channels; {', '.join(left_out)} are left "
                "out, which not all have or some mark as bad",
                stacklevel=4,
            )

    def samples(self, row: Row, start: int) -> tuple[int, int, float]:
        """First sample, how many there are from there on, and the rate in Hz."""
        recording = self.of(row)
        sfreq = float(recording.info["sfreq"])
        if self.epochs is not None:
            first = int(np.argmin(np.abs(recording.times)))
            return first, len(recording.times) - first, sfreq
        return start, recording.n_times - start, sfreq

    def read(self, row: Row, start: int, first: int, n_times: int) -> np.ndarray | None:
        """EEG of a recording in memory, None of one that is read when it is used."""
        if self.path(row) is not None:
            return None
        recording = self.of(row)
        picks = match_names(self.names, recording.ch_names, "eeg")
        if self.epochs is not None:
            data = recording[start].get_data(picks=picks)[0]
            return data[:, first : first + n_times]
        return recording.get_data(picks=picks, start=first, stop=first + n_times)


def _seconds(onset):
    """Take text that holds a number for seconds."""
    if isinstance(onset, str):
        try:
            return float(onset)
        except ValueError:
            return onset
    return onset
