"""Functions compiled by numba."""

from collections.abc import Callable
from typing import Any

import numba

# Sums may be reordered. NaN and infinity keep their meaning.
OPTIONS: Any = {
    "error_model": "numpy",
    "fastmath": {"contract", "reassoc", "nsz", "arcp"},
}


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile once for all processes, or in each where nothing can be written."""
    try:
        return numba.njit(nogil=True, cache=True, **OPTIONS)(function)
    except RuntimeError:  # numba found no folder for its cache
        return numba.njit(nogil=True, **OPTIONS)(function)
