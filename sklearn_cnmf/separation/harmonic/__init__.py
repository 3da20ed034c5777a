"""Pitched voices of a mixture, tracked by harmonic combs."""

from ._contrast import contrasted_levels
from ._envelopes import Profile
from ._find import Found, find_voices
from ._naming import assign_voices, learn_profile

__all__ = [
    "Found",
    "Profile",
    "assign_voices",
    "contrasted_levels",
    "find_voices",
    "learn_profile",
]
