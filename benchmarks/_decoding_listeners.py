"""Decoders of one listener against those of several, on real EEG.

Three listeners with two parts or more of the same speech (see the data's README).
Each part is left out for all listeners and matched, in windows of 5, 10 and 20 s,
against the speech of every other window of it. Decoders: of the listener's other parts;
of the other listeners' other parts (five in all); of both, each recording counting the
same; and of both, the listener's own counting three times. Right in percent, mean over
recordings, with the standard error of the difference to the own decoder.
"""

import warnings

import numpy as np

from sklearn_cnmf import EnvelopeDecoder

from .calibration import pairs_of_windows, recordings, trials_of

WINDOWS = (5.0, 10.0, 20.0)
KINDS = ("own", "others", "both", "own three times")


def main(folder):
    """Print the table."""
    warnings.filterwarnings("ignore", "alphas: the best value", UserWarning)
    everything = list(recordings(folder))
    found = {kind: [] for kind in KINDS}
    for recording in everything:
        listener, part = recording[:2]
        rest = [one for one in everything if one[1] != part]
        own = [one for one in rest if one[0] == listener]
        others = [one for one in rest if one[0] != listener]
        if not own:
            continue
        training = dict(zip(KINDS, (own, others, own + others, own * 3 + others)))
        for kind, recorded in training.items():
            pairs = [pair for one in recorded for pair in trials_of(one, 20.0)]
            decoder = EnvelopeDecoder()
            decoder.fit([t for t, _ in pairs], [r for _, r in pairs])
            of_windows = {s: pairs_of_windows(decoder, recording, s) for s in WINDOWS}
            found[kind].append(
                [
                    np.mean(
                        [
                            np.diff(z @ decoder.output_weights_)[0] < 0
                            for z in of_windows[seconds]
                        ]
                    )
                    for seconds in WINDOWS
                ]
            )
    n = len(found["own"])
    print(f"{n} recordings of 3 listeners; right in % at {WINDOWS} s")
    for kind, shares in found.items():
        shares = 100 * np.array(shares)
        lead = shares - 100 * np.array(found["own"])
        error = lead.std(axis=0, ddof=1) / np.sqrt(n)
        cells = "".join(
            f"{mean:8.1f} ({d:+.1f} +- {e:.1f})"
            for mean, d, e in zip(shares.mean(axis=0), lead.mean(axis=0), error)
        )
        print(f"{kind:18s}{cells}")
