"""How loud each source is in each audio channel."""

import numpy as np

from ._bands import in_bands

# SI-SDR gain in dB of the example duos / every second harder duo with the first source
# as loud as this in the left channel and the second in the right, 0.5 in the middle:
#
#            one mask for both channels   a level for each channel
#    0.5     14.3 / 14.2                  14.3 / 14.3
#    0.6     14.1 / 14.0                  14.4 / 14.3
#    0.7     13.3 / 13.3                  14.6 / 14.3
#    0.8     11.8 / 11.8                  14.9 / 14.4
#    0.98     3.0 /  2.2                  19.2 / 14.6
#
# Of every third frame and quarter tones the levels are known as well as of all bins.
_EVERY, _BANDS_PER_OCTAVE = 3, 24
_N_ITERATIONS = 30


def channel_levels(channels: np.ndarray, models: list[np.ndarray]) -> np.ndarray:
    """Fit the level of each modelled source in each channel of a mixture.

    Parameters
    ----------
    channels : ndarray of shape (n_channels, n_frames, n_bins)
        Magnitudes, or complex spectra.
    models : list of ndarray of shape (n_frames, n_bins)
        Modelled magnitudes of each source in the channels' summed power.

    Returns
    -------
    levels : ndarray of shape (n_channels, n_models)
        Those that minimise the generalised Kullback-Leibler divergence, by
        multiplicative updates from equal levels; ones in a silent channel.
    """
    parts = np.stack([in_bands(own[::_EVERY], _BANDS_PER_OCTAVE) for own in models])
    totals = parts.sum(axis=(1, 2), dtype=np.float64)
    heard = totals > 0
    levels = np.ones((len(channels), len(models)))
    for own, channel in zip(levels, channels):
        X = in_bands(np.abs(channel[::_EVERY]), _BANDS_PER_OCTAVE)
        if not X.any() or not heard.any():
            continue
        own[heard] = X.sum(dtype=np.float64) / totals.sum()
        for _ in range(_N_ITERATIONS):
            model = np.tensordot(own.astype(parts.dtype), parts, axes=1)
            ratio = np.divide(X, model, out=np.zeros_like(X), where=model > 0)
            explained = np.tensordot(parts, ratio, axes=2).astype(np.float64)
            own[heard] *= explained[heard] / totals[heard]
    return levels.astype(parts.dtype)
