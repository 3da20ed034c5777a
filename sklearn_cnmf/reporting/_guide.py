"""The decoded guide beside the truth."""

import numpy as np

from ..signals import standardize

# Okabe and Ito's blue and orange: told apart with any colour vision and in grey.
GUIDE_COLOUR, TRUTH_COLOUR = "#0072B2", "#E69F00"


def draw_guide(ax, guide, sfreq, *, truth=None):
    """Draw a guide over time, and what it should have been.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw.
    guide : ndarray of shape (n_frames,)
        One row of a guide.
    sfreq : float
        Its rate in Hz.
    truth : ndarray of shape (n_frames,), default=None
        The true feature of the attended source, filtered as the decoder's target.
    """
    times = np.arange(len(guide)) / sfreq
    if truth is not None:
        ax.fill_between(
            times,
            _scores(truth),
            color=TRUTH_COLOUR,
            alpha=0.55,
            linewidth=0,
            label="attended envelope (truth)",
        )
    ax.plot(
        times,
        _scores(guide),
        color=GUIDE_COLOUR,
        linewidth=1.0,
        label="guide decoded from EEG",
    )
    ax.set_ylabel("z-score")
    ax.spines[["top", "right"]].set_visible(False)
    # Room for the legend above the curves.
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.25 * (high - low))
    ax.legend(loc="upper right", ncols=2, frameon=False, fontsize=9)


def _scores(signal):
    """Return z-scores; zeros for a constant signal."""
    return standardize(signal) * np.sqrt(len(signal))
