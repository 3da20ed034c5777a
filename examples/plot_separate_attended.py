"""
Separate the instrument that a listener attends to
==================================================

From EEG and a mixture to the attended instrument, in two steps: an
:class:`~sklearn_cnmf.EnvelopeDecoder` reconstructs from the EEG what the attended
instrument does over time, and :class:`~sklearn_cnmf.ContrastiveNMF` uses this guide to
choose and to separate the instrument. Neither sees the isolated sources of the piece
it is tested on.
"""

# %%
# A listener to duets
# -------------------
# The EEG is SIMULATED; what is decoded correlates with the true envelopes as in
# published recordings (r of about 0.12). Each of twelve duets is heard twice: the
# listener attends to one instrument, then to the other.

import warnings

import matplotlib.pyplot as plt
from IPython.display import Audio
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.evaluation import attended_envelope
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.reporting import separation_figure
from sklearn_cnmf.separation import MisfitWarning
from sklearn_cnmf.signals import pearson_r

trials, references = simulate_trials(n_subjects=1, random_state=0)
print(trials[0])

# %%
# Leave one piece out
# -------------------
# Both trials of a piece are left out together: they share their stimulus. The piece
# holds some notes that no other one does; a warning of it is left out here.

warnings.simplefilter("ignore", MisfitWarning)
held_out = "greensleeves"
train = [i for i, trial in enumerate(trials) if trial.stimulus != held_out]
test = [i for i, trial in enumerate(trials) if trial.stimulus == held_out]
pipeline = Pipeline(
    [("decode", EnvelopeDecoder()), ("separate", ContrastiveNMF(random_state=0))]
)
pipeline.fit([trials[i] for i in train], [references[i] for i in train])

# %%
# Separate
# --------
# ``transform`` returns trials with the guide and the estimate; ``separate`` of the last
# step tells all that was found on the way.

separated = pipeline.transform([trials[i] for i in test])
found = pipeline["separate"].separate(separated)
for i, trial, separation in zip(test, separated, found):
    reference = references[i]
    truth = reference.sources[reference.attended]
    gain = si_sdr(truth, trial.estimate[0]) - si_sdr(truth, trial.mixture)
    likely = dict(
        zip(separation.instruments, separation.probabilities.round(2).tolist())
    )
    print(
        f"attended: {trial.instruments[reference.attended]}; {likely}; "
        f"SI-SDR {gain:+.1f} dB over the mixture"
    )

# %%
# From the EEG to the instrument
# ------------------------------
# The envelope of the attended source, band-limited like the guide, is what the guide
# should have been. A correlation as low as this one is enough to tell the instruments
# apart over half a minute, if not to be sure. The figure shows the first of four
# repetitions; correlation, probabilities and gain are those of the whole trial.

trial, reference, separation = separated[0], references[test[0]], found[0]
truth = reference.sources[reference.attended]
gain = si_sdr(truth, trial.estimate[0]) - si_sdr(truth, trial.mixture)
attended = trial.instruments[reference.attended]
envelope = attended_envelope(pipeline["decode"], trial, reference)
r = pearson_r(envelope, trial.guide[0])
figure = separation_figure(
    trial,
    truth=envelope,
    title=f"SIMULATED EEG of a listener to the {attended} of {held_out}",
    notes=(
        " + ".join(trial.instruments),
        f"Pearson r = {r:.2f}",
        f"SI-SDR gain {gain:+.1f} dB",
    ),
    separation=separation,
    figure=plt.figure(figsize=(8.5, 7.5)),
)
figure.axes[0].set_xlim(0, trial.mixture.shape[-1] / trial.audio_sfreq / 4)

# %%
# Listen
# ------
# **The mixture**

Audio(trial.mixture, rate=round(trial.audio_sfreq))

# %%
# **What was separated for the listener**

Audio(trial.estimate[0], rate=round(trial.audio_sfreq))

# %%
# **The attended instrument alone**, which the pipeline never heard

Audio(truth, rate=round(trial.audio_sfreq))
