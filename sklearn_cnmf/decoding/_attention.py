"""Which candidate a reconstruction resembles most, over whole trials or windows."""

from typing import Any

import numpy as np
from sklearn.utils.metaestimators import available_if

from .._estimator import fitted_value
from .._validation import check_number, trial_name
from ..signals import (
    choice_probabilities,
    fisher_z,
    informative_seconds,
    pearson_r,
    probabilities_over_time,
)
from ..trial import Reference, Trial, check_trials, is_trials
from ._inputs import require_target
from ._parameters import check_window
from ._targets import candidates_of_trials, n_frames


def candidate_z(
    reconstructions: list[np.ndarray],
    features: list[np.ndarray],
    n_window: int | None = None,
) -> np.ndarray:
    """Compare reconstructions with candidates, window by window.

    Parameters
    ----------
    reconstructions : list of ndarray of shape (n_frames, n_outputs)
        What was reconstructed for each candidate; the same array for all of them
        unless each has a decoder of its own.
    features : list of ndarray of shape (n_frames, n_outputs)
        Feature of each candidate.
    n_window : int, default=None
        Frames of a window. Windows follow one another without overlap, and what is
        left at the end is not used. None takes the whole trial.

    Returns
    -------
    z : ndarray of shape (n_windows, n_candidates, n_outputs)
        Fisher z of Pearson's r; zero where either signal is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding._attention import candidate_z
    >>> heard = np.array([[0.0], [1.0], [0.0], [2.0], [1.0], [1.0]])
    >>> candidate_z([heard, heard], [heard + heard[::-1], -heard[::-1]])[0].round(3)
    array([[0.357],
           [1.007]])
    """
    n_frames = len(features[0])
    n_window = n_frames if n_window is None else n_window
    starts = range(0, n_frames - n_window + 1, n_window)
    return np.array(
        [
            [
                fisher_z(
                    pearson_r(f[start : start + n_window], r[start : start + n_window])
                )
                for r, f in zip(reconstructions, features)
            ]
            for start in starts
        ]
    )


def share_right(correlations: np.ndarray, attended: int) -> float:
    """Share of windows in which the attended candidate beats every other.

    Parameters
    ----------
    correlations : ndarray of shape (n_windows, n_candidates)
        Correlations.
    attended : int
        Index of the attended candidate.

    Returns
    -------
    share : float
        From 0 to 1; a tie counts as wrong.
    """
    others = np.delete(correlations, attended, axis=1)
    right = correlations[:, attended, None] > others
    return float(np.mean(right.all(axis=1)))


def _fitted_to_trials(decoder):
    if not getattr(getattr(decoder, "model_", None), "for_trials", False):
        raise AttributeError(
            "predict_proba: this EnvelopeDecoder is not fitted on a list of Trial"
        )
    return True


