import dataclasses
import itertools
import json
import re
import shutil
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import soundfile

from sklearn_cnmf import datasets
from sklearn_cnmf.datasets import Piece, load_example_stems
from sklearn_cnmf.datasets._stems import _load_folder

FOLDER = Path(datasets.__file__).parent / "stems"
MAX_BYTES = 4_000_000


@pytest.fixture(scope="module")
def pieces():
    return load_example_stems()


@pytest.fixture
def copy(tmp_path):
    """A folder with the first piece only, free to be damaged."""
    table = json.loads((FOLDER / "pieces.json").read_text())
    table["pieces"] = table["pieces"][:1]
    first = table["pieces"][0]
    for instrument in first["instruments"]:
        shutil.copy(FOLDER / f"{first['name']}_{instrument}.ogg", tmp_path)
    (tmp_path / "pieces.json").write_text(json.dumps(table))
    return tmp_path


def _edit(folder, **changes):
    table = json.loads((folder / "pieces.json").read_text())
    table["pieces"][0].update(changes)
    (folder / "pieces.json").write_text(json.dumps(table))


def _rms_envelope(x, sfreq, window=1 / 16):
    n_window = round(window * sfreq)
    frames = x[: len(x) // n_window * n_window].reshape(-1, n_window)
    return np.sqrt(np.mean(frames.astype(np.float64) ** 2, axis=1))


def _correlations(piece):
    envelopes = [_rms_envelope(stem, piece.sfreq) for stem in piece.stems]
    return [np.corrcoef(a, b)[0, 1] for a, b in itertools.combinations(envelopes, 2)]


def test_counts(pieces):
    assert Counter(p.ensemble for p in pieces) == {"duo": 12, "trio": 5}
    assert Counter(p.genre for p in pieces) == {"classical": 9, "pop": 8}
    assert sum(p.same_rhythm for p in pieces) == 6
    assert len({p.name for p in pieces}) == len(pieces)
    assert len({i for p in pieces for i in p.instruments}) == 9


@pytest.mark.parametrize("ensemble", [None, "duo"])
def test_leaving_a_piece_out_leaves_two_for_each_of_its_instruments(ensemble):
    pieces = load_example_stems(ensemble=ensemble)
    played = Counter(i for p in pieces for i in p.instruments)
    for piece in pieces:
        assert all(played[i] - 1 >= 2 for i in piece.instruments), piece


def test_ensemble_selects_in_order(pieces):
    for ensemble, n_sources in (("duo", 2), ("trio", 3)):
        chosen = load_example_stems(ensemble=ensemble)
        expected = [p.name for p in pieces if len(p.instruments) == n_sources]
        assert [p.name for p in chosen] == expected
        assert {p.ensemble for p in chosen} == {ensemble}


def test_arrays(pieces):
    for piece in pieces:
        assert piece.stems.dtype == np.float32
        assert piece.stems.shape[0] == len(piece.instruments)
        assert len(set(piece.instruments)) == len(piece.instruments)
        assert piece.sfreq == 22050.0
        assert 6 <= piece.stems.shape[1] / piece.sfreq <= 8
        assert np.isfinite(piece.stems).all()


def test_mixture_is_the_sum_and_does_not_clip(pieces):
    for piece in pieces:
        total = sum(stem.astype(np.float64) for stem in piece.stems)
        assert piece.mixture.dtype == np.float32
        np.testing.assert_allclose(piece.mixture, total, atol=1e-6)
        assert 0.5 < np.abs(piece.mixture).max() < 0.9
        assert np.abs(piece.stems).max() < 1


def test_stems_are_the_files_of_the_instruments_named(pieces):
    for piece in pieces:
        for instrument, stem in zip(piece.instruments, piece.stems):
            path = FOLDER / f"{piece.name}_{instrument}.ogg"
            expected, _ = soundfile.read(path, dtype="float32")
            np.testing.assert_array_equal(stem, expected)


def test_loudness_is_balanced(pieces):
    for piece in pieces:
        power = np.mean(piece.stems.astype(np.float64) ** 2, axis=1)
        assert 10 * np.log10(power.max() / power.min()) < 3, piece


def test_stems_start_soon_and_end_without_a_click(pieces):
    for piece in pieces:
        for instrument, stem in zip(piece.instruments, piece.stems):
            peak = np.abs(stem).max()
            first = np.flatnonzero(np.abs(stem) > 0.1 * peak)[0] / piece.sfreq
            assert first < 0.3, (piece, instrument)
            assert np.abs(stem[-220:]).max() < 0.01 * peak, (piece, instrument)


def test_music_goes_on(pieces):
    for piece in pieces:
        envelope = _rms_envelope(piece.mixture, piece.sfreq)
        silent = "".join("s" if v < 0.01 * envelope.max() else "." for v in envelope)
        longest = max(map(len, re.findall("s+", silent.rstrip("s"))), default=0)
        assert longest / 16 <= 0.5, piece
        assert (len(silent) - len(silent.rstrip("s"))) / 16 <= 1.25, piece


def test_same_rhythm_means_alike_envelopes(pieces):
    same = [r for p in pieces if p.same_rhythm for r in _correlations(p)]
    other = [r for p in pieces if not p.same_rhythm for r in _correlations(p)]
    assert min(same) > 0.55
    assert max(other) < 0.4
    assert np.mean(same) - np.mean(other) > 0.6


def test_registers_of_each_melody_instrument(pieces):
    """The lowest strong partial moves by a fifth at least."""
    lowest = {}
    for piece in pieces:
        for instrument, stem in zip(piece.instruments, piece.stems):
            frames = stem[: len(stem) // 4096 * 4096].reshape(-1, 4096)
            spectra = np.abs(np.fft.rfft(frames * np.hanning(4096)))
            spectra = spectra[spectra.sum(axis=1) > 0.3 * spectra.sum(axis=1).max()]
            strong = spectra > 0.2 * spectra.max(axis=1, keepdims=True)
            lowest.setdefault(instrument, []).extend(strong.argmax(axis=1))
    del lowest["drums"]
    for instrument, bins in lowest.items():
        low, high = np.percentile(bins, [5, 95])
        assert high / low > 1.5, instrument


def test_loading_is_fast():
    load_example_stems(ensemble="trio")
    start = time.process_time()
    load_example_stems()
    assert time.process_time() - start < 2


def test_folder_holds_what_is_listed_and_is_small(pieces):
    expected = {f"{p.name}_{i}.ogg" for p in pieces for i in p.instruments}
    found = {path.name for path in FOLDER.iterdir()}
    assert found == expected | {"pieces.json", "LICENSE.txt"}
    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < MAX_BYTES


def test_license_names_origin_and_terms():
    text = (FOLDER / "LICENSE.txt").read_text(encoding="utf-8")
    for words in ("Frank Wen", "FluidR3", "MIT", "Permission is hereby granted", "CC0"):
        assert words in text


def test_piece_is_frozen_and_compares_by_identity(pieces):
    with pytest.raises(dataclasses.FrozenInstanceError):
        pieces[0].name = "other"
    assert pieces[0] == pieces[0]
    assert pieces[0] != load_example_stems()[0]
    assert isinstance(pieces[0], Piece)


@pytest.mark.parametrize("ensemble", ["solo", "Duo", "", 2, ["duo"]])
def test_unknown_ensemble(ensemble):
    with pytest.raises(ValueError, match=r"ensemble: expected 'duo', 'trio' or None"):
        load_example_stems(ensemble=ensemble)


def test_copy_loads(copy, pieces):
    (piece,) = _load_folder(copy)
    np.testing.assert_array_equal(piece.stems, pieces[0].stems)


@pytest.mark.parametrize(
    "name", ["../secret", "/etc/passwd", "a/b", "a\\b", "..", "", "A", "é", "a\n", 3]
)
def test_names_can_not_leave_the_folder(copy, name):
    _edit(copy, name=name)
    with pytest.raises(ValueError, match=r"pieces\[0\]: name: expected lower-case"):
        _load_folder(copy)
    _edit(copy, name="gallant_duet", instruments=["violin", name])
    with pytest.raises(ValueError, match=r"pieces\[0\]: instruments: expected lower"):
        _load_folder(copy)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ensemble": "solo"}, "ensemble: expected one of"),
        ({"ensemble": ["duo"]}, "ensemble: expected one of"),
        ({"genre": "jazz"}, "genre: expected one of"),
        ({"same_rhythm": 1}, "same_rhythm: expected true or false"),
        ({"instruments": ["violin"]}, "instruments: expected 2 names"),
        ({"instruments": "ab"}, "instruments: expected 2 names"),
        ({"instruments": ["violin", "violin"]}, "not all different"),
    ],
)
def test_damaged_entry(copy, changes, message):
    _edit(copy, **changes)
    with pytest.raises(ValueError, match=rf"pieces\[0\]: .*{message}"):
        _load_folder(copy)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"sfreq": 22050}', "not json"])
