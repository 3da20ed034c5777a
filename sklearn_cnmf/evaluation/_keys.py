"""Names of results that tell by what, and from what, they were computed."""

import hashlib
import inspect
import io
import json
import platform
import random
import sys
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache, partial
from importlib.metadata import version
from numbers import Integral, Real
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType, ModuleType, SimpleNamespace
from typing import Any

import joblib
import numpy as np
from scipy.stats.distributions import rv_frozen

from .._memory import source_digest
from .._stored import Stored
from ..trial import Reference, Trial

# Parameters of estimators that results don't depend on.
_WITHOUT_EFFECT = ("memory", "n_jobs", "verbose")
# Packages whose versions, or sources, are in the environment.
_KNOWN = {
    "sklearn_cnmf",
    "numpy",
    "scipy",
    "sklearn",
    "mne",
    "librosa",
    *sys.stdlib_module_names,
}
_RANDOM = (
    np.random.Generator,
    np.random.RandomState,
    np.random.BitGenerator,
    np.random.SeedSequence,
    random.Random,
)
_PLAIN = {
    bool: repr,
    int: int.__repr__,
    float: float.__repr__,
    complex: complex.__repr__,
    str: str.__str__,
    bytes: bytes.hex,
}
_UNNAMED = (
    "nothing tells two of them apart across processes; expected a {} at the top of a "
    "module, or an object with attributes"
)
# Py_TPFLAGS_IMMUTABLETYPE: classes that are not written in Python.
_IMMUTABLE = 1 << 8


def describe(value: Any, name: str = "value") -> Any:
    """Describe a value by all that results computed with it depend on.

    Parameters
    ----------
    value : object
        A number, str, array, container, path, class, function, partial, estimator or
        an object with attributes, or any nesting of these.
    name : str, default="value"
        What messages call it.

    Returns
    -------
    description : object
        What JSON can express. It is equal for equal values, in whatever process and
        order of keys, and different for different ones. Estimators are described by
        their parameters, except `memory`, `n_jobs` and `verbose`, whether or not
        they are fitted. Functions are described by their source and code, and so are
        classes outside the packages that :func:`environment` knows; what these call
        in turn is not.

    Raises
    ------
    ValueError
        If it holds what nothing tells apart from others: a lambda, a function with a
        closure, a local class, a random state, an object without attributes; or if
        it contains itself. The message names where.
    """
    try:
        return _describe(value, name, ())
    except RecursionError as error:
        raise ValueError(f"{name}: nested too deeply to be described") from error


def digest(description: Any) -> str:
    """Digest what JSON can express.

    Parameters
    ----------
    description : object
        A description, as :func:`describe` makes it.

    Returns
    -------
    digest : str
        SHA-256 of its canonical JSON.
    """
    text = json.dumps(
        description, sort_keys=True, separators=(",", ":"), allow_nan=True
    )
    return hashlib.sha256(text.encode()).hexdigest()


def trial_digest(trial: Trial, reference: Reference | None) -> str:
    """Digest all that a trial and its reference hold.

    Parameters
    ----------
    trial : Trial
        The trial.
    reference : Reference or None
        The truth.

    Returns
    -------
    digest : str
        The same whether arrays are in memory or are read from files.
    """
    truth = None if reference is None else _describe_record(reference, "reference", ())
    return digest([_describe_record(trial, "trial", ()), truth])


def environment() -> dict[str, str]:
    """Tell what results depend on beside data and parameters.

    Returns
    -------
    environment : dict of str
        Versions of this package, Python and the packages that compute for it, and the
        digest of this package's source files under "source".
    """
    import mne
    import scipy
    import sklearn

    from .. import __version__

    return {
        "sklearn-cnmf": __version__,
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "scikit-learn": sklearn.__version__,
        "mne": mne.__version__,
        "librosa": version("librosa"),
        "numba": version("numba"),
        "source": source_digest(),
    }