class AttentionMixin:
    """Attention decoding with candidate sources that are known."""

    def attention_scores(
        self,
        trials: list[Trial],
        candidates: list[Reference] | list[np.ndarray],
        *,
        window: float | None = None,
    ) -> list[np.ndarray]:
        """Evidence for each candidate source, from its correlation with the EEG.

        Parameters
        ----------
        trials : list of Trial
            Trials.
        candidates : list of Reference or list of ndarray
            Of each trial the sources to choose from, as its reference or as an
            array (n_candidates, ...) of waveforms shaped like the mixture. With
            `per_instrument`, one for each instrument, in their order.
        window : float, default=None
            Length in seconds of the windows to score apart; the whole trial if
            None.

        Returns
        -------
        scores : list of ndarray of shape (n_windows, n_candidates)
            Sum over outputs of `output_weights_` times Fisher's z of the correlation
            of reconstruction and candidate, in log-odds per second; zero for a
            silent candidate. Windows follow one another, and what is left at the end
            is not used.

        Raises
        ------
        ValueError
            If a trial is shorter than the window; if candidates are missing, NaN or
            not shaped like the mixture.
        """
        model, compared = self._compared(trials, candidates)
        n_window = _frames_of(window, model.sfreq, trials, compared)
        return [
            candidate_z(own, features, n_window) @ model.weights
            for own, features in compared
        ]

    @available_if(_fitted_to_trials)
    def predict_proba(
        self,
        trials: list[Trial],
        candidates: list[Any],
        *,
        window: float | None = None,
    ) -> list[np.ndarray]:
        """Probability that each candidate source is the attended one.

        Parameters
        ----------
        trials : list of Trial
            Trials.
        candidates : list of Reference or list of ndarray
            As in :meth:`attention_scores`.
        window : float, default=None
            Length in seconds of a window that slides over the trial, for a listener
            who turns to another source now and then; the whole trial if None.

        Returns
        -------
        probabilities : list of ndarray of shape ([n_frames,] n_candidates)
            Of each trial, in the order of its candidates; they sum to one. With a
            window, at each frame (`sfreq`) from the evidence of the window around it,
            which is moved inside at the ends. See
            :func:`~sklearn_cnmf.signals.choice_probabilities`.

        Raises
        ------
        ValueError
            If candidates are missing, NaN or not shaped like the mixture; if a trial
            is shorter than the window.

        Examples
        --------
        >>> from sklearn_cnmf.datasets import load_example_stems, simulate_trials
        >>> from sklearn_cnmf.decoding import EnvelopeDecoder
        >>> pieces = load_example_stems(ensemble="duo")[:3]
        >>> trials, references = simulate_trials(
        ...     pieces, n_subjects=1, snr_db=0.0, random_state=0)
        >>> decoder = EnvelopeDecoder(alpha=1.0).fit(trials[:4], references[:4])
        >>> [p.round(2) for p in decoder.predict_proba(trials[4:], references[4:])]
        [array([1., 0.]), array([0., 1.])]
        """
        model, compared = self._compared(trials, candidates)
        if window is None:
            return _probabilities(model, trials, compared)
        n_window = _frames_of(window, model.sfreq, trials, compared)
        window = {"n_window": n_window, "sfreq": model.sfreq}
        return [
            probabilities_over_time(own, features, model.weights, **window)
            for own, features in compared
        ]

    def _compared(self, trials, candidates):
        """Fitted value, and what to compare: (reconstructions, features) of trials."""
        if not is_trials(trials):
            raise ValueError(
                f"trials: expected a list of Trial, got {type(trials).__name__}"
            )
        model, xs = self._prepared(trials)
        features = candidates_of_trials(trials, candidates, **self._target(model))
        compared = []
        model.warn_of_unknown({n for trial in trials for n in trial.instruments or ()})
        for index, (trial, x, of_trial) in enumerate(zip(trials, xs, features)):
            decoders = [model.pooled] * len(of_trial)
            if self.per_instrument:
                decoders = model.models(trial.instruments)
            if len(decoders) != len(of_trial):
                raise ValueError(
                    f"{trial_name(index, trial)}: {len(of_trial)} candidates for "
                    f"{len(decoders)} instruments; per_instrument=True needs one each"
                )
            of_decoder = {id(one): one.predict(x) for one in decoders}
            compared.append(([of_decoder[id(one)] for one in decoders], of_trial))
        return model, compared

    def predict_attended(
        self,
        trials: list[Trial],
        candidates: list[Any],
        *,
        threshold: float | None = None,
    ) -> list[str | int | None]:
        """Decode which candidate each listener attends to.

        Classic attention decoding, which knows the candidates apart from the
        mixture: the one for which the reconstruction is most evidence.

        Parameters
        ----------
        trials : list of Trial
            Trials.
        candidates : list of Reference or list of ndarray
            As in :meth:`attention_scores`.
        threshold : float, default=None
            Smallest probability, from 0 to 1, of a choice to be made; None always
            chooses.

        Returns
        -------
        attended : list of str, int or None
            Name of the chosen instrument of each trial, the first one if some are
            equally good; None where its probability is below `threshold`. Where a
            trial names no instruments, or not as many as there are candidates, the
            index, which compares with `Reference.attended`.

        Examples
        --------
        >>> import numpy as np
        >>> from sklearn_cnmf.datasets import load_example_stems, simulate_trials
        >>> from sklearn_cnmf.decoding import EnvelopeDecoder
        >>> pieces = load_example_stems(ensemble="duo")[:3]
        >>> trials, references = simulate_trials(
        ...     pieces, n_subjects=1, snr_db=0.0, random_state=0)
        >>> decoder = EnvelopeDecoder(alpha=1.0).fit(trials[:4], references[:4])
        >>> decoder.predict_attended(trials[4:], references[4:])
        ['violin', 'cello']
        """
        if threshold is not None:
            check_number("threshold", threshold, least=0, most=1)
        model, compared = self._compared(trials, candidates)
        best = [int(np.argmax(candidate_z(*p)[0] @ model.weights)) for p in compared]
        chosen = [
            trial.instruments[index]
            if len(trial.instruments or ()) == len(features)
            else index
            for trial, index, (_, features) in zip(trials, best, compared)
        ]
        if threshold is None:
            return chosen
        sure = _probabilities(model, trials, compared)
        return [one if p.max() >= threshold else None for one, p in zip(chosen, sure)]

    def score_attended(
        self,
        trials: list[Trial],
        references: list[Reference],
        *,
        window: float | None = None,
    ) -> float:
        """Share of trials or windows in which the attended source is chosen.

        Parameters
        ----------
        trials, references : list of Trial, list of Reference
            Trials and their truth.
        window : float, default=None
            Length of a window in seconds; the whole trial if None.

        Returns
        -------
        accuracy : float
            Mean over the windows of a trial, then over trials. A tie is wrong.

        Raises
        ------
        ValueError
            If a trial is shorter than the window.
        """
        require_target(references)
        check_trials(trials, references)
        fitted_value(self, trials=True).warn_of_leak(trials)
        scores = self.attention_scores(trials, references, window=window)
        return float(
            np.mean(
                [
                    share_right(of_trial, reference.attended)
                    for of_trial, reference in zip(scores, references)
                ]
            )
        )


def _probabilities(model, trials, compared):
    """Probabilities of the candidates of each trial, from all of its duration."""
    band = (model.l_freq, model.h_freq)
    found = []
    for trial, pair in zip(trials, compared):
        duration = n_frames(trial, model.sfreq) / model.sfreq
        seconds = informative_seconds(duration, band)
        z = candidate_z(*pair)[0]
        found.append(choice_probabilities(z, model.weights, seconds))
    return found


def _frames_of(window, sfreq, trials, compared):
    if window is None:
        return None
    n_window = check_window(window, sfreq)
    for index, (trial, (_, features)) in enumerate(zip(trials, compared)):
        n_frames = len(features[0])
        if n_frames < n_window:
            raise ValueError(
                f"{trial_name(index, trial)}: lasts {n_frames / sfreq:g} s; it is "
                f"shorter than window={window:g} s"
            )
    return n_window
