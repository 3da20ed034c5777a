import numpy as np
import pytest

from sklearn_cnmf.signals import audio_envelope
from sklearn_cnmf.trial import Reference, Trial


def _explicit_lags(x, lags):
    """Matrix of lagged copies over the valid times, all channels of a lag together."""
    n_valid = len(x) - lags[-1]
    return np.hstack([x[lag : lag + n_valid] for lag in lags])


@pytest.fixture(scope="session")
def explicit_lags():
    return _explicit_lags


@pytest.fixture(scope="session")
def explicit_ridge():
    """Weights and intercept by the normal equations of the explicit matrices."""

    def solve(xs, ys, lags, alpha):
        z = np.vstack([_explicit_lags(x, lags) for x in xs])
        y = np.vstack([y[: len(y) - lags[-1]] for y in ys])
        zc, yc = z - z.mean(axis=0), y - y.mean(axis=0)
        cov = zc.T @ zc / len(z)
        penalty = alpha * np.trace(cov) / len(cov) * np.eye(len(cov))
        weights = np.linalg.solve(cov + penalty, zc.T @ yc / len(z))
        return weights, y.mean(axis=0) - z.mean(axis=0) @ weights

    return solve


def _trials(
    n_trials,
    *,
    duration=12.0,
    eeg_sfreq=128.0,
    audio_sfreq=4000.0,
    n_channels=6,
    delay=0.1,
    noise=4.0,
    seed=0,
    dtype=np.float64,
    stimuli=None,
    ch_names=None,
):
    """Noise with a slow envelope; channel 2 follows the attended one after `delay`."""
    rng = np.random.default_rng(seed)
    n_samples, n_times = int(duration * audio_sfreq), int(duration * eeg_sfreq)
    time = np.arange(n_samples) / audio_sfreq
    trials, references = [], []
    for index in range(n_trials):
        knots = np.arange(0, duration + 0.3, 0.15)
        envelopes = [np.interp(time, knots, rng.random(len(knots))) for _ in range(2)]
        sources = np.array(envelopes) * rng.standard_normal((2, n_samples))
        attended = index % 2
        envelope = audio_envelope(
            sources[attended], audio_sfreq, np.arange(n_times) / eeg_sfreq
        )[0]
        eeg = noise * rng.standard_normal((n_channels, n_times))
        shift = round(delay * eeg_sfreq)
        eeg[2, shift:] += (envelope / envelope.std())[: n_times - shift]
        trials.append(
            Trial(
                eeg.astype(dtype),
                eeg_sfreq,
                sources.sum(axis=0),
                audio_sfreq,
                stimulus=f"s{index}" if stimuli is None else stimuli[index],
                ch_names=ch_names,
            )
        )
        references.append(Reference(sources, attended))
    return trials, references


@pytest.fixture(scope="session")
def make_trials():
    return _trials
