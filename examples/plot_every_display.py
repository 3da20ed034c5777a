"""
Every display
=============

Displays follow scikit-learn: ``from_estimator`` computes and draws,
``from_predictions`` draws what was computed, ``plot`` draws again. A figure of their
own is one column of a journal wide; here they get axes with more room. All EEG is
SIMULATED.
"""

# %%
# What is drawn
# -------------
# A decoder and a separator of one listener, trained on ten duos, and two others to be
# tested on.
import tempfile
import warnings

import librosa
import matplotlib.pyplot as plt
import mne
import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, reporting
from sklearn_cnmf.datasets import load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold, evaluate
from sklearn_cnmf.metrics import probability_scorer
from sklearn_cnmf.separation import MisfitWarning

warnings.simplefilter("ignore", MisfitWarning)
warnings.simplefilter("ignore", ConvergenceWarning)
trials, references = simulate_trials(n_subjects=1, snr_db=-15.0, random_state=0)
cache = tempfile.TemporaryDirectory()  # filtered EEG and features, for all that follows
decoder = EnvelopeDecoder(memory=cache.name).fit(trials[:20], references[:20])
separator = ContrastiveNMF(100, choice_window=8.0, random_state=0)
separator.fit(trials[:20], references[:20])
trial, reference = trials[20], references[20]
(guided,) = decoder.transform([trial])


def wide(height):
    """Return axes of seven inches."""
    return plt.subplots(figsize=(7, height), layout="constrained")[1]


# %%
# The guide beside the truth
# --------------------------
# What was decoded, and what should have been.
reporting.GuideDisplay.from_predictions(guided, reference, tmax=10.0, ax=wide(2.2))

# %%
# Candidates over time
# --------------------
# How well the guide supports each instrument, and how likely each is.
reporting.CandidatesDisplay.from_estimator(separator, guided, ax=wide(3.5))

# %%
# What was separated
# ------------------
# Spectrograms on one scale.
reporting.SeparationDisplay.from_estimator(separator, guided, reference, ax=wide(6))

# %%
# Weights and patterns of a decoder
# ---------------------------------
# Weights say how the EEG is combined, patterns where it comes from.
info = mne.create_info(list(trial.ch_names), 64.0, "eeg").set_montage("biosemi64")
reporting.DecoderDisplay.from_estimator(decoder, info, ax=wide(4.5))

# %%
# Probabilities that hold
# -----------------------
# Of all choices made at 80 %, 80 % should be right. With 24 trials, bars are long.
cv = StimulusKFold(4)
probabilities, attended = [], []
for train, test in cv.split(trials):
    decoder.fit([trials[i] for i in train], [references[i] for i in train])
    truth = [references[i] for i in test]
    probabilities += decoder.predict_proba(
        [trials[i] for i in test], [own.sources for own in truth]
    )
    attended += [own.attended for own in truth]
reporting.CalibrationDisplay.from_predictions(probabilities, attended, ax=wide(4))

# %%
# What withholding buys
# ---------------------
reporting.RiskCoverageDisplay.from_predictions(probabilities, attended, ax=wide(2.5))

# %%
# How long to listen
# ------------------
decoder.fit(trials[:12], references[:12])
reporting.WindowLengthDisplay.from_estimator(
    decoder, trials[12:], references[12:], windows=(3.0, 6.0, 12.0, 24.0), ax=wide(2.5)
)

# %%
# A search
# --------
# Bars are the standard error of the difference to the choice: where they reach it, the
# data do not say which is better.
search = GridSearchCV(
    EnvelopeDecoder(feature="envelope", alpha=0.1, memory=cache.name),
    {"tmax": [0.1, 0.2, 0.3, 0.4]},
    scoring=probability_scorer(),
    cv=cv,
    error_score="raise",
).fit(trials, references)
reporting.SearchDisplay.from_estimator(search, ax=wide(2.5))

# %%
# Methods side by side
# --------------------
# A dot for each listener, the mean and its interval above, and what methods are
# measured by as lines.
pieces = load_example_stems(ensemble="duo")[:4]
many = simulate_trials(
    pieces, n_subjects=4, n_repetitions=1, snr_db=-12.0, random_state=0
)
result = evaluate(
    make_pipeline(EnvelopeDecoder(alpha=0.1), ContrastiveNMF(30, random_state=0)),
    *many,
    cv=2,
    metrics=("si_sdr_improvement",),
    baselines=("mixture", "hard", "known-choice", "ratio-mask", "random-choice"),
    controls=("other-trial-eeg",),
)
reporting.EvaluationDisplay.from_predictions(result, ax=wide(3.5))

# %%
# The cost of a factorisation
# ---------------------------
# Of the spectrogram of a duo; the guide is the envelope of one instrument.
piece = load_example_stems(ensemble="duo")[1]
X = np.abs(librosa.stft(piece.mixture, hop_length=1024)).T
guide = np.abs(librosa.stft(piece.stems[0], hop_length=1024)).sum(axis=0)
nmf = ContrastiveNMF(24, delta=0.5, random_state=0).fit(X, guide=guide)
reporting.ObjectiveDisplay.from_estimator(nmf, ax=wide(2.5))

# %%
# When components sound
# ---------------------
reporting.ActivationsDisplay.from_estimator(
    nmf, X, frame_rate=piece.sfreq / 1024, ax=wide(3)
)

cache.cleanup()
