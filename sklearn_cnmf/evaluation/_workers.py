"""Worker processes that die."""

from collections.abc import Iterator
from contextlib import contextmanager

from joblib.externals.loky.process_executor import TerminatedWorkerError


@contextmanager
def deaths_explained(kept: str = "nothing was kept") -> Iterator[None]:
    """Say what to do where a worker process died.

    Parameters
    ----------
    kept : str, default="nothing was kept"
        What of the work was kept.

    Raises
    ------
    RuntimeError
        If one died; its cause is the TerminatedWorkerError of joblib.
    """
    try:
        yield
    except TerminatedWorkerError as error:
        raise RuntimeError(
            "a worker process died, most likely because memory ran out; call again "
            f"with fewer jobs ({kept})"
        ) from error