def _describe(value, name, inside):
    """Describe what is within the objects of the identities `inside`."""
    if value is None or value is Ellipsis:
        return [repr(value)]
    if type(value) in _PLAIN:
        return [type(value).__name__, _PLAIN[type(value)](value)]
    if id(value) in inside:
        raise ValueError(
            f"{name}: {type(value).__name__} contains itself; expected a value that "
            "ends"
        )
    inside = (*inside, id(value))
    for kinds, function in _FIRST:
        if isinstance(value, kinds):
            return function(value, name, inside)
    if hasattr(type(value), "get_params"):
        return _describe_estimator(value, name, inside)
    if isinstance(value, FunctionType) or _is_imported(value):
        return _describe_function(value, name, inside)
    return _describe_object(value, name, inside)


def _refuse(value, name, inside):
    what = f"{name}: {_full_name(type(value))} can't be described"
    if isinstance(value, _RANDOM):
        raise ValueError(f"{what}: it changes as it is used; expected an int seed")
    raise ValueError(f"{what}; expected a number, str, estimator or plain object")


def _describe_memory(value, name, inside):
    return ["memory"]


def _describe_dtype(value, name, inside=()):
    if value.hasobject:
        raise ValueError(
            f"{name}: dtype {value} holds objects; expected numbers or text of a "
            "fixed length"
        )
    return ["dtype", repr(value.descr) if value.fields else value.str]


def _describe_array(value, name, inside=()):
    kind = "array" if isinstance(value, np.ndarray) else "scalar"
    if isinstance(value, np.ma.MaskedArray):
        raise ValueError(f"{name}: masked; expected an array without a mask")
    array = np.ascontiguousarray(value)
    dtype = _describe_dtype(array.dtype, name)
    content = array.reshape(-1).view(np.uint8) if array.nbytes else b""
    shape = list(np.shape(value))
    return [kind, dtype, shape, hashlib.sha256(content).hexdigest()]


def _describe_enum(value, name, inside):
    kind = _describe_kind(type(value), name)
    return ["enum", kind, value.name, _describe(value.value, name, inside)]


def _describe_path(value, name, inside):
    return ["path", str(value)]


def _describe_class(value, name, inside):
    return ["class", _describe_kind(value, name), _class_source(value)]


def _describe_code(value, name, inside):
    names = [list(value.co_names), list(value.co_varnames)]
    constants = [_describe(each, name, inside) for each in value.co_consts]
    return ["code", value.co_code.hex(), names, constants]


def _describe_partial(value, name, inside):
    return [
        "partial",
        _describe(value.func, f"{name}.func", inside),
        _describe(value.args, f"{name}.args", inside),
        _describe(value.keywords, f"{name}.keywords", inside),
    ]


def _describe_method(value, name, inside):
    function = _describe_function(value.__func__, name, inside)
    return ["method", function, _describe(value.__self__, f"{name}.__self__", inside)]


def _describe_distribution(value, name, inside):
    """Describe a frozen distribution of SciPy, which holds a random state."""
    arguments = (value.dist.name, value.args, value.kwds)
    kind = _describe_kind(type(value.dist), name)
    return ["distribution", kind, _describe(arguments, name, inside)]


def _describe_record(value, name, inside):
    description = {}
    for field in fields(value):
        if field.name != "source":
            where = f"{name}.{field.name}"
            content = _as_saved(field.name, getattr(value, field.name))
            description[field.name] = _describe(content, where, inside)
    return ["record", description]


def _as_saved(field, content):
    """Give the fields of a record the types in which files keep them."""
    arrays = ("eeg", "mixture", "guide", "guide_weights", "estimate", "sources")
    if field in arrays and content is not None:
        return np.asarray(content)
    if field == "guide_band" and isinstance(content, (tuple, list)):
        return [float(edge) if _is_number(edge) else edge for edge in content]
    if field == "attended" and _is_number(content) and isinstance(content, Integral):
        return int(content)
    return str(content) if isinstance(content, str) else content


def _is_number(value):
    return isinstance(value, Real) and not isinstance(value, (bool, np.bool_))


