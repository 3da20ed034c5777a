"""The preprocessed file of MAD-EEG."""

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from .._stored import stamp_of
from .._validation import brief
from ._hdf5 import inside, open_hdf5
from ._madeeg_files import (
    AUDIO_SFREQ,
    EEG_SFREQ,
    N_REPETITIONS,
    UNSAID,
    Files,
    Listed,
    check_same,
    chosen_subjects,
    field_of,
    list_of,
    parse_key,
    read_mapping,
    shape_of,
)
from ._madeeg_sources import PreprocessedTrial


def list_preprocessed(
    files: Files,
    ensembles: Collection[str],
    spatial: Collection[str],
    options: dict[str, Any],
    subjects: Sequence[str] | None,
) -> list[Listed]:
    """List trials, without reading arrays; parameters are those of `load_madeeg`."""
    path = files.find("madeeg_preprocessed.hdf5", "preprocessed")
    described_in = files.find("madeeg_preprocessed.yaml", "preprocessed")
    described = read_mapping(described_in)
    both = path.name, described_in.name
    listed, stamp = [], stamp_of(path)
    with open_hdf5(path) as file:
        check_same("subjects", file, described, both)
        for subject in chosen_subjects(subjects, described, path):
            group = inside(file, subject)
            entries = described[subject]
            check_same(f"trials of subject {subject}", group, entries, both)
            for name in sorted(entries):
                key = parse_key(name, described_in)
                if key.ensemble in ensembles and key.spatial in spatial:
                    listed.append(
                        _preprocessed(
                            stamp, subject, key, group, entries[name], options
                        )
                    )
    return listed


def _preprocessed(stamp, subject, key, group, entry, options):
    where = f"{stamp[0]}: subject {subject}, trial {key.name}"
    present = list_of(entry, ["instruments"], where)
    if present != list(key.instruments):
        raise ValueError(
            f"{where}: its name says {list(key.instruments)}, but the YAML file says "
            f"instruments {present}"
        )
    for what, expected in (("eeg_info", EEG_SFREQ), ("wav_info", AUDIO_SFREQ)):
        found = field_of(entry, [what, "sfreq"], where)
        if found != expected:
            raise ValueError(
                f"{where}: {what}: expected {expected:g} Hz, found {brief(found)} Hz"
            )
    ch_names = tuple(map(str, list_of(entry, ["eeg_info", "ch_names"], where)))
    n_channels, n_times = shape_of(group, f"{key.name}/response")
    n_audio_channels, n_samples = shape_of(group, f"{key.name}/stimulus")
    n_stems, n_in_stems = shape_of(group, f"{key.name}/soli")
    n_sources = len(key.instruments)
    if n_channels != len(ch_names) or n_stems < n_sources or n_in_stems != n_samples:
        raise ValueError(
            f"{where}: response has {n_channels} rows for {len(ch_names)} channels, "
            f"soli {n_stems} x {n_in_stems} for {n_sources} instruments and "
            f"{n_samples} samples of the stimulus"
        )
    if options["stereo"] and n_audio_channels != 2:
        raise ValueError(
            f"{where}: channel_mode='stereo', but the stimulus has "
            f"{n_audio_channels} channels"
        )
    n_repetitions, n_eeg, n_audio, cut = _lengths(n_times, n_samples, options)
    source = PreprocessedTrial(
        stamps=(stamp,),
        subject=subject,
        key=key.name,
        n_sources=n_sources,
        sfreq=options["sfreq"],
        stereo=options["stereo"],
        n_channels=n_channels,
        n_eeg=n_eeg,
        n_audio=n_audio,
        levels=_levels(entry, n_sources, where),
        n_averaged=n_repetitions if options["averaged"] else 1,
    )
    return Listed(subject, key, source, ch_names, n_repetitions, cut)


def _levels(entry, n_sources, where):
    """Gain of each source to the left and to the right."""
    gains, panning = (
        np.asarray(field_of(entry, ["wav_info", name], where), dtype=object).ravel()
        for name in ("gains", "panning")
    )
    try:
        gains = gains[:n_sources].astype(float)
        panning = panning[:n_sources].astype(float)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{where}: gains and panning: expected numbers") from error
    if len(gains) != n_sources or len(panning) != n_sources:
        raise ValueError(
            f"{where}: expected gains and panning of {n_sources} sources, found "
            f"{len(gains)} and {len(panning)}"
        )
    levels = np.column_stack([gains * panning, gains * (1 - panning)])
    return tuple(map(tuple, levels.tolist()))


def _lengths(n_times, n_samples, options):
    """How much EEG and audio go together, and what is cut off, in seconds."""
    seconds = n_times / EEG_SFREQ, n_samples / AUDIO_SFREQ
    cut = max(0.0, seconds[0] - seconds[1])
    excerpt = n_times // N_REPETITIONS
    complete = int((seconds[1] + UNSAID) * EEG_SFREQ // max(excerpt, 1))
    n_repetitions = min(complete, N_REPETITIONS)
    duration = min(seconds)
    if options["averaged"]:
        if n_repetitions == 0:
            raise ValueError("repetitions='average': no repetition is complete")
        whole = n_repetitions == N_REPETITIONS
        duration = seconds[1] / N_REPETITIONS if whole else excerpt / EEG_SFREQ
        return n_repetitions, excerpt, round(duration * AUDIO_SFREQ), cut
    n_eeg = min(n_times, round(duration * EEG_SFREQ))
    return n_repetitions, n_eeg, min(n_samples, round(duration * AUDIO_SFREQ)), cut
