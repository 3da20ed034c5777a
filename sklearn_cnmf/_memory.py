"""A cache on disk that never answers for other code than what runs."""

import hashlib
import warnings
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

from sklearn.utils.validation import check_memory


def cached(memory: Any, function: Callable) -> Callable:
    """Let a function keep its results in a cache on disk, if there is one.

    Parameters
    ----------
    memory : None, str or joblib.Memory
        The cache.
    function : callable
        A function at the top of a module, or a partial of one. All that its result
        depends on must be among its arguments.

    Returns
    -------
    cached : callable
        The same function. Its results are found again only with the same arguments,
        the same source code of this package and the same versions of the packages
        that compute for it.
    """
    memory = check_memory(memory)
    if memory.store_backend is None:
        return function
    return partial(_ask, memory.cache(_call), _code(), function)


def _ask(kept, *args, **kwargs):
    with warnings.catch_warnings():
        # On a busy disk joblib warns that it took long to note the arguments.
        warnings.filterwarnings("ignore", "Persisting input arguments", UserWarning)
        return kept(*args, **kwargs)


def _call(code, function, *args, **kwargs):
    return function(*args, **kwargs)


@cache
def _code():
    import librosa
    import mne
    import numpy as np
    import scipy
    import sklearn

    digest = hashlib.sha256()
    for module in (librosa, mne, np, scipy, sklearn):
        digest.update(f"{module.__name__} {module.__version__}\n".encode())
    digest.update(source_digest().encode())
    return digest.hexdigest()


@cache
def source_digest() -> str:
    """Tell one state of this package's source files from another."""
    digest = hashlib.sha256()
    folder = Path(__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
