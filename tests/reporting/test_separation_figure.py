from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf import Trial
from sklearn_cnmf.reporting import separation_figure
from sklearn_cnmf.separation import Separation

SFREQ = 16000


def trial(**changes):
    seconds = np.arange(2 * SFREQ) / SFREQ
    mixture = np.sin(2 * np.pi * 440 * seconds)
    fields = {
        "guide": np.sin(2 * np.pi * np.arange(128) / 64)[None] + 3,
        "guide_sfreq": 64.0,
        "estimate": np.stack([0.1 * mixture, 0.9 * mixture]),
        **changes,
    }
    return Trial(np.zeros((1, 128)), 64.0, mixture, float(SFREQ), **fields)


def test_both_spectrograms_have_one_scale():
    figure = separation_figure(trial())
    mixture, separated = figure.axes[0].images[0], figure.axes[2].images[0]
    assert mixture.get_clim() == separated.get_clim() == (-60, 0)
    assert mixture.get_array().max() == pytest.approx(0, abs=1e-6)
    # A tenth of the amplitude is 20 dB less.
    assert separated.get_array().max() == pytest.approx(-20, abs=1e-3)


def test_spectrogram_shows_the_tone_where_it_is():
    import librosa

    ax = separation_figure(trial()).axes[0]
    image = ax.images[0]
    left, right, bottom, top = image.get_extent()
    assert (left, right) == (0.0, 2.0)
    levels = np.asarray(image.get_array()).mean(axis=1)
    peak = bottom + (np.argmax(levels) + 0.5) / len(levels) * (top - bottom)
    assert librosa.mel_to_hz(peak) == pytest.approx(440, rel=0.05)
    ticks = dict(zip([t.get_text() for t in ax.get_yticklabels()], ax.get_yticks()))
    assert ticks["1k"] == pytest.approx(librosa.hz_to_mel(1000))
    assert list(ticks)[-1] == "8k"


def test_guide_and_truth_are_standardised_on_the_clock_of_the_guide():
    truth = np.cos(2 * np.pi * np.arange(128) / 64)
    ax = separation_figure(trial(), truth=truth).axes[1]
    times, guide = ax.lines[0].get_data()
    assert_allclose(times, np.arange(128) / 64)
    assert_allclose([guide.mean(), guide.std()], [0, 1], atol=1e-12)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["attended source", "guide"]
    without = separation_figure(trial()).axes[1]
    assert len(without.get_legend().get_texts()) == 1


def test_constant_guide_and_silence_are_drawn():
    silent = trial(guide=np.ones((1, 128)), estimate=np.zeros((2, 2 * SFREQ)))
    figure = separation_figure(silent)
    assert_array_equal(figure.axes[1].lines[0].get_ydata(), 0)
    assert_array_equal(np.asarray(figure.axes[2].images[0].get_array()), -60)
    mute = Trial(
        np.zeros((1, 128)), 64.0, np.zeros(2 * SFREQ), float(SFREQ),
        guide=silent.guide, guide_sfreq=64.0, estimate=silent.estimate,
    )  # fmt: skip
    figure = separation_figure(mute)
    assert_array_equal(np.asarray(figure.axes[0].images[0].get_array()), -60)


def test_words_are_where_they_belong(tmp_path):
    figure = separation_figure(trial(), title="Title", notes=("a", "b", "c"))
    assert figure.get_suptitle() == "Title"
    assert [ax.get_title(loc="right") for ax in figure.axes[:3]] == ["a", "b", "c"]
    assert figure.axes[2].get_xlabel() == "Time (s)"
    assert "dB" in figure.axes[3].get_ylabel()
    figure.savefig(tmp_path / "x.png")
    assert (tmp_path / "x.png").stat().st_size > 10_000


def test_channels_add_their_power():
    mono = separation_figure(trial())
    t = trial()
    halves = np.stack([t.mixture, t.mixture]) / np.sqrt(2)
    both = replace(t, mixture=halves, estimate=np.stack([0.1 * halves, 0.9 * halves]))
    stereo = separation_figure(both)
    for one, two in zip(mono.axes[:3:2], stereo.axes[:3:2]):
        assert_allclose(
            np.asarray(one.images[0].get_array()),
            np.asarray(two.images[0].get_array()),
            atol=1e-3,
        )


@pytest.mark.parametrize("field", ["guide", "estimate"])
def test_trial_must_be_transformed(field):
    with pytest.raises(ValueError, match=f"trial: {field} is None"):
        separation_figure(trial(**{field: None}))


