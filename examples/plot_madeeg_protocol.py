"""
MAD-EEG: decoders trained on solos, tested on duos
==================================================

In the study that published MAD-EEG, each listener got a decoder for every instrument,
trained on the solos that the listener heard, and the instrument whose decoder agreed
best with its source was taken to be the attended one of a duo. Here is that protocol,
with chance beside it. It runs on a small folder of the same layout whose listeners are
SIMULATED; set ``MADEEG`` in the environment to the folder of yours and it runs on that.
"""

# %%
# The recordings
# --------------
# Trials stay on disk until they are used. Solos are cut from the raw recordings; so
# that training and test see EEG of one kind, the duos are taken from there, too.

import os
import tempfile

from sklearn_cnmf.datasets import load_example_stems, load_madeeg, simulate_madeeg

folder = os.environ.get("MADEEG")
if folder is None:
    temporary = tempfile.TemporaryDirectory()
    folder = os.path.join(temporary.name, "madeeg")
    pieces = load_example_stems(ensemble="duo")[:4]
    simulate_madeeg(
        folder, n_subjects=2, pieces=pieces, excerpt=5.0, snr_db=-10.0, random_state=0
    )

solos, solo_references, _ = load_madeeg(folder, split="raw", ensembles=("solo",))
duos, references, table = load_madeeg(folder, split="raw")
print(table[["subject", "stimulus", "target", "duration", "twin"]].to_string())

# %%
# Could anyone tell?
# ------------------
# Before any EEG is looked at: how alike the two sources of a duo are, and how often a
# decoder that follows the attended one to a given correlation could be right at most.

from sklearn_cnmf.evaluation import audit_separability

mixtures = [i for i, twin in enumerate(table["stimulus"].duplicated()) if not twin]
audit = audit_separability(
    [duos[i] for i in mixtures], [references[i] for i in mixtures], random_state=0
)
print(audit)

# %%
# One decoder for each listener and instrument
# --------------------------------------------
# Raw EEG of different kinds of trials differs in its artefacts; scaling per channel and
# recording, which :class:`~sklearn_cnmf.EnvelopeDecoder` does by default, is enough
# here. Of a duo whose instruments the listener never heard alone, nothing is decided.

from sklearn_cnmf import EnvelopeDecoder

decided = []
for subject in sorted(set(table["subject"])):
    own = [i for i, trial in enumerate(solos) if trial.subject == subject]
    decoder = EnvelopeDecoder(per_instrument=True, alpha=1.0)
    decoder.fit([solos[i] for i in own], [solo_references[i] for i in own])
    known = {solos[i].instruments[0] for i in own}
    tested = [
        i
        for i, trial in enumerate(duos)
        if trial.subject == subject and known.issuperset(trial.instruments)
    ]
    chosen = decoder.predict_attended(
        [duos[i] for i in tested], [references[i] for i in tested]
    )
    hits = [name == table["target"][i] for i, name in zip(tested, chosen)]
    decided += list(zip(tested, hits))
    print(f"{subject}: {sum(hits)} of {len(hits)} duos right")

# %%
# What that is worth
# ------------------
# Trials of one listener and mixture, with either instrument attended, are twins: a
# decoder that always prefers one instrument is right for one of each pair, so that
# pairs in which both are right, against those in which both are wrong, are an exact
# test. Trials of one listener or one stimulus are not independent, either; a bootstrap
# over both says what remains.

from sklearn_cnmf.evaluation import selection_accuracy, twin_test

order = {index: place for place, (index, _) in enumerate(decided)}
hits = [bool(hit) for _, hit in decided]
pairs = [
    (order[i], order[table["twin"][i]])
    for i in order
    if table["twin"][i] in order and i < table["twin"][i]
]
print(
    selection_accuracy(
        hits,
        0.5,
        subjects=[table["subject"][i] for i in order],
        stimuli=[table["stimulus"][i] for i in order],
    )
)
print(twin_test(hits, pairs))

# %%
# The solos are those of the pieces that are tested, as in the published protocol: a
# decoder may have learned what a piece sounds like. Decoders that are trained on other
# stimuli than they are tested on (:class:`~sklearn_cnmf.evaluation.StimulusKFold`)
# answer that. On the recordings themselves, an independent analysis that held out whole
# trials found 48 to 56 %.

# %%
# The whole path, without a reference at test time
# ------------------------------------------------
# What the publication claims goes one step further: the instrument is separated, and
# attention decoded, without its reference. Here, a model for each listener is trained
# on duos of other stimuli, and tested beside separation that comes first and a choice
# that follows; no solo takes part. With a few short trials most claims stay open. On
# whole recordings, leave out ``baselines`` and ``controls`` to see all of them.

from sklearn.pipeline import make_pipeline

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.evaluation import evaluate

result = evaluate(
    make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(50)),
    duos,
    references,
    cv=2,
    baselines=("mixture", "random-choice", "sequential"),
    controls=("phase-randomised-eeg",),
    metrics=("si_sdr_improvement",),
    conditions=table[["genre"]],
)
print(result.summary())
print()
print(*result.claims(), sep="\n")

# %%
# A dot for each listener, the mean and its interval above.

import matplotlib.pyplot as plt

from sklearn_cnmf.reporting import EvaluationDisplay

_, (left, right) = plt.subplots(1, 2, figsize=(9, 3.5), layout="constrained")
EvaluationDisplay.from_predictions(result, ax=left)
EvaluationDisplay.from_predictions(result, "correct", ax=right)
