"""A store of finished units that nothing spoils."""

import errno
import json
import math
import os
import pickle
import signal
import struct
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

import sklearn_cnmf
from sklearn_cnmf.evaluation import _store
from sklearn_cnmf.evaluation._store import DamagedUnitError, UnitStore

needs_locks = pytest.mark.skipif(_store.fcntl is None, reason="no locks here")

CONTENT = {
    "scores": [0.1, -0.0, math.inf, -math.inf, 5e-324, 1.7976931348623157e308],
    "text": 'é "quoted" \ud800 \n',
    "nested": {"b": [None, True, False, 0, -1, 2**70], "a": {}},
}


def bits(value):
    """Write a value such that equal texts mean equal bits and types."""
    if isinstance(value, dict):
        return [[key, bits(item)] for key, item in value.items()]
    if isinstance(value, list):
        return [bits(item) for item in value]
    if isinstance(value, float):
        return struct.pack("<d", value).hex()
    return repr(value)


@pytest.fixture
def store(tmp_path):
    return UnitStore(tmp_path / "units")


def files(store):
    return sorted(path.name for path in store.folder.iterdir())


def test_what_is_written_is_read(store):
    assert store.read("a") is None
    written = store.write("a", CONTENT)
    assert bits(store.read("a")) == bits(CONTENT) == bits(written)
    assert store.read("b") is None
    store.write("a", {"other": 1})
    assert store.read("a") == {"other": 1}
    assert files(store) == ["a.json"]


def test_random_floats_survive(store):
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2**64, 2000, dtype=np.uint64).view(np.float64)
    values = [math.nan if math.isnan(value) else value for value in values.tolist()]
    store.write("a", {"values": [*values, math.nan, np.float64(0.1)]})
    read = store.read("a")["values"]
    assert bits(read) == bits([*values, math.nan, 0.1])


def test_the_file_can_be_read_without_the_package(store):
    store.write("a", {"b": 1.5, "a": [1]})
    document = json.loads((store.folder / "a.json").read_text())
    assert set(document) == {"format", "key", "content", "checksum"}
    assert (document["format"], document["key"]) == (1, "a")
    assert document["content"] == {"b": 1.5, "a": [1]}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ([1], "content: expected a dict, got list"),
        ({"a": np.float32(1)}, "content: expected what JSON can express"),
        ({"a": {1, 2}}, "content: expected what JSON can express"),
        ({"a": [{1: 2}]}, r"content\['a'\]\[0\]: expected keys of type str, got 1"),
    ],
)
def test_what_json_can_not_express_is_refused(store, content, message):
    with pytest.raises(ValueError, match=message):
        store.write("a", content)
    assert files(store) == []


@pytest.mark.parametrize("key", ["", ".a", "a/b", "../a", "a b", "é", "a" * 181, 1])
def test_keys_that_are_no_names_of_files_are_refused(store, key):
    for call in (store.read, lambda key: store.write(key, {})):
        with pytest.raises(ValueError, match="key: expected up to 180 letters"):
            call(key)
    with pytest.raises(ValueError, match="key: expected"), store.claim(key):
        pass


def test_the_folder_is_made_and_must_be_none_else(tmp_path):
    folder = tmp_path / "a" / "b"
    assert UnitStore(folder).folder.is_dir()
    UnitStore(folder).write("a", {})
    assert UnitStore(folder).read("a") == {}
    file = tmp_path / "file"
    file.write_text("mine")
    for wrong in (file, file / "within"):
        with pytest.raises(ValueError, match=r"folder: .* expected a folder"):
            UnitStore(wrong)
    assert file.read_text() == "mine"


