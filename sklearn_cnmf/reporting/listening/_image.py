"""Figures of trials as images within a page."""

import base64
import io
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ..._validation import said_by

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DPI = 100
# A palette makes the file four times smaller, and spectrograms look the same.
_N_COLOURS = 256


def encoded_figure(name: str, figure: "Figure | str | os.PathLike") -> str:
    """Encode a figure as PNG, in base64.

    Parameters
    ----------
    name : str
        How a message calls it.
    figure : matplotlib.figure.Figure, str or path-like
        A figure, or a file that holds an image.

    Returns
    -------
    encoded : str
        256 colours, white where nothing is.

    Raises
    ------
    ValueError
        If it is neither, or the file holds no image.
    OSError
        If there is no such file, or it may not be read.
    """
    import PIL.Image

    if hasattr(figure, "savefig"):
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=_DPI)
    elif not isinstance(figure, (str, os.PathLike)):
        kind = type(figure).__name__
        raise ValueError(f"{name}: expected a figure or the name of a file, got {kind}")
    else:
        file = io.BytesIO(Path(figure).read_bytes())
    try:
        with PIL.Image.open(file) as image:
            layers = image.convert("RGBA")
    except (
        OSError,
        SyntaxError,
        ValueError,
        PIL.Image.DecompressionBombError,
    ) as error:
        raise ValueError(
            f"{name}: {figure} can't be read as an image ({said_by(error)})"
        ) from error
    page = PIL.Image.new("RGBA", layers.size, "white")
    page.alpha_composite(layers)
    small = page.convert("RGB").quantize(_N_COLOURS, dither=PIL.Image.Dither.NONE)
    found = io.BytesIO()
    small.save(found, format="png")
    return base64.b64encode(found.getvalue()).decode("ascii")
