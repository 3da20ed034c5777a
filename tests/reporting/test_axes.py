from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from sklearn_cnmf import Trial
from sklearn_cnmf.reporting._axes import (
    BLUE,
    GREEN,
    GREY,
    ORANGE,
    PINK,
    check_row,
    drawing_on,
    drawing_panels,
    with_minus,
)

COLOURS = {"blue": BLUE, "orange": ORANGE, "green": GREEN, "pink": PINK, "grey": GREY}


def test_new_axes_are_one_column_wide_and_small_in_print():
    with drawing_on(None, 1.5) as (figure, ax):
        label = ax.set_xlabel("Time (s)")
    assert tuple(figure.get_size_inches()) == (3.5, 1.5)
    assert label.get_fontsize() == 8
    assert matplotlib.rcParams["axes.labelsize"] != 8


def test_given_axes_keep_their_own_style():
    figure, ax = plt.subplots()
    with drawing_on(ax, 1.5) as (drawn, own):
        label = own.set_xlabel("Time (s)")
    assert (drawn, own) == (figure, ax)
    assert label.get_fontsize() == plt.figure().text(0, 0, "").get_fontsize()


def test_panels_go_into_one_given_axes():
    figure, (ax, other) = plt.subplots(1, 2)
    with drawing_panels(ax, [1, 2]) as (drawn, panels):
        assert drawn is figure
    assert len(panels) == 2
    assert not ax.axison
    figure.canvas.draw()
    left = [panel.get_position().x1 for panel in panels]
    assert max(left) <= other.get_position().x0
    heights = [panel.get_position().height for panel in panels]
    assert heights[1] == pytest.approx(2 * heights[0])


def test_panels_go_into_as_many_axes():
    figure, axes = plt.subplots(2)
    with drawing_panels(axes, [1, 1]) as (drawn, panels):
        assert drawn is figure
        assert list(panels) == list(axes)
    with (
        pytest.raises(ValueError, match=r"ax: expected 3 axes, got 2"),
        drawing_panels(axes, [1, 1, 1]),
    ):
        pass


def test_minus_is_no_hyphen():
    assert with_minus("r = -0.1") == "r = \N{MINUS SIGN}0.1"


# Colours as they are seen without red, green or blue cones, in linear sRGB (Machado,
# Oliveira and Fernandes, 2009, severity 1).
SEEN = {
    "all cones": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
# Linear sRGB to XYZ over the white point D65.
TO_XYZ = np.array(
    [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ]
) / np.array([[0.95047], [1.0], [1.08883]])


def lab_of(colour, seen):
    rgb = np.array(to_rgb(colour))
    linear = np.where(rgb > 0.04045, ((rgb + 0.055) / 1.055) ** 2.4, rgb / 12.92)
    f = np.cbrt(TO_XYZ @ np.clip(np.asarray(seen) @ linear, 0, 1))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("vision", SEEN)
def test_colours_are_told_apart_with_any_vision(vision):
    seen = {
        name: lab_of(colour, SEEN[vision])
        for name, colour in {**COLOURS, "white": "white"}.items()
    }
    for one, other in combinations(seen, 2):
        distance = np.linalg.norm(seen[one] - seen[other])
        assert distance > 10, f"{one} and {other} are {distance:.0f} apart"


def test_the_first_two_colours_differ_in_grey():
    first, second = (lab_of(colour, np.eye(3))[0] for colour in (BLUE, ORANGE))
    assert second - first > 20


@pytest.mark.parametrize("sharex", [True, False])
def test_panels_in_given_axes_share_time_if_asked(sharex):
    _, ax = plt.subplots()
    with drawing_panels(ax, [1, 1], sharex=sharex) as (_, (upper, lower)):
        upper.set_xlim(0, 7)
    assert (lower.get_xlim() == (0, 7)) is sharex


@pytest.mark.parametrize(
    ("row", "message"),
    [(1, "row: 1 of 1 rows of guide"), (-1, "row: expected a whole number >= 0")],
)
def test_rows_that_a_guide_does_not_have_are_refused(row, message):
    trial = Trial(
        np.zeros((1, 8)), 8.0, np.zeros(80), 80.0,
        guide=np.zeros((1, 8)), guide_sfreq=8.0,
    )  # fmt: skip
    with pytest.raises(ValueError, match=message):
        check_row(trial, row)
