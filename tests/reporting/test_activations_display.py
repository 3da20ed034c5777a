from functools import partial

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.reporting import ActivationsDisplay
from sklearn_cnmf.reporting._axes import BLUE
from sklearn_cnmf.separation import contrastive_nmf


@pytest.fixture
def magnitudes():
    rng = np.random.default_rng(0)
    return rng.gamma(0.3, size=(60, 6)) * np.arange(1, 7)


ATTENDED = np.array([True, False, True, False, False, False])


def test_image(magnitudes, check_image):
    display = ActivationsDisplay(
        magnitudes=magnitudes, attended=ATTENDED, frame_rate=20.0
    )
    check_image(display.plot().figure_, "activations")


def test_attended_stand_above_and_loud_ones_above_quiet_ones(magnitudes):
    display = ActivationsDisplay(magnitudes=magnitudes, attended=ATTENDED).plot()
    assert_array_equal(display.order_[:2], [2, 0])
    assert_array_equal(np.diff(magnitudes.sum(0)[display.order_[2:]]) <= 0, True)
    image = np.asarray(display.ax_.images[0].get_array())
    assert image.shape == (6, 60)
    assert image.max() == pytest.approx(0)
    assert image.min() >= -40
    frame, component = np.unravel_index(magnitudes.argmax(), magnitudes.shape)
    assert image[list(display.order_).index(component), frame] == pytest.approx(0)
    labels = [label.get_text() for label in display.ax_.get_yticklabels()]
    assert labels == ["attended (2)", "others (4)"]


def test_time_and_frames(magnitudes):
    display = ActivationsDisplay(magnitudes=magnitudes, attended=ATTENDED)
    assert display.plot().ax_.get_xlabel() == "Frame"
    display.frame_rate = 20.0
    assert display.plot().ax_.images[0].get_extent()[:2] == [0.0, 3.0]


def test_all_attended_and_silence(magnitudes):
    display = ActivationsDisplay(magnitudes=0 * magnitudes, attended=np.ones(6, bool))
    display.plot()
    assert len(display.ax_.get_yticks()) == 1
    assert np.all(display.ax_.images[0].get_array() == -40)


def test_magnitudes_are_those_of_the_model(magnitudes):
    rng = np.random.default_rng(1)
    X = rng.random((40, 30))
    model = ContrastiveNMF(4, n_attended=1, delta=0, tol=1e-3, random_state=0).fit(X)
    display = ActivationsDisplay.from_estimator(model, X)
    modelled = model.inverse_transform(model.transform(X))
    assert_allclose(display.magnitudes.sum(axis=1), modelled.sum(axis=1), rtol=1e-6)
    assert_array_equal(display.attended, model.attended_)
    result = contrastive_nmf(X, 4, max_iter=500, tol=1e-3, random_state=0)
    display = ActivationsDisplay.from_predictions(result, [True, False, False, False])
    modelled = result.activations @ result.components
    assert_allclose(display.magnitudes.sum(axis=1), modelled.sum(axis=1), rtol=1e-6)
    with pytest.raises(ValueError, match=r"attended: expected 4 values.*\(2,\)"):
        ActivationsDisplay.from_predictions(result, [True, False])


def test_fits_on_trials_are_refused(separated, magnitudes):
    model = ContrastiveNMF(dictionary="harmonic").fit([separated[0]])
    with pytest.raises(ValueError, match="estimator: expected one that was fitted on"):
        ActivationsDisplay.from_estimator(model, magnitudes)


def test_floor_is_the_lowest_level(magnitudes):
    display = ActivationsDisplay(magnitudes=magnitudes, attended=ATTENDED)
    (image,) = display.plot(floor=-20.0).ax_.images
    assert image.get_clim() == (-20, 0)
    assert image.get_array().min() == -20
    shares = magnitudes / magnitudes.max()
    assert np.mean(image.get_array() > -20) == np.mean(shares > 0.1)


def test_words_name_groups_and_units(magnitudes):
    display = ActivationsDisplay(
        magnitudes=magnitudes, attended=ATTENDED, frame_rate=20.0
    ).plot()
    assert display.ax_.get_xlabel() == "Time (s)"
    assert display.figure_.axes[1].get_ylabel() == "Level (dB re largest)"
    colours = [label.get_color() for label in display.ax_.get_yticklabels()]
    assert colours == [BLUE, "black"]


def test_options_are_passed_on():
    X = np.random.default_rng(1).random((20, 10))
    model = ContrastiveNMF(2, delta=0, max_iter=500, tol=1e-2, random_state=0).fit(X)
    result = contrastive_nmf(X, 2, max_iter=500, tol=1e-2, random_state=0)
    for draw in (
        partial(ActivationsDisplay.from_estimator, model, X),
        partial(ActivationsDisplay.from_predictions, result, [True, False]),
    ):
        _, ax = plt.subplots()
        display = draw(frame_rate=5.0, ax=ax)
        assert display.ax_ is ax
        assert ax.get_xlim() == (0, 4)
