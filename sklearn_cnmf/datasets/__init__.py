"""Recordings, simulated trials and example stems."""

from ._stems import Piece, load_example_stems

__all__ = ["Piece", "load_example_stems"]
