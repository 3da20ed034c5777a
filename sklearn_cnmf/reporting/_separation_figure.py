"""One trial in one figure: mixture, guide, what was separated."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, overload

import numpy as np

from .._validation import check_kind
from ..separation import Separation
from ..trial import Trial
from ._candidates_display import CandidatesDisplay
from ._guide_display import GuideDisplay
from ._spectrogram import draw_spectrogram, mel_power

if TYPE_CHECKING:
    from matplotlib.figure import Figure, SubFigure

# Margins in inches: what stands there does not grow with the figure.
_LEFT, _RIGHT = 1.0, 1.5
_NARROWEST = 4.0


@overload
def separation_figure(
    trial: Trial,
    *,
    truth: np.ndarray | None = None,
    title: str = "",
    notes: Sequence[str] = ("", "", ""),
    separation: Separation | None = None,
    figure: None = None,
) -> "Figure": ...


@overload
def separation_figure(
    trial: Trial,
    *,
    truth: np.ndarray | None = None,
    title: str = "",
    notes: Sequence[str] = ("", "", ""),
    separation: Separation | None = None,
    figure: "Figure | SubFigure",
) -> "Figure | SubFigure": ...


def separation_figure(
    trial: Trial,
    *,
    truth: np.ndarray | None = None,
    title: str = "",
    notes: Sequence[str] = ("", "", ""),
    separation: Separation | None = None,
    figure: "Figure | SubFigure | None" = None,
) -> "Figure | SubFigure":
    """Draw the mixture, the guide and the separated attended source of a trial.

    Both spectrograms have the same scale; 0 dB is the loudest spot of the mixture.
    With `separation`, a panel under the guide shows why an instrument was chosen: the
    envelope of each candidate, in the band of the guide, how well the guide supports it
    and how likely it is.

    Parameters
    ----------
    trial : Trial
        With `guide` and `estimate`.
    truth : ndarray of shape (n_frames,), default=None
        What the first row of the guide should have been.
    title : str, default=""
        Above the figure.
    notes : sequence of three str, default=("", "", "")
        Beside the heads of mixture, guide and separated source, such as scores.
    separation : Separation, default=None
        What was found in the trial; its candidates are drawn if it has any.
    figure : matplotlib.figure.Figure or SubFigure, default=None
        Where to draw, such as ``plt.figure(figsize=(11, 9))``, with margins of its own;
        four inches wide at least. None makes one that pyplot does not know, which needs
        no display and no closing.

    Returns
    -------
    figure : matplotlib.figure.Figure or SubFigure
        To be saved with ``figure.savefig``.

    Raises
    ------
    ValueError
        If the trial has no guide or no estimate, or the figure is too narrow.

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

    check_kind("trial", trial, Trial)
    for field in ("guide", "estimate"):
        if getattr(trial, field) is None:
            raise ValueError(f"trial: {field} is None; transform the trial first")
    heads = {"Mixture": 3.0, "Guide": 2.0}
    if separation is not None and separation.candidates is not None:
        heads["Candidates"] = 0.8 * len(separation.candidates) + 0.2
    heads["Separated"] = 3.0
    if figure is None:
        figure = Figure(figsize=(11, 0.94 * sum(heads.values())))
    width = figure.bbox.width / figure.dpi
    if width < _NARROWEST:
        raise ValueError(
            f"figure: expected {_NARROWEST:g} inches or more, got {width:.1f}"
        )
    # Fixed margins: finding them takes longer than drawing.
    if isinstance(figure, Figure):
        figure.set_layout_engine("none")
    left, right = _LEFT / width, 1 - _RIGHT / width
    drawn = figure.subplots(
        len(heads),
        1,
        sharex=True,
        height_ratios=list(heads.values()),
        gridspec_kw={
            "left": left,
            "right": right,
            "top": 0.905,
            "bottom": 0.07,
            "hspace": 0.24,
        },
    )
    axes = dict(zip(heads, drawn))
    for head, ax in axes.items():
        ax.set_title(head, loc="left", fontweight="bold", fontsize=11)
    reference = float(np.max(mel_power(trial.mixture, trial.audio_sfreq)[0]))
    for head, audio in (("Mixture", trial.mixture), ("Separated", trial.estimate[0])):
        image = draw_spectrogram(
            axes[head], audio, trial.audio_sfreq, reference=reference
        )
    GuideDisplay(guide=trial.guide[0], sfreq=trial.guide_sfreq, truth=truth).plot(
        axes["Guide"]
    )
    if separation is not None and "Candidates" in axes:
        whole = replace(separation, course=None)
        CandidatesDisplay.from_predictions(trial, whole, ax=[axes["Candidates"]])
    for ax in drawn[:-1]:
        ax.set_xlabel("")
    for head, note in zip(("Mixture", "Guide", "Separated"), notes):
        axes[head].set_title(note, loc="right", fontsize=10)
    figure.align_ylabels(drawn)
    drawn[-1].set_xlabel("Time (s)")
    drawn[-1].set_xlim(0, trial.mixture.shape[-1] / trial.audio_sfreq)
    place = axes["Separated"].get_position()
    figure.colorbar(
        image,
        cax=figure.add_axes(
            (right + 0.17 / width, place.y0, 0.16 / width, place.height)
        ),
        label="Level (dB re loudest\nspot of the mixture)",
    )
    figure.suptitle(title, fontsize=13, x=left, y=0.975, ha="left")
    return figure
