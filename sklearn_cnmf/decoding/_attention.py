"""Which candidate a reconstruction resembles most, over whole trials or windows."""

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..trial import check_trials, is_trials
from ._inputs import require_references
from ._parameters import check_window
from ._ridge import pearson_r
from ._trials import candidates_of_trials, name


def candidate_correlations(reconstructions, features, n_window=None):
    """Correlate reconstructions with candidates, window by window.

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
    r : ndarray of shape (n_windows, n_candidates)
        Pearson r, averaged over outputs; zero where either signal is constant.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.decoding._attention import candidate_correlations
    >>> heard = np.array([[0.0], [1.0], [0.0], [2.0]])
    >>> candidate_correlations([heard, heard], [heard, -heard], n_window=2)
    array([[ 1., -1.],
           [ 1., -1.]])
    """
    n_frames = len(features[0])
    n_window = n_frames if n_window is None else n_window
    starts = range(0, n_frames - n_window + 1, n_window)
    return np.array(
        [
            [
                pearson_r(f[start : start + n_window], r[start : start + n_window])
                .mean()
                .item()
                for r, f in zip(reconstructions, features)
            ]
            for start in starts
        ]
    )


def share_right(correlations, attended):
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


class AttentionMixin:
    """Attention decoding with candidate sources that are known."""

    def attention_scores(self, trials, candidates, *, window=None):
        """Correlate each trial's reconstruction with candidate sources.

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
            Pearson r, averaged over outputs; zero for a silent candidate. Windows
            follow one another, and what is left at the end is not used.

        Raises
        ------
        ValueError
            If a trial is shorter than the window; if candidates are missing, NaN or
            not shaped like the mixture.
        """
        check_is_fitted(self)
        if not is_trials(trials):
            raise TypeError("trials: expected a list of Trial")
        xs = self._eeg_of_trials(trials)
        features = candidates_of_trials(trials, candidates, **self._target())
        n_window = self._window(window, trials, xs)
        names = [[None] * len(of_trial) for of_trial in features]
        if self.per_instrument:
            names = [trial.instruments for trial in trials]
        for index, (trial, own, of_trial) in enumerate(zip(trials, names, features)):
            if len(own) != len(of_trial):
                raise ValueError(
                    f"{name(index, trial)}: {len(of_trial)} candidates for "
                    f"{len(own)} instruments; per_instrument=True needs one each"
                )
        decoders = self._decoders_of(names)
        return [
            candidate_correlations([d._predict(x) for d in own], of_trial, n_window)
            for x, own, of_trial in zip(xs, decoders, features)
        ]

    def predict_attended(self, trials, candidates):
        """Decode which candidate each listener attends to.

        Classic attention decoding, which knows the candidates apart from the
        mixture: the one that correlates best with the reconstruction.

        Parameters
        ----------
        trials : list of Trial
            Trials.
        candidates : list of Reference or list of ndarray
            As in :meth:`attention_scores`.

        Returns
        -------
        attended : ndarray of shape (n_trials,), int
            Index of the chosen candidate of each trial, the first one if some are
            equally good. It compares with `Reference.attended`.

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
        array([0, 1])
        """
        scores = self.attention_scores(trials, candidates)
        return np.array([int(np.argmax(of_trial[0])) for of_trial in scores])

    def score_attended(self, trials, references, *, window=None):
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
        require_references(references)
        check_trials(trials, references)
        scores = self.attention_scores(trials, references, window=window)
        return float(
            np.mean(
                [
                    share_right(of_trial, reference.attended)
                    for of_trial, reference in zip(scores, references)
                ]
            )
        )

    def _window(self, window, trials, xs):
        if window is None:
            return None
        n_window = check_window(window, self.sfreq)
        for index, (trial, x) in enumerate(zip(trials, xs)):
            if len(x) < n_window:
                raise ValueError(
                    f"{name(index, trial)}: lasts {len(x) / self.sfreq:g} s; it is "
                    f"shorter than window={window:g} s"
                )
        return n_window
