"""Which of several candidates a guide supports best."""

import numpy as np
from numpy.typing import ArrayLike

from .._validation import as_signals
from ..signals import audio_envelope, standardize
from ..trial import Trial


def guide_support(guide: ArrayLike, envelopes: ArrayLike) -> np.ndarray:
    """Pearson correlation of a guide with each candidate's envelope.

    Correlating in the guide's band alone chose no better: of 432 trials of
    simulated EEG, 69.4 % right against 69.7 %.

    Parameters
    ----------
    guide : array-like of shape (n_guides, n_times)
        Signed guide.
    envelopes : array-like of shape (n_candidates, n_times)
        Envelope of each candidate at the same times.

    Returns
    -------
    support : ndarray of shape (n_candidates,)
        Correlation averaged over the rows of the guide, from -1 to 1. A constant
        row or a silent candidate has zero.

    Raises
    ------
    ValueError
        If an array is not 2-D and finite, or their lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.separation import guide_support
    >>> guide_support(np.array([[0, 1, 2]]), np.array([[1, 2, 3], [2, 1, 0]]))
    array([ 1., -1.])
    """
    guide = as_signals("guide", guide, (2,))
    envelopes = as_signals("envelopes", envelopes, (2,))
    if guide.shape[1] != envelopes.shape[1]:
        raise ValueError(
            f"envelopes: expected {guide.shape[1]} times as in guide, got "
            f"{envelopes.shape[1]}"
        )
    return np.mean(standardize(guide.T).T @ standardize(envelopes.T), axis=0)


def candidate_envelopes(waveforms: list[np.ndarray], trial: Trial) -> np.ndarray:
    """Envelope of each waveform at the times of the trial's guide."""
    times = np.arange(trial.guide.shape[1]) / trial.guide_sfreq
    return np.concatenate(
        [audio_envelope(waveform, trial.audio_sfreq, times) for waveform in waveforms]
    )
