"""Why an instrument was chosen: candidates, their support and probabilities."""

import numpy as np

from ..signals import audio_envelope, band_pass, standardize
from ._guide import GUIDE_COLOUR

_OTHER_COLOUR = "0.55"
# Standard deviations from one candidate's line to the next.
_STEP = 6.0


def draw_candidates(ax, trial, separation):
    """Draw the envelope of each candidate over time, and how likely each is.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Where to draw; room to its right is used for words.
    trial : Trial
        With a guide.
    separation : Separation
        With candidates; the chosen one is drawn in the colour of the guide.
    """
    times = np.arange(trial.guide.shape[1]) / trial.guide_sfreq
    band = trial.guide_band or (None, None)
    names = separation.instruments
    levels = -_STEP * np.arange(len(names))
    for index, (name, level) in enumerate(zip(names, levels)):
        envelope = audio_envelope(
            separation.candidates[index], trial.audio_sfreq, times
        )
        envelope = band_pass(
            envelope, trial.guide_sfreq, l_freq=band[0], h_freq=band[1]
        )
        line = standardize(envelope.T)[:, 0] * np.sqrt(len(times))
        chosen = name == separation.chosen
        colour = GUIDE_COLOUR if chosen else _OTHER_COLOUR
        ax.plot(times, level + line, color=colour, linewidth=1.0)
        words = f"support {separation.support[index]:+.3f}"
        if separation.probabilities is not None:
            words += f"\np = {separation.probabilities[index]:.2f}"
        ax.annotate(
            words.replace("-", "\N{MINUS SIGN}"),
            (1.0, level),
            xycoords=("axes fraction", "data"),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=10,
            color=colour if chosen else "0.3",
            fontweight="bold" if chosen else "normal",
        )
    ax.set_yticks(levels, names)
    ax.set_ylim(levels[-1] - 0.6 * _STEP, 0.75 * _STEP)
    ax.spines[["top", "right"]].set_visible(False)
