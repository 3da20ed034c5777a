"""
A listener who turns to the other instrument
============================================

Attention may change within a piece. With `choice_window` the probabilities are
followed over time, and the separated sound follows them. The guide is SIMULATED: the
envelope of the flute with noise for the first half, of the clarinet for the second.
"""

# %%
# A guide that changes sides
# --------------------------
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

from sklearn_cnmf import ContrastiveNMF, Trial
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.reporting import CandidatesDisplay
from sklearn_cnmf.signals import audio_envelope, standardize

piece = next(p for p in load_example_stems() if p.name == "bach_invention")
stems = np.tile(piece.stems, 4)
times = np.arange(0, stems.shape[1] / piece.sfreq, 1 / 64)
envelopes = [standardize(audio_envelope(stem, piece.sfreq, times)[0]) for stem in stems]
half = len(times) // 2
truth = np.where(np.arange(len(times)) < half, *envelopes)
noise = standardize(np.random.default_rng(0).standard_normal(len(times)))
trial = Trial(
    np.zeros((1, len(times))),
    64.0,
    stems.sum(axis=0),
    piece.sfreq,
    guide=(0.4 * truth + 0.9 * noise)[None],
    guide_sfreq=64.0,
    guide_weights=np.array([1.0]),
)
print(f"{' and '.join(piece.instruments)}, change at {half / 64:.1f} s")

# %%
# Probabilities over time
# -----------------------
# The window is a compromise: a longer one is surer, a shorter one sooner. Its course is
# centred, so that it looks ahead by half a window.
model = ContrastiveNMF(dictionary="harmonic", choice_window=6.0).fit([trial])
(found,) = model.separate([trial])
_, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
CandidatesDisplay.from_predictions(trial, found, ax=ax)

# %%
# **The separated sound**, which follows them
Audio(found.attended, rate=round(piece.sfreq))
