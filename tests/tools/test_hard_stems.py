import importlib
import json
import shutil
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

ROOT = Path(__file__).resolve().parents[2]
SFREQ = 22050

if not (ROOT / "tools").is_dir():
    pytest.skip("the folder tools is not here", allow_module_level=True)


@pytest.fixture(scope="module", autouse=True)
def _repository_on_path():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT)
        yield


@pytest.fixture(scope="module")
def tool():
    return importlib.import_module("tools.render_hard_stems")


@pytest.fixture(scope="module")
def stems():
    return importlib.import_module("benchmarks._hard_stems")


def _parts(tool):
    render_stems = sys.modules["tools.render_stems"]
    for score in tool.HARD_SCORES:
        for name, text in score.parts.items():
            yield score, name, *render_stems.parse_part(text)


@pytest.mark.parametrize(("rt60", "ratio"), [(0.25, 6.0), (0.5, 10.0)])
def test_room_response_energy_and_decay(tool, rt60, ratio):
    rng = np.random.default_rng(0)
    response = tool.room_response(rt60, ratio, SFREQ, rng)
    assert response[0] == 1
    gap = round(tool.PREDELAY * SFREQ)
    assert not response[1:gap].any()
    assert -10 * np.log10(np.sum(response[1:] ** 2)) == pytest.approx(ratio)
    tail = response[gap:]
    times = np.arange(len(tail)) / SFREQ
    blocks = np.array_split(np.arange(len(tail)), 20)
    levels = [10 * np.log10(np.mean(tail[b] ** 2)) for b in blocks]
    slope = np.polyfit([times[b].mean() for b in blocks], levels, 1)[0]
    assert -60 / slope == pytest.approx(rt60, rel=0.1)


def test_room_response_repeats_with_its_seed(tool):
    one, two, other = (
        tool.room_response(0.3, 8.0, SFREQ, np.random.default_rng(s)) for s in (1, 1, 2)
    )
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(one, other)


def test_manner_is_in_range_and_repeats(tool):
    manners = [
        tool.draw_manner(score.name, part)
        for score in (*tool.SCORES, *tool.HARD_SCORES)
        for part in score.parts
    ]
    assert manners == [
        tool.draw_manner(score.name, part)
        for score in (*tool.SCORES, *tool.HARD_SCORES)
        for part in score.parts
    ]
    detunes = [manner.detune for manner in manners]
    assert len(set(detunes)) == len(manners)
    assert -20 <= min(detunes) < -10
    assert 10 < max(detunes) <= 20
    assert all(0.25 <= m.rt60 <= 0.5 for m in manners)
    assert all(6 <= m.direct_to_reverberant <= 10 for m in manners)


def test_only_sustained_instruments_have_vibrato(tool):
    violin = tool.draw_manner("twin_lanterns", "violin")
    assert 4.5 <= violin.vibrato_rate <= 6.5
    assert 10 <= violin.vibrato_depth <= 30
    piano = tool.draw_manner("window_seat", "piano")
    assert piano.vibrato_rate == piano.vibrato_depth == 0


@pytest.mark.parametrize(("cents", "value"), [(0, 8192), (-200, 0), (100, 12288)])
def test_bend_message(tool, cents, value):
    status, low, high = tool.bend_message(cents, 3)
    assert status == 0xE3
    assert low + 128 * high == value


def test_bends_swing_about_the_detuning(tool):
    manner = tool.Manner(12.0, 5.0, 20.0, 0.3, 8.0)
    events = [(0.0, 4.0, [60], 84, False)]
    messages = tool.bends(manner, events, 120, 0, np.random.default_rng(0))
    times = np.array([at for at, _ in messages])
    cents = np.array(
        [(low + 128 * high - 8192) * 200 / 8192 for _, (_, low, high) in messages]
    )
    np.testing.assert_allclose(cents[times < 0.1], 12, atol=0.05)
    late = cents[times > 0.4]
    assert late.max() == pytest.approx(32, abs=0.5)
    assert late.min() == pytest.approx(-8, abs=0.5)
    crossings = np.count_nonzero(np.diff(np.sign(late - 12)))
    assert crossings / 2 / (times.max() - 0.4) == pytest.approx(5, abs=0.5)


def test_without_vibrato_a_part_is_only_detuned(tool):
    manner = tool.Manner(-7.0, 0.0, 0.0, 0.3, 8.0)
    events = [(0.0, 4.0, [60], 84, False)]
    messages = tool.bends(manner, events, 120, 0, np.random.default_rng(0))
    assert messages == [(0.0, tool.bend_message(-7.0, 0))]


