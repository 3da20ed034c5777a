"""Names of results: equal for equal values, different for different ones."""

import json
import math
import os
import subprocess
import sys
from collections import OrderedDict, defaultdict, deque, namedtuple
from dataclasses import dataclass, replace
from enum import Enum
from fractions import Fraction
from functools import cache, partial
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace

import joblib
import numpy as np
import pytest
import scipy.stats
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LinearRegression, LogisticRegression, Ridge
from sklearn.metrics import accuracy_score, make_scorer, mean_squared_error
from sklearn.model_selection import GridSearchCV, GroupKFold, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

import sklearn_cnmf
from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.datasets import load_trials, save_trials
from sklearn_cnmf.evaluation import StimulusKFold
from sklearn_cnmf.evaluation._keys import (
    describe,
    digest,
    environment,
    trial_digest,
)
from sklearn_cnmf.metrics import attention_scorer, separation_scorer

Pair = namedtuple("Pair", "first second")


class Colour(Enum):
    RED = 1
    BLUE = 2


@dataclass
class Settings:
    gain: float = 1.0
    names: tuple = ()


@dataclass(slots=True)
class Slotted:
    gain: float = 1.0


class Slots:
    __slots__ = ("__hidden", "unset")

    def __init__(self, hidden):
        self.__hidden = hidden


class Named(dict):
    pass


class Text(str):
    pass


class Holder:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)

    def score(self, x):
        return x

    def level(self, x):
        return -x


class Numbers(deque):
    pass


def metric(x, y):
    return float(np.max(x - y))


def other_metric(x, y):
    return float(np.min(x - y))


@cache
def cached_metric(x):
    return x


def wrapped(factor):
    def scaled(x):
        return factor * x

    return scaled


def local(default):
    def inner(x, y=default):
        return x in {"p", "q", "r"} or y

    return inner


def model(delta=1.0, **parameters):
    steps = [("decode", EnvelopeDecoder()), ("separate", ContrastiveNMF(delta=delta))]
    return Pipeline(steps, **parameters)


