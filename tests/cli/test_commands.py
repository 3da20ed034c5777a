import json
import re
import shutil
import subprocess
import sys
import warnings

import mne
import numpy as np
import pandas as pd
import pytest
import soundfile
from matplotlib.image import imread
from numpy.testing import assert_allclose, assert_array_equal
from scipy.stats import beta
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Trial, __version__, cli
from sklearn_cnmf.cli import _demo as demo_command
from sklearn_cnmf.cli import main
from sklearn_cnmf.cli._split import draw_split
from sklearn_cnmf.datasets import Piece, load_example_stems, simulate_trials
from sklearn_cnmf.evaluation import StimulusKFold, attended_envelope
from sklearn_cnmf.metrics import score_trial
from sklearn_cnmf.model_io import load_model, save_model
from sklearn_cnmf.online import OnlineSeparator

SFREQ = 8000
SCORES = [
    "sdr_db",
    "sir_db",
    "sar_db",
    "si_sdr_db",
    "sdr_gain_db",
    "sir_gain_db",
    "si_sdr_gain_db",
]
SMALL = {
    "n_subjects": 1,
    "snr_db": 0.0,
    "n_held_out": 1,
    "n_folds": 2,
    "n_repetitions": 1,
    "deltas": (0.0, 0.01),
    "separation": {"n_components": 30, "window": 0.064, "tol": 1e-3},
    "seed": 3,
}


