"""Workers that are killed while they work for a search."""

import os
import signal
from functools import partial

import joblib
import pytest

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.cli import _demo, main
from sklearn_cnmf.datasets import load_trials
from sklearn_cnmf.evaluation import StimulusKFold, search_delta

from . import writers

pytestmark = pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
SAID = "a worker process died, most likely because memory ran out; call again with "


class Deadly(EnvelopeDecoder):
    """Has its process killed by its first fit in a worker."""

    def fit(self, X, y=None, **options):
        if os.getpid() != int(os.environ["PID_OF_TESTS"]):
            os.kill(os.getpid(), signal.SIGKILL)
        return super().fit(X, y, **options)


@pytest.fixture(autouse=True)
def _own_pid(monkeypatch):
    monkeypatch.setenv("PID_OF_TESTS", str(os.getpid()))
    joblib.externals.loky.get_reusable_executor().shutdown(kill_workers=True)


def test_search_delta_says_what_happened_and_what_to_do(material):
    trials, references = load_trials(material / "trials.h5")
    with pytest.raises(RuntimeError, match=f"^{SAID}fewer jobs") as caught:
        search_delta(
            Deadly(alpha=1.0),
            ContrastiveNMF(6, max_iter=20, tol=0.0),
            trials,
            references,
            deltas=(0.0, 0.01),
            cv=StimulusKFold(2),
            n_jobs=2,
        )
    assert type(caught.value) is RuntimeError


def test_demo_says_so_in_one_line(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(_demo, "EnvelopeDecoder", partial(Deadly, alpha=1.0))
    monkeypatch.setattr(_demo, "run_demo", writers.small(_demo.run_demo))
    out = tmp_path / "out"
    assert main(["demo", "--subjects", "1", "--jobs", "2", "--out", str(out)]) == 2
    line = capsys.readouterr().err.splitlines()[-1]
    assert line.startswith(f"sklearn-cnmf: error: {SAID}")
    assert "Traceback" not in line
    assert not out.exists()
