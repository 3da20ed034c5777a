"""The cost of a factorisation over its iterations."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._validation import check_kind
from ..separation import ContrastiveNMF, Factorization
from ._axes import BLUE, GREEN, ORANGE, drawing_on, legend_above

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_TERMS = (
    ("divergence", BLUE, "--"),
    ("penalties", GREEN, ":"),
    ("contrast", ORANGE, "-."),
)


class ObjectiveDisplay:
    """The cost of a factorisation over its iterations, and the terms it adds up.

    Terms that are zero throughout are left out. Iterations are on a logarithmic scale,
    since most is gained by the first ones.

    Parameters
    ----------
    objective : ndarray of shape (n_iter + 1,)
        The cost at the start and after each iteration.
    terms : ndarray of shape (n_iter + 1, 3)
        Divergence, penalties, and contrast with its weight and sign.

    Attributes
    ----------
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import ObjectiveDisplay
    >>> from sklearn_cnmf.separation import contrastive_nmf
    >>> rng = np.random.default_rng(0)
    >>> X, guide = rng.random((40, 30)), rng.random(40)
    >>> result = contrastive_nmf(X, 4, guide=guide, random_state=0)
    >>> display = ObjectiveDisplay.from_predictions(result)
    >>> [line.get_label() for line in display.ax_.lines]
    ['cost', 'divergence', 'contrast']
    """

    def __init__(self, *, objective: np.ndarray, terms: np.ndarray):
        self.objective = objective
        self.terms = terms

    @classmethod
    def from_estimator(
        cls, estimator: ContrastiveNMF, *, ax: "Axes | None" = None
    ) -> "ObjectiveDisplay":
        """Draw the cost of a fit.

        Parameters
        ----------
        estimator : ContrastiveNMF
            Fitted on an array.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ObjectiveDisplay

        Raises
        ------
        ValueError
            If the estimator was fitted on trials, where each mixture has a cost of its
            own.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "objective_terms_"):
            raise ValueError(
                "estimator: expected one that was fitted on an array; a fit on trials "
                "has no cost of its own"
            )
        display = cls(objective=estimator.objective_, terms=estimator.objective_terms_)
        return display.plot(ax=ax)

    @classmethod
    def from_predictions(
        cls, result: Factorization, *, ax: "Axes | None" = None
    ) -> "ObjectiveDisplay":
        """Draw the cost of a factorisation.

        Parameters
        ----------
        result : Factorization
            Of :func:`~sklearn_cnmf.separation.contrastive_nmf`.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ObjectiveDisplay

        Raises
        ------
        ValueError
            If `result` is no factorisation.
        """
        check_kind("result", result, Factorization)
        return cls(objective=result.objective, terms=result.terms).plot(ax=ax)

    def plot(self, ax: "Axes | None" = None) -> "ObjectiveDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ObjectiveDisplay
            This one.
        """
        with drawing_on(ax, 2.2) as (self.figure_, self.ax_):
            self.ax_.plot(self.objective, color="black", label="cost")
            for (name, colour, style), values in zip(_TERMS, self.terms.T):
                if np.any(values):
                    self.ax_.plot(values, color=colour, linestyle=style, label=name)
            self.ax_.set(xlabel="Iteration", ylabel="Cost\n(share of magnitude)")
            # Zero, the start, on a linear stretch.
            self.ax_.set_xscale("symlog", linthresh=1, linscale=0.3)
            self.ax_.xaxis.set_major_formatter("{x:g}")
            self.ax_.set_xlim(0, max(len(self.objective) - 1, 1))
            self.ax_.spines[["top", "right"]].set_visible(False)
            legend_above(self.ax_, n_columns=4)
        return self