def tones(name, frequencies, seed):
    """Two instruments that switch tones on and off at random, for four seconds."""
    rng = np.random.default_rng(seed)
    seconds = np.arange(4 * SFREQ) / SFREQ
    gates = np.repeat(rng.integers(0, 2, (2, 32)), SFREQ // 8, axis=1)
    stems = gates * np.sin(2 * np.pi * np.array(frequencies)[:, None] * seconds) / 4
    stems += 1e-4 * rng.standard_normal(stems.shape)
    stems = stems.astype(np.float32)
    return Piece(name, "duo", "pop", False, ("low", "high"), stems, float(SFREQ))


@pytest.fixture(scope="module")
def pieces():
    return [tones(f"piece{i}", (300 + 20 * i, 1500 + 100 * i), i) for i in range(5)]


@pytest.fixture(scope="module")
def demo(pieces, tmp_path_factory):
    out = tmp_path_factory.mktemp("cli") / "a demo"
    text = demo_command.run_demo(out, pieces=pieces, n_jobs=1, **SMALL)
    return out, text


@pytest.fixture(scope="module")
def truth(demo, pieces):
    """Held-out trials and references, simulated again from the settings."""
    settings = json.loads((demo[0] / "settings.json").read_text())
    trials, references = simulate_trials(
        pieces,
        n_subjects=settings["n_subjects"],
        n_repetitions=settings["n_repetitions"],
        snr_db=settings["snr_db"],
        random_state=settings["seed"],
    )
    held_out = settings["pieces_held_out"]
    kept = [i for i, trial in enumerate(trials) if trial.stimulus in held_out]
    return [trials[i] for i in kept], [references[i] for i in kept]


@pytest.fixture(scope="module")
def table(demo):
    return pd.read_csv(demo[0] / "results.csv")


def read(path):
    audio, sfreq = soundfile.read(path, dtype="float32")
    assert sfreq == SFREQ
    return audio


def files(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()
    )


# The demo


def test_demo_writes_exactly_these_files(demo, table):
    names = ("attended", "mixture", "reference", "rest")
    trial_files = ["figure.png", *(f"{name}.wav" for name in names)]
    expected = ["listen.html", "live.skops", "model.skops", "results.csv"]
    expected += ["settings.json", "summary.txt"]
    expected += [f"{f}/{name}" for f in table["folder"] for name in trial_files]
    expected.append(f"{table['folder'][0]}/eeg_raw.fif")
    assert files(demo[0]) == sorted(expected)
    assert len(table) == 2


def test_demo_has_a_model_for_streams(demo, table, truth):
    trial = truth[0][0]
    separator = OnlineSeparator(
        load_model(demo[0] / "live.skops"),
        instruments=trial.instruments,
        eeg_sfreq=trial.eeg_sfreq,
    )
    separator.push_eeg(trial.eeg)
    put_out = [separator.push_audio(trial.mixture), separator.finish()]
    attended = np.concatenate([one for one, _ in put_out])
    assert attended.shape == trial.mixture.shape
    known = str(table["attended"][0])
    probable = separator.probabilities[-1, trial.instruments.index(known)]
    assert probable > 0.5


def test_demo_audio_is_complete_and_adds_up(demo, table, truth):
    for folder, trial in zip(table["folder"], truth[0]):
        mixture, attended, rest = (
            read(demo[0] / folder / f"{name}.wav")
            for name in ("mixture", "attended", "rest")
        )
        assert_array_equal(mixture, trial.mixture)
        assert len(attended) == len(rest) == 4 * SFREQ
        assert_allclose(attended + rest, mixture, atol=1e-6)
        assert np.abs(attended).max() > 0.01


def test_demo_references_are_the_attended_sources(demo, table, truth):
    for folder, reference in zip(table["folder"], truth[1]):
        source = reference.sources[reference.attended]
        assert_array_equal(read(demo[0] / folder / "reference.wav"), source)


def test_demo_table_states_units_and_matches_the_audio(demo, table, truth):
    first = [
        "subject",
        "stimulus",
        "instruments",
        "attended",
        "chosen",
        "p_chosen",
        "guide_r",
    ]
    gains = ["hard_si_sdr_gain_db", "known_si_sdr_gain_db"]
    assert list(table.columns) == [*first, *SCORES, *gains, "misfit", "folder"]
    right = table.chosen == table.attended
    assert_allclose(table[gains[0]][right], table[gains[1]][right])
    names = {column: column.removesuffix("_db") for column in SCORES}
    names = {c: n.replace("_gain", "_improvement") for c, n in names.items()}
    for (_, row), trial, reference in zip(table.iterrows(), *truth):
        scores = score_trial(
            trial, reference, read(demo[0] / row["folder"] / "attended.wav")
        )
        for column, name in names.items():
            assert row[column] == pytest.approx(scores[name], abs=1e-3)
        assert row["attended"] == trial.instruments[reference.attended]
        assert row["chosen"] == trial.instruments[scores["closest"]]


def test_demo_reports_how_well_the_envelope_is_decoded(demo, table, truth):
    decoder = load_model(demo[0] / "model.skops")[0]
    for r, trial, reference in zip(table["guide_r"], *truth):
        (decoded,) = decoder.transform([trial])
        envelope = attended_envelope(decoder, decoded, reference)
        expected = np.corrcoef(envelope, decoded.guide[0])[0, 1]
        assert r == pytest.approx(expected, abs=1e-4)


def test_demo_decodes_and_separates_where_it_is_easy(table):
    assert (table["guide_r"] > 0.3).all()
    assert (table["chosen"] == table["attended"]).all()
    assert (table["si_sdr_gain_db"] > 10).all()


def test_demo_model_predicts_what_was_written(demo, table, truth):
    model = load_model(demo[0] / "model.skops")
    assert model[1].memory is None
    for folder, estimate in zip(table["folder"], model.predict(truth[0])):
        assert_array_equal(estimate, read(demo[0] / folder / "attended.wav"))


def test_demo_figures_show_something(demo, table):
    for folder in table["folder"]:
        image = imread(demo[0] / folder / "figure.png")
        assert image.shape[0] > 600
        assert image.shape[1] > 900
        assert len(np.unique(image[::9, ::9, :3].reshape(-1, 3), axis=0)) > 100


def test_demo_settings_say_what_was_held_out_and_chosen(demo, table, pieces):
    settings = json.loads((demo[0] / "settings.json").read_text())
    training, held_out = settings["pieces_in_training"], settings["pieces_held_out"]
    assert sorted(training + held_out) == [piece.name for piece in pieces]
    assert set(table["stimulus"]) == set(held_out)
    scores = settings["cross_validation"]
    means = [np.mean(score["si_sdr_gain_db_by_fold"]) for score in scores]
    assert_allclose(means, [score["mean_si_sdr_gain_db"] for score in scores])
    assert settings["delta_chosen"] == scores[int(np.argmax(means))]["delta"]
    assert settings["versions"]["sklearn_cnmf"] == __version__
    assert load_model(demo[0] / "model.skops")[1].delta == settings["delta_chosen"]


def test_demo_summary_is_true(demo, table):
    out, text = demo
    assert (out / "summary.txt").read_text() == text + "\n"
    assert "SIMULATED" in text.splitlines()[0]
    n, right = len(table), int((table["chosen"] == table["attended"]).sum())
    low = 100 * beta.ppf(0.025, right, n - right + 1)
    assert f"chosen right: {right} of {n}" in text
    assert f"by the probabilities {100 * table['p_chosen'].mean():.0f} %" in text
    assert f"interval {low:.0f} to 100 %; chance 50 %" in text
    for name in ("SI-SDR", "SDR", "SIR", "SAR"):
        column = name.lower().replace("-", "_")
        columns = [table[f"{column}_db"]]
        if name != "SAR":
            gain = table[f"{column}_gain_db"]
            columns = [columns[0] - gain, columns[0], gain]
        expected = [f(values) for values in columns for f in (np.mean, np.median)]
        figures = re.search(rf"^{name} .*$", text, re.MULTILINE).group().split()[1:]
        assert_allclose([float(x) for x in figures], expected, atol=0.051)
    for words in ("BSS Eval v3", "512 taps", "n = 2", "in dB", "mixture itself"):
        assert words in text
    assert len(re.findall(r"^  delta ", text, re.MULTILINE)) == 2


def test_demo_does_not_depend_on_jobs(demo, pieces, tmp_path):
    demo_command.run_demo(tmp_path / "b", pieces=pieces, n_jobs=2, **SMALL)
    for name in ("results.csv", "settings.json"):
        assert (tmp_path / "b" / name).read_bytes() == (demo[0] / name).read_bytes()


def test_demo_command_passes_its_options_on(monkeypatch, capsys, tmp_path):
    calls = []

    def run_demo(out, **options):
        calls.append((out, options))
        return "done"

    monkeypatch.setattr(demo_command, "run_demo", run_demo)
    options = ["--subjects", "3", "--seed", "7", "--jobs", "1", "--snr-db", "-14"]
    assert main(["demo", "--out", "x", *options]) == 0
    expected = {"n_subjects": 3, "seed": 7, "n_jobs": 1, "snr_db": -14.0}
    assert calls == [("x", expected)]
    assert capsys.readouterr().out == "done\n"
    for words, level in (([], -20), (["--level", "clear"], -10)):
        assert main(["demo", "--out", "x", *words]) == 0
        assert calls[-1][1]["snr_db"] == level
    capsys.readouterr()
    options = ["--level", "clear", "--snr-db", "-3"]
    with pytest.raises(SystemExit):
        main(["demo", "--out", "x", *options])
    assert "not allowed with argument" in capsys.readouterr().err


def test_demo_tells_its_steps(pieces, tmp_path, capsys, monkeypatch):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_command, "search_delta", stop)
    with pytest.raises(KeyboardInterrupt):
        demo_command.run_demo(tmp_path / "x", pieces=pieces, n_jobs=1, **SMALL)
    assert not (tmp_path / "x").exists()
    steps = capsys.readouterr().err.splitlines()
    assert [step[:5] for step in steps] == ["[1/4]", "[2/4]"]


