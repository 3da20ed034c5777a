"""How loud each source is in each audio channel, as far as is known by now."""

import numpy as np

from ..separation._bands import in_bands

# Seconds after which what was heard counts half, and updates for each four frames.
# SI-SDR gain in dB, right instrument given, 12 sources of every second example duo,
# after two seconds, with the first source as loud as this in the left channel and the
# second in the right:
#
#                        0.5     0.7     0.9
#    one mask           12.24   11.14    6.47
#    2 s, 2 updates     12.24   12.34   12.53
#    5 s, 5             12.24   12.36   12.59
#    20 s, 2            12.24   12.37   12.58
_HALF_LIFE, _N_UPDATES = 5.0, 5
# Of the loudest: the level that updates start from at least.
_LEAST = 1e-3
_BANDS_PER_OCTAVE = 24


class StreamedLevels:
    """Levels of sources in channels, from frames that arrive.

    They minimise the divergence of what was heard by multiplicative updates whose sums
    fade; see :func:`~sklearn_cnmf.separation._channels.channel_levels` for whole
    mixtures. The squares of the levels of a source sum to one, as powers of channels
    sum to the power that was modelled.

    Parameters
    ----------
    n_channels, n_sources : int
        How many there are.
    frames_per_second : float
        Rate of the frames.
    """

    def __init__(self, n_channels: int, n_sources: int, frames_per_second: float):
        self._levels = np.full((n_channels, n_sources), n_channels**-0.5)
        self._heard = np.zeros((n_channels, n_sources))
        self._modelled = np.zeros(n_sources)
        self._per_second = frames_per_second

    def update(self, channels: np.ndarray, models: list[np.ndarray]) -> np.ndarray:
        """Take frames.

        Parameters
        ----------
        channels : ndarray of shape (n_channels, n_frames, n_bins)
            Magnitudes.
        models : list of ndarray of shape (n_frames, n_bins)
            Modelled magnitudes of each source in the channels' summed power.

        Returns
        -------
        levels : ndarray of shape (n_channels, n_sources)
        """
        parts = np.stack([in_bands(own, _BANDS_PER_OCTAVE) for own in models])
        parts = parts.astype(np.float64)
        kept = 2 ** (-parts.shape[1] / (_HALF_LIFE * self._per_second))
        modelled = kept * self._modelled + parts.sum(axis=(1, 2))
        # From zero no update leads away, as in a channel that was dead.
        least = _LEAST * self._levels.max()
        for channel, own, heard in zip(channels, self._levels, self._heard):
            X = in_bands(channel, _BANDS_PER_OCTAVE)
            found = np.maximum(own, least)
            for _ in range(_N_UPDATES):
                model = np.tensordot(found, parts, axes=1)
                ratio = np.divide(X, model, out=np.zeros_like(model), where=model > 0)
                now = kept * heard + found * np.tensordot(parts, ratio, axes=2)
                found = np.divide(now, modelled, out=found, where=modelled > 0)
            own[:], heard[:] = found, now
        self._modelled = modelled
        norms = np.sqrt(np.square(self._levels).sum(axis=0))
        return self._levels / np.where(norms > 0, norms, 1)
