"""What is promised of every public name."""

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