def _describe_estimator(value, name, inside):
    parameters = {
        key: _describe(parameter, f"{name}.{key}", inside)
        for key, parameter in value.get_params(deep=False).items()
        if key not in _WITHOUT_EFFECT
    }
    # What set_output and metadata routing have changed.
    state = vars(value) if hasattr(value, "__dict__") else {}
    output = _describe(state.get("_sklearn_output_config"), name, inside)
    requests = repr(state.get("_metadata_requests"))
    kind = _describe_kind(type(value), name)
    return ["estimator", kind, parameters, output, requests]


def _describe_sequence(value, name, inside):
    content = []
    for index, item in enumerate(value):
        where = f"{name}[{index}]"
        if _is_step(item):
            where = f"{name.rpartition('.')[0] or name}.{item[0]}"
        elif index == 1 and isinstance(value, tuple) and _is_step(value):
            where = name
        content.append(_describe(item, where, inside))
    base = list if isinstance(value, list) else tuple
    return _described(value, base, content, name, inside)


def _is_step(value):
    """Whether this is a named estimator of a pipeline or the like."""
    return (
        isinstance(value, tuple)
        and len(value) > 1
        and isinstance(value[0], str)
        and hasattr(value[1], "get_params")
    )


def _describe_dict(value, name, inside):
    content = []
    for key, item in value.items():
        where = f"{name}[{key!r}]"
        pair = _describe(key, where, inside), _describe(item, where, inside)
        content.append(list(pair))
    if not isinstance(value, OrderedDict):
        content.sort(key=lambda pair: json.dumps(pair[0], sort_keys=True))
    return _described(value, dict, content, name, inside)


def _describe_set(value, name, inside):
    content = [_describe(item, f"{name}{{...}}", inside) for item in value]
    content.sort(key=partial(json.dumps, sort_keys=True))
    base = frozenset if isinstance(value, frozenset) else set
    return _described(value, base, content, name, inside)


def _describe_plain(value, name, inside):
    """Describe an instance of a subclass of a plain type."""
    base = next(base for base in _PLAIN if isinstance(value, base))
    return _described(value, base, _PLAIN[base](value), name, inside)


def _described(value, base, content, name, inside):
    """Add the class and attributes of a value if it is more than its base."""
    if type(value) is base:
        return [base.__name__, content]
    attributes = _attributes(value) or {}
    if hasattr(value, "default_factory"):
        attributes["default_factory"] = value.default_factory
    attributes = {
        key: _describe(item, f"{name}.{key}", inside)
        for key, item in attributes.items()
    }
    return [base.__name__, content, _describe_kind(type(value), name), attributes]


def _describe_slice(value, name, inside):
    parts = [value.start, value.stop, value.step]
    return [type(value).__name__, [_describe(part, name, inside) for part in parts]]


def _describe_function(value, name, inside):
    full_name = _full_name(value)
    is_lambda = value.__name__ == "<lambda>"
    if is_lambda or (getattr(value, "__closure__", None) and not _is_imported(value)):
        what = "a lambda" if is_lambda else "a function with a closure"
        raise ValueError(
            f"{name}: {full_name} is {what}: {_UNNAMED.format('function')}"
        )
    function = inspect.unwrap(value)
    description = ["function", full_name, _source(function)]
    code = getattr(function, "__code__", None)
    if code is None or _is_known(function):
        return description
    attributes = {k: v for k, v in vars(value).items() if k != "__wrapped__"}
    if not isinstance(value, FunctionType):  # compiled: attributes hold its state
        attributes = {}
    more = (function.__defaults__, function.__kwdefaults__, attributes)
    return [*description, *(_describe(each, name, inside) for each in (code, *more))]


def _describe_ufunc(value, name, inside):
    # NumPy 1 does not tell where a ufunc lies.
    for module in ("numpy", "scipy.special"):
        if getattr(sys.modules.get(module), value.__name__, None) is value:
            return ["function", f"{module}.{value.__name__}", None]
    raise ValueError(
        f"{name}: the ufunc {value.__name__} can't be described: it is neither one of "
        "numpy nor of scipy.special; expected a function of a module"
    )


