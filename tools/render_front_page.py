"""Make the picture and the sounds of the documentation's front page.

``python tools/render_front_page.py`` runs ``examples/plot_separate_attended.py`` and
writes its figure and the first repetition of its trial to ``docs``.
"""

import io
import runpy
from pathlib import Path

import matplotlib
import numpy as np
import PIL.Image
import soundfile

ROOT = Path(__file__).parents[1]
N_REPETITIONS = 4
LOUDEST = 0.9


def main():
    """Run the example and write what it made."""
    matplotlib.use("agg")
    made = runpy.run_path(str(ROOT / "examples" / "plot_separate_attended.py"))
    drawn = io.BytesIO()
    made["figure"].savefig(drawn, dpi=150)
    with PIL.Image.open(drawn) as image:
        small = image.convert("RGB").quantize(256, dither=PIL.Image.Dither.NONE)
    small.save(ROOT / "docs" / "images" / "separation.png", optimize=True)
    trial = made["trial"]
    n_samples = trial.mixture.shape[-1] // N_REPETITIONS
    sounds = {"mixture": trial.mixture, "separated": trial.estimate[0]}
    sounds = {name: audio[:n_samples] for name, audio in sounds.items()}
    factor = LOUDEST / max(np.max(np.abs(audio)) for audio in sounds.values())
    for name, audio in sounds.items():
        soundfile.write(
            ROOT / "docs" / "_static" / f"{name}.ogg",
            factor * audio,
            round(trial.audio_sfreq),
            format="OGG",
            subtype="VORBIS",
        )


if __name__ == "__main__":
    main()