# What to hold out


@pytest.fixture(scope="module")
def duos():
    return load_example_stems(ensemble="duo")


@pytest.mark.parametrize("seed", range(4))
def test_every_fold_can_learn_every_instrument(duos, seed):
    everything = {name for piece in duos for name in piece.instruments}
    training, held_out = draw_split(duos, 4, seed)
    assert len(held_out) == 4
    assert {p.name for p in training}.isdisjoint(p.name for p in held_out)
    # 5 of 12 pieces have one rhythm, so about 1.7 of 4.
    assert sum(piece.same_rhythm for piece in held_out) == 2
    trials = [
        Trial(
            np.zeros((1, 64)),
            64.0,
            np.zeros(8000),
            8000.0,
            instruments=piece.instruments,
            stimulus=piece.name,
        )
        for piece in training
    ]
    cv = StimulusKFold(4, shuffle=True, random_state=seed)
    for kept, _ in cv.split(trials):
        assert {n for i in kept for n in training[i].instruments} == everything
    again = draw_split(duos, 4, seed)[1]
    assert [p.name for p in again] == [p.name for p in held_out]


def test_seed_decides_what_is_held_out(duos):
    drawn = {tuple(p.name for p in draw_split(duos, 4, seed)[1]) for seed in range(8)}
    assert len(drawn) > 1


