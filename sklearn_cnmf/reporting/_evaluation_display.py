"""Methods of an evaluation side by side."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from .._validation import check_choice, check_method
from ..evaluation import EvaluationResult, EvaluationSummary, evaluate
from ..evaluation.subjects._methods import CEILINGS, ESTIMATOR
from ..evaluation.subjects._summary import metrics_of
from ..evaluation.subjects._summary_text import METRIC_NAMES
from ..trial import Reference, Trial
from ._axes import BLUE, GREEN, GREY, ORANGE, drawing_on, legend_above
from ._evaluation_scores import right_choices, separation_levels

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_METRIC = "si_sdr_improvement"
_STYLES = ((GREY, "--"), (GREEN, "-."), (ORANGE, ":"))


class EvaluationDisplay:
    """Scores of methods side by side, subject by subject.

    Each method has a dot for the mean of each subject below its own mean and interval.
    Lines are what methods are measured by: chance, or the mixture as it is, and
    ceilings.

    Parameters
    ----------
    subject_means : dict of str to ndarray of shape (n_subjects,)
        Of each method.
    means : dict of str to tuple of float
        Of each method the mean and both ends of its interval; NaN where there is none.
    lines : dict of str to float
        Up to three lines by their names.
    label : str
        What was scored, its unit and aggregation, and how many there are.

    Attributes
    ----------
    result_ : EvaluationResult
        What was evaluated; of :meth:`from_estimator` alone.
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import EvaluationDisplay
    >>> display = EvaluationDisplay(
    ...     subject_means={"estimator": np.array([4.0, 6.0]), "hard": np.array([3, 4])},
    ...     means={"estimator": (5.0, 4.0, 6.0), "hard": (3.5, 3.0, 4.0)},
    ...     lines={"mixture": 0.0, "ideal mask": 11.0},
    ...     label="SI-SDR gain (dB)",
    ... ).plot()
    >>> [label.get_text() for label in display.ax_.get_yticklabels()]
    ['estimator', 'hard']
    """

    result_: EvaluationResult

    def __init__(
        self,
        *,
        subject_means: Mapping[str, np.ndarray],
        means: Mapping[str, tuple[float, float, float]],
        lines: Mapping[str, float],
        label: str,
    ):
        self.subject_means = subject_means
        self.means = means
        self.lines = lines
        self.label = label

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        trials: list[Trial],
        references: list[Reference],
        score: str | None = None,
        *,
        scheme: str = "within-subject",
        cv: Any = None,
        n_jobs: int | None = None,
        store: str | Path | None = None,
        random_state: int = 0,
        ax: "Axes | None" = None,
    ) -> "EvaluationDisplay":
        """Evaluate an estimator over subjects and draw a score.

        With `store`, what was computed is kept for :func:`evaluate
        <sklearn_cnmf.evaluation.evaluate>`, which has more to choose.

        Parameters
        ----------
        estimator : estimator
            As for :func:`~sklearn_cnmf.evaluation.evaluate`; it is cloned and fitted in
            each fold.
        trials, references : list of Trial, list of Reference
            Trials of all subjects and their truth.
        score : str, default=None
            A metric in dB, such as "si_sdr_improvement", which None stands for, or
            "correct"; see :meth:`from_predictions`.
        scheme, cv, n_jobs, store, random_state :
            As in :func:`~sklearn_cnmf.evaluation.evaluate`.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : EvaluationDisplay
            With `result_`.

        Raises
        ------
        ValueError
            If there is no such score, `ax` is no axes, or as
            :func:`~sklearn_cnmf.evaluation.evaluate`.
        """
        score = _METRIC if score is None else score
        check_choice("score", score, [*METRIC_NAMES, "correct"])
        if ax is not None:
            check_method("ax", ax, "figure")
        metric = _METRIC if score == "correct" else score
        result = evaluate(
            estimator,
            trials,
            references,
            scheme=scheme,
            cv=cv,
            metrics=[metric],
            n_jobs=n_jobs,
            store=store,
            random_state=random_state,
        )
        display = cls.from_predictions(result, score, ax=ax)
        display.result_ = result
        return display

    @classmethod
    def from_predictions(
        cls,
        result: EvaluationResult,
        score: str | None = None,
        *,
        summary: EvaluationSummary | None = None,
        ax: "Axes | None" = None,
    ) -> "EvaluationDisplay":
        """Draw a score of an evaluation.

        Parameters
        ----------
        result : EvaluationResult
            From :func:`~sklearn_cnmf.evaluation.evaluate`.
        score : str, default=None
            A metric in dB of its table, such as "si_sdr_improvement", or "correct", the
            share of right choices; the first metric if None. In dB, the mean is over
            the trials of each subject, then over subjects, with its bootstrap interval
            over subjects; the mixture (0 dB of gain), the estimator's candidate that is
            attended ("known-choice") and the mask of the true sources ("ratio-mask")
            are lines. Choices are averaged over trials, with the bootstrap interval
            over subjects and stimuli; ceilings are left out, and the line is what the
            first method would have right by chance.
        summary : EvaluationSummary, default=None
            Of the result, whose intervals are drawn; made with its defaults if None.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : EvaluationDisplay

        Raises
        ------
        ValueError
            If `result` is none, or has no such score.
        """
        if not isinstance(result, EvaluationResult):
            raise ValueError(
                f"result: expected an EvaluationResult, got {type(result).__name__}"
            )
        if summary is None:
            summary = result.summary()
        known = metrics_of(result)
        score = known[0] if score is None else score
        if not set(summary.choices) <= set(CEILINGS):
            known = [*known, "correct"]
        check_choice("score", score, known)
        found = right_choices if score == "correct" else separation_levels
        return cls(**found(result.table, summary, score)).plot(ax=ax)

    def plot(self, ax: "Axes | None" = None) -> "EvaluationDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : EvaluationDisplay
            This one.
        """
        names = list(self.subject_means)
        at = -np.arange(len(names))
        with drawing_on(ax, 1.1 + 0.28 * len(names)) as (self.figure_, self.ax_):
            for (name, value), (colour, style) in zip(self.lines.items(), _STYLES):
                self.ax_.axvline(value, color=colour, linestyle=style, label=name)
            for place, name in zip(at, names):
                colour = BLUE if name == ESTIMATOR else "0.25"
                own = self.subject_means[name]
                self.ax_.plot(
                    own, np.full(len(own), place - 0.2), ".", color=colour, alpha=0.5
                )
                mean, low, high = self.means[name]
                self.ax_.plot([low, high], [place + 0.15] * 2, color=colour)
                self.ax_.plot(mean, place + 0.15, "D", color=colour, markersize=4)
            self.ax_.set_yticks(at, names)
            self.ax_.set_ylim(at[-1] - 0.6, 0.6)
            self.ax_.set_xlabel(self.label, loc="right")
            self.ax_.spines[["top", "right"]].set_visible(False)
            if self.lines:
                legend_above(self.ax_, side="right")
        return self
