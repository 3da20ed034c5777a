"""A recording of EEG, played as a stream: the process of its own.

It prints the clock's time of the first sample, and ends with its standard input.
"""

import sys

from ..datasets._raw import open_raw


def main() -> None:
    """Play ``argv[1]`` once as the stream ``argv[2]``, after ``argv[3]`` seconds."""
    import mne
    import numpy as np
    from mne_lsl.lsl import local_clock
    from mne_lsl.player import PlayerLSL

    path, name, lead = sys.argv[1], sys.argv[2], float(sys.argv[3])
    raw = open_raw(path).load_data(verbose="error")
    # Time to connect: the first sample, held.
    n_before = round(lead * raw.info["sfreq"])
    held = np.repeat(raw.get_data()[:, :1], n_before, axis=1)
    before = mne.io.RawArray(held, raw.info, verbose="error")
    raw = mne.concatenate_raws([before, raw], verbose="error")
    raw.set_annotations(None)
    player = PlayerLSL(raw, chunk_size=4, n_repeat=1, name=name, source_id=name)
    player.start()
    # Of the samples pushed at once, the last one is stamped with their end.
    print(local_clock() + (n_before + 1) / raw.info["sfreq"], flush=True)
    sys.stdin.read()
    player.stop()


if __name__ == "__main__":
    main()
