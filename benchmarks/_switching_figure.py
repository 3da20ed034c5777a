"""Figure of the table `switching` of `benchmarks.online`."""

from sklearn_cnmf._writing import whole_file


def plot_followed(rows, path):
    """Draw how soon a listener who turns is followed against how often it is right.

    Parameters
    ----------
    rows : list of (half_life, median, most, right)
        Seconds, seconds until the new instrument is likelier in half and in four of
        five cases, and right choices in percent.
    path : Path
        Where the PNG goes.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5.2, 3.2), layout="constrained")
    axis = figure.subplots()
    half_lives, median, most, right = zip(*rows)
    for seconds, label in ((median, "half of them"), (most, "four of five")):
        axis.plot(seconds, right, "o-", ms=4, label=label)
    for half_life, second, percent in zip(half_lives, median, right):
        axis.annotate(
            f"{half_life:g} s", (second, percent), (0, 6), textcoords="offset points",
            fontsize=8, ha="right",
        )  # fmt: skip
    axis.set(
        xlabel="Seconds until a listener who turns is followed",
        ylabel="Right before the turn (%)",
    )
    axis.margins(0.1, 0.12)
    axis.grid(alpha=0.3)
    axis.legend(
        title="half-lives, followed in", fontsize=8, title_fontsize=8, loc="lower right"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with whole_file(path, ".png") as unfinished:
        figure.savefig(unfinished, dpi=110)
