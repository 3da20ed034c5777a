import matplotlib
import matplotlib.pyplot as plt
import pytest

from sklearn_cnmf.reporting._axes import drawing_on, drawing_panels, with_minus


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
