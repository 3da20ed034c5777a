"""Every reader on truncated, bit-flipped and hostile files.

    python -m benchmarks.fuzz [--cases N] [--seed N] [--readers NAME ...] [--jobs N]

Each case damages one file of a sound set and reads it in another process, with a limit
of time and of memory. A reader may return what it finds, if the damage is such that the
file still says something, or raise a ValueError or OSError that names the file in fewer
than 1000 characters. Anything else is printed with the number of its case: other
exceptions, a crash of the interpreter, more than --seconds, more than --mib. The same
seed gives the same cases.
"""

import argparse
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
import warnings
from collections import Counter
from pathlib import Path

import joblib
import mne
import numpy as np
import pandas as pd
import soundfile
from scipy.io import savemat

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import (
    load_cnd,
    load_madeeg,
    load_trials,
    read_audio,
    read_eeg,
    save_trials,
    simulate_madeeg,
    trials_from_table,
)
from sklearn_cnmf.evaluation._store import DamagedUnitError, UnitStore
from sklearn_cnmf.model_io import load_model, read_model_info, save_model

HOSTILE_TEXT = (
    b"!!python/object/apply:os.system ['true']\n",
    b"&a [*a, *a]\n",
    b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n" * 9,
    b"[" * 5000,
    b"{" * 5000,
    b"9" * 5000,
    b"1e999",
    b"-inf",
    b"nan",
    b"\x00\x00\x00\x00",
    b"\xff\xfe\xfd",
    "\u202e\u0000é".encode(),
    b"../../../../../../etc/passwd",
    b"=HYPERLINK(1)",
    b'"unclosed',
    b",,,,,,,,,,",
)


def make_audio(folder, name):
    rng = np.random.default_rng(0)
    soundfile.write(folder / name, rng.uniform(-1, 1, (800, 2)), 8000)


def make_eeg(folder, name):
    rng = np.random.default_rng(0)
    info = mne.create_info(["Fz", "Cz", "STI"], 64.0, ["eeg", "eeg", "stim"])
    data = np.vstack([1e-5 * rng.standard_normal((2, 256)), np.arange(256) == 64])
    raw = mne.io.RawArray(data, info, verbose="error")
    if name.endswith(".fif"):
        raw.save(folder / name, verbose="error")
    else:
        mne.export.export_raw(folder / name, raw.pick("eeg"), verbose="error")


def make_table(folder):
    make_eeg(folder, "s_raw.fif")
    rng = np.random.default_rng(0)
    sources = rng.uniform(-0.4, 0.4, (2, 24000))
    for name, audio in (("mix", sources.sum(0)), ("a", sources[0]), ("b", sources[1])):
        soundfile.write(folder / f"{name}.wav", audio, 8000, subtype="FLOAT")
    row = {"eeg": "s_raw.fif", "onset": 0.5, "mixture": "mix.wav"}
    more = {"sources": "a.wav;b.wav", "instruments": "a;b", "attended": "a"}
    pd.DataFrame([{**row, **more}]).to_csv(folder / "trials.csv", index=False)


def make_trials(folder):
    rng = np.random.default_rng(0)
    trials, references = [], []
    for number in range(2):
        sources = rng.uniform(-1, 1, (2, 1600))
        trials.append(
            Trial(
                rng.standard_normal((3, 128)),
                64.0,
                sources.sum(axis=0),
                800.0,
                instruments=("a", "b"),
                stimulus=str(number),
            )
        )
        references.append(Reference(sources, 0))
    return trials, references


def make_saved(folder):
    save_trials(folder / "trials.h5", *make_trials(folder))


def make_model(folder):
    rng = np.random.default_rng(0)
    save_model(
        ContrastiveNMF(2, random_state=0, max_iter=5, tol=1.0).fit(
            rng.uniform(size=(20, 10)), guide=rng.uniform(size=20)
        ),
        folder / "model.skops",
    )


def make_decoder(folder):
    rng = np.random.default_rng(0)
    decoder = EnvelopeDecoder(alpha=1.0).fit(
        rng.standard_normal((400, 2)), rng.standard_normal(400)
    )
    save_model(decoder, folder / "model.skops")


