"""What the simulation refuses, and how it reads a random state."""

from numbers import Integral, Real
from typing import Any

import numpy as np


def entropy(random_state: Any) -> Any:
    """Turn `random_state` into the entropy of all seed sequences of one call."""
    if random_state is None:
        return np.random.SeedSequence().entropy
    if isinstance(random_state, np.random.Generator):
        return int(random_state.integers(2**63))
    if isinstance(random_state, np.random.RandomState):
        return int(random_state.randint(2**31 - 1))
    if isinstance(random_state, Integral) and not isinstance(random_state, bool):
        if random_state < 0:
            raise ValueError(
                f"random_state: a seed of at least 0 is expected, got {random_state}"
            )
        return int(random_state)
    raise ValueError(
        "random_state: expected an int, numpy.random.Generator, RandomState or None, "
        f"got {type(random_state).__name__}"
    )


def check_pieces(pieces: Any) -> None:
    """Refuse pieces that can't be played."""
    if not isinstance(pieces, (list, tuple)):
        raise ValueError(
            f"stems: expected a list of Piece, got {type(pieces).__name__}"
        )
    if len(pieces) == 0:
        raise ValueError("stems: the list is empty; at least one piece is expected")
    names: dict[str, int] = {}
    for index, piece in enumerate(pieces):
        where = f"stems[{index}]"
        for field in ("name", "instruments", "stems", "sfreq"):
            if not hasattr(piece, field):
                raise ValueError(
                    f"{where}: expected a Piece, got {type(piece).__name__} without "
                    f"{field}"
                )
        if not isinstance(piece.name, str) or not piece.name:
            raise ValueError(f"{where}: name: expected a str, got {piece.name!r}")
        where += f" ({piece.name!r})"
        if piece.name in names:
            raise ValueError(
                f"{where}: stems[{names[piece.name]}] has the same name; it tells "
                "stimuli apart and must be unique"
            )
        names[piece.name] = index
        check_sources(piece.stems, f"{where}: stems", (2,))
        check_rate(f"{where}: sfreq", piece.sfreq)
        if len(piece.instruments) != len(piece.stems):
            raise ValueError(
                f"{where}: {len(piece.instruments)} instruments "
                f"{tuple(piece.instruments)} for {len(piece.stems)} stems"
            )
        if len(set(piece.instruments)) != len(piece.instruments):
            raise ValueError(
                f"{where}: instruments {tuple(piece.instruments)} are not all different"
            )


def check_sources(sources: Any, what: str, n_dims: tuple[int, ...]) -> None:
    """Refuse what is no array of sources of sound."""
    if not isinstance(sources, np.ndarray) or sources.dtype.kind != "f":
        kind = getattr(sources, "dtype", type(sources).__name__)
        raise ValueError(f"{what}: expected an ndarray of floats, got {kind}")
    if sources.ndim not in n_dims or 0 in sources.shape:
        expected = "(n_sources, n_samples)"
        if 3 in n_dims:
            expected += " or (n_sources, n_audio_channels, n_samples)"
        raise ValueError(
            f"{what}: expected shape {expected} with no axis empty, got {sources.shape}"
        )
    n_bad = np.size(sources) - np.count_nonzero(np.isfinite(sources))
    if n_bad:
        raise ValueError(f"{what}: found {n_bad} NaN or infinite values")


def check_rate(what: str, rate: Any) -> None:
    """Refuse what is no sampling rate."""
    if isinstance(rate, bool) or not isinstance(rate, Real):
        raise ValueError(f"{what}: expected a number, got {type(rate).__name__}")
    if not 0 < float(rate) < np.inf:
        raise ValueError(f"{what}: expected a positive rate in Hz, got {rate!r}")


def check_count(name: str, count: Any, least: int) -> None:
    """Refuse what is no integer of at least `least`."""
    if isinstance(count, bool) or not isinstance(count, Integral):
        raise ValueError(f"{name}: expected an int, got {type(count).__name__}")
    if count < least:
        raise ValueError(f"{name}: at least {least} is expected, got {count}")


def check_levels(snr_db: Any, attention_gain: Any) -> None:
    """Refuse levels that mean nothing."""
    for name, level in (("snr_db", snr_db), ("attention_gain", attention_gain)):
        if isinstance(level, bool) or not isinstance(level, Real):
            raise ValueError(f"{name}: expected a number, got {type(level).__name__}")
    if not snr_db < np.inf:
        raise ValueError(
            f"snr_db: expected a finite level in dB or -inf, got {snr_db!r}"
        )
    if not attention_gain > 0:
        raise ValueError(
            "attention_gain: expected a positive ratio of amplitudes, "
            f"got {attention_gain!r}"
        )
