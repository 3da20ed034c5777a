"""The command ``live``: a fitted model on streams."""

import csv
import errno
import os
import time
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from .._validation import check_number, said_by
from .._writing import whole_file
from ..datasets import read_audio
from ..model_io import load_model
from ..online import OnlineSeparator
from ..online._audio import DeviceAudio, Loudspeaker, PacedAudio
from ..online._live import listen
from ..online._lsl import Inlet, lsl
from ..online._pipeline import causal_steps
from ..online._replay import replay
from ._arguments import path
from ._live_view import LiveView
from ._printing import complain
from ._separation import present_instruments, resampled
from ._signals import undisturbed

_DEVICE, _STREAM = "device", "stream:"
# Seconds of EEG that are waited for before the audio of a file begins.
_LONGEST_WAIT = 10.0


def add_parser(commands: Any) -> None:
    """Add the command to those of the program."""
    parser = commands.add_parser(
        "live",
        help="turn up the attended instrument while the listener listens",
        description="Run a fitted model on streams of EEG (Lab Streaming Layer) and "
        "audio as they come, and write what is put out: all instruments, each as loud "
        "as it is likely to be the attended one. Ends with the audio, or by Ctrl-C. "
        "Streams need mne-lsl, sound cards sounddevice (extra 'live').",
    )
    add = parser.add_argument
    add(
        "--model",
        type=path,
        required=True,
        metavar="FILE",
        help="a causal pipeline, as live.skops of demo",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--eeg-stream", metavar="NAME", help="stream of the EEG")
    source.add_argument(
        "--replay",
        type=path,
        metavar="FILE",
        help="recorded EEG instead, in any format that MNE reads, played as a stream "
        "of this machine; its first sample and that of the audio belong together",
    )
    add(
        "--audio",
        required=True,
        metavar="FILE|device[:NAME]|stream:NAME",
        help="the mixture: a file, played in real time; what a sound card records; or "
        "another stream",
    )
    add("--out", type=path, required=True, metavar="WAV", help="file to write")
    add(
        "--probabilities",
        type=path,
        metavar="CSV",
        help="also write how likely each instrument was at which second of the output, "
        "in the last hour",
    )
    add(
        "--play",
        nargs="?",
        const="",
        metavar="NAME",
        help="also play it on this sound card (default: that of the system)",
    )
    add(
        "--instruments",
        metavar="A,B",
        help="instruments present in the mixture (default: all that the model knows)",
    )
    add(
        "--half-life",
        type=float,
        default=10.0,
        metavar="SECONDS",
        help="after which evidence counts half (default: 10)",
    )
    add(
        "--depth",
        type=float,
        default=30.0,
        metavar="DB",
        help="by how much what is not attended is turned down (default: 30)",
    )
    add(
        "--seconds",
        type=float,
        default=np.inf,
        metavar="SECONDS",
        help="of audio after which it ends (default: with the audio)",
    )
    parser.set_defaults(run=_run)


def _run(arguments):
    """Refuse what can be refused before any stream is looked for."""
    for name in ("out", "probabilities"):
        given = getattr(arguments, name)
        if given is not None:
            _check_new(f"--{name}", Path(given))
    if arguments.probabilities is not None and _is_same(arguments):
        raise ValueError("--probabilities: names the same file as --out")
    for name in ("half_life", "seconds"):
        if getattr(arguments, name) != np.inf:
            check_number(_option(name), getattr(arguments, name), above=0)
    check_number("--depth", arguments.depth, above=0)
    for name in ("eeg_stream", "audio"):
        if getattr(arguments, name) in ("", _STREAM):
            raise ValueError(f"{_option(name)}: the name of a stream is missing")
    try:
        return _live(arguments)
    except ImportError as error:
        raise ValueError(str(error)) from error
    except KeyboardInterrupt as interrupt:
        if interrupt.args or not Path(arguments.out).exists():
            raise
        raise KeyboardInterrupt(f"{arguments.out} is written") from interrupt


def _option(name):
    return f"--{name.replace('_', '-')}"


def _check_new(option, path):
    if path.exists():
        raise ValueError(f"{option}: {path} exists and is not overwritten")
    if not path.parent.is_dir():
        raise ValueError(f"{option}: {path.parent} is not a folder that exists")
    if not os.access(path.parent, os.W_OK):
        raise ValueError(f"{option}: {path.parent} can't be written to")


def _is_same(arguments):
    return Path(arguments.out).resolve() == Path(arguments.probabilities).resolve()


def _live(arguments):
    pipeline, names = _load(arguments.model)
    *_, separator = causal_steps(pipeline)
    instruments = present_instruments(arguments.instruments, separator)
    recording = _recording_of(arguments.audio)
    if arguments.replay is not None and not Path(arguments.replay).exists():
        raise FileNotFoundError(errno.ENOENT, "no such file", arguments.replay)
    with ExitStack() as stack:
        begin, stream = None, arguments.eeg_stream
        if arguments.replay is not None:
            complain(f"Replay of {arguments.replay}")
            stream, begin = stack.enter_context(replay(arguments.replay))
        clock = lsl().local_clock
        inlet = stack.enter_context(closing(Inlet(stream)))
        separator = OnlineSeparator(
            pipeline,
            instruments=instruments,
            eeg_sfreq=inlet.sfreq,
            half_life=arguments.half_life,
            depth=arguments.depth,
        )
        eeg = _eeg(inlet, names, separator.n_channels)
        audio, n_channels = (
            _audio(arguments.audio, separator.audio_sfreq, clock, stack)
            if recording is None
            else _paced(arguments.audio, recording, separator.audio_sfreq, clock, begin)
        )
        play = None
        if arguments.play is not None:
            play = stack.enter_context(
                closing(
                    Loudspeaker(
                        arguments.play or None, separator.audio_sfreq, n_channels
                    )
                )
            )
        if begin is None:
            _wait_for(inlet)
        complain(
            f"Latency: {separator.latency:.2f} s and what it takes to compute; "
            f"{separator.audio_sfreq:g} Hz, EEG of {inlet.sfreq:g} Hz"
        )
        return _listen(arguments, separator, eeg, audio, play)


def _listen(arguments, separator, eeg, audio, play):
    """Put out what comes, until the end, an error or an interrupt, and write it."""
    view = LiveView(separator.instruments)
    moment = None
    ended = None
    with ExitStack() as stack:
        record = stack.enter_context(_recording(arguments.out, separator.audio_sfreq))
        try:
            for moment in listen(separator, eeg, audio, seconds=arguments.seconds):
                record(moment.attended)
                if play is not None:
                    play(moment.attended)
                view.update(separator, moment)
        except (KeyboardInterrupt, ValueError) as error:
            if moment is None:
                raise
            ended = error
        if moment is None:
            raise ValueError("--audio: no audio came")
        kept = f"{arguments.out} holds {moment.seconds:.1f} s"
        with undisturbed(kept):
            stack.close()
            if arguments.probabilities is not None:
                _write_probabilities(Path(arguments.probabilities), separator)
    lines = _summary(arguments, separator, moment)
    if ended is None:
        return "\n".join(lines)
    complain("\n".join(lines))
    if isinstance(ended, KeyboardInterrupt):
        raise KeyboardInterrupt(kept) from ended
    raise ValueError(f"{ended}; {kept}") from ended


def _load(path):
    """Load a pipeline, and the names of its channels or None."""
    pipeline = load_model(path)
    if not isinstance(pipeline, Pipeline):
        raise ValueError(
            f"{path}: expected a pipeline, found {type(pipeline).__name__}"
        )
    names = getattr(pipeline[0], "feature_names_in_", None)
    return pipeline, None if names is None else [str(name) for name in names]


def _eeg(inlet, names, n_channels):
    picks, volts = inlet.eeg_channels(names, n_channels)
    if np.isnan(volts).any():
        complain(f"EEG: {inlet.name} names no units; its values are taken as volts")
    scale = np.where(np.isnan(volts), 1.0, volts)[:, np.newaxis]

    def pull():
        samples, times = inlet.pull()
        return samples[picks] * scale, times

    return pull


def _recording_of(given):
    """Audio of a file and its rate; None of what is no file."""
    is_stream = given.startswith(_STREAM)
    if is_stream or given == _DEVICE or given.startswith(f"{_DEVICE}:"):
        return None
    return read_audio(given)


def _paced(given, recording, sfreq, clock, begin):
    """As `_audio`, of a file."""
    audio, played = recording
    if played != sfreq:
        audio = resampled(given, audio, played, sfreq)
    return PacedAudio(audio, sfreq, clock, begin), 1 if audio.ndim == 1 else len(audio)


def _audio(given, sfreq, clock, stack):
    """Where the mixture comes from, and how many channels it has."""
    if given.startswith(_STREAM):
        inlet = stack.enter_context(closing(Inlet(given.removeprefix(_STREAM))))
        if inlet.sfreq != sfreq:
            raise ValueError(
                f"--audio: {given} has {inlet.sfreq:g} Hz, and the model {sfreq:g} Hz"
            )
        return inlet.pull_audio, inlet.n_channels
    device = given.partition(":")[2] or None
    return stack.enter_context(closing(DeviceAudio(device, sfreq, clock))), 1


def _wait_for(inlet):
    """Let the audio of a file begin no sooner than the EEG comes."""
    deadline = time.monotonic() + _LONGEST_WAIT
    while not len(inlet.pull()[1]):
        if time.monotonic() > deadline:
            raise ValueError(
                f"stream {inlet.name!r}: no samples came within {_LONGEST_WAIT:g} s"
            )
        time.sleep(0.01)


@contextmanager
def _recording(path, sfreq):
    """Write a WAV file block by block; it is there once the block ends."""
    import soundfile

    with whole_file(path, ".wav") as unfinished, ExitStack() as stack:
        file = None

        def record(audio):
            nonlocal file
            block = np.atleast_2d(audio).T
            try:
                if file is None:
                    file = stack.enter_context(
                        soundfile.SoundFile(
                            unfinished, "w", round(sfreq), block.shape[1], "FLOAT"
                        )
                    )
                file.write(block)
            except RuntimeError as error:
                raise OSError(f"{path}: can't be written ({said_by(error)})") from error

        yield record


def _write_probabilities(path, separator):
    with whole_file(path) as unfinished, open(unfinished, "w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["seconds", *separator.instruments])
        for when, row in zip(separator.times, separator.probabilities):
            writer.writerow([f"{when:.4f}", *(f"{p:.4f}" for p in row)])


def _summary(arguments, separator, moment):
    lines = [
        f"Written to {arguments.out}: {moment.seconds:.1f} s, computed in "
        f"{moment.busy:.1f} s ({moment.busy / max(moment.seconds, 1e-9):.2f} of real "
        "time)"
    ]
    values = ", ".join(
        f"{name} {p:.2f}" for name, p in zip(separator.instruments, separator.latest)
    )
    lines.append(f"Probability at the end: {values}")
    if moment.busy > moment.seconds:
        lines.append(
            "That is slower than real time: name those instruments with --instruments "
            "that are present, or learn fewer spectra (n_components)"
        )
    if separator.n_missing:
        lines.append(f"Decisions without EEG: {separator.n_missing}")
    if separator.n_lost_audio:
        lost = separator.n_lost_audio / separator.audio_sfreq
        lines.append(f"Audio that was lost, silent instead: {lost:.2f} s")
    if separator.n_repeated:
        lines.append(f"Samples with stamps of others, left out: {separator.n_repeated}")
    return lines
