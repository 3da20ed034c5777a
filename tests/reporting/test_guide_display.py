from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf import EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.reporting import GuideDisplay
from sklearn_cnmf.signals import audio_envelope, band_pass, pearson_r


def test_image(separated, check_image):
    display = GuideDisplay.from_predictions(*separated)
    check_image(display.figure_, "guide")


def test_truth_is_the_feature_of_the_attended_source_in_the_band(separated):
    trial, reference = separated
    trial = replace(trial, guide_band=(None, 9.0))
    display = GuideDisplay.from_predictions(trial, reference)
    times = np.arange(128) / 64
    truth = audio_envelope(reference.sources[0], trial.audio_sfreq, times)
    truth = band_pass(truth, 64.0, l_freq=None, h_freq=9.0)[0]
    assert_allclose(display.truth, truth)
    assert display.r_ == pytest.approx(pearson_r(trial.guide[0], truth))
    assert display.ax_.get_title(loc="right") == f"Pearson r = {display.r_:.2f}"


def test_drawn_are_z_scores_on_the_clock_of_the_guide(separated):
    trial, _ = separated
    display = GuideDisplay.from_predictions(replace(trial, guide=trial.guide + 3))
    times, drawn = display.ax_.lines[0].get_data()
    assert_allclose(times, np.arange(128) / 64)
    assert_allclose([drawn.mean(), drawn.std()], [0, 1], atol=1e-12)
    assert display.r_ is None


def test_a_stretch_is_drawn_of_what_the_whole_is_scored_by(separated):
    whole = GuideDisplay.from_predictions(*separated)
    part = GuideDisplay.from_predictions(*separated, tmin=0.5, tmax=1.25)
    times, drawn = part.ax_.lines[0].get_data()
    assert_allclose(times, np.arange(32, 81) / 64)
    assert_allclose(drawn, whole.ax_.lines[0].get_ydata()[32:81])
    assert part.r_ == whole.r_
    assert part.ax_.get_xlim() == (0.5, 1.25)
    assert whole.plot(tmax=2.0).ax_.get_xlim() == (0, 2)


@pytest.mark.parametrize(
    ("stretch", "message"),
    [
        ({"tmin": -1}, "tmin: expected a finite number >= 0 and < 2, got -1"),
        ({"tmin": 2}, "tmin: expected a finite number >= 0 and < 2, got 2"),
        ({"tmin": 1, "tmax": 1}, "tmax: expected a finite number <= 2 and > 1, got 1"),
        ({"tmin": 1.99}, "expected two frames .*, got 0 from 1.99 to 2 s"),
        ({"tmin": 0.501, "tmax": 0.52}, "expected two frames .*, got 1 from 0.501 to"),
        ({"tmax": 2.1}, "tmax: expected a finite number <= 2 and > 0, got 2.1"),
    ],
)
def test_a_stretch_outside_of_the_guide_is_refused(separated, stretch, message):
    with pytest.raises(ValueError, match=message):
        GuideDisplay.from_predictions(separated[0], **stretch)


def test_row(separated):
    trial, reference = separated
    trial = replace(trial, guide=np.concatenate([trial.guide, trial.guide[:, ::-1]]))
    display = GuideDisplay.from_predictions(trial, reference, row=1)
    assert_allclose(display.guide, trial.guide[1])


def test_from_estimator_decodes():
    rng = np.random.default_rng(0)
    trials, references = [], []
    for number in range(3):
        sources = rng.standard_normal((1, 4000)) * np.repeat(rng.random(20), 200)
        eeg = rng.standard_normal((2, 640))
        trials.append(Trial(eeg, 64.0, sources[0], 400.0, stimulus=str(number)))
        references.append(Reference(sources, 0))
    decoder = EnvelopeDecoder(feature="envelope", alpha=1.0)
    decoder.fit(trials, references)
    display = GuideDisplay.from_estimator(decoder, trials[0], references[0])
    (decoded,) = decoder.transform(trials[:1])
    assert_allclose(display.guide, decoded.guide[0])


def test_without_a_guide_there_is_nothing_to_draw(separated):
    trial = replace(separated[0], guide=None, guide_sfreq=None)
    with pytest.raises(ValueError, match=r"trial: guide is None; transform"):
        GuideDisplay.from_predictions(trial)


def test_truth_is_of_the_same_row_and_the_attended_source(separated):
    trial, reference = separated

    def rising_and_level(audio, sfreq, times):
        return np.stack([times, audio_envelope(audio, sfreq, times)[0]])

    trial = replace(
        trial, guide=np.repeat(trial.guide, 2, axis=0), guide_feature=rising_and_level
    )
    second = replace(reference, attended=1)
    display = GuideDisplay.from_predictions(trial, second, row=1)
    times = np.arange(128) / 64
    expected = audio_envelope(reference.sources[1], trial.audio_sfreq, times)[0]
    assert_allclose(display.truth, expected)


def test_from_estimator_passes_all_options_on(separated):
    trial, reference = separated
    trial = replace(trial, guide=np.concatenate([trial.guide, trial.guide[:, ::-1]]))
    done = SimpleNamespace(transform=lambda trials: trials)
    _, ax = plt.subplots()
    options = {"row": 1, "tmin": 0.5, "tmax": 1.5, "ax": ax}
    display = GuideDisplay.from_estimator(done, trial, reference, **options)
    assert display.ax_ is ax
    assert ax.get_xlim() == (0.5, 1.5)
    assert_allclose(display.guide, trial.guide[1])
    assert display.truth is not None


def test_words_name_curves_and_units(separated):
    ax = GuideDisplay.from_predictions(*separated).ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("Time (s)", "z-score")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["attended source", "guide"]
