"""Save fitted estimators in a file and load them again, without pickle.

The file is an ordinary skops file (a zip archive that holds no code), with one more
member that says what the model is, which format it has and which versions wrote it.
"""

import copy
import io
import json
import warnings
import zipfile
from inspect import signature
from pathlib import Path
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.utils.validation import check_is_fitted

from . import decoding, separation
from ._public import set_public_module
from ._validation import brief, said_by
from ._writing import whole_file

__all__ = ["load_model", "read_model_info", "save_model"]

FORMAT = 1
# What a file may hold beside the types of scikit-learn and NumPy that skops itself
# vouches for: our estimators, what they keep of a fit, and our own features. All are
# public names, which stay.
_TRUSTED = (
    "functools.partial",
    "sklearn_cnmf.ContrastiveNMF",
    "sklearn_cnmf.EnvelopeDecoder",
    "sklearn_cnmf.decoding.ArrayDecoder",
    "sklearn_cnmf.decoding.BackwardModel",
    "sklearn_cnmf.decoding.ChannelScales",
    "sklearn_cnmf.decoding.EEGPreparation",
    "sklearn_cnmf.decoding.EnvelopeDecoder",
    "sklearn_cnmf.decoding.LaggedRegressor",
    "sklearn_cnmf.decoding.TrialDecoder",
    "sklearn_cnmf.decoding.nmf_activations",
    "sklearn_cnmf.separation.ArrayFactorization",
    "sklearn_cnmf.separation.ContrastiveNMF",
    "sklearn_cnmf.separation.GuidedStart",
    "sklearn_cnmf.separation.HarmonicVoices",
    "sklearn_cnmf.separation.LearnedSpectra",
    "sklearn_cnmf.separation.OwnSpectra",
    "sklearn_cnmf.signals.audio_envelope",
    "sklearn_cnmf.signals.audio_onsets",
    "sklearn_cnmf.signals.envelope_and_onsets",
    "sklearn_cnmf.signals.mel_bands",
    "sklearn_cnmf.signals.mel_onsets",
)
_FITTED_TYPES = {
    decoding.EnvelopeDecoder: (decoding.ArrayDecoder, decoding.TrialDecoder),
    decoding.EEGPreparation: (decoding.ChannelScales,),
    separation.ContrastiveNMF: (
        separation.ArrayFactorization,
        separation.GuidedStart,
        separation.HarmonicVoices,
        separation.LearnedSpectra,
        separation.OwnSpectra,
    ),
}
# What models did before these parameters existed.
_BEFORE = {"scale": None, "clamp": None, "n_free": 0}
_INFO = "sklearn_cnmf.json"
# No model comes near; a crafted archive may (bytes, once unpacked).
_LARGEST = 2**30


def save_model(
    model: BaseEstimator, path: str | Path, *, description: str = ""
) -> None:
    """Save a fitted estimator.

    Parameters
    ----------
    model : estimator
        A fitted estimator of ours, or a pipeline of such.
    path : str or path-like
        File to write, customarily ``.skops``. An existing file is replaced, once
        the new one is complete.
    description : str, default=""
        What the model was fitted on, for those who will use it.

    Raises
    ------
    ValueError
        If `model` is no estimator, not fitted, or `description` no str; if `model`
        holds objects that :func:`load_model` would refuse, such as a
        function of yours as `feature`. They are named, and nothing is written.
    OSError
        If the file can't be written; what was there stays as it was.

    See Also
    --------
    load_model : Load it again.
    read_model_info : Read the description and versions alone.

    Notes
    -----
    A cache (`memory`) that the model was fitted with is a place on your disk. It is
    not saved, and a file can't bring one back.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> from sklearn_cnmf import EnvelopeDecoder
    >>> from sklearn_cnmf.model_io import load_model, read_model_info, save_model
    >>> rng = np.random.default_rng(0)
    >>> eeg = rng.standard_normal((640, 4))
    >>> decoder = EnvelopeDecoder(alpha=1.0).fit(eeg, eeg[:, 2])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "decoder.skops")
    ...     save_model(decoder, path, description="Random numbers.")
    ...     loaded = load_model(path)
    ...     print(read_model_info(path)["description"])
    Random numbers.
    >>> bool((loaded.predict(eeg) == decoder.predict(eeg)).all())
    True
    """
    import skops.io

    if not isinstance(model, BaseEstimator):
        raise ValueError(f"model: expected an estimator, got {type(model).__name__}")
    if not isinstance(description, str):
        raise ValueError(
            f"description: expected a str, got {type(description).__name__}"
        )
    for estimator in _our_estimators(model):
        check_is_fitted(estimator, "model_")
    model = _without_memory(copy.deepcopy(model))
    content = skops.io.dumps(model, compression=zipfile.ZIP_DEFLATED)
    foreign = _foreign_types(content)
    if foreign:
        raise ValueError(
            f"model: holds {', '.join(foreign)}, which a file is not trusted to bring "
            "back, so load_model would refuse it"
        )
    archive = io.BytesIO(content)
    info = {"format": FORMAT, "description": description, "versions": _versions()}
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr(_INFO, json.dumps(info, indent=2))
    with whole_file(path) as unfinished:
        unfinished.write_bytes(archive.getvalue())


