"""
Ten minutes: from two lists to a separated instrument
=====================================================

This is one path through the package, to be read from top to bottom. You will look at
trials, decode from EEG what a listener attended to, separate it, hear it, and find out
whether the result is more than chance. The EEG is SIMULATED; with your own recordings
only the first step is another. What is decoded here correlates with the true envelopes
as in published recordings (r of about 0.12). How often choices are right is another
matter: an independent analysis of MAD-EEG found them at or near chance.
"""

# %%
# Two lists
# ---------
# All methods take a list of trials: what is known when a prediction is made, EEG and
# the mixture that was heard. Training and scoring take a list of references beside it,
# in the same order: the isolated sources of each mixture, and which one was attended.
import matplotlib.pyplot as plt
from IPython.display import Audio

from sklearn_cnmf.datasets import simulate_trials

trials, references = simulate_trials(n_subjects=1, random_state=0)  # simulated EEG
print(len(trials), "trials. The first:")
print(trials[0])
attended = [
    trial.instruments[reference.attended]
    for trial, reference in zip(trials, references)
]
print("attended:", attended[0])

# %%
# The listener heard each of twelve duets twice, and attended to one instrument, then to
# the other.
#
# **The first mixture**
Audio(trials[0].mixture, rate=round(trials[0].audio_sfreq))

# %%
# Leave a stimulus out
# --------------------
# Both trials of a duet share their ``stimulus``, and belong on one side of any split:
# a decoder that was trained on a piece knows it. So
# :class:`~sklearn_cnmf.evaluation.StimulusKFold` leaves out whole stimuli.
from sklearn_cnmf.evaluation import StimulusKFold

train, test = next(StimulusKFold(4).split(trials))
print("left out:", sorted({trials[i].stimulus for i in test}))

# %%
# Decode
# ------
# :class:`~sklearn_cnmf.EnvelopeDecoder` learns to reconstruct from EEG the envelope of
# the attended instrument. ``transform`` returns the trials with a *guide*: what the
# decoder believes that instrument did.
from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.reporting import GuideDisplay

decoder = EnvelopeDecoder()
decoder.fit([trials[i] for i in train], [references[i] for i in train])
guided = decoder.transform([trials[i] for i in test])
print(guided[0])
trial, reference = trials[test[0]], references[test[0]]
_, ax = plt.subplots(figsize=(7, 2.5), layout="constrained")
GuideDisplay.from_estimator(decoder, trial, reference, tmax=10.0, ax=ax)

# %%
# These are its first ten seconds; the correlation is that of the whole trial. It is as
# small as in recordings, and over half a minute it is still evidence.
#
# Separate
# --------
# :class:`~sklearn_cnmf.ContrastiveNMF` learns how each instrument sounds, from the
# references of the other pieces, explains a new mixture with it, and asks the guide
# which of the instruments was attended. Decoder and separator make a pipeline. The
# folder that ``memory`` names keeps filtered EEG and explained mixtures, so that
# neither is made twice; 80 spectra an instrument, rather than 300, keep this page
# quick. Some pieces hold notes that no other piece has; a warning would name them each
# time, and is left out here.
import tempfile
import warnings

from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.separation import MisfitWarning

warnings.simplefilter("ignore", MisfitWarning)
cache = tempfile.TemporaryDirectory()
pipeline = Pipeline(
    [
        ("decode", EnvelopeDecoder(memory=cache.name)),
        ("separate", ContrastiveNMF(80, memory=cache.name, random_state=0)),
    ]
)
pipeline.fit([trials[i] for i in train], [references[i] for i in train])
held_out = [trials[i] for i in test]
separated = pipeline.transform(held_out)
for i, trial, p in zip(test, separated, pipeline.predict_proba(held_out)):
    likely = ", ".join(f"{n} {q:.2f}" for n, q in zip(trial.instruments, p))
    print(f"{trial.stimulus}: attended {attended[i]}; {likely}")

# %%
# See and hear it
# ---------------
# All spectrograms have one scale.
from sklearn_cnmf.reporting import SeparationDisplay

# sphinx_gallery_thumbnail_number = 2
_, ax = plt.subplots(figsize=(7, 6), layout="constrained")
SeparationDisplay.from_predictions(separated[0], reference, ax=ax)

# %%
# **The attended instrument, as it was separated**
Audio(separated[0].estimate[0], rate=round(separated[0].audio_sfreq))

# %%
# **The rest.** Where the decoder was not sure, both are mixed by their probabilities.
Audio(separated[0].estimate[1], rate=round(separated[0].audio_sfreq))

# %%
# Score it
# --------
# Scorers compare the pipeline's estimates with the references. ``cross_validate``
# leaves each stimulus out once. Two questions have two scores: how much better than the
# mixture is what the listener gets (SI-SDR gain in dB), and how often is the right
# instrument chosen?
import numpy as np
from sklearn.model_selection import cross_validate

from sklearn_cnmf.metrics import attention_scorer, separation_scorer

gain, right = separation_scorer("si_sdr"), attention_scorer()
scores = cross_validate(
    pipeline,
    trials,
    references,
    cv=StimulusKFold(4),
    scoring={"gain": gain, "right": right},
    return_estimator=True,
    return_indices=True,
    error_score="raise",
)
print(f"SI-SDR gain: {np.mean(scores['test_gain']):.1f} dB, mean of 4 folds")
print(
    f"right instrument: {100 * np.mean(scores['test_right']):.0f} % of {len(trials)} "
    "trials, chance 50 %"
)

# %%
# Is it more than chance?
# -----------------------
# A figure means little without its null. Let the fitted models see EEG that runs
# backwards: it is as strong and as slow as before, but has nothing to do with the
# sound. What is left needs no EEG.
from dataclasses import replace

backwards = [replace(trial, eeg=trial.eeg[:, ::-1]) for trial in trials]
null = []
for model, fold in zip(scores["estimator"], scores["indices"]["test"]):
    of_fold = [backwards[i] for i in fold], [references[i] for i in fold]
    null.append((gain(model, *of_fold), right(model, *of_fold)))
null_gain, null_right = np.mean(null, axis=0)
print(f"EEG backwards: {null_gain:.1f} dB, right in {100 * null_right:.0f} %")

# %%
# Of 24 trials, 29 to 71 % are right by chance (95 %, binomial). The gain is below zero,
# since a wrong choice costs more than a right one brings.
#
# :func:`~sklearn_cnmf.evaluation.evaluate` does this for all subjects, with more
# baselines and controls, intervals and tests, from Python or by ``sklearn-cnmf
# evaluate``.
#
# Keep the model
# --------------
# Files of models hold no code; they are safe to share.
from pathlib import Path

from sklearn_cnmf.model_io import load_model, save_model

file = Path(cache.name, "model.skops")
save_model(pipeline, file)
again = load_model(file)
print("the same:", np.array_equal(again.predict(held_out)[0], separated[0].estimate[0]))
cache.cleanup()

# %%
# Now with your own recording
# ---------------------------
# A table says which sound was heard when, and who was attended;
# :func:`~sklearn_cnmf.datasets.trials_from_table` makes both lists of it, from EEG in
# any format that MNE reads: :doc:`/recordings`. Then :doc:`/trust` is worth reading
# before the first figure is believed.