def test_split_that_leaves_nothing_to_learn_from_is_refused(pieces):
    with pytest.raises(ValueError, match="no 4 of the 5 pieces can be held out"):
        draw_split(pieces, 4, 0)


# Separation of one's own recordings


def arguments(demo, table, out, **changes):
    trial = demo[0] / table["folder"][0]
    options = {
        "model": demo[0] / "model.skops",
        "eeg": trial / "eeg_raw.fif",
        "mixture": trial / "mixture.wav",
        "out": out,
        **changes,
    }
    words = ["separate"]
    for name, value in options.items():
        words += [f"--{name}"] if value is True else [f"--{name}", str(value)]
    return words


def test_separate_reproduces_the_held_out_estimate(demo, table, tmp_path, capsys):
    words = arguments(demo, table, tmp_path / "s", instruments="low,high", figure=True)
    assert main(words) == 0
    assert files(tmp_path / "s") == [
        "attended.wav", "figure.png", "guide.csv", "rest.wav", "summary.json"
    ]  # fmt: skip
    for name in ("attended.wav", "rest.wav"):
        assert_array_equal(
            read(tmp_path / "s" / name), read(demo[0] / table["folder"][0] / name)
        )
    found = json.loads((tmp_path / "s" / "summary.json").read_text())
    assert found["attended"] == table["chosen"][0]
    assert max(found["support"], key=found["support"].get) == found["attended"]
    p = found["probabilities"]
    assert sum(p.values()) == pytest.approx(1)
    assert max(p, key=p.get) == found["attended"]
    assert p[found["attended"]] == pytest.approx(table["p_chosen"][0], abs=1e-5)
    assert "SIMULATED" in found["model"]["description"]
    assert found["duration_s"] == 4.0
    assert imread(tmp_path / "s" / "figure.png").ndim == 3
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.startswith("Model: Fitted on SIMULATED EEG of 1 listener ")
    assert f"Attended: {found['attended']}" in printed.out
    assert f"instrument: {found['attended']} {max(p.values()):.3f}, " in printed.out
    assert "Instruments:" not in printed.out


def test_separate_writes_the_guide(demo, table, truth, tmp_path):
    assert main(arguments(demo, table, tmp_path / "s")) == 0
    guide = pd.read_csv(tmp_path / "s" / "guide.csv")
    assert list(guide.columns) == ["time_s", "guide_0", "guide_1"]
    expected = load_model(demo[0] / "model.skops")[0].predict(truth[0][:1])[0]
    for row, values in enumerate(expected):
        assert_allclose(guide[f"guide_{row}"], values, rtol=1e-6, atol=1e-9)
    assert_allclose(guide["time_s"], np.arange(len(guide)) / 64, rtol=1e-8)


def test_separate_without_instruments_says_that_naming_them_is_better(
    demo, table, tmp_path, capsys
):
    assert main(arguments(demo, table, tmp_path / "s")) == 0
    assert "all 2 that the model knows compete" in capsys.readouterr().out


def recording(demo, table):
    path = demo[0] / table["folder"][0] / "eeg_raw.fif"
    return mne.io.read_raw(path, preload=True, verbose="error")


