"""The whole path on real EEG: who was listened to decides what is separated.

Two listeners heard parts of speech. Two stems of music take over the envelopes: the
attended one that of the speech which was heard, the other one that of another time.
So the EEG is real, and the answer of the brain to the attended envelope too. Parts are
left out whole, and spectra are learned from the first half of each stem and tested on
the second.
"""

import numpy as np
import pytest
from scipy.stats import binomtest

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.metrics import calibration_table, score_trial
from sklearn_cnmf.signals import audio_envelope

STEMS = {
    "synthesizer": "potassium_minilogue_synth_203s.flac",
    "voice": "potassium_vox_lead_203s.flac",
}
AUDIO_SFREQ = 22050
SEGMENT = 10  # s
N_OF_PART = 9


def _flat_halves(path):
    """Read a stem, give it the same loudness throughout and cut it in two."""
    import librosa
    import soundfile

    audio, sfreq = soundfile.read(path)
    audio = librosa.resample(audio, orig_sr=sfreq, target_sr=AUDIO_SFREQ)
    times = np.arange(len(audio))[::441] / AUDIO_SFREQ
    rms = audio_envelope(audio, AUDIO_SFREQ, times, power=1.0)[0]
    rms = np.interp(np.arange(len(audio)) / AUDIO_SFREQ, times, rms)
    return np.array_split(audio / np.maximum(rms, 0.1 * rms.max()), 2)


def _recordings(folder):
    """Listener, part, EEG and envelope."""
    own = np.load(folder / "eeg_speech_64ch_64Hz_3x90s.npz")
    for part in "134":
        yield "A", part, own[f"eeg_{part}"] * float(own["scale_uV"]), own[f"env_{part}"]
    others = np.load(folder / "eeg_speech_4_listeners_64Hz.npz")
    for name in map(str, others["recordings"]):
        if name.startswith("B"):
            eeg = others[f"eeg_{name}"] * float(others[f"scale_uV_{name}"])
            yield "B", name[2:], eeg, others[f"env_{name}"]


def _music(recording, tones):
    """Trials of a recording, made with given tones."""
    listener, part, eeg, envelope = recording
    n, n_samples = SEGMENT * 64, SEGMENT * AUDIO_SFREQ
    clock = np.arange(n_samples) / AUDIO_SFREQ
    for segment in range(N_OF_PART):
        start = segment * n
        attended = (segment + int(part)) % 2
        sources = []
        for index, tone in enumerate(tones):
            level = envelope if index == attended else np.roll(envelope, 40 * 64)
            level = np.interp(clock, np.arange(n) / 64, level[start : start + n])
            sources.append(np.resize(tone, n_samples) * np.maximum(level, 0))
        sources = np.array(sources)
        sources /= np.sqrt(np.mean(sources**2, axis=1, keepdims=True)) * 20
        sources = sources.astype(np.float32)
        trial = Trial(
            eeg[:, start : start + n], 64.0, sources.sum(axis=0), AUDIO_SFREQ,
            instruments=tuple(STEMS), subject=listener, stimulus=f"{part}.{segment}",
        )  # fmt: skip
        yield trial, Reference(sources, attended)


@pytest.fixture(scope="module")
def found(shared_data):
    """Separation, truth and gains of 45 trials."""
    stems = [_flat_halves(shared_data / "stems_cc0" / f) for f in STEMS.values()]
    learned_from, tested_on = zip(*stems)
    recordings = list(_recordings(shared_data))
    rows = []
    separator = ContrastiveNMF(8, tol=1e-4, random_state=0)
    for recording in recordings:
        rest = [r for r in recordings if r[0] == recording[0] and r[1] != recording[1]]
        pairs = [pair for one in rest for pair in _music(one, learned_from)]
        trials, references = [t for t, _ in pairs], [r for _, r in pairs]
        decoder = EnvelopeDecoder(tmax=0.3, alpha=0.1).fit(trials, references)
        if not rows:
            separator.fit(trials, references)
        pairs = list(_music(recording, tested_on))
        guided = decoder.transform([t for t, _ in pairs])
        for done, (trial, truth) in zip(separator.separate(guided), pairs):
            waveforms = [done.attended, *done.candidates]
            gains = [
                score_trial(trial, truth, w)["si_sdr_improvement"] for w in waveforms
            ]
            rows.append((done, truth.attended, gains))
    return rows


def test_the_attended_stem_is_chosen(found):
    table = calibration_table(
        [d.probabilities for d, _, _ in found], [a for _, a, _ in found]
    )
    n_right = round(table.accuracy * len(found))
    print(
        f"real EEG, {len(found)} trials of {SEGMENT} s of two listeners, parts left "
        f"out: attended stem likelier in {n_right}, expected "
        f"{100 * table.expected_accuracy:.0f} %"
    )
    assert len(found) == 45
    assert binomtest(n_right, len(found), 0.5, "greater").pvalue < 0.001
    assert abs(table.expected_accuracy - table.accuracy) < 0.15


def test_soft_masks_cost_less_than_wrong_choices(found):
    soft = np.array([gains[0] for _, _, gains in found])
    hard = np.array([gains[1 + np.argmax(d.support)] for d, _, gains in found])
    print(
        f"SI-SDR gain over the mixture, mean of {len(found)} trials: soft "
        f"{soft.mean():.2f} dB, hard {hard.mean():.2f} dB; 10th percentiles "
        f"{np.percentile(soft, 10):.1f} and {np.percentile(hard, 10):.1f} dB"
    )
    assert soft.mean() > 3
    assert soft.mean() > hard.mean() - 0.5
    assert np.percentile(soft, 10) > max(-8, np.percentile(hard, 10))