def found(probabilities=(0.2, 0.8)):
    seconds = np.arange(2 * SFREQ) / SFREQ
    slow = 1.1 + np.sin(2 * np.pi * 2 * seconds)
    candidates = np.stack([slow, 2.2 - slow]) * np.sin(2 * np.pi * 440 * seconds)
    known = None if probabilities is None else np.array(probabilities)
    return Separation(
        candidates[1], ("oboe", "harp"), np.array([-0.05, 0.1]), known, True, candidates
    )


def test_candidates_show_why_one_was_chosen():
    figure = separation_figure(trial(), separation=found())
    heads = [ax.get_title(loc="left") for ax in figure.axes[:4]]
    assert heads == ["Mixture", "Guide", "Candidates", "Separated"]
    ax = figure.axes[2]
    assert [text.get_text() for text in ax.get_yticklabels()] == ["oboe", "harp"]
    words = [text.get_text() for text in ax.texts]
    assert words == [
        "support \N{MINUS SIGN}0.050\np = 0.20",
        "support +0.100\np = 0.80",
    ]
    oboe, harp = (line.get_ydata() for line in ax.lines)
    # Envelopes that go up and down in turn, the first above the second.
    assert oboe.mean() > harp.mean()
    assert np.corrcoef(oboe, harp)[0, 1] < -0.9
    guide = figure.axes[1].lines[0].get_color()
    assert [line.get_color() == guide for line in ax.lines] == [False, True]


def test_without_weights_there_is_support_alone():
    figure = separation_figure(trial(), separation=found(None))
    assert figure.axes[2].texts[1].get_text() == "support +0.100"
    nameless = Separation(np.zeros(2 * SFREQ), None, None, None, True)
    assert len(separation_figure(trial(), separation=nameless).axes) == 4


def test_a_figure_of_the_user_is_drawn_on_and_returned():

    whole = Figure(figsize=(8, 10))
    upper, _ = whole.subfigures(2, 1)
    assert separation_figure(trial(), title="Upper", figure=upper) is upper
    assert len(upper.axes) == len(separation_figure(trial()).axes)
    assert tuple(whole.get_size_inches()) == (8, 10)


def test_notes_stand_beside_their_heads_around_candidates():
    figure = separation_figure(trial(), separation=found(), notes=("a", "b", "c"))
    notes = [ax.get_title(loc="right") for ax in figure.axes[:4]]
    assert notes == ["a", "b", "", "c"]


def test_a_course_has_no_panel():
    course = np.full((128, 2), 0.5)
    figure = separation_figure(trial(), separation=replace(found(), course=course))
    assert len(figure.axes) == len(separation_figure(trial()).axes) + 1


def test_all_panels_have_the_time_of_the_mixture():
    # The guide covers less.
    guide = trial().guide[:, :100]
    figure = separation_figure(trial(guide=guide), separation=found())
    panels = figure.axes[:4]
    assert {ax.get_xlim() for ax in panels} == {(0, 2)}
    assert [ax.get_xlabel() for ax in panels] == ["", "", "", "Time (s)"]
    panels[0].set_xlim(0.5, 1)
    assert panels[3].get_xlim() == (0.5, 1)


def test_the_first_row_of_the_guide_is_drawn():
    seconds = np.arange(128) / 64
    guide = np.stack([np.sin(2 * np.pi * seconds), np.cos(2 * np.pi * seconds)])
    ax = separation_figure(trial(guide=guide)).axes[1]
    assert np.corrcoef(ax.lines[0].get_ydata(), guide[0])[0, 1] > 0.99


@pytest.mark.parametrize("width", [4.0, 14.0])
def test_margins_stay_what_they_are_and_hold_what_stands_there(separated, width):
    figure = Figure(figsize=(width, 6), layout="constrained")
    separation_figure(separated[0], title="A title", figure=figure)
    figure.draw_without_rendering()
    *panels, bar = figure.axes
    for ax in panels:
        place = ax.get_position()
        assert width * place.x0 == pytest.approx(1.0)
        assert width * (1 - place.x1) == pytest.approx(1.5)
    ends = bar.get_tightbbox().transformed(figure.transFigure.inverted())
    assert panels[-1].get_position().x1 < ends.x0 < ends.x1 < 1


def test_a_figure_that_is_too_narrow_is_refused(separated):
    with pytest.raises(ValueError, match=r"expected 4 inches or more, got 3\.5"):
        separation_figure(separated[0], figure=Figure(figsize=(3.5, 6)))