# Built anew at each call; no two are equal.
CASES = {
    "None": lambda: None,
    "Ellipsis": lambda: ...,
    "'None'": lambda: "None",
    "True": lambda: True,
    "False": lambda: False,
    "1": lambda: 1,
    "1.0": lambda: 1.0,
    "'1'": lambda: "1",
    "b'1'": lambda: b"1",
    "-1": lambda: -1,
    "large": lambda: 2**80,
    "0.0": lambda: 0.0,
    "-0.0": lambda: -0.0,
    "float": lambda: 0.1 + 0.2,
    "next float": lambda: 0.3,
    "nan": lambda: float("nan"),
    "inf": lambda: math.inf,
    "complex": lambda: 1 + 0j,
    "''": lambda: "",
    "surrogate": lambda: "\ud800",
    "float64 scalar": lambda: np.float64(1),
    "float32 scalar": lambda: np.float32(1),
    "int64 scalar": lambda: np.int64(1),
    "bool scalar": lambda: np.bool_(True),
    "array of no dimension": lambda: np.array(1.0),
    "array": lambda: np.arange(6.0),
    "array of another dtype": lambda: np.arange(6.0, dtype=np.float32),
    "array of another shape": lambda: np.arange(6.0).reshape(2, 3),
    "array of another order": lambda: np.arange(6.0).reshape(2, 3).T,
    "array of another content": lambda: np.arange(1, 7.0),
    "empty array": lambda: np.zeros((0, 3)),
    "empty array of another shape": lambda: np.zeros((3, 0)),
    "array of text": lambda: np.array(["a", "b"]),
    "array of days": lambda: np.array(["2020-01-01"], "M8[D]"),
    "array of nanoseconds": lambda: np.array(["2020-01-01"], "M8[ns]"),
    "array with fields": lambda: np.zeros(2, [("a", "i4"), ("b", "i4")]),
    "array with other fields": lambda: np.zeros(2, [("a", "i4"), ("c", "i4")]),
    "dtype": lambda: np.dtype("f4"),
    "class of NumPy": lambda: np.float32,
    "list": lambda: [1, 2],
    "tuple": lambda: (1, 2),
    "list in another order": lambda: [2, 1],
    "nested list": lambda: [[1], 2],
    "empty list": lambda: [],
    "empty tuple": lambda: (),
    "dict": lambda: {"a": 1, "b": [2]},
    "dict with another value": lambda: {"a": 1, "b": [3]},
    "dict with other keys": lambda: {1: 1, "b": [2]},
    "dict of mixed keys": lambda: {(1, 2): 1, "b": 2, None: 3, 1.5: 4},
    "empty dict": lambda: {},
    "ordered dict": lambda: OrderedDict(a=1, b=2),
    "ordered dict in another order": lambda: OrderedDict(b=2, a=1),
    "default dict": lambda: defaultdict(list, a=1),
    "default dict of another default": lambda: defaultdict(set, a=1),
    "dict of a class": lambda: Named(a=1, b=[2]),
    "str of a class": lambda: Text("1"),
    "named tuple": lambda: Pair(1, 2),
    "set": lambda: {"a", "b", "c", "d"},
    "frozenset": lambda: frozenset("abcd"),
    "another set": lambda: {"a", "b", "c", 4},
    "empty set": lambda: set(),
    "range": lambda: range(3),
    "slice": lambda: slice(0, 3, 1),
    "path": lambda: Path("folder/file"),
    "another path": lambda: Path("folder/file2"),
    "path as a str": lambda: "folder/file",
    "enum": lambda: Colour.RED,
    "another enum": lambda: Colour.BLUE,
    "fraction": lambda: Fraction(1, 3),
    "another fraction": lambda: Fraction(2, 3),
    "namespace": lambda: SimpleNamespace(a=1),
    "class": lambda: Holder,
    "another class": lambda: Settings,
    "estimator class": lambda: Ridge,
    "builtin class": lambda: int,
    "function": lambda: metric,
    "another function": lambda: other_metric,
    "cached function": lambda: cached_metric,
    "function of NumPy": lambda: np.mean,
    "ufunc": lambda: np.add,
    "another ufunc": lambda: np.subtract,
    "builtin function": lambda: len,
    "decorated function": lambda: accuracy_score,
    "local function": lambda: local(1),
    "local function with another default": lambda: local(2),
    "method": lambda: Holder(a=1).score,
    "another method": lambda: Holder(a=1).level,
    "method of another object": lambda: Holder(a=2).score,
    "partial": lambda: partial(metric, y=1),
    "partial of another argument": lambda: partial(metric, y=2),
    "partial of a place": lambda: partial(metric, 1),
    "partial of another function": lambda: partial(other_metric, y=1),
    "dataclass": lambda: Settings(),
    "dataclass of another value": lambda: Settings(2.0),
    "dataclass with slots": lambda: Slotted(),
    "dataclass with slots of another value": lambda: Slotted(2.0),
    "slots": lambda: Slots(1),
    "slots of another value": lambda: Slots(2),
    "object": lambda: Holder(a=1, b=2),
    "object of another value": lambda: Holder(a=1, b=3),
    "object of nothing": lambda: Holder(),
    "distribution": lambda: scipy.stats.loguniform(1, 10),
    "another distribution": lambda: scipy.stats.loguniform(1, 20),
    "distribution of another kind": lambda: scipy.stats.uniform(1, 10),
    "groups": lambda: GroupKFold(3),
    "more groups": lambda: GroupKFold(4),
    "stimuli": lambda: StimulusKFold(3),
    "folds": lambda: KFold(3, shuffle=True, random_state=0),
    "folds of another seed": lambda: KFold(3, shuffle=True, random_state=1),
    "attention scorer": attention_scorer,
    "separation scorer": separation_scorer,
    "true scorer": lambda: separation_scorer(choice="true"),
    "scorer of a function": lambda: separation_scorer(metric),
    "scorer of scikit-learn": lambda: make_scorer(accuracy_score),
    "another scorer of scikit-learn": lambda: make_scorer(mean_squared_error),
    "negative scorer": lambda: make_scorer(mean_squared_error, greater_is_better=False),
    "estimator": lambda: Ridge(),
    "estimator of another value": lambda: Ridge(alpha=2.0),
    "estimator of another type": lambda: Ridge(alpha=1),
    "estimator of another class": lambda: LinearRegression(),
    "estimator that is set": lambda: StandardScaler().set_output(transform="pandas"),
    "estimator that isn't": lambda: StandardScaler(),
    "decoder": lambda: EnvelopeDecoder(),
    "pipeline": lambda: model(),
    "pipeline of another value": lambda: model(delta=2.0),
    "pipeline of another name": lambda: Pipeline([("other", Ridge())]),
    "pipeline in a pipeline": lambda: make_pipeline(model(), Ridge()),
    "search": lambda: GridSearchCV(
        model(), {"separate__delta": [1.0, 2.0]}, cv=GroupKFold(2)
    ),
    "search of another grid": lambda: GridSearchCV(
        model(), {"separate__delta": [1.0, 3.0]}, cv=GroupKFold(2)
    ),
    "search of other folds": lambda: GridSearchCV(
        model(), {"separate__delta": [1.0, 2.0]}, cv=GroupKFold(3)
    ),
    "search of another model": lambda: GridSearchCV(
        model(delta=0.5), {"separate__delta": [1.0, 2.0]}, cv=GroupKFold(2)
    ),
    "trial": lambda: trial(),
    "another trial": lambda: replace(trial(), subject="2"),
    "reference": lambda: reference(),
}


