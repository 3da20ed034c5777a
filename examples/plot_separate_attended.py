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
# The EEG is simulated, at a level that is easier than in recordings, so that one trial
# shows how things work. Each of twelve duets is heard twice: the listener attends to
# one instrument, then to the other.

from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.evaluation import attended_envelope
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.reporting import separation_figure

trials, references = simulate_trials(n_subjects=1, snr_db=-10.0, random_state=0)
print(trials[0])

# %%
# Leave one piece out
# -------------------
# Both trials of a piece are left out together: they share their stimulus.

held_out = "greensleeves"
train = [i for i, trial in enumerate(trials) if trial.stimulus != held_out]
test = [i for i, trial in enumerate(trials) if trial.stimulus == held_out]
pipeline = Pipeline(
    [
        ("decode", EnvelopeDecoder()),
        ("separate", ContrastiveNMF(100, delta=0.0, random_state=0)),
    ]
)
pipeline.fit([trials[i] for i in train], [references[i] for i in train])

# %%
# Separate
# --------

separated = pipeline.transform([trials[i] for i in test])
chosen = pipeline["separate"].predict_attended(separated)
for i, trial, name in zip(test, separated, chosen):
    reference = references[i]
    truth = reference.sources[reference.attended]
    gain = si_sdr(truth, trial.estimate[0]) - si_sdr(truth, trial.mixture)
    print(
        f"attended {trial.instruments[reference.attended]}, chosen {name}: "
        f"SI-SDR {gain:+.1f} dB over the mixture"
    )

# %%
# The envelope of the attended source, band-limited like the guide, is what the guide
# should have been.

reference = references[test[0]]
attended = trials[test[0]].instruments[reference.attended]
envelope = attended_envelope(pipeline["decode"], separated[0], reference)
separation_figure(
    separated[0],
    truth=envelope,
    title=f"{held_out}: simulated EEG of a listener to the {attended}",
    notes=(" + ".join(separated[0].instruments), "", f"chosen: {chosen[0]}"),
)