def test_damaged_table(copy, text):
    (copy / "pieces.json").write_text(text)
    with pytest.raises(ValueError, match=r"pieces\.json: expected a JSON object"):
        _load_folder(copy)


@pytest.mark.parametrize("name", ["pieces.json", "gallant_duet_clarinet.ogg"])
def test_missing_file(copy, name):
    (copy / name).unlink()
    with pytest.raises(ValueError, match=f"{re.escape(name)} is missing"):
        _load_folder(copy)


def test_damaged_stem(copy):
    path = copy / "gallant_duet_violin.ogg"
    path.write_bytes(b"OggS" + bytes(100))
    with pytest.raises(ValueError, match=r"gallant_duet_violin\.ogg can't be decoded"):
        _load_folder(copy)


@pytest.mark.parametrize(("shape", "sfreq"), [((800,), 8000), ((800, 2), 22050)])
def test_stem_of_another_rate_or_in_stereo(copy, shape, sfreq):
    path = copy / "gallant_duet_violin.ogg"
    soundfile.write(path, np.zeros(shape), sfreq, format="OGG", subtype="VORBIS")
    with pytest.raises(ValueError, match="expected one channel at 22050 Hz"):
        _load_folder(copy)


def test_stems_of_unequal_length(copy):
    path = copy / "gallant_duet_violin.ogg"
    soundfile.write(path, np.zeros(800), 22050, format="OGG", subtype="VORBIS")
    with pytest.raises(ValueError, match="equal lengths are expected"):
        _load_folder(copy)