def _describe_object(value, name, inside):
    kind = type(value)
    attributes = _attributes(value)
    compiled = [
        base
        for base in kind.__mro__
        if base.__flags__ & _IMMUTABLE and base not in (object, SimpleNamespace)
    ]
    if attributes is None or compiled:
        raise ValueError(
            f"{name}: {_full_name(kind)} can't be described: it has no attributes or "
            "fields that hold all it is; expected a number, str, estimator or plain "
            "object"
        )
    description = {
        key: _describe(item, f"{name}.{key}", inside)
        for key, item in attributes.items()
    }
    return ["object", _describe_kind(kind, name), description]


def _attributes(value):
    """Attributes, slots and fields of an object; None if it can have none."""
    attributes = {}
    has_any = hasattr(value, "__dict__")
    for base in type(value).__mro__:
        slots = vars(base).get("__slots__", ())
        for slot in (slots,) if isinstance(slots, str) else slots:
            if slot in ("__dict__", "__weakref__"):
                continue
            has_any = True
            if slot.startswith("__") and not slot.endswith("__"):
                slot = f"_{base.__name__.lstrip('_')}{slot}"
            if hasattr(value, slot):
                attributes[slot] = getattr(value, slot)
    attributes.update(getattr(value, "__dict__", {}))
    if is_dataclass(value):
        has_any = True
        names = (field.name for field in fields(value))
        attributes.update({n: getattr(value, n) for n in names if hasattr(value, n)})
    return attributes if has_any else None


def _describe_kind(kind, name):
    """Name a class, with the sources of what it is made of that may change."""
    if "<locals>" in kind.__qualname__:
        raise ValueError(
            f"{name}: {_full_name(kind)} is a local class: {_UNNAMED.format('class')}"
        )
    bases = [base for base in kind.__mro__ if not _is_known(base)]
    return [_full_name(kind), [_class_source(base) for base in bases]]


@cache
def _class_source(kind):
    source = _source(kind)
    if source is not None:
        return source
    members = {}
    for key, member in vars(kind).items():
        member = getattr(member, "fget", member)
        function = inspect.unwrap(getattr(member, "__func__", member))
        if isinstance(function, FunctionType):
            members[key] = _describe_code(function.__code__, key, ())
        elif type(member) in _PLAIN and key not in ("__module__", "__firstlineno__"):
            members[key] = _describe(member, key, ())
    return digest(members)


def _source(value):
    try:
        source = inspect.getsource(value)
    except (OSError, TypeError, SyntaxError):
        return None
    return hashlib.sha256(source.encode("utf-8", "surrogatepass")).hexdigest()


def _full_name(value):
    return f"{value.__module__}.{getattr(value, '__qualname__', value.__name__)}"


def _is_known(value):
    return (value.__module__ or "").partition(".")[0] in _KNOWN


def _is_imported(value: Callable) -> bool:
    """Whether its module and name lead to the very object."""
    path = getattr(value, "__qualname__", None)
    found = sys.modules.get(getattr(value, "__module__", None) or "")
    if not isinstance(path, str) or found is None:
        return False
    for part in path.split("."):
        found = getattr(found, part, None)
    return found is value


# What is told by its type, the more special before the more general.
_FIRST = (
    ((*_RANDOM, ModuleType, io.IOBase), _refuse),
    (joblib.Memory, _describe_memory),
    (np.dtype, _describe_dtype),
    ((np.generic, np.ndarray), _describe_array),
    (Enum, _describe_enum),
    (PurePath, _describe_path),
    (type, _describe_class),
    (CodeType, _describe_code),
    (np.ufunc, _describe_ufunc),
    (partial, _describe_partial),
    (MethodType, _describe_method),
    (rv_frozen, _describe_distribution),
    (Stored, _describe_record),
    ((list, tuple), _describe_sequence),
    (dict, _describe_dict),
    ((set, frozenset), _describe_set),
    ((range, slice), _describe_slice),
    (tuple(_PLAIN), _describe_plain),
)
