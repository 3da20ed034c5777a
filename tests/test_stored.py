import pickle
from dataclasses import dataclass, replace
from typing import ClassVar

import joblib
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from sklearn_cnmf import Reference, Trial, _stored, check_trials
from sklearn_cnmf._stored import Source
from sklearn_cnmf.trial import sources_key

READ = []


@dataclass(frozen=True)
class Ramp(Source):
    offset: int = 0

    def shape(self, field):
        return {"eeg": (2, 64), "mixture": (8000,), "sources": (2, 8000)}[field]

    def read(self, field):
        READ.append((self.offset, field))
        shape = self.shape(field)
        return np.arange(np.prod(shape), dtype=float).reshape(shape) + self.offset


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    READ.clear()
    monkeypatch.setattr(_stored, "_recent", _stored._Recent())


def lazy(offset=0, **values):
    return Trial(None, 64.0, None, 8000.0, source=Ramp(offset), **values)


def test_arrays_are_read_when_they_are_used():
    trial = lazy(stimulus="a")
    assert "eeg=2 x 64 at 64 Hz, mixture=8000 at 8000 Hz" in repr(trial)
    assert READ == []
    assert trial.eeg.shape == (2, 64)
    assert trial.eeg is trial.eeg
    assert READ == [(0, "eeg")]
    check_trials([trial])
    with pytest.raises(ValueError, match="read-only"):
        trial.mixture[0] = 1
    with pytest.raises(AttributeError, match="'Trial' object has no attribute 'egg'"):
        _ = trial.egg


def test_a_copy_with_a_guide_stays_on_disk():
    trial = replace(lazy(), guide=np.zeros((1, 60)), guide_sfreq=60.0)
    assert not {"eeg", "mixture"} & set(vars(trial))
    assert_array_equal(trial.mixture, np.arange(8000.0))
    louder = replace(trial, mixture=2 * trial.mixture)
    assert "eeg" not in vars(louder)
    assert_array_equal(louder.mixture, 2 * np.arange(8000.0))


def test_it_goes_to_workers_as_a_name():
    trial = lazy(7)
    assert trial.eeg[0, 0] == 7
    content = pickle.dumps(trial)
    assert len(content) < 500
    assert_array_equal(pickle.loads(content).eeg, trial.eeg)
    assert joblib.hash(trial) == joblib.hash(lazy(7)) != joblib.hash(lazy(8))


def test_what_was_read_last_is_kept_within_bounds(monkeypatch):
    monkeypatch.setattr(_stored, "_KEPT", 3 * 8000 * 8)
    trials = [lazy(offset) for offset in range(5)]
    for trial in trials:
        assert trial.mixture[0] == trial.source.offset
    READ.clear()
    assert trials[4].mixture[1] == 5
    assert trials[2].mixture[1] == 3
    assert READ == []
    held = trials[0].mixture
    for trial in trials[1:]:
        trial.mixture.sum()
    READ.clear()
    assert trials[0].mixture is held
    assert READ == []


class Interrupting(Ramp):
    """Source that is interrupted when it is hashed or compared for the n-th time."""

    left = 0
    held: ClassVar[list] = []  # Python ignores an interrupt as an array ends

    def read(self, field):
        self.held.append(super().read(field))
        return self.held[-1]

    @classmethod
    def _count(cls):
        cls.left -= 1
        if cls.left == 0:
            raise KeyboardInterrupt

    def __hash__(self):
        self._count()
        return hash(self.offset)

    def __eq__(self, other):
        self._count()
        return self.offset == other.offset


def test_an_interrupt_as_it_looks_for_what_was_read(monkeypatch):
    # An OrderedDict raises a KeyError instead, and again each time it is used then.
    monkeypatch.setattr(_stored, "_KEPT", 2 * 8000 * 8)

    def read_all():
        return [_stored._recent.read(Interrupting(k % 3), "mixture") for k in range(6)]

    n_interrupted = 0
    while Interrupting.left <= 0:
        n_interrupted += 1
        monkeypatch.setattr(_stored, "_recent", _stored._Recent())
        Interrupting.left = n_interrupted
        try:
            read_all()
        except KeyboardInterrupt:
            assert [array[0] for array in read_all()] == [0, 1, 2, 0, 1, 2]
    assert n_interrupted > 20


def test_references_stay_on_disk_too():
    one, two, other = (Reference(None, 1, Ramp(k)) for k in (0, 0, 1))
    assert repr(one) == "Reference(sources=2 x 8000, attended=1)"
    assert READ == []
    assert sources_key(one) == sources_key(two) != sources_key(other)
    assert READ == []
    own = replace(one, sources=one.sources + 1)
    assert sources_key(own) == id(own.sources)


def test_a_source_is_made_by_a_reader():
    with pytest.raises(ValueError, match="source: expected what a reader"):
        Trial(None, 64.0, None, 8000.0, source="file.h5")
