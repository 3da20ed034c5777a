import os
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from packaging.version import Version

from sklearn_cnmf import Reference, Trial

IMAGES = Path(__file__).parent / "images"
# Root mean square of the differences of pixels (0 to 255). One line, bar or image less
# makes 1.1 or more.
TOLERANCE = 1.0
# Images are those of this release of matplotlib.
OLDEST = Version("3.11")

SFREQ = 16000.0


@pytest.fixture
def check_image(tmp_path):
    """Function that compares a figure with the stored image of a name, and writes SVG.

    Letters differ between releases of FreeType and are left out; other tests read them.
    With the environment variable SKLEARN_CNMF_NEW_IMAGES, images are stored instead.
    """
    import matplotlib
    from matplotlib.testing.compare import compare_images
    from matplotlib.text import Text

    drawn_with = Version(matplotlib.__version__)
    if drawn_with < OLDEST:
        pytest.skip(f"matplotlib {drawn_with} places lines otherwise than {OLDEST}")

    def check(figure, name):
        figure.savefig(tmp_path / f"{name}.svg")
        root = ElementTree.parse(tmp_path / f"{name}.svg").getroot()
        # In points, as wide as one column.
        assert root.get("width") == f"{72 * figure.get_figwidth():g}pt"
        figure.draw_without_rendering()
        for text in figure.findobj(Text):
            text.set_visible(False)
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        stored = IMAGES / f"{name}.png"
        if "SKLEARN_CNMF_NEW_IMAGES" in os.environ:
            stored.parent.mkdir(exist_ok=True)
            figure.savefig(stored, dpi=72)
        drawn = tmp_path / f"{name}.png"
        figure.savefig(drawn, dpi=72)
        difference = compare_images(str(stored), str(drawn), TOLERANCE)
        assert difference is None, difference

    return check


@pytest.fixture(autouse=True)
def close_figures():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def tones(seconds=2.0):
    """Two tones of 440 and 1760 Hz, which beat at 3 and 2 Hz."""
    times = np.arange(round(seconds * SFREQ)) / SFREQ
    return np.stack(
        [
            np.sin(2 * np.pi * pitch * times) * (1 + np.sin(2 * np.pi * beat * times))
            for pitch, beat in ((440, 3), (1760, 2))
        ]
    )


@pytest.fixture
def separated():
    """A trial of two beating tones, with its guide and estimate, and its reference."""
    sources = tones()
    times = np.arange(128) / 64
    guide = np.sin(2 * np.pi * 3 * times) + 0.5 * np.cos(2 * np.pi * 7 * times)
    trial = Trial(
        np.zeros((1, 128)),
        64.0,
        sources.sum(axis=0),
        SFREQ,
        instruments=("low", "high"),
        guide=guide[None],
        guide_sfreq=64.0,
        estimate=np.stack([0.9 * sources[0], 0.1 * sources[0] + sources[1]]),
    )
    return trial, Reference(sources, 0)


@pytest.fixture
def choices():
    """Probabilities of two candidates in 64 trials, and which is attended."""
    rng = np.random.default_rng(0)
    first = 1 / (1 + np.exp(-rng.normal(0, 2, 64)))
    attended = (rng.random(64) > first).astype(int)
    return [np.array([p, 1 - p]) for p in first], attended.tolist()


@pytest.fixture
def chooser(choices):
    """An estimator that gives these probabilities, with trials and references."""
    probabilities, attended = choices
    sources = tones(0.125)
    trial = Trial(np.zeros((1, 8)), 64.0, sources.sum(axis=0), SFREQ)
    estimator = SimpleNamespace(predict_proba=lambda X: probabilities)
    references = [Reference(sources, own) for own in attended]
    return estimator, [trial] * len(attended), references
