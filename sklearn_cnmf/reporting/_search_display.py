"""Scores of a search along a parameter."""

from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.base import BaseEstimator

from ..evaluation import DeltaSearch
from ._axes import BLUE, GREY, ORANGE, drawing_on, legend_above
from ._search_curve import are_numbers, label_of, paired, search_curve, set_scale

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

_BARS: dict[str, Any] = {"fmt": "none", "ecolor": BLUE, "elinewidth": 0.8, "capsize": 2}
_CHOICE: dict[str, Any] = {"color": ORANGE, "markeredgecolor": "black", "markersize": 5}


class SearchDisplay:
    """Test score of a search against a parameter, and the value that was chosen.

    The curve is the mean over splits. Its bars are paired: the standard error of the
    mean difference to the chosen candidate, over splits, and none at the choice itself.
    That a split is harder for all candidates cancels out in it. Splits share training
    data, so that the errors are a rough guide and no test.

    Parameters
    ----------
    values : sequence
        Of the parameter. Positive numbers that span a factor of ten are drawn on a
        logarithmic scale, with zero on a linear stretch beside them.
    scores : ndarray of shape (n_values, n_splits)
        Test score in each split.
    chosen : int
        Index of the chosen value.
    param : str, default="parameter"
        Name of the parameter.
    score : str, default="Test score"
        What was scored, with its unit.

    Attributes
    ----------
    mean_ : ndarray of shape (n_values,)
        Mean score over splits.
    standard_error_ : ndarray of shape (n_values,)
        Of the mean difference to the choice; 0 at the choice, NaN with one split.
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> from sklearn.datasets import make_regression
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.model_selection import GridSearchCV
    >>> from sklearn_cnmf.reporting import SearchDisplay
    >>> X, y = make_regression(40, 20, noise=10.0, random_state=0)
    >>> search = GridSearchCV(Ridge(), {"alpha": [0.1, 1, 10, 100]}).fit(X, y)
    >>> display = SearchDisplay.from_estimator(search)
    >>> display.ax_.get_xlabel(), display.ax_.get_xscale()
    ('alpha', 'log')
    """

    def __init__(
        self,
        *,
        values: "Sequence[Any]",
        scores: np.ndarray,
        chosen: int,
        param: str = "parameter",
        score: str = "Test score",
    ):
        self.values = values
        self.scores = scores
        self.chosen = chosen
        self.param = param
        self.score = score

    @classmethod
    def from_estimator(
        cls,
        search: BaseEstimator,
        param: str | None = None,
        *,
        score: str | None = None,
        splits: bool = False,
        ax: "Axes | None" = None,
    ) -> "SearchDisplay":
        """Draw a fitted search.

        Where other parameters vary too, the curve shows the best candidate over them
        for each value, by mean score; at the chosen value, the choice.

        Parameters
        ----------
        search : GridSearchCV or RandomizedSearchCV
            Fitted; its choice is `best_index_`.
        param : str, default=None
            Such as "separate__delta"; may be None if a single parameter varies.
        score : str, default=None
            Name of the scorer, where there are several; that of `refit` if None.
        splits : bool, default=False
            Whether to draw a thin line for each split.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : SearchDisplay

        Raises
        ------
        ValueError
            If the search has not been fitted, there is no such parameter or score, or
            several parameters vary and none is named.
        """
        curve = search_curve(search, param, score)
        display = cls(**curve._asdict(), score=score or "Test score")
        return display.plot(ax=ax, splits=splits)

    @classmethod
    def from_predictions(
        cls, search: DeltaSearch, *, splits: bool = False, ax: "Axes | None" = None
    ) -> "SearchDisplay":
        """Draw what a search of delta found.

        Parameters
        ----------
        search : DeltaSearch
            From :func:`~sklearn_cnmf.evaluation.search_delta`.
        splits, ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : SearchDisplay

        Raises
        ------
        ValueError
            If `search` is none.
        """
        if not isinstance(search, DeltaSearch):
            raise ValueError(f"search: expected a DeltaSearch, got {search!r:.80}")
        rows = sorted(search.scores, key=lambda row: row["delta"])
        values = [row["delta"] for row in rows]
        display = cls(
            values=values,
            scores=np.array([row["si_sdr_gain_db_by_fold"] for row in rows]),
            chosen=values.index(search.delta),
            param="delta",
            score="SI-SDR gain (dB)",
        )
        return display.plot(ax=ax, splits=splits)

    def plot(
        self, ax: "Axes | None" = None, *, splits: bool = False
    ) -> "SearchDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.
        splits : bool, default=False
            Whether to draw a thin line for each split.

        Returns
        -------
        display : SearchDisplay
        """
        self.mean_, self.standard_error_ = paired(self.scores, self.chosen)
        numeric = are_numbers(self.values)
        at = np.array(self.values, float) if numeric else np.arange(len(self.values))
        words = [label_of(value) for value in self.values]
        others = np.arange(len(at)) != self.chosen
        with drawing_on(ax, 2.2) as (self.figure_, self.ax_):
            ax = self.ax_
            if splits:
                lines = ax.plot(at, self.scores, color=GREY, linewidth=0.4)
                lines[0].set_label("split")
            ax.plot(
                at,
                self.mean_,
                markersize=3,
                color=BLUE,
                marker="o",
                linestyle="-" if numeric else "none",
            )
            bars = (at[others], self.mean_[others], self.standard_error_[others])
            ax.errorbar(*bars, **_BARS, label="SE of difference to choice")
            choice = at[self.chosen], self.mean_[self.chosen]
            ax.plot(*choice, "D", label=f"choice: {words[self.chosen]}", **_CHOICE)
            if numeric:
                set_scale(ax, at)
            else:
                ax.set_xticks(at, words)
            said = f"{self.score},\nmean of {self.scores.shape[1]} splits"
            ax.set(xlabel=self.param, ylabel=said)
            ax.spines[["top", "right"]].set_visible(False)
            legend_above(ax)
        return self