def make_cnd(folder):
    rng = np.random.default_rng(0)
    envelopes, eeg = np.empty((1, 3), object), np.empty((1, 3), object)
    for trial in range(3):
        envelopes[0, trial] = rng.uniform(size=(64, 1))
        eeg[0, trial] = rng.standard_normal((64, 2))
    stim = {"data": envelopes, "fs": 64, "names": "envelope", "stimIdxs": [1, 2, 3]}
    savemat(folder / "dataStim.mat", {"stim": stim})
    savemat(folder / "dataSub1.mat", {"eeg": {"data": eeg, "fs": 64}})


def make_store(folder):
    UnitStore(folder).write("unit", {"values": [1.5, None, "x"], "deep": {"a": [[1]]}})


def make_madeeg(folder):
    simulate_madeeg(folder / "madeeg", n_subjects=1, random_state=0)


def read_saved(folder):
    trials, references = load_trials(folder / "trials.h5")
    return [trial.eeg for trial in trials], [r.sources for r in references]


def read_table(folder):
    trials, references, _ = trials_from_table(folder / "trials.csv", audio_sfreq=8000.0)
    # Without sources there are no references.
    return [trial.eeg for trial in trials], [r.sources for r in references or ()]


def read_madeeg(folder):
    trials, references, _ = load_madeeg(folder / "madeeg", ensembles=("duo",))
    return trials[0].eeg, references[0].sources


def read_store(folder):
    try:
        UnitStore(folder).read("unit")
    except DamagedUnitError as error:
        raise ValueError(str(error)) from error


def read_model(folder):
    read_model_info(folder / "model.skops")
    load_model(folder / "model.skops")


def audio(name):
    """Entry of the table for a format of audio."""
    return lambda f: make_audio(f, name), name, lambda f: read_audio(f / name)


def eeg(name):
    """Entry of the table for a format of EEG."""

    def read(folder):
        return read_eeg(folder / name, ["Fz", "Cz"], 0.5, 1.0)

    return lambda f: make_eeg(f, name), name, read


# Name: what makes the sound files, the files that are damaged, what reads them.
READERS = {
    "wav": audio("a.wav"),
    "flac": audio("a.flac"),
    "ogg": audio("a.ogg"),
    "fif": eeg("a_raw.fif"),
    "edf": eeg("a.edf"),
    "table": (make_table, "trials.csv", read_table),
    "saved": (make_saved, "trials.h5", read_saved),
    "model": (make_model, "model.skops", read_model),
    "decoder": (make_decoder, "model.skops", read_model),
    "cnd": (make_cnd, "data*.mat", load_cnd),
    "store": (make_store, "unit.json", read_store),
    "madeeg": (make_madeeg, "madeeg/*.*", read_madeeg),
}


def damaged(rng, sound):
    """Damage the bytes of a file in one of several ways; how, and the result."""
    content, n_bytes = bytearray(sound), len(sound)
    # Half of the damage is near the beginning, where formats say what is where.
    reach = n_bytes if rng.random() < 0.5 else min(n_bytes, 2048)
    start = int(rng.integers(max(reach, 1)))
    length = int(rng.integers(1, 65))
    ways = ("truncated", "bits", "zeros", "ones", "noise", "inserted", "removed")
    way = str(rng.choice([*ways, "swapped", "hostile", "empty"]))
    if way == "truncated":
        del content[start:]
    elif way == "bits":
        for place in rng.integers(max(reach, 1), size=rng.integers(1, 9)):
            content[place] ^= 1 << int(rng.integers(8))
    elif way in ("zeros", "ones"):
        filler = b"\0" if way == "zeros" else b"\xff"
        content[start : start + length] = filler * length
    elif way in ("noise", "inserted"):
        stop = start + length if way == "noise" else start
        content[start:stop] = rng.bytes(length)
    elif way == "removed":
        del content[start : start + length]
    elif way == "swapped":
        other = int(rng.integers(n_bytes))
        first, second = (bytes(content[i : i + length]) for i in (start, other))
        content[start : start + len(second)] = second
        content[other : other + len(first)] = first
    elif way == "hostile":
        text = HOSTILE_TEXT[int(rng.integers(len(HOSTILE_TEXT)))]
        content[start : start + int(rng.integers(2)) * len(text)] = text
    else:
        content.clear()
    return way, bytes(content)