def trial():
    rng = np.random.default_rng(0)
    return Trial(
        rng.standard_normal((2, 64)),
        64.0,
        rng.standard_normal(8000).astype(np.float32),
        8000.0,
        instruments=("violin", "oboe"),
        subject="1",
        stimulus="a",
        ch_names=("Cz", "Pz"),
        guide=rng.standard_normal((1, 64)),
        guide_sfreq=64.0,
        guide_feature="envelope",
        guide_weights=np.ones(1),
        estimate=np.zeros((2, 8000), np.float32),
        guide_band=(1.0, None),
    )


def reference():
    mixture = trial().mixture
    return Reference(np.stack([mixture / 2, mixture / 2]), 1)


def digests():
    return {name: digest(describe(build())) for name, build in CASES.items()}


@pytest.fixture(scope="module")
def known():
    return digests()


@pytest.mark.parametrize("name", CASES)
def test_equal_values_have_equal_descriptions(name):
    first, second = describe(CASES[name]()), describe(CASES[name]())
    assert first == second
    assert digest(first) == digest(second)
    assert json.loads(json.dumps(first)) == first


def test_different_values_have_different_digests(known):
    assert len(known) >= 40
    for one, other in combinations(known, 2):
        assert known[one] != known[other], (one, other)
    descriptions = {name: describe(build()) for name, build in CASES.items()}
    for one, other in combinations(descriptions, 2):
        assert descriptions[one] != descriptions[other], (one, other)


def test_digests_are_the_same_in_another_process(known):
    code = (
        "import importlib.util, json, sys\n"
        "spec = importlib.util.spec_from_file_location(*sys.argv[1:])\n"
        "module = sys.modules[spec.name] = importlib.util.module_from_spec(spec)\n"
        "spec.loader.exec_module(module)\n"
        "print(json.dumps(module.digests()))\n"
    )
    root = str(Path(sklearn_cnmf.__file__).parents[1])
    seed = "2" if os.environ.get("PYTHONHASHSEED") == "1" else "1"
    result = subprocess.run(
        [sys.executable, "-c", code, __name__, __file__],
        env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": root},
        stdout=subprocess.PIPE,
        check=True,
    )
    assert json.loads(result.stdout) == known


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        (set(range(100)), set(reversed(range(100)))),
        (np.arange(12.0).reshape(3, 4).T.copy(), np.arange(12.0).reshape(3, 4).T),
        (np.arange(6.0)[::2], np.array([0.0, 2.0, 4.0])),
        (float("nan"), -float("nan")),
        (model(), clone(model())),
        (model(), model(memory="folder", verbose=True)),
        (LogisticRegression(), LogisticRegression(n_jobs=2, verbose=1)),
        (Ridge(), Ridge().fit([[0.0], [1.0]], [0.0, 1.0])),
        (Path("a/b"), Path("a") / "b"),
        ([Ridge()] * 2, [Ridge(), Ridge()]),
    ],
)
def test_what_makes_no_difference(one, other):
    assert describe(one) == describe(other)


def test_a_cache_makes_no_difference(tmp_path):
    cache = joblib.Memory(tmp_path, verbose=0)
    assert describe(model()) == describe(model(memory=cache))


def test_n_jobs_of_what_is_no_estimator_makes_a_difference():
    assert describe({"n_jobs": 1}) != describe({"n_jobs": 2})
    assert describe(Holder(memory=1)) != describe(Holder(memory=2))


CYCLE = [1]
CYCLE.append({"again": CYCLE})
OBJECT_CYCLE = Holder()
OBJECT_CYCLE.itself = OBJECT_CYCLE
DEEP = []
for _ in range(10_000):
    DEEP = [DEEP]


