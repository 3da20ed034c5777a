import librosa
import matplotlib.pyplot as plt
import numpy as np
import pytest

from sklearn_cnmf.reporting._spectrogram import draw_spectrogram


@pytest.mark.parametrize(
    ("sfreq", "highest", "ticks"),
    [
        (4000.0, 2000, ["500", "1k", "2k"]),
        (44100.0, 8000, ["500", "1k", "2k", "4k", "8k"]),
    ],
)
def test_axis_ends_at_half_the_rate_or_8_khz(sfreq, highest, ticks):
    tone = np.sin(2 * np.pi * 700 * np.arange(int(sfreq)) / sfreq)
    _, ax = plt.subplots()
    image = draw_spectrogram(ax, tone, sfreq, reference=1.0)
    _, _, bottom, top = image.get_extent()
    assert librosa.mel_to_hz([bottom, top]) == pytest.approx([0, highest], abs=1e-6)
    assert [label.get_text() for label in ax.get_yticklabels()] == ticks
    assert ax.get_ylabel() == "Frequency (Hz)"
    levels = np.asarray(image.get_array()).mean(axis=1)
    peak = bottom + (np.argmax(levels) + 0.5) / len(levels) * (top - bottom)
    assert librosa.mel_to_hz(peak) == pytest.approx(700, rel=0.05)
