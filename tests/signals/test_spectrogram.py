import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from sklearn_cnmf.decoding._activations import learn_spectra
from sklearn_cnmf.signals import feature_function, mel_bands, onsets, spectrogram


def _tone(frequency, sfreq, duration=2.0):
    return np.sin(2 * np.pi * frequency * np.arange(int(duration * sfreq)) / sfreq)


def _two_notes(sfreq=16000.0, seed=0):
    """Notes of 300 and 2000 Hz that come and go, and their levels over time."""
    rng = np.random.default_rng(seed)
    times = np.arange(int(4 * sfreq)) / sfreq
    knots = np.maximum(rng.random((2, 21)) - 0.5, 0.0)
    levels = [np.interp(times, np.arange(0, 4.2, 0.2), row) for row in knots]
    notes = [np.sin(2 * np.pi * f * times) for f in (300, 2000)]
    return levels[0] * notes[0] + levels[1] * notes[1], np.array(levels)


def test_spectrogram_equals_windows_cut_by_hand():
    audio = np.random.default_rng(0).standard_normal((2, 4000))
    times = np.array([0.0, 0.1003, 0.3999])
    found = spectrogram(audio, 10000.0, times)
    window = np.hanning(461)[:-1]
    padded = np.pad(audio, ((0, 0), (230, 500)))
    for row, start in zip(found, (0, 1003, 3999)):
        spectra = np.fft.rfft(padded[:, start : start + 460] * window)
        assert_allclose(row, np.linalg.norm(np.abs(spectra), axis=0), atol=1e-9)


def test_spectrogram_stops_at_8_khz_and_is_silent_beyond_the_audio():
    audio = np.random.default_rng(0).standard_normal(44100)
    found = spectrogram(audio, 44100.0, np.array([-1.0, 0.5, 2.0]))
    n_fft = 2 * round(0.046 * 44100 / 2)
    assert (found.shape[1] - 1) * 44100 / n_fft <= 8000
    assert_array_equal(found[[0, 2]], 0)
    assert found[1].min() > 0


@pytest.mark.parametrize("feature", ["envelope", "onset", "mel", "mel_onset"])
@pytest.mark.parametrize("audio_sfreq", [44100.0, 22050.0])
@pytest.mark.parametrize("sfreq", [256.0, 64.0])
def test_no_drift_over_24_seconds(feature, audio_sfreq, sfreq):
    # two equal notes; onset and envelope keep their distance to the end
    centres = (0.6, 23.4)
    times_audio = np.arange(int(24 * audio_sfreq)) / audio_sfreq
    shape = sum(np.exp(-0.5 * ((times_audio - c) / 0.05) ** 2) for c in centres)
    audio = shape * np.sin(2 * np.pi * 3000 * times_audio)
    times = np.arange(int(24 * sfreq)) / sfreq
    values = feature_function(feature, 8)(audio, audio_sfreq, times).sum(axis=0)
    found = []
    for centre in centres:
        near = np.abs(times - centre) < 0.5
        found.append(np.sum(times[near] * values[near]) / np.sum(values[near]))
    assert abs(found[1] - found[0] - 22.8) < 1e-3
    if "onset" not in feature:
        assert abs(found[0] - 0.6) < 0.01


def test_activations_do_not_drift():
    sfreq = 44100.0
    times_audio = np.arange(int(24 * sfreq)) / sfreq
    audio = sum(
        np.exp(-0.5 * ((times_audio - c) / 0.05) ** 2) for c in (0.6, 23.4)
    ) * np.sin(2 * np.pi * 440 * times_audio)
    times = np.arange(24 * 256) / 256
    values = learn_spectra([(audio, sfreq)], 1)(audio, sfreq, times)[0]
    late = values[times > 12] @ times[times > 12] / values[times > 12].sum()
    early = values[times < 12] @ times[times < 12] / values[times < 12].sum()
    assert abs(late - early - 22.8) < 1e-3


