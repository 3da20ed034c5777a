"""What has to be known of each trial before it is divided into folds."""

from typing import NamedTuple

import joblib

from ..._validation import trial_name
from ...metrics._signals import is_silent
from ...trial import Reference, Trial, check_trials
from .._keys import trial_digest
from ._sounds import Content, Sound, number_sounds, sound_of


class Examined(NamedTuple):
    """What is known of a trial.

    Parameters
    ----------
    error : str
        Why it can't be used, empty where it can.
    digest : str
        Of all its content and its reference's.
    mixture : Sound or None
        What it may share with other trials; None where it can't be used.
    sources : tuple of Sound
        The same of its sources; silent ones are left out.
    n_channels : int
        Of its EEG.
    n_bytes : int
        Of all its arrays and its reference's.
    """

    error: str
    digest: str
    mixture: Sound | None
    sources: tuple[Sound, ...]
    n_channels: int
    n_bytes: int


def examine(
    trials: list[Trial], references: list[Reference], n_jobs: int | None
) -> list[Examined]:
    """Check each trial on its own and tell what it holds, subject by subject.

    Parameters
    ----------
    trials, references : list of Trial, list of Reference
        All trials. Those that stay on disk are read by the workers.
    n_jobs : int or None
        As in :class:`joblib.Parallel`.

    Returns
    -------
    examined : list of Examined
        In the order of the trials.
    """
    of_subjects: dict[str, list[int]] = {}
    for index, trial in enumerate(trials):
        of_subjects.setdefault(trial.subject, []).append(index)
    work = joblib.Parallel(n_jobs=n_jobs)(
        joblib.delayed(_examine_all)(
            own, [trials[i] for i in own], [references[i] for i in own]
        )
        for own in of_subjects.values()
    )
    found: dict[int, Examined] = {}
    for own, of_subject in zip(of_subjects.values(), work):
        found.update(zip(own, of_subject))
    return [found[index] for index in range(len(trials))]


def _examine_all(indices, trials, references):
    return [_examine(*one) for one in zip(indices, trials, references)]


def _examine(index, trial, reference):
    try:
        check_trials([trial], [reference])
        _check_attended(trial, reference)
    except ValueError as error:
        reason = str(error)
        for records in ("trials", "references"):
            reason = reason.replace(f"{records}[0]", f"{records}[{index}]", 1)
        return Examined(reason, "", None, (), 0, 0)
    sources = [s for s in reference.sources if not is_silent(s)]
    return Examined(
        "",
        trial_digest(trial, reference),
        sound_of(trial.mixture, trial.audio_sfreq),
        tuple(sound_of(source, trial.audio_sfreq) for source in sources),
        len(trial.eeg),
        trial.eeg.nbytes + trial.mixture.nbytes + reference.sources.nbytes,
    )


def _check_attended(trial, reference):
    """Refuse what can't be scored and, trained on, makes a whole fit fail."""
    if is_silent(reference.sources[reference.attended]):
        raise ValueError(
            f"{trial_name(0, trial, 'references')}: sources[{reference.attended}], the "
            "attended source, is silent; nothing can be learned from it or compared "
            "with it"
        )


def contents_of(examined: list[Examined]) -> list[Content | None]:
    """Give numbers to what each trial holds; equal ones are the same recording.

    Parameters
    ----------
    examined : list of Examined
        Of all trials.

    Returns
    -------
    contents : list of Content or None
        None of trials that can't be used.
    """
    sounds = [
        sound
        for found in examined
        if found.mixture is not None
        for sound in (found.mixture, *found.sources)
    ]
    numbers = iter(number_sounds(sounds))
    return [
        None
        if found.mixture is None
        else Content(next(numbers), tuple(next(numbers) for _ in found.sources))
        for found in examined
    ]