def test_duos_last_7_to_10_s_and_overlap_in_pitch(tool):
    beats, ranges = {}, {}
    for score, name, events, n_beats in _parts(tool):
        pitches = [pitch for event in events for pitch in event[2]]
        beats.setdefault(score.name, set()).add(n_beats * 60 / score.bpm)
        ranges.setdefault(score.name, []).append((min(pitches), max(pitches)))
        assert len(score.parts) == 2, name
    assert all(len(lengths) == 1 for lengths in beats.values())
    assert all(7 < length + 0.54 < 10 for (length,) in beats.values())
    for (low_1, high_1), (low_2, high_2) in ranges.values():
        shared = min(high_1, high_2) - max(low_1, low_2)
        assert shared >= 0.5 * min(high_1 - low_1, high_2 - low_2)


def test_parts_of_a_duo_begin_their_notes_together(tool):
    onsets = {}
    for score, _, events, _ in _parts(tool):
        onsets.setdefault(score.name, []).append({event[0] for event in events})
    for one, two in onsets.values():
        assert len(one & two) >= 0.8 * len(one | two)


def test_each_instrument_plays_in_three_duos(tool):
    counts = Counter(part for score in tool.HARD_SCORES for part in score.parts)
    assert min(counts.values()) >= 3
    names = [score.name for score in (*tool.SCORES, *tool.HARD_SCORES)]
    assert len(set(names)) == len(names)


def test_missing_tools_are_named(tool, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="fluidsynth musescore-general-soundfont tim"):
        tool.check_tools(tool.PACKAGES)
    monkeypatch.setattr(shutil, "which", lambda name: name)
    with pytest.raises(SystemExit, match="apt-get install some-font"):
        tool.check_tools({Path("no such font"): "some-font"})


def _write_piece(tool, folder):
    tones = 0.2 * np.sin(np.arange(2 * 4410).reshape(2, 4410))
    score = tool.HARD_SCORES[0]
    files = {
        f"{score.name}_{part}.flac": tool.encode(tone)
        for part, tone in zip(score.parts, tones)
    }
    files["pieces.json"] = tool.piece_table([tool.describe(score, list(score.parts))])
    tool.write(files, folder)
    return tones


def test_load_renders_once(tool, stems, tmp_path, monkeypatch):
    folder, calls = tmp_path / "a" / "b", []

    def render_folder(scratch):
        calls.append(scratch)
        _write_piece(tool, scratch)

    monkeypatch.setattr(tool, "render_folder", render_folder)
    monkeypatch.setenv(stems.VARIABLE, str(folder))
    for _ in range(2):
        (piece,) = stems.load_hard_stems()
    assert len(calls) == 1
    assert calls[0] != folder
    assert [path.name for path in folder.parent.iterdir()] == ["b"]
    assert piece.name == "twin_lanterns"
    assert piece.instruments == ("violin", "flute")
    assert piece.stems.shape == (2, 4410)


def test_load_leaves_nothing_behind_when_rendering_fails(
    tool, stems, tmp_path, monkeypatch
):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match="fluidsynth is not installed"):
        stems.load_hard_stems(tmp_path / "stems")
    assert not list(tmp_path.iterdir())


def test_flac_keeps_16_bits(tool, tmp_path):
    tones = _write_piece(tool, tmp_path)
    stem, rate = soundfile.read(tmp_path / "twin_lanterns_violin.flac")
    assert rate == SFREQ
    np.testing.assert_allclose(stem, tones[0], atol=1 / 2**15)
    assert json.loads((tmp_path / "pieces.json").read_text())["sfreq"] == SFREQ


def test_rendered_piece(tool):
    missing = [str(path) for path in tool.PACKAGES if not path.exists()]
    if shutil.which("fluidsynth") is None or missing:
        pytest.skip("needs fluidsynth and the sound fonts of PACKAGES")
    score = next(s for s in tool.HARD_SCORES if s.name == "twin_lanterns")
    stems, instruments = tool.render(score, tool.play_hard)
    again, _ = tool.render(score, tool.play_hard)
    np.testing.assert_array_equal(stems, again)
    assert instruments == ("violin", "flute")
    assert np.abs(stems.sum(axis=0)).max() == pytest.approx(0.7)
    levels = 10 * np.log10(np.mean(stems**2, axis=1))
    assert levels[0] == pytest.approx(levels[1], abs=0.1)
