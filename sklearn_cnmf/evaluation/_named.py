"""Candidates that have the names of a trial's instruments."""

from ..separation import Separation
from ..trial import Trial


def check_named(separation: Separation, trial: Trial) -> None:
    """Refuse voices that are named by their height, since truth names instruments."""
    if separation.instruments is not None:
        index_of(separation.instruments[0], trial)


def index_of(name: str, trial: Trial) -> int:
    """Index of an instrument by the name of a candidate."""
    if trial.instruments is None:
        raise ValueError(
            f"dictionary: 'harmonic' found a voice {name!r}, but the trial names no "
            "instruments, so that nothing tells which source it is"
        )
    if name not in trial.instruments:
        raise ValueError(
            f"dictionary: 'harmonic' found a voice {name!r}, and nothing tells which "
            f"of {list(trial.instruments)} it is; references in fit name the voices "
            "where they hold all of these instruments, or all but one"
        )
    return trial.instruments.index(name)