def test_only_the_path_goes_to_workers(store, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    relative = UnitStore("units")
    relative.write("a", {"a": 1})
    encoded = pickle.dumps(relative)
    assert len(encoded) < 400
    monkeypatch.chdir("/")
    assert pickle.loads(encoded).read("a") == {"a": 1}
    assert vars(relative) == {"folder": store.folder}


def test_truncated_files_are_damaged(store):
    store.write("a", CONTENT)
    path = store.folder / "a.json"
    whole = path.read_bytes()
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        with pytest.raises(DamagedUnitError, match=r"a\.json: "):
            store.read("a")
    path.write_bytes(whole)
    assert bits(store.read("a")) == bits(CONTENT)


def test_flipped_bits_never_give_other_content(store):
    content = {"x": 0.25, "y": [1, None], "z": "text"}
    store.write("a", content)
    path = store.folder / "a.json"
    whole = path.read_bytes()
    refused = 0
    for position in range(8 * len(whole)):
        flipped = bytearray(whole)
        flipped[position // 8] ^= 1 << position % 8
        path.write_bytes(flipped)
        try:
            assert bits(store.read("a")) == bits(content)  # such as a space as a tab
        except DamagedUnitError:
            refused += 1
    assert refused > 0.98 * 8 * len(whole)


@pytest.mark.parametrize(
    "change",
    [
        {"key": "b"},
        {"format": 2},
        {"checksum": "0" * 64},
        {"content": {"a": 2}},
        {"content": [1]},
        {"more": 1},
    ],
)
def test_files_that_state_something_else_are_damaged(store, change):
    store.write("a", {"a": 1})
    path = store.folder / "a.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document))
    assert store.read("a") == {"a": 1}
    path.write_text(json.dumps({**document, **change}))
    with pytest.raises(DamagedUnitError, match=r"a\.json: "):
        store.read("a")


def test_files_of_another_unit_are_damaged(store):
    store.write("a", {"a": 1})
    (store.folder / "a.json").rename(store.folder / "b.json")
    with pytest.raises(DamagedUnitError, match="holds the unit 'a'; expected 'b'"):
        store.read("b")


@pytest.mark.parametrize("text", ["", "[]", "null", "\xff", "[" * 100_000, "{}"])
def test_what_is_no_unit_is_damaged(store, text):
    (store.folder / "a.json").write_bytes(text.encode("latin-1"))
    with pytest.raises(DamagedUnitError):
        store.read("a")


@pytest.mark.parametrize("where", ["fsync", "replace"])
def test_a_failed_write_leaves_nothing_behind(store, monkeypatch, where):
    def fail(*args):
        raise OSError(errno.ENOSPC, "disk full")

    store.write("a", {"a": 1})
    with monkeypatch.context() as patch:
        patch.setattr(_store.os, where, fail)
        with pytest.raises(OSError, match="No space left"):
            store.write("a", {"a": 2})
        with pytest.raises(OSError, match="No space left"):
            store.compute("b", dict)
    assert files(store) == ["a.json"]
    assert store.read("a") == {"a": 1}


@needs_locks
def test_a_claim_excludes_others(store):
    with store.claim("a") as first, store.claim("a") as second:
        assert (first, second) == (True, False)
        with store.claim("b") as other, UnitStore(store.folder).claim("a") as third:
            assert (other, third) == (True, False)
    with store.claim("a") as again:
        assert again
    assert files(store) == []


@needs_locks
def test_a_claim_ends_with_an_exception(store):
    with pytest.raises(KeyError), store.claim("a"):
        raise KeyError
    assert files(store) == []
    with store.claim("a") as again:
        assert again


@needs_locks
def test_a_claim_excludes_other_threads(store):
    def claim(_):
        with store.claim("a") as is_claimed:
            return is_claimed

    with ThreadPoolExecutor(1) as pool:
        with store.claim("a"):
            assert list(pool.map(claim, range(3))) == [False] * 3
        assert list(pool.map(claim, range(3))) == [True] * 3


@needs_locks
def test_the_lock_of_others_is_not_removed(store):
    with ExitStack() as second:
        with store.claim("a"):
            (store.folder / "a.lock").unlink()
            assert second.enter_context(store.claim("a"))
        assert files(store) == ["a.lock"]
        with store.claim("a") as third:
            assert not third
    assert files(store) == []


@needs_locks
def test_a_lock_that_was_removed_meanwhile_is_not_held(store, monkeypatch):
    path = store.folder / "a.lock"
    flock, inodes = _store.fcntl.flock, []

    def slow(descriptor, how):
        if how != _store.fcntl.LOCK_UN:
            inodes.append(os.fstat(descriptor).st_ino)
        if len(inodes) == 1:  # the owner removes it between open and lock
            path.unlink()
        flock(descriptor, how)

    monkeypatch.setattr(_store.fcntl, "flock", slow)
    with store.claim("a") as is_claimed:
        assert is_claimed
        assert len(inodes) == 2
        assert path.stat().st_ino == inodes[1]
        with store.claim("a") as other:
            assert not other


@needs_locks
def test_file_systems_without_locks_let_all_compute(store, monkeypatch):
    def fail(*args):
        raise OSError(errno.ENOLCK, "no locks available")

    monkeypatch.setattr(_store.fcntl, "flock", fail)
    with store.claim("a") as first, store.claim("a") as second:
        assert first
        assert second
    assert files(store) == []
    assert store.compute("a", lambda: {"a": 1}) == ({"a": 1}, "computed")


def test_systems_without_locks_let_all_compute(store, monkeypatch):
    monkeypatch.setattr(_store, "fcntl", None)
    with store.claim("a") as first, store.claim("a") as second:
        assert first
        assert second
    assert store.compute("a", lambda: {"a": 1}) == ({"a": 1}, "computed")
    assert files(store) == ["a.json"]


def test_compute_computes_once(store):
    calls = []

    def function():
        calls.append(1)
        return {"b": (1, 2), "a": np.float64(0.1)}

    content = {"b": [1, 2], "a": 0.1}
    first, how = store.compute("a", function)
    assert (first, how) == (content, "computed")
    again, how = store.compute("a", function)
    assert (again, how) == (content, "reused")
    assert bits(first) == bits(again)
    assert len(calls) == 1
    assert files(store) == ["a.json"]


def test_compute_repairs(store):
    store.write("a", {"a": 1})
    path = store.folder / "a.json"
    path.write_bytes(path.read_bytes()[:-1])
    assert store.compute("a", lambda: {"a": 2}) == ({"a": 2}, "repaired")
    assert store.compute("a", lambda: {"a": 3}) == ({"a": 2}, "reused")


def test_compute_keeps_a_damaged_file_until_it_is_replaced(store):
    def fail():
        raise KeyError("not now")

    path = store.folder / "a.json"
    path.write_bytes(b"{")
    with pytest.raises(KeyError):
        store.compute("a", fail)
    assert path.read_bytes() == b"{"
    assert files(store) == ["a.json"]
    assert store.compute("a", dict) == ({}, "repaired")


@needs_locks
def test_compute_leaves_alone_what_others_compute(store):
    with store.claim("a"):
        assert store.compute("a", pytest.fail) == (None, "busy")
        store.write("a", {"a": 1})
        assert store.compute("a", pytest.fail) == ({"a": 1}, "reused")


def test_compute_reads_again_after_claiming(store, monkeypatch):
    claim = UnitStore.claim

    def late(self, key):
        UnitStore(self.folder).write(key, {"by": "another"})
        return claim(self, key)

    monkeypatch.setattr(UnitStore, "claim", late)
    assert store.compute("a", pytest.fail) == ({"by": "another"}, "reused")


@needs_locks
def test_threads_share_the_work(store):
    calls, lock = [], threading.Lock()

    def unit(key):
        def function():
            with lock:
                calls.append(key)
            time.sleep(0.002)
            return {"key": key}

        while True:
            content, how = store.compute(key, function)
            if how != "busy":
                return content
            time.sleep(0.001)

    keys = [f"u{number}" for number in range(25)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(unit, keys * 8))
    assert results == [{"key": key} for key in keys * 8]
    assert sorted(calls) == sorted(keys)
    assert files(store) == sorted(f"{key}.json" for key in keys)


@needs_locks
def test_claims_of_threads_never_overlap(store):
    held, overlaps, claims = [], [], []

    def contend(_):
        for _ in range(300):
            with store.claim("a") as is_claimed:
                if is_claimed:
                    held.append(1)
                    overlaps.append(len(held) > 1)
                    claims.append(1)
                    held.pop()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(contend, range(8)))
    assert len(claims) > 8
    assert not any(overlaps)
    assert files(store) == []


def start(code, *args):
    """Run code in another process, which has the store at hand."""
    head = (
        "import os, sys, time\n"
        "from pathlib import Path\n"
        "from sklearn_cnmf.evaluation._store import UnitStore\n"
        "store = UnitStore(sys.argv[1])\n"
        "print('ready', flush=True)\n"
    )
    root = str(Path(sklearn_cnmf.__file__).parents[1])
    return subprocess.Popen(
        [sys.executable, "-c", head + code, *map(str, args)],
        env={**os.environ, "PYTHONPATH": root},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def ends(process):
    """Wait until it ends by itself."""
    process.communicate(timeout=60)
    return process.returncode


# Writes larger than a page, in processes that are forked and killed one by one, until
# one of them was killed as it wrote.
WRITERS = """
import random, signal
content = {"values": [0.1 * number for number in range(3000)]}
rng = random.Random(0)
life = 0
while life < 40 or not list(Path(sys.argv[1]).glob(".*.unfinished")):
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        number = life
        while True:
            store.write(f"u{number % 5}", {**content, "number": number})
            if number == life:
                os.write(writing, b".")
            number += 1
    os.read(reading, 1)
    time.sleep(rng.uniform(0.0, 0.03))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for number in range(min(life + 1, 5)):
        assert store.read(f"u{number}")["values"] == content["values"]
    life += 1
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_killed_writers_leave_whole_units(store):
    assert ends(start(WRITERS, store.folder)) == 0
    names = files(store)
    units = [name for name in names if name.endswith(".json")]
    assert sorted(units) == [f"u{number}.json" for number in range(5)]
    assert [name for name in names if name.endswith(".unfinished")]
    for number in range(5):
        content = store.read(f"u{number}")
        assert content["number"] % 5 == number
        assert content["values"] == [0.1 * value for value in range(3000)]
        assert store.compute(f"u{number}", pytest.fail)[1] == "reused"
    store.write("u0", {"number": -1})
    assert store.read("u0") == {"number": -1}


@needs_locks
def test_a_killed_claimer_frees_its_claim(store):
    code = (
        "def unit():\n    print('computing', flush=True)\n    time.sleep(60)\n"
        "store.compute('a', unit)\n"
    )
    process = start(code, store.folder)
    assert process.stdout.readline() == "ready\n"
    assert process.stdout.readline() == "computing\n"
    assert store.compute("a", pytest.fail) == (None, "busy")
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert files(store) == ["a.lock"]
    assert store.compute("a", lambda: {"a": 1}) == ({"a": 1}, "computed")
    assert files(store) == ["a.json"]


SHARING = """
import json
calls = Path(sys.argv[2])

def unit(key):
    (calls / f"{key}-{os.getpid()}-{time.monotonic_ns()}").touch()
    time.sleep(0.05)
    return {"key": key, "by": os.getpid()}

def work():
    pending, results = [f"u{number}" for number in range(20)], {}
    while pending:
        for key in list(pending):
            content, how = store.compute(key, lambda: unit(key))
            if how != "busy":
                results[key] = content
                pending.remove(key)
        time.sleep(0.005)
    return sorted(results.items())

child = os.fork()
Path(sys.argv[3], "parent" if child else "child").write_text(json.dumps(work()))
if not child:
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1] != 0)
"""


@needs_locks
def test_two_processes_share_the_work(store, tmp_path):
    calls, outputs = tmp_path / "calls", tmp_path / "outputs"
    calls.mkdir()
    outputs.mkdir()
    assert ends(start(SHARING, store.folder, calls, outputs)) == 0
    keys = sorted(path.name.split("-")[0] for path in calls.iterdir())
    assert keys == sorted(f"u{number}" for number in range(20))
    one, other = (json.loads(path.read_text()) for path in outputs.iterdir())
    assert one == other == [[key, store.read(key)] for key in keys]
    assert len({content["by"] for _, content in one}) == 2
    assert files(store) == sorted(f"{key}.json" for key in keys)
