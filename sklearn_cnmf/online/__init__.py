"""The same, frame by frame, while the listener listens."""

from .._public import set_public_module
from ._separator import OnlineSeparator

__all__ = ["OnlineSeparator"]

set_public_module(globals())
