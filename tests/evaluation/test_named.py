from types import SimpleNamespace

import numpy as np
import pytest

from sklearn_cnmf.evaluation._named import check_named, index_of
from sklearn_cnmf.separation import Separation

TRIAL = SimpleNamespace(instruments=("violin", "flute"))


def separation(instruments):
    return Separation(np.zeros(3), instruments, None, None, True)


def test_instruments_have_their_index():
    assert [index_of(name, TRIAL) for name in ("flute", "violin")] == [1, 0]
    check_named(separation(("violin", "flute")), TRIAL)
    check_named(separation(None), TRIAL)


def test_voices_by_height_are_refused():
    expected = r"voice 'higher', .* which of \['violin', 'flute'\] it is"
    with pytest.raises(ValueError, match=expected):
        index_of("higher", TRIAL)
    with pytest.raises(ValueError, match=expected):
        check_named(separation(("higher", "lower")), TRIAL)


def test_voices_of_trials_without_names_are_refused():
    unnamed = SimpleNamespace(instruments=None)
    expected = "voice 'higher', but the trial names no instruments"
    with pytest.raises(ValueError, match=expected):
        check_named(separation(("higher", "lower")), unnamed)
    check_named(separation(None), unnamed)