@pytest.mark.parametrize("frequency", [150.0, 1000.0, 5000.0])
def test_a_tone_is_in_the_band_of_its_frequency(frequency):
    import librosa

    bands = mel_bands(_tone(frequency, 22050), 22050.0, np.array([0.9, 1.0]), n_bands=9)
    edges = librosa.mel_frequencies(11, fmin=0.0, fmax=8000.0)
    centre = edges[1:-1][bands[:, 1].argmax()]
    assert abs(centre - frequency) <= np.diff(edges).max() / 2 + 1
    assert np.abs(edges[1:-1] - frequency).argmin() == bands[:, 1].argmax()


def test_bands_scale_by_the_power():
    audio = np.random.default_rng(0).standard_normal(8000)
    times = np.arange(10) / 20
    bands = mel_bands(audio, 16000.0, times, n_bands=4)
    assert_allclose(mel_bands(2 * audio, 16000.0, times, n_bands=4), 2**0.6 * bands)
    assert_allclose(mel_bands(audio, 16000.0, times, n_bands=4, power=1) ** 0.6, bands)
    stereo = mel_bands(np.array([audio, audio]), 16000.0, times, n_bands=4)
    assert_allclose(stereo, 2**0.3 * bands)


def test_too_many_bands_are_refused():
    with pytest.raises(ValueError, match="n_bands: 400 mel bands are too many for win"):
        mel_bands(np.ones(8000), 8000.0, np.arange(3) / 4, n_bands=400)


def test_onsets_are_rises_alone_and_in_place():
    values = np.array([[0.0, 0.0, 0.0, 4.0, 4.0, 4.0, 1.0, 1.0]])
    assert_array_equal(onsets(values), [[0, 0, 2, 2, 0, 0, 0, 0]])


def test_envelope_and_onset_together_are_both():
    audio = np.random.default_rng(0).standard_normal(4000)
    times = np.arange(30) / 64
    both = feature_function("envelope_onset", 1)(audio, 2000.0, times)
    alone = [
        feature_function(f, 1)(audio, 2000.0, times) for f in ("envelope", "onset")
    ]
    assert_array_equal(both, np.vstack(alone))
    assert_array_equal(both[1], onsets(both[:1])[0])


def test_loud_and_quiet_sources_teach_the_same():
    loud, quiet = 1e4 * _tone(300.0, 16000.0), _tone(2000.0, 16000.0)
    learned = learn_spectra([(loud, 16000.0), (quiet, 16000.0)], 1)
    [spectrum] = learned.keywords["components"]
    resolution = 16000 / (2 * round(0.046 * 16000 / 2))
    low, high = spectrum[round(300 / resolution)], spectrum[round(2000 / resolution)]
    assert 0.5 < low / high < 2


def test_activations_follow_the_notes():
    audio, _ = _two_notes()
    learned = learn_spectra([(audio, 16000.0)], 2)
    times = np.arange(256) / 64
    values = learned(_two_notes(seed=1)[0], 16000.0, times)
    assert values.shape == (2, 256)
    assert values.min() >= 0
    samples = np.round(times * 16000).astype(int)
    expected = _two_notes(seed=1)[1][:, samples]
    r = np.corrcoef(np.vstack([values, expected]))[:2, 2:]
    assert np.sort(r.max(axis=0))[0] > 0.97
    assert set(r.argmax(axis=1)) == {0, 1}
    assert_array_equal(learned(np.zeros(64000), 16000.0, times), 0)
    assert_array_equal(values, learned(_two_notes(seed=1)[0], 16000.0, times))


def test_activations_need_one_audio_rate():
    audio, _ = _two_notes()
    with pytest.raises(
        ValueError, match=r"audio_sfreq: trials have the rates \[8000.0"
    ):
        learn_spectra([(audio, 16000.0), (audio, 8000.0)], 2)
    learned = learn_spectra([(audio, 16000.0)], 2)
    with pytest.raises(ValueError, match="learned at 16000 Hz"):
        learned(audio, 8000.0, np.arange(4) / 4)
