"""Public names say where they are imported from."""

from typing import Any


def set_public_module(namespace: dict[str, Any]) -> None:
    """Set `__module__` of what a package lists in `__all__` to that package.

    Messages, documentation and saved models then name the place that is promised to
    stay, not the file that the code happens to be in.
    """
    for name in namespace["__all__"]:
        published = namespace[name]
        if getattr(published, "__module__", "").startswith(namespace["__name__"] + "."):
            published.__module__ = namespace["__name__"]
