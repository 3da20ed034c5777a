"""
Live: a listener turns from the violin to the clarinet
=======================================================

EEG and audio arrive in chunks, and what comes out is late by a third of a second. A
short half-life follows the listener sooner, a long one is surer. The EEG is SIMULATED.
"""

# %%
# A causal model
# --------------
# Causal filters replace those that go both ways, and the spread of channels is
# that of the training trials. The piece that is heard later is left out.
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Audio
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.decoding import EEGPreparation
from sklearn_cnmf.online import OnlineSeparator

heard = "gallant_duet"
trials, references = simulate_trials(
    load_example_stems(ensemble="duo"),
    n_subjects=1,
    n_repetitions=4,
    snr_db=-8.0,
    random_state=0,
)
fitting = [i for i, trial in enumerate(trials) if trial.stimulus != heard]
pipeline = Pipeline(
    [
        ("prepare", EEGPreparation(sfreq=None)),
        ("decode", EnvelopeDecoder(phase="forward", scale=None)),
        ("separate", ContrastiveNMF(random_state=0)),
    ]
).fit([trials[i] for i in fitting], [references[i] for i in fitting])

# %%
# The listener
# ------------
# One trial in which the violin is attended to, another one with the clarinet: the first
# half of one and the second half of the other.
violin, clarinet = (
    next(
        trial
        for trial, reference in zip(trials, references)
        if trial.stimulus == heard and trial.instruments[reference.attended] == name
    )
    for name in ("violin", "clarinet")
)
half = violin.eeg.shape[1] // 2
trial = replace(violin, eeg=np.hstack([violin.eeg[:, :half], clarinet.eeg[:, half:]]))
turn = half / trial.eeg_sfreq
print(f"{trial.mixture.shape[-1] / trial.audio_sfreq:.1f} s, turn at {turn:.1f} s")

# %%
# Streams
# -------
# Any chunks will do: here 20 ms of audio and what EEG there is until then.


def listen(half_life):
    """Everything that comes out, and the separator."""
    separator = OnlineSeparator(
        pipeline,
        instruments=trial.instruments,
        eeg_sfreq=trial.eeg_sfreq,
        half_life=half_life,
    )
    n_chunk, n_eeg, out = round(0.02 * trial.audio_sfreq), 0, []
    for first in range(0, len(trial.mixture), n_chunk):
        until = int((first + n_chunk) / trial.audio_sfreq * trial.eeg_sfreq)
        eeg = trial.eeg[:, n_eeg:until]
        if eeg.size:
            separator.push_eeg(eeg)
        n_eeg = max(n_eeg, until)
        attended, _ = separator.push_audio(trial.mixture[first : first + n_chunk])
        out.append(attended)
    out.append(separator.finish()[0])
    return np.concatenate(out), separator


fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
for half_life, color in ((3.0, "tab:orange"), (10.0, "tab:blue")):
    attended, separator = listen(half_life)
    column = trial.instruments.index("clarinet")
    ax.plot(
        separator.times,
        separator.probabilities[:, column],
        color=color,
        label=f"half-life {half_life:g} s",
    )
    if half_life == 3.0:
        followed = attended
ax.axvline(turn, color="0.5", linestyle="--")
ax.annotate("the listener turns", (turn, 1.0), (4, 2), textcoords="offset points")
ax.set(
    xlabel="Output (s)", ylabel="Probability of the clarinet", ylim=(0, 1.1), xmargin=0
)
ax.legend(loc="upper left")

# %%
# The sound with a half-life of 3 s
# ---------------------------------
# Both instruments are as loud until something is known. From the violin it turns to the
# clarinet.
print(f"Latency {separator.latency:.2f} s, and what it takes to compute")

# %%
# **What comes out**
Audio(followed, rate=round(trial.audio_sfreq))

# %%
# **The mixture**, for comparison
Audio(trial.mixture, rate=round(trial.audio_sfreq))
