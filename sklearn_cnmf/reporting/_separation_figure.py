"""One trial in one figure: mixture, guide, what was separated."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..trial import Trial
from ._guide import draw_guide
from ._spectrogram import draw_spectrogram, mel_power

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def separation_figure(
    trial: Trial,
    *,
    truth: np.ndarray | None = None,
    title: str = "",
    notes: Sequence[str] = ("", "", ""),
) -> "Figure":
    """Draw the mixture, the guide and the separated attended source of a trial.

    Both spectrograms have the same scale; 0 dB is the loudest spot of the mixture.

    Parameters
    ----------
    trial : Trial
        With `guide` and `estimate`.
    truth : ndarray of shape (n_frames,), default=None
        What the first row of the guide should have been.
    title : str, default=""
        Above the figure.
    notes : sequence of three str, default=("", "", "")
        Beside the heads of the panels, such as scores.

    Returns
    -------
    figure : matplotlib.figure.Figure
        To be saved with ``figure.savefig``; it needs no display.

    Raises
    ------
    ValueError
        If the trial has no guide or no estimate.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Trial
    >>> from sklearn_cnmf.reporting import separation_figure
    >>> rng = np.random.default_rng(0)
    >>> trial = Trial(np.zeros((1, 128)), 64.0, rng.standard_normal(32000), 16000.0,
    ...               guide=rng.standard_normal((1, 128)), guide_sfreq=64.0,
    ...               estimate=rng.standard_normal((2, 32000)))
    >>> figure = separation_figure(trial, title="Noise")
    >>> [ax.get_title(loc="left") for ax in figure.axes[:3]]
    ['Mixture', 'Guide', 'Separated']
    """
    from matplotlib.figure import Figure

    for field in ("guide", "estimate"):
        if getattr(trial, field) is None:
            raise ValueError(f"trial: {field} is None; transform the trial first")
    figure = Figure(figsize=(11, 7.5))
    # Fixed margins: finding them takes longer than drawing.
    axes = figure.subplots(
        3,
        1,
        sharex=True,
        height_ratios=(3, 2, 3),
        gridspec_kw={
            "left": 0.065,
            "right": 0.905,
            "top": 0.905,
            "bottom": 0.07,
            "hspace": 0.24,
        },
    )
    heads = ("Mixture", "Guide", "Separated")
    for ax, head, note in zip(axes, heads, notes):
        ax.set_title(head, loc="left", fontweight="bold", fontsize=11)
        ax.set_title(note, loc="right", fontsize=10)
    reference = float(np.max(mel_power(trial.mixture, trial.audio_sfreq)[0]))
    for ax, audio in ((axes[0], trial.mixture), (axes[2], trial.estimate[0])):
        image = draw_spectrogram(ax, audio, trial.audio_sfreq, reference=reference)
    draw_guide(axes[1], trial.guide[0], trial.guide_sfreq, truth=truth)
    figure.align_ylabels(axes)
    axes[2].set_xlabel("Time (s)")
    axes[2].set_xlim(0, trial.mixture.shape[-1] / trial.audio_sfreq)
    figure.colorbar(
        image,
        cax=figure.add_axes((0.92, 0.07, 0.014, 0.835)),
        label="Level (dB re loudest spot of the mixture)",
    )
    figure.suptitle(title, fontsize=13, x=0.065, y=0.975, ha="left")
    return figure
