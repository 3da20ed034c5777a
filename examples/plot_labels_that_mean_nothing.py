"""
Decode labels that mean nothing
===============================

Windows of a recording are not independent: strength of rhythms, impedances and drifts
tell which recording a window was cut from. If other windows of it were trained on, its
label can be looked up, whatever it means. So before a split is trusted, let it decode
random labels: it should be right as often as chance. EEG is SIMULATED.
"""

# %%
# Windows of six listeners
# ------------------------
# Each of the recordings is cut into windows of 5 s, as many studies do.
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold, audit_leakage

pieces = load_example_stems(ensemble="duo")[:4]
trials, _ = simulate_trials(pieces, n_subjects=6, attend="random", random_state=0)
windows, recordings = [], []
for trial in trials:
    recording = f"{trial.subject}, {trial.stimulus}"
    for start in range(0, trial.eeg.shape[1] - 5 * 256 + 1, 5 * 256):
        audio = slice(round(start / 256 * 22050), round((start / 256 + 5) * 22050))
        windows.append(
            replace(
                trial,
                eeg=trial.eeg[:, start : start + 5 * 256],
                mixture=trial.mixture[audio],
                stimulus=recording,
            )
        )
print(f"{len(windows)} windows of {len(trials)} recordings")

# %%
# Three splits
# ------------
# A classifier of band powers gets a label that was drawn at random, for each recording
# or for each listener. With windows left out at random it is right too often. With
# whole recordings left out it is not, unless the label is one of listeners, such as a
# group or a skill: then listeners have to be left out.
model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
listeners = [window.subject for window in windows]
audits = {
    "label of a recording,\nwindows left out": audit_leakage(
        model, windows, KFold(5, shuffle=True, random_state=0)
    ),
    "label of a recording,\nrecordings left out": audit_leakage(
        model, windows, StimulusKFold(5)
    ),
    "label of a listener,\nrecordings left out": audit_leakage(
        model, windows, StimulusKFold(5), recordings=listeners
    ),
    "label of a listener,\nlisteners left out": audit_leakage(
        model,
        [replace(window, stimulus=window.subject) for window in windows],
        StimulusKFold(6),
        recordings=listeners,
    ),
}
for name, audit in audits.items():
    print(name.replace("\n", " "), audit, sep="\n", end="\n\n")

# %%
# Each dot is a draw of labels, the line is chance.
_, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
rng = np.random.default_rng(0)
for row, audit in enumerate(audits.values()):
    heights = row + rng.uniform(-0.2, 0.2, audit.n_draws)
    ax.plot(
        100 * audit.accuracy, heights, "o", color="#0072B2", alpha=0.5, ms=5,
        clip_on=False,
    )  # fmt: skip
ax.axvline(50, color="0.3", lw=1)
ax.annotate("chance", (50, -0.42), (4, 0), textcoords="offset points", va="top")
ax.set_yticks(range(len(audits)), audits)
ax.set_xlabel("Random labels decoded right (%)")
ax.set_xlim(0, 100)
ax.set_ylim(3.5, -0.5)
ax.spines[["top", "right"]].set_visible(False)

# %%
# Decoders that reconstruct sound are less prone to this than classifiers of EEG, but
# not immune; :func:`~sklearn_cnmf.evaluation.audit_leakage` takes those, too.