def test_separate_finds_channels_by_name_and_cuts_at_the_onset(
    demo, table, tmp_path, capsys
):
    raw = recording(demo, table)
    raw.rename_channels({name: name.lower() for name in raw.ch_names})
    raw.info["bads"] = ["fz"]
    quiet = np.zeros((len(raw.ch_names), 512))
    data = np.hstack([quiet, raw.get_data(), quiet])[::-1]
    extra = np.random.default_rng(0).standard_normal((1, data.shape[1]))
    info = mne.create_info(["other", *raw.ch_names[::-1]], 256.0, "eeg")
    info["bads"] = ["fz"]
    longer = mne.io.RawArray(np.vstack([extra, data]), info, verbose="error")
    longer.save(tmp_path / "long_raw.fif", fmt="double", verbose="error")
    words = arguments(
        demo, table, tmp_path / "s", eeg=tmp_path / "long_raw.fif", onset=2
    )
    assert main(words) == 0
    assert_allclose(
        read(tmp_path / "s" / "attended.wav"),
        read(demo[0] / table["folder"][0] / "attended.wav"),
        atol=2e-4,
    )
    assert "marked as bad: fz" in capsys.readouterr().out


def test_separate_resamples_stereo_and_says_so(demo, table, tmp_path, capsys):
    mixture = read(demo[0] / table["folder"][0] / "mixture.wav")
    twice = np.repeat(mixture, 2)[:, None] * [0.75, 0.25]
    soundfile.write(tmp_path / "m.wav", twice, 2 * SFREQ, subtype="FLOAT")
    words = arguments(demo, table, tmp_path / "s", mixture=tmp_path / "m.wav")
    assert main(words) == 0
    assert "resampled from 16000 to 8000 Hz" in capsys.readouterr().out
    attended, rest = (read(tmp_path / "s" / f"{n}.wav") for n in ("attended", "rest"))
    assert attended.shape == (4 * SFREQ, 2)
    assert_allclose(attended[:, 0], 3 * attended[:, 1], atol=1e-4)
    inner = slice(SFREQ // 10, -SFREQ // 10)
    correlation = np.corrcoef((attended + rest)[inner, 0], mixture[inner])[0, 1]
    assert correlation > 0.95


def test_separate_with_a_blind_model_has_no_names(demo, table, truth, tmp_path, capsys):
    model = Pipeline(
        [
            ("decode", EnvelopeDecoder(alpha=1.0)),
            ("separate", ContrastiveNMF(4, dictionary="blind", tol=1e-3)),
        ]
    ).fit(*truth)
    save_model(model, tmp_path / "m.skops")
    words = arguments(
        demo, table, tmp_path / "s", model=tmp_path / "m.skops", figure=True
    )
    assert main(words) == 0
    assert json.loads((tmp_path / "s" / "summary.json").read_text())["support"] == {}
    assert main([*words[:-1], "--instruments", "a,b", "--out", "x"]) == 2
    assert "knows no instruments" in capsys.readouterr().err


@pytest.mark.parametrize("rate", [SFREQ, 2 * SFREQ])
def test_separate_names_no_instrument_in_silence(demo, table, tmp_path, capsys, rate):
    soundfile.write(tmp_path / "m.wav", np.zeros(4 * rate), rate)
    words = arguments(
        demo, table, tmp_path / "s", mixture=tmp_path / "m.wav", figure=True
    )
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(words) == 0
    assert json.loads((tmp_path / "s" / "summary.json").read_text())["attended"] is None
    printed = capsys.readouterr().out
    assert "The mixture is silent: no instrument in it can be attended to." in printed
    assert "Attended" not in printed
    assert "Probability" not in printed
    assert not read(tmp_path / "s" / "attended.wav").any()


def test_separate_leaves_nothing_on_a_full_disk(
    demo, table, tmp_path, capsys, monkeypatch
):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savetxt", full)
    line = error_of(arguments(demo, table, tmp_path / "s"), capsys)
    assert line == (
        f"sklearn-cnmf: error: {tmp_path / 's'}: can't be written (No space left on "
        "device); nothing was kept, make room or name another folder with --out"
    )
    assert files(tmp_path) == []


def test_separate_explains_what_mne_raises_as_it_reads_samples(
    demo, table, tmp_path, capsys, monkeypatch
):
    def fail(*args, **kwargs):
        raise IndexError("index 3 is out of bounds")

    monkeypatch.setattr(mne.io.BaseRaw, "get_data", fail)
    line = error_of(arguments(demo, table, tmp_path / "s"), capsys)
    assert "eeg_raw.fif: MNE can't read its samples (index 3 is out of bounds)" in line


def test_separate_warns_of_other_versions(demo, table, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("sklearn_cnmf.__version__", "9.9")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        assert main(arguments(demo, table, tmp_path / "s")) == 0
    line = capsys.readouterr().err
    assert line.startswith("sklearn-cnmf: warning:")
    assert f"saved with sklearn_cnmf {__version__}, here is 9.9" in line


# Errors


def error_of(words, capsys):
    """Run a command that must fail; its one line on stderr."""
    try:
        status = main([str(word) for word in words])
    except SystemExit as exit_:
        status = exit_.code
    assert status == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    assert line.startswith("sklearn-cnmf: error: ")
    return line


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "required: COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["demo"], "required: --out"),
        (["demo", "--out", "x", "--subjects", "0"], "--subjects: at least 1"),
        (["demo", "--out", "x", "--jobs", "two"], "--jobs: invalid"),
        (["demo", "--out", "x", "--seed", "-1"], "--seed: at least 0"),
        (["demo", "--out", "x", "--snr-db", "loud"], "--snr-db: invalid"),
        (["separate", "--out", "x"], "required: --model"),
    ],
)
def test_arguments_that_make_no_sense(words, message, capsys):
    assert message in error_of(words, capsys)


