"""Workers do the tasks, and processes that share a store share them."""

import pickle
import time
import warnings
from functools import partial
from typing import Any

import joblib

from .._store import UnitStore
from .._workers import deaths_explained
from ._result import Done
from ._tasks import Keyed
from ._work import UnitFailed, work

# Seconds until units that another process works on are looked at again.
_PATIENCE = 0.5


def work_all(
    tasks: list[Keyed],
    store: UnitStore | None,
    n_jobs: int | None,
    progress: bool | None,
) -> list[Done]:
    """Let workers do all tasks; those that another process does are waited for.

    Parameters
    ----------
    tasks : list of Keyed
        What to do.
    store : UnitStore or None
        Where results are kept.
    n_jobs : int or None
        As in :class:`joblib.Parallel`.
    progress : bool or None
        Whether to show a bar; on a terminal if None.

    Returns
    -------
    done : list of Done
        In the order of the tasks.

    Raises
    ------
    RuntimeError
        If a worker process died.
    """
    from tqdm import tqdm

    done: list[Any] = [None] * len(tasks)
    disable = None if progress is None else not progress
    with tqdm(total=len(tasks), unit="unit", disable=disable, leave=False) as bar:
        ready = list(range(len(tasks)))
        busy: list[int] = []
        while ready or busy:
            for index, content, how in _results(tasks, ready, store, n_jobs):
                if how == "busy":
                    busy.append(index)
                    continue
                key, task = tasks[index]
                done[index] = Done(content, how, key, _size(task))
                bar.update()
            if busy:
                time.sleep(_PATIENCE)
            ready = [i for i in busy if _is_free(store, tasks[i].key)]
            busy = [i for i in busy if i not in ready]
    return done


def _is_free(store, key):
    """Tell whether nobody works on a unit any more, finished or not."""
    with store.claim(key) as is_claimed:
        return is_claimed


def _results(tasks, indices, store, n_jobs):
    results = joblib.Parallel(
        n_jobs=n_jobs, return_as="generator_unordered", batch_size=1
    )(joblib.delayed(_do)(index, *tasks[index], store) for index in indices)
    kept = "nothing was kept" if store is None else "finished units are kept"
    try:
        with deaths_explained(kept), warnings.catch_warnings():
            # joblib renews processes whose memory has grown, and says so.
            warnings.filterwarnings("ignore", "A worker stopped while", UserWarning)
            yield from results
    finally:
        results.close()


def _do(index, key, task, store):
    try:
        if store is None:
            return index, work(task), "computed"
        return index, *store.compute(key, partial(work, task))
    except UnitFailed as error:
        return index, {"failed": str(error)}, "failed"


def _size(task):
    """Bytes of what a worker is sent."""
    buffers = []
    head = pickle.dumps(task, protocol=5, buffer_callback=buffers.append)
    return len(head) + sum(len(buffer.raw()) for buffer in buffers)
