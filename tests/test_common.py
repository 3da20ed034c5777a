"""scikit-learn's common checks over all public estimators."""

import importlib
import inspect
import pkgutil

import pytest
from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import sklearn_cnmf

LAGS = "a row's prediction depends on the rows that follow it within the lag window"
EXPECTED_FAILURES = {
    "EnvelopeDecoder": {
        "check_methods_sample_order_invariance": LAGS,
        "check_methods_subset_invariance": LAGS,
    },
}


def public_estimators():
    modules = [sklearn_cnmf] + [
        importlib.import_module(f"sklearn_cnmf.{module.name}")
        for module in pkgutil.iter_modules(sklearn_cnmf.__path__)
        if module.ispkg and not module.name.startswith("_")
    ]
    found = {
        value
        for module in modules
        for name in getattr(module, "__all__", ())
        if inspect.isclass(value := getattr(module, name))
        and issubclass(value, BaseEstimator)
    }
    return sorted(found, key=lambda cls: cls.__name__)


def test_discovery_finds_the_estimators():
    names = {cls.__name__ for cls in public_estimators()}
    assert {"ContrastiveNMF", "EnvelopeDecoder"} <= names


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.filterwarnings("ignore:filter_length:RuntimeWarning")
@parametrize_with_checks(
    [cls() for cls in public_estimators()],
    expected_failed_checks=lambda e: EXPECTED_FAILURES.get(type(e).__name__, {}),
)
def test_common_checks(estimator, check):
    check(estimator)