def test_demo_refuses_nan(tmp_path, capsys):
    words = ["demo", "--out", tmp_path / "x", "--snr-db", "nan"]
    assert "--snr-db: expected a finite level" in error_of(words, capsys)
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("command", ["demo", "separate"])
def test_nothing_is_overwritten(command, demo, table, tmp_path, capsys):
    (tmp_path / "mine").write_text("x")
    for out, message in (
        (tmp_path, "the folder is not empty"),
        (tmp_path / "mine", "this is a file"),
    ):
        words = ["demo", "--out", out]
        if command == "separate":
            words = arguments(demo, table, out)
        assert message in error_of(words, capsys)
    assert files(tmp_path) == ["mine"]


def without_channels(demo, table, tmp_path):
    raw = recording(demo, table).drop_channels(["Fz", "Oz"])
    raw.save(tmp_path / "few_raw.fif", verbose="error")
    return {"eeg": tmp_path / "few_raw.fif"}


def ambiguous_channels(demo, table, tmp_path):
    raw = recording(demo, table).rename_channels({"Fz": "FZ", "Oz": "fz"})
    raw.save(tmp_path / "two_raw.fif", verbose="error")
    return {"eeg": tmp_path / "two_raw.fif"}


def written(name, content):
    def make(demo, table, tmp_path):
        (tmp_path / name).write_bytes(content)
        option = {"m.wav": "mixture", "m.skops": "model"}.get(name, "eeg")
        return {option: tmp_path / name}

    return make


def empty_audio(demo, table, tmp_path):
    soundfile.write(tmp_path / "m.wav", np.zeros(0), SFREQ)
    return {"mixture": tmp_path / "m.wav"}


