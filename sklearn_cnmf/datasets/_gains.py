"""How loud each source is in each channel of a mixture."""

import numpy as np


def fitted_gains(sources: np.ndarray, mixture: np.ndarray) -> np.ndarray:
    """Fit the gain of each source in each channel, by least squares.

    Parameters
    ----------
    sources : ndarray of shape (n_sources, n_samples) or \
            (n_sources, n_audio_channels, n_samples)
        As they are.
    mixture : ndarray of shape (n_samples,) or (n_audio_channels, n_samples)
        Their mixture.

    Returns
    -------
    gains : ndarray of shape (n_sources, 1) or (n_sources, n_audio_channels, 1)
        Factors of the sources. A silent source has zero.
    """
    channels = mixture.reshape(-1, mixture.shape[-1])
    of_channel = sources.reshape(len(sources), len(channels), -1)
    gains = [
        np.linalg.lstsq(of_channel[:, i].T.astype(np.float64), channel, rcond=None)[0]
        for i, channel in enumerate(channels)
    ]
    return np.stack(gains, axis=1).reshape(len(sources), *mixture.shape[:-1], 1)
