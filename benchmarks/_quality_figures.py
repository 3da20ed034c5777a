"""Figure of `benchmarks.quality`."""

import os
import tempfile


def plot_gain_against_delta(curves, deltas, path):
    """Draw SI-SDR gain against delta, one panel per dictionary and contrast.

    Parameters
    ----------
    curves : dict of (dictionary, contrast, r) to list of float
        Gain in dB at each delta.
    deltas : sequence of float
        The first is zero.
    path : Path
        Where the PNG goes.
    """
    from matplotlib.figure import Figure

    panels = list(dict.fromkeys(key[:2] for key in curves))
    figure = Figure(figsize=(9, 6), layout="constrained")
    axes = figure.subplots(2, 2, sharex=True, sharey="row").ravel()
    for axis, panel in zip(axes, panels):
        for (*found, r), gains in curves.items():
            if tuple(found) == panel:
                axis.plot(range(len(deltas)), gains, marker="o", label=f"r = {r:g}")
        axis.set_title(f"{panel[0]}, contrast={panel[1]!r}")
        axis.set_xticks(range(len(deltas)), [f"{delta:g}" for delta in deltas])
        axis.set_xlabel("delta")
        axis.set_ylabel("SI-SDR gain (dB)")
        axis.grid(alpha=0.3)
    axes[0].legend(title="guide")
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        dir=path.parent, suffix=".png", delete=False
    ) as file:
        figure.savefig(file, dpi=110, format="png")
    os.replace(file.name, path)
    path.chmod(0o644)
