from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import librosa
import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.reporting import SeparationDisplay


def peak_hz(ax):
    """Frequency of the loudest band."""
    (image,) = ax.images
    _, _, bottom, top = image.get_extent()
    levels = np.asarray(image.get_array()).mean(axis=1)
    place = bottom + (np.argmax(levels) + 0.5) / len(levels) * (top - bottom)
    return librosa.mel_to_hz(place)


def test_image(separated, check_image):
    display = SeparationDisplay.from_predictions(*separated)
    check_image(display.figure_, "separation")


def test_all_panels_have_one_scale_and_their_own_sound(separated):
    display = SeparationDisplay.from_predictions(*separated)
    heads = [ax.get_title(loc="left") for ax in display.ax_]
    assert heads == ["Mixture", "Attended", "Rest", "Reference"]
    assert {ax.images[0].get_clim() for ax in display.ax_} == {(-60.0, 0.0)}
    assert display.ax_[0].images[0].get_array().max() == pytest.approx(0, abs=1e-6)
    for ax, pitch in zip(display.ax_[1:], (440, 1760, 440)):
        assert peak_hz(ax) == pytest.approx(pitch, rel=0.05)


def test_floor_and_colour_bar(separated):
    display = SeparationDisplay.from_predictions(separated[0])
    assert len(display.ax_) == 3
    assert len(display.figure_.axes) == 4
    display.plot(floor=-40.0, colorbar=False)
    assert len(display.figure_.axes) == 3
    assert display.ax_[0].images[0].get_clim() == (-40.0, 0.0)


def test_channels_are_summed(separated):
    trial, _ = separated
    stereo = replace(
        trial,
        mixture=np.stack([trial.mixture, 0 * trial.mixture]),
        estimate=np.stack([trial.estimate, 0 * trial.estimate], axis=1),
    )
    one, two = (SeparationDisplay.from_predictions(t) for t in (trial, stereo))
    for a, b in zip(one.ax_, two.ax_):
        assert np.allclose(a.images[0].get_array(), b.images[0].get_array())


def test_from_estimator_separates(separated):
    trial, _ = separated
    bare = replace(trial, estimate=None)
    model = ContrastiveNMF(dictionary="harmonic", choice="hard").fit([bare])
    display = SeparationDisplay.from_estimator(model, bare)
    (done,) = model.transform([bare])
    assert np.array_equal(display.attended, done.estimate[0])
    assert np.array_equal(display.rest, done.estimate[1])


def test_without_an_estimate_there_is_nothing_to_draw(separated):
    with pytest.raises(ValueError, match=r"trial: estimate is None; transform"):
        SeparationDisplay.from_predictions(replace(separated[0], estimate=None))


def test_reference_is_the_attended_source(separated):
    trial, reference = separated
    other = replace(reference, attended=1)
    display = SeparationDisplay.from_predictions(trial, other)
    assert peak_hz(display.ax_[3]) == pytest.approx(1760, rel=0.05)


def test_units_stand_on_axes_and_colour_bar(separated):
    display = SeparationDisplay.from_predictions(separated[0])
    assert [ax.get_xlabel() for ax in display.ax_] == ["", "", "Time (s)"]
    assert (
        display.figure_.axes[3].get_ylabel()
        == "Level (dB re loudest spot of the mixture)"
    )


def test_given_axes_are_used(separated):
    trial, reference = separated
    _, axes = plt.subplots(4)
    done = SimpleNamespace(transform=lambda trials: trials)
    for draw in (
        SeparationDisplay.from_predictions,
        partial(SeparationDisplay.from_estimator, done),
    ):
        assert list(draw(trial, reference, ax=axes).ax_) == list(axes)
