"""Estimators that make trouble, and evaluations in processes that can be killed."""

import json
import os
import signal
import subprocess
import sys
import time
import traceback
import uuid
from pathlib import Path

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.pipeline import make_pipeline

import sklearn_cnmf
from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder
from sklearn_cnmf.datasets import load_trials
from sklearn_cnmf.evaluation import evaluate


class Share(BaseEstimator):
    """Hears a share of the mixture that depends on what was trained on.

    Each fit takes a while and leaves a file that tells what it was for.
    """

    def __init__(self, pause=0.0, marks=None, gain=1.0, random_state=None):
        self.pause = pause
        self.marks = marks
        self.gain = gain
        self.random_state = random_state

    def fit(self, X, y):
        if self.marks is not None:
            stimuli = sorted({trial.stimulus for trial in X})
            name = "-".join([X[0].subject, *stimuli, uuid.uuid4().hex])
            (Path(self.marks) / name).touch()
        time.sleep(self.pause)
        self.share_ = self.gain * float(np.mean([np.std(trial.eeg) for trial in X]))
        return self

    def predict(self, X):
        return [trial.mixture + self.share_ * trial.mixture**2 for trial in X]


class Raising(Share):
    """Raises `error` where `where` says, at the stimulus, which None takes for all."""

    def __init__(self, where="fit", stimulus=None, error=ValueError):
        super().__init__()
        self.where = where
        self.stimulus = stimulus
        self.error = error

    def fit(self, X, y):
        stimuli = {trial.stimulus for trial in X}
        if self.where == "fit" and (self.stimulus is None or self.stimulus in stimuli):
            raise self.error("no luck")
        return super().fit(X, y)

    def predict(self, X):
        if self.where == "predict":
            for trial in X:
                if self.stimulus in (None, trial.stimulus):
                    raise self.error("no luck")
        return super().predict(X)


class Reading(Share):
    """Reads a file when it is trained without a stimulus."""

    def __init__(self, path, stimulus):
        super().__init__()
        self.path = path
        self.stimulus = stimulus

    def fit(self, X, y):
        if self.stimulus not in {trial.stimulus for trial in X}:
            Path(self.path).read_text()
        return super().fit(X, y)


class Deadly(Share):
    """Ends its process in the fit without a stimulus."""

    def __init__(self, stimulus, pause=0.0):
        super().__init__(pause)
        self.stimulus = stimulus

    def fit(self, X, y):
        if self.stimulus not in {trial.stimulus for trial in X}:
            os._exit(1)
        return super().fit(X, y)


class ByName:
    """Folds by the last digit of stimuli, whatever the list."""

    def __init__(self, n_folds):
        self.n_folds = n_folds

    def __repr__(self):
        return f"ByName({self.n_folds})"

    def split(self, X):
        folds = np.array([int(trial.stimulus[-1]) % self.n_folds for trial in X])
        for fold in range(self.n_folds):
            yield np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)


def model():
    return make_pipeline(EnvelopeDecoder(alpha=1.0), ContrastiveNMF(6, max_iter=20))


def evaluate_saved(folder, file, estimator, backend=None, die_at=None, **options):
    """Evaluate trials of a file, and leave table and units in a folder."""
    import joblib

    folder = Path(folder)
    if die_at is not None:
        _die_at_write(die_at)
    kind, parameters = estimator
    estimator = globals()[kind](**parameters)
    arguments = {
        "metrics": ("si_sdr",),
        "baselines": ("mixture",),
        "controls": (),
        "cv": ByName(4),
        **options,
    }
    trials, references = load_trials(file)
    cluster = None
    if backend == "dask":
        from distributed import Client, LocalCluster

        cluster = LocalCluster(
            n_workers=2,
            threads_per_worker=1,
            dashboard_address="127.0.0.1:0",
            processes=True,
        )
        Client(cluster)
    if backend is None:
        result = evaluate(estimator, trials, references, **arguments)
    else:
        with joblib.parallel_config(backend=backend):
            result = evaluate(estimator, trials, references, **arguments)
    result.table.to_pickle(folder / "table")
    result.units.to_pickle(folder / "units")
    if cluster is not None:
        cluster.close()


def _die_at_write(number):
    """Have this process killed when it has written so many units and half another."""
    replaced = []

    def replace(*paths, replace=os.replace):
        if len(replaced) == number:
            with open(paths[0], "r+b") as file:
                file.truncate(100)
            os.kill(os.getpid(), signal.SIGKILL)
        replaced.append(paths)
        replace(*paths)

    os.replace = replace


def serve(file, folder):
    """Fork a process for each line that asks for one; tell how they end.

    All modules are imported before, since an evaluation imports some when it starts.
    """
    evaluate_saved(folder, file, ("Share", {}))
    for line in sys.stdin:
        request = json.loads(line)
        if "pid" in request:
            ended, status = os.waitpid(request["pid"], os.WNOHANG)
            answer = os.waitstatus_to_exitcode(status) if ended else None
        else:
            answer = os.fork()
            if answer == 0:
                _be_a_child(request)
        print(json.dumps(answer), flush=True)


def _be_a_child(request):
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    log = os.open(Path(request["folder"], "log"), os.O_WRONLY | os.O_CREAT, 0o666)
    os.dup2(log, 1)
    os.dup2(log, 2)
    try:
        evaluate_saved(**request)
    except BaseException:
        traceback.print_exc()
        sys.exit(1)
    sys.exit(0)


class Server:
    """A process that has imported everything and forks others quickly."""

    def __init__(self, file, folder):
        root = Path(sklearn_cnmf.__file__).parents[1]
        tests = Path(__file__).parents[3]
        code = (
            "import sys; from tests.evaluation.subjects import troubled; "
            "troubled.serve(*sys.argv[1:])"
        )
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, str(file), str(folder)],
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(root), str(tests)])},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.children = []

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self, folder, file, estimator, **options):
        folder.mkdir()
        pid = self.ask(
            folder=str(folder), file=str(file), estimator=estimator, **options
        )
        self.children.append(pid)
        return pid

    def wait(self, pid, timeout=60.0):
        """Return how a child ends."""
        deadline = time.monotonic() + timeout
        while (status := self.ask(pid=pid)) is None:
            assert time.monotonic() < deadline, "it does not end"
            time.sleep(0.02)
        return status

    def kill(self, pid):
        os.kill(pid, signal.SIGKILL)
        assert self.wait(pid) == -signal.SIGKILL

    def close(self):
        """End all that is left."""
        for pid in self.children:
            if is_alive(pid):
                os.killpg(pid, signal.SIGKILL)
        self.process.communicate(timeout=60)


def is_alive(pid):
    """Whether anything is left of a child and its workers."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True
