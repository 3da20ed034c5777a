"""One page to hear what was separated: all tracks in step, offline, in one file."""

from ._page import ListeningTrial, listening_page

__all__ = ["ListeningTrial", "listening_page"]
