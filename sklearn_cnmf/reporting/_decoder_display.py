"""What a decoder weighs, and what it stands for on the scalp."""

from typing import TYPE_CHECKING

import numpy as np
from sklearn.utils.validation import check_is_fitted

from .._validation import check_kind, check_whole
from ..decoding import EnvelopeDecoder, pattern_to_evoked
from ._axes import BLUE, GREY, drawing_panels, legend_above

if TYPE_CHECKING:
    import mne
    from matplotlib.axes import Axes

# Share of the width that maps have beside their scale.
_MAPS = 0.92


class DecoderDisplay:
    """Weights of a decoder over lags, and its forward patterns on the scalp.

    Weights say how the decoder combines the EEG, not where it comes from; the forward
    patterns do (Haufe et al., 2014). Under the lines of all channels lies the standard
    deviation over channels, below them the pattern at the lags where it is largest, all
    maps on one scale.

    Parameters
    ----------
    weights : ndarray of shape (n_channels, n_lags)
        Of one output.
    lags : ndarray of shape (n_lags,)
        In seconds; EEG follows the stimulus by that much.
    pattern : mne.Evoked, default=None
        Forward pattern with the positions of its channels.

    Attributes
    ----------
    peaks_ : ndarray of float
        Lags of the maps in seconds, none without `pattern`.
    ax_ : ndarray of matplotlib.axes.Axes
        One of the weights, and one that holds the maps.
    figure_ : matplotlib.figure.Figure
        Their figure.

    References
    ----------
    S. Haufe et al., "On the interpretation of weight vectors of linear models in
    multivariate neuroimaging", NeuroImage 87, 2014.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import EnvelopeDecoder
    >>> from sklearn_cnmf.reporting import DecoderDisplay
    >>> rng = np.random.default_rng(0)
    >>> decoder = EnvelopeDecoder(alpha=1.0)
    >>> decoder = decoder.fit(rng.standard_normal((640, 3)), rng.standard_normal(640))
    >>> display = DecoderDisplay.from_estimator(decoder)
    >>> display.weights.shape
    (3, 17)
    """

    def __init__(
        self,
        *,
        weights: np.ndarray,
        lags: np.ndarray,
        pattern: "mne.Evoked | None" = None,
    ):
        self.weights = weights
        self.lags = lags
        self.pattern = pattern

    @classmethod
    def from_estimator(
        cls,
        estimator: EnvelopeDecoder,
        info: "mne.Info | None" = None,
        *,
        output: int = 0,
        n_maps: int = 3,
        ax: "Axes | None" = None,
    ) -> "DecoderDisplay":
        """Draw a fitted decoder.

        Parameters
        ----------
        estimator : EnvelopeDecoder
            Fitted on arrays or on trials.
        info : mne.Info, default=None
            Channels with their positions, as for
            :func:`~sklearn_cnmf.decoding.pattern_to_evoked`; no maps if None.
        output : int, default=0
            Which output of the feature.
        n_maps : int, default=3
            Most maps.
        ax : matplotlib.axes.Axes or sequence of them, default=None
            One that all panels are put into, or one each; a new figure if None.

        Returns
        -------
        display : DecoderDisplay

        Raises
        ------
        ValueError
            If channels are missing from `info`, `output` does not exist, `n_maps` is
            below 1, or the regressor of the decoder has no weights.
        """
        check_is_fitted(estimator)
        check_kind("estimator", estimator, EnvelopeDecoder)
        if not hasattr(estimator, "coef_"):
            raise ValueError("estimator: its regressor has no coef_ to draw")
        check_whole("output", output, least=0)
        if not 0 <= output < len(estimator.coef_):
            raise ValueError(
                f"output: expected 0 to {len(estimator.coef_) - 1}, got {output}"
            )
        pattern = None
        if info is not None:
            pattern = pattern_to_evoked(estimator, info, output=output)
        display = cls(
            weights=estimator.coef_[output],
            lags=estimator.lags_ / estimator.sfreq,
            pattern=pattern,
        )
        return display.plot(ax=ax, n_maps=n_maps)

    def plot(self, ax: "Axes | None" = None, *, n_maps: int = 3) -> "DecoderDisplay":
        """Draw.

        Parameters
        ----------
        ax : matplotlib.axes.Axes or sequence of them, default=None
            One that all panels are put into, or one each; a new figure if None.
        n_maps : int, default=3
            Most maps.

        Returns
        -------
        display : DecoderDisplay
            This one.

        Raises
        ------
        ValueError
            If `n_maps` is not a whole number from 1 on, or another number of axes is
            given than there are panels.
        """
        check_whole("n_maps", n_maps, least=1)
        heights = [1.6] if self.pattern is None else [1.6, 1.3]
        self.peaks_ = np.empty(0)
        with drawing_panels(ax, heights, sharex=False) as (self.figure_, self.ax_):
            lags = 1000 * np.asarray(self.lags)
            spread = np.std(self.weights, axis=0)
            first = self.ax_[0]
            first.fill_between(
                lags, -spread, spread, color=BLUE, alpha=0.35, linewidth=0,
                label="standard deviation",
            )  # fmt: skip
            lines = first.plot(
                lags, np.transpose(self.weights), color=GREY, linewidth=0.5
            )
            lines[0].set_label("channel")
            first.set(xlabel="Lag (ms)", ylabel="Weight", xlim=(lags[0], lags[-1]))
            first.ticklabel_format(axis="y", scilimits=(-2, 3), useMathText=True)
            first.spines[["top", "right"]].set_visible(False)
            legend_above(first, side="right")
            if self.pattern is not None:
                self._plot_maps(self.ax_[1], n_maps)
        return self

    def _plot_maps(self, ax, n_maps):
        import mne

        data = self.pattern.data
        power = data.std(axis=0)
        inner = (power >= np.roll(power, 1)) & (power >= np.roll(power, -1))
        inner[[0, -1]] = [power[0] > power[1], power[-1] > power[-2]]
        peaks = np.flatnonzero(inner)
        peaks = np.sort(peaks[np.argsort(-power[peaks], kind="stable")[:n_maps]])
        self.peaks_ = self.pattern.times[peaks]
        largest = np.abs(data[:, peaks]).max() or 1.0
        ax.set_axis_off()
        for place, peak in enumerate(peaks):
            own = ax.inset_axes(
                (_MAPS * place / len(peaks), 0, _MAPS / len(peaks), 0.88)
            )
            image, _ = mne.viz.plot_topomap(
                data[:, peak],
                self.pattern.info,
                axes=own,
                vlim=(-largest, largest),
                cmap="RdBu_r",
                show=False,
            )
            own.set_title(f"{1000 * self.pattern.times[peak]:.0f} ms")
        # EEG of trials was scaled: a pattern has no unit to name.
        scale = ax.inset_axes((_MAPS + 0.02, 0.14, 0.02, 0.6))
        bar = ax.figure.colorbar(image, cax=scale, ticks=[-largest, 0, largest])
        bar.set_ticklabels(["\N{MINUS SIGN}", "0", "+"])
