"""
Cross-validate a lagged decoder by trial
========================================

A backward temporal response function reconstructs the envelope of a sound from the
EEG that follows it. To choose its penalty and to know how good it is, whole trials
must be left out: neighbouring samples share their lag windows, so that samples or
windows of one trial in both training and test give results that no new trial will
repeat. :class:`mne.decoding.ReceptiveField` leaves the loop over trials to its users;
an :class:`~sklearn_cnmf.EnvelopeDecoder` takes a list of trials, so that
scikit-learn's own tools do it.
"""

# %%
# Something to decode
# -------------------
# Epochs of 20 s at 256 Hz in which a listener attends to one of two instruments. The
# EEG is simulated; any :class:`mne.Epochs` that start with the sound will do.

import matplotlib.pyplot as plt
import mne
import numpy as np

from sklearn_cnmf.datasets import load_example_stems, simulate_trials

pieces = load_example_stems(ensemble="duo")[:8]
simulated, truth = simulate_trials(pieces, n_subjects=1, snr_db=-10.0, random_state=0)
info = mne.create_info(list(simulated[0].ch_names), 256.0, "eeg")
info.set_montage("biosemi64")
epochs = mne.EpochsArray(
    np.stack([trial.eeg[:, : 20 * 256] for trial in simulated]), info, verbose="error"
)
audio = [trial.mixture[: 20 * 22050] for trial in simulated]
sources = [reference.sources[:, : 20 * 22050] for reference in truth]
attended = [reference.attended for reference in truth]
names = [trial.stimulus for trial in simulated]

# %%
# Ten lines
# ---------
# Each score is the mean Pearson r of trials whose piece was not trained on. Within
# each fold the penalty is chosen by leaving out one piece of the others in turn, from
# covariances that are computed once for all thirteen penalties.

from sklearn.model_selection import cross_val_score

from sklearn_cnmf import EnvelopeDecoder, Reference
from sklearn_cnmf.datasets import make_trials
from sklearn_cnmf.evaluation import StimulusKFold

trials = make_trials(epochs, audio, 22050, stimuli=names)
references = [Reference(s, a) for s, a in zip(sources, attended)]
decoder = EnvelopeDecoder(tmin=0.0, tmax=0.25)
cv = StimulusKFold(4)
scores = cross_val_score(decoder, trials, references, cv=cv, error_score="raise")
print(f"r = {scores.mean():.3f} ({', '.join(f'{r:.3f}' for r in scores)})")

# %%
# Which instrument?
# -----------------
# The attended instrument is the one whose envelope correlates best with the
# reconstruction; the longer the window, the more often the choice is right. Every trial
# is tested by a decoder that was not trained on its piece.

accuracies = {5.0: [], 10.0: [], 20.0: []}
for train, test in cv.split(trials):
    decoder.fit([trials[i] for i in train], [references[i] for i in train])
    tested = [trials[i] for i in test], [references[i] for i in test]
    for window, found in accuracies.items():
        found.append(decoder.score_attended(*tested, window=window))
for window, found in accuracies.items():
    n_windows = len(trials) * int(20 / window)
    print(f"{window:4.0f} s: {100 * np.mean(found):.0f} % of {n_windows} windows right")

# %%
# The sign of a lag, and what may be read as physiology
# -----------------------------------------------------
# A lag says how much later than the sound the EEG is used: the envelope at time t is a
# weighted sum of the EEG from t + tmin to t + tmax. The weights also cancel noise and
# can't be read as topographies. The forward patterns can; they go back into MNE.

from sklearn_cnmf.decoding import pattern_to_evoked

figure, (left, right, scale) = plt.subplots(
    1, 3, figsize=(9, 3.2), width_ratios=(5, 3, 0.12), layout="constrained"
)
times = np.arange(96) / 64
envelope = np.exp(-0.5 * ((times - 0.5) / 0.05) ** 2)
left.plot(times, envelope + 2.6, color="k")
for row, (delay, height) in enumerate(((0.05, 0.4), (0.1, -0.8), (0.2, 0.5))):
    response = height * np.exp(-0.5 * ((times - 0.5 - delay) / 0.04) ** 2)
    left.plot(times, response + 1.2 - row, color="C0")
left.axvspan(0.5, 0.75, color="C1", alpha=0.25, lw=0)
left.axvline(0.5, color="C1")
left.annotate("t", (0.5, 3.75), ha="center", annotation_clip=False, xytext=(0.5, 3.95))
left.annotate("from t + tmin\nto t + tmax", (0.79, -1.5), va="center")
left.text(0.02, 2.75, "envelope")
left.text(0.02, 1.35, "EEG channels")
left.set(xlabel="time (s)", yticks=[], ylim=(-2.1, 3.9), xlim=(0, 1.5))
left.spines[["left", "right", "top"]].set_visible(False)

evoked = pattern_to_evoked(decoder, info)
peak = evoked.get_peak(tmin=0.05)[1]
pattern = evoked.data[:, evoked.time_as_index(peak)[0]]
limit = np.abs(pattern).max()
image, _ = mne.viz.plot_topomap(
    pattern, evoked.info, axes=right, vlim=(-limit, limit), cmap="RdBu_r", show=False
)
right.set_title(f"forward pattern at {1000 * peak:.0f} ms")
figure.colorbar(image, cax=scale, label="EEG for a unit of the envelope")
plt.show()
