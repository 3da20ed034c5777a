"""What a method made of one trial, and the trial beside all that methods may need."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from ...trial import Reference, Trial


class Outcome(NamedTuple):
    """What a method made of a trial.

    Parameters
    ----------
    waveform : ndarray shaped like the mixture
        Estimate of the attended source.
    chosen : str
        Name of the candidate it chose, empty where it chose none by name.
    right : bool or None
        Whether that is the attended one; None where it chose none.
    chance : float
        Share of the candidates that it would have been right with; NaN where it chose
        none.
    p_chosen, p_attended : float
        Probabilities of the chosen and of the attended candidate, NaN where there are
        none.
    probabilities : tuple of float
        Of all candidates; empty where there are none.
    guide_r : float
        Pearson r of the guide's first row and the same feature of the attended source,
        NaN where there is no guide.
    """

    waveform: np.ndarray
    chosen: str = ""
    right: bool | None = None
    chance: float = np.nan
    p_chosen: float = np.nan
    p_attended: float = np.nan
    probabilities: tuple[float, ...] = ()
    guide_r: float = np.nan


@dataclass(frozen=True, eq=False)
class Heard:
    """A trial that is tested, with all that methods may need.

    Parameters
    ----------
    trial, reference : Trial, Reference
        The trial and its truth.
    donor : Trial or None
        A trial of another stimulus, whose EEG serves as a control.
    seed : int
        Of what is drawn for this trial.
    """

    trial: Trial
    reference: Reference
    donor: Trial | None
    seed: int

    @property
    def attended(self) -> str | int:
        """Name of the attended instrument, its index where there are no names."""
        index = self.reference.attended
        names = self.trial.instruments
        return index if names is None else names[index]

    def generator(self, method: str) -> np.random.Generator:
        """Draw for one method alone."""
        return np.random.default_rng([self.seed, *method.encode()])


def attempt(
    found: tuple[dict[str, Outcome], dict[str, str]],
    method: str,
    function: Callable,
    *arguments: Any,
) -> Any:
    """Call a function; note the error and return None where it fails.

    Errors that are not of the trial's making, of files and of memory, are raised.
    """
    outcomes, errors = found
    try:
        outcome = function(*arguments)
    except (MemoryError, OSError):
        raise
    except Exception as error:
        errors[method] = f"{type(error).__name__}: {error}"
        return None
    if isinstance(outcome, Outcome):
        outcomes[method] = outcome
    return outcome