def local_object():
    class Local:
        pass

    return Local()


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (lambda x: x, r"^value: .* is a lambda: nothing tells two .* across processes"),
        (wrapped(2), r"^value: .*scaled is a function with a closure: nothing tells"),
        ([0, wrapped(2)], r"^value\[1\]: .*at the top of a module, or an object with"),
        (local_object(), r"^value: .*Local is a local class: nothing tells"),
        (type(local_object()), r"^value: .*Local is a local class: nothing tells"),
        (np.random.default_rng(0), r"^value: .*Generator .*expected an int seed"),
        (KFold(2, shuffle=True, random_state=np.random.RandomState(0)),
         r"^value\.random_state: .*RandomState .*expected an int seed"),
        (np.array([None]), r"^value: dtype object holds objects"),
        (np.ma.masked_array([1.0], [True]), r"^value: masked"),
        (object(), r"^value: builtins\.object can't be described: it has no attrib"),
        (iter([1]), r"^value: builtins\.list_iterator can't be described"),
        (Numbers([1]), r"^value: .*Numbers can't be described"),
        ([].append, r"^value: .*builtin_function_or_method can't be described"),
        (os, r"^value: builtins\.module can't be described"),
        (CYCLE, r"^value\[1\]\['again'\]: list contains itself"),
        (OBJECT_CYCLE, r"^value\.itself: Holder contains itself"),
        (DEEP, r"^value: nested too deeply"),
        ({"a": {1: iter([])}}, r"^value\['a'\]\[1\]: "),
        ({iter([])}, r"^value\{\.\.\.\}: "),
        (partial(metric, y=iter([])), r"^value\.keywords\['y'\]: "),
        (Settings(names=(1, iter([]))), r"^value\.names\[1\]: "),
        (make_pipeline(StandardScaler(), Ridge(iter([]))), r"^value\.ridge\.alpha: "),
        (GridSearchCV(make_pipeline(Ridge(iter([]))), {}),
         r"^value\.estimator\.ridge\.alpha: "),
    ],
)  # fmt: skip
def test_what_is_refused(value, message):
    with pytest.raises(ValueError, match=message):
        describe(value)


def test_messages_begin_with_the_given_name():
    with pytest.raises(ValueError, match=r"^estimator\.alpha: "):
        describe(Ridge(wrapped(1)), "estimator")


