"""What is promised of every public name."""

import dataclasses
import importlib
import inspect

import pytest

import sklearn_cnmf

PACKAGES = [
    sklearn_cnmf,
    *(getattr(sklearn_cnmf, name) for name in sklearn_cnmf._SUBPACKAGES),
]
NAMES = [
    (package, name)
    for package in PACKAGES
    for name in getattr(package, "__all__", ())
    if callable(getattr(package, name))
]


def signatures(item):
    """Functions of a name: itself, or the public methods that a class defines."""
    if not inspect.isclass(item):
        return [item]
    ours = [c for c in item.__mro__ if c.__module__.startswith("sklearn_cnmf")]
    methods = {
        name: getattr(item, name)
        for kind in ours
        for name, value in vars(kind).items()
        if inspect.isfunction(value)
        and (not name.startswith("_") or name == "__init__")
    }
    return list(methods.values())


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_public_names_say_where_they_are_imported_from(package, name):
    module = getattr(package, name).__module__
    assert module.startswith(package.__name__)
    assert "._" not in module
    assert getattr(importlib.import_module(module), name) is getattr(package, name)


@pytest.mark.parametrize(("package", "name"), NAMES)
def test_public_signatures_are_annotated(package, name):
    for function in signatures(getattr(package, name)):
        function = inspect.unwrap(function)
        if not function.__module__.startswith("sklearn_cnmf"):
            continue
        for parameter in inspect.signature(function).parameters.values():
            if parameter.name not in ("self", "cls"):
                assert parameter.annotation is not parameter.empty, function
        if function.__name__ != "__init__":
            annotation = inspect.signature(function).return_annotation
            assert annotation is not inspect.Signature.empty, function


def test_the_package_lists_what_it_offers():
    offered = dir(sklearn_cnmf)
    assert set(sklearn_cnmf.__all__) <= set(offered)
    assert not [name for name in offered if name.startswith("_") and name[1] != "_"]
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        sklearn_cnmf.nothing  # noqa: B018


@pytest.mark.parametrize("function", ["contrastive_nmf", "separate_audio"])
def test_functions_have_the_defaults_of_the_class(function):
    separation = sklearn_cnmf.separation
    of_class = sklearn_cnmf.ContrastiveNMF().get_params()
    given = inspect.signature(getattr(separation, function)).parameters
    shared = {
        name: parameter.default
        for name, parameter in given.items()
        if name in of_class and parameter.default is not inspect.Parameter.empty
    }
    # What learned spectra do without; a function of plain audio has nobody to ask.
    shared.pop("dictionary", None)
    assert len(shared) >= 7
    assert shared == {name: of_class[name] for name in shared}


@pytest.mark.parametrize(
    "name",
    [
        *("separation.ArrayFactorization", "separation.GuidedStart"),
        *("separation.HarmonicVoices", "separation.LearnedSpectra"),
        *("separation.OwnSpectra", "separation.Separation", "separation.Factorization"),
        *("Trial", "Reference"),
    ],
)
def test_values_that_hold_arrays_are_the_same_or_not(name):
    """No arrays are compared, and values can be members of sets."""
    part, _, kind = name.rpartition(".")
    module = importlib.import_module(f"sklearn_cnmf.{part}" if part else "sklearn_cnmf")
    kind = getattr(module, kind)
    assert kind.__eq__ is object.__eq__
    assert kind.__hash__ is object.__hash__


def public_dataclasses():
    found = [getattr(p, n) for p in PACKAGES for n in getattr(p, "__all__", ())]
    return sorted({kind for kind in found if dataclasses.is_dataclass(kind)}, key=str)


@pytest.mark.parametrize("kind", public_dataclasses(), ids=lambda kind: kind.__name__)
def test_results_and_records_are_frozen(kind):
    assert kind.__dataclass_params__.frozen
