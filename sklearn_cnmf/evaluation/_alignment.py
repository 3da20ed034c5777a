"""Whether what was recorded lies where the mixture says."""

from dataclasses import dataclass, replace

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import uniform_filter1d

from .._validation import as_signals, check_number, check_rate
from ..separation._selection import candidate_features
from ..signals import audio_envelope, resample, standardize
from ..trial import Trial, check_trials
from ._lag_search import best_agreement

# Rates in Hz at which waveforms and envelopes are compared, at most.
_WAVE_RATE, _ENVELOPE_RATE = 2000.0, 100.0
# Hz below which a recorded sound is not looked at: drift, movement, the EEG itself.
_LOWEST = 20.0
# Spectra are divided by this power of their level: tones that last agree at many lags.
_FLATTENED = 0.75
# A trial lasts at least this many times the largest lag, for enough other shifts.
_LEAST_MAX_LAGS = 6
# Below this p, something was found.
_SURE = 0.05
# Below this p, waveforms are believed even where envelopes are surer: they tell the lag
# a hundred times more exactly.
_EXACT = 0.01
# They are also believed where both are sure and their lags differ by no more (s).
_SAME_LAG = 0.03
# Seconds that an analysis of EEG up to 8 Hz does not feel.
_HARMLESS = 0.01


@dataclass(frozen=True)
class Alignment:
    """Outcome of :func:`check_alignment`.

    Parameters
    ----------
    compared : {"waveform", "envelope", "guide"}
        What of the recording was compared with the same of the mixture.
    lag : float
        Seconds by which the recording comes later than the mixture says; at its middle,
        where the lag drifts.
    r : float
        Pearson correlation there; below zero where the recorded sound is inverted.
    r_at_zero : float
        Pearson correlation as the trial stands.
    p : float
        Probability that chance alone agrees so well at any of the lags searched.
    drift : float or None
        How fast the lag grows, in parts per million (microseconds a second); None if it
        can't be told.
    max_lag : float
        Largest lag that was searched, in seconds.
    """

    compared: str
    lag: float
    r: float
    r_at_zero: float
    p: float
    drift: float | None
    max_lag: float

    def __str__(self):
        guide = self.compared == "guide"
        what = "guide" if guide else "recorded sound"
        p = f"p = {self.p:.3f}" if self.p >= 0.001 else "p < 0.001"
        evidence = f"r = {self.r:.2f} there, {self.r_at_zero:.2f} as it is, {p}"
        if self.p > _SURE:
            return (
                f"Can't be told: within {self.max_lag:g} s either way the {what} "
                f"agrees with the mixture no better than by chance ({evidence})."
            )
        way = "later" if self.lag >= 0 else "earlier"
        state = "Aligned" if abs(self.lag) <= _HARMLESS else "Not aligned"
        text = (
            f"{state}: the {what} comes {abs(1000 * self.lag):.1f} ms {way} than the "
            f"mixture says ({'' if guide else self.compared + ', '}{evidence})."
        )
        if abs(self.lag) > 0.98 * self.max_lag:
            text += " That is the end of the search: increase max_lag."
        if self.r < 0:
            text += " It is inverted."
        if self.drift is not None:
            text += f" The lag changes by {self.drift:+.1f} ms in 1000 s."
        return text


