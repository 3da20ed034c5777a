"""The whole path on real EEG: who was listened to decides what is separated.

One subject heard three parts of 90 s of speech. Two stems of music take over the
envelopes: the attended one of the part that was heard, the other one that of another
part. So the EEG is real, and the answer of the brain to the attended envelope too.
"""

import numpy as np
import pytest
from scipy.stats import binomtest
from sklearn.model_selection import GroupKFold, cross_validate
from sklearn.pipeline import Pipeline

from sklearn_cnmf import ContrastiveNMF, EnvelopeDecoder, Reference, Trial
from sklearn_cnmf.metrics import attention_scorer, separation_scorer
from sklearn_cnmf.signals import audio_envelope

PARTS = ("1", "3", "4")
STEMS = {
    "synthesizer": "potassium_minilogue_synth_203s.flac",
    "voice": "potassium_vox_lead_203s.flac",
}
AUDIO_SFREQ = 22050
SEGMENT = 22.5  # s


def _flat_stem(path, n_samples):
    """Read a stem and give it the same loudness throughout."""
    import librosa
    import soundfile

    audio, sfreq = soundfile.read(path)
    audio = librosa.resample(audio, orig_sr=sfreq, target_sr=AUDIO_SFREQ)
    audio = np.resize(audio, n_samples)
    times = np.arange(n_samples)[::441] / AUDIO_SFREQ
    rms = audio_envelope(audio, AUDIO_SFREQ, times, power=1.0)[0]
    rms = np.interp(np.arange(n_samples) / AUDIO_SFREQ, times, rms)
    return audio / np.maximum(rms, 0.1 * rms.max())


@pytest.fixture(scope="module")
def trials_and_references(shared_data):
    data = np.load(shared_data / "eeg_speech_64ch_64Hz_3x90s.npz")
    n_samples = int(SEGMENT * AUDIO_SFREQ)
    n_times = int(SEGMENT * 64)
    clock = np.arange(n_samples) / AUDIO_SFREQ
    stems = [
        _flat_stem(shared_data / "stems_cc0" / f, n_samples) for f in STEMS.values()
    ]
    trials, references = [], []
    for index, part in enumerate(PARTS):
        other = PARTS[(index + 1) % len(PARTS)]
        for segment in range(4):
            times = slice(segment * n_times, (segment + 1) * n_times)
            heard, unheard = (
                np.interp(clock, np.arange(n_times) / 64, data[f"env_{p}"][times])
                for p in (part, other)
            )
            attended = (index + segment) % 2
            envelopes = [unheard, unheard]
            envelopes[attended] = heard
            sources = np.stack([s * e for s, e in zip(stems, envelopes)])
            sources /= np.sqrt(np.mean(sources**2, axis=1, keepdims=True)) * 20
            sources = sources.astype(np.float32)
            trials.append(
                Trial(
                    data[f"eeg_{part}"][:, times] * float(data["scale_uV"]),
                    64.0,
                    sources.sum(0),
                    AUDIO_SFREQ,
                    instruments=tuple(STEMS),
                    subject="S1",
                    stimulus=part,
                    ch_names=tuple(data["labels"]),
                )
            )
            references.append(Reference(sources, attended))
    return trials, references


def test_attended_stem_is_chosen_and_separated(trials_and_references):
    trials, references = trials_and_references
    groups = [trial.stimulus for trial in trials]
    pipeline = Pipeline(
        [
            ("decode", EnvelopeDecoder(tmax=0.3, alpha=0.1)),
            ("separate", ContrastiveNMF(8, delta=0.0, tol=1e-4, random_state=0)),
        ]
    )
    scores = cross_validate(
        pipeline,
        trials,
        references,
        cv=GroupKFold(3),
        scoring={
            "attended": attention_scorer(),
            "improvement": separation_scorer("si_sdr"),
        },
        params={},
        groups=groups,
        error_score="raise",
    )
    n_right = round(np.mean(scores["test_attended"]) * len(trials))
    print(
        f"real EEG, {len(trials)} trials of {SEGMENT} s, one part left out: attended "
        f"stem closest in {n_right}, SI-SDR improvement over the mixture "
        f"{np.mean(scores['test_improvement']):.2f} dB (mean over trials)"
    )
    assert binomtest(n_right, len(trials), 0.5, "greater").pvalue < 0.02
    assert np.mean(scores["test_improvement"]) > 3
