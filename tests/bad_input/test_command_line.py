# ruff: noqa: E501
"""Commands that can't be carried out: one line, status 2, nothing written.

Words with braces are paths in the folder of good data; {new} is one that is not there.
"""

import os

import pytest

from sklearn_cnmf.cli import main

SEPARATE = "separate --model {decoder} --eeg {eeg} --mixture {wav} --out {new}"
LIVE = "live --model {live} --eeg-stream none --audio {wav} --out {new}.wav"
ROWS = [
    ("no command", "", "required: COMMAND"),
    ("unknown command", "seperate", "invalid choice: 'seperate'"),
    ("unknown option", "demo --out {new} --verbose", "unrecognized arguments: --verbose"),
    # demo.
    ("demo no out", "demo", "required: --out"),
    ("demo out a file", "demo --out {text}", "text"),
    ("demo out a full folder", "demo --out {folder}", "not empty"),
    ("demo subjects zero", "demo --out {new} --subjects 0", "--subjects: at least 1 is expected, got 0"),
    ("demo subjects text", "demo --out {new} --subjects two", "--subjects: ... 'two'"),
    ("demo jobs zero", "demo --out {new} --jobs 0", "--jobs: at least 1 is expected, got 0"),
    ("demo seed negative", "demo --out {new} --seed -1", "--seed: at least 0 is expected, got -1"),
    ("demo snr NaN", "demo --out {new} --snr-db nan", "--snr-db: ... nan"),
    ("demo level", "demo --out {new} --level loud", "--level: invalid choice: 'loud'"),
    ("demo level and snr", "demo --out {new} --level clear --snr-db 0", "not allowed with"),
    # data.
    ("data none", "data {new}", "new"),
    ("data text", "data {text}", "text"),
    ("data audio", "data {wav}", "a.wav"),
    ("data empty", "data {nothing}", "nothing"),
    ("data model", "data {decoder}", "decoder.skops"),
    ("data folder of nothing", "data {empty}", "empty"),
    ("data gains of trials", "data {trials} --fit-gains", "fit-gains"),
    # separate.
    ("separate no model", "separate --out {new}", "required: --model"),
    ("separate nothing to do", "separate --model {decoder} --out {new}", "--eeg"),
    ("separate eeg alone", "separate --model {decoder} --eeg {eeg} --out {new}", "--mixture"),
    ("separate table and eeg", SEPARATE + " --table {text}", "--table"),
    ("separate model none", SEPARATE.replace("{decoder}", "{new}"), "new"),
    ("separate model text", SEPARATE.replace("{decoder}", "{text}"), "text: not a model file"),
    ("separate model a folder", SEPARATE.replace("{decoder}", "{empty}"), "empty"),
    ("separate model a decoder", SEPARATE, "decoder.skops: ... EnvelopeDecoder"),
    ("separate model of arrays", SEPARATE.replace("{decoder}", "{array}"), "array.skops: ... EnvelopeDecoder"),
    ("separate eeg none", SEPARATE.replace("{decoder}", "{model}").replace("{eeg}", "{new}"), "new"),
    ("separate eeg text", SEPARATE.replace("{decoder}", "{model}").replace("{eeg}", "{text}"), "text: MNE can't read it as EEG"),
    ("separate mixture text", SEPARATE.replace("{decoder}", "{model}").replace("{wav}", "{text}"), "text: can't be read as audio"),
    ("separate mixture empty", SEPARATE.replace("{decoder}", "{model}").replace("{wav}", "{silence}"), "empty.wav: the audio is empty"),
    ("separate onset late", SEPARATE.replace("{decoder}", "{model}") + " --onset 60", "onset"),
    ("separate onset text", SEPARATE + " --onset soon", "--onset: ... 'soon'"),
    ("separate onset NaN", SEPARATE + " --onset nan", "onset: expected a finite number >= 0, got nan"),
    ("separate instruments unknown", SEPARATE.replace("{decoder}", "{model}") + " --instruments tuba,harp", "tuba"),
    ("separate instruments twice", SEPARATE.replace("{decoder}", "{model}") + " --instruments flute,flute", "flute"),
    ("separate instruments empty", SEPARATE.replace("{decoder}", "{model}") + " --instruments ,", "instruments: the model does not know ''"),
    ("separate out exists", SEPARATE.replace("{new}", "{folder}"), "not empty"),
    ("separate out a file", SEPARATE.replace("{new}", "{text}"), "text"),
    ("separate table text", "separate --model {model} --table {text} --out {new}", "table: has no rows"),
    ("separate table none", "separate --model {model} --table {new} --out {new}", "new"),
    # evaluate.
    ("evaluate kind", "evaluate --data mp3:{wav} --out {new}", "--data: ... 'mp3"),
    ("evaluate no path", "evaluate --data trials: --out {new}", "--data"),
    ("evaluate simulated path", "evaluate --data simulated:{wav} --out {new}", "--data"),
    ("evaluate none", "evaluate --data trials:{missing} --out {new}", "missing"),
    ("evaluate text", "evaluate --data trials:{text} --out {new}", "text"),
    ("evaluate table text", "evaluate --data table:{text} --out {new}", "table: has no rows"),
    ("evaluate bids of nothing", "evaluate --data bids:{empty} --out {new}", "empty"),
    ("evaluate madeeg of nothing", "evaluate --data madeeg:{empty} --out {new}", "empty"),
    ("evaluate scheme", "evaluate --data simulated --out {new} --scheme loso", "--scheme: invalid choice"),
    ("evaluate folds one", "evaluate --data trials:{trials} --out {new} --folds 1", "cv: expected a whole number >= 2, got 1"),
    ("evaluate folds many", "evaluate --data trials:{trials} --out {new} --folds 9", "9"),
    ("evaluate subjects many", "evaluate --data trials:{trials} --out {new} --subjects 9", "9 ... 2"),
    ("evaluate deltas", "evaluate --data trials:{trials} --out {new} --deltas 1,a", "--deltas: expected numbers between commas, got '1,a'"),
    ("evaluate deltas empty", "evaluate --data trials:{trials} --out {new} --deltas ,", "--deltas"),
    ("evaluate candidates none", "evaluate --data trials:{trials} --out {new} --candidates {missing}", "missing"),
    ("evaluate store a file", "evaluate --data trials:{trials} --out {new} --store {text}", "text"),
    ("evaluate scheduler", "evaluate --data trials:{trials} --out {new} --scheduler tcp://x:1", "--scheduler"),
    ("evaluate snr of recordings", "evaluate --data trials:{trials} --out {new} --snr-db 0", "--snr-db"),
    ("evaluate out exists", "evaluate --data trials:{trials} --out {folder}", "not empty"),
    ("evaluate listen negative", "evaluate --data trials:{trials} --out {new} --listen -1", "--listen: at least 0 is expected, got -1"),
    # report.
    ("report none", "report {new}", "new"),
    ("report a file", "report {text}", "text"),
    ("report of nothing", "report {empty}", "empty"),
    ("report out a folder", "report {empty} --out {folder}", "exists, and nothing is overwritten"),
    ("report out", "report {empty} --out {text}", "text: exists, and nothing is overwritten"),
    # live.
    ("live nothing", "live", "required: --model, --audio, --out"),
    ("live no eeg", "live --model {live} --audio {wav} --out {new}.wav", "one of the arguments --eeg-stream --replay is required"),
    ("live two eegs", LIVE + " --replay {eeg}", "--replay: not allowed with argument --eeg-stream"),
    ("live eeg without a name", LIVE.replace("none", "{no_name}"), "--eeg-stream: the name of a stream is missing"),
    ("live model none", LIVE.replace("{live}", "{new}"), "new"),
    ("live model text", LIVE.replace("{live}", "{text}"), "text: not a model file"),
    ("live model a folder", LIVE.replace("{live}", "{empty}"), "empty"),
    ("live model a decoder", LIVE.replace("{live}", "{decoder}"), "decoder.skops: expected a pipeline, found EnvelopeDecoder"),
    ("live model of a whole recording", LIVE.replace("{live}", "{model}"), "pipeline: scale of EnvelopeDecoder is 'robust', which needs the whole recording"),
    ("live replay none", LIVE.replace("--eeg-stream none", "--replay {missing}"), "missing"),
    ("live audio none", LIVE.replace("{wav}", "{missing}"), "missing"),
    ("live audio text", LIVE.replace("{wav}", "{text}"), "text: can't be read as audio"),
    ("live audio empty", LIVE.replace("{wav}", "{silence}"), "empty.wav: the audio is empty"),
    ("live audio a folder", LIVE.replace("{wav}", "{empty}"), "empty"),
    ("live audio without a name", LIVE.replace("{wav}", "stream:"), "--audio: the name of a stream is missing"),
    ("live out exists", LIVE.replace("{new}.wav", "{wav}"), "--out: ... a.wav exists and is not overwritten"),
    ("live out a folder", LIVE.replace("{new}.wav", "{empty}"), "--out: ... empty exists and is not overwritten"),
    ("live out in no folder", LIVE.replace("{new}.wav", "{missing}/a.wav"), "--out: ... missing is not a folder that exists"),
    ("live out in a file", LIVE.replace("{new}.wav", "{text}/a.wav"), "--out: ... text is not a folder that exists"),
    ("live probabilities exist", LIVE + " --probabilities {text}", "--probabilities: ... text exists and is not overwritten"),
    ("live probabilities in no folder", LIVE + " --probabilities {missing}/a.csv", "--probabilities: ... missing is not a folder that exists"),
    ("live probabilities are out", LIVE + " --probabilities {new}.wav", "--probabilities: names the same file as --out"),
    ("live instruments one", LIVE + " --instruments flute", "instruments: at least two different ones are needed, got 'flute'"),
    ("live instruments twice", LIVE + " --instruments flute,flute", "instruments: at least two different ones are needed"),
    ("live instruments unknown", LIVE + " --instruments flute,tuba", "instruments: the model does not know 'tuba'"),
    ("live half-life zero", LIVE + " --half-life 0", "--half-life: expected a finite number > 0, got 0.0"),
    ("live half-life NaN", LIVE + " --half-life nan", "--half-life: expected a finite number > 0, got nan"),
    ("live half-life text", LIVE + " --half-life long", "--half-life: invalid float value: 'long'"),
    ("live depth negative", LIVE + " --depth -30", "--depth: expected a finite number > 0, got -30.0"),
    ("live depth infinite", LIVE + " --depth inf", "--depth: expected a finite number > 0, got inf"),
    ("live seconds zero", LIVE + " --seconds 0", "--seconds: expected a finite number > 0, got 0.0"),
    ("live seconds negative", LIVE + " --seconds -1", "--seconds: expected a finite number > 0, got -1.0"),
    ("live seconds NaN", LIVE + " --seconds nan", "--seconds: expected a finite number > 0, got nan"),
]  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_refused(row, w, capsys, helpful):
    _, words, message = row
    before = tree(w.folder)
    try:
        status = main([word.format_map(paths(w)) for word in words.split()])
    except SystemExit as exit_:
        status = exit_.code
    printed = capsys.readouterr()
    assert status == 2
    (line,) = printed.err.splitlines()
    assert line.startswith("sklearn-cnmf: error: ")
    helpful(line, message)
    assert not printed.out
    assert tree(w.folder) == before


def paths(w):
    names = {"wav": "a.wav", "silence": "empty.wav", "trials": "trials.npz"}
    names |= {"decoder": "decoder.skops", "array": "array.skops"}
    names |= {"model": "model.skops", "eeg": "e_raw.fif", "live": "live.skops"}
    others = ("text", "nothing", "empty", "new", "missing")
    names |= {name: name for name in others}
    return {"folder": w.folder, "no_name": ""} | {
        k: w.folder / name for k, name in names.items()
    }


def tree(folder):
    return sorted(
        os.path.join(at, f) for at, _, files in os.walk(folder) for f in files
    )