def check_alignment(
    trial: Trial,
    *,
    sound: np.ndarray | None = None,
    sound_sfreq: float | None = None,
    max_lag: float = 1.0,
) -> Alignment:
    """Find trigger errors: how much later the recording comes than the mixture says.

    A channel that recorded the sound beside the EEG is compared with the mixture in up
    to three ways: by waveforms within the band of the recording, at most 1 kHz; up to
    that rate, by samples taken without a low-pass filter; by envelopes. Without one,
    the guide decoded from the EEG is compared with the same feature of the mixture;
    since it follows one source, and that badly, it takes minutes or a good decoder.

    Parameters
    ----------
    trial : Trial
        Its EEG counts by its duration only.
    sound : ndarray of shape (n_times,), default=None
        What a channel beside the EEG recorded of the sound, from the first EEG sample
        to the last, in any unit. It may be inverted, clipped, noisy or have an offset.
        Below 20 Hz it is not looked at. If None, the trial needs a guide.
    sound_sfreq : float, default=None
        Sampling rate of `sound` in Hz; that of the EEG if None.
    max_lag : float, default=1.0
        Largest lag to look for, in seconds; at most a sixth of the trial.

    Returns
    -------
    alignment : Alignment
        A positive lag means that the recording comes later than the mixture says.
        Prints as a sentence or two.

    Raises
    ------
    ValueError
        If the trial is not valid, is too short for `max_lag`, or has no guide where
        there is no `sound`; if the mixture is silent, `sound` or a row of the guide
        constant; if `sound` is not 1-D and finite, or lasts longer or shorter than the
        EEG by more than a sample and a half of the slower of the two.

    Notes
    -----
    The probability is that of the maximum over all lags, by the same maximum over
    surrogates of the same spectrum: the recording shifted circularly by more than twice
    `max_lag`, or reversed in time and shifted. Times three where three comparisons were
    made. It is extrapolated beyond 40 surrogates. Of sound from 30 s on a drift is
    searched, too, up to 200 parts per million, and told where every other 4 s agree
    with the rest to within 20.

    In loud noise, seconds of sound recorded at 64 Hz are often not enough, and may give
    a wrong lag; at 1 kHz they are (figures in :doc:`/measurements/evaluation`).

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn_cnmf import Trial
    >>> from sklearn_cnmf.datasets import load_example_stems
    >>> from sklearn_cnmf.evaluation import check_alignment
    >>> from sklearn_cnmf.signals import resample
    >>> first, second = load_example_stems()[:2]
    >>> mixture = np.concatenate([first.mixture, second.mixture])[: 12 * 22050]
    >>> trial = Trial(np.zeros((1, 12 * 64)), 64.0, mixture, 22050.0)
    >>> sound = -resample(np.roll(mixture, 4410)[None], 22050.0, 1000.0)[0]
    >>> found = check_alignment(trial, sound=sound, sound_sfreq=1000.0)
    >>> print(str(found).split(" (")[0])
    Not aligned: the recorded sound comes 200.0 ms later than the mixture says
    >>> round(found.lag, 3), round(found.r, 2), found.p < 0.01
    (0.2, -0.99, True)
    """
    check_trials([trial])
    check_number("max_lag", max_lag, above=0)
    seconds = trial.eeg.shape[1] / trial.eeg_sfreq
    if seconds < _LEAST_MAX_LAGS * max_lag:
        raise ValueError(
            f"max_lag: {max_lag:g} s is too much for a trial of {seconds:g} s; at most "
            f"a sixth of it, {seconds / _LEAST_MAX_LAGS:g} s, is expected"
        )
    if not np.ptp(trial.mixture, axis=-1).any():
        raise ValueError("mixture: found silence; audio that varies is expected")
    if sound is None:
        if sound_sfreq is not None:
            raise ValueError(f"sound_sfreq: got {sound_sfreq!r}, but no sound")
        guide, expected, guide_sfreq = _guides(trial)
        name = "guide"
        found = best_agreement(guide, expected, guide_sfreq, max_lag)
    else:
        sfreq = trial.eeg_sfreq if sound_sfreq is None else sound_sfreq
        sound = _checked_sound(sound, sfreq, trial)
        name, found = _best_of_sound(trial, sound, float(sfreq), max_lag)
    return Alignment(
        compared=name,
        lag=found.lag,
        r=found.r,
        r_at_zero=found.r_at_zero,
        p=found.p,
        drift=found.drift if found.p <= _SURE else None,
        max_lag=float(max_lag),
    )


def _checked_sound(sound, sfreq, trial):
    check_rate("sound_sfreq", sfreq)
    sound = as_signals("sound", sound, (1,)).astype(np.float64)
    seconds = trial.eeg.shape[1] / trial.eeg_sfreq
    if abs(len(sound) / sfreq - seconds) * min(sfreq, trial.eeg_sfreq) > 1.5:
        raise ValueError(
            f"sound: lasts {len(sound) / sfreq:.5f} s ({len(sound)} samples at "
            f"{sfreq:g} Hz) but eeg lasts {seconds:.5f} s; they may differ by a sample "
            "and a half at most"
        )
    if not np.ptp(sound):
        raise ValueError(
            f"sound: found {sound[0]:g} at all times; one that varies is expected"
        )
    return sound