def infinite_audio(demo, table, tmp_path):
    audio = np.zeros(2 * SFREQ)
    audio[5] = np.nan
    soundfile.write(tmp_path / "m.wav", audio, SFREQ // 2, subtype="FLOAT")
    return {"mixture": tmp_path / "m.wav"}


def cut_audio(demo, table, tmp_path):
    content = (demo[0] / table["folder"][0] / "mixture.wav").read_bytes()
    return written("m.wav", content[:-5000])(demo, table, tmp_path)


def cut_model(demo, table, tmp_path):
    content = (demo[0] / "model.skops").read_bytes()
    return written("m.skops", content[:-5000])(demo, table, tmp_path)


def changed_model(demo, table, tmp_path):
    content = bytearray((demo[0] / "model.skops").read_bytes())
    content[100:140] = bytes(40)
    return written("m.skops", content)(demo, table, tmp_path)


def model(make):
    def write(demo, table, tmp_path):
        save_model(make(demo), tmp_path / "m.skops")
        return {"model": tmp_path / "m.skops"}

    return write


def of_arrays():
    X = np.random.default_rng(0).random((200, 3))
    decoder = EnvelopeDecoder(alpha=1.0).fit(X, X[:, 0])
    return decoder, ContrastiveNMF(2, delta=0, tol=1e-2).fit(X)


def nameless(demo):
    model = load_model(demo[0] / "model.skops")
    del model[0].feature_names_in_
    return model


def changes(**options):
    return lambda *_: options


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (changes(model="no.skops"), "no.skops: No such file or directory"),
        (changes(eeg="no.fif"), "no.fif: no such file"),
        (changes(mixture="no.wav"), "no.wav: no such file"),
        (written("m.skops", b"no"), "m.skops: not a model file"),
        (written("f.fif", b"no"), "f.fif: MNE can't read it as EEG"),
        (written("m.wav", b"no"), "m.wav: can't be read as audio"),
        (empty_audio, "the audio is empty"),
        (model(lambda _: of_arrays()[0]), "expected a pipeline of EnvelopeDecoder"),
        (
            model(lambda _: Pipeline([("separate", of_arrays()[1])])),
            r"found \['ContrastiveNMF'\]",
        ),
        (
            model(lambda _: Pipeline(list(zip("ab", of_arrays())))),
            "was not fitted on trials",
        ),
        (model(nameless), "does not know the names of its 20 channels"),
        (without_channels, "lacks 2 of 20 wanted channels: Fz, Oz; it has F3"),
        (ambiguous_channels, r"channel 'Fz' may be any of \['FZ', 'fz'\]"),
        (changes(onset=-1), "onset: expected a finite number >= 0, got -1"),
        (changes(onset="nan"), "onset: expected a finite number >= 0, got nan"),
        (
            changes(onset=1.5),
            "EEG lasts 4.000 s, but the mixture lasts 4.000 s from 1.5 s on, until 5",
        ),
        (changes(onset=100), "EEG lasts 4.000 s"),
        (changes(onset="inf"), "onset: expected a finite number >= 0, got inf"),
        (
            changes(onset=1e300),
            r"onset: 1e\+300 s is not within .*eeg_raw.fif, whose EEG lasts 4.000 s$",
        ),
        (changes(onset=1e308), r"onset: 1e\+308 s is not within"),
        (written("x.raw", b"no"), r"x.raw: MNE can't read it as EEG \(Unsupported"),
        (
            written("x.txt", b"\0\1" * 400),
            r"x.txt: MNE can't read it as EEG \(AssertionError\)",
        ),
        (written("x.lay", b"\0\1" * 400), r"x.lay: MNE can't .*\.\.\.\)$"),
        (infinite_audio, r"m.wav: found 1 NaN or infinite values, the first at \(5"),
        (cut_audio, r"m.wav: the audio is cut short: expected \d+ bytes .* found \d+"),
        (cut_model, "m.skops: not a model file|m.skops: damaged"),
        (changed_model, "m.skops: damaged model file"),
        (changes(instruments="low,oboe"), "does not know 'oboe'; it knows high, low"),
        (changes(instruments="low"), "at least two different ones"),
        (changes(instruments="low,low"), "at least two different ones"),
    ],
)
def test_separate_explains_what_is_wrong(demo, table, tmp_path, capsys, make, message):
    out = tmp_path / "out"
    words = arguments(demo, table, out, **make(demo, table, tmp_path))
    assert re.search(message, error_of(words, capsys))
    assert not out.exists()


