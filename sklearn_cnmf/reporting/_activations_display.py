"""When each component sounds, the attended ones marked."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils.validation import check_is_fitted

from .._validation import check_kind, check_number
from ..separation import ContrastiveNMF, Factorization
from ._axes import BLUE, drawing_on

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class ActivationsDisplay:
    """Magnitude of each component over time, the attended ones above the others.

    Within both groups the component with the largest sum stands above. Levels are
    relative to the largest of all.

    Parameters
    ----------
    magnitudes : ndarray of shape (n_frames, n_components)
        Sum over bins of each component in each frame.
    attended : ndarray of shape (n_components,) of bool
        Which components are those of the attended source.
    frame_rate : float, default=None
        Frames per second; time is counted in frames if None.

    Attributes
    ----------
    order_ : ndarray of shape (n_components,) of int
        Component of each row, from the top.
    ax_ : matplotlib.axes.Axes
        Where it was drawn.
    figure_ : matplotlib.figure.Figure
        Its figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import ActivationsDisplay
    >>> magnitudes = np.array([[0.0, 1.0, 5.0], [2.0, 1.0, 0.0]])
    >>> display = ActivationsDisplay(
    ...     magnitudes=magnitudes, attended=np.array([True, True, False])
    ... ).plot()
    >>> display.order_
    array([0, 1, 2])
    """

    def __init__(
        self,
        *,
        magnitudes: np.ndarray,
        attended: np.ndarray,
        frame_rate: float | None = None,
    ):
        self.magnitudes = magnitudes
        self.attended = attended
        self.frame_rate = frame_rate

    @classmethod
    def from_estimator(
        cls,
        estimator: ContrastiveNMF,
        X: ArrayLike,
        *,
        frame_rate: float | None = None,
        ax: "Axes | None" = None,
    ) -> "ActivationsDisplay":
        """Transform an array and draw its activations.

        Parameters
        ----------
        estimator : ContrastiveNMF
            Fitted on an array.
        X : array-like of shape (n_frames, n_bins)
            Magnitudes.
        frame_rate : float, default=None
            Frames per second; time is counted in frames if None.
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.

        Returns
        -------
        display : ActivationsDisplay

        Raises
        ------
        ValueError
            If the estimator was fitted on trials.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "attended_"):
            raise ValueError("estimator: expected one that was fitted on an array")
        magnitudes = estimator.transform(X) * estimator.components_.sum(axis=1)
        display = cls(
            magnitudes=magnitudes, attended=estimator.attended_, frame_rate=frame_rate
        )
        return display.plot(ax=ax)

    @classmethod
    def from_predictions(
        cls,
        result: Factorization,
        attended: ArrayLike,
        *,
        frame_rate: float | None = None,
        ax: "Axes | None" = None,
    ) -> "ActivationsDisplay":
        """Draw the activations of a factorisation.

        Parameters
        ----------
        result : Factorization
            Of :func:`~sklearn_cnmf.separation.contrastive_nmf`.
        attended : array-like of shape (n_components,) of bool
            Which components are those of the attended source.
        frame_rate, ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : ActivationsDisplay

        Raises
        ------
        ValueError
            If `result` is no factorisation, or `attended` not of bool or of another
            length than there are components.
        """
        check_kind("result", result, Factorization)
        magnitudes = result.activations * result.components.sum(axis=1)
        attended = np.asarray(attended)
        if attended.dtype != bool or attended.shape != magnitudes.shape[1:]:
            raise ValueError(
                f"attended: expected {magnitudes.shape[1]} values of bool, one a "
                f"component, got {attended.dtype} of shape {attended.shape}"
            )
        display = cls(magnitudes=magnitudes, attended=attended, frame_rate=frame_rate)
        return display.plot(ax=ax)

    def plot(
        self, ax: "Axes | None" = None, *, floor: float = -40.0
    ) -> "ActivationsDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes, default=None
            Where to draw; a new figure if None.
        floor : float, default=-40.0
            Lowest level in dB.

        Returns
        -------
        display : ActivationsDisplay
            This one.
        """
        if self.frame_rate is not None:
            check_number("frame_rate", self.frame_rate, above=0)
        magnitudes, attended = np.asarray(self.magnitudes), np.asarray(self.attended)
        self.order_ = np.lexsort((-magnitudes.sum(axis=0), ~attended))
        n_frames, n_components = magnitudes.shape
        n_attended = int(attended.sum())
        largest = max(magnitudes.max(), np.finfo(float).tiny)
        shares = np.maximum(magnitudes[:, self.order_].T / largest, 10 ** (floor / 20))
        end = n_frames / (self.frame_rate or 1.0)
        with drawing_on(ax, 2.4) as (self.figure_, self.ax_):
            image = self.ax_.imshow(
                20 * np.log10(shares),
                aspect="auto",
                interpolation="nearest",
                cmap="magma",
                vmin=floor,
                vmax=0.0,
                extent=(0.0, end, n_components, 0.0),
            )
            self.figure_.colorbar(image, ax=self.ax_, label="Level (dB re largest)")
            groups = (
                ("attended", 0, n_attended, BLUE),
                ("others", n_attended, n_components, "black"),
            )
            if 0 < n_attended < n_components:
                self.ax_.axhline(n_attended, color="white", linewidth=1.5)
            shown = [group for group in groups if group[2] > group[1]]
            self.ax_.set_yticks(
                [(first + last) / 2 for _, first, last, _ in shown],
                [f"{name} ({last - first})" for name, first, last, _ in shown],
                rotation=90,
                va="center",
            )
            for label, (*_, colour) in zip(self.ax_.get_yticklabels(), shown):
                label.set_color(colour)
            unit = "Frame" if self.frame_rate is None else "Time (s)"
            self.ax_.set(xlabel=unit)
        return self
