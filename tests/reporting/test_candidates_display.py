from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf import ContrastiveNMF
from sklearn_cnmf.reporting import CandidatesDisplay
from sklearn_cnmf.reporting._axes import BLUE
from sklearn_cnmf.separation import Separation
from sklearn_cnmf.signals import audio_envelope


@pytest.fixture
def found(separated):
    trial, reference = separated
    course = np.linspace(0.5, 0.8, 128)
    return Separation(
        reference.sources[0],
        trial.instruments,
        np.array([0.612, -0.05]),
        np.array([0.8, 0.2]),
        True,
        candidates=reference.sources,
        course=np.stack([course, 1 - course], axis=1),
    )


def test_image(separated, found, check_image):
    display = CandidatesDisplay.from_predictions(separated[0], found)
    check_image(display.figure_, "candidates")


def test_each_candidate_has_its_feature_support_and_probability(separated, found):
    trial, reference = separated
    (ax,) = CandidatesDisplay.from_predictions(trial, replace(found, course=None)).ax_
    assert [label.get_text() for label in ax.get_yticklabels()] == ["low", "high"]
    words = [text.get_text() for text in ax.texts]
    assert words == [
        "support +0.612\np = 0.80",
        "support \N{MINUS SIGN}0.050\np = 0.20",
    ]
    for source, line, level in zip(reference.sources, ax.lines, ax.get_yticks()):
        envelope = audio_envelope(source, trial.audio_sfreq, np.arange(128) / 64)[0]
        scores = (envelope - envelope.mean()) / envelope.std()
        assert_allclose(line.get_ydata() - level, scores, atol=1e-9)
    assert ax.lines[0].get_color() != ax.lines[1].get_color()


def test_course_has_a_panel(separated, found):
    display = CandidatesDisplay.from_predictions(separated[0], found)
    first, second = display.ax_[1].lines
    assert_allclose(first.get_ydata(), found.course[:, 0])
    assert_allclose(second.get_xdata(), np.arange(128) / 64)


def test_without_weights_there_is_support_alone(separated, found):
    alone = replace(found, probabilities=None, course=None)
    display = CandidatesDisplay.from_predictions(separated[0], alone)
    assert display.ax_[0].texts[0].get_text() == "support +0.612"


def test_from_estimator_separates(separated):
    trial, _ = separated
    model = ContrastiveNMF(dictionary="harmonic").fit([trial])
    with pytest.warns(UserWarning, match="soft"):
        display = CandidatesDisplay.from_estimator(model, trial)
    assert tuple(display.names) == ("higher", "lower")
    assert display.features.shape == (2, 128)


def test_what_has_no_candidates_is_refused(separated, found):
    trial, _ = separated
    with pytest.raises(ValueError, match=r"separation: has no candidates"):
        CandidatesDisplay.from_predictions(trial, replace(found, candidates=None))
    bare = replace(trial, guide=None, guide_sfreq=None)
    with pytest.raises(ValueError, match=r"trial: guide is None"):
        CandidatesDisplay.from_predictions(bare, found)


def test_options_are_passed_on(separated, found):
    trial, _ = separated

    def time_and_level(audio, sfreq, times):
        return np.stack([times, audio_envelope(audio, sfreq, times)[0]])

    trial = replace(
        trial, guide=np.repeat(trial.guide, 2, axis=0), guide_feature=time_and_level
    )
    separator = SimpleNamespace(separate=lambda trials: [found])
    expected = [
        audio_envelope(source, trial.audio_sfreq, np.arange(128) / 64)[0]
        for source in found.candidates
    ]
    for draw in (
        partial(CandidatesDisplay.from_predictions, trial, found),
        partial(CandidatesDisplay.from_estimator, separator, trial),
    ):
        _, axes = plt.subplots(2)
        display = draw(row=1, ax=axes)
        assert list(display.ax_) == list(axes)
        assert_allclose(display.features, expected)


def test_the_chosen_one_is_marked(separated, found):
    chosen_second = replace(found, support=np.array([-0.1, 0.2]))
    display = CandidatesDisplay.from_predictions(separated[0], chosen_second)
    features = display.ax_[0]
    assert [text.get_fontweight() for text in features.texts] == ["normal", "bold"]
    assert [text.get_color() == BLUE for text in features.texts] == [False, True]
    for ax in display.ax_:
        assert [line.get_color() == BLUE for line in ax.lines] == [False, True]


def test_words_name_candidates_and_units(separated, found):
    _, course = CandidatesDisplay.from_predictions(separated[0], found).ax_
    assert (course.get_xlabel(), course.get_ylabel()) == ("Time (s)", "Probability")
    labels = [text.get_text() for text in course.get_legend().get_texts()]
    assert labels == ["low", "high"]
