"""YAML files of others, read as plain data."""

from pathlib import Path
from typing import Any

# Bytes of the largest file that is read.
_LARGEST = 2**26


def read_yaml(path: str | Path) -> Any:
    """Read a YAML file as dicts, lists, text and numbers.

    Objects of Python that a file holds, as a dumped `mne.Info` does, are taken for the
    plain data that they were made of. Nothing is imported, called or unpickled.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    content : object

    Raises
    ------
    OSError
        If the file does not exist.
    ValueError
        If it is larger than 64 MiB or no YAML.
    """
    import yaml

    path = Path(path)
    size = path.stat().st_size
    if size > _LARGEST:
        raise ValueError(
            f"{path}: has {size / 1e6:.0f} MB; a YAML file of at most "
            f"{_LARGEST / 1e6:.0f} MB is read"
        )
    try:
        return yaml.load(path.read_bytes(), _plain_loader())
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        said = " ".join(str(error).split())[:200]
        raise ValueError(f"{path}: can't be read as YAML ({said})") from error


def _plain_loader():
    import yaml

    class PlainLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
        """A safe loader that ignores Python's tags."""

    PlainLoader.add_multi_constructor("tag:yaml.org,2002:python/", _plain)
    return PlainLoader


def _plain(loader, suffix, node):
    import yaml

    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)
