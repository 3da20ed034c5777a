"""A mixture and what was separated from it, as spectrograms."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import BaseEstimator

from .._validation import check_kind, check_method, check_shape
from ..trial import Reference, Trial
from ._axes import drawing_panels
from ._spectrogram import draw_spectrogram, mel_power

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes


class SeparationDisplay:
    """Spectrograms of a mixture and of what was separated from it, on one scale.

    0 dB is the loudest spot of the mixture; frequencies are mel bands.

    Parameters
    ----------
    mixture, attended, rest : ndarray of shape (n_samples,) or \
            (n_audio_channels, n_samples)
        Waveforms; the power of channels is summed.
    sfreq : float
        Their rate in Hz.
    reference : ndarray shaped like the mixture, default=None
        The attended source as it was recorded.

    Attributes
    ----------
    ax_ : ndarray of matplotlib.axes.Axes
        Mixture, attended, rest, and the reference if there is one.
    figure_ : matplotlib.figure.Figure
        Their figure.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf.reporting import SeparationDisplay
    >>> rng = np.random.default_rng(0)
    >>> attended, rest = rng.standard_normal((2, 32000))
    >>> display = SeparationDisplay(
    ...     mixture=attended + rest, attended=attended, rest=rest, sfreq=16000.0
    ... ).plot()
    >>> [ax.get_title(loc="left") for ax in display.ax_]
    ['Mixture', 'Attended', 'Rest']
    """

    def __init__(
        self,
        *,
        mixture: np.ndarray,
        attended: np.ndarray,
        rest: np.ndarray,
        sfreq: float,
        reference: np.ndarray | None = None,
    ):
        self.mixture = mixture
        self.attended = attended
        self.rest = rest
        self.sfreq = sfreq
        self.reference = reference

    @classmethod
    def from_estimator(
        cls,
        estimator: BaseEstimator,
        trial: Trial,
        reference: Reference | None = None,
        *,
        ax: "Axes | Sequence[Axes] | None" = None,
    ) -> "SeparationDisplay":
        """Separate a trial and draw the result.

        Parameters
        ----------
        estimator : ContrastiveNMF or Pipeline
            Fitted on trials.
        trial : Trial
            To be separated.
        reference : Reference, default=None
            Its sources; the attended one is drawn as well.
        ax : matplotlib.axes.Axes or sequence of them, default=None
            One that all panels are put into, or one each; a new figure if None.

        Returns
        -------
        display : SeparationDisplay
        """
        check_method("estimator", estimator, "transform")
        (separated,) = estimator.transform([trial])
        return cls.from_predictions(separated, reference, ax=ax)

    @classmethod
    def from_predictions(
        cls,
        trial: Trial,
        reference: Reference | None = None,
        *,
        ax: "Axes | Sequence[Axes] | None" = None,
    ) -> "SeparationDisplay":
        """Draw a separated trial.

        Parameters
        ----------
        trial : Trial
            With an estimate.
        reference, ax :
            As in :meth:`from_estimator`.

        Returns
        -------
        display : SeparationDisplay

        Raises
        ------
        ValueError
            If `trial` is none, or has no estimate shaped like its mixture.
        """
        check_kind("trial", trial, Trial)
        if trial.estimate is None:
            raise ValueError("trial: estimate is None; transform the trial first")
        check_shape("trial: estimate", trial.estimate, (2, *trial.mixture.shape))
        attended, rest = trial.estimate
        display = cls(
            mixture=trial.mixture,
            attended=attended,
            rest=rest,
            sfreq=trial.audio_sfreq,
            reference=None
            if reference is None
            else reference.sources[reference.attended],
        )
        return display.plot(ax=ax)

    def plot(
        self,
        ax: "Axes | Sequence[Axes] | None" = None,
        *,
        floor: float = -60.0,
        colorbar: bool = True,
    ) -> "SeparationDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or sequence of them, default=None
            One that all panels are put into, or one each; a new figure if None.
        floor : float, default=-60.0
            Lowest level in dB.
        colorbar : bool, default=True
            Whether to draw the scale beside the panels.

        Returns
        -------
        display : SeparationDisplay
            This one.

        Raises
        ------
        ValueError
            If another number of axes is given than there are panels.
        """
        panels = {
            "Mixture": self.mixture,
            "Attended": self.attended,
            "Rest": self.rest,
        }
        if self.reference is not None:
            panels["Reference"] = self.reference
        loudest = float(np.max(mel_power(self.mixture, self.sfreq)[0]))
        with drawing_panels(ax, [1.1] * len(panels)) as (self.figure_, self.ax_):
            for own, (head, audio) in zip(self.ax_, panels.items()):
                image = draw_spectrogram(
                    own, audio, self.sfreq, reference=loudest, floor=floor
                )
                own.set_title(head, loc="left")
            self.ax_[-1].set_xlabel("Time (s)")
            if colorbar:
                self.figure_.colorbar(
                    image,
                    ax=list(self.ax_),
                    aspect=15 * len(panels),
                    label="Level (dB re loudest spot of the mixture)",
                )
        return self