def _best_of_sound(trial, sound, sfreq, max_lag):
    """Compare a recorded sound in all ways that there are."""
    options = {"either_sign": True, "may_drift": True}
    exact = [best_agreement(*_waveforms(trial, sound, sfreq), max_lag, **options)]
    if 2 * sfreq <= _WAVE_RATE:
        pair = _samples(trial, sound, sfreq)
        exact.append(best_agreement(*pair, max_lag, **options))
    envelope = best_agreement(*_envelopes(trial, sound, sfreq), max_lag)
    waveform = min(exact, key=lambda one: one.p)
    near = abs(waveform.lag - envelope.lag) <= _SAME_LAG and waveform.p <= _SURE
    is_exact = near or waveform.p <= max(_EXACT, envelope.p)
    name, best = ("waveform", waveform) if is_exact else ("envelope", envelope)
    p = min(waveform.p, envelope.p) if near else best.p
    return name, replace(best, p=min(1.0, p * (len(exact) + 1)))


def _guides(trial):
    """Guide and the same of the mixture, rows of unit norm."""
    if trial.guide is None:
        raise ValueError(
            "sound: got None, and the trial has no guide; one of the two is expected"
        )
    expected = candidate_features([trial.mixture], trial)[0]
    pair = standardize(trial.guide.T).T, standardize(expected.T).T
    still = np.flatnonzero(~pair[0].any(axis=1))
    if len(still):
        raise ValueError(
            f"guide: found row {still[0]} constant; rows that vary are expected"
        )
    return *pair, trial.guide_sfreq


def _mono(trial):
    """Mixture as one row; channels that cancel out are not summed."""
    channels = np.atleast_2d(trial.mixture).astype(np.float64)
    total = channels.sum(axis=0, keepdims=True)
    return total if np.ptp(total) else channels[np.ptp(channels, axis=1) > 0][:1]


def _waveforms(trial, sound, sfreq):
    """Sound and mixture within the band that both have, spectra flattened."""
    rate = min(sfreq, trial.audio_sfreq, _WAVE_RATE)
    sound = resample(sound[None], sfreq, rate)
    mixture = resample(_mono(trial), trial.audio_sfreq, rate)
    low = min(_LOWEST, rate / 8)
    pair = (_within(one, rate, low, 0.48 * rate, flat=True) for one in (sound, mixture))
    return *pair, rate


def _samples(trial, sound, sfreq):
    """Put zeros between samples of a sound that was not low-passed; and the mixture."""
    between = int(_WAVE_RATE // sfreq)
    rate, low = between * sfreq, min(_LOWEST, sfreq / 8)
    spread = np.zeros((1, between * len(sound)))
    spread[:, ::between] = _within(sound[None], sfreq, low, sfreq)
    mixture = resample(_mono(trial), trial.audio_sfreq, rate)
    return spread, _within(mixture, rate, low, 0.48 * rate), rate


def _envelopes(trial, sound, sfreq):
    """Envelopes of sound and mixture, spectra flattened."""
    rate = min(_ENVELOPE_RATE, sfreq)
    times = np.arange(int(trial.eeg.shape[1] / trial.eeg_sfreq * rate)) / rate
    sound = _within(sound[None], sfreq, min(_LOWEST, sfreq / 8), sfreq)
    pair = (
        audio_envelope(audio, audio_sfreq, times, window=2 / rate)
        for audio, audio_sfreq in ((sound, sfreq), (trial.mixture, trial.audio_sfreq))
    )
    return *(_within(one, rate, 0.5, 0.48 * rate, flat=True) for one in pair), rate


def _within(signals, sfreq, l_freq, h_freq, flat=False):
    """Signals within a band, of unit norm; their spectrum may be flattened."""
    n_times = signals.shape[1]
    n_fft = next_fast_len(n_times, real=True)
    freqs = np.fft.rfftfreq(n_fft, 1 / sfreq)
    with np.errstate(divide="ignore"):
        gain = 1 / (1 + (l_freq / freqs) ** 8)
    gain *= np.clip(10 * (1 - freqs / h_freq), 0, 1)
    centred = signals - signals.mean(axis=1, keepdims=True)
    spectra = rfft(centred, n_fft, axis=1) * gain
    if flat:
        width = max(round(max(h_freq / 400, 0.5) * n_fft / sfreq), 1)
        level = uniform_filter1d(np.abs(spectra), width, axis=1)
        least = 1e-6 * level.max(axis=1, keepdims=True) + np.finfo(float).tiny
        spectra /= np.maximum(level, least) ** _FLATTENED
    return standardize(irfft(spectra, n_fft, axis=1)[:, :n_times].T).T