def run(path, source):
    """Import a module of this source as a new process would, and describe from it."""
    name = path.stem
    path.write_text(source)
    module = type(sys)(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    exec(compile(source, path, "exec"), vars(module))
    return module


@pytest.fixture
def load(tmp_path):
    path = tmp_path / "module_of_a_user.py"
    yield lambda source: run(path, source)
    sys.modules.pop(path.stem, None)


SOURCE = """
import numpy as np
GAIN = 1
class Base:
    offset = 1
    def level(self, x):
        return x + 1
class Scorer(Base):
    def __init__(self):
        self.gain = 2
    def __call__(self, estimator, X, y):
        return 3
def metric(x, y, scale=GAIN):
    return np.max(x - y)
"""


@pytest.mark.parametrize("has_source", [True, False])
@pytest.mark.parametrize(
    ("old", "new", "changed"),
    [
        ("np.max", "np.min", {"metric"}),
        ("x - y)", "x - 2 * y)", {"metric"}),
        ("GAIN = 1", "GAIN = 4", {"metric"}),
        ("return 3", "return 4", {"Scorer", "instance", "method"}),
        ("x + 1", "x + 2", {"Scorer", "instance", "method"}),
        ("offset = 1", "offset = 2", {"Scorer", "instance", "method"}),
        ("gain = 2", "gain = 3", {"Scorer", "instance", "method"}),
        ("import numpy as np", "import numpy as np, os", set()),
    ],
)
def test_changed_code_changes_the_digest(load, tmp_path, old, new, changed, has_source):
    def found(source):
        module = load(source)
        if not has_source:
            (tmp_path / "module_of_a_user.py").unlink()
        scorer = module.Scorer()
        values = {
            "metric": module.metric,
            "Scorer": module.Scorer,
            "instance": scorer,
            "method": scorer.level,
        }
        return {name: digest(describe(value)) for name, value in values.items()}

    assert old in SOURCE
    before, after = found(SOURCE), found(SOURCE.replace(old, new))
    assert {name for name in before if before[name] != after[name]} == changed
    assert found(SOURCE) == before


@pytest.mark.parametrize(("old", "new"), [("(1)", "(2)"), ("[3]", "[4]")])
def test_the_source_tells_what_the_code_does_not(load, old, new):
    source = (
        "from functools import lru_cache\n"
        "@lru_cache(1)\ndef function(x):\n    return x\n"
        "class Scorer:\n    weights = [3]\n"
    )
    found = []
    for each in (source, source.replace(old, new)):
        module = load(each)
        found.append([describe(module.function), describe(module.Scorer())])
    same = [one == other for one, other in zip(*found)]
    assert same == [old == "[3]", old == "(1)"]


def test_an_edited_file_is_not_taken_for_the_function_that_runs(load, tmp_path):
    module = load(SOURCE)
    edited = SOURCE.replace("np.max", "np.min")
    (tmp_path / "module_of_a_user.py").write_text(edited)
    old_code = digest(describe(module.metric))
    assert old_code != digest(describe(load(edited).metric))


def test_digest_is_of_canonical_json():
    expected = "43258cff783fe7036d8a43033f830adfc60ec037382473548ac742b888292777"
    assert digest({"b": 2, "a": 1}) == expected  # {"a":1,"b":2}
    assert digest([math.nan]) == digest([-math.nan]) != digest([math.inf])


CHANGES = {
    "eeg": trial().eeg + 1e-12,
    "eeg_sfreq": 64.000001,
    "mixture": trial().mixture.astype(np.float64),
    "audio_sfreq": 8000.5,
    "instruments": ("oboe", "violin"),
    "subject": "2",
    "stimulus": "b",
    "ch_names": ("Pz", "Cz"),
    "guide": trial().guide[:, ::-1],
    "guide_sfreq": 63.0,
    "guide_feature": None,
    "guide_weights": np.ones(1, np.float32),
    "estimate": None,
    "guide_band": (1.0, 8.0),
    "guide_phase": "forward",
}


def test_all_fields_are_changed():
    fields = set(Trial.__dataclass_fields__) - {"source"}
    assert set(CHANGES) == {name for name in fields if not name.startswith("_")}


@pytest.mark.parametrize("field", CHANGES)
def test_each_field_of_a_trial_changes_its_digest(field):
    changed = replace(trial(), **{field: CHANGES[field]})
    assert trial_digest(changed, None) != trial_digest(trial(), None)


def test_the_reference_changes_the_digest_of_a_trial():
    sources = reference().sources
    truths = [None, reference(), Reference(sources, 0), Reference(sources * 2, 1)]
    assert len({trial_digest(trial(), truth) for truth in truths}) == 4


def test_a_feature_that_is_a_function_is_described():
    found = [
        trial_digest(replace(trial(), guide_feature=feature), None)
        for feature in (metric, other_metric)
    ]
    assert found[0] != found[1]
    with pytest.raises(ValueError, match=r"^trial\.guide_feature: .* closure"):
        trial_digest(replace(trial(), guide_feature=wrapped(1)), None)


@pytest.mark.parametrize("lazy", [True, False])
def test_saved_trials_have_the_digest_of_those_in_memory(tmp_path, lazy):
    bare = Trial(np.ones((2, 64), ">f4"), 64, np.ones((8000, 2), np.float32).T, 8000)
    trials = [trial(), replace(trial(), guide_band=(2, np.float32(8))), bare]
    stereo = np.stack([bare.mixture / 2] * 2)
    truths = [reference(), reference(), Reference(stereo, np.int64(1))]
    save_trials(tmp_path / "trials.h5", trials, truths)
    saved, saved_truths = load_trials(tmp_path / "trials.h5", lazy=lazy)
    assert ("eeg" not in vars(saved[0])) == lazy
    for one, truth, other, other_truth in zip(trials, truths, saved, saved_truths):
        assert trial_digest(one, truth) == trial_digest(other, other_truth)
        assert trial_digest(one, None) == trial_digest(other, None)
        assert describe(one) == describe(other)


def test_the_environment_tells_versions_and_the_state_of_the_package():
    found = environment()
    assert found["numpy"] == np.__version__
    assert found["sklearn-cnmf"] == sklearn_cnmf.__version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert {"scipy", "scikit-learn", "mne", "librosa"} < set(found)
    assert len(found["source"]) == 64
    assert json.loads(json.dumps(found)) == found


def test_the_state_of_the_package_follows_its_files(tmp_path, monkeypatch):
    from sklearn_cnmf import _memory

    source_digest = _memory.source_digest.__wrapped__
    monkeypatch.setattr(_memory, "__file__", str(tmp_path / "_memory.py"))
    (tmp_path / "part").mkdir()
    file = tmp_path / "part" / "module.py"
    file.write_text("x = 1")
    first = source_digest()
    assert source_digest() == first
    file.write_text("x = 2")
    second = source_digest()
    file.rename(tmp_path / "part" / "renamed.py")
    assert len({first, second, source_digest()}) == 3


class Routed(BaseEstimator):
    def fit(self, X, y, weight=None):
        return self


def test_estimators_outside_the_package_are_described_with_their_source():
    assert describe(Routed())[1][1] != describe(Ridge())[1][1] == []
