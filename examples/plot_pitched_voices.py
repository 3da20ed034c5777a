"""
Two voices without a single reference
=====================================

Spectra that were learned on other recordings explain a mixture badly; pitch is what
carries over. With ``dictionary="harmonic"`` two or three instruments that play one note
at a time are tracked through the mixture, and nothing is learned. Here flute and
clarinet play an invention by Bach (sampled instruments). The guide is SIMULATED: the
envelope of the clarinet with noise.
"""

# %%
# A mixture and a guide
# ---------------------
# The guide tells which voice is attended; it is 30 s long, and its correlation with the
# true envelope is 0.2.
import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio

from sklearn_cnmf import ContrastiveNMF, Reference, Trial
from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.reporting import CandidatesDisplay, SeparationDisplay
from sklearn_cnmf.signals import audio_envelope, standardize

piece = next(p for p in load_example_stems() if p.name == "bach_invention")
stems = np.tile(piece.stems, 4)
attended = piece.instruments.index("clarinet")
times = np.arange(0, stems.shape[1] / piece.sfreq, 1 / 64)
truth = standardize(audio_envelope(stems[attended], piece.sfreq, times)[0])
noise = standardize(np.random.default_rng(0).standard_normal(len(times)))
guide = 0.2 * truth + np.sqrt(1 - 0.2**2) * noise
trial = Trial(
    np.zeros((1, len(times))),
    64.0,
    stems.sum(axis=0),
    piece.sfreq,
    guide=guide[None],
    guide_sfreq=64.0,
    guide_weights=np.array([1.0]),
)

# %%
# **The mixture**
Audio(trial.mixture, rate=round(piece.sfreq))

# %%
# What is found
# -------------
# `fit` learns nothing here. The candidates are called by their height, since no
# reference says how a flute sounds. How much of the mixture two combs explain says
# whether it suits.
model = ContrastiveNMF(dictionary="harmonic").fit([trial])
(found,) = model.separate([trial])
print(f"explained: {found.explained:.2f}")
for name, p in zip(found.instruments, found.probabilities):
    print(f"{name}: p = {p:.2f}")
_, ax = plt.subplots(figsize=(7, 2), layout="constrained")
CandidatesDisplay.from_predictions(trial, found, ax=ax)

# %%
# How well it is separated
# ------------------------
# The clarinet is the lower voice. With the voice known, the gain in SI-SDR over the
# mixture is that of the candidate itself; the answer of the model weighs both voices by
# their probabilities.
source = stems[attended]
mixture = si_sdr(source, trial.mixture)
lower = found.candidates[found.instruments.index("lower")]
print(f"lower voice: {si_sdr(source, lower) - mixture:+.1f} dB")
print(f"weighed by probability: {si_sdr(source, found.attended) - mixture:+.1f} dB")
(separated,) = model.transform([trial])
# sphinx_gallery_thumbnail_number = 2
_, ax = plt.subplots(figsize=(7, 6), layout="constrained")
SeparationDisplay.from_predictions(separated, Reference(stems, attended), ax=ax)

# %%
# **The separated clarinet**
Audio(found.attended, rate=round(piece.sfreq))