def judge(read, folder, path, seconds):
    """Read once; what happened, and whether it may."""
    start = time.perf_counter()
    told, is_fine = "read", True
    try:
        read(folder)
    except (ValueError, OSError) as error:
        said, kind = str(error), type(error).__name__
        told = "refused"
        # What is wrong with the content of a table is said of the argument.
        if not any(name in said for name in (path.name, str(folder), "table: ")):
            told, is_fine = f"{kind} that names no file: {said[:300]}", False
        elif len(said) > 1000:
            told, is_fine = f"{kind} of {len(said)} characters: {said[:100]}", False
    except BaseException as error:
        told, is_fine = f"{type(error).__name__}: {str(error)[:300]}", False
    elapsed = time.perf_counter() - start
    if elapsed > seconds:
        told, is_fine = f"took {elapsed:.1f} s", False
    return told, is_fine


def work(name, seed, sound, cases, limits, connection):
    """Go through cases in a process of its own; tell each before and after."""
    warnings.simplefilter("ignore")
    mne.set_log_level("CRITICAL")
    seconds, mib = limits
    held = int(Path("/proc/self/statm").read_text().split()[0])
    limit = held * resource.getpagesize() + mib * 2**20
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    pattern, read = READERS[name][1:]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "files"
        shutil.copytree(sound, folder)
        paths = sorted(path for path in folder.glob(pattern) if path.is_file())
        contents = [path.read_bytes() for path in paths]
        for case in cases:
            rng = np.random.default_rng((seed, sorted(READERS).index(name), case))
            which = int(rng.integers(len(paths)))
            way, content = damaged(rng, contents[which])
            what = f"{paths[which].name}, {way}"
            connection.send((case, what, None, None))
            paths[which].write_bytes(content)
            connection.send((case, what, *judge(read, folder, paths[which], seconds)))
            paths[which].write_bytes(contents[which])


def outcomes(name, seed, sound, n_cases, limits):
    """What became of each case: (number, what was done to which file, told, fine)."""
    following, found = 0, []
    context = multiprocessing.get_context("fork")
    while following < n_cases:
        here, there = context.Pipe(duplex=False)
        arguments = (name, seed, sound, range(following, n_cases), limits, there)
        process = context.Process(target=work, args=arguments, daemon=True)
        process.start()
        there.close()
        last = None
        try:
            while here.poll(2 * limits[0] + 30):
                last = here.recv()
                if last[2] is not None:
                    found.append(last)
        except EOFError:
            process.join()
        else:
            process.kill()
            process.join()
        if last is None:
            raise RuntimeError(f"{name}: its process ended before the first case")
        if last[2] is None:
            ended = f"the process hung or ended, with {process.exitcode}"
            found.append((*last[:2], ended, False))
        following = last[0] + 1
    return found


def fuzzed(name, seed, n_cases, limits):
    """Damage the files of one reader and tell what it did."""
    with tempfile.TemporaryDirectory() as sound:
        READERS[name][0](Path(sound))
        READERS[name][2](Path(sound))
        return outcomes(name, seed, sound, n_cases, limits)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--cases", type=int, default=20_400, help="in all")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--readers", nargs="+", choices=READERS, default=list(READERS))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10.0, help="of a case")
    parser.add_argument("--mib", type=int, default=1024, help="beyond what is loaded")
    given = parser.parse_args()
    n_each = -(-given.cases // len(given.readers))
    limits = given.seconds, given.mib
    warnings.simplefilter("ignore")
    n_bad = 0
    found = joblib.Parallel(given.jobs, return_as="generator")(
        joblib.delayed(fuzzed)(name, given.seed, n_each, limits)
        for name in given.readers
    )
    for name, cases in zip(given.readers, found):
        fine = Counter(told for _, _, told, is_fine in cases if is_fine)
        bad = [case for case in cases if not case[3]]
        n_bad += len(bad)
        print(
            f"{name:10}{len(cases):6} cases", dict(fine), f"{len(bad)} bad", flush=True
        )
        for told, n in Counter(case[2] for case in bad).most_common(12):
            number, what = next(case[:2] for case in bad if case[2] == told)
            print(f"    {n} x {told}\n        first: case {number}, {what}", flush=True)
    return n_bad > 0


if __name__ == "__main__":
    sys.exit(main())
