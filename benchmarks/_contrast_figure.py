"""Figure of `benchmarks.contrast`."""

from sklearn_cnmf._writing import whole_file


def plot_gains(curves, deltas, path):
    """Draw SI-SDR gain against delta, a panel per kind of audio and dictionary.

    Parameters
    ----------
    curves : dict of str to dict of (dictionary, contrast, r) to list of float
        By kind of audio, gain in dB at each delta.
    deltas : sequence of float
        The first is zero.
    path : Path
        Where the PNG goes.
    """
    from matplotlib.figure import Figure

    kinds = list(dict.fromkeys(key[:2] for key in next(iter(curves.values()))))
    size = (2.6 * len(kinds), 2.9 * len(curves))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(curves), len(kinds), sharex=True, sharey=True)
    for row, (audio, of_audio) in zip(axes.reshape(len(curves), -1), curves.items()):
        for axis, kind in zip(row, kinds):
            for (*found, r), gains in of_audio.items():
                if tuple(found) == kind:
                    axis.plot(range(len(deltas)), gains, "o-", ms=4, label=f"r = {r:g}")
            axis.axhline(0, color="0.6", lw=0.8)
            axis.set_xticks(range(len(deltas)), [f"{delta:g}" for delta in deltas])
            axis.grid(alpha=0.3)
            axis.set_title(f"{kind[0]}, by {kind[1]}\n{audio}", fontsize=9)
            axis.set_ylim(-12, 18)
        row[0].set_ylabel("SI-SDR gain (dB)")
    for axis in axes.reshape(len(curves), -1)[-1]:
        axis.set_xlabel("delta")
    axes.flat[0].legend(title="guide", fontsize=8, title_fontsize=8, loc="upper left")
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, ".png") as unfinished:
        figure.savefig(unfinished, dpi=110)
