"""Code of "Coming from elsewhere" runs, and what the page says is equal is."""

import re
import textwrap
from pathlib import Path

import numpy as np
import pytest

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.metrics import si_sdr
from sklearn_cnmf.separation import contrastive_nmf

PAGE = Path(__file__).parents[1] / "docs" / "coming_from.rst"
BLOCK = re.compile(
    r"^( *)\.\. code-block:: python\n(?: +:caption:.*\n)?((?:\n|\1 {3}.*\n)+)",
    re.MULTILINE,
)


def run(title):
    """Execute the blocks of a section in order; return what they define."""
    if not PAGE.is_file():
        pytest.skip("docs/coming_from.rst is not here: tests of an installed package")
    sections = re.split(r"^(.+)\n-{3,}\n", PAGE.read_text(), flags=re.MULTILINE)
    text = sections[sections.index(title) + 1]
    blocks = [textwrap.dedent(block) for _, block in BLOCK.findall(text)]
    assert len(blocks) == text.count("code-block:: python") >= 3
    names = {}
    for block in blocks:
        exec(compile(block, f"{PAGE.name}: {title}", "exec"), names)
    return names


def largest_difference(found, expected):
    assert found.shape == expected.shape
    return np.abs(found - expected).max() / np.abs(expected).max()


def test_mtrfpy():
    pytest.importorskip("mtrf", reason="mTRFpy is not installed (pip install mtrf)")
    names = run("mTRF-Toolbox and mTRFpy")
    decoder, trf, theirs = names["decoder"], names["trf"], names["theirs"]
    np.testing.assert_array_equal(decoder.lags_, -64 * trf.times[::-1])
    assert largest_difference(names["ours"], theirs) < 1e-12
    assert largest_difference(decoder.intercept_, trf.bias[0] / 64) < 1e-12

    recordings = names["recordings"]
    decoder.fit(recordings, names["stimuli"])
    assert 0.003 < largest_difference(decoder.coef_[0], theirs) < 0.005
    for ours, other in zip(decoder.predict(recordings), trf.predict(None, recordings)):
        assert np.corrcoef(ours[:-16], other[:-16, 0])[0, 1] > 0.99995 - 5e-6


def test_mne():
    from mne.decoding import TimeDelayingRidge

    names = run("MNE")
    decoder, X, stimulus = names["decoder"], names["X"], names["stimulus"]
    theirs = names["theirs"]
    assert largest_difference(names["ours"], theirs) < 1e-5
    both = decoder.patterns_[0].ravel(), names["patterns"].ravel()
    assert np.corrcoef(*both)[0, 1] > 1 - 1e-12
    np.testing.assert_array_equal(names["evoked"].data, decoder.patterns_[0])
    np.testing.assert_allclose(
        names["evoked"].times, -names["model"].delays_[::-1] / 64
    )

    ridge = TimeDelayingRidge(-0.25, 0.0, 64.0, alpha=names["penalty"])
    ridge.fit(X, stimulus)
    assert largest_difference(ridge.coef_[0, :, ::-1], theirs) < 1e-12
    decoder.fit(X, stimulus)
    assert 0.003 < largest_difference(decoder.coef_[0], theirs) < 0.005

    trials = names["trials"]
    assert [trial.stimulus for trial in trials] == ["a", "b", "c"]
    for trial, data in zip(trials, names["epochs"].get_data()):
        np.testing.assert_array_equal(trial.eeg, data)
    np.testing.assert_array_equal(names["trial"].eeg, trials[1].eeg)


def test_scikit_learn():
    names = run("scikit-learn's NMF")
    ours, theirs = names["ours"], names["theirs"]
    assert ours[1] == pytest.approx(theirs[1], rel=1e-12)
    assert ours[200] == pytest.approx(0.0368, abs=5e-5)
    assert theirs[200] == pytest.approx(0.0404, abs=5e-5)

    nmf, X = names["nmf"].set_params(max_iter=2000), names["X"]
    fixed = {"components": nmf.components_, "fixed": np.ones(8, dtype=bool)}
    found = contrastive_nmf(X, **fixed, delta=0, max_iter=2000, tol=0)
    model = nmf.transform(X) @ nmf.components_
    assert largest_difference(found.activations @ found.components, model) < 1e-3


def test_librosa():
    names = run("librosa")
    piece, audio, ours = names["piece"], names["audio"], names["ours"]
    np.testing.assert_allclose(ours + names["rest"], audio, atol=1e-6)
    before = si_sdr(piece.stems[0], audio)
    gains = [si_sdr(piece.stems[0], names[who]) - before for who in ("theirs", "ours")]
    np.testing.assert_allclose(gains, [5.9, 13.2], atol=1)
    W, _ = names["librosa"].decompose.decompose(
        np.abs(names["S"][:, :40]), transformer=ContrastiveNMF(8, delta=0)
    )
    assert W.shape == (2049, 8)


def test_published_script():
    names = run("The published script of contrastive NMF")
    result = names["result"]
    assert largest_difference(result.activations.T, names["h"]) < 1e-12
    assert largest_difference(result.components.T, names["w"]) < 1e-12
