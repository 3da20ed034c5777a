import librosa
import numpy as np
import pytest
from numpy.testing import assert_allclose

from sklearn_cnmf.separation._stft import (
    attended_mask,
    guide_at_frames,
    hop_of,
    mask_waveform,
    nonnegative_guide,
    spectra,
    stft_size,
)


@pytest.mark.parametrize("sfreq", [8000, 22050, 44100, 48000])
def test_window_is_186_ms_at_any_rate(sfreq):
    n_fft = stft_size(0.186, sfreq)
    assert n_fft == 4 * hop_of(n_fft)
    assert_allclose(n_fft / sfreq, 0.186, rtol=0.02)


@pytest.mark.parametrize("shape", [(5000,), (2, 5000)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_shapes_and_reconstruction(shape, dtype):
    audio = np.random.default_rng(0).standard_normal(shape).astype(dtype)
    stft, magnitudes = spectra(audio, 512, 128)
    assert magnitudes.shape == (40, 257)
    assert magnitudes.dtype == dtype
    expected = np.abs(stft) ** 2 if len(shape) == 1 else np.sum(np.abs(stft) ** 2, 0)
    assert_allclose(magnitudes**2, expected, rtol=1e-4)
    back = mask_waveform(stft, np.ones_like(magnitudes), 128, 5000)
    assert back.dtype == dtype
    assert_allclose(back, audio, atol=1e-5)


def test_frames_are_centred_on_multiples_of_the_hop():
    audio = np.zeros(5000)
    audio[1280] = 1
    assert spectra(audio, 512, 128)[1].sum(1).argmax() == 10


def test_integers_are_taken_as_floats():
    audio = np.arange(3000, dtype=np.int16)
    assert_allclose(
        spectra(audio, 256, 64)[1], spectra(audio.astype(float), 256, 64)[1]
    )


def test_masks_share_the_mixture():
    rng = np.random.default_rng(0)
    attended, rest = rng.random((4, 5)), rng.random((4, 5))
    attended[0, 0] = rest[0, 0] = 0
    attended[1, 1], rest[2, 2] = 0, 0
    mask = attended_mask(attended, rest, 2.0)
    assert mask[0, 0] == 0.5
    assert mask[1, 1] == 0
    assert mask[2, 2] == 1
    assert_allclose(mask[3], attended[3] ** 2 / (attended[3] ** 2 + rest[3] ** 2))
    assert_allclose(mask + attended_mask(rest, attended, 2.0), 1)
    tiny = attended_mask(attended * 1e-200, rest * 1e-200, 2.0)
    assert_allclose(tiny, mask)


@pytest.mark.parametrize(
    ("guide_sfreq", "sfreq", "hop"), [(64, 44100, 172), (50, 48000, 999)]
)
def test_guide_keeps_the_exact_clock(guide_sfreq, sfreq, hop):
    times = np.arange(int(24 * guide_sfreq)) / guide_sfreq
    n_frames = int(23.9 * sfreq / hop)
    frames = guide_at_frames(times[None], guide_sfreq, n_frames, hop / sfreq)
    assert frames.shape == (n_frames, 1)
    assert_allclose(frames[:, 0], np.arange(n_frames) * hop / sfreq, atol=1e-9)


def test_signed_guides_become_non_negative():
    guide = np.array([[-1.0, 5.0], [1.0, 5.0], [0.0, 5.0]])
    shifted = nonnegative_guide(guide, np.float32)
    assert_allclose(shifted[:, 0], np.array([0, 2, 1]) / np.sqrt(5), rtol=1e-6)
    assert_allclose(shifted[:, 1], 0)
    assert shifted.dtype == np.float32


@pytest.mark.parametrize("n_samples", [1280, 1279, 1300])
def test_spectra_are_those_of_librosa(n_samples):
    audio = np.random.RandomState(0).randn(2, n_samples)
    stft, magnitudes = spectra(audio, 128, 32)
    expected = librosa.stft(audio, n_fft=128, hop_length=32)
    assert_allclose(stft, expected.swapaxes(1, 2), atol=1e-12)
    assert_allclose(magnitudes, np.sqrt((np.abs(stft) ** 2).sum(0)))


def test_spectra_of_a_part_know_what_lies_around_it():
    audio = np.random.RandomState(0).randn(1280)
    whole, _ = spectra(audio, 128, 32)
    for start, stop in ((0, 640), (320, 960), (640, 1280)):
        part, _ = spectra(audio, 128, 32, slice(start, stop))
        assert_allclose(part, whole[start // 32 : stop // 32 + 1], atol=1e-12)
