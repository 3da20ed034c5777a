"""Figures of the decoder: speed, real EEG, and what is beyond ridge regression.

    python -m benchmarks.decoding speed [--repeats N]
    python -m benchmarks.decoding eeg
    python -m benchmarks.decoding compare [--subjects N]
    python -m benchmarks.decoding listeners

"speed" times the decoder beside mTRFpy (``pip install mtrf``) and MNE in one run, with
equal results asserted. "eeg" decodes the shared recording of real EEG, one part left
out, with permutation p values. "compare" chooses between candidates in the same
recording and in simulated trials, with other features and models. "listeners" compares
decoders of one listener with those of several, on the real EEG of five.
"""

import argparse
import os
import time
from pathlib import Path

import numpy as np

from . import (
    _decoding_compare,
    _decoding_eeg,
    _decoding_listeners,
    _decoding_speed,
)


def data_folder():
    """Where the shared recordings are."""
    default = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("SKLEARN_CNMF_SHARED_DATA", default))


def recording():
    """The shared recording of real EEG."""
    folder = data_folder()
    path = folder / "eeg_speech_64ch_64Hz_3x90s.npz"
    if not path.exists():
        raise SystemExit(f"{path.name} is not in {folder}")
    with np.load(path) as data:
        return {name: data[name] for name in data.files}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("speed", "eeg", "compare", "listeners"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--subjects", type=int, default=12)
    options = parser.parse_args()
    start = time.perf_counter()
    if options.what == "speed":
        _decoding_speed.main(options.repeats)
    elif options.what == "eeg":
        _decoding_eeg.main(recording())
    elif options.what == "listeners":
        _decoding_listeners.main(data_folder())
    else:
        _decoding_compare.compare_real(recording())
        _decoding_compare.compare_simulated(options.subjects)
    print(f"# {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
