"""
Tap a rhythm, get the drum
==========================

:func:`~sklearn_cnmf.separation.separate_audio` needs no EEG and no trials: any curve
that rises and falls with a source pulls this source out of a recording. Here somebody
taps along with the drum of a sampled piece. The taps are simulated: the true onsets,
missed by 20 ms.
"""

# %%
# A recording and taps
# --------------------

import librosa
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation import separate_audio

GUIDE_SFREQ = 64.0


def simulated_taps(drum, sfreq, rng):
    """Return times in seconds at which somebody taps along."""
    onsets = librosa.onset.onset_detect(y=drum, sr=sfreq, units="time")
    return onsets + rng.normal(0, 0.02, len(onsets))


def guide_from_taps(taps, duration):
    """Return a curve that jumps at each tap and dies away in a tenth of a second."""
    times = np.arange(round(duration * GUIDE_SFREQ)) / GUIDE_SFREQ
    since = times - taps[:, np.newaxis]
    return np.where(since >= 0, np.exp(-np.maximum(since, 0) / 0.1), 0).sum(0)


def tapped(piece):
    """Return the drum of a piece, the taps, and the guide that they make."""
    drum = piece.stems[piece.instruments.index("drums")]
    taps = simulated_taps(drum, piece.sfreq, np.random.default_rng(0))
    return drum, taps, guide_from_taps(taps, len(drum) / piece.sfreq)


pieces = {piece.name: piece for piece in load_example_stems()}
piece = pieces["call_and_fill"]
print(piece.name, piece.instruments)
drum, taps, guide = tapped(piece)

# %%
# Separate
# --------
# 24 components explain the recording; they are split by how they sound and by the taps.

found, rest = separate_audio(
    piece.mixture,
    piece.sfreq,
    guide,
    GUIDE_SFREQ,
    n_components=24,
    max_iter=400,
    random_state=0,
)

times = np.arange(len(drum)) / piece.sfreq
figure, axes = plt.subplots(
    3, sharex=True, sharey=True, figsize=(8, 5), layout="constrained"
)
for axis, audio, title in zip(
    axes,
    (piece.mixture, found, drum),
    ("mixture, and taps", "what follows the taps", "the drum"),
):
    axis.plot(times, audio, linewidth=0.5)
    axis.set_title(title, loc="left")
    axis.set_ylabel("Amplitude")
    axis.set_ylim(1.3 * piece.mixture.min(), 1.3 * piece.mixture.max())
    axis.spines[["top", "right"]].set_visible(False)
axes[0].plot(taps, np.full(len(taps), 1.15 * piece.mixture.max()), "v", color="#D55E00")
axes[0].set_xlim(0, times[-1])
axes[-1].set_xlabel("Time (s)")

# %%
# **The recording**

Audio(piece.mixture, rate=round(piece.sfreq))

# %%
# **What follows the taps**

Audio(found, rate=round(piece.sfreq))

# %%
# **What is left**

Audio(rest, rate=round(piece.sfreq))

# %%
# How well it works
# -----------------
# It depends on what else plays. Gains are SI-SDR above that of the mixture, one
# separation a piece.

for piece in pieces.values():
    if "drums" not in piece.instruments:
        continue
    drum, _, guide = tapped(piece)
    found, _ = separate_audio(
        piece.mixture,
        piece.sfreq,
        guide,
        GUIDE_SFREQ,
        n_components=24,
        max_iter=400,
        random_state=0,
    )
    gain = si_sdr(drum, found) - si_sdr(drum, piece.mixture)
    print(f"{piece.name:14s} {' + '.join(piece.instruments):24s} {gain:+5.1f} dB")
