"""
The cost over iterations, of both rules
=======================================

The published multiplicative rule of Contrastive-NMF minimises a cost that it does not
always lower. ``solver="mu"``, the default, never raises it. Both start here from the
same random factors of a sampled duo; the guide is the true envelope of one of the two
instruments. The derivation in the documentation says why the published rule rises.
"""

# %%
# A spectrogram and a guide
# -------------------------

import warnings

import librosa
import matplotlib.pyplot as plt
import numpy as np
from sklearn.exceptions import ConvergenceWarning

from sklearn_cnmf.datasets import load_example_stems
from sklearn_cnmf.separation import contrastive_nmf
from sklearn_cnmf.signals import audio_envelope

N_ITERATIONS = 300
piece = load_example_stems(ensemble="duo")[0]
X = np.abs(librosa.stft(piece.mixture, n_fft=4096)).T
times = np.arange(len(X)) * 1024 / piece.sfreq
guide = audio_envelope(piece.stems[0], piece.sfreq, times).T
print(f"{piece.name}: {X.shape[0]} frames, {X.shape[1]} bins; 16 components")

# %%
# Both rules at several weights of the contrast
# ---------------------------------------------
# The contrast is the published one, which asks each component to follow or to avoid
# the guide; the published rule knows no other.

warnings.simplefilter("ignore", ConvergenceWarning)
figure, axes = plt.subplots(
    2, 3, figsize=(9, 5), sharex=True, sharey="row", layout="constrained"
)
for (above, below), delta in zip(axes.T, (0.0, 0.015, 0.05)):
    for solver, label in (("mu", "default"), ("published", "published rule")):
        result = contrastive_nmf(
            X,
            16,
            guide=guide,
            contrast="components",
            delta=delta,
            solver=solver,
            max_iter=N_ITERATIONS,
            tol=0,
            random_state=0,
        )
        cost = result.objective
        n_rises = int(np.sum(np.diff(cost) > 1e-9))
        print(
            f"delta = {delta:g}, {label}: rose in {n_rises} of {len(cost) - 1} "
            f"iterations, lowest {cost.min():.4f}, at the end {cost[-1]:.4f}"
        )
        iterations = np.arange(1, len(cost))
        above.plot(iterations, cost[1:], label=label)
        below.plot(iterations, np.diff(cost), label=label)
    above.set_title(f"delta = {delta:g}")
    above.set_ylim(top=0.3)
    below.set_yscale("symlog", linthresh=1e-6)
    below.axhline(0, color="0.6", lw=0.8)
    below.set_ylim(-1e-1, 1e-3)
    below.set_xlabel("iteration")
axes[0, 0].set_ylabel("cost")
axes[1, 0].set_ylabel("change of the cost")
axes[0, 0].legend()
plt.show()