def test_interrupted(monkeypatch, capsys, tmp_path):
    def stop(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(demo_command, "run_demo", stop)
    assert main(["demo", "--out", str(tmp_path / "x")]) == 130
    assert capsys.readouterr().err == "sklearn-cnmf: interrupted, nothing was written\n"


def test_errors_of_our_own_are_not_hidden(monkeypatch, tmp_path):
    def fail(*args, **kwargs):
        raise AttributeError("a bug")

    monkeypatch.setattr(demo_command, "run_demo", fail)
    with pytest.raises(AttributeError):
        main(["demo", "--out", str(tmp_path / "x")])


def test_module_runs_and_starts_light():
    code = (
        "import sys, sklearn_cnmf.cli;"
        "print([m for m in ('numpy', 'scipy', 'sklearn', 'mne', 'librosa', 'skops')"
        " if m in sys.modules])"
    )
    light = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert light.stdout == "[]\n"
    version = subprocess.run(
        [sys.executable, "-m", "sklearn_cnmf", "--version"],
        capture_output=True,
        text=True,
    )
    assert version.stdout == f"{__version__}\n"
    assert version.returncode == 0


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"], ["separate", "-h"]])
def test_help(words, capsys):
    with pytest.raises(SystemExit) as exit_:
        cli.main(words)
    assert exit_.value.code == 0
    assert "sklearn-cnmf" in capsys.readouterr().out


def test_separate_takes_a_table_of_trials(demo, table, tmp_path, capsys):
    name = table["folder"][0]
    rows = pd.DataFrame(
        {
            "eeg": [f"{name}/eeg_raw.fif"] * 2,
            "onset": 0.0,
            "mixture": f"{name}/mixture.wav",
            "instruments": ";".join(table["instruments"][0].split()),
            "subject": "01",
            "remark": ["x", "y"],
        }
    )
    path = demo[0] / "trials.csv"
    rows.to_csv(path, index=False)
    words = ["separate", "--model", str(demo[0] / "model.skops"), "--table", str(path)]
    status = main([*words, "--out", str(tmp_path / "s"), "--figure"])
    path.unlink()
    printed = capsys.readouterr()
    assert (status, printed.err) == (0, "")
    assert "Trials: 2, listed in results.csv" in printed.out
    results = pd.read_csv(tmp_path / "s" / "results.csv", dtype={"folder": str})
    assert results["chosen"].tolist() == [table["chosen"][0]] * 2
    assert list(results["folder"]) == ["0000", "0001"]
    for own in results["folder"]:
        assert files(tmp_path / "s" / own) == [
            "attended.wav", "figure.png", "guide.csv", "rest.wav", "summary.json"
        ]  # fmt: skip
        assert_array_equal(
            read(tmp_path / "s" / own / "attended.wav"),
            read(demo[0] / name / "attended.wav"),
        )


def test_separate_scores_a_table_with_sources(demo, table, tmp_path, capsys):
    name = table["folder"][0]
    for part in ("attended", "rest"):
        shutil.copy(demo[0] / name / f"{part}.wav", tmp_path / f"{part}.wav")
    present = table["instruments"][0].split()
    chosen = table["chosen"][0]
    order = [chosen, *(one for one in present if one != chosen)]
    pd.DataFrame(
        {
            "eeg": [demo[0] / name / "eeg_raw.fif"],
            "onset": 0.0,
            "mixture": demo[0] / name / "mixture.wav",
            "sources": "attended.wav;rest.wav",
            "instruments": ";".join(order),
            "attended": chosen,
        }
    ).to_csv(tmp_path / "trials.csv", index=False)
    words = ["separate", "--model", demo[0] / "model.skops"]
    words += ["--table", tmp_path / "trials.csv", "--out", tmp_path / "s"]
    assert main([str(word) for word in words]) == 0
    printed = capsys.readouterr().out
    assert "Attended instrument chosen right: 1 of 1" in printed
    assert "Gain in SI-SDR over the mixture: mean +" in printed


def test_separate_takes_one_trial_or_a_table(demo, tmp_path, capsys):
    words = ["separate", "--model", str(demo[0] / "model.skops"), "--out", "x"]
    assert "--eeg: is needed, or --table" in error_of(words, capsys)
    assert "--mixture: is needed" in error_of([*words, "--eeg", "a.fif"], capsys)
    both = [*words, "--table", "t.csv", "--onset", "0"]
    assert "--onset: " in error_of(both, capsys)
    absent = [*words[:-1], str(tmp_path / "x"), "--table", str(tmp_path / "t.csv")]
    assert "t.csv: no such table" in error_of(absent, capsys)
    assert not (tmp_path / "x").exists()
