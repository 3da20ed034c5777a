"""Streams of the Lab Streaming Layer, through mne-lsl."""

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import numpy as np

# Nothing is looked for, or can be found, outside of this machine.
_ALONE = """[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
AddressesOverride = {127.0.0.1}
[lab]
KnownPeers = {127.0.0.1}
[log]
level = -3
"""
# Volts of the units that amplifiers name.
_VOLTS = {
    **dict.fromkeys(("volts", "volt", "v"), 1.0),
    **dict.fromkeys(("millivolts", "millivolt", "mv"), 1e-3),
    **dict.fromkeys(("microvolts", "microvolt", "uv", "µv", "μv"), 1e-6),
    **dict.fromkeys(("nanovolts", "nanovolt", "nv"), 1e-9),
}
_SAMPLES_AT_A_TIME = 4096


def lsl() -> ModuleType:
    """Import the Lab Streaming Layer.

    Raises
    ------
    ImportError
        With what to install, if mne-lsl is absent.
    """
    try:
        from mne_lsl import lsl, set_log_level
    except ImportError as error:
        raise ImportError(
            "streams need mne-lsl (pip install 'mne-lsl>=1.14'), which can't be "
            f"imported: {error}"
        ) from error
    set_log_level("ERROR")
    return lsl


@contextmanager
def this_machine_alone() -> Iterator[None]:
    """Keep streams to this machine, in processes begun meanwhile and in this one.

    It has to come before the first use of streams in this process, and a configuration
    that the user names by ``LSLAPICFG`` stays in force.
    """
    if "LSLAPICFG" in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "lsl_api.cfg")
        path.write_text(_ALONE, encoding="utf-8")
        os.environ["LSLAPICFG"] = str(path)
        try:
            yield
        finally:
            del os.environ["LSLAPICFG"]


class Inlet:
    """One stream that arrives.

    Parameters
    ----------
    name : str
        Of the stream.
    seconds : float
        For how long it is looked for.

    Attributes
    ----------
    sfreq : float
        Nominal rate in Hz.
    n_channels : int
        How many channels it has.

    Raises
    ------
    ImportError
        If mne-lsl is absent.
    ValueError
        If there is no such stream, or more than one, or it has no rate or no numbers.
    """

    def __init__(self, name: str, seconds: float = 10.0):
        streams = lsl()
        found = streams.resolve_streams(seconds, name=name)
        if len(found) != 1:
            others = sorted({info.name for info in streams.resolve_streams(1.0)})
            what = "no stream" if not found else f"{len(found)} streams"
            raise ValueError(
                f"stream {name!r}: {what} of this name found in {seconds:g} s; there "
                f"are {others}"
            )
        (info,) = found
        self.name, self.sfreq, self.n_channels = name, info.sfreq, info.n_channels
        if not self.sfreq > 0:
            raise ValueError(f"stream {name!r}: has no regular rate")
        if isinstance(info.dtype, str):
            raise ValueError(f"stream {name!r}: expected numbers, found text")
        self._whole = np.iinfo(info.dtype) if np.dtype(info.dtype).kind == "i" else None
        self._inlet = streams.StreamInlet(info, processing_flags=["clocksync"])
        self._inlet.open_stream(seconds)
        described = self._inlet.get_sinfo(seconds)
        self._names = described.get_channel_names() or []
        self._units = described.get_channel_units() or []

    def close(self) -> None:
        """End the connection."""
        self._inlet.close_stream()

    def eeg_channels(
        self, wanted: Sequence[str] | None, n_wanted: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Find channels, and what turns their values to volts.

        Parameters
        ----------
        wanted : sequence of str or None
            Names of channels, in the order of the result; None for the first ones,
            whatever their names.
        n_wanted : int
            How many they are.

        Returns
        -------
        picks : ndarray of shape (n_wanted,) of int
        volts : ndarray of shape (n_wanted,)
            NaN where the stream does not name the unit.

        Raises
        ------
        ValueError
            If channels are missing, or a unit is not one of voltage.
        """
        if wanted is None:
            if self.n_channels != n_wanted:
                raise ValueError(
                    f"stream {self.name!r}: expected {n_wanted} channels, found "
                    f"{self.n_channels}"
                )
            picks = np.arange(n_wanted)
        else:
            missing = [name for name in wanted if name not in self._names]
            if missing:
                raise ValueError(
                    f"stream {self.name!r}: has no channels {missing}; it has "
                    f"{self._names or f'{self.n_channels} without names'}"
                )
            picks = np.array([self._names.index(name) for name in wanted])
        units = [self._units[pick] if self._units else None for pick in picks]
        return picks, np.array([self._volts(unit) for unit in units])

    def pull(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what has come, (n_channels, n_times), and its stamps in seconds."""
        samples, times = [], []
        while True:
            values, stamps = self._inlet.pull_chunk(max_samples=_SAMPLES_AT_A_TIME)
            if not len(stamps):
                break
            samples.append(np.asarray(values))
            times.append(np.asarray(stamps))
        if not samples:
            return np.zeros((self.n_channels, 0)), np.zeros(0)
        return np.concatenate(samples).T, np.concatenate(times)

    def pull_audio(self) -> tuple[np.ndarray, np.ndarray]:
        """Return what has come as audio: whole numbers become fractions of one."""
        samples, times = self.pull()
        if self._whole is not None:
            samples = samples / -float(self._whole.min)
        return samples, times

    def _volts(self, unit):
        if unit is None:
            return np.nan
        known = _VOLTS.get(str(unit).strip().lower())
        if known is None:
            try:
                return 10.0 ** int(unit)
            except ValueError:
                raise ValueError(
                    f"stream {self.name!r}: unit {unit!r} is none of voltage"
                ) from None
        return known