def load_model(path: str | Path) -> BaseEstimator:
    """Load an estimator that :func:`save_model` saved.

    A file from others can't run code of theirs: types that are neither ours nor
    vouched for by skops are refused before anything is built.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    model : estimator
        The fitted estimator.

    Raises
    ------
    OSError
        If the file can't be read.
    ValueError
        If it is no skops file, is damaged, has a newer format, holds types that are
        not trusted (they are named), no estimator, or one whose fitted values don't
        fit each other.

    Warns
    -----
    UserWarning
        If another version of sklearn_cnmf or scikit-learn saved the model, or if
        the file does not tell.

    See Also
    --------
    save_model : Save an estimator; it has an example.
    """
    import skops.io

    content = _read(path)
    try:
        foreign = _foreign_types(content)
    except Exception as error:  # skops raises whatever a damaged file leads it to
        raise _damaged(path, error) from error
    if foreign:
        raise ValueError(
            f"{path}: holds {', '.join(foreign)}; these types are not trusted, and "
            "nothing was loaded"
        )
    info = _info(path, content)
    try:
        with warnings.catch_warnings():
            # One warning below says it, of both packages.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            model = skops.io.loads(content, trusted=list(_TRUSTED))
    except Exception as error:
        raise _damaged(path, error) from error
    if not isinstance(model, BaseEstimator):
        raise ValueError(f"{path}: expected an estimator, found {type(model).__name__}")
    try:
        for estimator in _our_estimators(model):
            _complete(estimator)
            _check_fitted(estimator)
        _without_memory(model)
    except Exception as error:  # what is missing in a damaged file can be anything
        raise _damaged(path, error) from error
    _warn_of_other_versions(path, info["versions"])
    return model


def read_model_info(path: str | Path) -> dict[str, Any]:
    """Read what is known of a saved model, without loading it.

    Parameters
    ----------
    path : str or path-like
        The file.

    Returns
    -------
    info : dict
        `format`, an int, `description`, a str, and `versions`, a dict of package
        name to version. Zero and empty if skops alone wrote the file.

    Raises
    ------
    OSError
        If the file can't be read.
    ValueError
        If it is no skops file or is damaged.
    """
    return _info(path, _read(path))


def _read(path):
    content = Path(path).read_bytes()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
    except zipfile.BadZipFile as error:
        raise ValueError(f"{path}: not a model file (skops, a zip archive)") from error
    except Exception as error:  # zipfile raises whatever damaged headers lead it to
        raise _damaged(path, error) from error
    if "schema.json" not in [member.filename for member in members]:
        raise ValueError(f"{path}: not a model file (it holds no schema.json)")
    unpacked = sum(member.file_size for member in members)
    if unpacked > _LARGEST:
        raise ValueError(
            f"{path}: unpacks to {unpacked / 2**30:.1f} GiB; models of at most "
            f"{_LARGEST / 2**30:.0f} GiB are read"
        )
    return content


def _info(path, content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        if _INFO not in archive.namelist():
            return {"format": 0, "description": "", "versions": {}}
        try:
            info = json.loads(archive.read(_INFO))
            found = {key: info[key] for key in ("format", "description", "versions")}
        except Exception as error:  # zipfile and json raise errors of many kinds
            raise _damaged(path, error) from error
    kinds = {"format": int, "description": str, "versions": dict}
    if not all(isinstance(found[key], kind) for key, kind in kinds.items()):
        raise ValueError(f"{path}: damaged: {_INFO} is not as save_model writes it")
    if found["format"] > FORMAT:
        raise ValueError(
            f"{path}: has format {found['format']}; this version of sklearn_cnmf reads "
            f"formats up to {FORMAT}"
        )
    return found


def _our_estimators(model):
    """Our estimators among a model and its steps."""
    parts = [model, *(step for _, step in getattr(model, "steps", ()))]
    return [part for part in parts if type(part) in _FITTED_TYPES]


def _complete(estimator):
    """Add parameters that are younger than the file, as if nobody had set them."""
    for name, parameter in signature(type(estimator)).parameters.items():
        if not hasattr(estimator, name):
            setattr(estimator, name, _BEFORE.get(name, parameter.default))


def _without_memory(model):
    """Reset every cache, since using one unpickles what lies there."""
    paths = [name for name in model.get_params(deep=True) if _is_memory(name)]
    return model.set_params(**dict.fromkeys(paths))


def _is_memory(name):
    return name == "memory" or name.endswith("__memory")


def _check_fitted(estimator):
    kinds = _FITTED_TYPES[type(estimator)]
    value = getattr(estimator, "model_", None)
    if type(value) not in kinds:
        raise ValueError(
            f"model_ of {type(estimator).__name__}: expected one of "
            f"{[kind.__name__ for kind in kinds]}, found {type(value).__name__}"
        )
    if not isinstance(value.parameters, dict):
        raise ValueError(
            f"parameters: expected a dict, found {brief(value.parameters)}"
        )
    value.check()


def _foreign_types(content):
    import skops.io

    return sorted(set(skops.io.get_untrusted_types(data=content)) - set(_TRUSTED))


def _damaged(path, error):
    kind = type(error).__name__
    return ValueError(f"{path}: damaged model file ({kind}: {said_by(error)})")


def _versions():
    import sklearn

    from . import __version__

    return {"sklearn_cnmf": __version__, "scikit-learn": sklearn.__version__}


def _warn_of_other_versions(path, saved):
    different = [
        f"{package} {saved.get(package, '(version unknown)')}, here is {version}"
        for package, version in _versions().items()
        if saved.get(package) != version
    ]
    if different:
        warnings.warn(
            f"{path}: saved with {'; '.join(different)}; predictions may differ",
            stacklevel=3,
        )


set_public_module(globals())
