"""The raw recordings of MAD-EEG, cut where each repetition began."""

from collections.abc import Collection, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from .._stored import stamp_of
from .._validation import brief
from ._hdf5 import open_hdf5
from ._madeeg_files import (
    AUDIO_SFREQ,
    EEG_SFREQ,
    UNSAID,
    Files,
    Listed,
    check_same,
    chosen_subjects,
    eeg_channels,
    list_of,
    parse_key,
    read_mapping,
    shape_of,
)
from ._madeeg_sources import RawTrial
from ._recordings import audio_info


def list_raw(
    files: Files,
    ensembles: Collection[str],
    spatial: Collection[str],
    options: dict[str, Any],
    subjects: Sequence[str] | None,
) -> list[Listed]:
    """List trials, without reading EEG; parameters are those of `load_madeeg`."""
    path = files.find("madeeg_raw.hdf5", "raw")
    infos = read_mapping(files.find("madeeg_raw.yaml", "raw"))
    listed_in = files.find("madeeg_sequences_raw.yaml", "raw")
    sequences = read_mapping(listed_in)
    stimuli = files.find("stimuli", "raw")
    listed, stamp = [], stamp_of(path)
    wav_length = cache(_wav_length)
    with open_hdf5(path) as file:
        check_same("subjects", sequences, infos, (listed_in.name, "madeeg_raw.yaml"))
        check_same("subjects", file, sequences, (path.name, listed_in.name))
        for subject in chosen_subjects(subjects, sequences, path):
            info = infos[subject]
            rows, names = eeg_channels(info, f"madeeg_raw.yaml: subject {subject}")
            n_rows, n_times = shape_of(file, subject)
            if max(rows) >= n_rows:
                raise ValueError(
                    f"{path}: subject {subject}: {n_rows} rows for "
                    f"{len(info['chs'])} channels of madeeg_raw.yaml"
                )
            for name in sorted(sequences[subject]):
                key = parse_key(name, listed_in)
                played = key.ensemble == "solo" or key.spatial in spatial
                if key.ensemble not in ensembles or not played:
                    continue
                common = {
                    "stamps": (stamp,),
                    "subject": subject,
                    "key": key.name,
                    "n_sources": len(key.instruments),
                    "sfreq": options["sfreq"],
                    "stereo": options["stereo"],
                    "n_channels": len(rows),
                    "rows": tuple(rows),
                    "folder": str(stimuli),
                }
                entry = sequences[subject][name]
                where = f"{listed_in}: subject {subject}, trial {name}"
                listed.append(
                    _raw(key, entry, common, names, n_times, options, wav_length, where)
                )
    return listed


def _raw(key, entry, common, names, n_times, options, wav_length, where):
    onsets = list_of(entry, ["n_ech"], where)
    wavs = list_of(entry, ["wav_files"], where)
    if len(onsets) != len(wavs):
        raise ValueError(
            f"{where}: {len(onsets)} onsets in n_ech for {len(wavs)} wav_files"
        )
    folder = Path(common["folder"])
    lengths = [
        wav_length(folder, name, options["stereo"] and key.ensemble != "solo")
        for name in wavs
    ]
    longest = max(lengths)
    segments = []
    for onset, length in zip(onsets, lengths):
        if type(onset) is not int or onset < 0:
            raise ValueError(f"{where}: n_ech: expected counts of samples, got {onset}")
        n_eeg = round(length / AUDIO_SFREQ * EEG_SFREQ)
        if onset + n_eeg > n_times:
            raise ValueError(
                f"{where}: n_ech: a repetition ends at sample {onset + n_eeg}, but "
                f"the recording has {n_times}"
            )
        segments.append((onset, n_eeg, length))
    complete = [i for i, n in enumerate(lengths) if longest - n <= UNSAID * AUDIO_SFREQ]
    if options["averaged"]:
        segments = [segments[i] for i in complete]
        wavs = [wavs[i] for i in complete]
        n_eeg, n_audio = min(length for _, length, _ in segments), segments[0][2]
    else:
        n_audio = sum(lengths)
        in_file = sum(length for _, length, _ in segments)
        n_eeg = min(in_file, round(n_audio / AUDIO_SFREQ * EEG_SFREQ))
    source = RawTrial(
        **common,
        n_eeg=n_eeg,
        n_audio=n_audio,
        segments=tuple(segments),
        wavs=tuple(wavs),
        solos=_solos(key, wavs, folder, wav_length, where),
        averaged=options["averaged"],
    )
    cut = (longest * len(lengths) - sum(lengths)) / AUDIO_SFREQ
    return Listed(common["subject"], key, source, tuple(names), len(complete), cut)


def _solos(key, wavs, folder, wav_length, where):
    """Wavs of each instrument of a duo or trio alone."""
    if key.ensemble == "solo":
        return ()
    together = f"_{key.ensemble}_{''.join(key.instruments)}_"
    found = []
    for instrument in key.instruments:
        own = [name.replace(together, f"_solo_{instrument}_") for name in wavs]
        own = [name.replace("stereo_lcr", "mono") for name in own]
        absent = [name for name in own if not (folder / name).exists()]
        if absent:
            raise FileNotFoundError(
                2,
                f"{where}: the reference of {instrument} needs the wav of its solo, "
                f"which is not in {folder}; ensembles=('solo',) needs none",
                absent[0],
            )
        for name in own:
            wav_length(folder, name, False)
        found.append(tuple(own))
    return tuple(found)


def _wav_length(folder, name, stereo):
    """Count the samples of a wav, if it lies among the stimuli and is as promised."""
    if not isinstance(name, str) or Path(name).name != name or name in ("", ".", ".."):
        raise ValueError(
            f"wav_files: {brief(name)} is not the name of a file in {folder}"
        )
    path = folder / name
    if not path.exists():
        raise FileNotFoundError(2, "no such wav among the stimuli", str(path))
    if path.resolve().parent != folder.resolve():
        raise ValueError(f"{path}: leads out of the folder of stimuli")
    info = audio_info(path)
    if info.sfreq != AUDIO_SFREQ:
        raise ValueError(
            f"{path}: expected {AUDIO_SFREQ:g} Hz, found {info.sfreq:g} Hz"
        )
    if stereo and info.n_channels != 2:
        raise ValueError(
            f"{path}: channel_mode='stereo', but it has {info.n_channels} channel"
        )
    return info.n_samples
