"""When trials began in a recording: seconds, annotations or triggers."""

from collections import Counter
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np

from ._validation import brief, cut

_TRIGGER = "trigger:"


def onset_samples(
    raw: Any, onsets: Sequence[Any], rows: Sequence[str], stim_channel: str | None
) -> list[int]:
    """Find the first sample of each trial of one recording.

    Parameters
    ----------
    raw : mne.io.BaseRaw
        The recording.
    onsets : sequence of float or str
        Of each trial, in the order in which they are listed: seconds after the first
        sample; or the description of an annotation; or ``"trigger:N"`` for the value N
        of a trigger channel. Trials that name the same event are its occurrences in
        their order.
    rows : sequence of str
        How to call each trial in a message.
    stim_channel : str or None
        The trigger channel; what MNE takes for it if None.

    Returns
    -------
    samples : list of int
        Counted from the first sample of the recording.

    Raises
    ------
    ValueError
        If an event does not occur, or not as often as trials name it; if a time is not
        within the recording.
    """
    names = Counter(onset for onset in onsets if isinstance(onset, str))
    found = {
        name: iter(_occurrences(raw, name, count, stim_channel, rows, onsets))
        for name, count in names.items()
    }
    sfreq, samples = raw.info["sfreq"], []
    for onset, row in zip(onsets, rows):
        if isinstance(onset, str):
            samples.append(int(next(found[onset])))
            continue
        if not isinstance(onset, Real) or not np.isfinite(float(onset)):
            raise ValueError(
                f"{row}: onset: expected seconds, the name of an annotation or "
                f"'{_TRIGGER}N', got {brief(onset)}"
            )
        sample = round(onset * sfreq)
        if not 0 <= sample < raw.n_times:
            raise ValueError(
                f"{row}: onset: {onset:g} s is not within the recording, which lasts "
                f"{raw.n_times / sfreq:.3f} s"
            )
        samples.append(sample)
    return samples


def _occurrences(raw, name, count, stim_channel, rows, onsets):
    if name.startswith(_TRIGGER):
        found, known = _triggers(raw, name.removeprefix(_TRIGGER), stim_channel)
    else:
        found, known = _annotations(raw, name)
    if len(found) != count:
        first = rows[list(onsets).index(name)]
        raise ValueError(
            f"{first}: onset: {brief(name)} occurs {len(found)} times in the "
            f"recording, but {count} trials name it; there are {known}"
        )
    return found


def _annotations(raw, name):
    import mne

    known = cut(", ".join(map(repr, dict.fromkeys(raw.annotations.description))))
    if name not in raw.annotations.description:
        return [], f"the annotations {known or 'none'}"
    # No regular expression, which would leave out what it does not match.
    events, _ = mne.events_from_annotations(
        raw, {name: 1}, regexp=None, verbose="error"
    )
    return events[:, 0] - raw.first_samp, f"the annotations {known}"


def _triggers(raw, value, stim_channel):
    import mne

    if not value.isdecimal():
        raise ValueError(
            f"onset: expected a number after {_TRIGGER!r}, got {brief(value)}"
        )
    if stim_channel is None and not mne.pick_types(raw.info, meg=False, stim=True).size:
        return [], "no trigger channel"
    events = mne.find_events(
        raw, stim_channel, shortest_event=1, initial_event=True, verbose="error"
    )
    known = cut(", ".join(map(str, np.unique(events[:, 2]))))
    same = events[events[:, 2] == int(value), 0]
    return same - raw.first_samp, f"the triggers {known or 'none'}"
