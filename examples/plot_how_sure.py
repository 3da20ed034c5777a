"""
How sure is a choice, and when to withhold it
=============================================

A decoder says how likely each instrument is the attended one. Whether these
probabilities can be trusted is a question of its own: of all choices made at 80 %,
80 % should be right. Where they can, a threshold trades how many trials are decided
for how many of these are wrong. The EEG is SIMULATED; decoded
envelopes correlate with the true ones as in published recordings.
"""

# %%
# Choices in trials of new stimuli
# --------------------------------
# Three listeners attend to one instrument of each duo after the other. The decoder of
# each is tested on stimuli that it did not see. Here it chooses among the true sources,
# so that nothing but decoding is judged.
import matplotlib.pyplot as plt

from sklearn_cnmf import EnvelopeDecoder
from sklearn_cnmf.datasets import simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold
from sklearn_cnmf.reporting import CalibrationDisplay, RiskCoverageDisplay

trials, references = simulate_trials(n_subjects=3, n_repetitions=2, random_state=0)
probabilities, attended = [], []
for subject in sorted({trial.subject for trial in trials}):
    own = [i for i, trial in enumerate(trials) if trial.subject == subject]
    heard = [trials[i] for i in own]
    for train, test in StimulusKFold(4).split(heard):
        decoder = EnvelopeDecoder(feature="envelope")
        decoder.fit([heard[i] for i in train], [references[own[i]] for i in train])
        truth = [references[own[i]] for i in test]
        probabilities += decoder.predict_proba(
            [heard[i] for i in test], [reference.sources for reference in truth]
        )
        attended += [reference.attended for reference in truth]
n_right = sum(p.argmax() == i for p, i in zip(probabilities, attended))
print(f"right: {n_right} of {len(attended)} choices (simulated EEG, chance 1 in 2)")

# %%
# Are they calibrated?
# --------------------
# Trials are sorted into bins by the probability of the chosen instrument. The bars are
# exact 95 % intervals: with few trials in a bin, much is within chance.
_, ax = plt.subplots(figsize=(6, 4.5), layout="constrained")
CalibrationDisplay.from_predictions(probabilities, attended, ax=ax)

# %%
# What does withholding buy?
# --------------------------
# From the surest choice on, ever less sure ones are decided as well.
_, ax = plt.subplots(figsize=(6, 3), layout="constrained")
RiskCoverageDisplay.from_predictions(probabilities, attended, ax=ax)
